"""Distributions of the entries of a freshly initialized tensor: cdf, mean, spread, spikes, words.

Each works on float64 arrays. `spikes` are single values that carry probability of their own; the
rest is continuous.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Spikes = tuple[tuple[float, float], ...]  # (value, probability)


class Distribution:
    """A law for single entries. `low` and `high` bound the values that can occur."""

    low = -math.inf
    high = math.inf
    spikes: Spikes = ()

    @property
    def mean(self) -> float:
        """Expected value; NaN where there is none."""
        return math.nan

    @property
    def sd(self) -> float:
        """Standard deviation; NaN where there is none."""
        return math.nan

    def cdf(self, x: Floats) -> Floats:
        """Probability of a value up to x."""
        raise NotImplementedError

    @property
    def words(self) -> str:
        """The law as one writes it."""
        raise NotImplementedError

    def window(self, x: Floats, width: float) -> Floats:
        """Probability of a value within half a `width` of each x."""
        return self.cdf(x + width / 2) - self.cdf(x - width / 2)


def _number(value: float) -> str:
    return f"{value:.4g}"


def _ndtr(x: Floats) -> Floats:
    result: Floats = torch.special.ndtr(torch.from_numpy(np.ascontiguousarray(x))).numpy()
    return result


@dataclass(frozen=True)
class Uniform(Distribution):
    """Every value between `low` and `high` alike."""

    low: float
    high: float

    @property
    def mean(self) -> float:
        return (self.low + self.high) / 2

    @property
    def sd(self) -> float:
        return (self.high - self.low) / math.sqrt(12)

    def cdf(self, x: Floats) -> Floats:
        if self.high <= self.low:
            return (x >= self.low).astype(float)
        return np.clip((x - self.low) / (self.high - self.low), 0, 1)

    @property
    def words(self) -> str:
        if self.low == -self.high:
            return f"uniform within ±{_number(self.high)}"
        return f"uniform from {_number(self.low)} to {_number(self.high)}"


@dataclass(frozen=True)
class Normal(Distribution):
    """The normal distribution with mean `location` and standard deviation `scale`."""

    location: float
    scale: float

    @property
    def mean(self) -> float:
        return self.location

    @property
    def sd(self) -> float:
        return self.scale

    def cdf(self, x: Floats) -> Floats:
        if self.scale <= 0:
            return (x >= self.location).astype(float)
        return _ndtr((x - self.location) / self.scale)

    @property
    def words(self) -> str:
        return f"normal, mean {_number(self.location)}, sd {_number(self.scale)}"


@dataclass(frozen=True)
class LogNormal(Distribution):
    """A value whose logarithm is normal with mean `location` and standard deviation `scale`."""

    location: float
    scale: float
    low = 0.0

    @property
    def mean(self) -> float:
        return math.exp(self.location + self.scale**2 / 2)

    @property
    def sd(self) -> float:
        return self.mean * math.sqrt(math.expm1(self.scale**2))

    def cdf(self, x: Floats) -> Floats:
        positive = np.where(x > 0, x, 1)
        return np.where(x > 0, _ndtr((np.log(positive) - self.location) / self.scale), 0)

    @property
    def words(self) -> str:
        return f"log-normal, mean {_number(self.location)}, sd {_number(self.scale)} of the log"


@dataclass(frozen=True)
class Cauchy(Distribution):
    """The Cauchy distribution; it has no mean and no standard deviation."""

    median: float
    half_width: float

    def cdf(self, x: Floats) -> Floats:
        return 0.5 + np.arctan((x - self.median) / self.half_width) / math.pi

    @property
    def words(self) -> str:
        return f"Cauchy, median {_number(self.median)}, half-width {_number(self.half_width)}"


@dataclass(frozen=True)
class Exponential(Distribution):
    """The exponential distribution."""

    rate: float
    low = 0.0

    @property
    def mean(self) -> float:
        return 1 / self.rate

    @property
    def sd(self) -> float:
        return 1 / self.rate

    def cdf(self, x: Floats) -> Floats:
        return -np.expm1(-self.rate * np.maximum(x, 0))

    @property
    def words(self) -> str:
        return f"exponential, rate {_number(self.rate)}"


@dataclass(frozen=True)
class SphereEntry(Distribution):
    """One coordinate of a random point on the sphere of radius `gain` in n dimensions.

    This is the law of the entries of a random (semi-)orthogonal matrix whose longer side is n.
    """

    n: int
    gain: float

    @property
    def low(self) -> float:  # type: ignore[override]
        return -abs(self.gain)

    @property
    def high(self) -> float:  # type: ignore[override]
        return abs(self.gain)

    @property
    def spikes(self) -> Spikes:  # type: ignore[override]
        return ((self.low, 0.5), (self.high, 0.5)) if self.n == 1 else ()

    @property
    def mean(self) -> float:
        return 0.0

    @property
    def sd(self) -> float:
        return abs(self.gain) / math.sqrt(self.n)

    def cdf(self, x: Floats) -> Floats:
        if self.n == 1:
            return 0.5 * (x >= self.low) + 0.5 * (x >= self.high)
        angle = np.arcsin(np.clip(x / abs(self.gain), -1, 1))
        return np.interp(angle, *self._table)

    @cached_property
    def _table(self) -> tuple[Floats, Floats]:
        """Cdf over the angle whose sine is x/gain; its density there is cos^(n-2), never infinite.

        The angles reach as far as there is probability, so that large n are as exact as small.
        """
        reach = min(math.pi / 2, 12 / math.sqrt(self.n))
        angles = np.linspace(-reach, reach, 8193)
        density = np.cos(angles) ** (self.n - 2)
        steps = (density[1:] + density[:-1]) / 2
        cdf = np.concatenate([[0.0], np.cumsum(steps)])
        return angles, cdf / cdf[-1]

    @property
    def words(self) -> str:
        return f"orthogonal entries, longer side {self.n}, gain {_number(self.gain)}"


@dataclass(frozen=True)
class Spiked(Distribution):
    """Given values with probabilities of their own; `rest` takes what is left of 1."""

    spikes: Spikes
    rest: Distribution | None = None

    @cached_property
    def weight(self) -> float:
        """Probability of the continuous part."""
        return max(0.0, 1 - sum(p for _, p in self.spikes)) if self.rest else 0.0

    @property
    def low(self) -> float:  # type: ignore[override]
        return min([v for v, _ in self.spikes] + ([self.rest.low] if self.rest else []))

    @property
    def high(self) -> float:  # type: ignore[override]
        return max([v for v, _ in self.spikes] + ([self.rest.high] if self.rest else []))

    @property
    def mean(self) -> float:
        rest = self.weight * self.rest.mean if self.rest else 0.0
        return sum(p * v for v, p in self.spikes) + rest

    @property
    def sd(self) -> float:
        square = sum(p * v * v for v, p in self.spikes)
        if self.rest:
            square += self.weight * (self.rest.sd**2 + self.rest.mean**2)
        return math.sqrt(max(0.0, square - self.mean**2))

    def cdf(self, x: Floats) -> Floats:
        total = self.weight * self.rest.cdf(x) if self.rest else np.zeros_like(x)
        for value, probability in self.spikes:
            total = total + probability * (x >= value)
        return total

    @property
    def words(self) -> str:
        if self.rest is None and len(self.spikes) == 1:
            return f"all {_number(self.spikes[0][0])}"
        parts = [f"{_number(v)} ({p:.3g} of all)" for v, p in self.spikes]
        return ", ".join([*parts, self.rest.words] if self.rest else parts)


def constant(value: float) -> Distribution:
    """Every entry the same."""
    return Spiked(((float(value), 1.0),))


class Counting(Distribution):
    """A law of whole numbers, with a probability for each."""

    def probability(self, k: Floats) -> Floats:
        """Probability of each whole number k."""
        return self.cdf(k) - self.cdf(k - 1)


@dataclass(frozen=True)
class Geometric(Counting):
    """Trials up to the first success of probability p: 1, 2, 3 ..."""

    p: float
    low = 1.0

    @property
    def mean(self) -> float:
        return 1 / self.p

    @property
    def sd(self) -> float:
        return math.sqrt(1 - self.p) / self.p

    def cdf(self, x: Floats) -> Floats:
        if self.p >= 1:
            return (x >= 1).astype(float)
        return np.where(x >= 1, -np.expm1(np.floor(x) * math.log1p(-self.p)), 0)

    @property
    def words(self) -> str:
        return f"geometric, p {_number(self.p)}"


@dataclass(frozen=True)
class WholeNumbers(Counting):
    """Every whole number from `first` up to, and not including, `end` alike."""

    first: int
    end: int

    @property
    def low(self) -> float:  # type: ignore[override]
        return float(self.first)

    @property
    def high(self) -> float:  # type: ignore[override]
        return float(self.end - 1)

    @property
    def mean(self) -> float:
        return (self.first + self.end - 1) / 2

    @property
    def sd(self) -> float:
        return math.sqrt(max(0, (self.end - self.first) ** 2 - 1) / 12)

    def cdf(self, x: Floats) -> Floats:
        return np.clip((np.floor(x) - self.first + 1) / (self.end - self.first), 0, 1)

    @property
    def words(self) -> str:
        return f"whole numbers from {self.first} to {self.end - 1}"
