"""Devices: their symbols, the default, moving tensors between them, and random seeds."""

from __future__ import annotations

import torch

from kkernel.q.errors import QError
from kkernel.q.functions import NULL
from kkernel.q.symbols import Symbol, sym, symbols
from kkernel.q.types import LONG_NULL
from kkernel.q.values import Dict, Value, vector

from . import kinds
from .declare import function, simple_items
from .dispatch import dispatch, implement
from .kinds import NO, as_flag, as_long, is_empty, is_null, kname
from .objects import Handle, TensorDict, find, register, replace
from .params import Param
from .tensor.tensor_options import DEVICES, TensorOptions, as_options

GROUP = "device/config"
Tensors = list[torch.Tensor | None]


def as_device(x: Value) -> torch.device | None:
    """The device of a symbol, None if x is not a known one."""
    return DEVICES.get(x) if type(x) is Symbol else None


# ------------------------------------------------------------------ cuda

@function("cudadevices", GROUP, "list the CUDA devices of this machine",
          Param("x", kinds.VALUE, "`()` for the symbols, `[]` for the count"),
          raw=True, examples=["cudadevices[]", "cudadevices()"])
def cudadevices(x: Value) -> Value:
    if is_null(x):
        return torch.cuda.device_count()
    if is_empty(x):
        return symbols([s for s, d in DEVICES.items() if d.type == "cuda"])
    raise QError("cudadevices[] returns count of available GPUs, "
                 "cudadevices() returns CUDA syms")


@function("cudadevice", GROUP, "query or set the CUDA device in use",
          Param("x", kinds.VALUE, "empty to query, or a device symbol such as `` `cuda:0``"),
          raw=True, examples=["@[cudadevice;::;::]"])
def cudadevice(x: Value) -> Value:
    if not torch.cuda.is_available():
        raise QError("no CUDA device available")
    if is_empty(x):
        return sym(f"cuda:{torch.cuda.current_device()}")
    device = as_device(x)
    if device is None or device.type != "cuda" or device.index is None:
        raise QError("unrecognized CUDA device, expecting cuda with valid device number, "
                     "e.g. `cuda:0")
    torch.cuda.set_device(device)
    return NULL


@function("sync", GROUP, "wait until the work queued on a CUDA device is done",
          Param("x", kinds.VALUE, "empty, a device symbol or index, or a pointer"),
          raw=True, examples=["sync[]", "sync`cpu"])
def sync(x: Value) -> None:
    index = as_long(x)
    if is_empty(x):
        device: torch.device | None = torch.device("cuda") if torch.cuda.is_available() else None
    elif index is not NO:
        if not 0 <= index < torch.cuda.device_count():
            raise QError(f"sync: device index {index} not valid, "
                         f"{torch.cuda.device_count()} CUDA device(s) available")
        device = torch.device("cuda", index)
    elif type(x) is Symbol:
        device = as_device(x)
    else:
        handle = find(x)
        if handle is None:
            raise QError("sync: unrecognized arg, expecting device, device index, tensor, module "
                         f"or model, given {kname(x)}")
        device = first_device(dispatch("tensors", handle))
    if device is not None and device.type == "cuda":
        torch.cuda.synchronize(device)


def first_device(tensors: Tensors) -> torch.device | None:
    """The device of the first tensor that is defined."""
    return next((t.device for t in tensors if t is not None), None)


def default_device() -> Symbol:
    """The symbol of the device that a session would work on: cuda, mps or cpu."""
    if torch.cuda.is_available():
        return sym("cuda")
    return sym("mps" if torch.backends.mps.is_available() else "cpu")


# ------------------------------------------------------------------ to, copyto

def _target(name: str, x: Value) -> tuple[Handle, TensorOptions, bool]:
    """Read (pointer;options or example tensor;optional asynchronous flag)."""
    args = simple_items(x) or [x]
    handle = find(args[0]) if find(x) is None else None
    if handle is None:
        raise QError(f"{name}: expects 1st arg of tensor, vector, dictionary or module, "
                     "along with option(s) for device, data type")
    flag = as_flag(args[2]) if len(args) == 3 else False
    if len(args) not in (2, 3) or flag is NO:
        raise QError(f"{name}: expects 2-3 args, ({handle.kind};options) or "
                     f"({handle.kind};options;async-flag)")
    example = find(args[1])
    if example is not None and example.kind == "tensor" and example.obj is not None:
        return handle, TensorOptions(device=example.obj.device, dtype=example.obj.dtype), flag
    options = as_options(args[1])
    if options is NO:
        raise QError(f"{name}: 2nd argument not recognizable as option(s), "
                     "e.g. device, data type, etc.")
    return handle, options, flag


_OPTIONS = Param("options", kinds.VALUE,
                 "symbols of device, data type, gradient .., or a tensor to be like")
_ASYNC = Param("async", kinds.FLAG, "1b to return before the copy is done (CUDA)", False)


@function("to", GROUP, "change device, data type or gradient flag of an object in place",
          Param("x", kinds.VALUE, "pointer to a tensor, vector, dictionary or module"),
          _OPTIONS, _ASYNC, raw=True,
          examples=["to(t:tensor 1 2 3;`double)", "tensor t"])
def to(x: Value) -> None:
    handle, options, flag = _target("to", x)
    dispatch("to", handle, options, flag)


@function("copyto", GROUP, "copy a tensor with another device, data type or gradient flag",
          Param("x", kinds.VALUE, "pointer to a tensor"), _OPTIONS, _ASYNC, raw=True,
          examples=["tensor copyto(tensor 1 2 3;`double)"])
def copyto(x: Value) -> Value:
    handle, options, flag = _target("copyto", x)
    if handle.kind != "tensor":
        raise QError(f"copyto: expects tensor as first arg, given {handle.kind}")
    return register("tensor", _moved(handle.obj, options, flag, copy=True))


def _moved(t: torch.Tensor | None, o: TensorOptions, flag: bool,
           copy: bool = False) -> torch.Tensor:
    if t is None:
        raise QError("to: cannot change attribute(s) of an undefined tensor")
    return o.apply(t, non_blocking=flag, copy=copy)


@implement("to", "tensor")
def tensor_to(handle: Handle, options: TensorOptions, flag: bool) -> None:
    replace(handle, _moved(handle.obj, options, flag))


@implement("to", "vector")
def vector_to(handle: Handle, options: TensorOptions, flag: bool) -> None:
    handle.obj[:] = [t if t is None else options.apply(t, non_blocking=flag)
                     for t in handle.obj]


@implement("to", "dictionary")
def dictionary_to(handle: Handle, options: TensorOptions, flag: bool) -> None:
    entries: TensorDict = handle.obj
    entries.update({name: options.apply(t, non_blocking=flag)
                    for name, t in entries.items() if t is not None})


# ------------------------------------------------------------------ seeds

def _generator(device: torch.device) -> torch.Generator:
    if device.type == "cuda":
        index = torch.cuda.current_device() if device.index is None else device.index
        torch.cuda.init()
        return torch.cuda.default_generators[index]
    return torch.mps._get_default_mps_generator() if device.type == "mps" \
        else torch.default_generator


def _signed(seed: int) -> int:
    """A seed of 64 bits as the long that q sees."""
    return seed - (1 << 64) if seed >= 1 << 63 else seed


def seeds() -> Dict:
    """Device symbol -> seed in use."""
    return Dict(symbols(DEVICES), vector(7, [_signed(_generator(d).initial_seed())
                                             for d in DEVICES.values()]))


@function("seed", GROUP, "query or set the seeds of the random generators",
          Param("x", kinds.VALUE, "empty for all seeds, a device symbol to query one, "
                "a long to set all, (device;long) to set one; a null long draws a seed"),
          raw=True, examples=["seed 123", "seed`cpu", "seed(`cpu;42)", "seed[]"])
def seed(x: Value) -> Value:
    if is_empty(x):
        return seeds()
    n = as_long(x)
    if n is not NO:
        torch.manual_seed(torch.seed() if n == LONG_NULL else n)
        return NULL
    device = as_device(x)
    if device is not None:
        return _signed(_generator(device).initial_seed())
    args = simple_items(x)
    device = as_device(args[0]) if len(args) == 2 else None
    n = as_long(args[1]) if device is not None else NO
    if device is None or n is NO:
        raise QError("unrecognized arg(s) for seed, expected one of: device, seed or "
                     "(device;seed)")
    generator = _generator(device)
    if n == LONG_NULL:
        generator.seed()
    else:
        generator.manual_seed(n)
    return NULL


@function("device", "info", "the device of a tensor or module, or the session's default",
          Param("x", kinds.VALUE, "empty for the default device, or a pointer"),
          raw=True, examples=["device[]", "device tensor 1 2 3"])
def device(x: Value) -> Value:
    from .tensor.attributes import attribute

    return default_device() if is_empty(x) else attribute("device", x)

