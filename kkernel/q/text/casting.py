"""Conversion of simple arrays between types, and the parts of temporals.

`cast_array` is `` `type$y `` for one array of any dimension.  Nulls stay nulls; infinities of
integers are plain numbers for other integer types, as in q.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..atoms.promote import (
    POINTS,
    TEMPORALS,
    from_underlying,
    round_to_long,
    to_float,
    to_int,
    to_long,
    to_real,
    to_short,
    underlying,
)
from ..atoms.units import convert
from ..errors import type_error
from ..types import DTYPE, LONG_INF
from ..values import Array

INT_INF = 2**31 - 1


def cast_array(x: Array, code: int, target: int) -> Array:
    """x of type `code` as type `target`; 'type where q has no such cast."""
    if code == target:
        return x
    if target in TEMPORALS:
        return _to_temporal(x, code, target)
    if code in (2, 11) or target not in _TO:
        raise type_error()
    return _TO[target](x, code)


def _to_boolean(x: Array, code: int) -> Array:
    if code == 10:
        return np.ones(x.shape, "?")
    return np.asarray(underlying(x, code) != 0)


def _to_byte(x: Array, code: int) -> Array:
    """The low byte; beyond the range of ints everything is one of its infinities."""
    numbers = underlying(x, code)
    if numbers.dtype.kind == "f":
        numbers = round_to_long(numbers, numbers)
    return np.clip(numbers, -INT_INF - 1, INT_INF).astype("u1") if numbers.dtype == np.int64 \
        else numbers.astype("u1")


def _to_char(x: Array, code: int) -> Array:
    return _to_byte(x, code).view("S1")


_TO: dict[int, Callable[[Array, int], Array]] = {
    1: _to_boolean, 4: _to_byte, 5: to_short, 6: to_int, 7: to_long, 8: to_real, 9: to_float,
    10: _to_char,
}


def _to_temporal(x: Array, code: int, target: int) -> Array:
    if code in (2, 11):
        raise type_error()
    if code not in TEMPORALS:
        numbers = to_float(x, code) if target == 15 else to_long(x, code)
        return from_underlying(numbers, target)
    if target in POINTS and code not in POINTS:
        return _since_2000(x, code, target)
    return convert(x, code, target)


def _since_2000(x: Array, code: int, target: int) -> Array:
    """A span as the point that far from the start of 2000."""
    return convert(convert(x, code, 16).view(DTYPE[12]), 12, target)


# ---------------------------------------------------------------- parts of temporals

_DATED = frozenset((12, 14, 15))
_CLOCKED = frozenset((12, 15, 16, 17, 18, 19))


def _year(x: Array, code: int) -> Array:
    return convert(x, code, 13).view(np.int64) // 12 + 1970


def _month_of_year(x: Array, code: int) -> Array:
    return convert(x, code, 13).view(np.int64) % 12 + 1


def _day(x: Array, code: int) -> Array:
    days = convert(x, code, 14)
    first = convert(convert(days, 14, 13), 13, 14)
    return days.view(np.int64) - first.view(np.int64) + 1


def _clock_part(unit: int, modulus: int) -> Callable[[Array, int], Array]:
    """The count of whole `unit` nanoseconds in a span or time of day, within `modulus`."""

    def part(x: Array, code: int) -> Array:
        raw = convert(x, code, 16).view(np.int64) // unit
        return raw % modulus if modulus else raw

    return part


_HOUR, _MINUTE, _SECOND = 3_600_000_000_000, 60_000_000_000, 1_000_000_000
_minute_part = _clock_part(_MINUTE, 60)

# name -> types that have the part, function
PARTS: dict[str, tuple[frozenset[int], Callable[[Array, int], Array]]] = {
    "year": (_DATED | {13}, _year), "mm": (_DATED | {13}, _month_of_year), "dd": (_DATED, _day),
    "hh": (_CLOCKED, _clock_part(_HOUR, 0)), "uu": (_CLOCKED, _minute_part),
    "ss": (_CLOCKED, _clock_part(_SECOND, 60)),
}


def part_array(x: Array, code: int, name: str) -> Array:
    """A part of temporals as ints, `` `hh$y ``; `` `week$y `` is the Monday, a date."""
    if name == "week":
        return _week(x, code)
    types, part = PARTS[name]
    if name == "mm" and code in _CLOCKED and code not in _DATED:
        types, part = PARTS["uu"]  # of a clock, `mm is the minute
    if code not in types:
        raise type_error()
    special = (x.view(np.int64) <= -LONG_INF) | (x.view(np.int64) == LONG_INF)
    safe = np.where(special, 0, x.view(np.int64)).view(x.dtype)
    found: Any = np.where(special, -INT_INF - 1, part(safe, code))
    return np.asarray(found.astype("i4"))


def _week(x: Array, code: int) -> Array:
    if code not in _DATED:
        raise type_error()
    raw = convert(x, code, 14).view(np.int64)
    special = (raw <= -LONG_INF) | (raw == LONG_INF)
    return np.where(special, raw, raw - (raw - 4) % 7).view(DTYPE[14])  # day 4 was a Monday
