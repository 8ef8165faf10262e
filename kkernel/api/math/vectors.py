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
    if full and writes:
        with once():
            run(out=tuple(vector[:count]))
    else:
        results = list(run())
        vector[:len(results)] = results
    changed(vector)
    return None
