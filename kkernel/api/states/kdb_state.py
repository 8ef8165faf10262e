"""The state of a module, or of a model with its optimizer, as `:file set state m` writes it.

A real q reads such a file with `get`. It holds no random generators and no digests: what a damaged
one holds may be read as other numbers, so the safetensors form is the one to keep.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import torch
from torch import Tensor, nn

from kkernel.q.errors import QError
from kkernel.q.files.storage import read_bytes, unpacked, write_value
from kkernel.q.symbols import sym, symbols
from kkernel.q.values import Dict, List, Table, Value, items, vector

from ..convert import dict_to_q, to_tensor
from ..look.describe import enter_rows, row_of
from ..look.skeleton import Cloner
from ..model import Model
from ..model import definition as model_definition
from ..module.result import STATE, definition_of
from ..opt import Opt, restored
from ..opt import definition as optimizer_definition
from ..optimizer.algorithms import Stepwise
from .optimizer_record import capture_optimizer, read_optimizer, step_of
from .record import Key, State, StateError
from .state_record import named_tensors, parts

Path = str | os.PathLike[str]
SUFFIX = ".kdb"
STARTS = (b"\xff\x01", b"\xfe\x20", b"\xfd\x20", b"kxzipped")  # of q's data files


def is_kdb_file(path: Path) -> bool:
    """Whether a file begins as q's data files do."""
    with open(path, "rb") as file:
        return file.read(8).startswith(STARTS)


def save_kdb(path: Path, state: State, model: Any) -> int:
    """Write the parameters and buffers of a state; returns the size of the file in bytes.

    `model` is the one the state belongs to: its types and options are in the file too. The k api
    makes a module again from it, unless it has classes that the api does not know. Of a model of
    the k api the file holds all that `state` gives: the optimizer's buffers, the loss, options.
    """
    module, optimizer = parts(model)
    kept = {id(tensor): state.tensors[Key("module", state.ties.get(name, name))]
            for name, tensor in named_tensors(module)}
    try:
        value: Value = _definition(_with(module, kept))
        if isinstance(model, Model) and state.optimizer is not None:
            value = _model(model, value, _optimizer(model.opt, state, module, optimizer))
        write_value(sym(":" + os.fspath(path)), value)
    except QError as error:
        raise StateError(str(error)) from None
    return os.path.getsize(path)


def _definition(module: nn.Module) -> Value:
    """What `state` gives; rows of classes that the k api does not know have no options."""
    enter_rows()
    try:
        return definition_of(module, True, True)
    except (QError, AttributeError):
        rows = [_row(path, m) for path, m in module.named_modules()]
        depth, kind, name, *rest = zip(*rows, strict=True)
        return Table(STATE, [vector(7, list(depth)), symbols(kind), symbols(name),
                             *(List(column) for column in rest)])


def _model(model: Model, module: Value, optimizer: Value) -> Dict:
    """What `state` gives for a model, with another state of its module and optimizer."""
    whole = model_definition(model, True)
    kept = {"module": module, "optimizer": optimizer}
    return Dict(whole.keys, List(kept.get(str(name), part) for name, part in whole.items()))


def _optimizer(opt: Opt, state: State, module: nn.Module, live: Any) -> Dict:
    """What `state` gives for an optimizer, with the settings and buffers of a state."""
    settings, slots = read_optimizer(state, module, live)
    groups = [{**new, "params": group["params"]}
              for new, group in zip(settings, opt.groups, strict=True)]
    twin = SimpleNamespace(param_groups=groups, state=dict(slots))
    return optimizer_definition(Opt(opt.row, cast(Any, twin), opt.module), True, True)


def _row(path: str, module: nn.Module) -> list[Any]:
    row, options = row_of(module), Dict(symbols([]), List())
    if row is not None:
        with contextlib.suppress(QError, AttributeError):
            options = row.shown(module, True, True)
    return [path.count(".") + 1 if path else 0, row.name if row else type(module).__name__,
            path.rpartition(".")[2], options,
            dict_to_q(dict(module.named_parameters(recurse=False))),
            dict_to_q(dict(module.named_buffers(recurse=False)))]


def _with(module: nn.Module, kept: dict[int, Tensor]) -> nn.Module:
    """A twin of a module that holds other tensors."""
    twin = Cloner()(module)
    for into, of in zip(twin.modules(), module.modules(), strict=True):
        for tensors, live in ((into._parameters, of._parameters), (into._buffers, of._buffers)):
            for name, tensor in live.items():
                if tensor is not None:
                    tensors[name] = _like(kept[id(tensor)], tensor)
    return twin


def _like(tensor: Tensor, live: Tensor) -> Any:
    return nn.Parameter(tensor, False) if isinstance(live, nn.Parameter) else tensor


def read_kdb(path: Path, model: Any) -> State:
    """The state in a file, for a module built alike; names are found by place in the tree.

    For a model of the k api the optimizer's state is read too, where the file has one.
    """
    module, _ = parts(model)
    state = State({})
    try:
        value = unpacked(read_bytes(os.fspath(path)), os.path.basename(path))
        found = dict(_tensors(value))
        if isinstance(model, Model) and isinstance(value, Dict):
            _read_optimizer(value.get("optimizer"), model.opt, module, state)
    except (QError, ValueError, TypeError, KeyError, AttributeError) as error:
        words = str(error) if isinstance(error, QError) else "holds no state of a module"
        raise StateError(f"{os.path.basename(path)}: {words}") from None
    first: dict[int, str] = {}
    for name, live in named_tensors(module):
        known = first.setdefault(id(live), name)
        if known != name:
            state.ties[name] = known
            found.pop(name, None)
    for name, tensor in found.items():
        state.tensors[Key("module", name)] = tensor
    live_tensors = dict(named_tensors(module))
    for key, tensor in state.part("module").items():
        if key.name in live_tensors:
            state.tensors[key] = _narrowed(tensor, live_tensors[key.name])
    return state


def _read_optimizer(value: Value, opt: Opt, module: nn.Module, state: State) -> None:
    """Enter the state of an optimizer that has the parameters of this one."""
    if not isinstance(value, Dict) or opt.module is None:
        return
    read = restored(value, opt.module)
    for parameter, slots in read.optimizer.state.items():
        for slot, kept in slots.items():
            if isinstance(kept, Tensor):
                slots[slot] = _narrowed(kept, parameter)
            _check_slot(slot, slots[slot], parameter, read.optimizer)
    state.optimizer = capture_optimizer(module, read.optimizer, state.tensors)
    state.step = step_of(read.optimizer)


def _check_slot(slot: str, kept: Any, parameter: Tensor, optimizer: Any) -> None:
    """Buffers are as large as their parameter; LBFGS, which keeps other things, checks none."""
    if not isinstance(optimizer, Stepwise) or kept is None:
        return
    fits = type(kept) is int and kept >= 0 if slot == "step" else (
        isinstance(kept, Tensor) and kept.shape == parameter.shape)
    if not fits:
        raise ValueError("buffer")


def _narrowed(tensor: Tensor, live: Tensor) -> Tensor:
    """q has no type for some of torch's: their numbers stand in the next wider one."""
    if live.dtype.itemsize >= tensor.dtype.itemsize:
        return tensor
    narrow = tensor.to(live.dtype)
    exact = torch.isclose(narrow.to(tensor.dtype), tensor, rtol=0, atol=0, equal_nan=True).all()
    return narrow if exact else tensor


def _tensors(value: Value) -> Iterator[tuple[str, Tensor]]:
    """(dotted name, tensor) of each parameter and buffer in a state."""
    if isinstance(value, Dict) and value.get("depth") is None:
        value = value.get("module")  # the state of a model
    above: list[str] = []  # names of the modules that the row is in
    for row in _rows(value):
        depth = row["depth"]
        if type(depth) is not int or not 0 <= depth <= len(above):
            raise ValueError("depth")
        del above[depth:]
        above.append(str(row["name"]) if depth else "")
        for part in ("parms", "buffers"):
            for name, entry in row[part].items() if isinstance(row[part], Dict) else ():
                yield ".".join([*above[1:], str(name)]), to_tensor(entry, own=True)


def _rows(value: Value) -> list[dict[str, Any]]:
    if isinstance(value, Table):
        columns = [items(column) for column in value.data]
        return [dict(zip(value.columns, row, strict=True)) for row in zip(*columns, strict=True)]
    return [{str(name): entry for name, entry in value.items()}]
