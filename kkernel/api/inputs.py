"""Inputs of forward and loss calculations, and of training: how they are read from q.

An input is a tensor, a list of tensors, a dictionary of tensors, or None for none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from kkernel.q.errors import QError
from kkernel.q.values import Value, items

from .convert import dict_to_q, list_to_q, to_q, to_tensor
from .kinds import NO, as_longs, as_symbols, is_array, is_general, kname
from .objects import TensorDict, find, register

Input = Any  # Tensor | list[Tensor | None] | TensorDict | None
Place = Callable[[], "torch.device | None"]
_LOOK = 7  # how many items decide whether a list is an array


def read_inputs(values: list[Value], name: str, device: Place = lambda: None,
                into: Input = None) -> Input:
    """One input from several values: tensors, vectors, dictionaries, arrays, and lists of them.

    Arrays become tensors on the device that `device()` gives, if any; `name` is that of the
    function, for messages.
    """
    for x in values:
        into = _read(x, name, device, into)
    return into


def _read(x: Value, name: str, device: Place, into: Input) -> Input:
    handle = find(x)
    if handle is not None:
        if handle.kind == "tensor":
            return _with_tensors(into, [handle.obj], name)
        if handle.kind == "vector":
            return _with_vector(into, list(handle.obj), name)
        if handle.kind == "dictionary":
            return _with_dictionary(into, handle.obj, name)
        raise QError(f"{name}: unrecognized arg, {handle.kind}")
    if is_array(x, _LOOK):
        return _with_tensors(into, [to_tensor(x, device=device(), own=True)], name)
    chosen = _chosen(x, name)
    if chosen is not None:
        return _with_tensors(into, chosen, name)
    if not is_general(x):
        raise QError(f"{name}: unrecognized arg, {kname(x)}")
    return read_inputs(items(x), name, device, into)


def _chosen(x: Value, name: str) -> list[Tensor | None] | None:
    """The tensors of (vector;indices) or (dictionary;keys)."""
    if not is_general(x) or len(x) != 2:
        return None
    handle, which = find(items(x)[0]), items(x)[1]
    if handle is None or handle.kind not in ("vector", "dictionary"):
        return None
    if handle.kind == "vector":
        return [_item(handle.obj, i, name) for i in _indices(which, name)]
    return [_entry(handle.obj, str(k)) for k in _keys(which, name)]


def _indices(x: Value, name: str) -> list[int]:
    found = as_longs(x)
    if found is NO:
        raise QError(f"{name}: vector paired with {kname(x)} expecting long index or indices")
    return found


def _keys(x: Value, name: str) -> list[Any]:
    found = as_symbols(x)
    if found is NO:
        raise QError(f"{name}: dictionary paired with {kname(x)} expecting symbol key(s)")
    return found


def _item(v: list[Tensor | None], i: int, name: str) -> Tensor | None:
    if not 0 <= i < len(v):
        raise QError(f"{name}: vector[{i}] invalid for {len(v)}-element vector")
    return v[i]


def _entry(d: TensorDict, key: str) -> Tensor | None:
    if key not in d:
        raise QError(f"dictionary key: `{key} not found")
    return d[key]


def _with_tensors(into: Input, tensors: list[Tensor | None], name: str) -> Input:
    """An input with more tensors: one tensor stays one, several make a list."""
    if isinstance(into, TensorDict):
        raise QError(f"{name}: unable to merge tensor with previously specified dictionary")
    for t in tensors:
        into = t if into is None else [*(into if isinstance(into, list) else [into]), t]
    return into


def _with_vector(into: Input, v: list[Tensor | None], name: str) -> Input:
    if isinstance(into, TensorDict):
        raise QError(f"{name}: unable to merge dictionary with previously specified tensor(s)")
    if into is None:
        return v
    return [*(into if isinstance(into, list) else [into]), *v]


def _with_dictionary(into: Input, d: TensorDict, name: str) -> Input:
    if into is None:
        return TensorDict(d)
    if not isinstance(into, TensorDict):
        raise QError(f"{name}: unable to merge dictionary with previously specified tensor(s)")
    into.update(d)
    return into


def input_name(x: Input) -> str:
    """How messages name the form of an input."""
    if x is None:
        return "empty"
    if isinstance(x, TensorDict):
        return "dictionary"
    return "vector" if isinstance(x, list) else "tensor"


def input_to_q(x: Input) -> Value:
    """The k value of an input, null for none."""
    if isinstance(x, TensorDict):
        return dict_to_q(x)
    return list_to_q(x) if isinstance(x, list) else to_q(x)


def input_pointer(x: Input) -> Value:
    """A pointer to the tensor(s) of an input, None for none."""
    if x is None:
        return None
    if isinstance(x, TensorDict):
        return register("dictionary", x)
    return register("vector", x) if isinstance(x, list) else register("tensor", x)
