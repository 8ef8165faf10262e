"""Texts of single items: numbers, temporals, chars, symbols and guids as q writes them.

`cells` gives the bare texts of table cells (nulls blank), `inline` the text of a whole vector or
atom as a literal (`1 0N 3h`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np

from ..symbols import TABLE
from ..types import BY_CODE, EPOCH, LONG_INF, LONG_NULL
from ..values import Array, Value, qtype

_UNIX_DAYS = date(1970, 1, 1).toordinal()
_DAYS_TO_2000 = EPOCH[14]
_LAST_DAY = date.max.toordinal()


# ---------------------------------------------------------------- numbers

def float_text(number: float, precision: int) -> str:
    """`%.{P}g` with q's names for the special values; precision 0 stands for 17."""
    if number != number:
        return "0n"
    if number in (np.inf, -np.inf):
        return "0w" if number > 0 else "-0w"
    return f"{number:.{precision or 17}g}"


def _integer_texts(raw: list[int], null: int, inf: int) -> list[str]:
    special = {null: "0N", inf: "0W", -inf: "-0W"}
    if special.keys().isdisjoint(raw):
        return list(map(str, raw))
    return [special[v] if v in special else str(v) for v in raw]


def _short_texts(raw: list[int]) -> list[str]:
    """Short infinity has no text of its own."""
    return ["0N" if v == -32768 else str(v) for v in raw]


# ---------------------------------------------------------------- temporals, from raw counts

def _date_text(days: int) -> str:
    ordinal = _UNIX_DAYS + days
    if not 1 <= ordinal <= _LAST_DAY:
        return "0000.00.00"
    day = date.fromordinal(ordinal)
    return f"{day.year:04d}.{day.month:02d}.{day.day:02d}"


def _month_text(months: int) -> str:
    year, month = divmod(months, 12)
    year += 1970
    return f"{year:04d}.{month + 1:02d}" if 1 <= year <= 9999 else "0000.00"


def _clock_text(seconds: int) -> str:
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}"


def _minute_text(minutes: int) -> str:
    sign, minutes = ("-", -minutes) if minutes < 0 else ("", minutes)
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"


def _second_text(seconds: int) -> str:
    return "-" + _clock_text(-seconds) if seconds < 0 else _clock_text(seconds)


def _time_text(milliseconds: int) -> str:
    sign, count = ("-", -milliseconds) if milliseconds < 0 else ("", milliseconds)
    seconds, rest = divmod(count, 1000)
    return f"{sign}{_clock_text(seconds)}.{rest:03d}"


def _of_day(nanoseconds: int) -> str:
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{_clock_text(seconds)}.{rest:09d}"


_DAY = 86_400_000_000_000


def _timespan_text(nanoseconds: int) -> str:
    sign, count = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    days, rest = divmod(count, _DAY)
    return f"{sign}{days}D{_of_day(rest)}"


def _timestamp_text(nanoseconds: int) -> str:
    days, rest = divmod(nanoseconds, _DAY)
    return f"{_date_text(days + _DAYS_TO_2000)}D{_of_day(rest)}"


def _datetime_text(milliseconds: int) -> str:
    days, rest = divmod(milliseconds, 86_400_000)
    day = _date_text(days)
    return "0000.00.00T00:00:00.000" if day[0:4] == "0000" else f"{day}T{_time_text(rest)}"


_TEMPORAL: dict[int, Callable[[int], str]] = {
    12: _timestamp_text, 13: _month_text, 14: _date_text, 15: _datetime_text,
    16: _timespan_text, 17: _minute_text, 18: _second_text, 19: _time_text,
}


def _temporal_texts(code: int, raw: list[int]) -> list[str]:
    special = {LONG_NULL: "0N", LONG_INF: "0W", -LONG_INF: "-0W"}
    one = _TEMPORAL[code]
    return [special[v] if v in special else one(v) for v in raw]


# ---------------------------------------------------------------- guids, chars, symbols

def guid_text(raw: bytes) -> str:
    """8-4-4-4-12 lower-case hex digits of 16 bytes."""
    digits = raw.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


_ESCAPES = {34: '\\"', 92: "\\\\", 10: "\\n", 13: "\\r", 9: "\\t"}
_CHARS = [_ESCAPES.get(b) or (chr(b) if 32 <= b < 127 else f"\\{b:03o}") for b in range(256)]


def quoted(raw: bytes) -> str:
    """A char vector between quotes; bytes that do not print as three octal digits."""
    return '"' + "".join([_CHARS[b] for b in raw]) + '"'


# ---------------------------------------------------------------- vectors

def texts(x: Array, precision: int = 7) -> list[str]:
    """The text of every item of a simple vector: no type letters, nulls as `0N` (floats `0n`)."""
    code = qtype(x)
    raw: list[Any] = x.view(BY_CODE[code].raw).tolist() if code != 2 else [v.tobytes() for v in x]
    if code in _TEMPORAL:
        return _temporal_texts(code, raw)
    if code == 9:
        return [float_text(v, precision) for v in raw]
    if code == 8:
        return [_real_text(v, precision) for v in raw]
    if code in (6, 7):
        return _integer_texts(raw, BY_CODE[code].null, BY_CODE[code].inf)
    return _SIMPLE[code](raw)


def _real_text(number: float, precision: int) -> str:
    """As floats, but the null is `0N` before its type letter: `0Ne`, `0we`."""
    return "0N" if number != number else float_text(number, precision)


_SIMPLE: dict[int, Callable[[list[Any]], list[str]]] = {
    1: lambda raw: ["1" if v else "0" for v in raw],
    2: lambda raw: [guid_text(v) for v in raw],
    4: lambda raw: [f"{v:02x}" for v in raw],
    5: _short_texts,
    10: lambda raw: [chr(v) for v in raw],
    11: lambda raw: [TABLE[v] for v in raw],
}


def cells(x: Array, precision: int = 7) -> list[str]:
    """The bare texts of a simple vector's items, as in table cells: nulls are blank."""
    found = texts(x, precision)
    if qtype(x) in (1, 2, 4, 10, 11) or "0N" not in found and "0n" not in found:
        return found
    return ["" if t in ("0N", "0n") else t for t in found]


def _letter(code: int, joined: str) -> str:
    """The type letter after a literal; empty where the form of the items tells the type."""
    if code in (5, 6, 8, 13):
        return BY_CODE[code].char
    if code == 9:
        return "" if any(c in joined for c in ".enw") else "f"
    if code in _TEMPORAL and not any(c in joined for c in ".:"):
        return BY_CODE[code].char
    return ""


def _attribute(x: Array) -> str:
    letter = getattr(x, "attr", "")
    return f"`{letter}#" if letter else ""


def _run(x: Array, code: int, precision: int) -> str:
    """The items of a vector that is not empty as one literal, without a leading comma."""
    if code == 10:
        return quoted(x.tobytes())
    found = texts(x, precision)
    if code == 11:
        return "`" + "`".join(found)
    if code == 1:
        return "".join(found) + "b"
    if code == 4:
        return "0x" + "".join(found)
    joined = " ".join(found)
    return joined + _letter(code, joined)


def inline(x: Array, precision: int = 7, limit: int | None = None) -> str:
    """The one-line text of a simple vector; with `limit` at least that many characters of it."""
    code, n = qtype(x), len(x)
    if limit is not None and n > limit + 1:
        return _attribute(x) + _run(x[:limit + 1], code, precision)
    if n == 0:
        return _attribute(x) + ('""' if code == 10 else f"`{BY_CODE[code].name}$()")
    return _attribute(x) + ("," if n == 1 else "") + _run(x, code, precision)


def atom_text(x: Value, precision: int = 7) -> str:
    """The one-line text of an atom of a simple type."""
    code = -qtype(x)
    return _run(np.array([x.code if code == 11 else x], BY_CODE[code].dtype), code, precision)


def bare_text(x: Value, precision: int = 7) -> str:
    """The text of an atom as a table cell has it: no type letter, null blank."""
    code = -qtype(x)
    return cells(np.array([x.code if code == 11 else x], BY_CODE[code].dtype), precision)[0]
