"""`+ - * %`: types of the result, temporal arithmetic, wrap on overflow, nulls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..atoms.atomic import ONE_SIDED, Binary, Kernels, each_atom, pair_atoms
from ..atoms.promote import (
    DAY_MS,
    INTEGERS,
    NULL_0D,
    NUMBERS,
    POINTS,
    PROMOTE,
    TEMPORALS,
    from_underlying,
    has_null,
    milliseconds,
    raw_numbers,
    scale,
    shift,
    to_float,
    to_int,
    to_long,
    underlying,
)
from ..atoms.units import convert
from ..errors import type_error
from ..registry import keyword, operator
from ..types import DTYPE, EPOCH, LONG_INF, LONG_NULL
from ..values import Array, Value

_SIZE = 2**64
_PLAIN = frozenset((int, float))


def wrapped(r: int) -> int:
    """A Python integer cut to the 64 bits of a long."""
    return (r + 2**63) % _SIZE - 2**63


# ---------------------------------------------------------------- the operators

@operator("+", 2, atomic=True)
def add(x: Value, y: Value) -> Value:
    """The sum of numbers or temporals; dictionaries add by key."""
    if type(x) is int and type(y) is int:
        r = x + y
        if x != LONG_NULL and y != LONG_NULL:
            return r if LONG_NULL <= r <= LONG_INF else wrapped(r)
        return LONG_NULL
    if type(x) is float and type(y) is float:
        return x + y
    if type(x) in _PLAIN and type(y) in _PLAIN and x != LONG_NULL != y:
        return x + y
    return pair_atoms(add, _ADD, x, y)


@operator("-", 2, atomic=True)
def subtract(x: Value, y: Value) -> Value:
    """The difference of numbers or temporals; dictionaries subtract by key."""
    if type(x) is int and type(y) is int:
        r = x - y
        if x != LONG_NULL and y != LONG_NULL:
            return r if LONG_NULL <= r <= LONG_INF else wrapped(r)
        return LONG_NULL
    if type(x) is float and type(y) is float:
        return x - y
    if type(x) in _PLAIN and type(y) in _PLAIN and x != LONG_NULL != y:
        return x - y
    return pair_atoms(subtract, _SUBTRACT, x, y)


@operator("*", 2, atomic=True)
def multiply(x: Value, y: Value) -> Value:
    """The product of numbers; a temporal counts as its underlying number."""
    if type(x) is int and type(y) is int:
        r = x * y
        if x != LONG_NULL and y != LONG_NULL:
            return r if LONG_NULL <= r <= LONG_INF else wrapped(r)
        return LONG_NULL
    if type(x) is float and type(y) is float:
        return x * y
    if type(x) in _PLAIN and type(y) in _PLAIN and x != LONG_NULL != y:
        return x * y
    return pair_atoms(multiply, _MULTIPLY, x, y)


@operator("%", 2, atomic=True)
def divide(x: Value, y: Value) -> Value:
    """The quotient as a float; division by zero gives an infinity or null."""
    if type(x) in _PLAIN and type(y) in _PLAIN and y and x != LONG_NULL != y:
        return float(x) / float(y)
    return pair_atoms(divide, _DIVIDE, x, y)


# ---------------------------------------------------------------- types of results

def number_type(cx: int, cy: int) -> int:
    """The type of a sum of two numbers: int at least, then the wider; real beats long."""
    return max(cx, cy, 6)


def _sum_type(cx: int, cy: int) -> int:
    """The type of x+y for codes of numbers, chars and temporals; 0 where there is none."""
    if 10 in (cx, cy):
        other = cy if cx == 10 else cx
        return other if other in TEMPORALS or other == 9 else 0
    if cx in NUMBERS and cy in NUMBERS:
        return number_type(cx, cy)
    if cx in TEMPORALS and cy in TEMPORALS:
        return _temporal_sum(cx, cy)
    time, number = (cx, cy) if cx in TEMPORALS else (cy, cx)
    if time not in TEMPORALS or number not in NUMBERS:
        return 0
    return _with_number(time, number)


def _with_number(time: int, number: int) -> int:
    """A temporal with a number keeps its type, except that floats make datetimes of dates."""
    if number != 9:
        return time
    return 15 if time in (14, 15) else 9


def _temporal_sum(cx: int, cy: int) -> int:
    points = [c for c in (cx, cy) if c in POINTS]
    if len(points) == 2:  # of one type only: timestamps give a timespan, others a number
        return {12: 16, 15: 9}.get(cx, 6) if cx == cy else 0
    if points:
        return 15 if points[0] == 15 and 16 not in (cx, cy) else 12
    return 16 if 16 in (cx, cy) else max(cx, cy)


def _difference_type(cx: int, cy: int) -> int:
    """As a sum, but a char may be taken from an integer or real."""
    if cy == 10 and cx in NUMBERS and cx != 9:
        return max(cx, 6)
    return _sum_type(cx, cy)


def _product_type(cx: int, cy: int) -> int:
    return 0 if cx in TEMPORALS and cy in TEMPORALS else _sum_type(cx, cy)


# ---------------------------------------------------------------- numbers

def integers(ufunc: Any) -> Binary:
    """A kernel for integers of one width: numpy wraps on overflow, nulls stay null."""

    def kernel(a: Array, b: Array) -> Array:
        out: Array = ufunc(a, b)
        null = NULL_0D[a.dtype]
        if has_null(a):
            out = np.where(a == null, null, out)
        if b is not a and has_null(b):
            out = np.where(b == null, null, out)
        return out

    return kernel


def in_floats(ufunc: Any) -> Binary:
    """A kernel with a float result that numpy computes itself from numbers of any types."""

    def kernel(a: Array, b: Array) -> Array:
        out: Array = ufunc(a, b)
        for side in (a, b):
            if side.dtype.kind == "i" and has_null(side):
                out = np.where(side == NULL_0D[side.dtype], np.nan, out)
        return out

    return kernel


def promoted(kernel: Binary, cx: int, cy: int, target: int) -> Binary:
    """The kernel after both arguments are promoted to numeric type `target`."""
    wide = PROMOTE[target]
    if cx == target:
        return kernel if cy == target else lambda a, b: kernel(a, wide(b, cy))
    if cy == target:
        return lambda a, b: kernel(wide(a, cx), b)
    return lambda a, b: kernel(wide(a, cx), wide(b, cy))


def numeric(ufunc: Any, cx: int, cy: int, target: int) -> Binary:
    """A ufunc on underlying numbers with a result of numeric type `target`."""
    if target == 9:
        return _floats(ufunc, cx, cy)
    if cx in (1, 4) and cy in (1, 4):  # no nulls here
        return lambda a, b: ufunc(a, b, dtype=np.int32)
    return promoted(ufunc if target == 8 else integers(ufunc), cx, cy, target)


def _floats(ufunc: Any, cx: int, cy: int) -> Binary:
    """Floats: numpy itself promotes plain numbers, block by block."""
    if cx == cy == 9:
        return ufunc  # type: ignore[no-any-return]
    if 9 in (cx, cy) and cx in NUMBERS and cy in NUMBERS:
        return in_floats(ufunc)
    return promoted(ufunc, cx, cy, 9)


# ---------------------------------------------------------------- temporals

def _build_sum(ufunc: Any, type_of: Callable[[int, int], int]) -> Callable[[int, int], Binary]:
    def build(cx: int, cy: int) -> Binary:
        target = type_of(cx, cy)
        if not target:
            raise type_error()
        if ufunc is np.subtract and cx == cy and cx in (13, 14):
            return _days_apart
        if target not in TEMPORALS:
            return numeric(ufunc, cx, cy, target)
        if cx in POINTS and cy in POINTS:
            kernel = numeric(ufunc, cx, cy, 7)
            return lambda a, b: kernel(a, b).view(DTYPE[target])
        return _temporal(ufunc, cx, cy, target)

    return build


def _days_apart(a: Array, b: Array) -> Array:
    """Dates or months between dates or months, as ints; both count from one epoch."""
    return to_int(np.asarray(_LONGS_APART(a.view(np.int64), b.view(np.int64))), 7)


_LONGS_APART = integers(np.subtract)


def _temporal(ufunc: Any, cx: int, cy: int, target: int) -> Binary:
    """Both arguments in units of the target; at most one is a point in time."""
    read_x, read_y = _reader(cx, target), _reader(cy, target)
    kernel, dtype = integers(ufunc), DTYPE[target]
    if ufunc is np.subtract and cy in POINTS:  # number - point: mirrored around the epoch
        return lambda a, b: shift(kernel(read_x(a), read_y(b)), 2 * EPOCH[target]).view(dtype)
    return lambda a, b: kernel(read_x(a), read_y(b)).view(dtype)


def _reader(code: int, target: int) -> Callable[[Array], Array]:
    """How an argument of type `code` is read as raw units of temporal type `target`."""
    if code in TEMPORALS:
        return lambda a: convert(a, code, target).view(np.int64)
    if target == 15 and code in (8, 9):
        return lambda a: milliseconds(to_float(a, code))
    if target == 15:
        return lambda a: scale(to_long(a, code), DAY_MS)
    return lambda a: to_long(a, code)


def _build_product(cx: int, cy: int) -> Binary:
    target = _product_type(cx, cy)
    if not target:
        raise type_error()
    if target not in TEMPORALS:
        return numeric(np.multiply, cx, cy, target)
    kernel = numeric(np.multiply, cx, cy, 9 if target == 15 or 8 in (cx, cy) else 7)
    return lambda a, b: from_underlying(kernel(a, b), target)


# ---------------------------------------------------------------- quotients

def _build_quotient(cx: int, cy: int) -> Binary:
    if cx in (2, 11) or cy in (2, 11):
        raise type_error()
    if cx in (7, 9) and cy in (7, 9):
        return in_floats(np.divide)
    return promoted(np.divide, cx, cy, 9)


_ADD = Kernels(_build_sum(np.add, _sum_type))
_SUBTRACT = Kernels(_build_sum(np.subtract, _difference_type))
_MULTIPLY = Kernels(_build_product)
_DIVIDE = Kernels(_build_quotient)


# ---------------------------------------------------------------- negation

@keyword("neg", glyph="-:", atomic=True)
def negate(x: Value) -> Value:
    """x with the sign changed; temporals by their underlying number."""
    if type(x) is float:
        return -x
    if type(x) is int:
        return -x if x != LONG_NULL else x
    return each_atom(negate, _NEGATE, x)


def _build_negation(code: int) -> Callable[[Array], Array]:
    if code in (8, 9, 7, 5, 6):
        return np.negative
    if code in INTEGERS or code == 10:
        return lambda a: np.negative(raw_numbers(a, code).astype(np.int32))
    if code in TEMPORALS:
        return lambda a: from_underlying(np.negative(underlying(a, code)), code)
    raise type_error()


_NEGATE = Kernels(_build_negation)


def _minus_alone(value: Value, right: bool) -> Value:
    return negate(value) if right else value


ONE_SIDED[subtract] = _minus_alone
