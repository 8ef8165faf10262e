"""The parameters and buffers of a module in q's own binary form, as `:file set state m` writes.

A real q reads such a file with `get`. It has no digests: what a damaged one holds may be read as
other numbers, so the safetensors form is the one to keep.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

from kkernel.q.errors import QError
from kkernel.q.files.storage import read_bytes, unpacked, write_value
from kkernel.q.symbols import sym, symbols
from kkernel.q.values import Dict, List, Table, Value, items, vector

from ..convert import dict_to_q, to_tensor
from ..look.describe import enter_rows, row_of
from ..look.skeleton import Cloner
from ..module.result import STATE, definition_of
from .state_record import Key, State, StateError, named_tensors

Path = str | os.PathLike[str]
SUFFIX = ".kdb"
STARTS = (b"\xff\x01", b"\xfe\x20", b"\xfd\x20", b"kxzipped")  # of q's data files


def is_kdb_file(path: Path) -> bool:
    """Whether a file begins as q's data files do."""
    with open(path, "rb") as file:
        return file.read(8).startswith(STARTS)


def save_kdb(path: Path, state: State, module: nn.Module) -> int:
    """Write the parameters and buffers of a state; returns the size of the file in bytes.

    `module` is the one the state belongs to: its types and options are in the file too. The k api
    makes a module again from it, unless it has classes that the api does not know.
    """
    kept = {id(tensor): state.tensors[Key("module", state.ties.get(name, name))]
            for name, tensor in named_tensors(module)}
    try:
        value = _definition(_with(module, kept))
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


def read_kdb(path: Path, module: nn.Module) -> State:
    """The state in a file, for a module built alike; names are found by place in the tree."""
    try:
        value = unpacked(read_bytes(os.fspath(path)), os.path.basename(path))
        found = dict(_tensors(value))
    except (QError, ValueError, TypeError, KeyError, AttributeError) as error:
        words = str(error) if isinstance(error, QError) else "holds no state of a module"
        raise StateError(f"{os.path.basename(path)}: {words}") from None
    state = State({})
    first: dict[int, str] = {}
    for name, live in named_tensors(module):
        known = first.setdefault(id(live), name)
        if known != name:
            state.ties[name] = known
            found.pop(name, None)
    for name, tensor in found.items():
        state.tensors[Key("module", name)] = tensor
    live_tensors = dict(named_tensors(module))
    for key, tensor in state.tensors.items():
        live = live_tensors.get(key.name)
        if live is not None and live.dtype != tensor.dtype and _widened(live, tensor):
            state.tensors[key] = tensor.to(live.dtype)
    return state


def _widened(live: Tensor, tensor: Tensor) -> bool:
    """q has no type for some of torch's: their numbers stand in the next wider one."""
    return live.dtype.itemsize < tensor.dtype.itemsize and bool(
        (tensor.to(live.dtype).to(tensor.dtype) == tensor).all())


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
