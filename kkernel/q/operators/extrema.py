"""`& | ^`: lesser, greater, and fill, in the higher of two types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..atoms.atomic import Binary, Kernels, pair_atoms
from ..atoms.nulls import null_flags
from ..atoms.promote import (
    NUMBERS,
    PROMOTE,
    TEMPORALS,
    from_underlying,
    raw_numbers,
    to_float,
    to_long,
    underlying,
)
from ..atoms.units import common_temporal, convert
from ..errors import type_error
from ..registry import keyword, operator
from ..types import BY_CODE, DTYPE, LONG_NULL
from ..values import Array, Value

_EXACT = frozenset((int, bool))


@keyword("and", infix=True, glyph="&", atomic=True)
@operator("&", 2, atomic=True)
def lesser(x: Value, y: Value) -> Value:
    """The lesser of x and y, logical and of booleans; null where either is null."""
    if type(x) in _EXACT and type(x) is type(y):
        return x if x < y else y
    return pair_atoms(lesser, _LESSER, x, y)


@keyword("or", infix=True, glyph="|", atomic=True)
@operator("|", 2, atomic=True)
def greater_of(x: Value, y: Value) -> Value:
    """The greater of x and y, logical or of booleans; a null gives way."""
    if type(x) in _EXACT and type(x) is type(y):
        return x if x > y else y
    return pair_atoms(greater_of, _GREATER, x, y)


@operator("^", 2, atomic=True)
def fill(x: Value, y: Value) -> Value:
    """y with its nulls replaced by x; keyed tables merge, nulls of y giving way."""
    if type(x) is int and type(y) is int:
        return x if y == LONG_NULL else y
    return pair_atoms(fill, _FILL, x, y)


# ---------------------------------------------------------------- the higher type

def higher_type(cx: int, cy: int) -> int:
    """The higher of two types: numbers by width, then char, then temporals."""
    if cx in TEMPORALS and cy in TEMPORALS:
        return common_temporal(cx, cy)
    if not _comparable(cx) or not _comparable(cy):
        raise type_error()
    return max(cx, cy)


def _comparable(code: int) -> bool:
    return code in NUMBERS or code == 10 or code in TEMPORALS


def raised(code: int, target: int) -> Callable[[Array], Array]:
    """How an array of type `code` is read as an array of the higher type `target`."""
    if code == target:
        return lambda a: a
    if code in TEMPORALS:
        return lambda a: convert(a, code, target)
    if target in TEMPORALS:
        wide = to_float if target == 15 else to_long
        return lambda a: from_underlying(wide(a, code), target)
    if target in PROMOTE:
        return lambda a: PROMOTE[target](a, code)
    dtype = BY_CODE[target]
    whole = to_long if code > 4 else underlying
    return lambda a: whole(a, code).astype(dtype.raw).view(dtype.dtype)


def _build_extreme(whole: Any, floating: Any) -> Callable[[int, int], Binary]:
    def build(cx: int, cy: int) -> Binary:
        target = higher_type(cx, cy)
        read_x, read_y, dtype = raised(cx, target), raised(cy, target), DTYPE[target]
        ufunc = floating if target in (8, 9) else whole
        if cx == cy and target in NUMBERS:
            return ufunc  # type: ignore[no-any-return]
        return lambda a, b: ufunc(raw_numbers(read_x(a), target),
                                  raw_numbers(read_y(b), target)).view(dtype)

    return build


# ---------------------------------------------------------------- fill

def _build_fill(cx: int, cy: int) -> Binary:
    target = cx if cx == cy and cx in (2, 11) else higher_type(cx, cy)
    read_x, read_y = raised(cx, target), raised(cy, target)

    def kernel(a: Array, b: Array) -> Array:
        a, b = read_x(a), read_y(b)
        flags = null_flags(b, target)
        if flags is None:
            shape = np.broadcast_shapes(a.shape, b.shape)
            return b if b.shape == shape else np.broadcast_to(b, shape).copy()
        return np.where(flags, a, b)

    return kernel


_LESSER = Kernels(_build_extreme(np.minimum, np.minimum))
_GREATER = Kernels(_build_extreme(np.maximum, np.fmax))
_FILL = Kernels(_build_fill)
