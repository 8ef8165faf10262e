"""Vectors and dictionaries of tensors from k values and tensor pointers."""

from __future__ import annotations

import torch

from kkernel.q.errors import QError
from kkernel.q.functions import NULL
from kkernel.q.symbols import Symbol
from kkernel.q.values import Dict, List, Value, is_vector, items, qtype

from ..convert import to_tensor
from ..events import changed
from ..kinds import NO, as_long, as_symbols, is_empty, is_general, kname
from ..objects import Handle, TensorDict, consume, find

Tensor = torch.Tensor
Found = tuple[Tensor | None, Handle | None]
APPEND = (-1, -(2**63))  # indices that append to a vector: -1 and null


def item_tensor(name: str, x: Value) -> Found:
    """The tensor of a pointer, with its handle, or of a k value; none of a null."""
    if x is NULL:
        return None, None
    handle = find(x)
    if handle is None:
        return to_tensor(x, own=True), None
    if handle.kind != "tensor":
        raise QError(f"{name}: not implemented for {handle.kind}")
    return handle.obj, handle


def gather(name: str, values: list[Value]) -> list[Tensor | None]:
    """The tensors of several values; pointers are freed once all values are read."""
    return _taken([item_tensor(name, v) for v in values])


def _taken(found: list[Found]) -> list[Tensor | None]:
    """The tensors, whose pointers are freed."""
    for _, handle in found:
        if handle is not None:
            consume(handle)
    return [t for t, _ in found]


def pieces(x: Value) -> list[Tensor]:
    """The tensors of one simple list: one for each item, or of a single atom."""
    t = to_tensor(x, own=True)
    return [row.clone() for row in t] if t.ndim else [t]


def tensor_list(x: Value, name: str = "vector") -> list[Tensor | None]:
    """The list of tensors that a k value, pointer or list of both stands for."""
    if find(x) is not None:
        return gather(name, [x])
    return gather(name, items(x)) if is_general(x) else list(pieces(x))


def _values(n: int, y: Value, name: str, what: str) -> list[Found]:
    """n tensors for n places, from a simple list or a list of values and pointers."""
    if not is_general(y):
        t = to_tensor(y, own=True)
        if t.numel() != n:
            raise QError(f"{name}: length error, {what} {t.numel()} value(s)")
        return [(row.clone(), None) for row in t] if t.ndim else [(t, None)] * n
    if len(y) != n:
        raise QError(f"{name}: length error, {what} {len(y)} value(s)")
    return [item_tensor(name, v) for v in items(y)]


# ------------------------------------------------------------------ vectors

def set_items(tensors: list[Tensor | None], x: Value, y: Value) -> None:
    """Put y at the index or indices x of a vector; -1 or null appends."""
    if as_long(x) is not NO:
        places, found = [as_long(x)], [item_tensor("vector", y)]
    elif is_vector(x) and qtype(x) == 7:
        places = items(x)
        found = _values(len(places), y, "vector", f"index count of {len(places)} with")
    else:
        raise QError(f"vector: expecting long indices as 2nd arg, given {kname(x)}")
    made = [*tensors]
    for i, (t, _) in zip(places, found, strict=True):
        if i in APPEND:
            made.append(t)
        else:
            check_index(made, i)
            made[i] = t
    tensors[:] = made
    _taken(found)
    changed(tensors)


def check_index(tensors: list[Tensor | None], i: int) -> None:
    if not 0 <= i < len(tensors):
        raise QError(f"vector: index {i} out of range for {len(tensors)}-element vector")


# ------------------------------------------------------------------ dictionaries

def tensor_dict(x: Value) -> TensorDict:
    """A tensor dictionary from a k dictionary, (symbols;values), or nothing."""
    d = TensorDict()
    if isinstance(x, Dict) and _symbol_keys(x.keys):
        set_entries(d, x.keys, x.values)
    elif is_general(x) and len(x) == 2 and qtype(items(x)[0]) in (11, -11):
        set_entries(d, *items(x))
    elif not is_empty(x):
        raise QError(f"dict: expecting k dictionary or (syms;vals), given {kname(x)}")
    return d


def _symbol_keys(keys: Value) -> bool:
    return qtype(keys) == 11 or (type(keys) is List and not keys)


def set_entries(d: TensorDict, x: Value, y: Value) -> None:
    """Put y under the symbol or symbols x.

    Entries of parameter and buffer dictionaries, and those that need gradients, keep their
    tensor and take the values; others are replaced.
    """
    names = [] if type(x) is List and not x else as_symbols(x)
    if names is NO:
        raise QError("dict: given ptr, expecting symbol keys & values, "
                     f"but 2nd arg is {kname(x)}")
    found = [item_tensor("dict", y)] if type(x) is Symbol else _values(
        len(names), y, "dict", f"{len(names)} key(s) with")
    kept = [_kept(d, str(name), t) for name, (t, _) in zip(names, found, strict=True)]
    for name, old, t in zip(names, kept, _taken(found), strict=True):
        if old is None or t is None:
            d[str(name)] = t
        else:
            with torch.no_grad():
                old.copy_(t)
    changed(d)


def _kept(d: TensorDict, name: str, t: Tensor | None) -> Tensor | None:
    """The tensor under a name if it stays and takes values; signals values that do not fit."""
    old = d.get(name)
    if old is None or t is None or not (old.requires_grad or d.role != "tensor"):
        return None
    try:
        fits = torch.broadcast_shapes(old.shape, t.shape) == old.shape
    except RuntimeError:
        fits = False
    if not fits:
        raise QError(f"dict[`{name}] with size of {list(old.shape)} cannot be updated "
                     f"with new values of size {list(t.shape)}")
    return old
