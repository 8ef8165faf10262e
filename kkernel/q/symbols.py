"""Interned symbols: one object and one code per name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np


class Symbol(str):
    """A q symbol.  A Python string with a code; equal names are the same object."""

    __slots__ = ("code",)
    code: int

    def __repr__(self) -> str:
        return "`" + self


TABLE: list[Symbol] = []  # code -> symbol


class Codes(dict[str, int]):
    """Name -> code; a name that is asked for the first time becomes a symbol."""

    def __missing__(self, name: str) -> int:
        s = Symbol(name)
        s.code = self[name] = len(TABLE)
        TABLE.append(s)
        return s.code


_CODES = Codes()


def sym(name: str) -> Symbol:
    """The one symbol of this name."""
    return TABLE[_CODES[name]]


NULL_SYMBOL = sym("")  # code 0
U4 = np.dtype("u4")


def symbols(names: Iterable[str]) -> np.ndarray[Any, Any]:
    """A symbol vector of these names."""
    return np.fromiter(map(_CODES.__getitem__, names), U4)


def names(vector: np.ndarray[Any, Any]) -> list[Symbol]:
    """The symbols of a symbol vector (one-dimensional)."""
    return list(map(TABLE.__getitem__, vector.tolist()))
