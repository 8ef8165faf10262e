"""Save the state of a model to a file, and read it back: every byte checked, all or nothing.

The file is in the safetensors format (see tensor_file.py). Parameters and buffers stand under
their own names, so that plain PyTorch reads them; optimizer and random state have prefixed names.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor, nn

from ..look.describe import describe
from ..look.spec import identity
from ..look.structure import children
from . import tensor_file
from .kdb_state import is_kdb_file, read_kdb
from .record import Key, State, StateError
from .state_record import Applied, apply, capture, check, named_tensors, parts, verify
from .tensor_file import Progress, TensorFile

Path = str | os.PathLike[str]


@dataclass(frozen=True)
class StateFile:
    """What a file says about itself. `modules` has a row (depth, type, name, options) each."""

    version: int
    note: str
    time: float
    step: int | None
    modules: tuple[tuple[int, str, str, tuple[tuple[str, str], ...]], ...]
    size: int


@dataclass(frozen=True)
class Loaded:
    """The outcome of a load: tensors, how many have the file's very bits now, what was written."""

    info: StateFile
    tensors: int
    same: int
    written: int


def save(
    path: Path,
    model: Any,
    optimizer: Any = None,
    note: str = "",
    progress: Progress | None = None,
) -> int:
    """Save the present state of a model; returns the size of the file in bytes."""
    module, optimizer = parts(model, optimizer)
    return save_state(path, capture(module, optimizer), module, note, progress)


def save_state(
    path: Path,
    state: State,
    module: nn.Module | None = None,
    note: str = "",
    progress: Progress | None = None,
) -> int:
    """Save a state that was taken before; `module` adds a description of the model."""
    places: dict[str, list[str]] = {}
    tensors: dict[str, Tensor] = {}
    for key, tensor in state.tensors.items():
        name = _free_name(str(key), tensors)
        tensors[name] = tensor
        places[name] = [key.part, key.name, key.slot]
    manifest = {
        "note": note,
        "time": time.time(),
        "step": state.step,
        "places": places,
        "ties": state.ties,
        "optimizer": state.optimizer,
        "modules": _module_rows(module) if module is not None else [],
    }
    return tensor_file.write(path, tensors, manifest, progress)


def _free_name(name: str, taken: Mapping[str, Tensor]) -> str:
    if name == "__metadata__" or name in taken:
        return _free_name(name + "'", taken)
    return name


def _module_rows(root: nn.Module) -> list[Any]:
    rows: list[Any] = []
    stack = [(0, "", root)]
    while stack:
        depth, name, module = stack.pop()
        described = describe(module)
        rows.append([depth, described.kind, name, [[o.name, o.text] for o in described.options]])
        stack.extend((depth + 1, n, child) for n, child in reversed(children(module)))
    return rows


# --------------------------------------------------------------------------- read


def load(path: Path, model: Any, optimizer: Any = None) -> Loaded:
    """Write a file's state into a live model, in place; what does not fit changes nothing."""
    module, optimizer = parts(model, optimizer)
    with _opened(path) as (file, state, info):
        applied = apply(state, module, optimizer, digested=True)
        if not file.unchanged():
            applied = replace(applied, same=verify(state, module, optimizer)[1])
    return Loaded(info, applied.tensors, applied.same, applied.written)


def read_state(path: Path) -> tuple[State, StateFile]:
    """A file's state in memory of its own."""
    with _opened(path) as (_, state, info):
        copies = {key: tensor.clone() for key, tensor in state.tensors.items()}
        return replace(state, tensors=copies), info


def inspect(path: Path) -> StateFile:
    """What a file says about itself, after checking all of it."""
    with _opened(path) as (_, _, info):
        return info


@contextmanager
def _opened(path: Path) -> Iterator[tuple[TensorFile, State, StateFile]]:
    """A file, its state as read-only views of the file, and what the file says about itself."""
    with tensor_file.opened(path) as file:
        if file.manifest is None:
            raise StateError(f"{path}: holds tensors, but no state that was saved here; "
                             "its weights can be imported")
        try:
            state, info = _read_manifest(file.manifest, file.tensors, file.size)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise StateError(f"{path}: damaged: the manifest is not complete") from None
        yield file, state, info


def _read_manifest(
    manifest: Mapping[str, Any], tensors: Mapping[str, Tensor], size: int
) -> tuple[State, StateFile]:
    places = {name: Key(*map(_text, place)) for name, place in manifest["places"].items()}
    if places.keys() != tensors.keys() or len(set(places.values())) < len(places):
        raise ValueError("places")
    state = State(
        tensors={key: tensors[name] for name, key in places.items()},
        ties={_text(k): _text(v) for k, v in manifest["ties"].items()},
        optimizer=_optimizer(manifest["optimizer"]),
        step=_optional_int(manifest["step"]),
        digests={key: _text(manifest["digests"][name]) for name, key in places.items()},
    )
    info = StateFile(
        version=manifest["version"],
        note=_text(manifest["note"]),
        time=float(manifest["time"]),
        step=state.step,
        modules=tuple(
            (int(depth), _text(kind), _text(name), tuple((_text(o), _text(v)) for o, v in options))
            for depth, kind, name, options in manifest["modules"]
        ),
        size=size,
    )
    return state, info


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text")
    return value


def _optional_int(value: Any) -> int | None:
    if value is not None and type(value) is not int:
        raise TypeError("whole number")
    return value


def _optimizer(value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    return {
        "type": _text(value["type"]),
        "groups": [
            {"parameters": [_text(n) for n in g["parameters"]], "settings": dict(g["settings"])}
            for g in value["groups"]
        ],
        "slots": {_text(name): dict(slots) for name, slots in value["slots"].items()},
    }


# --------------------------------------------------------------------------- weights of others


def import_weights(path: Path, model: Any) -> Applied:
    """Load weights that other programs wrote: safetensors, or PyTorch's `state_dict` files.

    PyTorch files are read with weights-only loading: nothing in them is run.
    """
    module, _ = parts(model)
    with _weights(path) as weights:
        state = _state_of_weights(weights, module)
        check(state, module)
        return apply(state, module)


def read_any(path: Path, model: Any) -> tuple[State, str]:
    """The state in a file of any kind that can be read, for this model; and the file's note.

    Our own files, q's data files with the state of a module, safetensors and PyTorch's weights.
    """
    module, _ = parts(model)
    if is_kdb_file(path):
        return read_kdb(path, model), ""
    if not _is_pytorch(path):
        with tensor_file.opened(path) as file:
            ours = file.manifest is not None
        if ours:
            state, info = read_state(path)
            return state, info.note
    with _weights(path) as weights:
        state = _state_of_weights(weights, module)
        state.tensors = {key: tensor.clone() for key, tensor in state.tensors.items()}
    return state, ""


def _state_of_weights(weights: Mapping[str, Tensor], module: nn.Module) -> State:
    """A state of the module: names tied in it count once, what no file keeps stays as it is."""
    first: dict[Any, str] = {}
    ties = {}
    for name, tensor in named_tensors(module):
        known = first.setdefault(identity(tensor), name)
        if known != name:
            ties[name] = known
    kept = {Key("module", n): t for n, t in weights.items() if n not in ties}
    persistent = set(module.state_dict(keep_vars=True))
    for name, tensor in named_tensors(module):
        if name not in persistent and name not in ties:  # a state_dict leaves it out
            kept.setdefault(Key("module", name), tensor.detach().clone())
    return State(kept, ties)


def _is_pytorch(path: Path) -> bool:
    with open(path, "rb") as file:
        start = file.read(2)
    return start == b"PK" or start[:1] == b"\x80"


@contextmanager
def _weights(path: Path) -> Iterator[dict[str, Tensor]]:
    if _is_pytorch(path):
        yield _torch_weights(path)
        return
    with tensor_file.opened(path) as file:
        places = (file.manifest or {}).get("places", {})
        yield {
            name: tensor
            for name, tensor in file.tensors.items()
            if places.get(name, ["module"])[0] == "module"
        }


def _torch_weights(path: Path) -> dict[str, Tensor]:
    import pickle

    import torch

    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, ValueError, EOFError, KeyError):
        raise StateError(f"{path}: not a file of weights, or damaged") from None
    if isinstance(found, dict) and isinstance(found.get("state_dict"), dict):
        found = found["state_dict"]
    if not isinstance(found, dict) or not all(isinstance(t, Tensor) for t in found.values()):
        raise StateError(f"{path}: does not hold a dictionary of tensors")
    return {str(name): tensor for name, tensor in found.items()}
