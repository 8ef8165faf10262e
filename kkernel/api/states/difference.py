"""Two states compared, tensor by tensor: in numbers, and as a histogram of the differences."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..look.counting import CHUNK
from ..look.histogram import Histogram, histogram
from .digest import digest
from .record import State


@dataclass(frozen=True)
class Difference:
    """One tensor in two states: `status` is same, differs, only in A, only in B, or other shape.

    `relative` is |B-A| / |A| (lengths), `largest` the largest absolute difference, `cosine` that
    of the angle between them, `signs` the share of entries that changed sign. NaN where they do
    not apply. `picture` is a histogram of B-A.
    """

    name: str
    part: str
    shape: tuple[int, ...]
    status: str
    relative: float = math.nan
    largest: float = math.nan
    cosine: float = math.nan
    signs: float = math.nan
    picture: Histogram | None = None


def differences(a: State, b: State, pictures: bool = True) -> list[Difference]:
    """Every tensor of either state; the bits are compared first, numbers only where they differ."""
    keys = list(a.tensors) + [key for key in b.tensors if key not in a.tensors]
    return [
        difference(str(key), key.part, a.tensors.get(key), b.tensors.get(key), pictures)
        for key in keys
    ]


def difference(
    name: str, part: str, a: Tensor | None, b: Tensor | None, picture: bool = True
) -> Difference:
    """Compare one tensor, which may be missing on one side."""
    either = a if a is not None else b
    shape = tuple(either.shape) if either is not None else ()
    if a is None or b is None:
        return Difference(name, part, shape, "only in B" if a is None else "only in A")
    if a.shape != b.shape:
        return Difference(name, part, shape, "other shape")
    if a.dtype == b.dtype and digest(a) == digest(b):
        return Difference(name, part, shape, "same", 0.0, 0.0, 1.0, 0.0)
    if part == "random" or a.is_complex():
        return Difference(name, part, shape, "differs")
    return _measured(name, part, a, b, picture)


def _measured(name: str, part: str, a: Tensor, b: Tensor, picture: bool) -> Difference:
    sums = np.zeros(4)
    largest, flips = 0.0, 0
    left, right = a.reshape(-1), b.reshape(-1)
    for start in range(0, left.numel(), CHUNK):
        x = left[start : start + CHUNK].to("cpu", torch.float64).numpy()
        y = right[start : start + CHUNK].to("cpu", torch.float64).numpy()
        d = y - x
        sums += (np.dot(d, d), np.dot(x, x), np.dot(y, y), np.dot(x, y))
        largest = float(np.fmax(largest, np.abs(d).max()))
        flips += int(np.count_nonzero(np.sign(x) * np.sign(y) < 0))
    dd, xx, yy, xy = sums.tolist()
    return Difference(
        name=name,
        part=part,
        shape=tuple(a.shape),
        status="differs",
        relative=math.sqrt(dd / xx) if xx > 0 else math.inf,
        largest=largest,
        cosine=xy / math.sqrt(xx * yy) if xx > 0 and yy > 0 else math.nan,
        signs=flips / max(1, left.numel()),
        picture=histogram(_change(a, b)) if picture else None,
    )


def _change(a: Tensor, b: Tensor) -> Tensor:
    """B - A in a type that holds it."""
    wide = torch.float64 if a.dtype == torch.float64 or not a.is_floating_point() else torch.float32
    return b.to(wide) - a.to(wide)
