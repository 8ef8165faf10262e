"""Draw the weights of a module by the k api's initializers, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from ..init import fills
from .laws import initialized
from .structure import named_modules, named_parameters

FUNCTIONS = ("relu", "leakyrelu", "tanh", "sigmoid", "linear")
FANS = ("fanin", "fanout")


def _kaiming(fill: Callable[..., None]) -> Callable[..., None]:
    def draw(t: Tensor, function: str = fills.LEAKY, fan: str = "fanin", slope: float = 0) -> None:
        fill(t, slope, fan, function)

    return draw


# name -> how a tensor is filled, with the options in q's order
DRAWS: dict[str, Callable[..., Any]] = {
    "kuniform": _kaiming(fills.kuniform),
    "knormal": _kaiming(fills.knormal),
    "xuniform": fills.xuniform,
    "xnormal": fills.xnormal,
    "orthogonal": fills.orthogonal,
    "normal": Tensor.normal_,
    "uniform": Tensor.uniform_,
    "snormal": fills.sparse,
    "eye": fills.eye,
    "dirac": fills.dirac,
    "zeros": fills.zeros,
    "ones": fills.ones,
}
_DIMENSIONS = {"normal": (1, 64), "uniform": (1, 64), "zeros": (1, 64), "ones": (1, 64),
               "snormal": (2, 2), "eye": (2, 2), "dirac": (3, 5)}  # others: two and more
GAINED = ("xuniform", "xnormal", "orthogonal")


def gain(function: str) -> float:
    """The recommended factor before an activation."""
    return fills.gain_of(function, 0.0)


def options_for(name: str, function: str, fan: str) -> tuple[Any, ...]:
    """The options that suit an activation: its name, or its gain."""
    if name in ("kuniform", "knormal"):
        return (function, fan)
    if name in GAINED:
        return (round(gain(function), 7),)
    return {"snormal": (0.1,), "normal": (0.0, 1.0), "uniform": (-0.1, 0.1)}.get(name, ())


def weights(module: nn.Module, least: int = 2) -> dict[str, Tensor]:
    """Parameters of at least so many dimensions, by name, each once."""
    found: dict[int, tuple[str, Tensor]] = {}
    for name, parameter in named_parameters(module):
        if not is_lazy(parameter) and parameter.dim() >= least and parameter.is_floating_point():
            found.setdefault(id(parameter), (name, parameter))
    return dict(found.values())


def draw(tensor: Tensor, name: str, *options: Any) -> None:
    """Fill a tensor in place, and note the law."""
    with torch.no_grad():
        DRAWS[name](tensor, *options)
    initialized(tensor, name, *options)


def draw_all(module: nn.Module, name: str, *options: Any) -> None:
    """Draw all weights anew, by an initializer or by torch's `default`; other biases become zero.
    """
    if name == "default":
        for _, child in named_modules(module):
            reset = getattr(child, "reset_parameters", None)
            if callable(reset):
                reset()
        return
    for tensor in weights(module).values():
        if suits(tensor, name):
            draw(tensor, name, *options)
    for path, parameter in named_parameters(module):
        if path.endswith("bias") and parameter.dim() == 1:
            draw(parameter, "zeros")


def suits(tensor: Tensor, name: str) -> bool:
    """Whether an initializer can fill a tensor of this shape."""
    least, most = _DIMENSIONS.get(name, (2, 64))
    return name in DRAWS and least <= tensor.dim() <= most and tensor.numel() > 0
