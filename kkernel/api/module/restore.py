"""Parameters and buffers of a module from the values of its state."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from kkernel.q.errors import QError
from kkernel.q.values import Dict, Value, hashable

from ..convert import to_tensor
from ..dtypes import CPP_NAMES
from ..entries import dictionary_entry
from .own.callback import Callback, as_parameter
from .own.family import label
from .own.parms import ParameterDict
from .types import find_type, type_name, type_of


def restore(module: nn.Module, row: Dict, where: str = "") -> None:
    """Set what the row of a state holds: all parameters, all buffers, or nothing if absent."""
    parms, buffers = dictionary_entry(row, "parms"), dictionary_entry(row, "buffers")
    where = where or type_name(module)
    if isinstance(module, ParameterDict):
        for name, value in _entries(parms):
            module.insert(name, to_tensor(value, own=True))
        return
    if isinstance(module, Callback):
        for name, value in _entries(parms):
            module._parameters[name] = as_parameter(to_tensor(value, own=True))
        for name, value in _entries(buffers):
            module._buffers[name] = to_tensor(value, own=True)
        return
    _set(where, "parameter", dict(module.named_parameters(recurse=False)), parms)
    _set(where, "buffer", dict(module.named_buffers(recurse=False)), buffers)


def _entries(values: Dict | None) -> list[tuple[str, Value]]:
    return [] if values is None else [(str(k), v) for k, v in values.items()]


def _set(where: str, what: str, tensors: dict[str, Tensor], values: Dict | None) -> None:
    if values is None:
        return
    given = dict(_entries(values))
    for name, target in tensors.items():
        if name not in given:
            raise QError(f"{where}: unable to find {what}: {name}")
        _copy(where, name, target, to_tensor(given[name]))


def _copy(where: str, name: str, target: Tensor, source: Tensor) -> None:
    half = target.dtype == torch.float16 and source.dtype == torch.float32
    if target.dtype != source.dtype and not half:
        raise QError(f"{where}: type mismatch, {name} is {CPP_NAMES.get(target.dtype)}, "
                     f"input is {CPP_NAMES.get(source.dtype)}")
    if target.shape != source.shape:
        raise QError(f"{where}: size mismatch, {name} is {list(target.shape)}, "
                     f"input is {list(source.shape)}")
    with torch.no_grad():
        target.copy_(source)


def restore_part(parent: nn.Module, position: int, kind: str, name: str, row: Dict) -> None:
    """Set a module inside a composite, which must be the one that the row describes."""
    parts = [(path, m) for path, m in parent.named_modules() if path]
    if position >= len(parts):
        raise QError(f"unable to find {kind}({name}) in parent {label(parent)}")
    path, module = parts[position]
    if not path.endswith(name):
        raise QError(f"child module mismatch: {path} does not end with expected suffix '{name}'")
    if not _same(module, kind, dictionary_entry(row, "options")):
        raise QError(f"child module {path} mismatch with given options")
    restore(module, row, path)


def _same(module: nn.Module, kind: str, options: Dict | None) -> bool:
    """Whether a module has the type and the options of a row."""
    found = type_of(module)
    if found is None or found is not find_type(kind):
        return False
    if options is None or not len(options):
        return True
    shown = {k: hashable(v) for k, v in found.shown(module, True).items()}
    return all(k in shown and shown[k] == hashable(v) for k, v in options.items())
