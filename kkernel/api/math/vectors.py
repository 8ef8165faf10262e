"""Results of several tensors, and the vectors that receive them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from ..events import changed
from ..torch_warnings import once

Vector = list[torch.Tensor | None]


def into_vector(run: Callable[..., Sequence[torch.Tensor]], vector: Vector | None,
                count: int = 2, writes: bool = True) -> Any:
    """The results of `run`; nothing when they go to an output vector.

    A vector with `count` tensors is written into (where torch can: `writes`), with torch's
    checks of type and size; a shorter one gets the results themselves.
    """
    if vector is None:
        return tuple(run())
    full = len(vector) >= count and all(t is not None for t in vector[:count])
    if not (full and writes and _written(run, vector[:count])):
        results = list(run())
        vector[:len(results)] = results
    changed(vector)
    return None


def _written(run: Callable[..., Any], tensors: Vector) -> bool:
    """Whether `run` has written into these tensors, which torch refuses for inputs that need
    gradients."""
    try:
        with once():
            run(out=tuple(tensors))
    except RuntimeError as e:
        if "automatic differentiation" in str(e):
            return False
        raise
    return True
