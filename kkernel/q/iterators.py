"""Iterators: each ', over /, scan \\, prior ':, each-right /:, each-left \\:.

Known operators on numeric data are single numpy operations; everything else is a plain loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .apply import apply, apply1, apply2
from .errors import domain_error, length_error, rank_error, type_error
from .functions import Derived, Lambda, Primitive, Projection, rank_of
from .itemwise import itemwise
from .lists.joining import joined_rows
from .lists.positions import missing
from .registry import KEYWORDS, OPERATORS
from .tables.rows import with_columns
from .values import (
    EMPTY,
    Dict,
    List,
    Table,
    Value,
    at,
    collapse,
    count,
    is_function,
    is_list,
    is_vector,
    items,
    null,
    qtype,
)

# a fold or scan of these is a keyword with a vector implementation
_FOLDS = {"+": "sum", "*": "prd", "&": "min", "|": "max", ",": "raze"}
_SCANS = {"+": "sums", "*": "prds", "&": "mins", "|": "maxs"}
_RANK_OF_VALUE = ("'", "/", "\\")  # what these derive has the rank of the value they are given
_IDENTITY = {"+": 0, "-": 0, "*": 1, "%": 1}


def derived(f: Derived, args: Sequence[Value]) -> Value:
    """Apply a derived function to its arguments; some of those it needs project it."""
    if 2 <= len(args) < rank_of(f.fn) and f.iterator in _RANK_OF_VALUE \
            and not (isinstance(f.fn, Primitive) and len(args) in f.fn.by_rank):
        return Projection(f, args)
    if len(args) == 1 and f.iterator in ("/:", "\\:") and qtype(f.fn) >= 100:
        return Projection(f, args)
    return _DERIVED[f.iterator](f.fn, args)


# ---------------------------------------------------------------- each


def _each(f: Value, args: Sequence[Value]) -> Value:
    if qtype(f) in (6, 7, 5):
        return _case(f, args)
    if len(args) == 1:
        return each(f, args[0])
    return each_both(f, args)


def each(f: Value, x: Value) -> Value:
    """`f'[x]`, `f each x`: the keys of a dictionary are kept."""
    if isinstance(x, Dict) and not x.keyed_table:
        return Dict(x.keys, each(f, x.values))
    if isinstance(x, Dict):
        return Dict(x.keys, each(f, x.values))
    if not is_list(x) and not isinstance(x, Table):
        return apply1(f, x)
    kind = type(f)
    if kind is Primitive and f.atomic and f.fn1 is not None and isinstance(x, np.ndarray):
        return f.fn1(x)
    at_once = itemwise(f, [x])
    if at_once is not None:
        return at_once
    if kind is Lambda and f.rank == 1:
        return _listed([f.call(v) for v in items(x)], x)
    if kind is Primitive and f.fn1 is not None:
        fn1 = f.fn1
        if f.name == "count" and not count(x):
            return np.empty(0, np.int64)
        return _listed([fn1(v) for v in items(x)], x)
    return _listed([apply1(f, v) for v in items(x)], x)


def _listed(results: list[Value], source: Value) -> Value:
    return collapse(results) if results else _empty_result(source)


def _empty_result(source: Value) -> Value:
    return EMPTY


def each_both(f: Value, args: Sequence[Value]) -> Value:
    """`x f'y`, `f'[x;y;z]`: items in step, atoms extended, keys of dictionaries joined."""
    if any(isinstance(a, Dict) for a in args):
        return _each_both_dicts(f, args)
    counts = {count(a) for a in args if _iterable(a)}
    if not counts:
        return apply(f, args)
    if len(counts) > 1:
        raise length_error()
    n = counts.pop()
    if n == 0:
        return EMPTY
    if n > 1 and f is OPERATORS[","] and len(args) == 2:
        joined = _join_each(*args)
        if joined is not None:
            return joined
    if type(f) is Primitive and f.atomic and len(args) == 2 and f.fn2 is not None \
            and all(not _iterable(a) or is_vector(a) for a in args):
        return f.fn2(args[0], args[1])
    at_once = itemwise(f, args)
    if at_once is not None:
        return at_once
    columns = [items(a) if _iterable(a) else [a] * n for a in args]
    if len(args) == 2:
        return _listed([apply2(f, x, y) for x, y in zip(*columns, strict=True)], EMPTY)
    return _listed([apply(f, row) for row in zip(*columns, strict=True)], EMPTY)


def _join_each(x: Value, y: Value) -> Value | None:
    """Tables side by side and numbers row by row, in one step."""
    if isinstance(x, Table) and isinstance(y, Table):
        return with_columns(x, y.columns, y.data)
    return joined_rows(x, y, _iterable(x), _iterable(y))


def _iterable(x: Value) -> bool:
    return is_list(x) or isinstance(x, Table)


def _each_both_dicts(f: Value, args: Sequence[Value]) -> Value:
    dicts = [a for a in args if isinstance(a, Dict)]
    keys = dicts[0].keys
    for d in dicts[1:]:
        if not OPERATORS["~"].by_rank[2](d.keys, keys):
            return _each_both_union(f, args, dicts)
    values = [a.values if isinstance(a, Dict) else a for a in args]
    return Dict(keys, each_both(f, values))


def _each_both_union(f: Value, args: Sequence[Value], dicts: list[Dict]) -> Value:
    """Dictionaries with other keys: the result has the union, absent values are nulls."""
    from .lists.index import index
    union = KEYWORDS["union"].by_rank[2]
    keys = dicts[0].keys
    for d in dicts[1:]:
        keys = union(keys, d.keys)
    aligned = [index(a, keys) if isinstance(a, Dict) else a for a in args]
    return Dict(keys, each_both(f, aligned))


def _case(selector: Value, args: Sequence[Value]) -> Value:
    """`i'[a;b;c]`: item by item from the argument that the selector names."""
    if not is_list(selector):
        return args[int(selector)] if 0 <= selector < len(args) else null(7)
    picks = items(selector)
    _check_case(len(picks), args)
    args = [a.values if isinstance(a, Dict) else a for a in args]
    out = []
    for n, pick in enumerate(picks):
        if not 0 <= pick < len(args):
            out.append(null(7))
            continue
        source = args[int(pick)]
        out.append(at(source, n) if is_list(source) else source)
    return collapse(out)


def _check_case(n: int, args: Sequence[Value]) -> None:
    """Lists are as long as the selector, dictionaries have the same keys."""
    same = OPERATORS["~"].by_rank[2]
    dicts = [a for a in args if isinstance(a, Dict)]
    if any(count(a) != n for a in args if _iterable(a) or isinstance(a, Dict)):
        raise length_error()
    if any(not same(d.keys, dicts[0].keys) for d in dicts[1:]):
        raise domain_error()


def _each_right(f: Value, args: Sequence[Value]) -> Value:
    """`x f/:y`: x with each item of y; a noun alone joins: `(", "/:)` is `sv`."""
    if len(args) == 1 and qtype(f) < 100:
        return KEYWORDS["sv"].by_rank[2](f, args[0])
    x, y = _two(f, args)
    if isinstance(y, Dict):
        return Dict(y.keys, _each_right(f, [x, y.values]))
    if not _iterable(y):
        return apply2(f, x, y)
    if type(f) is Lambda and f.rank == 2:
        at_once = None if isinstance(x, np.ndarray) else itemwise(f, [x, y])
        return at_once if at_once is not None else _listed([f.call(x, v) for v in items(y)], y)
    if type(f) is Primitive and f.fn2 is not None:
        if f.atomic and is_vector(y) and qtype(x) < 0:
            return f.fn2(x, y)
        if f is OPERATORS[","] and len(y) > 1:
            joined = joined_rows(x, y, False, True)
            if joined is not None:
                return joined
        fn2 = f.fn2
        return _listed([fn2(x, v) for v in items(y)], y)
    return _listed([apply2(f, x, v) for v in items(y)], y)


def _each_left(f: Value, args: Sequence[Value]) -> Value:
    """`x f\\:y`: each item of x with y; a noun alone splits: `(0x0\\:)` is `vs`."""
    if len(args) == 1 and qtype(f) < 100:
        return KEYWORDS["vs"].by_rank[2](f, args[0])
    x, y = _two(f, args)
    if isinstance(x, Dict):
        return Dict(x.keys, _each_left(f, [x.values, y]))
    if not _iterable(x):
        return apply2(f, x, y)
    if type(f) is Lambda and f.rank == 2:
        at_once = None if isinstance(y, np.ndarray) else itemwise(f, [x, y])
        return at_once if at_once is not None else _listed([f.call(v, y) for v in items(x)], x)
    if type(f) is Primitive and f.fn2 is not None:
        if f.atomic and is_vector(x) and qtype(y) < 0:
            return f.fn2(x, y)
        if f is OPERATORS[","] and len(x) > 1:
            joined = joined_rows(x, y, True, False)
            if joined is not None:
                return joined
        fn2 = f.fn2
        return _listed([fn2(v, y) for v in items(x)], x)
    return _listed([apply2(f, v, y) for v in items(x)], x)


def _two(f: Value, args: Sequence[Value]) -> Sequence[Value]:
    if len(args) != 2:
        raise rank_error()
    return args


# ---------------------------------------------------------------- prior


def _prior(f: Value, args: Sequence[Value]) -> Value:
    """`f':x`: each item with the one before it; the first with the seed or f's identity."""
    if len(args) == 2:
        seed, x = args
        return prior(f, x, seed)
    if len(args) != 1:
        raise rank_error()
    return prior(f, args[0], None)


def prior(f: Value, x: Value, seed: Value | None) -> Value:
    """`seed f':x`; without a seed the identity of a known operator, else a null."""
    if isinstance(x, Dict):
        return Dict(x.keys, prior(f, x.values, seed))
    if not _iterable(x):
        return x if seed is None else apply2(f, x, seed)
    if not count(x):
        return x
    listed = items(x)
    first = apply2(f, listed[0], seed) if seed is not None else _first_prior(f, x, listed[0])
    rest = [apply2(f, b, a) for a, b in zip(listed, listed[1:], strict=False)]
    return collapse([first, *rest])


def _first_prior(f: Value, x: Value, first: Value) -> Value:
    """f of the first item and what stands before it: the identity of an operator or the null atom,
    for other functions a null as `prev` has.
    """
    if not isinstance(f, Primitive):
        return apply2(f, first, missing(x))
    if f.name in ("&", "|", ","):
        return first
    t = abs(qtype(first))
    seed = _IDENTITY.get(f.name, null(t) if 0 < t < 20 else EMPTY)
    return apply2(f, first, seed)


# ---------------------------------------------------------------- over and scan


def _over(f: Value, args: Sequence[Value]) -> Value:
    return accumulate(f, args, keep=False)


def _scan(f: Value, args: Sequence[Value]) -> Value:
    return accumulate(f, args, keep=True)


def accumulate(f: Value, args: Sequence[Value], keep: bool) -> Value:
    rank = _accumulator_rank(f)
    n = len(args)
    if n == 2 and keep and is_vector(f) and qtype(f) == 9 and qtype(args[0]) == -9:
        return _recurrence(args[0], f, args[1])
    if rank == 1:
        if n == 1:
            return _converge(f, args[0], keep)
        if n == 2:
            return _repeat(f, args[0], args[1], keep)
        raise rank_error()
    if rank == 2 and n == 1:
        return fold(f, args[0], keep)
    if rank == 2 and n == 2:
        return fold_seeded(f, args[0], args[1], keep)
    return _fold_many(f, args, keep)


def _accumulator_rank(f: Value) -> int:
    """Functions have their rank; a list maps its indices, a list of lists pairs of them.

    A list of functions maps an index and an argument.  A fold, scan or prior is applied to one
    list at a time: `,//` flattens by converging.
    """
    if isinstance(f, Derived) and f.iterator in ("/", "\\", "':") and f.rank == 2:
        return 1
    if 100 <= qtype(f) < 127:
        return rank_of(f)
    if isinstance(f, np.ndarray):
        return min(f.ndim, 2)
    return 2 if isinstance(f, List) and f and (is_list(f[0]) or is_function(f[0])) else 1


def _recurrence(x: float, factors: Value, steps: Value) -> Value:
    """`a b\\c` on floats: each state is the last one times b plus c."""
    if count(factors) != count(steps):
        raise length_error()
    states = []
    for b, c in zip(items(factors), items(steps)):
        x = x * b + c
        states.append(x)
    return collapse(states)


def fold(f: Value, x: Value, keep: bool) -> Value:
    """`f/x`, `f\\x` for a binary f: the first item starts."""
    if isinstance(x, Dict):
        got = fold(f, x.values, keep)
        return Dict(x.keys, got) if keep else got
    if type(f) is Primitive:
        word = (_SCANS if keep else _FOLDS).get(f.name)
        if word is not None and (is_vector(x) or (isinstance(x, np.ndarray) and not keep)):
            return KEYWORDS[word].by_rank[1](x)
    if not _iterable(x):
        return x
    listed = items(x)
    if not listed:
        return _empty_fold(f, x, keep)
    first = apply2(f, EMPTY, listed[0]) if f is OPERATORS.get(",") and keep else listed[0]
    return _run_fold(f, first, listed[1:], keep, [first])


def _empty_fold(f: Value, x: Value, keep: bool) -> Value:
    if keep:
        return x if isinstance(f, Primitive) else EMPTY
    if isinstance(f, Primitive):
        word = _FOLDS.get(f.name)
        if word is not None:
            return KEYWORDS[word].by_rank[1](x)
        if f.name in _IDENTITY:
            return _IDENTITY[f.name]
    return EMPTY


def fold_seeded(f: Value, seed: Value, x: Value, keep: bool) -> Value:
    """`seed f/x`, `f/[seed;x]`: the seed is not among the results of a scan."""
    if isinstance(x, Dict):
        got = fold_seeded(f, seed, x.values, keep)
        return Dict(x.keys, got) if keep else got
    if not _iterable(x):
        return apply2(f, seed, x)
    if not keep and type(f) is Primitive and f.name == "+" and is_vector(x) and \
            qtype(seed) < 0 and len(x) and x.dtype.kind in "if" and f.fn2 is not None:
        return f.fn2(seed, KEYWORDS["sum"].by_rank[1](x)) if x.dtype.kind == "i" \
            else _run_fold(f, seed, items(x), keep, [])
    if not count(x):
        return EMPTY if keep else seed
    if keep and type(f) is Primitive and f.name in ("+", "*") and is_vector(x) and \
            qtype(seed) < 0 and x.dtype.kind in "if" and KEYWORDS["any"].by_rank[1](
            KEYWORDS["null"].by_rank[1](x)):
        return apply2(f, seed, KEYWORDS[_SCANS[f.name]].by_rank[1](x))  # nulls are left out
    return _run_fold(f, seed, items(x), keep, [])


def _run_fold(f: Value, state: Value, rest: list[Value], keep: bool, states: list[Value]) -> Value:
    if keep:
        for v in rest:
            state = apply2(f, state, v)
            states.append(state)
        return collapse(states)
    if type(f) is Lambda and f.rank == 2:
        for v in rest:
            state = f.call(state, v)
        return state
    for v in rest:
        state = apply2(f, state, v)
    return state


def _fold_many(f: Value, args: Sequence[Value], keep: bool) -> Value:
    """`f/[x;y;z]` of rank three and more: x is carried, the others are walked in step."""
    state, *lists = args
    if len(args) != rank_of(f) and not (isinstance(f, Primitive) and len(args) in f.by_rank):
        raise rank_error()
    counts = {count(a) for a in lists if _iterable(a)}
    if len(counts) > 1:
        raise length_error()
    if not counts:
        return apply(f, args)
    n = counts.pop()
    columns = [items(a) if _iterable(a) else [a] * n for a in lists]
    states = []
    for row in zip(*columns, strict=True):
        state = apply(f, [state, *row])
        states.append(state)
    return collapse(states) if keep else state


def _converge(f: Value, x: Value, keep: bool) -> Value:
    """Until a result matches the one before it, or the start."""
    same = OPERATORS["~"].by_rank[2]
    states = [x]
    state = x
    while True:
        following = apply1(f, state)
        if same(following, state) or same(following, x):
            break
        state = following
        if keep:
            states.append(state)
    return collapse(states) if keep else state


def _repeat(f: Value, control: Value, x: Value, keep: bool) -> Value:
    """`n f/x` n times; `test f/x` while the test holds."""
    if type(control) is int or (qtype(control) in (-7, -6, -5, -4, -1)):
        return _times(f, int(control), x, keep)
    if qtype(control) in (-9, -8):
        raise type_error()
    states = [x]
    while truth(apply1(control, x)):
        x = apply1(f, x)
        if keep:
            states.append(x)
    return collapse(states) if keep else x


def _times(f: Value, n: int, x: Value, keep: bool) -> Value:
    states = [x]
    for _ in range(n):
        x = apply1(f, x)
        if keep:
            states.append(x)
    return collapse(states) if keep else x


def truth(x: Value) -> bool:
    """The condition of `if`, `while`, `$[..]`: an atom that is not zero."""
    if x is True or x is False:
        return bool(x)
    if type(x) is int:
        return x != 0
    code = qtype(x)
    if code >= 0 or code in (-11, -2) or code <= -20:
        raise type_error()
    if code == -10:
        return bool(x)
    if code in (-8, -9):
        return bool(x != 0)
    return bool(np.asarray(x).view("i8" if code <= -12 else np.asarray(x).dtype) != 0)


_DERIVED: dict[str, Callable[[Value, Sequence[Value]], Value]] = {
    "'": _each, "/": _over, "\\": _scan, "':": _prior, "/:": _each_right, "\\:": _each_left,
}

