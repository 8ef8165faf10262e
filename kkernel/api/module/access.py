"""What is inside a module: children, parameters, buffers, and their names and types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from kkernel.q.errors import QError
from kkernel.q.symbols import Symbol, symbols
from kkernel.q.values import Dict, List, Value

from .. import kinds
from ..convert import to_tensor
from ..declare import function, simple_items
from ..events import changed
from ..kinds import NO, as_flag, as_long, as_symbols, kname
from ..objects import Handle, TensorDict, find, register
from ..params import Param
from .forward import first_device, module_of, submodule
from .own.callback import as_parameter
from .own.cloning import cloned
from .types import find_type, type_name

GROUP = "module"
HOLDERS = ("module", "loss", "model", "optimizer")


def held_module(handle: Handle) -> nn.Module:
    """The module of a module, loss, model or optimizer."""
    if handle.kind in ("module", "loss"):
        return handle.obj
    found = handle.obj.module
    return nn.Module() if found is None else found


def named_modules(module: nn.Module) -> dict[str, nn.Module]:
    """All modules below a module, by dotted name."""
    return {n: m for n, m in module.named_modules(remove_duplicate=False) if n}


def named_parameters(module: nn.Module) -> dict[str, Tensor]:
    return dict(module.named_parameters(remove_duplicate=False))


def named_buffers(module: nn.Module) -> dict[str, Tensor]:
    return dict(module.named_buffers(remove_duplicate=False))


def child_at(module: nn.Module, x: Value, name: str) -> nn.Module:
    """The module of a name, or at an index among all modules below."""
    index = as_long(x)
    if index is NO:
        return submodule(module, x)
    below = list(named_modules(module).values())
    if not 0 <= index < len(below):
        n = len(below)
        raise QError(f"{name}: invalid index[{index}] for {n} child module{'' if n == 1 else 's'}")
    return below[index]


# ------------------------------------------------------------------ lists of names and objects

def _holder(x: Value, name: str, objects: bool) -> Handle | nn.Module:
    """The tensor dictionary, or the (child) module, that the arguments of a list name."""
    handle = find(x)
    which: Value = None
    if handle is None:
        args = simple_items(x)
        handle = find(args[0]) if args else None
        if handle is None:
            raise QError(f"{name}: expecting pytorch object, not implemented for {kname(x)}")
        if len(args) != 2:
            raise QError(f"{name}: expecting up to two args, (object; index/name), "
                         f"given {len(args)} args")
        which = args[1]
        if as_long(which) is NO and type(which) is not Symbol:
            raise QError(f"{name}: expecting integer or symbol for 2nd arg, given {kname(which)}")
    if handle.kind == "dictionary" and not objects:
        if which is not None:
            raise QError(f"{name}: dictionary supplied with extraneous argument")
        return handle
    if handle.kind not in HOLDERS:
        raise QError(f"{name}: not implemented for {handle.kind}")
    module = held_module(handle)
    return module if which is None else child_at(module, which, name)


def _names(found: Callable[[nn.Module], dict[str, Any]], name: str) -> Callable[[Value], Value]:
    def run(x: Value) -> Value:
        holder = _holder(x, name, False)
        return symbols(holder.obj if isinstance(holder, Handle) else found(holder))

    return run


def _pointers(found: Callable[[nn.Module], dict[str, Any]], name: str) -> Callable[[Value], Value]:
    def run(x: Value) -> Value:
        holder = _holder(x, name, True)
        assert isinstance(holder, nn.Module)
        modules = found(holder)
        return Dict(symbols(modules), List([register("module", m) for m in modules.values()]))

    return run


def _tensors(found: Callable[[nn.Module], dict[str, Any]], name: str,
             role: str) -> Callable[[Value], Value]:
    def run(x: Value) -> Value:
        holder = _holder(x, name, True)
        assert isinstance(holder, nn.Module)
        return register("dictionary", TensorDict(found(holder), role))

    return run


def _children(module: nn.Module) -> dict[str, nn.Module]:
    return {n: m for n, m in module._modules.items() if m is not None}


_HOLDER = Param("x", kinds.VALUE, "pointer to a module, loss, model or optimizer")
_CHILD = Param("child", kinds.VALUE, "name of a child, or its index among all modules below", None)
for _name, _run, _words in (
        ("names", _names(named_modules, "names"), "dotted names of all modules below"),
        ("childnames", _names(_children, "children"), "names of the direct children"),
        ("parmnames", _names(named_parameters, "parmnames"), "names of all parameters"),
        ("buffernames", _names(named_buffers, "buffernames"), "names of all buffers"),
        ("modules", _pointers(named_modules, "modules"), "name -> pointer of all modules below"),
        ("children", _pointers(_children, "children"), "name -> pointer of the direct children"),
        ("parms", _tensors(named_parameters, "parms", "parameter"),
         "dictionary of the parameters, which it shares"),
        ("buffers", _tensors(named_buffers, "buffers", "buffer"),
         "dictionary of the buffers, which it shares")):
    function(_name, GROUP, _words, _HOLDER, _CHILD, raw=True,
             examples=["m:module seq(`sequential;(`linear;`a;3;2);(`batchnorm1d;`b;2))",
                       f"{_name} m"])(_run)


@function("child", GROUP, "pointer to a child module", _HOLDER,
          Param("child", kinds.VALUE, "its name, dotted if deeper, or index"), raw=True,
          examples=["m:module seq(`sequential;`relu`a;`tanh`b)", "objtype child(m;`b)"])
def child(x: Value) -> Value:
    args = simple_items(x)
    handle = find(args[0]) if args and find(x) is None else find(x)
    if handle is None or handle.kind not in HOLDERS:
        raise QError("child: expects module/model/optimizer as first argument")
    if len(args) != 2:
        raise QError("child: expects 2 args, (module/model/optimizer; name/index), "
                     f"{len(args)} arg(s) given")
    if as_long(args[1]) is NO and type(args[1]) is not Symbol:
        raise QError(f"child: expects 2nd arg of name or index, given {kname(args[1])}")
    return register("module", child_at(held_module(handle), args[1], "child"))


# ------------------------------------------------------------------ types

@function("moduletypes", GROUP, "name -> type of a module and all below it", _HOLDER,
          Param("types", kinds.SYMBOLS, "a type for the names of that type, or types to keep",
                None), raw=True,
          examples=["m:module seq(`sequential;`relu;`tanh)", "moduletypes m",
                    "moduletypes(m;`relu)"])
def moduletypes(x: Value) -> Value:
    args = simple_items(x)
    handle = find(x) or (find(args[0]) if args else None)
    if handle is None or handle.kind not in HOLDERS:
        raise QError("moduletypes: 1st argument is not a recognizable pytorch object")
    if len(args) > 2:
        raise QError("moduletypes: expecting 1-2 arguments, e.g. module or (module;types), "
                     f"but {len(args)} args supplied")
    types = {n: type_name(m) for n, m in held_module(handle).named_modules(remove_duplicate=False)}
    if len(args) == 2:
        wanted = as_symbols(args[1])
        if wanted is NO:
            raise QError("moduletypes: expecting 2nd arg of module types(symbols), "
                         f"given {kname(args[1])}")
        for name in wanted:
            find_type(name)
        types = {n: t for n, t in types.items() if t in wanted}
        if type(args[1]) is Symbol:
            return symbols(types)
    return Dict(symbols(types), symbols(types.values()))


@function("parmtypes", GROUP, "parameter -> type of the module it belongs to", _HOLDER, raw=True,
          examples=["parmtypes module seq(`sequential;(`linear;`a;3;2);`relu)"])
def parmtypes(x: Value) -> Value:
    handle = find(x)
    if handle is None or handle.kind not in HOLDERS:
        raise QError(f"parmtypes: expecting model, module or optimizer, given {kname(x)}")
    types = {}
    for path, module in held_module(handle).named_modules(remove_duplicate=False):
        for name in dict(module.named_parameters(recurse=False)):
            types[f"{path}.{name}" if path else name] = type_name(module)
    return Dict(symbols(types), symbols(types.values()))


# ------------------------------------------------------------------ one parameter or buffer

def find_tensor_in(module: nn.Module, name: str, role: str) -> Tensor | None:
    """A parameter, a buffer, or for role tensor either, by its dotted name."""
    tensors: dict[str, Tensor] = {}
    if role in ("buffer", "tensor"):
        tensors.update(named_buffers(module))
    if role in ("parameter", "tensor"):
        tensors.update(named_parameters(module))
    return tensors.get(name)


def _one(x: Value, name: str, role: str) -> Value:
    args = simple_items(x)
    handle = find(args[0]) if args and find(x) is None else find(x)
    if handle is None:
        raise QError(f"{name}: first arg must be a module, model, loss or optimizer")
    if len(args) < 2:
        raise QError(f"{name}: expecting 2nd argument of {role} name")
    if len(args) > 3:
        raise QError(f"{name}: expecting 2-3 args, e.g. (module;{role} name) or "
                     f"(module;{role} name;value), but given {len(args)} args")
    if type(args[1]) is not Symbol:
        raise QError(f"{name}: second arg is {role} name, expecting symbol "
                     f"given {kname(args[1])}")
    if handle.kind not in HOLDERS:
        raise QError(f"{name}: not implemented for {handle.kind}")
    module = held_module(handle)
    found = find_tensor_in(module, args[1], role)
    if len(args) == 3:
        _assign(module, args[1], role, found, args[2])
        return None
    if found is None:
        raise QError(f"{name}: {role} `{args[1]} not found")
    return register("tensor", found)


def _assign(module: nn.Module, name: str, role: str, found: Tensor | None, x: Value) -> None:
    """Copy values into a parameter or buffer, or enter a new one."""
    source = find(x)
    given = source.obj if source is not None and source.kind == "tensor" else to_tensor(x, own=True)
    if found is not None:
        with torch.no_grad():
            found.copy_(given)
    else:
        if "." in name:
            raise QError(f"{role} name must not contain a dot (got '{name}')")
        given = given if source is not None else given.to(first_device(module) or given.device)
        if role == "parameter":
            module._parameters[name] = as_parameter(given)
        else:
            module._buffers[name] = given
    changed(module)


for _name, _role, _sample in (("parm", "parameter", "bias"), ("buffer", "buffer", "running_var")):
    def _run_one(x: Value, name: str = _name, role: str = _role) -> Value:
        return _one(x, name, role)

    function(_name, GROUP, f"pointer to a {_role}, or set its values", _HOLDER,
             Param("name", kinds.SYMBOL, f"name of the {_role}"),
             Param("value", kinds.TENSOR, "values to copy in, a new one if there is none", None),
             raw=True, examples=["m:module enlist(`batchnorm1d;3)",
                                 f"tensor {_name}(m;`{_sample})"])(_run_one)


# ------------------------------------------------------------------ modes, copies

@function("training", GROUP, "whether a module is in training mode, or set it",
          Param("x", kinds.VALUE, "pointer to a module or model"),
          Param("flag", kinds.FLAG, "1b for training, 0b for evaluation", None), raw=True,
          examples=["training m:module`relu", "training(m;0b)", "training m"])
def training(x: Value) -> Value:
    args = simple_items(x)
    handle = find(x) or (find(args[0]) if args else None)
    flag = as_flag(args[1]) if len(args) == 2 else None
    if handle is None or flag is NO or len(args) > 2:
        raise QError("training: unrecognized arg(s), expects module/model and optional flag")
    module = module_of(handle)
    if module is None:
        raise QError(f"training: not implemented for {handle.kind}")
    if flag is None:
        return module.training
    module.train(flag)
    return None


@function("clone", GROUP, "a deep copy of a tensor, or of the module of an object",
          Param("x", kinds.VALUE, "pointer to a tensor, module, model or optimizer"), raw=True,
          examples=["b:clone a:module enlist(`linear;3;2)", "state[a]~state b"])
def clone(x: Value) -> Value:
    handle = find(x)
    if handle is not None and handle.kind == "tensor":
        return register("tensor", handle.obj.detach().clone())
    if handle is None or handle.kind not in HOLDERS or handle.kind == "loss":
        raise QError("clone: expecting module, model or optimizer, "
                     f"not implemented for {kname(x)}")
    return register("module", cloned(held_module(handle)))


__all__ = ["find_tensor_in", "held_module", "named_buffers", "named_parameters"]
