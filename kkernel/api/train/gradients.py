"""Gradients: calculate, reset and clip them."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor, nn

from kkernel.q.errors import QError
from kkernel.q.symbols import Symbol
from kkernel.q.values import List, Value, items, vector

from .. import kinds
from ..convert import to_q, to_tensor
from ..declare import Quick, function, simple_items
from ..events import changed
from ..inputs import Input
from ..kinds import NO, as_flag, as_long_double, is_general, kname
from ..loss import training_loss
from ..module.forward import run_forward
from ..objects import Handle, find, find_tensor
from ..opt import Opt
from ..params import Param
from ..readers import writing
from . import tasks
from .data import model_of, read_both, samples
from .options import GROUP, Settings

# ------------------------------------------------------------------ resetting


def reset(tensors: list[Tensor | None], none: bool) -> None:
    """Fill the gradients with zeros, or drop them."""
    for t in tensors:
        if t is None or t.grad is None:
            continue
        if none:
            t.grad = None
        else:
            t.grad.detach_()
            t.grad.zero_()


def _resettable(handle: Handle) -> list[Tensor | None]:
    kind, obj = handle.kind, handle.obj
    if kind == "tensor":
        return [obj]
    if kind == "vector":
        return list(obj)
    if kind == "dictionary":
        return list(obj.values())
    if kind == "module":
        return list(obj.parameters())
    return list((obj if kind == "optimizer" else obj.opt).parameters)


def _reset(x: Value, handle: Handle | None, name: str, none: bool) -> None:
    if handle is None or handle.kind == "loss":
        raise QError(f"{name}: not implemented for {kname(x)}")
    reset(_resettable(handle), none)
    changed(handle.obj)


def _resetting(name: str, none: bool) -> Quick:
    """What resets the gradients of a tensor, or of the object of another pointer."""
    return {"p": writing(lambda t: reset([t], none)),
            "h": lambda handle: _reset(List((handle.ptr,)), handle, name, none)}


_HOLDER = Param("x", kinds.VALUE, "pointer to tensor(s), a module, optimizer or model")
_GRADED = ["t:tensor(1 2 3f;`grad)", "backward Sum t"]


@function("zerograd", GROUP, "fill gradients with zeros", _HOLDER, raw=True,
          examples=[*_GRADED, "zerograd t", "grad t"], quick=_resetting("zerograd", False))
def zerograd(x: Value) -> None:
    _reset(x, find(x), "zerograd", False)


@function("nograd", GROUP, "drop gradients", _HOLDER, raw=True,
          examples=[*_GRADED, "nograd t", "grad t"], quick=_resetting("nograd", True))
def nograd(x: Value) -> None:
    _reset(x, find(x), "nograd", True)


# ------------------------------------------------------------------ calculating

MODES = {"free": (False, False), "retain": (True, False), "create": (True, True),
         "createfree": (False, True)}  # keep the graph, make a graph of the gradients


def propagate(t: Tensor, gradient: Tensor | None = None, retain: bool = False,
              create: bool = False) -> None:
    """Add the gradients of a tensor to the leaves: torch.autograd.backward less the symbolic
    shapes that it checks, whose import takes seconds."""
    if gradient is None and t.numel() == 1 and t.is_floating_point():
        gradient = torch.ones_like(t)
    if gradient is None or gradient.shape != t.shape or gradient.dtype != t.dtype:
        torch.autograd.backward(t, gradient, retain, create)  # tells what is wrong
        return
    _ENGINE.run_backward((t,), (gradient,), retain, create, (), allow_unreachable=True,
                         accumulate_grad=True)


_ENGINE = torch.autograd.Variable._execution_engine  # type: ignore[attr-defined]


_EXPECTED = ("backward: expects tensor or model as 1st arg, e.g. backward(tensor) or "
             "backward(model;inputs;targets)")


def _backward(t: Tensor, gradient: Tensor | None = None, mode: str = "free") -> None:
    retain, create = MODES[mode]
    if not create:
        propagate(t, gradient, retain)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of the cycle that a graph makes
        propagate(t, gradient, retain, create)


def _mode(x: Value) -> str | None:
    """The mode that a symbol names, None for any other value."""
    if type(x) is not Symbol:
        return None
    if x not in MODES:
        raise QError(f"unrecognized setting for backprop: {x}, expecting one of: "
                     "free,retain,create or createfree")
    return str(x)


def _gradient(x: Value, t: Tensor) -> Tensor:
    """The gradient that enters a tensor; a number stands for all its elements."""
    handle = find_tensor(x)
    g: Tensor = to_tensor(x, device=t.device) if handle is None else handle.obj
    return g.expand_as(t) if not g.ndim and t.ndim else g


@function("backward", GROUP, "calculate gradients of a tensor, or of the loss of a model",
          Param("x", kinds.VALUE, "pointer to a tensor or model"),
          Param("y", kinds.VALUE, "gradient of the tensor, 1 if not given; or the inputs", None),
          Param("z", kinds.VALUE, "`` `free`retain`create`createfree``; or the targets", None),
          raw=True, examples=["t:tensor(1 2 3f;`grad)", "backward(y:mul(t;t);1 1 1f)", "grad t"],
          quick={"p": propagate, "hpp": lambda handle, x, y: _of_batch(handle, x, y)})
def backward(x: Value) -> Value:
    handle = find(x)
    args = simple_items(x) if handle is None else [x]
    handle = handle or (find(args[0]) if args else None)
    if handle is None or handle.kind not in ("tensor", "model"):
        raise QError(_EXPECTED)
    if handle.kind == "model":
        data = handle.obj.data
        inputs, targets = (data.x, data.y) if len(args) == 1 else read_both(args, "backward")
        return to_q(_model_backward(handle.obj, inputs, targets))
    mode = _mode(args[-1]) if len(args) > 1 else None
    n = len(args) - (mode is not None)
    if n > 2:
        raise QError("backward: unexpected arg(s), expecting (t;s), (t;g) or (t;g;s) with "
                     "t-tensor, g-tensor, s-sym, e.g. `retain")
    _backward(handle.obj, _gradient(args[1], handle.obj) if n == 2 else None, mode or "free")
    return None


def _of_batch(handle: Handle, x: Tensor, y: Tensor) -> Value:
    """The loss of a model for a batch, whose gradients are added."""
    if handle.kind != "model":
        raise QError(_EXPECTED)
    return to_q(_model_backward(handle.obj, x, y))


def _model_backward(model: Any, x: Input, y: Input) -> Tensor:
    """Add the gradients of the loss of a model, which is given."""
    share(model)
    before = [(p, p.grad) for p in model.opt.parameters] if tasks.joined(model.train) else []
    for p, _ in before:
        p.grad = None
    loss = training_loss(model.loss, run_forward(model.module, x), y)
    propagate(loss)
    whole = join(model, loss, x)
    for p, grad in before:
        if grad is not None:
            p.grad = grad if p.grad is None else grad + p.grad
    return whole


def share(model: Any) -> None:
    """Let all tasks start from the same parameters."""
    if tasks.joined(model.train):
        tasks.share(model.module)


def join(model: Any, loss: Tensor | None, x: Input) -> Tensor:
    """Join the gradients with those of other tasks, if there are any; gives the loss of all."""
    if not tasks.joined(model.train):
        assert loss is not None
        return loss
    summed = getattr(model.loss, "reduction", "mean") == "sum"
    weight = 0.0 if loss is None else 1.0 if summed else float(samples(x))
    return tasks.join(model.opt.parameters, loss, weight, not summed)


# ------------------------------------------------------------------ clipping

def _clip_norm(tensors: list[Tensor], most: float, exponent: float) -> float:
    return nn.utils.clip_grad_norm_(tensors, most, exponent).item()


def _clip_value(tensors: list[Tensor], most: float) -> float:
    nn.utils.clip_grad_value_(tensors, most)
    return float("nan")


def _managed(opt: Opt) -> list[Tensor]:
    """All parameters of the modules of an optimizer."""
    return list(opt.module.parameters()) if opt.module is not None else opt.parameters


def _clip_groups(opt: Opt, most: float, exponent: float) -> Value:
    return vector(9, [_clip_norm(g["params"], most, exponent) for g in opt.groups])


def clip_by(options: Settings, opt: Opt) -> Value:
    """Clip as the training options say; gives the previous norm(s), None without clipping."""
    norm, value = options["clipnorm"], options["clipvalue"]
    if norm is not None:
        return (_clip_groups(opt, *norm) if options["clipgroup"] else
                _clip_norm(_managed(opt), *norm))
    return None if value is None else _clip_value(_managed(opt), value)


def _number(x: Value, message: str) -> float:
    number = as_long_double(x)
    if number is NO:
        raise QError(f"{message}, is {kname(x)}, expecting long/double")
    return float(number)


def _clippable(x: Value, name: str, most: int) -> tuple[Handle, list[Value]]:
    args = items(x) if is_general(x) else []
    handle = find(args[0]) if args and find(x) is None else None
    if handle is None:
        up_to = f"-{most}" if most > 2 else ""
        raise QError(f"{name}: expects tensor(s), module, model or optimizer as 1st of "
                     f"2{up_to} args")
    if handle.kind == "loss":
        raise QError(f"{name}: not implemented for loss")
    return handle, args


@function("clipv", GROUP, "clip gradients by value", _HOLDER,
          Param("value", kinds.NUMBER, "greatest absolute value"), raw=True,
          examples=[*_GRADED, "clipv(t;.5)", "grad t"])
def clipv(x: Value) -> float:
    name = "clip gradient value"
    handle, args = _clippable(x, name, 2)
    if len(args) != 2:
        raise QError(f"{name}: expects 2 args, ({handle.kind}; value)")
    most = _number(args[1], f"{name}: 2nd arg, max value")
    return _clip_value(_clipped(handle), most)


@function("clip", GROUP, "clip gradients by norm; gives the previous norm", _HOLDER,
          Param("norm", kinds.NUMBER, "greatest norm; a model alone uses its options", None),
          Param("exponent", kinds.NUMBER, "exponent of the norm", 2),
          Param("bygroup", kinds.FLAG, "1b for the norm of each parameter group", False), raw=True,
          examples=[*_GRADED, "clip(t;1)", "clip(t;.5;0w)"])
def clip(x: Value) -> Value:
    model = model_of(x)
    if model is not None:
        return clip_by(model.obj.train, model.obj.opt)
    name = "clip gradient norm"
    handle, args = _clippable(x, name, 4)
    if len(args) not in (2, 3, 4):
        raise QError(f"{name}: expects 2-4 args, ({handle.kind}; max norm; norm exponent; "
                     "group flag)")
    most = _number(args[1], f"{name}: 2nd arg, max norm")
    exponent, grouped = _norm_and_flag(args[2:], name)
    if grouped and handle.kind in ("model", "optimizer"):
        return _clip_groups(handle.obj if handle.kind == "optimizer" else handle.obj.opt, most,
                            exponent)
    return _clip_norm(_clipped(handle), most, exponent)


def _norm_and_flag(args: list[Value], name: str) -> tuple[float, bool]:
    """The exponent and the flag that may follow the norm."""
    if not args:
        return 2.0, False
    flag = as_flag(args[-1])
    if len(args) == 1:
        if flag is NO and as_long_double(args[0]) is NO:
            raise QError(f"{name}: 3rd arg, group flag or norm exponent expected, "
                         f"given {kname(args[0])}")
        return (2.0, flag) if flag is not NO else (float(as_long_double(args[0])), False)
    exponent = _number(args[0], f"{name}: 3rd arg, norm exponent")
    if flag is NO:
        raise QError(f"{name}: 4th arg, group flag, is {kname(args[1])}, expecting boolean")
    return exponent, flag


def _clipped(handle: Handle) -> list[Tensor]:
    """The tensors whose gradients an object's clipping concerns."""
    if handle.kind in ("optimizer", "model"):
        return _managed(handle.obj if handle.kind == "optimizer" else handle.obj.opt)
    return [t for t in _resettable(handle) if t is not None]
