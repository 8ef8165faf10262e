"""Mathematical keywords of one argument, atomic: `abs sqrt exp sin floor not null` and kin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..atoms.atomic import Kernels, Unary, each_atom
from ..atoms.promote import (
    INTEGERS,
    TEMPORALS,
    from_underlying,
    in_whole_numbers,
    raw_numbers,
    underlying,
)
from ..atoms.promote import to_float as floats
from ..errors import type_error
from ..functions import NULL
from ..registry import keyword
from ..symbols import names, symbols
from ..types import BY_CODE, EPOCH, LONG_NULL
from ..values import Array, Enum, EnumAtom, Value, is_function


def floating(ufunc: Any) -> Callable[[int], Unary]:
    """Builder of kernels that compute in floats; datetimes stay datetimes."""

    def build(code: int) -> Unary:
        if code in (2, 11):
            raise type_error()
        if code == 9:
            return ufunc  # type: ignore[no-any-return]
        if code == 15:
            return lambda a: from_underlying(ufunc(floats(a, code)), code)
        return lambda a: ufunc(floats(a, code))

    return build


def _declare(name: str, ufunc: Any, doc: str, glyph: str = "") -> Callable[[Value], Value]:
    """Declare an atomic keyword whose result is a float."""
    kernels = Kernels(floating(ufunc))

    def fn(x: Value) -> Value:
        return each_atom(fn, kernels, x)

    fn.__doc__ = doc
    fn.__name__ = fn.__qualname__ = name
    return keyword(name, glyph=glyph, atomic=True)(fn)


sqrt = _declare("sqrt", np.sqrt, "The square root as a float; null of a negative number.")
exp = _declare("exp", np.exp, "e to the power x.")
log = _declare("log", np.log, "The natural logarithm; null of a negative number, -0w of zero.")
sin = _declare("sin", np.sin, "The sine of x radians.")
cos = _declare("cos", np.cos, "The cosine of x radians.")
tan = _declare("tan", np.tan, "The tangent of x radians.")
asin = _declare("asin", np.arcsin, "The arcsine in radians, between -pi/2 and pi/2.")
acos = _declare("acos", np.arccos, "The arccosine in radians, between 0 and pi.")
atan = _declare("atan", np.arctan, "The arctangent in radians, between -pi/2 and pi/2.")
reciprocal = _declare("reciprocal", np.reciprocal, "1%x as a float.", "%:")


# ---------------------------------------------------------------- signs

@keyword("abs", atomic=True)
def absolute(x: Value) -> Value:
    """x without its sign; temporals by their underlying number."""
    if type(x) is float or type(x) is int and x != LONG_NULL:
        return abs(x)
    return each_atom(absolute, _ABSOLUTE, x)


def _build_absolute(code: int) -> Unary:
    if 5 <= code <= 9:
        return np.abs
    if code in INTEGERS or code == 10:
        return lambda a: np.asarray(raw_numbers(a, code).astype(np.int32))
    if code in TEMPORALS:
        return lambda a: from_underlying(np.abs(underlying(a, code)), code)
    raise type_error()


@keyword("signum", atomic=True)
def signum(x: Value) -> Value:
    """-1i for negative or null, 0i for zero, 1i for positive."""
    return each_atom(signum, _SIGNUM, x)


def _build_signum(code: int) -> Unary:
    if code in (2, 11):
        raise type_error()
    if code in (1, 4, 10):
        return lambda a: np.asarray(raw_numbers(a, code) != 0).astype(np.int32)
    return lambda a: _sign(underlying(a, code))


def _sign(numbers: Array) -> Array:
    positive: Array = np.asarray(numbers > 0).astype(np.int32)
    return positive - np.logical_not(numbers >= 0)  # a nan is not >= 0


# ---------------------------------------------------------------- rounding

@keyword("floor", glyph="_:", atomic=True)
def floor(x: Value) -> Value:
    """The greatest integer not above x, a long; chars and symbols in lower case."""
    return each_atom(floor, _FLOOR, x)


@keyword("ceiling", glyph="-_-:", atomic=True)
def ceiling(x: Value) -> Value:
    """The least integer not below x, a long."""
    return each_atom(ceiling, _CEILING, x)


def _build_floor(code: int) -> Unary:
    if code in (5, 6, 7):
        return lambda a: a
    if code in (8, 9):
        return lambda a: in_whole_numbers(np.floor, a)
    if code == 10:
        return lambda a: _lower_chars(raw_numbers(a, 10)).view("S1")
    if code == 11:
        return _lower_symbols
    raise type_error()


def _build_ceiling(code: int) -> Unary:
    if code in (8, 9):
        return lambda a: in_whole_numbers(np.ceil, a)
    if code in (5, 6, 7):
        return lambda a: a
    if code in (1, 4, 10):
        return lambda a: np.asarray(raw_numbers(a, code).astype(np.int32))
    raise type_error()


def _lower_chars(raw: Array) -> Array:
    return np.where((raw >= 65) & (raw <= 90), raw + np.uint8(32), raw)


def _lower_symbols(codes: Array) -> Array:
    flat = codes.reshape(-1)
    return symbols([n.lower() for n in names(flat)]).reshape(codes.shape)


# ---------------------------------------------------------------- tests

@keyword("not", glyph="~:", atomic=True)
def not_(x: Value) -> Value:
    """1b where the underlying value is zero."""
    if type(x) is bool:
        return not x
    return each_atom(not_, _NOT, x)


def _build_not(code: int) -> Unary:
    if code == 11:
        raise type_error()
    if code == 2:
        return lambda a: a == np.zeros((), a.dtype)
    if code == 1:
        return np.logical_not
    zero = EPOCH.get(code, 0)
    return lambda a: raw_numbers(a, code) == zero


@keyword("null", glyph="^:", atomic=True)
def null_(x: Value) -> Value:
    """1b where x is null."""
    if type(x) is int:
        return x == LONG_NULL
    if type(x) is float:
        return x != x
    if isinstance(x, Enum):  # an enumeration of the null symbol is not null itself
        return np.zeros(len(x), np.bool_)
    if isinstance(x, EnumAtom) or is_function(x):
        return x is NULL
    return each_atom(null_, _NULL, x)


def _build_null(code: int) -> Unary:
    if code in (1, 4):
        return lambda a: np.zeros(a.shape, np.bool_)
    if code in (8, 9):
        return np.isnan
    if code == 2:
        return lambda a: a == np.zeros((), a.dtype)
    null = BY_CODE[code].null
    return lambda a: raw_numbers(a, code) == null


_ABSOLUTE = Kernels(_build_absolute)
_SIGNUM = Kernels(_build_signum)
_FLOOR = Kernels(_build_floor)
_CEILING = Kernels(_build_ceiling)
_NOT = Kernels(_build_not)
_NULL = Kernels(_build_null)
