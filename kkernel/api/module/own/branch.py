"""Containers whose children work side by side: branches, shortcuts, blocks and recurrences."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from kkernel.q.errors import QError

from .calls import call
from .family import adopt, label, number
from .sequence import is_sequential


class Fork(nn.Module):
    """Two branches on one input: (f(x); g(x)).  A missing branch hands on its input."""

    def add(self, child: nn.Module, name: str) -> None:
        at = len(self._modules)
        if at > 1:
            raise QError(f"fork: cannot add {label(child)} module, "
                         "both left & right forks already defined")
        adopt(self, name or ("q" if is_sequential(child) else "") + "ab"[at], child)

    def forward(self, x: Tensor) -> tuple[Any, Any]:
        branches = [branch(x) for branch in self.children()]
        left, right = branches + [x] * (2 - len(branches))
        return left, right


class Residual(nn.Module):
    """q1(x..)+x or q1(x..)+q2(x..), then an optional activation function fn."""

    def add(self, child: nn.Module, name: str) -> None:
        children = list(self.children())
        done = bool(children) and not is_sequential(children[-1])
        if is_sequential(child):
            self._add_sequential(child, name, len(children) - done, done)
            return
        if not children:
            raise QError(f"residual: cannot add {label(child)} module "
                         "until sequential module(s) defined")
        if done:
            raise QError(f"residual: cannot add {label(child)} module, "
                         "activation function already defined")
        adopt(self, name or "fn", child)

    def _add_sequential(self, child: nn.Module, name: str, count: int, done: bool) -> None:
        if count > 1:
            raise QError("residual: both sequential modules already defined, "
                         "cannot add another sequential module")
        if done:
            raise QError("residual: activation function already defined, "
                         "cannot add a 2nd sequential module")
        adopt(self, name or ("q2" if count else "q1"), child)

    def forward(self, *x: Tensor | None) -> Any:
        children = list(self.children())
        if not children:
            raise QError("residual: no modules defined for forward calculation")
        fn = None if is_sequential(children[-1]) else children.pop()
        y = call(children[0], x) + (call(children[1], x) if len(children) > 1 else x[0])
        return y if fn is None else fn(y)


class NBeats(nn.Module):
    """Blocks that each give (backcast; forecast): x less the one, y more the other; gives y."""

    def add(self, child: nn.Module, name: str) -> None:
        adopt(self, number(self), child)

    def forward(self, x: Tensor) -> Tensor | None:
        y: Tensor | None = None
        for block in self.children():
            x, y = self._block(block, x, y)
        return y

    def _block(self, block: nn.Module, x: Tensor, y: Tensor | None) -> tuple[Tensor,
                                                                             Tensor | None]:
        if is_sequential(block):
            backcast, forecast = block(x)
            return x - backcast, forecast if y is None else y + forecast
        if not isinstance(block, nn.ModuleList):
            raise QError("nbeats: not a sequential or list module")
        for inner in block:
            x, y = self._block(inner, x, y)
        return x, y


RECURRENT = {nn.LSTM: "lstm", nn.GRU: "gru", nn.RNN: "rnn"}


def recurrent(module: nn.Module) -> str:
    """lstm, gru or rnn; empty for another module."""
    return next((name for kind, name in RECURRENT.items() if isinstance(module, kind)), "")


class Recur(nn.Module):
    """An lstm, gru or rnn between optional sequentials `in` and `out`.

    Takes and gives a list of tensors: the input or output, then the hidden state(s), which are
    cut from the graph unless `detach` is off.
    """

    def __init__(self, detach: bool = True) -> None:
        super().__init__()
        self.detach = detach

    @property
    def _layer(self) -> nn.Module | None:
        return next((m for m in self.children() if recurrent(m)), None)

    def add(self, child: nn.Module, name: str) -> None:
        if is_sequential(child):
            adopt(self, self._side(), child)
            return
        kind, layer = recurrent(child), self._layer
        if not kind:
            raise QError(f"recur: unable to add {label(child)}, expecting sequential modules for "
                         "input/output processing or recurrent module(lstm,gru,rnn)")
        if layer is not None:
            raise QError(f"recur: cannot add {kind} module, "
                         f"{recurrent(layer)} module already defined")
        adopt(self, kind, child)

    def _side(self) -> str:
        if self._layer is None:
            if "in" in self._modules:
                raise QError("recur: cannot add a sequential module for output processing until a "
                             "recurrent module(lstm,gru,rnn) defined")
            return "in"
        if "out" in self._modules:
            raise QError("recur: sequential module for output processing already added, "
                         "cannot add another sequential module")
        return "out"

    def forward(self, *x: Tensor | None) -> list[Tensor]:
        layer = self._layer
        if layer is None:
            raise QError("recur: no recurrent lstm, gru or rnn module defined")
        y, state = call(layer, (self._through("in", x[0]), *x[1:]))
        states = list(state) if isinstance(state, tuple) else [state]
        if self.detach:
            states = [s.detach() for s in states]
        return [self._through("out", y), *states]

    def _through(self, side: str, x: Tensor | None) -> Any:
        branch = self._modules.get(side)
        return branch(x) if branch is not None and branch._modules else x


class DropPath(nn.Module):
    """In training, zero whole samples with probability p and scale up the others."""

    def __init__(self, p: float = 0.0) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if self.p == 0 or not self.training:
            return x
        keep = 1.0 - self.p
        shape = (*x.shape[:1], *(1 for _ in x.shape[1:]))
        kept = (keep + torch.rand(shape, dtype=x.dtype, device=x.device)).floor()
        return x.div(keep) * kept
