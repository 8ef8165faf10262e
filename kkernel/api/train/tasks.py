"""Training by several processes: each task takes its batches, and their gradients are joined.

A process started by torchrun knows its number and how many there are; models made in it have them
as options task and tasks.  In each round every task works on a batch of its own; the gradients,
weighted by the sizes of the batches, are those of one process on all of these batches together,
and all tasks take the same step.  A task without a batch in the last round joins with none.
"""

from __future__ import annotations

import atexit
import os
from functools import reduce
from itertools import zip_longest
from typing import Any

import torch
from torch import Tensor, nn

from kkernel.q.errors import QError

_LAUNCHED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
_SHARED = "kkernel_shared"
_MOST_DIMS = 8
_DTYPES = (torch.float32, torch.float64, torch.int64, torch.float16, torch.bfloat16, torch.int32,
           torch.bool)


def launched() -> tuple[int, int]:
    """The number of this process and how many there are: (0, 1) for a process alone."""
    if any(name not in os.environ for name in _LAUNCHED):
        return 0, 1
    return int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])


def joined(options: Any) -> bool:
    """Whether the tasks of these options are processes that work together, which are connected."""
    if options["tasks"] < 2:
        return False
    processes = launched()[1]
    if processes < 2:
        return False
    if options["tasks"] != processes:
        raise QError(f"{options.name}: {options['tasks']} tasks, but {processes} processes")
    if not torch.distributed.is_initialized():
        _connect()
    return True


def _connect() -> None:
    """Meet the other processes: by nccl if each has a gpu, else by gloo."""
    gpu = torch.cuda.is_available() and torch.cuda.device_count() >= launched()[1]
    if gpu:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)))
    torch.distributed.init_process_group("cpu:gloo,cuda:nccl" if gpu else "gloo")
    atexit.register(torch.distributed.destroy_process_group)


def share(module: nn.Module) -> None:
    """Give all tasks the parameters and buffers of the first, once."""
    if module.__dict__.get(_SHARED):
        return
    with torch.no_grad():
        for t in (*module.parameters(), *module.buffers()):
            torch.distributed.broadcast(t, 0)
    module.__dict__[_SHARED] = True


# ------------------------------------------------------------------ gradients

def join(parms: list[Tensor], loss: Tensor | None, weight: float, mean: bool) -> Tensor:
    """Replace the gradients by those of all tasks together; gives the loss of all batches.

    `mean` divides by the total weight; a task without a batch has no loss and weight 0.
    """
    parms = [p for p in parms if p.requires_grad]
    if not parms:
        raise QError("train: no parameters to join among tasks")
    dtype = reduce(torch.promote_types, (p.dtype for p in parms))
    flat = _packed(parms, loss, weight, dtype)
    torch.distributed.all_reduce(flat)
    total = flat[-1].item()
    if mean and total:
        flat[:-1] /= total
    at = 0
    for p, present in zip(parms, flat[-2 - len(parms):-2].tolist(), strict=True):
        if present:
            p.grad = flat[at:at + p.numel()].view_as(p).to(p.dtype)
        at += p.numel()
    return flat[-2]


def _packed(parms: list[Tensor], loss: Tensor | None, weight: float,
            dtype: torch.dtype) -> Tensor:
    """Weighted gradients, which of them there are, the weighted loss, the weight."""
    like = {"dtype": dtype, "device": parms[0].device}
    value = 0.0 if loss is None else loss.detach().item()
    rest = [float(p.grad is not None) for p in parms] + [value * weight, weight]
    grads = [torch.zeros(p.numel(), **like) if p.grad is None else
             p.grad.detach().flatten().to(**like) * weight for p in parms]
    return torch.cat([*grads, torch.tensor(rest, **like)])


# ------------------------------------------------------------------ metrics

def gather(batches: list[Tensor], rounds: int) -> list[Tensor]:
    """A metric of the batches of all tasks, in the order of the batches."""
    example = _from_first(batches)
    rows = [b.reshape(-1, *example.shape[1:]) for b in batches]
    lengths = torch.zeros(rounds, dtype=torch.int64, device=example.device)
    lengths[:len(rows)] = torch.tensor([len(r) for r in rows], dtype=torch.int64)
    counts = _all(lengths)
    most = max(int(c.sum()) for c in counts)
    mine = torch.cat([*rows, example.new_zeros(most - int(lengths.sum()), *example.shape[1:])])
    parts = [t[:int(c.sum())].split(c.tolist())
             for t, c in zip(_all(mine), counts, strict=True)]
    return [b for r in zip_longest(*parts) for b in r if b is not None and len(b)]


def _all(t: Tensor) -> list[Tensor]:
    """The tensors of all tasks, of the same type and size."""
    found = [torch.empty_like(t) for _ in range(torch.distributed.get_world_size())]
    torch.distributed.all_gather(found, t.contiguous())
    return found


def _from_first(batches: list[Tensor]) -> Tensor:
    """No rows of the metric's type and shape, as the first task, which always has a batch, knows
    them."""
    device = batches[0].device if batches else torch.device("cpu")
    about = torch.zeros(2 + _MOST_DIMS, dtype=torch.int64, device=device)
    if torch.distributed.get_rank() == 0:
        b = batches[0]
        sizes = list(b.shape[1:])
        about[:2 + len(sizes)] = torch.tensor([_DTYPES.index(b.dtype), len(sizes), *sizes])
    torch.distributed.broadcast(about, 0)
    kind, dims, *sizes = about.tolist()
    return torch.empty(0, *sizes[:dims], dtype=_DTYPES[kind], device=device)
