"""A number for all tensors of a list, in the form that torch's loops over lists read soonest.

On the processor torch turns a Python number into a tensor again for each tensor of the list, which
takes longer than a small tensor's arithmetic.  A tensor without dimensions is made once.  Both are
rounded to the type of the list's tensors before anything is calculated, so the bits are the same.
"""

from __future__ import annotations

import torch
from torch import Tensor

FEW = 2  # tensors for which nothing is gained
_DTYPES = (torch.float32, torch.float64)
_MOST = 1e30  # beyond, torch has its own messages


def number(value: float, tensors: list[Tensor]) -> Tensor | float:
    """The number as a tensor, where tensors are plain, of one type and on the processor."""
    dtype = tensors[0].dtype
    if len(tensors) <= FEW or dtype not in _DTYPES or not -_MOST < value < _MOST:
        return value
    for t in tensors:
        if t.dtype is not dtype or not t.is_cpu or t.is_sparse:
            return value
    return torch.scalar_tensor(value, dtype=dtype, device="cpu")
