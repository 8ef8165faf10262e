"""Patterns: `like ss ssr`.

A pattern is text in which `?` stands for any char, `[...]` for one of a list of chars and ranges
(`[^...]` for any other) and, for `like` only, `*` for any text.
"""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from ..apply import apply
from ..errors import length_error, nyi, type_error
from ..lists.enums import resolve
from ..registry import keyword
from ..symbols import Symbol, names
from ..values import (
    Array,
    Dict,
    Enum,
    EnumAtom,
    List,
    Value,
    is_function,
    is_string,
    is_vector,
    items,
    qtype,
    string,
)
from .strings import raw_bytes

STAR = b".*"


# ---------------------------------------------------------------- pattern -> regular expression

def elements(pattern: bytes) -> list[bytes]:
    """The elements of a pattern, each as the source of a regular expression."""
    found: list[bytes] = []
    at = 0
    while at < len(pattern):
        c = pattern[at:at + 1]
        if c == b"[":
            at, source = _alternatives(pattern, at + 1)
            found.append(source)
            continue
        found.append(b"." if c == b"?" else STAR if c == b"*" else re.escape(c))
        at += 1
    return found


def _alternatives(pattern: bytes, start: int) -> tuple[int, bytes]:
    """The list that opens before `start`: where it ends, and its source.  `]` may come first."""
    first = start + (pattern[start:start + 1] == b"^")
    end = pattern.find(b"]", first + 1)
    if end < 0:
        raise nyi()
    body = b"".join(_choice(m) for m in re.findall(rb"(?s).-.|.", pattern[first:end]))
    return end + 1, b"[" + (b"^" if first > start else b"") + body + b"]"


def _choice(text: bytes) -> bytes:
    """A char or a range a-b; a range that runs backwards holds nothing but its ends."""
    if len(text) == 3 and text[0] <= text[2]:
        return re.escape(text[:1]) + b"-" + re.escape(text[2:])
    return b"".join(b"\\" + bytes([b]) if b in rb"\]^-[" else bytes([b]) for b in text)


@lru_cache(maxsize=256)
def _like_pattern(pattern: bytes) -> re.Pattern[bytes]:
    parts = elements(pattern)
    if _too_hard(parts):
        raise nyi()
    return re.compile(b"".join(parts), re.DOTALL)


def _too_hard(parts: list[bytes]) -> bool:
    """q matches one star, or a second one where it ends the pattern and text stands between."""
    stars = [i for i, p in enumerate(parts) if p == STAR]
    if len(stars) < 2:
        return False
    return len(stars) > 2 or stars[1] != len(parts) - 1 or stars[1] == stars[0] + 1


@lru_cache(maxsize=256)
def _search_pattern(pattern: bytes) -> re.Pattern[bytes]:
    parts = elements(pattern)
    if not parts or STAR in parts:
        raise length_error()
    return re.compile(b"".join(parts), re.DOTALL)


# ---------------------------------------------------------------- like

@keyword("like", infix=True)
def like(x: Value, y: Value) -> Value:
    """Does x, a string or symbol, match pattern y; for lists of them item by item."""
    if not (is_string(y) or qtype(y) == -10):
        raise type_error()
    return _like(x, _like_pattern(raw_bytes(y)))


def _like(x: Value, pattern: re.Pattern[bytes]) -> Value:
    if isinstance(x, Symbol):
        return pattern.fullmatch(_encoded(x)) is not None
    if is_string(x) or qtype(x) == -10:
        return pattern.fullmatch(raw_bytes(x)) is not None
    if isinstance(x, (Enum, EnumAtom)):
        return _like(resolve(x), pattern)
    if isinstance(x, Dict):
        return Dict(x.keys, _like(x.values, pattern))
    if is_vector(x) and x.dtype == "u4":
        used, where = np.unique(x, return_inverse=True)
        found = [pattern.fullmatch(_encoded(s)) is not None for s in names(used)]
        return np.array(found, "?")[where]
    if isinstance(x, List) or (isinstance(x, np.ndarray) and x.dtype.kind == "S"):
        return _like_items(x, pattern)
    raise type_error()


def _like_items(x: Value, pattern: re.Pattern[bytes]) -> Value:
    """The items must be strings or symbols: like goes one level deep."""
    if not all(is_string(v) or isinstance(v, Symbol) or qtype(v) == -10 for v in items(x)):
        raise type_error()
    return np.array([_like(v, pattern) for v in items(x)], "?")


def _encoded(name: Symbol) -> bytes:
    return name.encode("utf-8", "surrogateescape")


# ---------------------------------------------------------------- ss and ssr

def _pattern_of(y: Value) -> re.Pattern[bytes]:
    if not (is_string(y) or qtype(y) == -10):
        raise type_error()
    return _search_pattern(raw_bytes(y))


@keyword("ss", infix=True)
def ss(x: Value, y: Value) -> Array:
    """The positions in string x where pattern y matches, without overlap."""
    if not is_string(x):
        raise type_error()
    return np.array([m.start() for m in _pattern_of(y).finditer(raw_bytes(x))], "i8")


@keyword("ssr")
def ssr(x: Value, y: Value, z: Value) -> Value:
    """String x with every match of pattern y replaced by string z, or by z of the match."""
    if not is_string(x):
        raise type_error()
    pattern = _pattern_of(y)
    if is_function(z):
        return string(pattern.sub(lambda m: _chars(apply(z, [string(m[0])])), raw_bytes(x)))
    text = _chars(z)
    return string(pattern.sub(lambda m: text, raw_bytes(x)))


def _chars(x: Value) -> bytes:
    if is_string(x) or qtype(x) == -10:
        return raw_bytes(x)
    if isinstance(x, List) and not x:
        return b""
    raise type_error()
