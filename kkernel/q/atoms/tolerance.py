"""Comparison tolerance: floats within 2^-43 of the larger magnitude compare as equal.

The three tests agree with each other: of `less(a,b)`, `equal(a,b)`, `less(b,a)` exactly one
holds.  Nulls are equal to each other and below everything; infinities and zero are exact.
Arrays are float64 and broadcast.  In long ones numpy compares exactly, and only the pairs that
lie near each other are tested again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ..values import Array
from .extremes import least

TOLERANCE = 2.0**-43
BLOCK = 1 << 15  # items whose arrays stay in cache
FEW = 24  # up to here Python is faster than numpy
NEAR = 1 << 11  # floats within tolerance are fewer than this apart when read as integers

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
        return _within(a, *equals_of(b.item()))
    if _against_one(b, a):
        return _within(b, *equals_of(a.item()))
    if _few(a, b):
        return _one_by_one(equal_floats, a, b)
    return _exact_but_near(np.equal, _equal, a, b) if a.shape == b.shape else _equal(a, b)


def less(a: Array, b: Array) -> Array:
    """Where a is below b by more than the tolerance."""
    if _against_one(a, b):
        return negated(a >= equals_of(b.item())[0])  # true of nulls too
    if _against_one(b, a):
        return b > equals_of(a.item())[1]
    if _few(a, b):
        return _one_by_one(less_floats, a, b)
    return _exact_but_near(np.less, _less, a, b) if a.shape == b.shape else _less(a, b)


def negated(flags: Array) -> Array:
    """`not`, in place where the flags are an array."""
    return np.logical_not(flags, out=flags if flags.ndim else None)


def _within(x: Array, low: float, high: float) -> Array:
    out = np.empty(x.shape, np.bool_)
    above, flags = x.reshape(-1), out.reshape(-1)
    below = np.empty(min(BLOCK, x.size), np.bool_)
    for i in range(0, x.size, BLOCK):
        items, found = above[i:i + BLOCK], flags[i:i + BLOCK]
        np.greater_equal(items, low, out=found)
        found &= np.less_equal(items, high, out=below[:len(items)])
    return out


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
    if a.dtype.itemsize < 8:  # neighbouring reals are further apart than the tolerance
        return np.array_equal(a, b, equal_nan=True)
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


def _exact_but_near(exact: np.ufunc, test: Test, a: Array, b: Array) -> Array:
    """The exact answers, and those of `test` where they may differ: at near pairs and nulls."""
    out = np.empty(a.shape, np.bool_)
    nulls = a.size and (math.isnan(least(a)) or math.isnan(least(b)))
    a, b, flags = a.reshape(-1), b.reshape(-1), out.reshape(-1)
    gap = np.empty(min(BLOCK, a.size), np.int64)
    for i in range(0, a.size, BLOCK):
        x, y = a[i:i + BLOCK], b[i:i + BLOCK]
        exact(x, y, out=flags[i:i + BLOCK])
        doubtful = _near(x, y, gap[:len(x)])
        if nulls:
            doubtful |= np.isnan(x) | np.isnan(y)
        if doubtful.any():
            where = np.flatnonzero(doubtful)
            flags[where + i] = test(x[where], y[where])
    return out


def _near(x: Array, y: Array, gap: Array) -> Array:
    """Pairs whose bits, read as integers, hardly differ; `gap` is memory to work in."""
    np.subtract(x.view(np.int64), y.view(np.int64), out=gap)
    gap += NEAR
    return gap.view(np.uint64) < 2 * NEAR
