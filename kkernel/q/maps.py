"""Iterators that map: each ', each-right /:, each-left \\:, prior ':.

Known operators on numeric data are single numpy operations; everything else is a plain loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from .apply import apply, apply1, apply2
from .errors import domain_error, length_error, rank_error
from .functions import Lambda, Primitive
from .itemwise import itemwise
from .lists.index import index
from .lists.joining import joined_rows
from .lists.positions import missing
from .lists.row_aggregates import of_rows
from .registry import KEYWORDS, OPERATORS
from .tables.columns import with_columns
from .values import (
    EMPTY,
    Dict,
    Table,
    Value,
    at,
    bare,
    collapse,
    count,
    is_list,
    is_vector,
    items,
    null,
    qtype,
)

IDENTITY = {"+": 0, "-": 0, "*": 1, "%": 1}


# ---------------------------------------------------------------- each

def each_items(f: Value, args: Sequence[Value]) -> Value:
    """`f'[x;y;..]`: each of one or more lists; of a vector of integers, Case."""
    if qtype(f) in (6, 7, 5):
        return _case(f, args)
    if len(args) == 1:
        return each(f, args[0])
    return each_both(f, args)


def each(f: Value, x: Value) -> Value:
    """`f'[x]`, `f each x`: the keys of a dictionary are kept."""
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
        return _listed([f.call(v) for v in items(x)])
    if kind is Primitive and f.fn1 is not None:
        fn1 = f.fn1
        if f.name == "count" and not count(x):
            return np.empty(0, np.int64)
        rows = of_rows(f.name, x)
        if rows is not None:
            return rows
        return _listed([fn1(v) for v in items(x)])
    return _listed([apply1(f, v) for v in items(x)])


def _listed(results: list[Value]) -> Value:
    return collapse(results) if results else EMPTY


def each_both(f: Value, args: Sequence[Value]) -> Value:
    """`x f'y`, `f'[x;y;z]`: items in step, atoms extended, keys of dictionaries joined."""
    if any(isinstance(a, Dict) for a in args):
        return _each_both_dicts(f, args)
    counts = {count(a) for a in args if iterable(a)}
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
            and all(not iterable(a) or is_vector(a) for a in args):
        return f.fn2(args[0], args[1])
    at_once = itemwise(f, args)
    if at_once is not None:
        return at_once
    columns = [items(a) if iterable(a) else [a] * n for a in args]
    if len(args) == 2:
        return _listed([apply2(f, x, y) for x, y in zip(*columns, strict=True)])
    return _listed([apply(f, row) for row in zip(*columns, strict=True)])


def _join_each(x: Value, y: Value) -> Value | None:
    """Tables side by side and numbers row by row, in one step."""
    if isinstance(x, Table) and isinstance(y, Table):
        return with_columns(x, y.columns, y.data)
    return joined_rows(x, y, iterable(x), iterable(y))


def iterable(x: Value) -> bool:
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
    if any(count(a) != n for a in args if iterable(a) or isinstance(a, Dict)):
        raise length_error()
    if any(not same(d.keys, dicts[0].keys) for d in dicts[1:]):
        raise domain_error()


# ---------------------------------------------------------------- each-right, each-left

def each_right(f: Value, args: Sequence[Value]) -> Value:
    """`x f/:y`: x with each item of y; a noun alone joins: `(", "/:)` is `sv`."""
    if len(args) == 1 and qtype(f) < 100:
        return KEYWORDS["sv"].by_rank[2](f, args[0])
    return _each_side(f, args, True)


def each_left(f: Value, args: Sequence[Value]) -> Value:
    """`x f\\:y`: each item of x with y; a noun alone splits: `(0x0\\:)` is `vs`."""
    if len(args) == 1 and qtype(f) < 100:
        return KEYWORDS["vs"].by_rank[2](f, args[0])
    return _each_side(f, args, False)


def _each_side(f: Value, args: Sequence[Value], right: bool) -> Value:
    """The items of one argument, the right or the left one, each with the whole of the other."""
    if len(args) != 2:
        raise rank_error()
    whole, many = args if right else reversed(args)
    if isinstance(many, Dict):
        inner = [whole, many.values] if right else [many.values, whole]
        return Dict(many.keys, _each_side(f, inner, right))
    if not iterable(many):
        return apply2(f, *args)
    at_once = _side_at_once(f, args, right)
    if at_once is not None:
        return at_once
    fn = _dyad(f)
    return _listed([fn(whole, v) for v in items(many)] if right else
                   [fn(v, whole) for v in items(many)])


def _dyad(f: Value) -> Callable[[Value, Value], Value]:
    """f of two arguments."""
    if type(f) is Lambda and f.rank == 2:
        return f.call
    if type(f) is Primitive and f.fn2 is not None:
        return f.fn2
    return partial(apply2, f)


def _side_at_once(f: Value, args: Sequence[Value], right: bool) -> Value | None:
    """All items in one step; None where they have to be visited."""
    whole, many = args if right else reversed(args)
    if type(f) is not Primitive:
        return None if isinstance(whole, np.ndarray) else itemwise(f, args)
    if f is OPERATORS[","]:
        return joined_rows(*args, not right, right) if len(many) > 1 else None
    if not f.atomic or f.fn2 is None or not isinstance(many, np.ndarray):
        return None
    if qtype(whole) < 0 and (many.ndim == 1 or len(many)):
        return f.fn2(*args)
    if not (is_vector(whole) and many.ndim == 2 and whole.shape == many.shape[1:] and many.size):
        return None
    rows = np.broadcast_to(bare(whole), many.shape)  # row by row
    return f.fn2(rows, many) if right else f.fn2(many, rows)


# ---------------------------------------------------------------- prior


def each_prior(f: Value, args: Sequence[Value]) -> Value:
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
    if not iterable(x):
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
    seed = IDENTITY.get(f.name, null(t) if 0 < t < 20 else EMPTY)
    return apply2(f, first, seed)
