"""Which law a tensor was drawn from: recorded by the initializers, else the module's default."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.multiprocessing.reductions import StorageWeakRef

from .distributions import (
    Cauchy,
    Distribution,
    Exponential,
    Geometric,
    LogNormal,
    Normal,
    SphereEntry,
    Spiked,
    Uniform,
    WholeNumbers,
    constant,
)
from .structure import named_parameters


@dataclass(frozen=True)
class Law:
    """A distribution, and what drew from it: an initializer with its options, or a default."""

    by: str
    distribution: Distribution

    @property
    def words(self) -> str:
        return self.distribution.words


@dataclass(frozen=True)
class KnownLaw:
    """A law that was found for a tensor. `changed`: the tensor was written to since."""

    law: Law
    recorded: bool
    changed: bool = False


# --------------------------------------------------------------------------- initializers


def _fans(shape: Sequence[int]) -> tuple[int, int]:
    """Inputs and outputs of a weight (out, in, window..)."""
    if len(shape) < 2:
        raise ValueError("fan in and fan out need two or more dimensions")
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


def _xavier_sd(shape: Sequence[int], gain: float) -> float:
    return gain * math.sqrt(2 / sum(_fans(shape)))


def _kaiming_sd(
    shape: Sequence[int], nonlinearity: str = "leakyrelu", fan: str = "fanin", slope: float = 0.0
) -> float:
    name = "leaky_relu" if nonlinearity == "leakyrelu" else nonlinearity
    gain = nn.init.calculate_gain(name, slope)  # type: ignore[arg-type]
    return gain / math.sqrt(_fans(shape)[fan == "fanout"])


def _symmetric(sd: float) -> Distribution:
    return Uniform(-math.sqrt(3) * sd, math.sqrt(3) * sd)


def _eye(shape: Sequence[int]) -> Distribution:
    return _share_of_ones(min(shape), math.prod(shape))


def _dirac(shape: Sequence[int]) -> Distribution:
    return _share_of_ones(min(shape[0], shape[1]), math.prod(shape))


def _share_of_ones(ones: int, count: int) -> Distribution:
    if ones == count:
        return constant(1)
    return Spiked(((0.0, 1 - ones / count), (1.0, ones / count)))


def _orthogonal(shape: Sequence[int], gain: float = 1.0) -> Distribution:
    rows, columns = shape[0], math.prod(shape[1:])
    return SphereEntry(max(rows, columns), gain) if gain else constant(0)


def _sparse(shape: Sequence[int], fraction: float, sd: float = 0.01) -> Distribution:
    zeros = math.ceil(fraction * shape[0]) / shape[0]
    return Spiked(((0.0, zeros),), Normal(0, sd)) if zeros < 1 else constant(0)


def _random(shape: Sequence[int], *limits: float) -> Distribution:
    low, high = (0, *limits)[-2:]
    return WholeNumbers(int(low), int(high))


# name -> distribution of the entries, from the tensor's shape and the options in q's order
INITIALIZERS: dict[str, Callable[..., Distribution]] = {
    "zeros": lambda shape: constant(0),
    "ones": lambda shape: constant(1),
    "fill": lambda shape, value: constant(value),
    "eye": _eye,
    "dirac": _dirac,
    "orthogonal": _orthogonal,
    "xnormal": lambda shape, gain=1.0: Normal(0, _xavier_sd(shape, gain)),
    "xuniform": lambda shape, gain=1.0: _symmetric(_xavier_sd(shape, gain)),
    "knormal": lambda shape, *options: Normal(0, _kaiming_sd(shape, *options)),
    "kuniform": lambda shape, *options: _symmetric(_kaiming_sd(shape, *options)),
    "snormal": _sparse,
    "normal": lambda shape, mean=0.0, sd=1.0: Normal(mean, sd),
    "uniform": lambda shape, low=0.0, high=1.0: Uniform(low, high),
    "cauchy": lambda shape, median=0.0, half_width=1.0: Cauchy(median, half_width),
    "exponential": lambda shape, rate=1.0: Exponential(rate),
    "geometric": lambda shape, p: Geometric(p),
    "lognormal": lambda shape, mean=1.0, sd=2.0: LogNormal(mean, sd),
    "random": _random,
}


def initializer(name: str, shape: Sequence[int], *options: Any) -> Law:
    """The law of a tensor of this shape after the k api's initializer `name` with these options.

    Options come in q's order; for kaiming that is nonlinearity, fan mode, slope. Random whole
    numbers without a range are not covered: see `whole_range`.
    """
    words = " ".join([name, *map(str, options)])
    return Law(words, INITIALIZERS[name](shape, *options))


def whole_range(dtype: torch.dtype) -> tuple[int, int]:
    """First and end of the whole numbers that `random` draws for a type when given no range."""
    if dtype is torch.bool:
        return 0, 2
    if dtype.is_floating_point:
        return 0, 2 ** (1 - round(math.log2(torch.finfo(dtype).eps))) + 1
    return 0, torch.iinfo(dtype).max + (dtype is not torch.int64)


# --------------------------------------------------------------------------- recorded laws


@dataclass(frozen=True)
class _Record:
    storage: StorageWeakRef  # keeps the address from being used again
    sample: tuple[float, ...] | None
    law: Law | None


_records: dict[tuple[Any, ...], _Record] = {}
_purge_at = 1024


def record(tensor: Tensor, law: Law | None) -> None:
    """Note that all of `tensor` was just drawn from `law`; None: drawn, but from no single law."""
    global _purge_at
    storage = StorageWeakRef(tensor.untyped_storage())
    _records[_key(tensor)] = _Record(storage, written_sample(tensor), law)
    if len(_records) > _purge_at:
        for key in [key for key, entry in _records.items() if entry.storage.expired()]:
            del _records[key]
        _purge_at = max(1024, 2 * len(_records))


def initialized(tensor: Tensor, name: str, *options: Any) -> None:
    """Note that the k api's initializer `name` has just filled a tensor, or a part of one."""
    if name == "random" and not options:
        options = whole_range(tensor.dtype)
    try:
        law = initializer(name, tensor.shape, *options) if name in INITIALIZERS else None
    except (ValueError, TypeError, ZeroDivisionError, OverflowError):
        law = None
    record(tensor, law)
    whole = tensor._base
    if whole is not None and whole.numel() > tensor.numel():
        record(whole, None)  # what is left of an earlier law is mixed with this one


def recorded(tensor: Tensor) -> KnownLaw | None:
    """The law that was noted for these numbers in memory."""
    entry = _records.get(_key(tensor))
    if entry is None or entry.law is None:
        return None
    return KnownLaw(entry.law, True, changed=entry.sample != written_sample(tensor))


def known(tensor: Tensor) -> bool:
    """Whether an initializer reported this tensor, with a law or without."""
    return _key(tensor) in _records


def _key(tensor: Tensor) -> tuple[Any, ...]:
    storage = tensor.untyped_storage()._cdata
    return storage, tensor.storage_offset(), tuple(tensor.shape), tensor.stride()


def written_sample(tensor: Tensor) -> tuple[float, ...] | None:
    """A few numbers, to see later whether the tensor was written to."""
    n = tensor.numel()
    if not tensor.is_contiguous() or not n or tensor.is_complex():
        return None
    # an odd step: in a matrix of even width the numbers are not all those of one unit, maybe dead
    step = max(1, n // 7) | 1
    return tuple(tensor.detach().as_strided((min(8, -(-n // step)),), (step,)).tolist())


# --------------------------------------------------------------------------- defaults of modules


def parameter_laws(module: nn.Module) -> dict[str, KnownLaw]:
    """By dotted name: the law of every parameter for which one is known."""
    from .default_laws import default_laws

    found: dict[str, KnownLaw] = {}
    defaults = default_laws(module)
    for name, parameter in named_parameters(module):
        law = recorded(parameter)
        if law is None and name in defaults and not known(parameter):
            law = KnownLaw(defaults[name], False)
        if law is not None:
            found[name] = law
    return found
