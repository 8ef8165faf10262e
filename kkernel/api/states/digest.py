"""A short name for the exact bits of a tensor."""

from __future__ import annotations

import numpy as np
import torch
import xxhash
from torch import Tensor


def digest(tensor: Tensor) -> str:
    """128 bits in hexadecimal that differ when type, shape or any bit differs (NaN included)."""
    state = xxhash.xxh3_128(f"{tensor.dtype} {tuple(tensor.shape)} ".encode())
    state.update(raw(tensor))
    return state.hexdigest()


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
