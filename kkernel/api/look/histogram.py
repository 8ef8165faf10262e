"""Histograms of tensors with the law they were drawn from, and whether they look like it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from .counting import MOST_BINS, Moments, count, find_range, flat
from .distributions import Counting, Distribution, Floats
from .goodness import Fit, fit
from .laws import KnownLaw, parameter_laws, record, recorded, written_sample

SAMPLE = 100_000  # numbers that a law is tested on
SKETCHED = 10_000
MOST_SHOWN = MOST_BINS - 2
ONE_VALUE = 15  # bins around a single value, which stands in the middle one

Source = nn.Module | Mapping[str, Tensor] | Iterable[tuple[str, Tensor]]


@dataclass(frozen=True)
class LawFit:
    """A law and how well the numbers fit it. `curve` is the expected count of every bin.

    `by` says what drew the numbers, `words` is the law, `changed` whether they were written to
    since, `consistent` whether the test lets them pass as drawn from it.
    """

    by: str
    words: str
    mean: float
    sd: float
    curve: tuple[float, ...]
    statistic: float
    p: float
    test: str
    consistent: bool
    recorded: bool
    changed: bool

    @property
    def verdict(self) -> str:
        return "consistent with" if self.consistent else "not consistent with"


@dataclass(frozen=True)
class Histogram:
    """One tensor. `counts` has one entry a bin, `edges` one more; `moments` covers all numbers."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    counts: tuple[int, ...]
    edges: tuple[float, ...]
    below: int
    above: int
    moments: Moments
    law: LawFit | None


def histograms(source: Source, bins: int = 0) -> list[Histogram]:
    """A histogram of every parameter of a module, or of every named tensor.

    `bins` from 1 to 62 sets their number; 0 takes as many as the count of numbers bears.
    """
    laws = parameter_laws(source) if isinstance(source, nn.Module) else None
    found = []
    for name, tensor in named_tensors(source):
        known = recorded(tensor) if laws is None else laws.get(name)
        found.append(histogram(tensor, name, bins, known))
        if known and not known.recorded and found[-1].law and found[-1].law.consistent:
            record(tensor, known.law)  # so that what training does to it is told as a change
    return found


def named_tensors(source: Source) -> Iterable[tuple[str, Tensor]]:
    """The parameters of a module, or the given tensors, with their names; undefined ones not."""
    if isinstance(source, nn.Module):
        return source.named_parameters()
    pairs = source.items() if isinstance(source, Mapping) else source
    return ((name, tensor) for name, tensor in pairs if isinstance(tensor, Tensor))


def histogram(
    tensor: Tensor, name: str = "", bins: int = 0, known: KnownLaw | None = None
) -> Histogram:
    """The histogram of one tensor. Complex numbers count as their two parts."""
    row = _numbers(tensor)
    moments = find_range(row)
    sample = _sample(row)
    law = known.law.distribution if known else None
    low, high, n_bins = _layout(moments, sample, law, bins)
    counts = count(row, moments, low, high, n_bins)
    edges = np.linspace(low, high, n_bins + 1)
    fitted = _law_fit(known, sample, moments, row, edges) if known else None
    return Histogram(
        name=name,
        shape=tuple(tensor.shape) if _has_data(tensor) else (),
        dtype=str(tensor.dtype).removeprefix("torch."),
        counts=tuple(counts.bins.tolist()),
        edges=tuple(edges.tolist()),
        below=counts.below,
        above=counts.above,
        moments=moments,
        law=fitted,
    )


def sketch(
    tensor: Tensor, name: str = "", bins: int = 0, known: KnownLaw | None = None
) -> Histogram:
    """A histogram of evenly spread numbers of a tensor, at most SKETCHED, for a small picture."""
    row = _numbers(tensor)
    step = -(-row.numel() // SKETCHED)
    return histogram(row[:: step | 1] if step > 1 else row, name, bins, known)


def _has_data(tensor: Tensor) -> bool:
    return not is_lazy(tensor)


def _numbers(tensor: Tensor) -> Tensor:
    if not _has_data(tensor) or tensor.device.type == "meta":
        return torch.empty(0)
    return flat(tensor)


def _sample(row: Tensor) -> Floats:
    """At most SAMPLE finite numbers, the same places for the same count."""
    n = row.numel()
    if n > SAMPLE:
        row = row[_places(n).to(row.device)]
    values = row.to("cpu", torch.float64).numpy()
    return values[np.isfinite(values)]


@lru_cache(maxsize=8)  # layers of a model have few sizes
def _places(n: int) -> Tensor:
    """Places of a sample, in order."""
    random = np.random.default_rng(n)
    if n <= 8 * SAMPLE:
        return torch.from_numpy(np.sort(random.permutation(n)[:SAMPLE]))
    places = np.sort(random.integers(0, n, SAMPLE + SAMPLE // 8))
    places = places[np.diff(places, prepend=-1) > 0]
    return torch.from_numpy(np.sort(random.permutation(places)[:SAMPLE]))


# --------------------------------------------------------------------------- where the bins are


def _layout(
    moments: Moments, sample: Floats, law: Distribution | None, bins: int
) -> tuple[float, float, int]:
    """Low and high end, and the number of bins."""
    low, high = moments.low, moments.high
    if not low <= high:  # no finite number
        return 0.0, 1.0, 1
    if low == high:
        half = max(abs(low), 1.0) / 2
        return low - half, low + half, ONE_VALUE
    if not bins and _few_whole_numbers(low, high, sample):
        return low - 0.5, high + 0.5, int(high - low) + 1
    low, high = _without_far_tails(low, high, sample)
    if law is not None:
        low, high = _with_support(low, high, law)
    return low, high, bins or _fitting_bins(moments.finite)


def _few_whole_numbers(low: float, high: float, sample: Floats) -> bool:
    return high - low < MOST_SHOWN and bool(np.all(sample == np.floor(sample)))


def _fitting_bins(n: int) -> int:
    """Rice's rule, within what a small picture shows."""
    return max(8, min(MOST_SHOWN, math.ceil(2 * n ** (1 / 3))))


def _without_far_tails(low: float, high: float, sample: Floats) -> tuple[float, float]:
    """Leave a few far numbers out where they would squeeze all others into one bin."""
    inner_low, inner_high = np.quantile(sample, [0.01, 0.99]).tolist()
    width = inner_high - inner_low
    if width <= 0 or high - low < 20 * width:
        return low, high
    return max(low, inner_low - width / 2), min(high, inner_high + width / 2)


def _with_support(low: float, high: float, law: Distribution) -> tuple[float, float]:
    """Let the range end where the law ends, if that is near."""
    reach = 0.25 * (high - low)
    if low - reach <= law.low <= low:
        low = law.low
    if high <= law.high <= high + reach:
        high = law.high
    return low, high


# --------------------------------------------------------------------------- the law


def _law_fit(
    known: KnownLaw, sample: Floats, moments: Moments, row: Tensor, edges: Floats
) -> LawFit:
    law = known.law.distribution
    tested = fit(sample, law, _spike_shares(row, moments, law))
    if moments.finite < moments.n:
        tested = Fit(tested.statistic, 0.0, "not finite")
    return LawFit(
        by=known.law.by,
        words=known.law.words,
        mean=law.mean,
        sd=law.sd,
        curve=tuple(expected_counts(law, edges, moments.finite).tolist()),
        statistic=tested.statistic,
        p=tested.p,
        test=tested.test,
        consistent=tested.consistent,
        recorded=known.recorded,
        changed=known.changed,
    )


def _spike_shares(row: Tensor, moments: Moments, law: Distribution) -> dict[float, float]:
    """Exact shares of a law's single values among all numbers, not only in the sample."""
    if isinstance(law, Counting) or not law.spikes or not moments.n:
        return {}
    return {value: _equal(row, value) / moments.n for value, _ in law.spikes}


def _equal(row: Tensor, value: float) -> int:
    target = torch.tensor(value, dtype=torch.float64).to(row.dtype).to(row.device)
    return int(sum((part == target).sum().item() for part in row.split(1 << 22)))


def expected_counts(law: Distribution, edges: Floats, n: int) -> Floats:
    """How many of n numbers the law puts into each bin; a number on an edge is in the upper bin."""
    below = np.nextafter(edges, -math.inf)
    below[-1] = edges[-1]
    return n * np.diff(law.cdf(below))


def tensors_state(source: Source) -> object:
    """Cheap to take, and different once a tensor is written to, in any way."""
    return tuple((name, id(t), t._version, written_sample(t)) for name, t in named_tensors(source))


def tensors_of(module: nn.Module, optimizer: Any = None) -> dict[str, dict[str, Tensor]]:
    """What there is to look at, by sort: parameters, buffers, gradients, optimizer. No empty ones.
    """
    parameters = dict(module.named_parameters())
    sorts: dict[str, dict[str, Tensor]] = {
        "parameters": parameters,
        "buffers": dict(module.named_buffers()),
        "gradients": {n: p.grad for n, p in parameters.items() if p.grad is not None},
        "optimizer": _optimizer_tensors(parameters, optimizer),
    }
    return {sort: tensors for sort, tensors in sorts.items() if tensors}


def _optimizer_tensors(parameters: Mapping[str, Tensor], optimizer: Any) -> dict[str, Tensor]:
    """Buffers of an optimizer as `name: buffer`; those of one number, such as steps, are left out.
    """
    state = {} if optimizer is None else optimizer.state
    return {
        f"{name}: {slot}": value
        for name, parameter in parameters.items()
        if parameter in state
        for slot, value in state[parameter].items()
        if isinstance(value, Tensor) and value.numel() > 1
    }
