"""Interned symbols: one object and one code per name."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from itertools import filterfalse
from typing import Any

import numpy as np


class Symbol(str):
    """A q symbol.  A Python string with a code; equal names are the same object."""

    __slots__ = ("code",)
    code: int

    def __repr__(self) -> str:
        return "`" + self


TABLE: list[Symbol] = []  # code -> symbol


_entering = threading.RLock()  # completion and widgets ask from threads of their own


class Codes(dict[str, int]):
    """Name -> code; a name that is asked for the first time becomes a symbol.

    A symbol is in the table before its name is known: where Stop strikes between, a code is lost,
    and no code ever stands for two names.
    """

    def __missing__(self, name: str) -> int:
        with _entering:
            s = Symbol(name)
            s.code = len(TABLE)
            TABLE.append(s)
            return self.setdefault(name, s.code)


_CODES = Codes()


def sym(name: str) -> Symbol:
    """The one symbol of this name."""
    return TABLE[_CODES[name]]


NULL_SYMBOL = sym("")  # code 0
U4 = np.dtype("u4")


def symbols(names: Iterable[str]) -> np.ndarray[Any, Any]:
    """A symbol vector of these names."""
    names = names if isinstance(names, list) else list(names)
    try:
        return np.fromiter(map(_CODES.get, names), U4, len(names))  # type: ignore[arg-type]
    except TypeError:  # None: there are new names
        _enter(names)
        return np.fromiter(map(_CODES.__getitem__, names), U4, len(names))


def _enter(names: list[str]) -> None:
    """Make symbols of all new names at once."""
    with _entering:
        fresh = list(dict.fromkeys(filterfalse(_CODES.__contains__, names)))
        made = list(map(Symbol, fresh))
        first = len(TABLE)
        for code, s in enumerate(made, first):
            s.code = code
        TABLE.extend(made)
        _CODES.update(zip(fresh, range(first, len(TABLE))))


MANY = 1 << 20  # whole numbers below this are looked up by themselves
_of_numbers = np.zeros(0, U4)  # whole number -> code, 0 for the numbers not yet asked for


def symbols_of_numbers(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The symbols whose names are the digits of whole numbers from 0 to `MANY`."""
    global _of_numbers
    top = int(x.max()) + 1
    if len(_of_numbers) < top:
        _of_numbers = np.concatenate((_of_numbers, np.zeros(top - len(_of_numbers), U4)))
    found = _of_numbers[x]
    new = x[found == 0]
    if len(new):
        new = np.unique(new)
        _of_numbers[new] = symbols(list(map(str, new.tolist())))
        found = _of_numbers[x]
    return found


def names(vector: np.ndarray[Any, Any]) -> list[Symbol]:
    """The symbols of a symbol vector (one-dimensional)."""
    return list(map(TABLE.__getitem__, vector.tolist()))
