"""Batches without copies: a tensor shows a part of itself, and later all of it again.

`select` makes a tensor show one batch of one dimension, in place, so that every pointer to it sees
the batch; `restore` shows everything again.  What was full is kept on the tensor itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from kkernel.q.errors import QError

from .shape import zero_growth

Named = Sequence[tuple[str, Tensor | None]]  # what messages call a tensor, and the tensor
_KEY = "kkernel_span"


class Span(NamedTuple):
    """The full extent of a tensor that shows a batch; `shown` tells whether it still does."""

    dim: int
    size: int
    offset: int
    shown: tuple[torch.Size, int]


def _span(t: Tensor) -> Span | None:
    span: Span | None = t.__dict__.get(_KEY)
    if span is not None and span.shown != (t.shape, t.storage_offset()):
        del t.__dict__[_KEY]  # resized since
        return None
    return span


def full_size(t: Tensor | None, dim: int) -> int:
    """The size of a dimension without batching."""
    if t is None:
        return 0
    span = _span(t)
    if span is None:
        return t.size(dim)
    if span.dim == dim:
        return span.size
    stored = t.untyped_storage().nbytes() // t.element_size()
    return t.size(dim) * stored // t.numel()


def common_size(tensors: Named, dim: int) -> int:
    """The full size that several tensors must share."""
    size = 0
    for i, (name, t) in enumerate(tensors):
        n = full_size(t, dim)
        if i and n != size:
            raise QError(f"{name} size={n}, but previous tensor(s) have size={size} for dim {dim}")
        size = n
    return size


def _show(t: Tensor, dim: int, offset: int, size: int) -> None:
    sizes = list(t.shape)
    sizes[dim] = size
    storage, strides = t.untyped_storage(), t.stride()
    if t.requires_grad:
        with torch.no_grad():
            t.set_(storage, offset, sizes, strides)
    else:
        t.set_(storage, offset, sizes, strides)


def restore(t: Tensor | None, dim: int = 0) -> int:
    """Show all of a tensor; gives the size of the dimension."""
    n = full_size(t, dim)
    if t is not None and t.size(dim) != n:
        span, before = t.__dict__.pop(_KEY), t.untyped_storage().nbytes()
        _show(t, dim, span.offset, n)
        zero_growth(t, before)  # only along another dimension than batched
    elif t is not None:
        t.__dict__.pop(_KEY, None)
    return n


def batches(width: int, size: int, drop_last: bool = False) -> int:
    """How many batches there are."""
    if not size or not width:
        return 0
    return size // width + (size % width > 0 and not drop_last)


def select(t: Tensor | None, i: int, width: int, dim: int, size: int) -> None:
    """Show the i-th batch of a dimension of this full size."""
    if t is None:
        return
    width = min(width, size)
    start = i * width
    if not 0 <= start < size:
        raise QError(f"batch[{i}] invalid, valid range is from 0-{batches(width, size, True) - 1}")
    span = _span(t)
    base = int(t.storage_offset()) if span is None else span.offset
    _show(t, dim, base + start * t.stride(dim), min(width, size - start))
    t.__dict__[_KEY] = Span(dim, size, base, (t.shape, int(t.storage_offset())))


def _position(t: Tensor, dim: int, width: int) -> int:
    """The index of the batch that a tensor shows, -1 for none."""
    span = _span(t)
    if span is None or t.size(dim) == span.size:
        return -1
    return (t.storage_offset() - span.offset) // (t.stride(dim) * width)


def next_batches(tensors: Named, width: int, dim: int) -> bool:
    """Show the next batch; false after the last one, when all is shown again."""
    if any(t is not None and not t.ndim for _, t in tensors):
        raise QError("batch: tensor has no dimensions")
    size = common_size(tensors, dim)
    present = [t for _, t in tensors if t is not None]
    if not size:
        return False
    if not 0 < width < size:
        raise QError(f"batch: size {width} not in the range 1-{size - 1} "
                     f"(tensor size is {size} for dimension {dim})")
    i = _position(present[0], dim, width) + 1
    for t in present:
        if i < batches(width, size):
            select(t, i, width, dim, size)
        else:
            restore(t, dim)
    return i < batches(width, size)
