"""Comparison tolerance: floats within 2^-43 of the larger magnitude compare as equal.

The three tests agree with each other: of `less(a,b)`, `equal(a,b)`, `less(b,a)` exactly one
holds.  Nulls are equal to each other and below everything; infinities and zero are exact.
Arrays are float64 and broadcast; long ones are worked through in blocks that stay in cache.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ..values import Array

TOLERANCE = 2.0**-43
BLOCK = 16384
FEW = 24  # up to here Python is faster than numpy

Test = Callable[[Array, Array], Array]


def equal_floats(x: float, y: float) -> bool:
    """Tolerant equality of two floats; nulls are equal."""
    if x == y:
        return True
    gap = abs(x - y)
    if gap < math.inf:
        return gap <= TOLERANCE * max(abs(x), abs(y))
    return x != x and y != y


def less_floats(x: float, y: float) -> bool:
    """x<y and not tolerantly equal; null is below everything."""
    if x < y:
        gap = y - x
        return gap == math.inf or gap > TOLERANCE * max(abs(x), abs(y))
    return x != x and y == y


def equal(a: Array, b: Array) -> Array:
    """Tolerant equality, item by item."""
    if _against_one(a, b):
        low, high = equals_of(b.item())
        return (a >= low) & (a <= high)
    if _against_one(b, a):
        return equal(b, a)
    return _one_by_one(equal_floats, a, b) if _few(a, b) else _in_blocks(_equal, a, b)


def less(a: Array, b: Array) -> Array:
    """Where a is below b by more than the tolerance."""
    if _against_one(a, b):
        return np.logical_not(a >= equals_of(b.item())[0])  # true of nulls too
    if _against_one(b, a):
        return b > equals_of(a.item())[1]
    return _one_by_one(less_floats, a, b) if _few(a, b) else _in_blocks(_less, a, b)


@lru_cache(1024)
def equals_of(y: float) -> tuple[float, float]:
    """The least and the greatest float that are tolerantly equal to finite y."""
    low, high = sorted((y - TOLERANCE * y, y + TOLERANCE * y))
    return _edge(low, -math.inf, y), _edge(high, math.inf, y)


def _edge(x: float, outward: float, y: float) -> float:
    """The last float equal to y on the way from x, which is near that edge, outwards."""
    while not equal_floats(x, y):
        x = math.nextafter(x, y)
    while x != outward and equal_floats(after := math.nextafter(x, outward), y):
        x = after
    return x


def _against_one(a: Array, b: Array) -> bool:
    """A list of numbers against one that is finite?"""
    return not b.ndim and a.ndim > 0 and math.isfinite(b.item())


def _few(a: Array, b: Array) -> bool:
    return a.size <= FEW and a.ndim == 1 and a.shape == b.shape


def _one_by_one(test: Callable[[float, float], bool], a: Array, b: Array) -> Array:
    return np.array([test(x, y) for x, y in zip(a.tolist(), b.tolist(), strict=True)], np.bool_)


def all_equal(a: Array, b: Array) -> bool:
    """Are two float arrays of one shape tolerantly equal throughout?"""
    return bool(np.array_equal(a, b) or equal(a, b).all())


def _equal(a: Array, b: Array) -> Array:
    margin = _margin(a, b)
    near: Array = np.abs(a - b) <= margin
    if not _finite(margin):
        near = (near & np.isfinite(margin)) | (a == b) | (np.isnan(a) & np.isnan(b))
    return near


def _less(a: Array, b: Array) -> Array:
    margin = _margin(a, b)
    below = b - a > margin
    if _finite(margin):
        return below
    return np.where(np.isfinite(margin), below, (a < b) | (np.isnan(a) & ~np.isnan(b)))


def _margin(a: Array, b: Array) -> Array:
    """How far apart two numbers may be and still be equal; inf or nan beside a special value."""
    size: Array = np.maximum(np.abs(a), np.abs(b))
    size *= TOLERANCE
    return size


def _finite(margin: Array) -> bool:
    return not margin.size or bool(margin.max() < math.inf)


def _in_blocks(test: Test, a: Array, b: Array) -> Array:
    n = max(a.size, b.size)
    if n <= BLOCK or not _flat(a, b):
        return test(a, b)
    shape = a.shape or b.shape
    a, b = (v.reshape(-1) if v.ndim else v for v in (a, b))
    out = np.empty(n, np.bool_)
    for i in range(0, n, BLOCK):
        part = slice(i, i + BLOCK)
        out[part] = test(a[part] if a.ndim else a, b[part] if b.ndim else b)
    return out.reshape(shape)


def _flat(a: Array, b: Array) -> bool:
    """May both be cut along one axis: contiguous, and of one shape unless one is an atom?"""
    return ((a.shape == b.shape or not a.ndim or not b.ndim)
            and a.flags.c_contiguous and b.flags.c_contiguous)
