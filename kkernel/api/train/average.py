"""Averages of weights: copies of parameters, running means, statistics of batch norms."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from kkernel.q.errors import QError
from kkernel.q.symbols import symbols
from kkernel.q.values import Dict, Value, items, qtype, vector

from .. import kinds
from ..declare import function
from ..events import changed
from ..kinds import is_general, kname
from ..module.forward import run_forward, training_mode
from ..objects import Handle, TensorDict, find, register
from ..params import Param
from .options import GROUP
from .run import inputs_of

COUNT = ".n"  # key of the number of averaged samples


# ------------------------------------------------------------------ copies and means

def _holder(x: Value) -> Handle | None:
    handle = find(x)
    known = handle is not None and handle.kind in ("module", "model", "optimizer")
    return handle if known else None


def _parameters(handle: Handle) -> dict[str, Tensor]:
    module = handle.obj if handle.kind == "module" else handle.obj.module
    return dict(module.named_parameters()) if module is not None else {}


def _arguments(x: Value, name: str) -> tuple[Handle, TensorDict | None]:
    """The object and the dictionary of `object` or (object;dictionary)."""
    if not is_general(x):
        raise QError(f"{name} not implemented for {kname(x)}")
    if find(x) is not None:
        handle = _holder(x)
        if handle is None:
            raise QError(f"{name}: expecting model, module or optimizer, given {kname(x)}")
        return handle, None
    args = items(x)
    if len(args) != 2:
        if len(args) == 1:
            raise QError(f"{name}: not implemented for {kname(x)}")
        raise QError(f"{name} expecting 1-2 args, given {len(args)}")
    handle, entries = _holder(args[0]), find(args[1])
    if handle is None:
        raise QError(f"{name}: expecting 1st arg of model, module or optimizer, "
                     f"given {kname(args[0])}")
    if entries is None or entries.kind != "dictionary":
        raise QError(f"{name}: expecting dictionary of parameters for 2nd arg, "
                     f"given {kname(args[1])}")
    return handle, entries.obj


_OBJECT = Param("x", kinds.VALUE, "pointer to a module, model or optimizer")
_SAMPLE = ["m:module enlist(`linear;2;1)", "d:copyparms m"]


@function("copyparms", GROUP, "a dictionary of copies of the parameters, or copy them back",
          _OBJECT, Param("parms", kinds.VALUE, "pointer to a dictionary to copy from", None),
          raw=True, examples=[*_SAMPLE, "size d", "copyparms(m;d)"])
def copyparms(x: Value) -> Value:
    handle, entries = _arguments(x, "copyparms")
    parms = _parameters(handle)
    if entries is None:
        return register("dictionary", TensorDict({k: p.detach().clone()
                                                  for k, p in parms.items()}))
    with torch.no_grad():
        for k, p in parms.items():
            if k in entries:
                p.copy_(entries[k])  # type: ignore[arg-type]
    changed(handle.obj)
    return Dict(symbols(parms), vector(1, [k in entries for k in parms]))


@function("avgparms", GROUP, "take the parameters into a running mean; gives the count", _OBJECT,
          Param("parms", kinds.VALUE, "pointer to a dictionary made by copyparms"), raw=True,
          examples=[*_SAMPLE, "parm(m;`weight;10)", "avgparms(m;d)", "dict d"])
def avgparms(x: Value) -> int:
    handle, means = _arguments(x, "avgparms")
    if means is None:
        raise QError("avgparms: expects 2 args, model/module/optimizer & dictionary of "
                     "parameters w'averaged weights")
    return average(_parameters(handle), means)


def average(parms: dict[str, Tensor], means: TensorDict) -> int:
    """Move means towards the parameters; a copy counts as the first sample."""
    count = means.get(COUNT)
    if count is None:
        count = means[COUNT] = torch.tensor(1.0, dtype=torch.float64)
    weight = 1 / (1 + count.item())
    with torch.no_grad():
        for k, p in parms.items():
            mean = means.get(k)
            if mean is None:
                raise QError(f"avgparms: parameter {k} not found, unable to compute average")
            mean.add_(weight * p.detach().sub(mean))
        count.add_(1.0)
    changed(means)
    return int(count.item())


# ------------------------------------------------------------------ batch norms

_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
Momentum = dict[str, Any]  # name of a batch norm -> momentum, None for a plain mean


def _reset(module: nn.Module) -> Momentum:
    """Forget all statistics and average plainly from now on; gives the momentums."""
    before: Momentum = {}
    for name, m in module.named_modules():
        if isinstance(m, _NORMS):
            before[name], m.momentum = m.momentum, None
            m.reset_running_stats()
    return before


def _put_back(module: nn.Module, momentum: Momentum) -> None:
    found = dict(module.named_modules())
    for name, value in momentum.items():
        if name not in found:
            raise QError(f"batchnorm: unable to locate batch norm module '{name}' "
                         "to restore momentum")
        m = found[name]
        if not isinstance(m, _NORMS):
            raise QError(f"batchnorm: unrecognized module type, {type(m).__name__}")
        m.momentum = value


def _recalculate(model: Any, momentum: Momentum) -> None:
    """Take new statistics over the training data."""
    options, data = model.side(True)
    with torch.no_grad(), training_mode(model.module, True):
        while data.next(options):
            data.output = run_forward(model.module, inputs_of(options, data))
    _put_back(model.module, momentum)


@function("batchnorm", GROUP, "reset the statistics of batch norms, over a model's data anew",
          Param("x", kinds.VALUE, "pointer to a model or module"),
          Param("momentum", kinds.VALUE, "dictionary of momentums to put back", None), raw=True,
          examples=["m:module enlist(`batchnorm1d;3)", "d:batchnorm m", "d", "batchnorm(m;d)"])
def batchnorm(x: Value) -> Value:
    if not is_general(x):
        raise QError(f"batchnorm: not implemented for {kname(x)}")
    handle = find(x)
    if handle is None:
        return _restore_momentum(items(x))
    if handle.kind not in ("model", "module"):
        raise QError(f"batchnorm: expecting model or module, given {kname(x)}")
    module = handle.obj.module if handle.kind == "model" else handle.obj
    if handle.kind == "model" and handle.obj.data.batches <= 0:
        raise QError("batchnorm: no training data loaded for the model")
    before = _reset(module)
    if handle.kind == "model":
        _recalculate(handle.obj, before)
    changed(module)
    return Dict(symbols(before), vector(9, [float("nan") if m is None else m
                                            for m in before.values()]))


def _restore_momentum(args: list[Value]) -> None:
    if len(args) != 2:
        raise QError("batchnorm: expecting 2 args, model/module & dictionary of previous momentum "
                     f"settings, but given {len(args)} args")
    handle, x = find(args[0]), args[1]
    if handle is None or handle.kind not in ("model", "module"):
        raise QError(f"batchnorm: expecting model or module for 1st arg, given {kname(args[0])}")
    if not isinstance(x, Dict):
        raise QError("batchnorm: expecting k dictionary of momentum settings for 2nd arg, "
                     f"given {kname(x)}")
    if qtype(x.values) != 9:
        raise QError("batchnorm: dictionary of previous momentum settings expected as double(s), "
                     f"given {kname(x.values)}")
    module = handle.obj.module if handle.kind == "model" else handle.obj
    _put_back(module, {str(k): None if v != v else float(v) for k, v in x.items()})
