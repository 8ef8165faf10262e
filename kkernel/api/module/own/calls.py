"""How modules are called with a list of tensors, and how many tensors each kind takes.

Sequential containers hand all their inputs to the first module, and some of torch's modules want
them in another form than one tensor per argument.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn

Tensors = Sequence["Tensor | None"]

MOST: dict[type[nn.Module], int] = {}  # the most tensors that a module type's forward takes


def _lstm(module: nn.Module, x: Tensors) -> Any:
    return module(x[0]) if len(x) == 1 else module(x[0], (x[1], x[2]))


def _attention(module: nn.Module, x: Tensors) -> Any:
    """Query, key, value, padding mask, a tensor that stands for the flag needweights, mask."""
    if len(x) < 5:
        return module(*x)
    flag = x[4]
    return module(*x[:4], flag is not None and bool(flag.item()), *x[5:])


FORMS: dict[type[nn.Module], Callable[[nn.Module, Tensors], Any]] = {
    nn.LSTM: _lstm, nn.MultiheadAttention: _attention}


def call(module: nn.Module, x: Tensors) -> Any:
    """The forward result of a module for these tensors."""
    if len(x) == 1:
        return module(x[0])
    for kind, form in FORMS.items():
        if isinstance(module, kind):
            return form(module, x)
    return module(*x)


def most(module: nn.Module) -> int:
    """The most tensors that this module's forward takes (8 if its type is not known)."""
    return MOST.get(type(module), 8)
