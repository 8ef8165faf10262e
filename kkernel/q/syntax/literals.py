"""Numbers, booleans, bytes and temporals as they stand in q source text.

`number_vector` takes one run of literals separated by blanks and gives an atom or a vector.  The
suffix of the last item types them all (`1 2 3h`); without one a decimal point makes all float.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from ..errors import QError
from ..types import BY_CHAR, BY_CODE, EPOCH, LONG_INF, LONG_NULL
from ..values import Value, at, vector

DAY = 86_400_000_000_000  # nanoseconds

_INTEGER = re.compile(r"-?[0-9]+")
_FLOAT = re.compile(r"-?([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?")
_SPECIAL = re.compile(r"(-?)0([nNwW])([a-z]?)")
_DATE = re.compile(r"([0-9]{4})\.([0-9]{2})\.([0-9]{2})")
_MONTH = re.compile(r"([0-9]{4})\.([0-9]{2})")
_CLOCK = re.compile(r"([0-9]+)(?::([0-5]?[0-9])(?::([0-5]?[0-9])(?:\.([0-9]{0,9}))?)?)?")
_SPAN = re.compile(r"([0-9]+)D(.*)")

_CLOCK_CODES = (17, 18, 19, 16)  # from coarse to fine
_UNIT = {16: 1, 17: 60_000_000_000, 18: 1_000_000_000, 19: 1_000_000}


def number_vector(text: str) -> Value:
    """The atom or vector of a literal run; a malformed one signals its own text."""
    words = text.split()
    if len(words) == 1:
        word = words[0]
        if word.startswith("0x"):
            return _bytes(word)
        if word.endswith("b"):
            return _booleans(word)
    try:
        code = _run_code(words)
        raw = [_raw(code, word) for word in words]
        found = vector(code, raw)
    except (ValueError, OverflowError, KeyError, IndexError):
        raise QError(text) from None
    return at(found, 0) if len(words) == 1 else found


def _bytes(word: str) -> Value:
    """`0x` and hex digits; an odd count gets a leading 0, one byte is an atom."""
    digits = word[2:]
    if not re.fullmatch("[0-9a-fA-F]*", digits):
        raise QError(word)
    raw = bytes.fromhex("0" * (len(digits) % 2) + digits)
    found = np.frombuffer(raw, "u1")
    return at(found, 0) if len(raw) == 1 else found


def _booleans(word: str) -> Value:
    bits = word[:-1]
    if not re.fullmatch("[01]+", bits):
        raise QError(word)
    found = np.array([b == "1" for b in bits])
    return at(found, 0) if len(bits) == 1 else found


# ---------------------------------------------------------------- the type of a run

def _suffix(word: str) -> int:
    """The type that the last letter names, 0 without one."""
    special = _SPECIAL.fullmatch(word)
    letter = special[3] if special else word[-1]
    row = BY_CHAR.get(letter) if letter else None
    return row.code if row and row.code not in (1, 4, 10, 11) else 0


def _natural_code(word: str) -> int:
    """The type of one word by its form alone; 0 for a bare null that fits any type."""
    if code := _suffix(word):
        return code
    if special := _SPECIAL.fullmatch(word):
        return 9 if special[2] in "nw" else 7
    if "D" in word:
        return 12 if "." in word.split("D")[0] else 16
    if "T" in word:
        return 15
    if ":" in word:
        return _clock_code(word)
    if word.count(".") == 2:
        return 14
    return 7 if _INTEGER.fullmatch(word) else 9


def _clock_code(word: str) -> int:
    if word.count(":") == 1:
        return 17
    _, point, fraction = word.partition(".")
    if not point:
        return 18
    return 19 if len(fraction) <= 4 else 16


def _run_code(words: list[str]) -> int:
    if code := _suffix(words[-1]):
        return code
    codes = {_natural_code(w) for w in words}
    if len(codes) == 1:
        return codes.pop()
    if codes == {7, 9}:
        return 9
    if codes <= set(_CLOCK_CODES):
        return max(codes, key=_CLOCK_CODES.index)
    return _code_with_bare_nulls(words)


def _code_with_bare_nulls(words: list[str]) -> int:
    """`0N 2000.01.01`: the type of the words that are not bare specials, if it is one."""
    codes = {_natural_code(w) for w in words if not _SPECIAL.fullmatch(w) or _suffix(w)}
    if len(codes) != 1:
        raise ValueError
    return codes.pop()


# ---------------------------------------------------------------- one word as raw number

def _raw(code: int, word: str) -> object:
    if special := _SPECIAL.fullmatch(word):
        return _special(code, special)
    row = BY_CODE[code]
    if row.suffix and word.endswith(row.suffix) or _suffix(word) == code:
        word = word[:-1]
    return _PARSERS[code](word)


def _special(code: int, word: re.Match[str]) -> object:
    row = BY_CODE[code]
    if word[2] in "nN":
        if row.null is None:
            raise ValueError
        return np.void(row.null) if code == 2 else row.null
    if row.inf is None:
        raise ValueError
    return -row.inf if word[1] else row.inf


def _integer(code: int) -> Callable[[str], int]:
    """Integers must lie strictly between the infinities of their width, or be one of them."""
    limit = BY_CODE[code].inf

    def parse(word: str) -> int:
        if not _INTEGER.fullmatch(word) or len(word) > 40:
            raise ValueError
        number = int(word)
        if abs(number) > limit:
            raise OverflowError
        return number

    return parse


def _float(word: str) -> float:
    if not _FLOAT.fullmatch(word):
        raise ValueError
    return float(word)


def _real(word: str) -> float:
    with np.errstate(over="ignore"):
        return float(np.float32(_float(word)))


def days(year: int, month: int, day: int) -> int:
    """Days of a date from 1970; ValueError when there is no such day."""
    first = np.datetime64(f"{year:04d}-{month:02d}", "M")
    start = int(first.astype("M8[D]").astype("i8"))
    length = int((first + 1).astype("M8[D]").astype("i8")) - start
    if not (1 <= day <= length and year):
        raise ValueError
    return start + day - 1


def _date(word: str) -> int:
    found = _DATE.fullmatch(word)
    if not found:
        return _integer(6)(word) + EPOCH[14]
    return days(int(found[1]), int(found[2]), int(found[3]))


def _month(word: str) -> int:
    found = _MONTH.fullmatch(word)
    if not found:
        return _integer(6)(word) + EPOCH[13]
    month = int(found[2])
    if not 1 <= month <= 12:
        raise ValueError
    return (int(found[1]) - 1970) * 12 + month - 1


def _clock(word: str) -> int:
    """Nanoseconds of `hh`, `hh:mm`, `hh:mm:ss` or `hh:mm:ss.fff`."""
    found = _CLOCK.fullmatch(word)
    if not found:
        raise ValueError
    hours, minutes, seconds = (int(found[i] or 0) for i in (1, 2, 3))
    fraction = int((found[4] or "").ljust(9, "0"))
    return ((hours * 60 + minutes) * 60 + seconds) * 1_000_000_000 + fraction


def _timespan(word: str) -> int:
    sign, word = (-1, word[1:]) if word.startswith("-") else (1, word)
    found = _SPAN.fullmatch(word)
    if found:
        raw = sign * (int(found[1]) * DAY + (_clock(found[2]) if found[2] else 0))
    else:
        raw = sign * _clock(word)
    if not LONG_NULL < raw < LONG_INF:
        raise OverflowError
    return raw


def _clock_in(code: int) -> Callable[[str], int]:
    def parse(word: str) -> int:
        sign, word = (-1, word[1:]) if word.startswith("-") else (1, word)
        return sign * (_clock(word) // _UNIT[code])

    return parse


def _timestamp(word: str) -> int:
    date, _, clock = word.partition("D")
    if _INTEGER.fullmatch(date):
        return _from_integer(date) + EPOCH[12]
    raw = (_date(date) - EPOCH[14]) * DAY + (_clock(clock) if clock else 0)
    if not LONG_NULL < raw <= LONG_INF:
        raise OverflowError
    return raw


def _from_integer(word: str) -> int:
    """Nanoseconds of a timestamp without a date: one or two digits are an hour, as in `4n`."""
    return _clock(word) if len(word) < 3 and word.isdigit() else _integer(7)(word)


def _datetime(word: str) -> int:
    date, _, clock = word.replace("D", "T").partition("T")
    return _date(date) * 86_400_000 + (_clock(clock) // 1_000_000 if clock else 0)


_PARSERS: dict[int, Callable[[str], object]] = {
    5: _integer(5), 6: _integer(6), 7: _integer(7), 8: _real, 9: _float,
    12: _timestamp, 13: _month, 14: _date, 15: _datetime,
    16: _timespan, 17: _clock_in(17), 18: _clock_in(18), 19: _clock_in(19),
}
