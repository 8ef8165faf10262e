"""Tok: the text of one item read as a value of a type.  Bad text gives null, never an error.

`read(code, text)` gives the raw number that `values.vector` takes, in numpy's own epoch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..symbols import symbols
from ..types import BY_CODE, LONG_NULL
from ..values import Array
from .tok_temporal import TEMPORAL

_TRUE = frozenset(("t", "x", "y", "T", "X", "Y", "1"))
_INTEGER = re.compile(r"[-+]?[0-9]{1,19}")
_FLOAT = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
_LONGS = re.compile(r"-?[0-9]{1,18}(?:\n-?[0-9]{1,18})*")
_FLOATS = re.compile(r"-?[0-9]+(?:\.[0-9]*)?(?:\n-?[0-9]+(?:\.[0-9]*)?)*")
_IPV4 = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}")
_SPECIAL = re.compile(r"(-?)0([nNwW])[a-z]?")


def read(code: int, text: str) -> Any:
    """The raw value of `text` as type `code`, or the raw null."""
    if code == 11:
        return text.strip(" ")
    if code == 10:
        return ord(text[0]) & 255 if text else 32
    found = _READERS[code](text.strip())
    return null(code) if found is None else found


def null(code: int) -> Any:
    """The raw null of a type; false and 0x00 where it has none."""
    return np.void(bytes(16)) if code == 2 else BY_CODE[code].null or 0


def read_all(code: int, texts: Sequence[str]) -> Array:
    """A vector of type `code`, one item per text."""
    plain = _plain_numbers(code, texts) if len(texts) > 32 else None
    if plain is not None:
        return plain
    if code == 11:
        return symbols([t.strip(" ") for t in texts] if " " in "".join(texts) else texts)
    raw = [read(code, t) for t in texts]
    t = BY_CODE[code]
    if code == 2:
        return np.array(raw, t.dtype)
    with np.errstate(over="ignore"):  # floats beyond the range of reals
        return np.array(raw, t.raw).view(t.dtype)


_PLAIN = {5: _LONGS, 6: _LONGS, 7: _LONGS, 8: _FLOATS, 9: _FLOATS}


def _plain_numbers(code: int, texts: Sequence[str]) -> Array | None:
    """Many texts that are all plain numbers, read at once; None when one of them is not."""
    form = _PLAIN.get(code)
    joined = "\n".join(texts)
    if form is None or not form.fullmatch(joined):
        return None
    t = BY_CODE[code]
    if code in (8, 9):
        with np.errstate(over="ignore"):
            return np.fromstring(joined, np.float64, sep="\n").astype(t.dtype)
    found = np.fromstring(joined, np.int64, sep="\n")
    return np.where(np.abs(found) > t.inf, t.null, found).astype(t.dtype)


def _boolean(text: str) -> bool:
    return text in _TRUE


def _byte(text: str) -> int | None:
    digits = text.removeprefix("0x")
    return int(digits, 16) if re.fullmatch("[0-9a-fA-F]{1,2}", digits) else None


def _special(code: int, text: str) -> Any:
    """`0N`, `0W` and `-0W`, with or without a type letter; None for other text."""
    found = _SPECIAL.fullmatch(text)
    if not found:
        return None
    row = BY_CODE[code]
    if found[2] in "nN":
        return row.null
    return -row.inf if found[1] else row.inf


def _integer(code: int) -> Callable[[str], int | None]:
    limit = BY_CODE[code].inf

    def parse(text: str) -> int | None:
        if _INTEGER.fullmatch(text):
            number = int(text)
            return number if abs(number) <= limit else None
        found: int | None = _special(code, text)
        return found

    return parse


_plain_int = _integer(6)


def _int(text: str) -> int | None:
    """An int, or an address a.b.c.d as its 32 bits."""
    number = _plain_int(text)
    if number is not None:
        return number
    address = ipv4(text)
    if address is None:
        return None
    return address - 2**32 if address >= 2**31 else address


def ipv4(text: str) -> int | None:
    """The 32 bits of an address, as a number without sign."""
    found = _IPV4.fullmatch(text)
    if not found or any(int(g) > 255 for g in found.groups()):
        return None
    return int.from_bytes(bytes(int(g) for g in found.groups()), "big")


def _float(code: int) -> Callable[[str], float | None]:
    def parse(text: str) -> float | None:
        if _FLOAT.fullmatch(text):
            return float(text)
        found: float | None = _special(code, text)
        return found

    return parse


def _guid(text: str) -> Any:
    lower = text.lower()
    if _GUID.fullmatch(lower):
        return np.void(bytes.fromhex(lower.replace("-", "")))
    address = ipv4(text)
    if address is not None:
        return np.void(bytes(10) + b"\xff\xff" + address.to_bytes(4, "big"))
    return _ipv6(lower) if ":" in lower else None


def _ipv6(text: str) -> Any:
    """Eight groups of hex digits; `::` stands for groups of zero, the last may be an IPv4."""
    head, double, tail = text.partition("::")
    left, right = _groups(head), _groups(tail)
    if left is None or right is None:
        return None
    missing = 8 - len(left) - len(right)
    if missing < 0 or (not double and missing):
        return None
    words = left + [0] * missing + right
    return np.void(b"".join(w.to_bytes(2, "big") for w in words))


def _groups(text: str) -> list[int] | None:
    words: list[int] = []
    for part in text.split(":") if text else []:
        address = ipv4(part)
        if address is not None:
            words += [address >> 16, address & 0xffff]
        elif re.fullmatch("[0-9a-f]{1,4}", part):
            words.append(int(part, 16))
        else:
            return None
    return words


def _temporal(code: int) -> Callable[[str], int | None]:
    """A temporal reader; what does not fit into the type is null."""
    reader = TEMPORAL[code]

    def parse(text: str) -> int | None:
        found = reader(text)
        if found is None:
            found = _special(code, text)
        return found if found is None or LONG_NULL <= found < 2**63 else None

    return parse


_READERS: dict[int, Callable[[str], Any]] = {
    1: _boolean, 2: _guid, 4: _byte, 5: _integer(5), 6: _int, 7: _integer(7), 8: _float(8),
    9: _float(9), **{code: _temporal(code) for code in TEMPORAL},
}
