"""Iterators that accumulate: over / and scan \\, by the rank of what they are given.

A binary function folds, a unary one is repeated: a number of times, while a test holds, or until
its result comes again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .apply import apply, apply1, apply2
from .errors import length_error, rank_error, type_error
from .functions import Derived, Lambda, Primitive, rank_of
from .maps import IDENTITY, iterable
from .registry import KEYWORDS, OPERATORS
from .values import (
    EMPTY,
    Dict,
    List,
    Value,
    collapse,
    count,
    is_function,
    is_list,
    is_vector,
    items,
    qtype,
)

# a fold or scan of these is a keyword with a vector implementation
_FOLDS = {"+": "sum", "*": "prd", "&": "min", "|": "max", ",": "raze"}
_SCANS = {"+": "sums", "*": "prds", "&": "mins", "|": "maxs"}


def over(f: Value, args: Sequence[Value]) -> Value:
    return accumulate(f, args, keep=False)


def scan(f: Value, args: Sequence[Value]) -> Value:
    return accumulate(f, args, keep=True)


def accumulate(f: Value, args: Sequence[Value], keep: bool) -> Value:
    """`f/[x;..]`, and with `keep` `f\\[x;..]`: what it does follows from the ranks."""
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
    if not iterable(x):
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
        if f.name in IDENTITY:
            return IDENTITY[f.name]
    return EMPTY


def fold_seeded(f: Value, seed: Value, x: Value, keep: bool) -> Value:
    """`seed f/x`, `f/[seed;x]`: the seed is not among the results of a scan."""
    if isinstance(x, Dict):
        got = fold_seeded(f, seed, x.values, keep)
        return Dict(x.keys, got) if keep else got
    if not iterable(x):
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
    counts = {count(a) for a in lists if iterable(a)}
    if len(counts) > 1:
        raise length_error()
    if not counts:
        return apply(f, args)
    n = counts.pop()
    columns = [items(a) if iterable(a) else [a] * n for a in lists]
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
