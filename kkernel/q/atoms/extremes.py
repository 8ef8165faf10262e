"""The least and greatest item of long vectors, remembered.

Almost every operation on integers has to know whether there are nulls, which is one more pass
through memory.  Vectors do not change, so the answer is kept as long as the vector lives.  What
writes into a vector that nobody else sees (`x[i]:y`, `compile/reuse.py`) calls `forget`.
"""

from __future__ import annotations

from typing import Any
from weakref import ref

import numpy as np

from ..values import Array

LONG = 1 << 15  # items from which the answer is worth an entry


class Known(ref[Array]):
    """What is known of one vector, as long as it lives."""

    __slots__ = ("key", "found")
    key: int
    found: dict[Any, Any]


_known: dict[int, Known] = {}


def least(x: Array) -> Any:
    """The least item of a nonempty array of plain numbers; nan where a float is nan."""
    return _extreme(np.minimum, x)


def greatest(x: Array) -> Any:
    """The greatest item of a nonempty array of plain numbers; nan where a float is nan."""
    return _extreme(np.maximum, x)


def forget(x: Array) -> None:
    """The vector is about to change."""
    _known.pop(id(x), None)


def _extreme(ufunc: np.ufunc, x: Array) -> Any:
    if x.size < LONG:
        return ufunc.reduce(x, axis=None)
    entry = _known.get(id(x))
    if entry is None:
        entry = _known[id(x)] = Known(x, _drop)
        entry.key, entry.found = id(x), {}
    if ufunc not in entry.found:
        entry.found[ufunc] = ufunc.reduce(x, axis=None)
    return entry.found[ufunc]


def _drop(entry: ref[Array]) -> None:
    assert isinstance(entry, Known)
    _known.pop(entry.key, None)
