"""torch's fused update of SGD: one pass over the memory instead of one for each operation.

It is taken where it gives the bits of the operations one by one, which are those of libtorch.
With momentum the numbers beyond the last full vector of a tensor round otherwise, so sizes have
to be whole vectors; what holds on a processor is tried on it once.  The fused kernels of Adam,
AdamW and Adagrad round otherwise everywhere, and stay unused.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import product
from typing import Any

import torch
from torch import Tensor

Tensors = list[Tensor]
Rule = Callable[[dict[str, Any], Tensors, Tensors, Tensors], None]

WHOLE = 16  # numbers that fill vectors of every width and type, and parts that threads take
WORTH = 2048  # numbers for which a pass of their own pays where others need the operations anyway
_DTYPES = (torch.float32, torch.float64)


def step(group: dict[str, Any], parms: Tensors, grads: Tensors, buffers: Tensors) -> None:
    """The step of SGD in one pass; `buffers` hold the momentum of earlier steps, or are none."""
    torch._fused_sgd_(parms, grads, buffers, weight_decay=group["weight_decay"],
                      momentum=group["momentum"], lr=group["lr"], dampening=group["dampening"],
                      nesterov=group["nesterov"], maximize=False, is_first_step=False)


def fits(p: Tensor, grad: Tensor, buffer: Tensor | None, rule: Rule) -> bool:
    """Whether the fused step of a parameter gives the bits of `rule`."""
    momentum = buffer is not None
    if (momentum and p.numel() % WHOLE) or p.dtype not in _DTYPES or not p.is_cpu:
        return False
    for t in (p, grad, buffer) if momentum else (p, grad):
        if t.dtype != p.dtype or t.is_sparse or not t.is_contiguous():  # type: ignore[union-attr]
            return False
    return exact(p.dtype, momentum, rule)


@cache
def exact(dtype: torch.dtype, momentum: bool, rule: Rule) -> bool:
    """Whether this processor rounds alike both ways: some thousand numbers tell."""
    return all(_alike(dtype, momentum, rule, *options)
               for options in product((0.0, 0.01), (0.0, 0.3), (False, True))
               if not options[2] or (momentum and not options[1]))


def _alike(dtype: torch.dtype, momentum: bool, rule: Rule, decay: float, dampening: float,
           nesterov: bool) -> bool:
    group = {"lr": 0.3, "momentum": 0.9 if momentum else 0.0, "dampening": dampening,
             "weight_decay": decay, "nesterov": nesterov}
    both = []
    for update in (step, rule):
        parms, grads, buffers = (
            [torch.arange(start, start + n, dtype=dtype, device="cpu").mul_(1.7).sin_()
             for n in ([2048] if momentum else range(1, 130))] for start in (0, 1000, 2000))
        update(group, parms, grads, buffers if momentum else [])
        both.append(torch.cat(parms + buffers))
    return torch.equal(*both)
