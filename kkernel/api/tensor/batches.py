"""Batches of loose tensors: a tensor stands for one part of its storage after the other.

The tensors change in place and share their storage with the whole; `restore` gives them back
their full size.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from kkernel.q import interrupts
from kkernel.q.errors import QError
from kkernel.q.functions import NULL
from kkernel.q.values import Value

from .. import kinds
from ..declare import function, simple_items
from ..dispatch import dispatch
from ..events import changed
from ..kinds import NO, as_long, as_longs, is_general, kname
from ..objects import Handle, find, replace
from ..params import Param
from .spans import Named, common_size, full_size, next_batches, select
from .spans import restore as restore_size

Tensor = torch.Tensor


# ------------------------------------------------------------------ k functions

_DATA = ("tensor", "vector", "dictionary")


def named_tensors(handle: Handle) -> list[tuple[str, Tensor]]:
    """The defined tensors of a pointer, with the words for them in messages."""
    return [(where, t) for where, t in _places(handle) if t is not None]


def _places(handle: Handle) -> Iterator[tuple[str, Tensor | None]]:
    if handle.kind == "tensor":
        yield "tensor", handle.obj
    elif handle.kind == "vector":
        yield from ((f"tensor[{i}]", t) for i, t in enumerate(handle.obj))
    else:
        yield from ((f"dictionary[{name}]", t) for name, t in handle.obj.items())


def _pointer(name: str, x: Value, most: int) -> tuple[Handle, list[Value]]:
    """The handle and further arguments of (pointer; ..)."""
    handle = find(x)
    args = [] if handle is not None else list(simple_items(x))
    if handle is None and is_general(x) and args:
        handle = find(args.pop(0))
    if handle is None:
        raise QError(f"{name}: expecting tensor, vector, dictionary or model, given {kname(x)}")
    if len(args) > most:
        raise QError(f"{name}: expecting 1-{most + 1} args, given {len(args) + 1}")
    return handle, args


def _restored(tensors: Named, dim: int) -> int:
    """Give all tensors their full size back, and return it."""
    size = common_size(tensors, dim)
    for _, t in tensors:
        restore_size(t, dim)
    return size


def _dim(name: str, args: list[Value]) -> int:
    dim = as_long(args[0]) if args else 0
    if dim is NO:
        raise QError(f"{name}: 2nd arg is dimension, but given {kname(args[0])}")
    return dim


_X = Param("x", kinds.VALUE, "pointer to a tensor, vector, dictionary or model")
_DIM = Param("dim", kinds.LONG, "dimension of the batches, 0 if left out", 0)


@interrupts.held()
def _next_batch(t: Tensor, width: int) -> bool:
    """Move one tensor to its next batch; false after the last one."""
    more = next_batches([("tensor", t)], width, 0)
    changed(t)
    return more


@interrupts.held()
def _batch(t: Tensor, width: int, i: int) -> None:
    """Move one tensor to a batch."""
    select(t, i, width, 0, full_size(t, 0))
    changed(t)


@function("batch", "model/train", "move tensors, or the data of a model, to their next batch",
          _X, Param("width", kinds.LONGS, "size of a batch, or size and dimension", None),
          Param("i", kinds.LONG, "which batch, if not the next", None), raw=True,
          examples=["t:tensor til 5", "while[batch(t;2);show tensor t]", "tensor t"],
          quick={"pj": _next_batch, "pjj": _batch})
@interrupts.held()  # all tensors show the same batch, and know their full size
def batch(x: Value) -> Value:
    handle, args = _pointer("batch", x, 2)
    if not args or handle.kind not in _DATA:
        return dispatch("batch", handle, *args)
    width, dim = _width(args[0])
    if len(args) == 1:
        more = next_batches(named_tensors(handle), width, dim)
        changed(handle.obj)
        return more
    i = as_long(args[1])
    if i is NO:
        raise QError(f"batch: 3rd arg is batch index, but given {kname(args[1])}")
    tensors = named_tensors(handle)
    size = common_size(tensors, dim)
    for _, t in tensors:
        select(t, i, width, dim, size)
    changed(handle.obj)
    return NULL


def _width(x: Value) -> tuple[int, int]:
    sizes = as_longs(x)
    if sizes is NO or not 1 <= len(sizes) <= 2:
        given = kname(x) if sizes is NO else f"{len(sizes)} elements"
        raise QError(f"batch: 2nd arg is batch size or batch size & dimension, but given {given}")
    width, dim = (*sizes, 0)[:2]
    if dim < 0:
        raise QError("batch: dimension cannot be negative")
    return width, dim


@function("restore", "model/train", "give batched tensors, or data of a model, their full size",
          _X, _DIM, raw=True,
          examples=["batch(t:tensor til 5;2)", "restore t", "tensor t"])
@interrupts.held()
def restore(x: Value) -> Value:
    handle, args = _pointer("restore", x, 1)
    dim = _dim("restore", args)
    if handle.kind not in _DATA:
        if dim:
            raise QError("restore: model data is only batched on dimension 0, "
                         f"but given dimension {dim}")
        return dispatch("restore", handle)
    size = _restored(named_tensors(handle), dim)
    changed(handle.obj)
    return size


@function("shuffle", "model/train", "put tensors, or the data of a model, in random order",
          _X, Param("dim", kinds.LONG, "dimension to reorder, 0 if left out", 0), raw=True,
          examples=["shuffle t:tensor til 5", "asc tensor t"])
@interrupts.held()
def shuffle(x: Value) -> None:
    handle, args = _pointer("shuffle", x, 1)
    dim = _dim("shuffle", args)
    if handle.kind not in _DATA:
        if dim:
            raise QError("shuffle: model data is only batched on dimension 0, "
                         f"but given dimension {dim}")
        dispatch("shuffle", handle)
        return
    tensors = named_tensors(handle)
    size = _restored(tensors, dim) if tensors else 0
    if size > 0:
        order = torch.randperm(size, device=tensors[0][1].device)
        _reorder(handle, order, dim)
        changed(handle.obj)


def _reorder(handle: Handle, order: Tensor, dim: int) -> None:
    if handle.kind == "tensor":
        replace(handle, reordered(handle.obj, order, dim))
    elif handle.kind == "vector":
        handle.obj[:] = [reordered(t, order, dim) for t in handle.obj]
    else:
        for name, t in handle.obj.items():
            handle.obj[name] = reordered(t, order, dim)


def reordered(t: Tensor | None, order: Tensor, dim: int = 0) -> Tensor | None:
    """The tensor with dimension `dim` in this order."""
    return None if t is None else t.index_select(dim, order.to(t.device))
