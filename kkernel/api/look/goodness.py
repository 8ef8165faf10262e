"""Do given values look as if they were drawn from a law?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from .distributions import Counting, Distribution, Floats

LEVEL = 0.001  # below this a fit is called inconsistent: one fit in a thousand is, by chance
LEAST_EXPECTED = 5.0  # in each class of a chi-square test
MOST_CLASSES = 1000
LEAST_REPEATED = 3  # two may be the same by chance where numbers have few bits


@dataclass(frozen=True)
class Fit:
    """`statistic` is the Kolmogorov-Smirnov distance, or of spikes the largest error of a share.

    `p` is the probability of so large a statistic when the law holds; NaN without values.
    """

    statistic: float
    p: float
    test: str

    @property
    def consistent(self) -> bool:
        return not self.p < LEVEL


def fit(values: Floats, law: Distribution, shares: dict[float, float] | None = None) -> Fit:
    """Test finite values against a law.

    `shares` are the exact shares of the law's spikes among all values, where `values` is only a
    sample of them; by default they are counted in `values`.
    """
    if not len(values):
        return Fit(math.nan, math.nan, "none")
    if isinstance(law, Counting):
        return _counting_fit(values, law)
    if law.spikes:
        return _spiked_fit(values, law, shares)
    return _repeated(values, law) or _ks(np.sort(values), law)


def _repeated(values: Floats, law: Distribution) -> Fit | None:
    """Numbers of a law without spikes are not all the same: few would pass the test by distance."""
    same = len(values) >= LEAST_REPEATED and bool((values == values[0]).all())
    return Fit(1.0, 0.0, "shares") if same and law.sd != 0 else None


def _ks(ordered: Floats, law: Distribution) -> Fit:
    n = len(ordered)
    expected = law.cdf(ordered)
    steps = np.arange(n + 1) / n
    distance = float(max((steps[1:] - expected).max(), (expected - steps[:-1]).max(), 0.0))
    return Fit(distance, ks_probability(distance, n), "KS")


def ks_probability(distance: float, n: int) -> float:
    """P(D >= distance) for n independent values; Stephens' correction of the limit law."""
    root = math.sqrt(n)
    t = (root + 0.12 + 0.11 / root) * distance
    if t < 0.2:  # the alternating series does not converge there, and p is 1 to 12 digits
        return 1.0
    terms = ((-1) ** (k - 1) * math.exp(-2 * (k * t) ** 2) for k in range(1, 101))
    return min(1.0, max(0.0, 2 * sum(terms)))


def _spiked_fit(values: Floats, law: Distribution, shares: dict[float, float] | None) -> Fit:
    """The shares of the spikes must be exact; what is left must follow the rest of the law."""
    on_spike = np.zeros(len(values), dtype=bool)
    error = 0.0
    for value, probability in law.spikes:
        here = np.isclose(values, value, rtol=1e-6, atol=0)
        on_spike |= here
        share = float(here.mean()) if shares is None else shares.get(value, 0.0)
        error = max(error, abs(share - probability))
    rest = getattr(law, "rest", None)
    others = values[~on_spike]
    slack = 1e-9 if rest is None else 1 / len(values)
    if error > slack or (rest is None and len(others)):
        return Fit(error, 0.0, "shares")
    return _ks(np.sort(others), rest) if rest is not None and len(others) else Fit(error, 1.0,
                                                                                 "shares")


def _counting_fit(values: Floats, law: Counting) -> Fit:
    """Chi-square over whole numbers, joined so that each class has enough expected values."""
    if np.any(values != np.floor(values)) or values.min() < law.low or values.max() > law.high:
        return Fit(1.0, 0.0, "support")
    n = len(values)
    if n * float(law.probability(np.array([law.mean // 1]))[0]) < LEAST_EXPECTED:
        return _ks(np.sort(values), law)
    first, last = _classes(law, n)
    if last - first >= MOST_CLASSES:
        return _ks(np.sort(values), law)
    ks = np.arange(first, last + 1, dtype=float)
    expected = n * law.probability(ks)
    expected[-1] = n * (1 - float(law.cdf(ks[-1:] - 1)[0]))
    counts = np.bincount((np.minimum(values, last) - first).astype(int), minlength=len(ks))
    statistic = float(((counts - expected) ** 2 / expected).sum())
    return Fit(_largest_error(counts, expected, n), chi_square_probability(statistic, len(ks) - 1),
               "chi-square")


def _classes(law: Counting, n: int) -> tuple[int, int]:
    """The first whole number, and the one that stands for itself and all beyond."""
    first = int(law.low)
    last = first
    while last < min(law.high, first + MOST_CLASSES):
        beyond = n * (1 - float(law.cdf(np.array([float(last)]))[0]))
        if beyond < LEAST_EXPECTED:
            break
        last += 1
    return first, last


def _largest_error(counts: np.ndarray, expected: Floats, n: int) -> float:
    return float(np.abs(np.cumsum(counts - expected)).max() / n)


def chi_square_probability(statistic: float, freedom: int) -> float:
    """P(chi-square >= statistic) with so many degrees of freedom."""
    if freedom <= 0:
        return 1.0
    half = torch.tensor([freedom / 2, statistic / 2], dtype=torch.float64)
    return float(torch.special.gammaincc(half[0], half[1]))
