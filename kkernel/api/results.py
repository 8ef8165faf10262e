"""Results of torch as q values or pointers."""

from __future__ import annotations

from typing import Any

import torch

from kkernel.q.functions import NULL
from kkernel.q.values import Value

from .convert import list_to_q, to_q
from .objects import register_tensor, register_vector


def as_pointer(result: Any) -> Value:
    """A result of torch as a pointer; null for none, and a number as itself."""
    if isinstance(result, (tuple, list)):
        return register_vector([*result])
    if isinstance(result, torch.Tensor):
        return register_tensor(result)
    return NULL if result is None else result


def as_value(result: Any) -> Value:
    """A result of torch as a q value."""
    if result is None:
        return NULL
    if isinstance(result, (tuple, list)):
        return list_to_q(list(result), fresh=True)
    return to_q(result, fresh=True) if isinstance(result, torch.Tensor) else result


def as_it_is(result: Any) -> Value:
    """A result that is a q value already; null for none."""
    return NULL if result is None else result
