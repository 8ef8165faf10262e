"""Lists of strings handled as one text: an array for each char vector is what costs time."""

from __future__ import annotations

from operator import attrgetter

import numpy as np

from ..values import Array, List, Value, string

MANY = 32  # strings from which it pays to keep their text
WORD = 8  # bytes of a string that are compared as one number
LONGEST = 4 * WORD
_MASKS = np.array([256**k - 1 for k in range(WORD + 1)], np.uint64)
_ODD = np.uint64(0x9E3779B97F4A7C15)  # a multiplier that spreads numbers over the high bits


class Strings(List):
    """A list of strings that knows the text they are slices of."""

    __slots__ = ("raw", "ends")
    raw: bytes
    ends: Array

    def texts(self) -> list[str]:
        """The strings as Python texts."""
        text = self.raw.decode("utf-8", "surrogateescape")
        if len(text) != len(self.raw):
            return [v.tobytes().decode("utf-8", "surrogateescape") for v in self]
        ends = self.ends.tolist()
        return [text[a:b] for a, b in zip([0, *ends], ends)]


def string_list(parts: list[bytes]) -> List:
    """A list of strings: slices of one buffer, which is faster than an array for each."""
    if len(parts) < MANY:
        return List(map(string, parts))
    found = Strings()
    found.raw = b"".join(parts)
    found.ends = np.fromiter(map(len, parts), np.int64, len(parts)).cumsum()
    whole = string(found.raw)
    start = 0
    for end in found.ends.tolist():
        found.append(whole[start:end])
        start = end
    return found


def are_strings(x: List) -> bool:
    """Whether all items are char vectors."""
    return type(x) is Strings or (
        set(map(type, x)) <= {np.ndarray}
        and all(d.char == "S" for d in set(map(attrgetter("dtype"), x))))


def raw_strings(x: List) -> list[bytes] | None:
    """The bytes of each item; None unless all are strings."""
    if isinstance(x, Strings):
        ends = x.ends.tolist()
        return [x.raw[a:b] for a, b in zip([0, *ends], ends)]
    return list(map(np.ndarray.tobytes, x)) if are_strings(x) else None


def texts_of(x: List) -> list[str] | None:
    """The items as Python texts, None unless all are strings."""
    if isinstance(x, Strings):
        return x.texts()
    if not are_strings(x):
        return None
    found = b"\n".join(x).decode("utf-8", "surrogateescape").split("\n")
    return found if len(found) == len(x) else [
        v.tobytes().decode("utf-8", "surrogateescape") for v in x]


# ---------------------------------------------------------------- equal strings

def equal_ones(x: Strings) -> Array | None:
    """For each string the position of one that equals it, the same for most equal ones.

    None where they are too long to be compared as a few numbers.
    """
    lengths = np.diff(x.ends, prepend=0)
    longest = int(lengths.max(initial=0))
    if longest > LONGEST or b"\0" in x.raw:
        return None
    words = _words(x.raw + bytes(longest + WORD), x.ends - lengths, lengths)
    mixed = np.zeros(len(x), np.uint64)
    for word in words:
        mixed = (mixed ^ word ^ (word >> np.uint64(32))) * _ODD
    n = len(x)
    slots = mixed >> np.uint64(64 - max((4 * n).bit_length(), 8))
    table = np.empty(int(slots.max(initial=0)) + 1, np.int64)
    table[slots] = np.arange(n)
    found = table[slots]
    for word in words:  # others took the slot of some
        found = np.where(word[found] == word, found, np.arange(n))
    return found


def _words(raw: bytes, starts: Array, lengths: Array) -> list[Array]:
    """The bytes of each string as numbers of eight bytes, filled up with zeros."""
    at_byte: Array = np.ndarray((len(raw) - WORD + 1,), "<u8", raw, strides=(1,))
    return [at_byte[starts + first] & _MASKS[np.clip(lengths - first, 0, WORD)]
            for first in range(0, max(int(lengths.max(initial=0)), 1), WORD)]


def joined_strings(x: Value, y: Value, x_rows: bool, y_rows: bool) -> List | None:
    """`x,'y`, `x,/:y` and `x,\\:y` in one step: each string of x, or all of it, joined with
    each string of y, or all of it.  None where something is no string."""
    a, b = _parts(x, x_rows), _parts(y, y_rows)
    if a is None or b is None:
        return None
    n = max(len(a), len(b))
    a, b = (v * n if len(v) == 1 else v for v in (a, b))
    return string_list([p + q for p, q in zip(a, b, strict=True)])


def _parts(x: Value, rows: bool) -> list[bytes] | None:
    if type(x) is np.ndarray and x.dtype.char == "S":
        raw = x.tobytes()
        return [raw[i:i + 1] for i in range(len(raw))] if rows else [raw]
    if isinstance(x, (bytes, np.bytes_)):
        return [bytes(x) or b"\0"]
    return raw_strings(x) if rows and isinstance(x, List) else None
