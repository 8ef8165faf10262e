"""Activations written over what the module before them made: the bits of torch's Sequential."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from kkernel.api.module.own.overwrite import FRESH
from kkernel.api.module.own.sequence import Sequential

ROWS, IMAGE, CUBE = (5, 6), (2, 6, 8, 8), (2, 6, 4, 4, 4)
BEFORE: list[tuple[nn.Module, tuple[int, ...]]] = [
    (nn.Linear(6, 33), ROWS), (nn.Linear(6, 33, bias=False), ROWS), (nn.Linear(6, 7), (2, 3, 6)),
    (nn.Conv1d(6, 4, 3), (2, 6, 9)), (nn.Conv2d(6, 4, 3), IMAGE), (nn.Conv2d(6, 4, 3), IMAGE[1:]),
    (nn.Conv3d(6, 4, 2), CUBE), (nn.ConvTranspose1d(6, 4, 3), (2, 6, 9)),
    (nn.ConvTranspose2d(6, 4, 3), IMAGE), (nn.ConvTranspose3d(6, 4, 2), CUBE),
    (nn.BatchNorm1d(6), ROWS), (nn.BatchNorm2d(6), IMAGE), (nn.BatchNorm3d(6), CUBE),
    (nn.LayerNorm(6), ROWS), (nn.GroupNorm(2, 6), IMAGE), (nn.MaxPool2d(2), IMAGE),
    (nn.MaxPool3d(2), CUBE), (nn.AvgPool2d(2), IMAGE), (nn.AvgPool3d(2), CUBE),
    (nn.AdaptiveAvgPool2d(1), IMAGE), (nn.AdaptiveAvgPool2d(8), IMAGE),
    (nn.AdaptiveAvgPool3d(2), CUBE)]
OVER = [nn.ReLU(), nn.ReLU6(), nn.Hardtanh(-.3, .4), nn.LeakyReLU(.2), nn.LeakyReLU(-.2),
        nn.Sigmoid(), nn.Tanh(), nn.Dropout(.3), nn.Dropout(0.), nn.Dropout(1.), nn.Dropout2d(.5),
        nn.Dropout3d(.5)]


class Told(TorchDispatchMode):
    """The names of all operations while it is on."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.append(str(func))
        return func(*args, **(kwargs or {}))


def told(net: nn.Module, x: Tensor) -> list[str]:
    with Told() as t:
        net(x)
    return t.names


def numbers(net: nn.Module, size: tuple[int, ...]) -> list[Tensor]:
    """Result, gradients, and gradients of gradients."""
    torch.manual_seed(4)
    x = torch.randn(size).requires_grad_()
    parms = [x, *net.parameters()]
    y = net(x)
    first = torch.autograd.grad(y.square().sum(), parms, create_graph=True, allow_unused=True)
    total = sum(g.square().sum() for g in first if g is not None)
    second = torch.autograd.grad(total, parms, allow_unused=True) if total.requires_grad else ()
    return [t for t in (y, *first, *second) if t is not None]


def test_every_maker_is_here() -> None:
    assert {type(m) for m, _ in BEFORE} == FRESH


@pytest.mark.filterwarnings("ignore:dropout.d")
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("before,size", BEFORE, ids=lambda v: str(v)[:24])
def test_bits_of_results_and_gradients(before: nn.Module, size: tuple[int, ...],
                                       training: bool) -> None:
    for over in OVER:
        modules = [before, over, nn.Dropout(.5), nn.Tanh()]
        own, plain = (kind(*copy.deepcopy(modules)).train(training)
                      for kind in (Sequential, nn.Sequential))
        for a, b in itertools.zip_longest(numbers(own, size), numbers(plain, size)):
            assert torch.equal(a, b), over


def test_what_is_overwritten() -> None:
    x = torch.randn(5, 6)
    net = Sequential(nn.Linear(6, 7), nn.Dropout(.5), nn.ReLU(), nn.Tanh())
    names = told(net, x)
    assert "aten.relu_.default" in names and "aten.tanh.default" in names
    assert "aten.mul_.Tensor" in names
    assert "aten.relu.default" in told(Sequential(nn.ReLU()), x)
    assert "aten.relu.default" in told(Sequential(nn.Linear(6, 7), nn.ReLU()), x.view(1, 5, 6))
    assert "aten.relu.default" in told(Sequential(nn.Sigmoid(), nn.ReLU()), x)


def test_nothing_is_overwritten_that_a_hook_sees() -> None:
    x = torch.randn(5, 6)
    for i, hook in itertools.product((0, 1), ("forward", "forward_pre", "full_backward")):
        net = Sequential(nn.Linear(6, 7), nn.ReLU())
        getattr(net[i], f"register_{hook}_hook")(lambda *given: None)
        assert "aten.relu.default" in told(net, x)
    seen: list[Tensor] = []
    handle = nn.modules.module.register_module_forward_hook(lambda m, x, y: seen.append(y))
    try:
        Sequential(nn.Linear(6, 7), nn.ReLU())(x)
    finally:
        handle.remove()
    assert (seen[0] < 0).any()


def test_inputs_stay_as_they_are() -> None:
    x = torch.randn(5, 6)
    before = x.clone()
    for first in (nn.ReLU(), nn.Dropout(.5), nn.Identity(), nn.Flatten()):
        Sequential(first, nn.ReLU(), nn.Dropout(.5), nn.Linear(6, 7), nn.ReLU())(x)
        assert torch.equal(x, before)
