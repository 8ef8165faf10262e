"""A container of parameters only."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn


class ParameterDict(nn.Module):
    """Named parameters: the very tensors that were given, with their gradient flags, under any
    name."""

    label = "ParameterDict"

    def __init__(self, parms: Mapping[str, Tensor] | None = None) -> None:
        super().__init__()
        for name, t in (parms or {}).items():
            self.insert(name, t)

    def insert(self, name: str, t: Tensor) -> None:
        """Enter or replace one parameter."""
        self._parameters[name] = t  # type: ignore[assignment]
