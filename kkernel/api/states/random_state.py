"""The state of every random generator that a training run draws from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Source:
    """One generator: how its state is read and written, as a tensor of bytes."""

    get: Callable[[], Tensor]
    set: Callable[[Tensor], None]


_sources: dict[str, Source] = {"cpu": Source(torch.get_rng_state, torch.set_rng_state)}


def add_source(name: str, get: Callable[[], Tensor], set_: Callable[[Tensor], None]) -> None:
    """Include another generator, such as that of the q language, in every state."""
    _sources[name] = Source(get, set_)


def sources() -> dict[str, Source]:
    """Generators by name; those of cuda devices once they are in use."""
    found = dict(_sources)
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        for i in range(torch.cuda.device_count()):
            found[f"cuda{i}"] = Source(lambda i=i: torch.cuda.get_rng_state(i),
                                       lambda state, i=i: torch.cuda.set_rng_state(state, i))
    return found


def read() -> dict[str, Tensor]:
    """The present state of each generator."""
    return {name: source.get() for name, source in sources().items()}


def write(states: dict[str, Tensor]) -> None:
    """Put generators back; those that this process does not have are left out."""
    here = sources()
    for name, state in states.items():
        if name in here:
            here[name].set(state.cpu())
