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
    that follows sees their square and what it makes of it together. The units lie along `axis`.
    """

    square: float
    variance: float = 0.0
    before: float = 0.0
    units: int = 0
    axis: int = -1


def expect(
    module: nn.Module, path: str, start: Belief | None, laws: Laws, alike: float = 1.0
) -> Belief | None:
    """The belief after a layer; None where there is no theory for it.

    `alike` says how much the samples of its input point the same way (see `together`): chance in
    the weights is the same for all of them then, and does not average out.
    """
    if isinstance(module, (nn.Embedding, nn.EmbeddingBag)):
        return Belief(second_moment(module.weight, laws.get(f"{path}.weight")))
    if start is None:
        return None
    if isinstance(module, SUMMING):
        return _sums(module, path, start, laws, alike)
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
        return _activation(module, start, alike)
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


def _sums(
    module: nn.Module, path: str, start: Belief, laws: Laws, alike: float
) -> Belief | None:
    parameters = dict(own_parameters(module))
    weight = parameters["weight"]
    prefix = f"{path}." if path else ""
    moment = second_moment(weight, laws.get(prefix + "weight"))
    square = products = weight[0].numel() * moment * start.square
    if "bias" in parameters:
        square += second_moment(parameters["bias"], laws.get(prefix + "bias"), centred=False)
    if math.isnan(square):
        return None
    units = weight.shape[0]
    before = start.variance * (products / square) ** 2 if square else 0.0
    axis = -1 if isinstance(module, nn.Linear) else 1
    return Belief(square, before + 2 / units * alike, before, units, axis)


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


def _activation(module: nn.Module, start: Belief, alike: float) -> Belief:
    """The function's mean square over a normal distribution of the square that comes in."""
    shape = shape_of(module, start.square)
    if not start.units:
        return replace(start, square=shape.square, variance=start.variance * shape.growth**2)
    noise = float((WEIGHTS * shape.squares**2).sum()) - 1 if shape.square > 0 else 0.0
    variance = start.before * shape.growth**2 + noise / start.units * alike
    return Belief(shape.square, variance, axis=start.axis)


@dataclass(frozen=True)
class Shape:
    """A function of each number alone, over a normal distribution: see `GRID` and `WEIGHTS`.

    `square` is the mean square of its values, `slope` that of its derivative. `squares` and
    `slopes` are these squares at each point, against their means. `growth` and `steepening` say
    how the logarithm of each mean changes with that of the square that comes in.
    """

    square: float
    slope: float
    squares: Tensor
    slopes: Tensor
    growth: float
    steepening: float


STEP = 0.05  # of the logarithm, for derivatives


def shape_of(module: nn.Module, square: float) -> Shape:
    """The shape of an elementwise function where numbers of this mean square come in."""
    values, slopes = _squares(module, square)
    more = _squares(module, square * math.exp(STEP))
    less = _squares(module, square / math.exp(STEP))
    mean, slope = _mean(values), _mean(slopes)
    return Shape(mean, slope, values / mean if mean > 0 else values,
                 slopes / slope if slope > 0 else slopes,
                 _change(_mean(more[0]), _mean(less[0])), _change(_mean(more[1]), _mean(less[1])))


def _squares(module: nn.Module, square: float) -> tuple[Tensor, Tensor]:
    """The squares of a function and of its derivative at the points of the grid."""
    with torch.enable_grad():
        points = (GRID * math.sqrt(square)).requires_grad_()
        values = module.forward(points + 0)  # some write to their input
        (slope,) = torch.autograd.grad(values.sum(), points)
    return values.detach().double() ** 2, slope.double() ** 2


def _mean(values: Tensor) -> float:
    return float((WEIGHTS * values).sum())


def _change(more: float, less: float) -> float:
    return (math.log(more) - math.log(less)) / (2 * STEP) if more > 0 and less > 0 else 0.0


MOST_ROWS = 256  # of a tensor, to see how its samples go together


def together(values: Tensor, axis: int) -> float:
    """How much the samples point the same way: the squares of the covariance's eigenvalues, summed,
    against the square of their sum. 1 when all lie in one direction. Units lie along `axis`."""
    if values.dim() < 2:
        return 1.0
    rows = values.movedim(axis, -1).reshape(-1, values.shape[axis])
    rows = rows[:: max(1, math.ceil(len(rows) / MOST_ROWS))].double()
    whole = rows.square().sum().item()
    gram = rows @ rows.T if len(rows) <= rows.shape[1] else rows.T @ rows
    share = gram.square().sum().item() / whole**2 if whole > 0 else 1.0
    return share if math.isfinite(share) else 1.0


def units_axis(module: nn.Module, values: Tensor) -> int:
    """Where the units of a tensor lie that goes into or comes out of a layer."""
    return 1 if values.dim() > 2 and not isinstance(module, nn.Linear) else -1


GRID = torch.linspace(-8, 8, 4001, dtype=torch.float64)
WEIGHTS = torch.exp(-(GRID**2) / 2) * (16 / 4000) / math.sqrt(2 * math.pi)
