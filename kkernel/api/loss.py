"""`loss`: make, describe and calculate losses; and the losses as functions."""

from __future__ import annotations

from functools import partial
from typing import Any

from torch import Tensor, nn

from kkernel.q.errors import QError
from kkernel.q.symbols import Symbol, sym
from kkernel.q.values import Dict, Table, Value, items, qtype, record

from . import kinds, settings
from .convert import to_q, to_tensor
from .declare import function
from .dispatch import implement
from .entries import dictionary_entry, symbol_entry
from .forms import Operand, Run, split
from .help import describe, topic
from .inputs import Input, input_name, read_inputs
from .kinds import NO, as_flag, as_symbols, is_empty, is_general, kname
from .module.attributes import help_row, help_table
from .module.rows.loss import LOSS_CLASSES, LOSSES, LossType
from .objects import Handle, find, register
from .params import Param
from .readers import Fixed

GROUP = "loss"


def find_loss(name: str) -> LossType:
    row = LOSSES.get(name)
    if row is None:
        raise QError(f"unrecognized loss function: {name}")
    return row


def loss_type(loss: nn.Module) -> LossType:
    """The row of a loss module."""
    return LOSS_CLASSES[type(loss)]


def loss_definition(loss: nn.Module, all: bool) -> Dict:
    """Type and options of a loss, which also are its state."""
    row = loss_type(loss)
    return record(["module", "options"], [sym(row.name), row.shown(loss, all)])


# ------------------------------------------------------------------ the function loss

def _module_of(handle: Handle) -> nn.Module:
    """The loss behind a pointer to it or to a model."""
    if handle.kind == "model":
        return handle.obj.loss  # type: ignore[no-any-return]
    if handle.kind != "loss":
        raise QError("loss: unrecognized arg(s)")
    return handle.obj  # type: ignore[no-any-return]


def _of_pair(handle: Handle, x: Tensor, y: Tensor) -> Tensor:
    """The loss of an output and its target, which is what loops are made of."""
    pair = [x, y] if x.is_cpu and y.is_cpu else _on_one_device([x, y])
    return calculate_loss(_module_of(handle), pair)


@function("loss", GROUP, "make a loss, give its definition, or calculate it",
          Param("x", kinds.VALUE, "name and options, a dictionary of both, or a pointer to a loss "
                "or model"),
          Param("args", kinds.VALUE, "options; or a flag for all options; or output and target(s)",
                None),
          raw=True, examples=["l:loss(`mse;`sum)", "loss l", "tensor loss(l;1 2 3e;0 2 4e)"],
          quick={"hpp": _of_pair})
def loss(x: Value) -> Value:
    handle = find(x)
    if handle is not None:
        return _described(handle)
    if isinstance(x, Dict):
        return register("loss", _from_state(x))
    args = items(x) if is_general(x) or as_symbols(x) is not NO else []
    if args and type(args[0]) is Symbol:
        row = find_loss(args[0])
        return register("loss", row.create(args[1:], 1))
    first = find(args[0]) if args else None
    if len(args) < 2 or first is None:
        raise QError("loss: unrecognized arg(s)")
    module = _module_of(first)
    if len(args) == 2 and first.kind == "loss" and as_flag(args[1]) is not NO:
        return loss_definition(first.obj, as_flag(args[1]))
    return register("tensor", _from_values(module, args[1:]))


def _described(handle: Handle) -> Value:
    if handle.kind == "loss":
        return loss_definition(handle.obj, settings.active.alloptions)
    return register("loss", _module_of(handle))


def _from_state(x: Dict) -> nn.Module:
    name, options = symbol_entry(x, "module"), dictionary_entry(x, "options")
    return find_loss(name).create([] if options is None else [options])


# ------------------------------------------------------------------ calculation

def calculate_loss(loss: nn.Module, tensors: list[Tensor | None]) -> Tensor:
    """The loss of its two to four tensors."""
    row, n = loss_type(loss), len(tensors)
    if not row.least <= n <= len(row.args):
        raise QError(_unfit(row.name, n))
    return loss(*tensors)


def _unfit(name: str, n: int) -> str:
    if n == 2:
        return f"{name}: loss calculation not implemented for single tensor input & target"
    if n == 3:
        return (f"{name}:  loss calculation not implemented for 3 tensors, "
                "e.g. input,target,weight  or input1,input2,target")
    if n == 4:
        return f"{name}: unable to calculate loss given 4 tensors"
    return f"loss: no calculation implemented for {n} tensors"


def _from_values(loss: nn.Module, values: list[Value]) -> Tensor:
    x = read_inputs(values, "loss")
    if not isinstance(x, list):
        raise QError(f"loss: no calculation implemented for {input_name(x)} input")
    return calculate_loss(loss, _on_one_device(x))


def _on_one_device(tensors: list[Tensor | None]) -> list[Tensor | None]:
    """Tensors on the cpu move to the first other device, if there is one."""
    if all(t is None or t.is_cpu for t in tensors):
        return tensors
    device = next(t.device for t in tensors if t is not None and not t.is_cpu)
    return [t.to(device) if t is not None and t.is_cpu else t for t in tensors]


def training_loss(loss: nn.Module, output: Any, target: Input) -> Tensor:
    """The loss of a module's output (its first tensor) and the target(s) of a batch."""
    y = output[0] if isinstance(output, list) else output
    if isinstance(target, Tensor):
        return calculate_loss(loss, [y, target])
    if isinstance(target, list) and len(target) in (1, 2):
        return calculate_loss(loss, [y, *target])
    name = loss_type(loss).name
    if isinstance(target, list):
        raise QError(f"{name}: loss calculation not implemented for {len(target)}-element vector "
                     "of targets")
    raise QError(f"{name}: loss calculation not implemented for tensor input & "
                 f"{input_name(target)} target")


# ------------------------------------------------------------------ losses as functions

def _arguments(x: Value, name: str, needed: int) -> list[Value]:
    """The arguments of a loss function: items of a list, or of a simple list of numbers."""
    if find(x) is not None or not (is_general(x) or 0 < qtype(x) < 11):
        raise QError(f"{name}: not implemented for {kname(x)}")
    args = items(x)
    if len(args) < needed:
        raise QError(f"{name}: expects at least {needed} args, {len(args)} given")
    return args


def _tensors(values: list[Value]) -> tuple[list[Tensor | None], bool]:
    """Tensors of pointers and arrays, arrays on the device of the first pointer."""
    handles = [find(v) for v in values]
    for h in handles:
        if h is not None and h.kind != "tensor":
            raise QError(f"loss: expecting tensor, given {h.kind}")
    first = next((h for h in handles if h is not None), None)
    device = None if first is None or first.obj is None else first.obj.device
    return [to_tensor(v, device=device) if h is None else h.obj
            for h, v in zip(handles, values, strict=True)], first is not None


def _weighted(args: list[Value]) -> bool:
    """Whether the third argument of bce is the weights of the batch."""
    return len(args) > 2 and not (is_empty(args[2]) or isinstance(args[2], Dict)
                                  or as_symbols(args[2]) is not NO)


def apply_loss(name: str, row: LossType, x: Value, tensors: int) -> Value:
    """A loss function on its arguments: tensors, then options."""
    args = _arguments(x, name, max(2, tensors))
    if name == "bce":
        tensors = 3 if _weighted(args) else 2
    run = _with_options(row, args[tensors:], tensors)
    inputs, pointer = _tensors(args[:tensors])
    result = run(*inputs)
    return register("tensor", result) if pointer else to_q(result, fresh=True)


def _with_options(row: LossType, options: list[Value], tensors: int) -> Run:
    """The function of a loss on its tensors, with options as q values."""
    assert row.function is not None
    keywords = row.options.keywords(row.options.read(row.name, options, tensors))
    return Fixed(row.function, **keywords) if keywords else row.function


def _learn(row: LossType, tensors: int, args: list[Value]) -> Run | None:
    """What calls on pointers with these options run."""
    given, options = split(args)
    if row.name == "bce":
        tensors = len(given)
    if len(given) != tensors or any(type(v) is Operand for v in options):
        return None
    return _with_options(row, options, tensors)


_INPUTS = {2: ("x", "y"), 3: ("x1", "x2", "y"), 4: ("x", "y", "xlens", "ylens")}
_SAMPLES = {
    "bce": "(.1 .9 .5;0 1 1f)", "ce": "(2 3#.1 .2 .3 .4 .5 .6;0 2)",
    "cosineloss": "(2 2#1 2 3 4f;2 2#4 3 2 1f;1 -1)", "kl": "(.1 .2 .7;.3 .3 .4)",
    "ctc": "(log 4 1 3#1%3;1 2#1 2;1#4;1#2)", "hinge": "(.1 .2 .7;1 -1 1)",
    "margin": "(1 2f;2 1f;1 -1)", "multilabel": "(1 3#.1 .2 .7;1 3#2 0 -1)",
    "multimargin": "(1 3#.1 .2 .7;1#2)", "multisoft": "(1 3#.1 .2 .7;1 3#1 0 1f)",
    "nll": "(2 3#-1 -2 -3 -4 -5 -6f;0 2)", "triplet": "(2 2#1 2 3 4f;2 2#1 2 3 5f;2 2#4 3 2 1f)",
    "bcelogit1": "(1 -1 2f;1 0 1f)", "bcelogit2": "(1 -1 2f;1 0 1f;1 1 .5)"}


def _declare(name: str, row: LossType, tensors: int) -> None:
    given = [Param(n, kinds.TENSOR, "tensor or array") for n in _INPUTS[tensors]]
    rest = [Param(o.name, kinds.VALUE, o.words, o.default) for o in row.options.rows]
    sample = _SAMPLES.get(name, "(1 2 3f;1.5 2 2.5)")

    @function(name, GROUP, f"the loss of {row.source.split('.')[-1]} as a function",
              *given, *rest, raw=True, examples=[f"{name}{sample}"],
              learn=partial(_learn, row, tensors), tensors=len(row.args))
    def run(x: Value) -> Value:
        return apply_loss(name, row, x, tensors)


for _row in LOSSES.values():
    if _row.function is not None and _row.name != "bcelogits":
        _declare(_row.name, _row, _row.least)
_declare("bcelogit1", LOSSES["bcelogits"], 2)
_declare("bcelogit2", LOSSES["bcelogits"], 3)


# ------------------------------------------------------------------ shared functions

@implement("objtype", "loss")
def type_of_loss(handle: Handle) -> str:
    return loss_type(handle.obj).name


@implement("tensors", "loss")
def loss_tensors(handle: Handle) -> list[Tensor]:
    return list(handle.obj.buffers())


@implement("options", "loss")
def loss_options(handle: Handle) -> Dict:
    return loss_type(handle.obj).shown(handle.obj, settings.active.alloptions)


@implement("help", "loss")
def loss_help(handle: Handle) -> Dict:
    return help_row(loss_type(handle.obj), loss_options(handle))


@implement("inputmodule", "loss")
@implement("outputmodule", "loss")
def end_of_loss(handle: Handle) -> Value:
    return sym(loss_type(handle.obj).name)


@topic("loss", "loss types, module options & forward args")
def all_losses() -> Table:
    return help_table(list(LOSSES.values()))


@describe
def describe_loss(name: str, full: bool) -> Value | None:
    row = LOSSES.get(name)
    if row is None:
        return None
    return help_row(row, row.examples) if full else row.examples


__all__ = ["calculate_loss", "find_loss", "loss_definition", "loss_type",
           "training_loss"]
