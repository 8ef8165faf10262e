"""Activations that overwrite what the module before them made.

Inside a sequential nobody else sees the result of a linear layer before its activation, so the
activation is written over it: a tensor less to allocate, to fill and to keep until the backward
pass.  Results and gradients keep their bits, because the module before makes a new tensor which its
own gradient does not ask for, and because the activation's gradient follows from its result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules import module as hooks

# makers of new tensors, which their gradients do not ask for
FRESH = frozenset((
    nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d,
    nn.ConvTranspose3d, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.LayerNorm, nn.GroupNorm,
    nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool2d, nn.AvgPool3d, nn.AdaptiveAvgPool2d,
    nn.AdaptiveAvgPool3d))


def _dropped(drop: Callable[..., Tensor]) -> Callable[[Any, Tensor], Tensor]:
    return lambda m, x: drop(x, m.p, m.training, True)


def _leaky(m: nn.LeakyReLU, x: Tensor) -> Tensor:
    """A slope that turns signs hides from the result what the gradient needs."""
    return F.leaky_relu(x, m.negative_slope, m.negative_slope > 0)


# what takes the place of a module's forward; of what comes out, the gradient asks for the result
_OVER: dict[type[nn.Module], Callable[[Any, Tensor], Tensor]] = {
    nn.ReLU: lambda m, x: torch.relu_(x),
    nn.ReLU6: lambda m, x: F.hardtanh(x, 0.0, 6.0, True),
    nn.Hardtanh: lambda m, x: F.hardtanh(x, m.min_val, m.max_val, True),
    nn.LeakyReLU: _leaky,
    nn.Sigmoid: lambda m, x: torch.sigmoid_(x),
    nn.Tanh: lambda m, x: torch.tanh_(x)}
# the same for those after which nothing asks for the result: it may be written over once more
_DROP: dict[type[nn.Module], Callable[[Any, Tensor], Tensor]] = {
    nn.Dropout: _dropped(F.dropout), nn.Dropout2d: _dropped(F.dropout2d),
    nn.Dropout3d: _dropped(F.dropout3d)}
_RUN = _OVER | _DROP


def watched(module: nn.Module) -> bool:
    """Whether hooks, or another forward put in its place, see what goes in and out of a module."""
    return bool(module._forward_hooks or module._forward_pre_hooks or module._backward_hooks
                or module._backward_pre_hooks or "forward" in module.__dict__)


def all_watched() -> bool:
    """Whether hooks see every module."""
    return bool(hooks._global_forward_hooks or hooks._global_forward_pre_hooks
                or hooks._global_backward_hooks or hooks._global_backward_pre_hooks)


def _unseen(x: Any, maker: nn.Module, module: nn.Module) -> bool:
    """Whether x, which goes from the one module to the other, is a tensor that nobody else has."""
    return type(x) is Tensor and x._base is None and not (
        watched(maker) or watched(module) or all_watched())


def through(modules: Iterable[nn.Module], x: Any) -> Any:
    """Run modules one after the other."""
    maker: nn.Module | None = None  # of x, if x is new and no gradient asks for it
    for module in modules:
        kind = type(module)
        over = None if maker is None else _RUN.get(kind)
        if over is not None and _unseen(x, maker, module):  # type: ignore[arg-type]
            x = over(module, x)
            maker = maker if kind in _DROP else None
        else:
            x = module(x)
            maker = module if kind in FRESH else None
    return x
