"""What a state is: tensors by their place, and the plain values beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from .digest import digest


class StateError(ValueError):
    """A state that does not fit, or cannot be read; nothing was changed."""


@dataclass(frozen=True, order=True)
class Key:
    """A tensor's place: part "module", "optimizer" or "random", name, and slot such as exp_avg."""

    part: str
    name: str
    slot: str = ""

    def __str__(self) -> str:
        return self.name if self.part == "module" else ":".join(
            word for word in (self.part, self.name, self.slot) if word)


@dataclass
class State:
    """Tensors by place, second names of tied ones, and the optimizer's plain values."""

    tensors: dict[Key, Tensor]
    ties: dict[str, str] = field(default_factory=dict)
    optimizer: dict[str, Any] | None = None
    step: int | None = None
    digests: dict[Key, str] = field(default_factory=dict)  # those that are known already

    def digest(self, key: Key) -> str:
        """The digest of one tensor."""
        return self.digests.get(key) or digest(self.tensors[key])

    def part(self, part: str) -> dict[Key, Tensor]:
        return {key: tensor for key, tensor in self.tensors.items() if key.part == part}
