"""How tensors are filled, by libtorch's rules: the same numbers for the same seed."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from kkernel.q.errors import QError

FANS = {"fanin": 0, "fanout": 1}
GAINS = dict.fromkeys(("linear", "conv1d", "conv2d", "conv3d", "convtranspose1d",
                       "convtranspose2d", "convtranspose3d", "sigmoid"), 1.0)
GAINS |= {"tanh": 5 / 3, "relu": math.sqrt(2)}
LEAKY = "leakyrelu"
FUNCTIONS = (*GAINS, LEAKY)


def gain_of(function: str, slope: float) -> float:
    """The recommended factor of the standard deviation before an activation."""
    return math.sqrt(2 / (1 + slope * slope)) if function == LEAKY else GAINS[function]


def fans(t: Tensor) -> tuple[int, int]:
    """How many inputs and outputs an element of a weight connects."""
    if t.ndim < 2:
        raise QError("Fan in and fan out can not be computed for tensor with fewer than "
                     "2 dimensions")
    field = math.prod(t.shape[2:])
    return t.size(1) * field, t.size(0) * field


def zeros(t: Tensor) -> None:
    t.zero_()


def ones(t: Tensor) -> None:
    t.fill_(1)


def eye(t: Tensor) -> None:
    if t.ndim != 2:
        raise QError("Only tensors with 2 dimensions are supported")
    diagonal = t.diagonal()  # which sparse tensors refuse
    t.zero_()
    diagonal.fill_(1)


def dirac(t: Tensor) -> None:
    if not 3 <= t.ndim <= 5:
        raise QError("Only tensors with 3, 4, or 5 dimensions are supported")
    t.zero_()
    middle = tuple(n // 2 for n in t.shape[2:])
    for i in range(min(t.size(0), t.size(1))):
        t[(i, i, *middle)] = 1


def orthogonal(t: Tensor, gain: float = 1.0) -> None:
    if t.ndim < 2:
        raise QError("Only tensors with 2 or more dimensions are supported")
    rows = t.size(0)
    columns = t.numel() // rows
    drawn = torch.randn(rows, columns)
    q, r = torch.linalg.qr(drawn.t() if rows < columns else drawn)
    q *= r.diagonal().sign()
    t.view(rows, columns).copy_(q.t() if rows < columns else q)
    t.mul_(gain)


def xnormal(t: Tensor, gain: float = 1.0) -> None:
    inputs, outputs = fans(t)
    t.normal_(0, gain * math.sqrt(2 / (inputs + outputs)))


def xuniform(t: Tensor, gain: float = 1.0) -> None:
    inputs, outputs = fans(t)
    bound = math.sqrt(3) * (gain * math.sqrt(2 / (inputs + outputs)))
    t.uniform_(-bound, bound)


def deviation(t: Tensor, slope: float, fan: str, function: str) -> float:
    """The standard deviation of Kaiming's rule."""
    return gain_of(function, slope) / math.sqrt(fans(t)[FANS[fan]])


def knormal(t: Tensor, slope: float, fan: str, function: str) -> None:
    t.normal_(0, deviation(t, slope, fan, function))


def kuniform(t: Tensor, slope: float, fan: str, function: str) -> None:
    bound = math.sqrt(3) * deviation(t, slope, fan, function)
    t.uniform_(-bound, bound)


def sparse(t: Tensor, fraction: float, std: float = 0.01) -> None:
    """Normal numbers, with this fraction of every column zero."""
    if t.ndim != 2:
        raise QError("Only tensors with 2 dimensions are supported")
    rows, columns = t.shape
    zeros = math.ceil(fraction * rows)
    t.normal_(0, std)
    for column in range(columns):
        t[torch.randperm(rows)[:zeros].to(t.device), column] = 0
