"""A copy of a module to try things on: with other tensors, or with shapes and no data."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


def shape_only(tensor: Tensor) -> Tensor:
    """A tensor of the same shape on torch's meta device, which holds no data."""
    return torch.empty_like(tensor, device="meta")


class Cloner:
    """Clone modules with every tensor replaced by what `make` gives for it.

    Tensors and modules that appear twice are cloned once, so ties stay ties. Hooks are dropped:
    they belong to the original. Attributes that hold no tensor are shared with it.
    """

    def __init__(self, make: Callable[[Tensor], Tensor] = shape_only) -> None:
        self._make = make
        self.tensors: dict[int, Tensor] = {}
        self._modules: dict[int, nn.Module] = {}

    def __call__(self, module: nn.Module) -> nn.Module:
        if id(module) in self._modules:
            return self._modules[id(module)]
        twin = self._modules[id(module)] = type(module).__new__(type(module))
        for key, value in vars(module).items():
            twin.__dict__[key] = OrderedDict() if key.endswith("_hooks") else self.value(value)
        return twin

    def value(self, value: Any) -> Any:
        """The counterpart of a tensor, module, or container of them."""
        if isinstance(value, Tensor):
            return self._tensor(value)
        if isinstance(value, nn.Module):
            return self(value)
        if type(value) in (list, tuple):
            return type(value)(map(self.value, value))
        if type(value) in (dict, OrderedDict):
            return type(value)((key, self.value(item)) for key, item in value.items())
        return value

    def _tensor(self, tensor: Tensor) -> Tensor:
        twin = self.tensors.get(id(tensor))
        if twin is None:
            twin = self._make(tensor.detach())
            if isinstance(tensor, nn.Parameter):
                twin = nn.Parameter(twin, tensor.requires_grad)
            self.tensors[id(tensor)] = twin
        return twin
