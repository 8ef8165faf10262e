"""`= <> < > <= >=`: numbers with tolerance, temporals in a common type, symbols by text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..atoms import tolerance
from ..atoms.atomic import ONE_SIDED, Binary, Kernels, pair_atoms
from ..atoms.keywise import Dyad
from ..atoms.promote import PROMOTE, TEMPORALS, raw_numbers, to_float, to_long
from ..atoms.tolerance import equal_floats, less_floats
from ..atoms.units import common_temporal, convert
from ..errors import type_error
from ..functions import Primitive
from ..registry import OPERATORS, operator
from ..symbols import TABLE, Symbol
from ..types import DTYPE
from ..values import Array, Value, collapse, is_list, items, null, qtype

_EXACT = frozenset((int, bool))


@operator("=", 2, atomic=True)
def equal(x: Value, y: Value) -> Value:
    """1b where x and y are equal, whatever their types; floats within tolerance."""
    if type(x) in _EXACT and type(y) in _EXACT:
        return x == y
    if type(x) is float and type(y) is float:
        return equal_floats(x, y)
    if type(x) is Symbol and type(y) is Symbol:
        return x is y
    if type(x) is Primitive or type(y) is Primitive:
        return _same_primitive(equal, x, y)
    return pair_atoms(equal, _EQUAL, x, y)


def _same_primitive(f: Dyad, x: Value, y: Value) -> Value:
    """Operators and keywords are numbers inside, so they can be compared."""
    if type(x) is Primitive and type(y) is Primitive:
        return x is y
    if not is_list(x) and not is_list(y):
        raise type_error()
    if is_list(x) and is_list(y):
        return pair_atoms(f, _EQUAL, x, y)
    return collapse([f(v, y) for v in items(x)] if is_list(x) else [f(x, v) for v in items(y)])


@operator("<>", 2, atomic=True)
def not_equal(x: Value, y: Value) -> Value:
    """1b where x and y differ."""
    if type(x) in _EXACT and type(y) in _EXACT:
        return x != y
    if type(x) is Primitive and type(y) is Primitive:
        return x is not y
    return pair_atoms(not_equal, _NOT_EQUAL, x, y)


@operator("<", 2, atomic=True)
def less(x: Value, y: Value) -> Value:
    """1b where x is below y; nulls are below everything."""
    if type(x) in _EXACT and type(y) in _EXACT:
        return x < y
    if type(x) is float and type(y) is float:
        return less_floats(x, y)
    return pair_atoms(less, _LESS, x, y)


@operator(">", 2, atomic=True)
def greater(x: Value, y: Value) -> Value:
    """1b where x is above y."""
    if type(x) in _EXACT and type(y) in _EXACT:
        return x > y
    if type(x) is float and type(y) is float:
        return less_floats(y, x)
    return pair_atoms(greater, _GREATER, x, y)


@operator("<=", 2, atomic=True)
def at_most(x: Value, y: Value) -> Value:
    """1b where x is not above y."""
    if type(x) in _EXACT and type(y) in _EXACT:
        return x <= y
    return pair_atoms(at_most, _AT_MOST, x, y)


@operator(">=", 2, atomic=True)
def at_least(x: Value, y: Value) -> Value:
    """1b where x is not below y."""
    if type(x) in _EXACT and type(y) in _EXACT:
        return x >= y
    return pair_atoms(at_least, _AT_LEAST, x, y)


# ---------------------------------------------------------------- choosing a kernel

def _build(exact: Any, tolerant: Binary, symbols: Binary, guids: Binary
           ) -> Callable[[int, int], Binary]:
    def build(cx: int, cy: int) -> Binary:
        if cx == cy == 11:
            return symbols
        if cx == cy == 2:
            return guids
        if {cx, cy} & {2, 11}:
            raise type_error()
        if cx in TEMPORALS and cy in TEMPORALS:
            return _temporal(exact, cx, cy)
        if {cx, cy} & {8, 9, 15}:
            return lambda a, b: tolerant(to_float(a, cx), to_float(b, cy))
        return _exact(exact, cx, cy)

    return build


def _exact(ufunc: Any, cx: int, cy: int) -> Binary:
    """Types that compare exactly, as their storage where that is the same."""
    if cx == cy:
        return lambda a, b: ufunc(raw_numbers(a, cx), raw_numbers(b, cy))
    wide = PROMOTE[max(cx, cy, 5)] if max(cx, cy) <= 7 else to_long
    return lambda a, b: ufunc(wide(a, cx), wide(b, cy))


def _temporal(ufunc: Any, cx: int, cy: int) -> Binary:
    target = common_temporal(cx, cy)
    return lambda a, b: ufunc(convert(a, cx, target).view(np.int64),
                              convert(b, cy, target).view(np.int64))


# ---------------------------------------------------------------- symbols and guids

def symbols_below(a: Array, b: Array) -> Array:
    """a<b by the text of symbols, given their codes."""
    codes = np.unique(np.concatenate((a.reshape(-1), b.reshape(-1))))
    rank = np.empty(len(codes), np.int64)
    rank[sorted(range(len(codes)), key=lambda i: TABLE[codes[i]])] = np.arange(len(codes))
    below: Array = rank[np.searchsorted(codes, a)] < rank[np.searchsorted(codes, b)]
    return below


def _halves(guids: Array) -> tuple[Array, Array]:
    words = np.ascontiguousarray(guids).reshape(-1).view(">u8")
    shape = guids.shape
    return words[0::2].reshape(shape), words[1::2].reshape(shape)


def _guids_equal(a: Array, b: Array) -> Array:
    (high_a, low_a), (high_b, low_b) = _halves(a), _halves(b)
    same: Array = (high_a == high_b) & (low_a == low_b)
    return same


def _guids_below(a: Array, b: Array) -> Array:
    (high_a, low_a), (high_b, low_b) = _halves(a), _halves(b)
    below: Array = (high_a < high_b) | ((high_a == high_b) & (low_a < low_b))
    return below


# ---------------------------------------------------------------- the six kernels

def _swapped(kernels: Kernels) -> Callable[[int, int], Binary]:
    def build(cx: int, cy: int) -> Binary:
        kernel = kernels[DTYPE[cy], DTYPE[cx]]
        return lambda a, b: kernel(b, a)
    return build


def _negated(kernels: Kernels) -> Callable[[int, int], Binary]:
    def build(cx: int, cy: int) -> Binary:
        kernel = kernels[DTYPE[cx], DTYPE[cy]]
        return lambda a, b: tolerance.negated(kernel(a, b))
    return build


_EQUAL = Kernels(_build(np.equal, tolerance.equal, np.equal, _guids_equal))
_LESS = Kernels(_build(np.less, tolerance.less, symbols_below, _guids_below))
_GREATER = Kernels(_swapped(_LESS))
_NOT_EQUAL = Kernels(_negated(_EQUAL))
_AT_LEAST = Kernels(_negated(_LESS))
_AT_MOST = Kernels(_negated(_GREATER))


def _against_null(f: Dyad) -> Callable[[Value, bool], Value]:
    """A key that one side lacks compares as if its value there were null."""
    def compare(value: Value, right: bool) -> Value:
        code = abs(qtype(value))
        missing = null(code) if 0 < code < 20 else null(7)
        return f(missing, value) if right else f(value, missing)
    return compare


for _f in (equal, not_equal, less, greater, at_most, at_least):
    ONE_SIDED[_f] = _against_null(_f)

# q makes these three of `not` and another comparison, and shows them so
for _name, _glyph in (("<>", "~="), ("<=", "~>"), (">=", "~<")):
    OPERATORS[_name].glyph, OPERATORS[_name].qtype = _glyph, 105
