"""Conversion between temporal types, on arrays of any dimension.

Nulls and infinities keep their meaning.  Going to a coarser type takes the floor; from a point
in time to a span of the day takes the time of day.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..errors import type_error
from ..types import DTYPE, EPOCH, LONG_INF
from ..values import Array
from .promote import POINTS, reduce_scale, scale, shift

_DAY_NS = 86_400_000_000_000
# nanoseconds in one unit of each type that counts in a fixed unit
NANOSECONDS = {12: 1, 14: _DAY_NS, 15: 1_000_000, 16: 1, 17: 60_000_000_000,
               18: 1_000_000_000, 19: 1_000_000}


def common_temporal(cx: int, cy: int) -> int:
    """The type in which two temporals are compared; 'type where they have none in common.

    A point in time beside a span of the day is reduced to that span.
    """
    if cx == cy:
        return cx
    if cx in POINTS and cy in POINTS:
        if 12 in (cx, cy):
            return 12
        if (cx, cy) in _POINT_PAIRS:
            return max(cx, cy)
        raise type_error()
    spans = [c for c in (cx, cy) if c not in POINTS]
    if len(spans) == 1 and not {cx, cy} & {12, 15}:
        raise type_error()
    return 16 if 16 in spans else max(spans)


_POINT_PAIRS = {(13, 14), (14, 13), (14, 15), (15, 14)}


def convert(x: Array, code: int, target: int) -> Array:
    """x of temporal type `code` as temporal type `target`.

    Spans read as points are amounts to add here, not dates.
    """
    if code == target:
        return x
    if 13 in (code, target):
        return _months(x, code, target)
    raw = x.view(np.int64)
    if code in POINTS and target not in POINTS:
        raw, code = _time_of_day(raw, code), 16
    if target == 12 and code in POINTS:  # timestamps count from 2000, the others from 1970
        raw = shift(raw, -EPOCH[code])
    raw = _rescaled(raw, NANOSECONDS[code], NANOSECONDS[target])
    return (shift(raw, EPOCH[target]) if code == 12 else raw).view(DTYPE[target])


def _rescaled(raw: Array, unit: int, target: int) -> Array:
    return scale(raw, unit // target) if unit >= target else reduce_scale(raw, target // unit)


def _time_of_day(raw: Array, code: int) -> Array:
    """A point in time as nanoseconds since its midnight."""
    unit = NANOSECONDS[code]
    return _keep_special(raw, lambda r: r % (_DAY_NS // unit) * unit)


def _months(x: Array, code: int, target: int) -> Array:
    """To and from months, whose days differ: numpy knows the calendar."""
    if code == 13 and target == 14:
        return _calendar(x, 14)
    if code == 13:
        return convert(_calendar(x, 14), 14, target)
    return _calendar(x if code == 14 else convert(x, code, 14), 13)


def _calendar(x: Array, target: int) -> Array:
    dtype = DTYPE[target]
    return _keep_special(x.view(np.int64), lambda r: r.view(x.dtype).astype(dtype).view(np.int64)
                         ).view(dtype)


def _keep_special(raw: Array, change: Callable[[Array], Array]) -> Array:
    """change(raw), where nulls and infinities stay as they are."""
    special = (raw <= -LONG_INF) | (raw == LONG_INF)
    if not np.count_nonzero(special):
        return change(raw)
    return np.where(special, raw, change(np.where(special, 0, raw)))
