"""What one layer makes of the mean square of its input, in expectation over its weights.

For layers of many units whose weights are drawn independently with mean zero, sums are nearly
normal; the fluctuation that finite width leaves adds up from layer to layer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from .laws import KnownLaw
from .structure import own_parameters

Laws = Mapping[str, KnownLaw]


@dataclass(frozen=True)
class Belief:
    """An expected mean square, and the variance of its logarithm.

    `before` is the variance before the sums that a layer of `units` has just made: the activation
    that follows sees their square and what it makes of it together.
    """

    square: float
    variance: float = 0.0
    before: float = 0.0
    units: int = 0


def expect(module: nn.Module, path: str, start: Belief | None, laws: Laws) -> Belief | None:
    """The belief after a layer; None where there is no theory for it."""
    if isinstance(module, (nn.Embedding, nn.EmbeddingBag)):
        return Belief(second_moment(module.weight, laws.get(f"{path}.weight")))
    if start is None:
        return None
    if isinstance(module, SUMMING):
        return _sums(module, path, start, laws)
    if isinstance(module, _NORMS):
        return Belief(sum(p.detach().double().square().mean().item()
                          for _, p in own_parameters(module)) if module._parameters.get("weight")
                      is not None else 1.0)
    if isinstance(module, DROPOUTS):
        kept = 1 - module.p if module.training else 1.0
        return replace(start, square=start.square / kept if kept else math.nan)
    if isinstance(module, PASSING):
        return start
    if elementwise(module):
        return _activation(module, start)
    return None


_NORMS = (nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)
SUMMING = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
PASSING = (nn.Identity, nn.Flatten, nn.Unflatten)
DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)


def elementwise(module: nn.Module) -> bool:
    """Whether a module is a function of each number alone."""
    others = (nn.MultiheadAttention, nn.Softmax, nn.LogSoftmax, nn.Softmin, nn.Softmax2d, nn.GLU,
              nn.PReLU)
    return type(module).__module__ == "torch.nn.modules.activation" and not isinstance(
        module, others)


def _sums(module: nn.Module, path: str, start: Belief, laws: Laws) -> Belief | None:
    parameters = dict(own_parameters(module))
    weight = parameters["weight"]
    prefix = f"{path}." if path else ""
    moment = second_moment(weight, laws.get(prefix + "weight"))
    square = weight[0].numel() * moment * start.square
    if "bias" in parameters:
        square += second_moment(parameters["bias"], laws.get(prefix + "bias"), centred=False)
    if math.isnan(square):
        return None
    units = weight.shape[0]
    return Belief(square, start.variance + 2 / units, start.variance, units)


def second_moment(tensor: Tensor, known: KnownLaw | None, centred: bool = True) -> float:
    """Mean square by the law if it is known, else as it is; NaN when the mean is not zero."""
    if known is not None and not known.changed:
        law = known.law.distribution
        mean, sd = law.mean, law.sd
    else:
        values = tensor.detach()
        if values.numel() < 1 << 20:  # a large one is averaged well enough as it is
            values = values.double()
        variance, average = torch.var_mean(values, correction=0)
        mean, sd = average.item(), math.sqrt(variance.item())
    off = centred and abs(mean) > 5 * sd / math.sqrt(tensor.numel()) + 1e-12
    return math.nan if off else mean**2 + sd**2


def _activation(module: nn.Module, start: Belief) -> Belief:
    """The function's mean square over a normal distribution of the square that comes in."""
    with torch.no_grad():
        values = module.forward(GRID * math.sqrt(start.square)).double()
    square = float((WEIGHTS * values**2).sum())
    fourth = float((WEIGHTS * values**4).sum())
    noise = fourth / square**2 - 1 if square > 0 and start.units else 0.0
    variance = start.before + noise / start.units if start.units else start.variance
    return Belief(square, variance)


GRID = torch.linspace(-8, 8, 4001, dtype=torch.float64)
WEIGHTS = torch.exp(-(GRID**2) / 2) * (16 / 4000) / math.sqrt(2 * math.pi)
