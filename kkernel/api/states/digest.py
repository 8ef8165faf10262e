"""A short name for the exact bits of a tensor."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import xxhash
from torch import Tensor

PIECE = 1 << 20  # bytes that stay in the processor's cache between two uses


def digest(tensor: Tensor) -> str:
    """128 bits in hexadecimal that differ when type, shape or any bit differs (NaN included)."""
    state = started(tensor)
    state.update(raw(tensor))
    return state.hexdigest()


def started(tensor: Tensor) -> Any:
    """The digest of a tensor before its bytes: update it with them, then ask its `hexdigest`."""
    return xxhash.xxh3_128(f"{tensor.dtype} {tuple(tensor.shape)} ".encode())


def copy_exactly(target: Tensor, source: Tensor) -> str:
    """Write into a tensor in place; returns the digest of what it holds then."""
    if not _same_layout(target, source):
        with torch.no_grad():
            target.copy_(source)
        return digest(target)
    state, to, of = started(target), raw(target), raw(source)
    for start in range(0, len(to), PIECE):
        piece = to[start : start + PIECE]
        np.copyto(piece, of[start : start + PIECE])
        state.update(piece)  # read back while it is near
    torch.autograd.graph.increment_version(target)
    return state.hexdigest()


def copy_bytes(target: Tensor, source: Tensor) -> bool:
    """Write into a tensor in place without reading back; False, and nothing is done, unless both
    have the same type and lie in the processor's memory in row-major order.
    """
    if not _same_layout(target, source) or not source.is_contiguous():
        return False
    with torch.no_grad():
        _bytes(target).copy_(_bytes(source))
    return True


def _same_layout(target: Tensor, source: Tensor) -> bool:
    direct = target.device.type == "cpu" and target.is_contiguous() and target.numel()
    return bool(direct) and target.dtype == source.dtype and not (
        target.is_conj() or target.is_neg() or source.is_conj() or source.is_neg())


def _bytes(tensor: Tensor) -> Tensor:
    return tensor.detach().view(-1).view(torch.uint8)


def raw_digest(data: bytes | memoryview | np.ndarray) -> str:
    """The same for plain bytes."""
    return xxhash.xxh3_128_hexdigest(data)


def raw(tensor: Tensor) -> np.ndarray:
    """The bytes of a tensor in row-major order; a view of its memory where that can be."""
    row = tensor.detach().resolve_conj().resolve_neg().to("cpu").reshape(-1)
    if row.numel() and row.stride(0) != 1:
        row = row.clone(memory_format=torch.contiguous_format)
    array: np.ndarray = row.view(torch.uint8).numpy()
    return array


def same_bits(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors have the same type, shape and bits."""
    return a.dtype == b.dtype and a.shape == b.shape and bool(np.array_equal(raw(a), raw(b)))
