"""Interned symbols: one object and one code per name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np


class Symbol(str):
    """A q symbol.  A Python string with a code; equal names are the same object."""

    code: int

    def __repr__(self) -> str:
        return "`" + self


TABLE: list[Symbol] = []  # code -> symbol
_CODES: dict[str, Symbol] = {}


def sym(name: str) -> Symbol:
    """The one symbol of this name."""
    s = _CODES.get(name)
    if s is None:
        s = Symbol(name)
        s.code = len(TABLE)
        TABLE.append(s)
        _CODES[name] = s
    return s


NULL_SYMBOL = sym("")  # code 0
U4 = np.dtype("u4")


def symbols(names: Iterable[str]) -> np.ndarray[Any, Any]:
    """A symbol vector of these names."""
    return np.array([sym(n).code for n in names], U4)


def names(vector: np.ndarray[Any, Any]) -> list[Symbol]:
    """The symbols of a symbol vector (one-dimensional)."""
    table = TABLE
    return [table[c] for c in vector.tolist()]
