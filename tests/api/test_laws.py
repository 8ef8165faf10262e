"""Histograms and laws: counts against numpy, tests against scipy, every initializer against torch.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from torch import nn

from kkernel.api import view
from kkernel.api.look import distributions as d
from kkernel.api.look import laws
from kkernel.api.look.counting import find_range, flat
from kkernel.api.look.goodness import chi_square_probability, fit, ks_probability

# --------------------------------------------------------------------------- counting


@pytest.mark.parametrize("n", [1, 2, 3, 1000, 65_537, 1_000_003])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.int64])
def test_counts_and_moments_agree_with_numpy(n: int, dtype: torch.dtype) -> None:
    values = (torch.randn(n, generator=torch.Generator().manual_seed(n)) * 50 + 7).to(dtype)
    h = view.histogram(values)
    exact = values.double().numpy()
    assert sum(h.counts) + h.below + h.above == n
    expected, _ = np.histogram(exact, bins=np.array(h.edges))
    assert np.abs(expected - np.array(h.counts)).max() <= max(1, n * 1e-5)
    assert h.moments.mean == pytest.approx(exact.mean(), abs=2e-6 * exact.std() + 1e-6)
    if n > 1:
        assert h.moments.sd == pytest.approx(exact.std(ddof=1), rel=1e-5, abs=1e-9)
    assert (h.moments.low, h.moments.high) == (exact.min(), exact.max())


def test_moments_stay_exact_far_from_zero() -> None:
    values = 1 + torch.randn(200_000) * 1e-6
    h = view.histogram(values)
    assert h.moments.sd == pytest.approx(values.double().std().item(), rel=1e-4)


def test_odd_numbers_are_counted_apart() -> None:
    values = torch.tensor([math.nan, math.inf, math.inf, -math.inf, 0.0, -0.0, 1.0, 3.0])
    m = view.histogram(values).moments
    assert (m.n, m.finite, m.nan, m.plus_inf, m.minus_inf, m.zeros) == (8, 4, 1, 2, 1, 2)
    assert (m.low, m.high, m.mean) == (0.0, 3.0, 1.0)


@pytest.mark.parametrize("values", [
    torch.empty(0), torch.full((3,), math.nan), torch.tensor(2.5), torch.zeros(4, 0),
    torch.tensor([True, False]), torch.tensor([1 + 2j]), torch.randn(3, 4, 5).permute(2, 0, 1),
    torch.randn(4, 1).expand(4, 6), torch.tensor([3e38, -3e38]), torch.tensor([1e-45, 0.0]),
    torch.randn(3, 3).to(torch.bfloat16), torch.arange(5, dtype=torch.uint8),
    torch.eye(3).to_sparse(), torch.empty(3, 3, device="meta"),
])
def test_any_tensor_has_a_histogram(values: torch.Tensor) -> None:
    h = view.histogram(values)
    assert sum(h.counts) + h.below + h.above == h.moments.finite
    assert len(h.edges) == len(h.counts) + 1


def test_a_transposed_tensor_is_read_where_it_lies() -> None:
    tensor = torch.randn(50, 60).t()
    assert flat(tensor).data_ptr() == tensor.data_ptr()
    assert find_range(flat(tensor)).n == 3000


@pytest.mark.parametrize("bins", [1, 10, 62])
def test_bins_can_be_set(bins: int) -> None:
    assert len(view.histogram(torch.randn(999), bins=bins).counts) == bins


def test_far_tails_are_counted_outside_the_picture() -> None:
    values = torch.empty(100_000).cauchy_(generator=torch.Generator().manual_seed(1))
    h = view.histogram(values)
    assert h.below > 100 and h.above > 100
    assert sum(h.counts) + h.below + h.above == 100_000
    assert h.edges[0] > h.moments.low


# --------------------------------------------------------------------------- distributions

CASES = [
    (d.Uniform(-0.3, 0.5), stats.uniform(-0.3, 0.8)),
    (d.Normal(0.2, 1.5), stats.norm(0.2, 1.5)),
    (d.LogNormal(1, 2), stats.lognorm(2, scale=math.e)),
    (d.Cauchy(0.5, 2), stats.cauchy(0.5, 2)),
    (d.Exponential(3), stats.expon(scale=1 / 3)),
    (d.Geometric(0.2), stats.geom(0.2)),
    (d.WholeNumbers(-2, 9), stats.randint(-2, 9)),
]


@pytest.mark.parametrize(("ours", "theirs"), CASES)
def test_distributions_agree_with_scipy(ours: d.Distribution, theirs: Any) -> None:
    x = np.linspace(-6, 15, 211)
    np.testing.assert_allclose(ours.cdf(x), theirs.cdf(x), atol=1e-9)
    if not isinstance(ours, d.Cauchy):
        assert ours.mean == pytest.approx(theirs.mean())
        assert ours.sd == pytest.approx(theirs.std())


@pytest.mark.parametrize("n", [2, 3, 4, 7, 100, 5000])
def test_entries_of_orthogonal_matrices(n: int) -> None:
    """(x/gain)^2 of a coordinate on the sphere is Beta(1/2, (n-1)/2)."""
    law = d.SphereEntry(n, 1.5)
    x = np.linspace(-1.5, 1.5, 101) / math.sqrt(max(1, n / 10))
    expected = 0.5 + 0.5 * np.sign(x) * stats.beta.cdf((x / 1.5) ** 2, 0.5, (n - 1) / 2)
    np.testing.assert_allclose(law.cdf(x), expected, atol=2e-6)


@given(st.floats(0.001, 0.4), st.integers(5, 100_000))
@settings(max_examples=30, deadline=None)
def test_ks_probability_agrees_with_scipy(scaled: float, n: int) -> None:
    distance = scaled * 5 / math.sqrt(n)
    assert ks_probability(distance, n) == pytest.approx(stats.kstwo.sf(distance, n), abs=0.02)


def test_chi_square_agrees_with_scipy() -> None:
    for statistic, freedom in [(3.2, 2), (100, 80), (0, 5), (40, 3)]:
        assert chi_square_probability(statistic, freedom) == pytest.approx(
            stats.chi2.sf(statistic, freedom), rel=1e-6)


def test_false_alarms_are_as_rare_as_they_should_be() -> None:
    generator = torch.Generator().manual_seed(5)
    p = [fit(np.sort(torch.randn(500, generator=generator).double().numpy()), d.Normal(0, 1)).p
         for _ in range(400)]
    assert 0.02 < np.mean(np.array(p) < 0.05) < 0.09


# --------------------------------------------------------------------------- initializers

SHAPE = (512, 1024)


def drawn(act: Any) -> torch.Tensor:
    with torch.random.fork_rng():
        torch.manual_seed(11)
        tensor = torch.empty(SHAPE)
        act(tensor)
    return tensor


INITIALIZERS: list[tuple[str, tuple[Any, ...], Any]] = [
    ("zeros", (), nn.init.zeros_),
    ("ones", (), nn.init.ones_),
    ("fill", (2.5,), lambda t: t.fill_(2.5)),
    ("eye", (), nn.init.eye_),
    ("orthogonal", (1.5,), lambda t: nn.init.orthogonal_(t, 1.5)),
    ("xnormal", (2.0,), lambda t: nn.init.xavier_normal_(t, 2.0)),
    ("xuniform", (), nn.init.xavier_uniform_),
    ("knormal", ("relu",), lambda t: nn.init.kaiming_normal_(t, nonlinearity="relu")),
    ("knormal", ("leakyrelu", "fanout", 0.1),
     lambda t: nn.init.kaiming_normal_(t, 0.1, "fan_out", "leaky_relu")),
    ("kuniform", ("tanh", "fanin", 0.0),
     lambda t: nn.init.kaiming_uniform_(t, nonlinearity="tanh")),
    ("snormal", (0.13,), lambda t: nn.init.sparse_(t, 0.13)),
    ("snormal", (0.5, 2.0), lambda t: nn.init.sparse_(t, 0.5, 2.0)),
    ("normal", (1.0, 3.0), lambda t: t.normal_(1, 3)),
    ("uniform", (-1.0, 4.0), lambda t: t.uniform_(-1, 4)),
    ("cauchy", (1.0, 2.0), lambda t: t.cauchy_(1, 2)),
    ("exponential", (2.0,), lambda t: t.exponential_(2)),
    ("geometric", (0.3,), lambda t: t.geometric_(0.3)),
    ("lognormal", (), lambda t: t.log_normal_(1, 2)),
    ("random", (7,), lambda t: t.random_(7)),
    ("random", (-5, 5000), lambda t: t.random_(-5, 5000)),
    ("random", laws.whole_range(torch.float32), lambda t: t.random_()),
]


@pytest.mark.parametrize(("name", "options", "act"), INITIALIZERS)
def test_every_initializer_fits_its_law(name: str, options: tuple[Any, ...], act: Any) -> None:
    tensor = drawn(act)
    laws.record(tensor, laws.initializer(name, SHAPE, *options))
    found = view.histograms({"w": tensor})[0].law
    assert found is not None
    assert found.consistent, found
    assert found.verdict == "consistent with"
    assert not found.changed


@pytest.mark.parametrize(("name", "options"), [
    ("normal", (0.0, 0.04419)), ("xuniform", ()), ("kuniform", ("linear",)), ("zeros", ()),
    ("orthogonal", ()), ("snormal", (0.1,)), ("random", (5,)), ("geometric", (0.3,)),
])
def test_another_law_is_told_apart(name: str, options: tuple[Any, ...]) -> None:
    tensor = drawn(lambda t: nn.init.kaiming_uniform_(t, nonlinearity="relu"))
    laws.record(tensor, laws.initializer(name, SHAPE, *options))
    found = view.histograms({"w": tensor})[0].law
    assert found is not None and not found.consistent
    assert found.verdict == "not consistent with"


def test_small_orthogonal_matrices_are_not_normal() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(2)
        tensor = torch.cat([nn.init.orthogonal_(torch.empty(4, 4)) for _ in range(2000)])
    values = tensor.double().flatten().numpy()
    assert fit(values, d.SphereEntry(4, 1.0)).consistent
    assert not fit(values, d.Normal(0, 0.5)).consistent


def test_dirac_has_its_share_of_ones() -> None:
    tensor = nn.init.dirac_(torch.empty(6, 4, 3, 3))
    laws.record(tensor, laws.initializer("dirac", tensor.shape))
    found = view.histograms({"w": tensor})[0].law
    assert found is not None and found.consistent


def test_expected_counts_add_up() -> None:
    tensor = drawn(lambda t: t.normal_())
    laws.record(tensor, laws.initializer("normal", SHAPE))
    h = view.histograms({"w": tensor})[0]
    assert h.law is not None
    assert sum(h.law.curve) == pytest.approx(tensor.numel(), rel=1e-3)


# --------------------------------------------------------------------------- how a law is known


def defaults() -> list[nn.Module]:
    return [
        nn.Linear(300, 200), nn.Bilinear(30, 20, 40), nn.Conv1d(8, 16, 5), nn.Conv2d(8, 16, 3),
        nn.ConvTranspose2d(16, 8, 3), nn.Conv2d(8, 16, 3, groups=4), nn.LSTM(40, 50, 2),
        nn.GRUCell(20, 30), nn.Embedding(500, 40), nn.Embedding(500, 40, padding_idx=7),
        nn.MultiheadAttention(64, 4), nn.MultiheadAttention(64, 4, kdim=20, vdim=30),
        nn.MultiheadAttention(64, 4, add_bias_kv=True), nn.LayerNorm(20), nn.BatchNorm2d(20),
        nn.GroupNorm(2, 20), nn.PReLU(3, 0.1), nn.TransformerEncoderLayer(32, 4, 64),
        nn.Transformer(32, 4, 1, 1, 64),
    ]


@pytest.mark.parametrize("index", range(len(defaults())))
def test_torch_defaults_are_known_and_fit(index: int) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(7)
        module = defaults()[index]
    for h in view.histograms(module):
        assert h.law is not None, h.name
        assert h.law.by.startswith("default of"), h.name
        assert h.law.consistent, (h.name, h.law)


def test_a_recorded_law_wins_and_a_change_is_noticed() -> None:
    layer = nn.Linear(50, 50)
    with torch.no_grad():
        layer.weight.normal_()
    laws.record(layer.weight, laws.initializer("normal", (50, 50)))
    found = view.histograms(layer)[0].law
    assert found is not None and found.by == "normal" and found.recorded and not found.changed
    with torch.no_grad():
        layer.weight.mul_(1.5)
    found = view.histograms(layer)[0].law
    assert found is not None and found.changed


def test_a_law_is_found_through_an_alias() -> None:
    layer = nn.Linear(3, 4)
    laws.record(layer.weight.data, laws.initializer("ones", (4, 3)))
    assert laws.recorded(layer.weight) is not None


def test_partly_initialized_tensors_have_no_law() -> None:
    layer = nn.Linear(3, 4)
    laws.record(layer.weight, None)
    assert view.histograms(layer)[0].law is None


def test_records_do_not_outlive_their_tensors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laws, "_records", {})  # without those of other tests, which may live on
    monkeypatch.setattr(laws, "_purge_at", 1024)
    for _ in range(5000):
        laws.record(torch.empty(4), laws.initializer("zeros", (4,)))
    assert len(laws._records) < 2100


def test_the_state_of_tensors_changes_with_any_write() -> None:
    layer = nn.Linear(30, 30)
    states = [view.tensors_state(layer)]
    with torch.no_grad():
        layer.weight.add_(1)
    states.append(view.tensors_state(layer))
    layer.weight.data.zero_()
    states.append(view.tensors_state(layer))
    assert len(set(states)) == 3


def test_numbers_that_are_all_the_same_fit_no_law_without_spikes() -> None:
    assert not fit(np.zeros(5), d.Uniform(-0.1, 0.1)).consistent
    assert fit(np.zeros(2), d.Uniform(-0.1, 0.1)).consistent
