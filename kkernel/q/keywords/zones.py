"""Keywords between local time and UTC: ltime gtime."""

from __future__ import annotations

import time

import numpy as np

from .. import context
from ..errors import type_error
from ..registry import keyword
from ..types import BY_CODE, LONG_NULL, UNIX_NS
from ..values import Array, Value, at, is_atom, qtype

_PER_SECOND = {12: 1_000_000_000, 15: 1_000}


@keyword("ltime")
def ltime(x: Value) -> Value:
    """UTC as local time: what `\\o` says, else the time zone of the system."""
    return _shifted(x, 1)


@keyword("gtime")
def gtime(x: Value) -> Value:
    """Local time as UTC."""
    return _shifted(x, -1)


def _shifted(x: Value, sign: int) -> Value:
    code = abs(qtype(x))
    unit = _PER_SECOND.get(code)
    if unit is None:
        raise type_error()
    raw: Array = np.atleast_1d(x).astype(BY_CODE[code].dtype).view("i8")
    since = UNIX_NS // unit if code == 12 else 0  # seconds from 1970 to the start of the count
    ahead = np.array([offset_seconds(v // unit + since) for v in raw.tolist()], "i8")
    moved = np.where(raw == LONG_NULL, raw, raw + sign * unit * ahead).view(BY_CODE[code].dtype)
    return at(moved, 0) if is_atom(x) else moved


def offset_seconds(instant: int | None = None) -> int:
    """Seconds that local time is ahead of UTC at an instant in Unix seconds, or now."""
    chosen = context.active.settings.offset
    if chosen is not None:
        return chosen * (3600 if abs(chosen) < 24 else 60)
    try:
        return time.localtime(instant).tm_gmtoff
    except (OverflowError, ValueError, OSError):
        return 0
