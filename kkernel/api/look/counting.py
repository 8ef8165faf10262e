"""Counts and moments of very many numbers, in chunks that stay in the processor's cache."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

CHUNK = 1 << 16  # numbers at a time
MOST_BINS = 64  # a bin number takes 6 bits


@dataclass
class Moments:
    """Of the finite numbers: how many, range, mean, standard deviation (n-1), exact zeros.

    `nan`, `plus_inf` and `minus_inf` count the others. Mean, sd and range are NaN without numbers.
    """

    n: int = 0
    low: float = math.nan
    high: float = math.nan
    mean: float = math.nan
    sd: float = math.nan
    zeros: int = 0
    nan: int = 0
    plus_inf: int = 0
    minus_inf: int = 0

    @property
    def finite(self) -> int:
        return self.n - self.nan - self.plus_inf - self.minus_inf


@dataclass
class Counts:
    """Numbers per bin, between `low` and `high`; `below` and `above` lie outside."""

    low: float
    high: float
    bins: np.ndarray
    below: int = 0
    above: int = 0


def flat(tensor: Tensor) -> Tensor:
    """All numbers of a tensor in a row, in any order, without a copy where that can be."""
    tensor = tensor.detach()
    if tensor.layout is not torch.strided:
        tensor = tensor.coalesce().values() if tensor.is_sparse else tensor.values()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if tensor.is_complex():
        tensor = torch.view_as_real(tensor)
    if not tensor.is_contiguous():
        order = sorted(range(tensor.dim()), key=tensor.stride, reverse=True)
        tensor = tensor.permute(order)
    return tensor.reshape(-1)


_NARROW = (torch.float32, torch.float16, torch.bfloat16)  # float32 holds these exactly


def chunks(row: Tensor, wide: bool = False) -> Iterator[np.ndarray]:
    """The numbers of a flat tensor as float32 arrays; float64 if `wide`, or where it must be."""
    exact = row.dtype in _NARROW or row.element_size() == 1
    dtype = torch.float32 if exact and not wide else torch.float64
    step = CHUNK if row.device.type == "cpu" else 64 * CHUNK
    for start in range(0, row.numel(), step):
        part = row[start : start + step].to("cpu", dtype).numpy()
        for i in range(0, len(part), CHUNK):
            yield part[i : i + CHUNK]


def find_range(row: Tensor) -> Moments:
    """Number, range and non-finite counts; the rest comes with the counts."""
    found = Moments(n=row.numel())
    if found.n and row.dtype in (*_NARROW, torch.float64):
        low, high = (end.item() for end in torch.aminmax(row))
        if math.isfinite(low) and math.isfinite(high):
            found.low, found.high = low, high
            return found
    for part in chunks(row):
        _widen(found, part)
    return found


def _widen(found: Moments, part: np.ndarray) -> None:
    found.nan += int(np.isnan(part).sum())
    found.plus_inf += int((part == np.inf).sum())
    found.minus_inf += int((part == -np.inf).sum())
    finite = part[np.isfinite(part)]
    if len(finite):
        found.low = float(np.fmin(found.low, finite.min()))
        found.high = float(np.fmax(found.high, finite.max()))


def count(row: Tensor, found: Moments, low: float, high: float, bins: int) -> Counts:
    """Count the finite numbers into equal bins from low to high, and complete the moments.

    `found` is the result of `find_range`. The top edge belongs to the last bin.
    """
    clipped = found.low < low or found.high > high
    counter = _Counter(low, high, bins, clipped)
    finite = found.finite == found.n
    for part in chunks(row, wide=not 1e-30 < high - low < 1e38):
        counter.add(part if finite else part[np.isfinite(part)])
    counter.finish(found)
    totals = counter.totals()
    if not clipped:
        return Counts(low, high, totals)
    return Counts(low, high, totals[1:-1], int(totals[0]), int(totals[-1]))


class _Scratch:
    """Buffers for one chunk, made once."""

    def __init__(self, dtype: np.dtype) -> None:
        self.places = np.empty(CHUNK, dtype=dtype)
        self.ones = np.ones(CHUNK, dtype=dtype)
        self.flags = np.empty(CHUNK, dtype=bool)
        self.codes = np.empty(CHUNK, dtype=np.int32)
        self.pairs = np.empty(CHUNK // 2, dtype=np.int64)


class _Counter:
    """Bins and sums, chunk by chunk.

    A number's place is its distance from the low end in bins; its whole part is the bin. When some
    numbers lie outside the range, the first and the last bin are for those. Sums are taken of the
    places, which keeps them exact where numbers are far from zero and close to each other.
    """

    def __init__(self, low: float, high: float, bins: int, clipped: bool) -> None:
        if not 1 <= bins <= MOST_BINS - 2:
            raise ValueError(f"bins: expected 1 to {MOST_BINS - 2}, given {bins}")
        self._low = low
        self._scale = bins / (high - low)
        self._bins = bins
        self._clipped = clipped
        self._joint = np.zeros(MOST_BINS * MOST_BINS, dtype=np.int64)
        self._single = np.zeros(MOST_BINS, dtype=np.int64)
        self._n = self._zeros = 0
        self._sum = self._square = 0.0
        self._scratch: dict[Any, _Scratch] = {}

    def add(self, part: np.ndarray) -> None:
        """Count one chunk of finite numbers."""
        if not len(part):
            return
        if part.dtype not in self._scratch:
            self._scratch[part.dtype] = _Scratch(part.dtype)
        scratch, n, kind = self._scratch[part.dtype], len(part), part.dtype.type
        places = scratch.places[:n]
        if kind is np.float32:  # what is computed with is what the sums are undone with
            self._low, self._scale = float(kind(self._low)), float(kind(self._scale))
        np.subtract(part, kind(self._low), out=places)
        np.multiply(places, kind(self._scale), out=places)
        self._n += n
        self._sum += float(np.dot(places, scratch.ones[:n]))
        self._square += float(np.dot(places, places))
        self._zeros += int(np.count_nonzero(np.equal(part, 0, out=scratch.flags[:n])))
        self._count(self._codes(places, scratch), scratch)

    def _codes(self, places: np.ndarray, scratch: _Scratch) -> np.ndarray:
        codes = scratch.codes[: len(places)]
        if self._clipped:
            np.add(places, 1, out=places)
            np.clip(places, 0, self._bins + 1, out=places)
            np.copyto(codes, places, casting="unsafe")
        else:
            np.copyto(codes, places, casting="unsafe")
            np.clip(codes, 0, self._bins - 1, out=codes)
        return codes

    def _count(self, codes: np.ndarray, scratch: _Scratch) -> None:
        """Count neighbours as pairs: two bin numbers of 6 bits make one code of 12."""
        half = len(codes) // 2
        pairs = scratch.pairs[:half]
        joined = codes[: 2 * half].view(np.int64)
        np.right_shift(joined, 26, out=pairs)
        np.bitwise_or(pairs, joined, out=pairs)
        np.bitwise_and(pairs, MOST_BINS * MOST_BINS - 1, out=pairs)
        self._joint += np.bincount(pairs, minlength=len(self._joint))
        if len(codes) % 2:
            self._single[codes[-1]] += 1

    def totals(self) -> np.ndarray:
        """Numbers in each bin; with those outside first and last, if there are any."""
        joint = self._joint.reshape(MOST_BINS, MOST_BINS)
        totals = joint.sum(axis=0) + joint.sum(axis=1) + self._single
        return totals[: self._bins + 2 * self._clipped]

    def finish(self, found: Moments) -> None:
        """Enter mean, sd and zeros."""
        if not self._n:
            return
        mean = self._sum / self._n
        spread = max(0.0, self._square - self._n * mean * mean)
        found.mean = self._low + mean / self._scale
        found.sd = math.sqrt(spread / (self._n - 1)) / self._scale if self._n > 1 else 0.0
        found.zeros = self._zeros
