"""Programs of q beside the same programs in plain PyTorch: data that both make, and one pass.

A program leaves its network in q, and ends with the numbers to compare; its plain form gives the
network last, after these numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from api_session import ApiSession
from torch import Tensor, nn
from torch.nn import functional as F

Plain = Iterator[Any]
SGD = torch.optim.SGD


def wave(*size: int) -> Tensor:
    """Numbers that q makes by `"e"$sin til n`."""
    return torch.arange(torch.Size(size).numel()).double().sin().float().reshape(size)


def turns(*values: int, size: int) -> Tensor:
    return torch.tensor(values).repeat(size)[:size]


def step(opt: torch.optim.Optimizer, loss: Tensor) -> Tensor:
    opt.zero_grad()
    loss.backward()
    opt.step()
    return loss.detach()


def fit(net: nn.Module, opt: torch.optim.Optimizer, x: Tensor, y: Tensor, width: int,
        loss: Callable[..., Tensor] = F.cross_entropy) -> Tensor:
    """One pass over batches; the mean of their losses."""
    net.train()
    found = [step(opt, loss(net(xb), yb))
             for xb, yb in zip(x.split(width), y.split(width), strict=True)]
    return torch.stack(found).sum() / len(found)


def both(q: ApiSession, source: str, plain: Callable[[], Plain]) -> tuple[Any, ...]:
    """Numbers and network of the q program, numbers and network of the plain one."""
    *first, last = source.splitlines()
    assert q.session.execute("\n".join(first)) is None, q.written
    got = np.asarray(q(last), dtype="f8").flatten().tolist()
    torch.manual_seed(int(source.split()[1]))
    *numbers, net = plain()
    return got, q.obj("q").state_dict(), [float(n) for n in numbers], net.state_dict()


def expect_same_bits(q: ApiSession, source: str, plain: Callable[[], Plain]) -> None:
    """The same numbers and the same network, to the last bit."""
    got, mine, numbers, state = both(q, source, plain)
    assert got == numbers
    for a, b in zip(mine.values(), state.values(), strict=True):
        assert torch.equal(a, b)
