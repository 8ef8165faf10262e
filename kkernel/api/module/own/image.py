"""Modules that transform images: scale, crop and flip, in training and in evaluation."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from kkernel.q.errors import QError


def per_channel(t: Tensor) -> Tensor:
    """A list of statistics as one per channel of (channels, height, width) images."""
    return t.view(-1, 1, 1) if t.dim() == 1 else t


def zscore(x: Tensor, mean: Tensor, std: Tensor, inplace: bool = False) -> Tensor:
    """(x - mean) / std; lists of `mean` and `std` hold one number per channel."""
    if inplace:
        return x.sub_(per_channel(mean)).div_(per_channel(std))
    return x.sub(per_channel(mean)).div(per_channel(std))


class Zscore(nn.Module):
    """Subtract a mean and divide by a standard deviation, both kept as buffers."""

    mean: Tensor
    stddev: Tensor

    def __init__(self, mean: Tensor, std: Tensor, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace
        self.register_buffer("mean", mean)
        self.register_buffer("stddev", std)

    def forward(self, x: Tensor) -> Tensor:
        return zscore(x, self.mean, self.stddev, self.inplace)


def _images(x: Tensor, name: str) -> int:
    """How many images x holds: the first of four dimensions, else one."""
    if not 1 < x.dim() < 5:
        raise QError(f"{name}: not implemented for {x.dim()}-dim tensor")
    return x.size(0) if x.dim() == 4 else 1


def random_crop(x: Tensor, size: Sequence[int], pad: Sequence[int] = (0, 0, 0, 0),
                padmode: str = "constant", value: float = 0.0) -> Tensor:
    """Pad, then cut height x width at a random place, each image of a batch at its own."""
    n, (height, width) = _images(x, "randomcrop"), size
    padded = x
    if any(pad):
        padded = F.pad(x, tuple(pad), padmode, value)
    rows, columns = padded.shape[-2:]
    if rows == height and columns == width:
        return padded
    if rows < height or columns < width:
        raise QError(f"crop: size {height}x{width}, exceeds tensor dim(s) {rows}x{columns}")
    top = torch.randint(rows - height + 1, (n,)).tolist()
    left = torch.randint(columns - width + 1, (n,)).tolist()
    if n <= 1:
        return padded[..., top[0]:top[0] + height, left[0]:left[0] + width] if n else padded
    return torch.stack([image[..., r:r + height, c:c + width]
                        for image, r, c in zip(padded, top, left, strict=True)])


class RandomCrop(nn.Module):
    """Pad by `pad` (left right top bottom), then crop to `size` at a random place."""

    def __init__(self, size: Sequence[int], pad: Sequence[int] = (0, 0, 0, 0),
                 padmode: str = "constant", value: float = 0.0) -> None:
        super().__init__()
        self.size, self.pad, self.padmode, self.value = tuple(size), tuple(pad), padmode, value

    def forward(self, x: Tensor) -> Tensor:
        return random_crop(x, self.size, self.pad, self.padmode, self.value)


def random_flip(x: Tensor, p: float = 0.5, dim: int = -1) -> Tensor:
    """Flip along `dim` with probability p, drawn for each image of a batch."""
    n = _images(x, "randomflip")
    chosen = torch.nonzero(torch.rand(n, dtype=torch.double) < p).flatten().to(x.device)
    if not chosen.numel():
        return x
    if n == 1:
        return x.flip(dim)
    flipped = x.clone()
    at = dim if dim < 0 else dim + 1  # `dim` counts within one image
    flipped[chosen] = x[chosen].flip(at)
    return flipped


class RandomFlip(nn.Module):
    """Flip an image along `dim` with probability `p`."""

    def __init__(self, p: float = 0.5, dim: int = -1) -> None:
        super().__init__()
        self.p, self.dim = p, dim

    def forward(self, x: Tensor) -> Tensor:
        return random_flip(x, self.p, self.dim)
