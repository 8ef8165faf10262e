"""Signal through depth: measured as a plain forward gives it, expected as theory says."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from kkernel.api import view
from kkernel.api.look.expected import Belief, expect
from kkernel.api.look.initializers import DRAWS, draw, draw_all, options_for


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(6)
        yield


def deep(layers: int = 30, width: int = 256, activation: Any = nn.ReLU) -> nn.Sequential:
    blocks = [m for _ in range(layers) for m in (nn.Linear(width, width), activation())]
    return nn.Sequential(*blocks)


# --------------------------------------------------------------------------- measured


def test_squares_and_gradients_are_those_of_a_plain_pass() -> None:
    model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 4))
    x = torch.randn(10, 8)
    h = model[0](x)
    a = model[1](h)
    out = model[2](a)
    found = view.signal(model, (x,))
    assert [layer.path for layer in found.layers] == ["0", "1", "2"]
    for layer, tensor in zip(found.layers, (h, a, out), strict=True):
        assert layer.square == pytest.approx(tensor.square().mean().item(), rel=1e-5)
    torch.manual_seed(0)
    g = torch.randn_like(out)
    a.retain_grad()
    out.backward(g)
    assert a.grad is not None
    assert found.layers[1].gradient == pytest.approx(a.grad.square().mean().item(), rel=1e-4)


def test_the_model_and_the_random_state_stay_as_they_are() -> None:
    model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 2))
    before = {k: v.clone() for k, v in model.state_dict().items()}
    random = torch.get_rng_state()
    view.signal(model)
    view.compare_initializers(model, [("orthogonal", (1.0,)), ("default", ())])
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
    assert torch.equal(random, torch.get_rng_state())
    assert all(p.grad is None for p in model.parameters())
    assert not any(m._forward_hooks for m in model.modules())


def test_dead_and_saturated_units_are_counted() -> None:
    model = nn.Sequential(nn.Linear(4, 10), nn.ReLU(), nn.Linear(10, 5), nn.Tanh())
    with torch.no_grad():
        model[0].bias[:3] = -100
        model[2].weight.mul_(1000)
    layers = view.signal(model, (torch.randn(50, 4),)).layers
    assert layers[1].dead == pytest.approx(0.3)
    assert layers[3].saturated > 0.95
    assert math.isnan(layers[0].dead) and math.isnan(layers[1].saturated)


def test_a_failing_forward_keeps_the_layers_before_it() -> None:
    found = view.signal(nn.Sequential(nn.Linear(3, 4), nn.Linear(5, 2)), (torch.zeros(2, 3),))
    assert [layer.path for layer in found.layers] == ["0"] and "shapes" in found.failure


def test_a_models_own_data_is_used() -> None:
    class Data:
        x, width = torch.randn(500, 6), 20

    class Model:
        module, data = nn.Sequential(nn.Linear(6, 2)), Data

    found = view.signal(Model.module, data=Model)
    assert found.source == "64 samples of the model's data"


def test_activations_are_those_of_a_plain_pass_and_touch_nothing() -> None:
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(inplace=True), nn.BatchNorm1d(16),
                          nn.Linear(16, 4))
    before = {k: v.clone() for k, v in model.state_dict().items()}
    x = torch.randn(30, 8)
    found = {h.name: h for h in view.activations(model, (x,))}
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
    h = x
    for name, layer in model.named_children():
        h = layer(h)
        assert found[name].moments.mean == pytest.approx(h.mean().item(), abs=1e-6)
        assert found[name].moments.sd == pytest.approx(h.std().item(), rel=1e-5)
        assert sum(found[name].counts) + found[name].below + found[name].above == h.numel()
    failing = nn.Sequential(nn.Linear(3, 4), nn.Linear(5, 2))
    assert [h.name for h in view.activations(failing, (torch.zeros(2, 3),))] == ["0"]


def test_embeddings_get_valid_indices() -> None:
    found = view.signal(nn.Sequential(nn.Embedding(7, 12), nn.Linear(12, 3)))
    assert found.failure == "" and found.layers[0].theory == pytest.approx(1.0)


# --------------------------------------------------------------------------- expected


@pytest.mark.parametrize(("name", "activation", "function"), [
    ("kuniform", nn.ReLU, "relu"), ("knormal", nn.ReLU, "relu"), ("xnormal", nn.Tanh, "tanh"),
    ("orthogonal", nn.ReLU, "relu"), ("xuniform", nn.GELU, "linear"), ("knormal", nn.SiLU, "relu"),
    ("normal", nn.ReLU, "relu"), ("xnormal", nn.ELU, "linear"),
])
def test_what_is_measured_lies_in_the_expected_band(
    name: str, activation: Any, function: str
) -> None:
    model = deep(20, 200, activation)
    draw_all(model, name, *options_for(name, function, "fanin"))
    for layer in view.signal(model).layers:
        assert layer.theory > 0
        off = abs(math.log(layer.square / layer.theory))
        assert off < 4 * layer.spread + 0.1, layer


def test_the_spread_is_that_of_many_draws() -> None:
    logs = []
    for _ in range(60):
        model = deep(10, 64)
        draw_all(model, "knormal", "relu")
        last = view.signal(model, (torch.randn(1, 64),)).layers[-1]
        logs.append(math.log(last.square / last.theory))
    assert np.std(logs) == pytest.approx(last.spread, rel=0.3)
    assert last.theory == pytest.approx(1, rel=0.35)


def test_convolutions_norms_and_dropout_have_theory() -> None:
    model = nn.Sequential(nn.Conv2d(3, 64, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.Dropout(0.25),
                          nn.Flatten(), nn.Linear(64 * 36, 10))
    layers = view.signal(model, (torch.randn(64, 3, 8, 8),)).layers
    for layer in layers:
        assert layer.theory == pytest.approx(layer.square, rel=0.4), layer
    assert layers[3].theory == pytest.approx(0.5 / 0.75, rel=1e-3)


def test_weights_with_a_mean_have_no_theory() -> None:
    model = nn.Sequential(nn.Linear(50, 50))
    draw(model[0].weight, "uniform", 0.0, 1.0)
    assert math.isnan(view.signal(model).layers[0].theory)


def test_a_linear_layer_by_hand() -> None:
    layer = nn.Linear(100, 30, bias=False)
    draw(layer.weight, "normal", 0.0, 0.2)
    belief = expect(layer, "", Belief(3.0), {})
    assert belief is not None
    assert belief.square == pytest.approx(100 * layer.weight.square().mean().item() * 3, rel=1e-4)
    assert belief.variance == pytest.approx(2 / 30)


# --------------------------------------------------------------------------- gradients


@pytest.mark.parametrize(("name", "activation", "options"), [
    ("knormal", nn.ReLU, ("relu",)), ("xuniform", nn.Tanh, (1.0,)), ("orthogonal", nn.ReLU, (1.4,)),
    ("kuniform", nn.LeakyReLU, ("leakyrelu",)), ("xnormal", nn.Sigmoid, (1.0,)),
])
def test_gradients_lie_in_their_expected_band(name: str, activation: Any, options: Any) -> None:
    model = deep(20, 128, activation)
    draw_all(model, name, *options)
    layers = view.signal(model).layers
    assert len(layers) == 40
    for layer in layers:
        assert layer.gradient_theory > 0
        off = abs(math.log(layer.gradient / layer.gradient_theory))
        assert off < 4 * layer.gradient_spread + 0.15, layer


def test_the_spread_of_gradients_is_that_of_many_draws() -> None:
    logs, spreads = [], []
    for _ in range(60):
        model = deep(8, 48)
        draw_all(model, "knormal", "relu")
        first = view.signal(model, (torch.randn(64, 48),)).layers[0]
        logs.append(math.log(first.gradient / first.gradient_theory))
        spreads.append(first.gradient_spread)
    assert np.std(logs) == pytest.approx(np.mean(spreads), rel=0.35)
    assert abs(np.mean(logs)) < 0.25


@pytest.mark.parametrize(("name", "activation", "options"), [
    ("default", nn.GELU, ()), ("xnormal", nn.Tanh, options_for("xnormal", "tanh", "fanin")),
    ("knormal", nn.ReLU, ("relu",)),
])
def test_the_bands_of_many_samples_are_those_of_many_draws(
    name: str, activation: Any, options: Any
) -> None:
    """Samples that differ average chance out; biases and bounded activations damp it."""
    logs, spreads = [], []
    for _ in range(40):
        model = deep(8, 64, activation)
        draw_all(model, name, *options)
        layers = view.signal(model, (torch.randn(32, 64),)).layers
        first, last = layers[0], layers[-1]
        logs.append((math.log(last.square / last.theory),
                     math.log(first.gradient / first.gradient_theory)))
        spreads.append((last.spread, first.gradient_spread))
    found, stated = np.std(logs, axis=0), np.mean(spreads, axis=0)
    assert (stated / 2 < found).all() and (found < 1.5 * stated).all(), (found, stated)


def test_gradients_of_two_takers_add_up_and_sums_are_not_guessed() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.r = nn.Linear(64, 64), nn.ReLU(inplace=True)
            self.b, self.q, self.k = nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, 64)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            h = self.r(self.a(x))
            y = x + self.b(h)  # a sum: what is expected behind it starts again from what it got
            return self.q(y) + self.k(y)

    layers = {layer.path: layer for layer in view.signal(Net(), (torch.randn(99, 64),)).layers}
    for name in ("a", "r"):
        assert layers[name].gradient_theory == pytest.approx(layers[name].gradient, rel=0.2)
    for name in ("b", "q", "k"):
        assert math.isnan(layers[name].gradient_theory)

    class Two(Net):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            h = self.r(self.a(x))
            return self.b(torch.cat([self.q(h), self.k(h)], 0))

    found = {layer.path: layer for layer in view.signal(Two(), (torch.randn(99, 64),)).layers}
    assert found["r"].gradient_theory == pytest.approx(found["r"].gradient, rel=0.2)
    assert found["b"].gradient_theory == found["b"].gradient
    assert math.isnan(found["q"].gradient_theory)


def test_convolutions_send_gradients_back_as_expected() -> None:
    model = nn.Sequential(nn.Conv2d(3, 48, 3), nn.ReLU(), nn.Conv2d(48, 64, 3, stride=2),
                          nn.Flatten(), nn.Dropout(0.2), nn.Linear(64 * 36, 200))
    for layer in view.signal(model, (torch.randn(16, 3, 16, 16),)).layers:
        assert layer.gradient_theory == pytest.approx(layer.gradient, rel=0.35), layer


# --------------------------------------------------------------------------- drawing


@pytest.mark.parametrize("name", DRAWS)
def test_every_initializer_of_the_panel_notes_its_law(name: str) -> None:
    layer = nn.Linear(300, 200) if name != "dirac" else nn.Conv2d(8, 6, 3)
    assert view.suits(layer.weight, name)
    draw(layer.weight, name, *options_for(name, "relu", "fanout"))
    found = view.histograms(layer)[0].law
    assert found is not None and found.recorded and found.consistent, found


def test_tied_weights_are_drawn_once() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    model[1].weight = model[0].weight
    assert list(view.weights(model)) == ["0.weight"]


def test_compare_shows_why_initializers_matter() -> None:
    rules = [("default", ()), ("xnormal", (1.0,)), ("knormal", ("relu",)), ("snormal", (0.1,))]
    ends = {s.source.split()[0]: s.layers[-1].square for s in
            view.compare_initializers(deep(), rules)}
    assert ends["snormal"] < 1e-30 < ends["xnormal"] < 1e-6
    assert 0.05 < ends["knormal"] < 20
