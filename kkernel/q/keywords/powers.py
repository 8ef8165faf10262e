"""Mathematical keywords of two arguments, atomic: `div mod xbar xexp xlog`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..atoms.atomic import Binary, Kernels, pair_atoms
from ..atoms.promote import (
    NULL_0D,
    NUMBERS,
    TEMPORALS,
    from_underlying,
    has_null,
    in_whole_numbers,
    to_float,
    to_int,
    to_long,
)
from ..errors import type_error
from ..operators.arithmetic import multiply, subtract
from ..registry import keyword
from ..types import LONG_NULL
from ..values import Array, Value


@keyword("div", infix=True, atomic=True)
def div(x: Value, y: Value) -> Value:
    """The greatest whole number not above x%y, in the type of x (at least int)."""
    if type(x) is int and type(y) is int and y and x != LONG_NULL != y:
        return x // y
    return pair_atoms(div, _DIV, x, y)


@keyword("mod", infix=True, atomic=True)
def mod(x: Value, y: Value) -> Value:
    """The remainder of x%y, with the sign of y."""
    if type(x) is int and type(y) is int and y and x != LONG_NULL != y:
        return x % y
    return pair_atoms(mod, _MOD, x, y)


@keyword("xbar", infix=True, atomic=True)
def xbar(x: Value, y: Value) -> Value:
    """y rounded down to a multiple of x."""
    return pair_atoms(xbar, _XBAR, x, y)


@keyword("xexp", infix=True, atomic=True)
def xexp(x: Value, y: Value) -> Value:
    """x to the power y as a float; null where x is negative."""
    return pair_atoms(xexp, _XEXP, x, y)


@keyword("xlog", infix=True, atomic=True)
def xlog(x: Value, y: Value) -> Value:
    """The logarithm of y to base x as a float."""
    return pair_atoms(xlog, _XLOG, x, y)


# ---------------------------------------------------------------- whole quotients

def _build_div(cx: int, cy: int) -> Binary:
    if cx in (2, 11) or cy in (2, 11):
        raise type_error()
    finish = _finisher(cx)
    inexact = (8, 9, 15)
    if cx in inexact or cy in inexact:
        if cx in (8, 9):
            return lambda a, b: np.floor(to_float(a, cx) / to_float(b, cy))
        return lambda a, b: finish(_floor_quotient(to_float(a, cx), to_float(b, cy)))
    return lambda a, b: finish(whole_quotient(to_long(a, cx), to_long(b, cy)))


def _finisher(cx: int) -> Callable[[Array], Array]:
    """How a long quotient becomes the type of x; booleans, bytes, shorts, chars give ints."""
    if cx in TEMPORALS:
        return lambda q: from_underlying(q, cx)
    if cx == 7:
        return lambda q: q
    return lambda q: to_int(np.asarray(q), 7)


def _floor_quotient(a: Array, b: Array) -> Array:
    quotient = np.asarray(a / b)
    return in_whole_numbers(np.floor, quotient)


def whole_quotient(a: Array, b: Array) -> Array:
    """Floor division of longs; null beside a null and on division by zero."""
    return _whole(np.floor_divide, a, b)


def _whole(ufunc: Any, a: Array, b: Array) -> Array:
    null = NULL_0D[b.dtype]
    out: Array = ufunc(a, b)
    if np.count_nonzero(b) < b.size:
        out = np.where(b == 0, null, out)
    if has_null(a):
        out = np.where(a == null, null, out)
    if has_null(b):
        out = np.where(b == null, null, out)
    return out


def _build_mod(cx: int, cy: int) -> Binary:
    if cx == cy and cx in (6, 7):
        return lambda a, b: _whole(np.remainder, a, b)
    return _remainder


def _remainder(a: Array, b: Array) -> Array:
    a, b = np.broadcast_arrays(a, b)  # an axis of 1 stands for an atom, which the operators
    return np.asarray(subtract(a, multiply(b, div(a, b))))  # cannot know


def _build_xbar(cx: int, cy: int) -> Binary:
    if cx == 16:  # spans round by their count of nanoseconds
        return lambda a, b: _bar(to_long(a, cx), b)
    return _bar


def _bar(a: Array, b: Array) -> Array:
    a, b = np.broadcast_arrays(a, b)
    return np.asarray(multiply(a, div(b, a)))


# ---------------------------------------------------------------- powers

def _build_xexp(cx: int, cy: int) -> Binary:
    if cx not in NUMBERS or cy not in NUMBERS:
        raise type_error()
    return lambda a, b: _power(to_float(a, cx), to_float(b, cy))


def _power(x: Array, y: Array) -> Array:
    """As q computes it, through the logarithm; x to the power 0 is 1."""
    out: Array = np.exp(y * np.log(x))
    if np.count_nonzero(y) == y.size:
        return out
    zero = (y == 0) & (x >= 0)
    return np.where(zero, 1.0, out)


def _build_xlog(cx: int, cy: int) -> Binary:
    if {cx, cy} & {2, 11, 15}:
        raise type_error()
    return lambda a, b: np.log(to_float(b, cy)) / np.log(to_float(a, cx))


_DIV = Kernels(_build_div)
_MOD = Kernels(_build_mod)
_XBAR = Kernels(_build_xbar)
_XEXP = Kernels(_build_xexp)
_XLOG = Kernels(_build_xlog)
