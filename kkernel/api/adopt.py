"""Objects that Python made, as pointers of q: the object itself, never a copy."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from kkernel.q.values import List

from .model import Model
from .module.rows.loss import LOSS_CLASSES
from .objects import live, register
from .opt import Opt


def pointer_to(obj: Any) -> List | None:
    """The pointer of a tensor, module, loss or model; None for any other object.

    An object that has a pointer keeps it.
    """
    kind = kind_of(obj)
    if not kind:
        return None
    for handle in live():
        if handle.obj is obj or isinstance(handle.obj, Opt) and handle.obj.optimizer is obj:
            return List([handle.ptr])
    return register(kind, obj) if kind != "optimizer" else None


def kind_of(obj: Any) -> str:
    """The class of pointer for an object, "" if there is none."""
    from torch.optim import Optimizer

    if isinstance(obj, Tensor):
        return "tensor"
    if type(obj) in LOSS_CLASSES:
        return "loss"
    if isinstance(obj, nn.Module):
        return "module"
    if isinstance(obj, Model):
        return "model"
    return "optimizer" if isinstance(obj, Optimizer) else ""
