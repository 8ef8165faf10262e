"""Dates and times in the many forms that Tok reads; None for text that is none of them.

Results are in the counts of the types: days since 1970, nanoseconds since 2000 or of a span.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from .. import context
from ..syntax.literals import DAY, days
from ..types import UNIX_NS

_SECOND = 1_000_000_000
_MONTHS = {name: i + 1 for i, name in enumerate(
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])}

_YMD = re.compile(r"([0-9]{4})[-./ ]([0-9]{1,2}|[A-Za-z]{3})[-./ ]([0-9]{1,2})")
_DIGITS_DATE = re.compile(r"([0-9]{2}|[0-9]{4})([0-9]{2})([0-9]{2})")
_DAY_NAME_YEAR = re.compile(r"([0-9]{1,2})[-./ ]?([A-Za-z]{3})[-./ ]?([0-9]{4}|[0-9]{2})")
_TWO_THEN_YEAR = re.compile(
    r"([0-9]{1,2}|[A-Za-z]{3})[-./ ]([0-9]{1,2}|[A-Za-z]{3})[-./ ]([0-9]{4}|[0-9]{2})")
_MONTH = re.compile(r"([0-9]{4})[-./]?([0-9]{2})m?")

_CLOCK = re.compile(r"([0-9]{1,4}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]*))?)?")
_DIGITS_CLOCK = re.compile(r"([0-9]{1,2})(?:([0-9]{2})(?:([0-9]{2})\.?([0-9]*))?)?")
_SPAN = re.compile(r"([0-9]+)D(.*)")
_UNIX = re.compile(r"([0-9]{9,11})(?:\.([0-9]*))?")
_STAMP = re.compile(r"(.*[^DT ])[DT ]+([0-9].*)|([0-9]{8})-?([0-9]{2}.+)")


# ---------------------------------------------------------------- dates

def read_date(text: str) -> int | None:
    """Days since 1970 of a date in any of the known orders."""
    for form, order in _DATE_FORMS:
        found = form.fullmatch(text)
        if found:
            return _day_count(*order(found))
    return None


def _year_first(found: re.Match[str]) -> tuple[str, str, str]:
    return found[1], found[2], found[3]


def _year_last(found: re.Match[str]) -> tuple[str, str, str]:
    return found[3], found[2], found[1]


def _session_order(found: re.Match[str]) -> tuple[str, str, str]:
    """Month first or day first by `\\z`, unless one of them is a name."""
    first, second, year = found[1], found[2], found[3]
    day_first = context.active.settings.date_order if hasattr(context, "active") else 0
    if second.isalpha() or (day_first and not first.isalpha()):
        first, second = second, first
    return year, first, second


_DATE_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], tuple[str, str, str]]], ...] = (
    (_YMD, _year_first), (_DIGITS_DATE, _year_first), (_DAY_NAME_YEAR, _year_last),
    (_TWO_THEN_YEAR, _session_order),
)


def _day_count(year: str, month: str, day: str) -> int | None:
    number = _MONTHS.get(month.lower(), 0) if month.isalpha() else int(month)
    if day.isalpha():
        return None
    try:
        return days(_full_year(year), number, int(day))
    except ValueError:
        return None


def _full_year(year: str) -> int:
    """Two digits mean 1950 to 2049."""
    number = int(year)
    if len(year) == 4:
        return number
    return number + (1900 if number >= 50 else 2000)


def read_month(text: str) -> int | None:
    """Months since 1970, of a month or a date."""
    found = _MONTH.fullmatch(text)
    if found and 1 <= int(found[2]) <= 12:
        return (int(found[1]) - 1970) * 12 + int(found[2]) - 1
    day = read_date(text)
    if day is None:
        return None
    moment = date.fromordinal(day + date(1970, 1, 1).toordinal())
    return (moment.year - 1970) * 12 + moment.month - 1


# ---------------------------------------------------------------- clocks and spans

def read_clock(text: str) -> int | None:
    """Nanoseconds of `hh:mm[:ss[.f]]`, or of digits without colons: hhmmss and a fraction."""
    found = _CLOCK.fullmatch(text) or _DIGITS_CLOCK.fullmatch(text)
    if not found:
        return None
    hours, minutes, seconds = (int(found[i] or 0) for i in (1, 2, 3))
    if minutes > 59 or seconds > 59:
        return None
    fraction = int((found[4] or "")[:9].ljust(9, "0"))
    return ((hours * 60 + minutes) * 60 + seconds) * _SECOND + fraction


def read_span(text: str) -> int | None:
    """Nanoseconds of `dDhh:mm:ss.f` or of a clock, with an optional sign."""
    sign = -1 if text.startswith("-") else 1
    text = text[1:] if text[:1] in ("+", "-") else text
    found = _SPAN.fullmatch(text)
    clock = read_clock(found[2] if found else text) if not found or found[2] else 0
    if clock is None:
        return None
    return sign * ((int(found[1]) * DAY if found else 0) + clock)


def read_stamp(text: str) -> int | None:
    """Nanoseconds since 2000 of a date, a date with a clock, or Unix seconds of 9 to 11 digits."""
    unix = _UNIX.fullmatch(text)
    if unix:
        return int(unix[1]) * _SECOND + int((unix[2] or "")[:9].ljust(9, "0")) - UNIX_NS
    text = text.removesuffix("Z")
    found = _STAMP.fullmatch(text)
    day = read_date((found[1] or found[3]) if found else text)
    clock = read_clock(found[2] or found[4]) if found else 0
    if day is None or clock is None:
        return None
    return day * DAY + clock - UNIX_NS


# ---------------------------------------------------------------- by type

def _read_datetime(text: str) -> int | None:
    """Milliseconds since 1970."""
    found = read_stamp(text)
    return None if found is None else (found + UNIX_NS) // 1_000_000


def _signed(unit: int) -> Callable[[str], int | None]:
    """A clock or span as whole units; a date before the clock is ignored."""

    def parse(text: str) -> int | None:
        found = read_span(text)
        if found is None:
            stamp = read_stamp(text)
            return None if stamp is None else stamp % DAY // unit
        return (1 if found >= 0 else -1) * (abs(found) // unit)

    return parse


def _read_day(text: str) -> int | None:
    """A date, or the date of a timestamp."""
    found = read_date(text)
    if found is None and len(text) > 11:
        stamp = read_stamp(text)
        return None if stamp is None else (stamp + UNIX_NS) // DAY
    return found


TEMPORAL: dict[int, Callable[[str], int | None]] = {
    12: read_stamp, 13: read_month, 14: _read_day, 15: _read_datetime,
    16: read_span, 17: _signed(60 * _SECOND), 18: _signed(_SECOND), 19: _signed(1_000_000),
}
