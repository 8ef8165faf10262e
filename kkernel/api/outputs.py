"""Outputs of calls that fail: torch gives them their new size before it finds what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from kkernel.q.values import List, Value

from .objects import TENSORS, VECTORS

Tensor = torch.Tensor
Restore = Callable[[], None]


def keep(obj: Any) -> Restore:
    """What puts back a tensor, or the tensors of a vector, as they are now."""
    if not isinstance(obj, list):
        return _keep_tensor(obj)
    tensors, parts = [*obj], [_keep_tensor(t) for t in obj]

    def restore() -> None:
        obj[:] = tensors
        for part in parts:
            part()

    return restore


def _keep_tensor(t: Tensor | None) -> Restore:
    if t is None or t.layout is not torch.strided:
        return lambda: None
    return partial(put_back, t, t.size(), t.stride(), t.storage_offset())


def put_back(t: Tensor, size: torch.Size, stride: tuple[int, ...], offset: int) -> None:
    """Give a tensor back the size, strides and offset that it had."""
    if t.size() != size:
        with torch.no_grad():  # the memory only grew, so the old part is still there
            t.set_(t.untyped_storage(), offset, size, stride)  # type: ignore[call-overload]


def output_of(x: Value) -> Any:
    """The tensor or vector that a list of arguments ends with; None if there is none."""
    last = x[-1] if type(x) is List and len(x) > 1 else None
    if type(last) is not List or len(last) != 1:
        return None
    n = last[0]
    if type(n) is not int:
        return None
    t = TENSORS.get(n)
    return VECTORS.get(n) if t is None else t
