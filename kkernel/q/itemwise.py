"""`each` of functions that are atomic: one vector operation instead of a call for each item.

Long vectors go through in blocks, so that what a lambda makes on its way stays in cache.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from . import context
from .functions import MISSING, Composition, Lambda, Primitive, Projection
from .straight import LEAST as LONG
from .straight import straight
from .values import Array, Value, bare, collapse, is_list

FEW = 16  # items from which a vector operation is faster than calls
BLOCK = (1 << 15) - 64  # below the length whose extremes are worth remembering


def itemwise(f: Value, args: Sequence[Value]) -> Value | None:
    """f of the items of vectors of numbers in step, atoms staying; None where it has to loop."""
    f, args = unbound(f, args)
    call = vector_form(f, len(args))
    if call is None:
        return None
    n = 0
    for a in args:
        if isinstance(a, np.ndarray):
            if a.ndim > 1 or a.dtype.kind not in "bifmM" or n and len(a) != n:
                return None
            n = len(a)
        elif not is_number(a):
            return None
    if n < FEW:
        return None
    args = [bare(a) if isinstance(a, np.ndarray) else a for a in args]
    if n >= LONG and type(f) is Lambda:
        found = straight(f, args, n)
        if found is not None:
            return found
    if n > 2 * BLOCK and not isinstance(f, Primitive):
        found = _in_blocks(call, args, n)
        if found is not None:
            return found
    result = call(*args)
    return result if is_list(result) else collapse([result] * n)  # a constant


def unbound(f: Value, args: Sequence[Value]) -> tuple[Value, Sequence[Value]]:
    """A projection on numbers as its function and all arguments; others as they are."""
    while type(f) is Projection and f.rank == len(args) == sum(a is MISSING for a in f.args) \
            and all(a is MISSING or is_number(a) for a in f.args):
        given = iter(args)
        f, args = f.fn, [next(given) if a is MISSING else a for a in f.args]
    return f, args


def vector_form(f: Value, rank: int) -> Callable[..., Value] | None:
    """The function of `rank` vectors that an atomic f is; None for others."""
    kind = type(f)
    if kind is Lambda:
        good = f.rank == rank and f.atomic is not None and all(map(_number_now, f.atomic))
        return f.call if good else None
    if kind is Primitive:
        return f.by_rank.get(rank) if f.atomic else None
    if kind is Projection:
        return _projection(f, rank)
    if kind is Composition and rank == 1:
        outer, inner = vector_form(f.f, 1), vector_form(f.g, 1)
        if outer is not None and inner is not None:
            return lambda x: outer(inner(x))
    return None


def _projection(f: Projection, rank: int) -> Callable[..., Value] | None:
    inner = vector_form(f.fn, len(f.args))
    if inner is None or f.rank != rank or not all(a is MISSING or is_number(a) for a in f.args):
        return None
    bound = f.args

    def call(*args: Value) -> Value:
        given = iter(args)
        return inner(*[next(given) if a is MISSING else a for a in bound])
    return call


def _number_now(name: str) -> bool:
    return is_number(context.active.globals.root.get(name))


def is_number(x: Value) -> bool:
    return type(x) in (int, float, bool) or isinstance(x, np.generic) and x.dtype.kind in "bifmM"


def _in_blocks(call: Callable[..., Value], args: Sequence[Value], n: int) -> Array | None:
    """The result block by block; None where it is no vector of one type."""
    out: Array | None = None
    for i in range(0, n, BLOCK):
        part = call(*[a[i:i + BLOCK] if isinstance(a, np.ndarray) else a for a in args])
        if type(part) is not np.ndarray or part.ndim > 1 or len(part) != min(BLOCK, n - i):
            return None
        if out is None:
            out = np.empty(n, part.dtype)
        if part.dtype != out.dtype:
            return None
        out[i:i + BLOCK] = part
    return out
