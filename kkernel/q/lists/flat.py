"""Lists of vectors of one type as one vector, so that an operation on each costs one call."""

from __future__ import annotations

import numpy as np

from ..values import Array, List, Value, bare, string
from .strings import Strings

FEW = 4  # vectors from which it pays
LONG = 1 << 11  # items of a vector from which a call of its own costs less than the copy


def flat(x: Value) -> Array | None:
    """The items of a list one after the other; None where they are not vectors of one type."""
    if len(x) < FEW or not isinstance(x, List):
        return None
    if type(x) is Strings:
        return string(x.raw)
    first = x[0]
    if type(first) is not np.ndarray:
        return None
    dtype = first.dtype
    for v in x:
        if type(v) is not np.ndarray or v.ndim != 1 or v.size > LONG or v.dtype != dtype:
            return None
    return np.concatenate(x)


def lengths(x: List) -> Array:
    """How long each item is."""
    return np.fromiter(map(len, x), np.int64, len(x))


def cut_as(whole: Value, x: List) -> Value:
    """The items of a vector as a list whose items are as long as those of x, simplest form."""
    whole, n = bare(whole), len(x[0])
    alike = len(whole) == n * len(x) and all(len(v) == n for v in x)
    if alike and whole.dtype.kind in "bif":
        return whole.reshape(len(x), n)
    parts, start = List(), 0
    for v in x:
        end = start + len(v)
        parts.append(whole[start:end])
        start = end
    return parts


def pair_flat(x: Value, y: Value) -> tuple[Value, Value, List] | None:
    """Both arguments of an atomic function as vectors or atoms whose items meet one by one, and
    the list that has the shape of the result; None where that takes more than one level."""
    a, b = (flat(v) if isinstance(v, List) else None for v in (x, y))
    if a is not None and b is not None:
        same = len(x) == len(y) and np.array_equal(lengths(x), lengths(y))
        return (a, b, x) if same else None
    if a is not None:
        other = _spread(y, x)
        return None if other is None else (a, other, x)
    if b is not None:
        other = _spread(x, y)
        return None if other is None else (other, b, y)
    return None


def _spread(x: Value, rows: List) -> Value | None:
    """An atom, or a vector with each item as often as its row has items."""
    if isinstance(x, np.ndarray):
        fits = x.ndim == 1 and len(x) == len(rows)
        return np.repeat(bare(x), lengths(rows)) if fits else None
    return None if isinstance(x, List) else x
