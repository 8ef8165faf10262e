"""Modules that change the shape of a tensor or pick a part of it: one torch call each."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Expand(nn.Module):
    """Expand dimensions of size 1 to `size`; -1 keeps a dimension."""

    def __init__(self, size: Sequence[int]) -> None:
        super().__init__()
        self.size = tuple(size)

    def forward(self, x: Tensor) -> Tensor:
        return x.expand(self.size)


class Reshape(nn.Module):
    """Reshape to `size`, of which one may be -1."""

    def __init__(self, size: Sequence[int]) -> None:
        super().__init__()
        self.size = tuple(size)

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(self.size)


class Permute(nn.Module):
    """Reorder the dimensions; `size` names them in their new order."""

    def __init__(self, size: Sequence[int]) -> None:
        super().__init__()
        self.size = tuple(size)

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(self.size)


class Transpose(nn.Module):
    """Swap two dimensions."""

    def __init__(self, dim0: int = -2, dim1: int = -1) -> None:
        super().__init__()
        self.dim0, self.dim1 = dim0, dim1

    def forward(self, x: Tensor) -> Tensor:
        return x.transpose(self.dim0, self.dim1)


class Squeeze(nn.Module):
    """Drop one dimension of size 1, or all of them when `dim` is None."""

    def __init__(self, dim: int | None = None, inplace: bool = False) -> None:
        super().__init__()
        self.dim, self.inplace = dim, inplace

    def forward(self, x: Tensor) -> Tensor:
        squeeze = x.squeeze_ if self.inplace else x.squeeze
        return squeeze() if self.dim is None else squeeze(self.dim)


class Unsqueeze(nn.Module):
    """Add a dimension of size 1."""

    def __init__(self, dim: int, inplace: bool = False) -> None:
        super().__init__()
        self.dim, self.inplace = dim, inplace

    def forward(self, x: Tensor) -> Tensor:
        return x.unsqueeze_(self.dim) if self.inplace else x.unsqueeze(self.dim)


class Select(nn.Module):
    """Pick index `ind` of dimension `dim`, which goes."""

    def __init__(self, dim: int, ind: int) -> None:
        super().__init__()
        self.dim, self.ind = dim, ind

    def forward(self, x: Tensor) -> Tensor:
        return x.select(self.dim, self.ind)


class IndexSelect(nn.Module):
    """Pick several indices of dimension `dim`; they are kept as the buffer `ind`."""

    ind: Tensor

    def __init__(self, dim: int, ind: Tensor) -> None:
        super().__init__()
        self.dim = dim
        self.register_buffer("ind", ind)

    def forward(self, x: Tensor) -> Tensor:
        return x.index_select(self.dim, self.ind)


class OneHot(nn.Module):
    """One-hot rows of `classes` (-1: as many as the input needs) in `dtype`."""

    def __init__(self, classes: int = -1, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        self.classes, self.dtype = classes, dtype

    def forward(self, x: Tensor) -> Tensor:
        return F.one_hot(x, self.classes).to(self.dtype or torch.float)


class Pad(nn.Module):
    """Pad the last dimensions: `pad` holds a pair per dimension, the last dimension first."""

    def __init__(self, pad: Sequence[int], mode: str = "constant", value: float = 0.0) -> None:
        super().__init__()
        self.pad, self.mode, self.value = tuple(pad), mode, value

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x, self.pad, self.mode, self.value)


class Cat(nn.Module):
    """Join two tensors along `dim`."""

    def __init__(self, dim: int = 0) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return torch.cat((x, y), self.dim)


class Mul(nn.Module):
    """The product of two tensors, element by element."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x * y


class Matmul(nn.Module):
    """The matrix product of two tensors."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x.matmul(y)
