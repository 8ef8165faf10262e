"""Vectors that grow at their end without copying what they have: `x,:y` in a loop.

A grown vector is a view of a part of a longer buffer.  The vector that ends where the used part
of the buffer ends may be extended in place, also when items were dropped at its front (a queue):
older vectors over the same buffer see only their own items, which never change.
"""

from __future__ import annotations

from math import prod
from sys import getrefcount
from typing import Any

import numpy as np

from ..values import Array


class Buffer(bytearray):
    """Memory of vectors; `used` items of it belong to a vector already."""

    __slots__ = ("used",)
    used: int


_ONE_VIEW = getrefcount(np.zeros(2)[:1].base)  # what a base counts that one array is a view of


def unshared(x: Array) -> bool:
    """Whether no other array sees the items of x, so that who alone holds x may write there."""
    whole = x.base
    if whole is None:
        return bool(x.flags.writeable)
    return isinstance(whole, np.ndarray) and _buffer(whole) is not None \
        and getrefcount(x.base) == _ONE_VIEW + 1  # and `whole`


def extended(x: Array, more: Array) -> Array:
    """The items of x and then those of `more`, a list of the same type and shape of items."""
    n = len(x)
    whole: Any = x.base
    buffer = _buffer(whole) if isinstance(whole, np.ndarray) else None
    start = _start(x, whole, buffer.used) if buffer is not None else -1
    if buffer is None or start < 0 or start + n + len(more) > len(whole):
        whole, start = _longer(x, n + len(more)), 0
        buffer = _buffer(whole)
    assert buffer is not None
    end = start + n + len(more)
    whole[start + n:end] = more
    buffer.used = end
    grown: Array = whole[start:end]
    return grown


def _start(x: Array, whole: Array, used: int) -> int:
    """Where x begins in its buffer; -1 unless it ends where the used part ends."""
    if x.strides != whole.strides or x.dtype != whole.dtype or len(x) > used:
        return -1
    if len(x) in (0, used):  # no items may stand anywhere
        return used - len(x)
    offset: int = _address(x) - _address(whole)
    return used - len(x) if offset == (used - len(x)) * whole.strides[0] else -1


def _address(x: Array) -> Any:
    return x.__array_interface__["data"][0]


def _buffer(whole: Array) -> Buffer | None:
    memory: Any = whole.base
    return memory if type(memory) is Buffer else None


def _longer(x: Array, n: int) -> Array:
    """A new buffer with the items of x at its front, and room to double."""
    memory = Buffer(2 * max(n, 8) * prod(x.shape[1:]) * x.itemsize)
    memory.used = len(x)
    whole: Array = np.ndarray((2 * max(n, 8), *x.shape[1:]), x.dtype, buffer=memory)
    whole[:len(x)] = x
    return whole
