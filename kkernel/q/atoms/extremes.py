"""The least and greatest item of long vectors, and whether they ascend: remembered.

Almost every operation on integers has to know whether there are nulls, which is one more pass
through memory.  Vectors do not change, so the answer is kept as long as the vector lives.  What
writes into a vector that nobody else sees (`x[i]:y`, `compile/reuse.py`) calls `forget`.
"""

from __future__ import annotations

from collections.abc import Callable
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
    return _remembered(x, _least) if x.size >= LONG else _least(x)


def greatest(x: Array) -> Any:
    """The greatest item of a nonempty array of plain numbers; nan where a float is nan."""
    return _remembered(x, _greatest) if x.size >= LONG else _greatest(x)


def ascends(x: Array) -> bool:
    """Whether no item of a vector of plain numbers is less than the one before it."""
    return bool(_remembered(x, _ascends) if x.size >= LONG else _ascends(x))


def forget(x: Array) -> None:
    """The vector is about to change."""
    _known.pop(id(x), None)


def _least(x: Array) -> Any:
    return np.minimum.reduce(x, axis=None)


def _greatest(x: Array) -> Any:
    return np.maximum.reduce(x, axis=None)


def _ascends(x: Array) -> bool:
    return bool((x[1:] >= x[:-1]).all())


def _remembered(x: Array, fact: Callable[[Array], Any]) -> Any:
    entry = _known.get(id(x))
    if entry is None:
        entry = _known[id(x)] = Known(x, _drop)
        entry.key, entry.found = id(x), {}
    if fact not in entry.found:
        entry.found[fact] = fact(x)
    return entry.found[fact]


def _drop(entry: ref[Array]) -> None:
    assert isinstance(entry, Known)
    _known.pop(entry.key, None)
