"""Forward calculations: which tensors a module takes, and what comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from kkernel.q import interrupts
from kkernel.q.errors import QError
from kkernel.q.symbols import Symbol
from kkernel.q.values import Value

from .. import kinds
from ..convert import list_to_q, to_q
from ..declare import function, simple_items
from ..inputs import Input, input_name, read_inputs
from ..objects import Handle, find, register
from ..params import Param
from .own.callback import Callback
from .own.calls import call
from .own.sequence import Sequential
from .types import TYPES, type_of

Output = Any  # Tensor, or list[Tensor | None] for several results
GROUP = "module"


# ------------------------------------------------------------------ what a module takes

def entrance(module: nn.Module, first: bool = True) -> tuple[str, int, tuple[str, ...]]:
    """Type of the module that gets the input (or gives the output), tensors needed, arguments.

    Empty if nothing in the module has a forward.
    """
    if isinstance(module, Callback):
        return "callback", len(module.inputs), module.inputs
    row = type_of(module)
    if row is None:
        return type(module).__name__, 1, ("tensor",) * 8
    if row.forward:
        return row.name, row.least, row.args
    children = [m for m in module._modules.values() if m is not None]
    return entrance(children[0 if first else -1], first) if children else ("", 0, ())


def _check(kind: str, least: int, args: tuple[str, ...], x: Input) -> list[Tensor | None]:
    """The tensors of an input, as many as the module takes."""
    if isinstance(x, Tensor):
        if least > 1:
            raise QError(f"{kind}: {least} args required for forward calculation, "
                         "single tensor supplied")
        return [x]
    if not isinstance(x, list):
        raise QError(f"{kind}: forward({','.join(args)}) not implemented given {input_name(x)}")
    n = len(x)
    if args == ("tensor", "tuple"):
        if n not in (1, 3):
            raise QError(f"{kind}: expects 3 tensors for (tensor,tuple) input but {n} given")
    elif args == ("tensor",) and n != 1:
        raise QError(f"{kind}: forward requires a single tensor, {n} tensors given")
    elif n < least:
        raise QError(f"{kind}: {n} tensor(s) supplied, but at least {least} required")
    elif n > len(args):
        raise QError(f"{kind}: {n} tensors supplied, but only {len(args)} expected")
    return x


def run_forward(module: nn.Module, x: Input) -> Output:
    """The result of a module's forward: one tensor, or a list of them."""
    if type(x) is Tensor and _takes_one(module):
        return flat(module(x))
    kind, least, args = entrance(module)
    row = type_of(module)
    if not args or (row is not None and row.name in ("moduledict", "modulelist", "parmdict")):
        raise QError(f"{row.name if row else kind}: no forward calculation defined")
    return flat(call(module, _check(kind, least, args, x)))


def flat(result: Any) -> Output:
    """Tuples of results, nested ones too, as one list."""
    if isinstance(result, (tuple, list)):
        tensors: list[Tensor | None] = []
        for part in result:
            tensors += flat(part) if isinstance(part, (tuple, list)) else [part]
        return tensors
    return result


@contextmanager
def training_mode(module: nn.Module, on: bool) -> Iterator[None]:
    """Training or evaluation mode for a while."""
    before = module.training
    try:
        if before != on:
            set_mode(module, on)
        yield
    finally:
        if before != on:
            with interrupts.held():
                set_mode(module, before)


def set_mode(module: nn.Module, on: bool) -> None:
    """Training or evaluation mode for a module and all inside it, as `train` of torch sets it."""
    kind = type(module)
    if kind.train is not nn.Module.train or kind.__setattr__ is not nn.Module.__setattr__:
        module.train(on)
        return
    module.__dict__["training"] = on  # where it ends, past the questions whether it is a tensor
    for child in module._modules.values():
        if child is not None:
            set_mode(child, on)


# ------------------------------------------------------------------ the functions

def _modes(name: str, module: nn.Module) -> tuple[bool, bool]:
    """Training mode and gradients of a function."""
    if name == "kforward":
        return module.training, torch.is_grad_enabled()
    return name in ("forward", "nforward"), name == "forward"


def module_of(handle: Handle | None) -> nn.Module | None:
    """The module behind a module or model pointer."""
    if handle is None or handle.kind not in ("module", "model"):
        return None
    return handle.obj if handle.kind == "module" else handle.obj.module


def first_device(module: nn.Module) -> torch.device | None:
    """The device of the first parameter."""
    return next((p.device for p in module.parameters()), None)


def submodule(module: nn.Module, name: str) -> nn.Module:
    """A child by its name, or a deeper one by its dotted name."""
    for path, found in module.named_modules() if "." in name else module.named_children():
        if path == name:
            return found
    raise QError(f"Key '{name}' is not defined")


def calculate(name: str, x: Value) -> Output:
    """Read the arguments of a forward function and run it."""
    handle = find(x)
    label = "forward" if name == "nforward" else name
    if handle is not None and handle.kind == "model":
        return _on_model(name, handle)
    args = simple_items(x)
    module = module_of(find(args[0])) if args and handle is None else None
    named = len(args) > 1 and type(args[1]) is Symbol
    inputs = args[2 if named else 1:]
    if module is None or not inputs:
        raise QError(f"{label}: requires a module or model and at least one input")
    if named:
        module = submodule(module, args[1])
    return _calculate(name, module, read_inputs(inputs, label, lambda: first_device(module)))


def _on_model(name: str, handle: Handle) -> Output:
    """A bare model uses its training data, or its test data in evaluation."""
    if name == "kforward":
        raise QError("kforward: cannot be called without input(s)")
    model = handle.obj
    data = model.data if name in ("forward", "nforward") else model.testdata
    return _calculate(name, model.module, data.x)


def _calculate(name: str, module: nn.Module, x: Input) -> Output:
    training, gradients = _modes(name, module)
    if module.training == training and torch.is_grad_enabled() == gradients:
        return run_forward(module, x)
    with torch.set_grad_enabled(gradients), training_mode(module, training):
        return run_forward(module, x)


def _of_tensor(name: str, result: Callable[[Output], Value]) -> Callable[[Handle, Tensor], Any]:
    """A function on a module and one tensor, which is what loops are made of."""
    training, gradients = name in ("forward", "nforward"), name == "forward"
    given = result is _pointer  # the reader makes the pointer

    def run(handle: Handle, x: Tensor) -> Any:
        module = handle.obj if handle.kind == "module" else module_of(handle)
        if module is None:
            raise QError(f"{name}: requires a module or model and at least one input")
        usual = module.training is training and torch.is_grad_enabled() is gradients
        if (usual or name == "kforward") and _takes_one(module):
            y = module(x)
            return y if type(y) is Tensor and given else result(flat(y))
        return result(_calculate(name, module, x))

    return run


_SEQUENTIAL = (Sequential, nn.Sequential)
_ONE: dict[type, bool] = {}  # type of module -> whether it takes one tensor


def _takes_one(module: nn.Module) -> bool:
    """Whether a forward takes one tensor, so that nothing is left to check."""
    while type(module) in _SEQUENTIAL:  # its first child gets the input
        if not module._modules:
            return False
        module = next(iter(module._modules.values()))
    known = _ONE.get(type(module))
    if known is None:
        row = type_of(module)
        known = _ONE[type(module)] = (row is not None and row.forward and row.least == 1
                                      and row.args[:1] == ("tensor",))
    return known


def _pointer(y: Output) -> Value:
    return register("vector", y) if isinstance(y, list) else register("tensor", y)


def _value(y: Output) -> Value:
    return list_to_q(y) if isinstance(y, list) else to_q(y)


_WORDS = {
    "forward": "training mode on, gradients on; gives tensors",
    "nforward": "training mode on, gradients off; gives tensors",
    "eforward": "evaluation mode, gradients off; gives tensors",
    "evaluate": "evaluation mode, gradients off; gives k values",
    "kforward": "for callbacks: keeps the current modes; gives tensors"}


def _declare(name: str) -> None:
    result = _value if name == "evaluate" else _pointer

    @function(name, GROUP, f"forward calculation of a module or model: {_WORDS[name]}",
              Param("module", kinds.VALUE, "pointer to a module, or a model, which alone stands "
                    "for its data"),
              Param("child", kinds.SYMBOL, "name of a child to run instead", None),
              Param("inputs", kinds.VALUE, "tensors, arrays, vectors, or lists of them", None),
              raw=True, examples=["m:module enlist(`linear;3;2)", f"{name}(m;2 3#1e)"],
              quick={"hp": _of_tensor(name, result)})
    def run(x: Value) -> Value:
        return result(calculate(name, x))


for _name in _WORDS:
    _declare(_name)


def end_types(module: nn.Module) -> tuple[str, str]:
    """Types of the modules that receive the input and give the output, empty if unknown."""
    return entrance(module)[0], entrance(module, False)[0]


__all__ = ["TYPES", "calculate", "end_types", "first_device", "flat", "module_of", "run_forward",
           "submodule", "training_mode"]
