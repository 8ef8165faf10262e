"""Promotion of simple arrays: the numbers under a type, read as a wider numeric type.

Every function takes an array of any dimension (0-d for an atom) and the code of its type, and
gives an array of plain numbers in which the null of the source is the null of the target.
Infinities of integers are plain numbers, as in q: widening 0Wi gives 2147483647.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..types import BY_CODE, EPOCH, LONG_INF, LONG_NULL
from ..values import Array, Value
from .extremes import least

NULL_0D: dict[Any, Array] = {
    np.dtype(d): np.array(-(2 ** (8 * np.dtype(d).itemsize - 1)), d) for d in ("i2", "i4", "i8")
}
BLOCK = 1 << 14
SMALL = 24  # items up to which a Python list is faster
MANY = 1 << 11  # items from which the least one is found sooner than all are compared
DAY_MS = 86_400_000

TEMPORALS = frozenset(EPOCH)
POINTS = frozenset((12, 13, 14, 15))  # counted from 2000; the other temporals are spans
INTEGERS = frozenset((1, 4, 5, 6, 7))
NUMBERS = frozenset((1, 4, 5, 6, 7, 8, 9))

_NO_NULL = frozenset((1, 4, 10))


def has_null(raw: Array) -> bool:
    """Does an array of signed integers hold the null of its width?  The cheapest way by size."""
    null = NULL_0D[raw.dtype]
    size = raw.size
    if size >= MANY:
        return bool(least(raw) == null)
    if size <= SMALL and raw.ndim < 2:
        found = raw.tolist()
        return null.item() in found if raw.ndim else found == null
    return bool(np.count_nonzero(raw == null))


def raw_numbers(x: Array, code: int) -> Array:
    """The storage of x as numbers: chars as bytes, temporals as integers of numpy's epoch."""
    if code == 10:
        return x.view(np.uint8)
    if code in TEMPORALS:
        return x.view(np.int64)
    return x


def underlying(x: Array, code: int) -> Array:
    """The numbers that q counts in: temporals as longs from 2000, datetimes as float days."""
    raw = raw_numbers(x, code)
    if code == 15:
        return _days(raw)
    if code in POINTS:
        return shift(raw, -EPOCH[code])
    return raw


def shift(raw: Array, by: int) -> Array:
    """raw+by, where nulls and infinities stay as they are."""
    if not by:
        return raw
    return _but_special(raw, raw + np.int64(by))


def scale(raw: Array, by: int) -> Array:
    """raw*by, where nulls and infinities stay as they are, and what is too large is infinite."""
    if by == 1 or not raw.size:
        return raw
    limit = LONG_INF // by
    if raw.min() >= -limit and raw.max() <= limit:
        return np.asarray(raw * np.int64(by))
    held = np.select([raw == LONG_NULL, raw > limit, raw < -limit],
                     [LONG_NULL, LONG_INF, -LONG_INF], raw * np.int64(by))
    return np.asarray(held)


def reduce_scale(raw: Array, by: int) -> Array:
    """The floor of raw%by, where nulls and infinities stay as they are."""
    return raw if by == 1 else _but_special(raw, raw // np.int64(by))


def _but_special(raw: Array, changed: Array) -> Array:
    if raw.size and (raw.min() <= -LONG_INF or raw.max() == LONG_INF):
        return np.where((raw <= -LONG_INF) | (raw == LONG_INF), raw, changed)
    return changed


def _days(ms: Array) -> Array:
    """Datetimes as q's float days since 2000."""
    days = (ms - EPOCH[15]) / DAY_MS
    if not ms.size or (ms.min() > -LONG_INF and ms.max() < LONG_INF):
        return np.asarray(days)
    return np.select([ms == LONG_NULL, ms == LONG_INF, ms == -LONG_INF],
                     [np.nan, np.inf, -np.inf], days)


def milliseconds(days: Array) -> Array:
    """Float days as milliseconds, without epoch; the inverse of reading a datetime."""
    return round_to_long(days * DAY_MS, days)


def round_to_long(values: Array, special: Array) -> Array:
    """Floats rounded to longs, halves up; nulls and infinities are read from `special`."""
    return whole_to_long(halves_up(values), special)


def halves_up(x: Array) -> Array:
    """Floats rounded to the nearest whole number, halves up; numpy rounds them to even ones."""
    near: Array = np.rint(x)
    with np.errstate(invalid="ignore"):  # infinities
        down = x - near == 0.5
    return near + down if np.count_nonzero(down) else near


def in_whole_numbers(round_: Callable[[Array], Array], x: Array) -> Array:
    """Floats as the longs that `round_` makes of them; in blocks that stay in cache."""
    if x.size <= BLOCK:
        return whole_to_long(round_(x), x)
    out = np.empty(x.shape, np.int64)
    flat, rows = x.reshape(-1), out.reshape(-1)
    for i in range(0, x.size, BLOCK):
        part = flat[i:i + BLOCK]
        rows[i:i + BLOCK] = whole_to_long(round_(part), part)
    return out


def whole_to_long(whole: Array, special: Array) -> Array:
    """Whole floats as longs; nulls and infinities are read from `special`."""
    if np.vdot(whole, whole) < 2.0**124:  # all of them are small, and none is nan
        return np.asarray(whole.astype(np.int64))
    fits = np.abs(whole) < 2.0**63
    out = np.where(fits, whole, 0).astype(np.int64)
    out = np.where(~fits, np.where(special < 0, -LONG_INF, LONG_INF), out)
    return np.where(np.isnan(special), LONG_NULL, out)


def to_float(x: Array, code: int) -> Array:
    """x as floats (type 9), nulls as 0n."""
    if code == 9:
        return x
    numbers = underlying(x, code)
    return _float(numbers, code, np.float64)


def to_real(x: Array, code: int) -> Array:
    """x as reals (type 8), nulls as 0Ne."""
    if code == 8:
        return x
    return _float(underlying(x, code), code, np.float32)


def _float(numbers: Array, code: int, dtype: Any) -> Array:
    out = numbers.astype(dtype)
    if numbers.dtype.kind == "i" and has_null(numbers):
        return np.where(numbers == NULL_0D[numbers.dtype], dtype(np.nan), out)
    return out


def to_long(x: Array, code: int) -> Array:
    """x as longs: integers widened, floats rounded, nulls as 0N."""
    return _integer(x, code, np.int64)


def to_int(x: Array, code: int) -> Array:
    """x as ints; longs beyond the range become infinities (they come from temporals)."""
    return _integer(x, code, np.int32)


def to_short(x: Array, code: int) -> Array:
    """x (boolean, byte or short) as shorts."""
    return _integer(x, code, np.int16)


def _integer(x: Array, code: int, dtype: Any) -> Array:
    numbers = underlying(x, code)
    if numbers.dtype.kind == "f":
        numbers = in_whole_numbers(halves_up, numbers)
    if numbers.dtype == dtype:
        return numbers
    if numbers.dtype.itemsize > np.dtype(dtype).itemsize:
        return _narrow(numbers, dtype)
    out = numbers.astype(dtype)
    if code not in _NO_NULL and has_null(numbers):
        return np.where(numbers == NULL_0D[numbers.dtype], NULL_0D[out.dtype], out)
    return out


def _narrow(numbers: Array, dtype: Any) -> Array:
    info = np.iinfo(dtype)
    if not numbers.size or (numbers.min() >= -info.max and numbers.max() <= info.max):
        return np.asarray(numbers.astype(dtype))
    out = np.clip(numbers, -info.max, info.max).astype(dtype)
    if has_null(numbers):
        return np.where(numbers == NULL_0D[numbers.dtype], NULL_0D[out.dtype], out)
    return out


PROMOTE = {5: to_short, 6: to_int, 7: to_long, 8: to_real, 9: to_float}


def from_underlying(numbers: Array, code: int) -> Array:
    """The inverse of `underlying`: q's count of units as an array of type `code`."""
    t = BY_CODE[code]
    if code == 15:
        return shift(milliseconds(np.asarray(numbers, np.float64)), EPOCH[15]).view(t.dtype)
    if code in TEMPORALS:
        whole = numbers if numbers.dtype == np.int64 else to_long(numbers, _code(numbers))
        return (shift(whole, EPOCH[code]) if EPOCH[code] else whole).view(t.dtype)
    return np.asarray(numbers).astype(t.raw, copy=False).view(t.dtype)


def _code(numbers: Value) -> int:
    kinds = {"?": 1, "B": 4, "h": 5, "i": 6, "l": 7, "q": 7, "f": 8, "d": 9}
    return kinds[numbers.dtype.char]
