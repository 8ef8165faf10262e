"""Atoms and simple vectors: bare Python and numpy, made from text and from raw numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import QError
from .symbols import Symbol, symbols
from .types import BY_CODE

Value = Any  # a q value in one of the forms that values.py lists
Array = np.ndarray[Any, Any]


class Attributed(np.ndarray[Any, Any]):
    """A vector that carries an attribute, `attr` one of s u p g.  Results of numpy lose it."""

    attr: str

    def __array_finalize__(self, obj: Any) -> None:
        self.attr = ""


ATOM_CODE: dict[type, int] = {
    int: -7, float: -9, bool: -1, Symbol: -11, np.bytes_: -10,
    np.bool_: -1, np.uint8: -4, np.int16: -5, np.int32: -6, np.int64: -7,
    np.float32: -8, np.float64: -9, np.void: -2,
}


def is_vector(x: Value) -> bool:
    """A simple vector (not a rectangle)."""
    return isinstance(x, np.ndarray) and x.ndim == 1


def bare(x: Array) -> Array:
    """An array without its attribute; a plain one is itself, so that what is remembered of it
    is found again."""
    return x if type(x) is np.ndarray else x.view(np.ndarray)


def is_string(x: Value) -> bool:
    return isinstance(x, np.ndarray) and x.ndim == 1 and x.dtype.kind == "S"


def char(c: str | int) -> Value:
    """A char atom."""
    return np.bytes_(bytes([c if isinstance(c, int) else ord(c)]))


def char_code(c: Value) -> int:
    """The byte of a char atom; numpy drops a NUL, so length 0 is code 0."""
    return c[0] if c else 0


def string(text: str | bytes) -> Array:
    """A char vector; text is encoded as UTF-8."""
    raw = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    return np.frombuffer(raw, "S1") if raw else np.empty(0, "S1")


def text(x: Value) -> str:
    """The Python text of a char vector, char atom or symbol."""
    if isinstance(x, Symbol):
        return str(x)
    if isinstance(x, np.ndarray) and x.dtype.kind == "S":
        return x.tobytes().decode("utf-8", "surrogateescape")
    if isinstance(x, (bytes, np.bytes_)):
        return bytes(x).decode("utf-8", "surrogateescape") or "\0"
    raise QError("type")


def vector(code: int, raw: Any) -> Array:
    """A vector of type `code` from raw numbers (symbols: from names)."""
    if code == 11:
        return symbols(raw)
    t = BY_CODE[code]
    return np.asarray(raw, t.raw).view(t.dtype)


def null_vector(code: int, n: int) -> Array:
    """n nulls of a type, as a new vector."""
    return np.repeat(ONE_NULL[code], n)


def _one_null(code: int) -> Array:
    t = BY_CODE[code]
    if code == 2:
        return np.zeros(1, t.dtype)
    return np.array([t.null or 0], t.raw).view(t.dtype)


ONE_NULL: dict[int, Array] = {c: _one_null(c) for c in BY_CODE}
