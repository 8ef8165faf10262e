"""What the shared functions give for modules: attributes, printed form, options, help, moves."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor, nn

from kkernel.q.errors import QError
from kkernel.q.symbols import sym, symbols
from kkernel.q.values import Dict, List, Table, Value, record, string

from .. import settings
from ..dispatch import implement
from ..help import describe, topic
from ..objects import Handle, live
from ..tensor.attributes import attributes_of
from .access import named_parameters
from .forward import end_types
from .text import text_of
from .types import TYPES, ModuleType, need_type, type_name

ROWS = ("module", "pytorch", "forward", "result", "n", "args", "options")


# ------------------------------------------------------------------ attributes

@implement("objtype", "module")
def module_type(handle: Handle) -> str:
    return type_name(handle.obj)


@implement("tensors", "module")
def module_tensors(handle: Handle) -> list[Tensor]:
    """Parameters, then buffers."""
    return [*handle.obj.parameters(), *handle.obj.buffers()]


@implement("size", "module", "loss")
def parameter_count(handle: Handle) -> int:
    return len(list(handle.obj.parameters()))


@implement("device", "module", "loss")
def module_device(handle: Handle) -> Value:
    first = next(iter([*handle.obj.parameters(), *handle.obj.buffers()]), None)
    return sym("cpu" if first is None else str(first.device))


def total_elements(module: nn.Module) -> int:
    tensors = [*module.parameters(), *module.buffers()]
    return sum(t.untyped_storage().nbytes() // t.element_size() for t in tensors)


def total_bytes(module: nn.Module) -> int:
    return sum(t.untyped_storage().nbytes() for t in [*module.parameters(), *module.buffers()])


@implement("elements", "module", "loss")
def module_elements(handle: Handle) -> int:
    return total_elements(handle.obj)


@implement("bytes", "module", "loss")
def module_bytes(handle: Handle) -> int:
    return total_bytes(handle.obj)


@implement("ptr", "module", "loss")
def module_address(handle: Handle) -> int:
    return id(handle.obj)


@implement("ref", "module", "loss")
def module_references(handle: Handle) -> int:
    """Owners of a module: pointers, parents, optimizers and models."""
    return sum(owners(h, handle.obj) for h in live())


def owners(handle: Handle, module: nn.Module) -> int:
    """How often the object of a handle refers to a module itself."""
    obj = handle.obj
    if handle.kind in ("module", "loss"):
        return (obj is module) + sum(c is module for m in obj.modules() for c in m.children())
    if handle.kind == "optimizer":
        return int(obj.module is module)
    if handle.kind == "model":
        return (obj.module is module) + (obj.loss is module) + (obj.opt.module is module)
    return 0


def _per_parameter(name: str) -> None:
    @implement(name, "module", "loss", "model")
    def read(handle: Handle) -> Dict:
        module = handle.obj.module if handle.kind == "model" else handle.obj
        return attributes_of(named_parameters(module), name)


for _name in ("dtype", "ktype", "gradflag", "gradient"):
    _per_parameter(_name)


@implement("inputmodule", "module", "model")
def input_module(handle: Handle) -> Value:
    return sym(end_types(_module(handle))[0])


@implement("outputmodule", "module", "model")
def output_module(handle: Handle) -> Value:
    return sym(end_types(_module(handle))[1])


def _module(handle: Handle) -> nn.Module:
    return handle.obj if handle.kind == "module" else handle.obj.module


@implement("str", "module", "loss", "model")
def module_text(handle: Handle) -> str:
    return text_of(handle.obj.module if handle.kind == "model" else handle.obj)


@implement("gradients", "module", "loss", "model")
def module_gradients(handle: Handle) -> list[Tensor]:
    """The tensors whose gradients belong to a module."""
    module = handle.obj.module if handle.kind == "model" else handle.obj
    return list(named_parameters(module).values())


@implement("to", "module", "loss")
def module_to(handle: Handle, options: Any, asynchronous: bool) -> None:
    if any(getattr(options, name, None) is not None
           for name in ("layout", "gradient", "pin", "memory")):
        raise QError("to: converts device & type, but cannot be used for "
                     "layout,gradient,pinned memory or memory format")
    handle.obj.to(device=options.device, dtype=options.dtype, non_blocking=asynchronous)


# ------------------------------------------------------------------ options and help

@implement("options", "module")
def module_options(handle: Handle) -> Dict:
    return need_type(handle.obj).shown(handle.obj, settings.active.alloptions)


@implement("help", "module")
def module_help(handle: Handle) -> Dict:
    return help_row(need_type(handle.obj), module_options(handle))


def arguments(row: Any) -> Value:
    """The kinds of a forward's arguments: a symbol or several."""
    return sym(row.args[0]) if len(row.args) == 1 else symbols(row.args)


def help_row(row: Any, options: Dict) -> Dict:
    """What help gives for one type of module or loss."""
    return record(ROWS, List([sym(row.name), string(row.source), row.forward, sym(row.result),
                              row.least, arguments(row), options]))


def help_table(types: list[Any]) -> Table:
    """The table of all types of modules or losses."""
    return Table(ROWS, [symbols([t.name for t in types]),
                        List([string(t.source) for t in types]),
                        np.array([t.forward for t in types], "?"),
                        symbols([t.result for t in types]),
                        np.array([t.least for t in types], "i8"),
                        List([arguments(t) for t in types]),
                        List([t.examples for t in types])])


@topic("module", "module types, options & forward args")
def all_modules() -> Table:
    """By name, but that seqdict comes after seqjoin."""
    return help_table(sorted(TYPES.values(),
                             key=lambda t: "seqjoin~" if t.name == "seqdict" else t.name))


def plain(row: ModuleType) -> bool:
    """Whether a type takes one tensor and gives one: its options say all about it."""
    return row.forward and row.args == ("tensor",) and row.result == "tensor"


@describe
def describe_module(name: str, full: bool) -> Value | None:
    row = TYPES.get(name)
    if row is None:
        return None
    return help_row(row, row.examples) if full and not plain(row) else row.examples


__all__ = ["help_row", "help_table", "total_bytes", "total_elements"]
