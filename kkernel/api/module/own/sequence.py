"""Containers that run their children one after the other."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from kkernel.q.errors import QError

from .calls import call, most
from .family import adopt, label
from .overwrite import through


class Sequential(nn.Sequential):
    """torch's Sequential, whose first module may take several tensors, as in C++."""

    label = "Sequential"

    def forward(self, *x: Tensor | None) -> Any:
        modules = self._modules
        if not modules:
            raise QError("Cannot call forward() on an empty Sequential")
        if len(x) == 1:
            return through(modules.values(), x[0])  # type: ignore[arg-type]
        first, *rest = self
        return through(rest, call(first, x))


class SeqNest(Sequential):
    """A sequential that may stand inside another: one to three tensors in, one out."""

    label = "knn::SeqNest"


def is_sequential(module: nn.Module) -> bool:
    return isinstance(module, nn.Sequential)


def _passes(module: nn.Module) -> bool:
    """Whether a branch hands on its input as it is: an empty sequential."""
    return is_sequential(module) and not module._modules


def chain(blocks: list[nn.Module], x: tuple[Tensor | None, ...]) -> Tensor | None:
    """Run blocks in turn: each result replaces the first tensor.

    A block gets only as many of the other tensors as its own first module takes.
    """
    y, given = x[0], sum(t is not None for t in x)
    for block in blocks:
        first = next(block.children(), None)
        if first is not None:
            y = block(y, *x[1:min(given, most(first))])
    return y


class SeqList(nn.ModuleList):
    """A list of sequentials run in turn on one to eight tensors."""

    def forward(self, *x: Tensor | None) -> Tensor | None:
        for i, block in enumerate(self):
            if not is_sequential(block):
                raise QError(f"seqlist: list[{i}] is unexpected type: {label(block)}")
        return chain(list(self), x)


class SeqDict(nn.ModuleDict):
    """As SeqList, with named sequentials."""

    def forward(self, *x: Tensor | None) -> Tensor | None:
        for name, block in self._modules.items():
            if block is None or not is_sequential(block):
                raise QError(f"seqdict: key `{name} is an unexpected type: "
                             f"{label(block) if block else 'None'}")
        return chain(list(self.values()), x)


class SeqJoin(nn.Module):
    """join(qx(x); qy(y)): up to two sequentials, then a module of two inputs.

    A missing or empty sequential hands on its input; without a second tensor y is x.
    """

    def add(self, child: nn.Module, name: str) -> None:
        if is_sequential(child):
            if len(self._modules) > 1:
                raise QError("seqjoin: both sequential layers already defined")
            adopt(self, name or ("qy" if self._modules else "qx"), child)
            return
        if not self._modules:
            raise QError("seqjoin: at least one sequential layer must be defined first")
        if not is_sequential(self._last):
            raise QError("seqjoin: join layer already defined")
        adopt(self, name or "join", child)

    @property
    def _last(self) -> nn.Module:
        return list(self.children())[-1]

    def forward(self, x: Tensor, y: Tensor | None = None) -> Any:
        *branches, join = list(self.children()) or [self]
        if is_sequential(join) or join is self:
            raise QError("seqjoin: join layer not defined")
        pair = [x, x if y is None else y]
        for i, branch in enumerate(branches):
            if not _passes(branch):
                pair[i] = branch(pair[i])
        return join(*pair)


class Transform(nn.Module):
    """Two sequentials: the first transforms inputs in training mode, the second in evaluation."""

    def add(self, child: nn.Module, name: str) -> None:
        if not is_sequential(child):
            raise QError(f"transform: cannot add {label(child)} module, "
                         "expecting sequential block")
        if len(self._modules) > 1:
            raise QError("transform: both training and evaluation transforms already defined")
        adopt(self, name or ("eval" if self._modules else "train"), child)

    def forward(self, x: Tensor) -> Any:
        branches = list(self.children())
        at = 0 if self.training else 1
        if at >= len(branches) or _passes(branches[at]):
            return x
        return branches[at](x)
