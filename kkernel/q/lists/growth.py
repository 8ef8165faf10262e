"""Vectors that grow at their end without copying what they have: `x,:y` in a loop.

A grown vector is a view of the front of a longer buffer.  The vector that ends where the used
part of the buffer ends may be extended in place: older vectors over the same buffer see only
their own items, which never change.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..values import Array


class Buffer(bytearray):
    """Memory of vectors; `used` items of it belong to a vector already."""

    __slots__ = ("used",)
    used: int


def extended(x: Array, more: Array) -> Array:
    """The items of x and then those of `more`, a vector of the same type."""
    n, size = len(x), len(x) + len(more)
    whole: Any = x.base
    buffer = _buffer(whole) if isinstance(whole, np.ndarray) else None
    if buffer is None or buffer.used != n or size > len(whole) or x.strides != whole.strides \
            or x.dtype != whole.dtype:
        whole = _longer(x, size)
        buffer = _buffer(whole)
    assert buffer is not None
    whole[n:size] = more
    buffer.used = size
    return whole[:size]


def _buffer(whole: Array) -> Buffer | None:
    memory: Any = whole.base
    if type(memory) is memoryview and type(memory.obj) is Buffer:
        return memory.obj
    return None


def _longer(x: Array, n: int) -> Array:
    """A new buffer with the items of x at its front, and room to double."""
    memory = Buffer(2 * max(n, 8) * x.itemsize)
    memory.used = len(x)
    whole = np.frombuffer(memory, x.dtype)
    whole[:len(x)] = x
    return whole
