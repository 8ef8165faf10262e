"""The pointer registry: every torch object that q holds, under the number it is known by.

A pointer is a general list of one long.  The number only looks like an address: it is a counter,
so a number is never used twice and a freed or forged pointer is always found out.

Tensors and vectors of tensors come and go by the million, so they stand in the registry as
themselves; whoever asks for their `Handle` gets one made for the occasion.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from kkernel.q.errors import QError
from kkernel.q.values import List, Value, qtype

Undefined = None  # an undefined tensor; q sees it as ::

KINDS = ("tensor", "vector", "dictionary", "module", "loss", "optimizer", "model")


class TensorDict(dict[str, "torch.Tensor | None"]):
    """An ordered dictionary of tensors; `role` is tensor, parameter or buffer."""

    __slots__ = ("role",)

    def __init__(self, entries: Any = (), role: str = "tensor") -> None:
        super().__init__(entries)
        self.role = role


@dataclass(slots=True)
class Handle:
    """One live pointer: its number, its class, and the object behind it.

    `obj` is a torch.Tensor (None when undefined), a list of tensors, a `TensorDict`, a module,
    a loss, an optimizer or a model.  `replace` puts another object behind the pointer.
    """

    ptr: int
    kind: str
    obj: Any
    tag: str = ""


TENSORS: dict[int, torch.Tensor] = {}  # number -> tensor
VECTORS: dict[int, list[Any]] = {}  # number -> vector of tensors
HANDLES: dict[int, Handle] = {}  # number -> handle of any other object, undefined tensors too
_ALL: tuple[dict[int, Any], ...] = (TENSORS, VECTORS, HANDLES)
# the number of the next pointer; an odd step leaves numbers that dictionaries do not confuse
number = iter(range(0x55D4_8C01_2A40, 1 << 62, 0x31)).__next__


def register(kind: str, obj: Any, tag: str = "") -> List:
    """A new pointer to obj, as a q value."""
    ptr = number()
    if kind == "tensor" and obj is not None:
        TENSORS[ptr] = obj
    elif kind == "vector":
        VECTORS[ptr] = obj
    else:
        HANDLES[ptr] = Handle(ptr, kind, obj, tag)
    return List((ptr,))


def register_tensor(t: torch.Tensor) -> List:
    """A new pointer to a tensor."""
    ptr = number()
    TENSORS[ptr] = t
    return List((ptr,))


def register_vector(tensors: list[Any]) -> List:
    """A new pointer to a vector of tensors."""
    ptr = number()
    VECTORS[ptr] = tensors
    return List((ptr,))


def _handle(ptr: int) -> Handle | None:
    t = TENSORS.get(ptr)
    if t is not None:
        return Handle(ptr, "tensor", t)
    tensors = VECTORS.get(ptr)
    return HANDLES.get(ptr) if tensors is None else Handle(ptr, "vector", tensors)


def replace(handle: Handle, obj: Any) -> None:
    """Put another object behind the pointer of a handle."""
    if handle.kind == "tensor":
        if obj is None:
            HANDLES[handle.ptr] = Handle(handle.ptr, "tensor", None)
            TENSORS.pop(handle.ptr, None)
        else:
            TENSORS[handle.ptr] = obj
            HANDLES.pop(handle.ptr, None)
    elif handle.kind == "vector":
        VECTORS[handle.ptr] = obj
    handle.obj = obj


def is_pointer(x: Value) -> bool:
    """Whether x has the form of a pointer, live or not."""
    return type(x) is List and len(x) == 1 and qtype(x[0]) == -7


def find(x: Value) -> Handle | None:
    """The handle of a pointer, None for any other value; signals `stale pointer` if unknown."""
    if type(x) is not List or len(x) != 1:
        return None
    if type(x[0]) is not int and qtype(x[0]) != -7:
        return None
    handle = _handle(int(x[0]))
    if handle is None:
        raise QError("stale pointer")
    return handle


def find_tensor(x: Value) -> Handle | None:
    """The handle if x points to a tensor, else None."""
    handle = find(x)
    return handle if handle is not None and handle.kind == "tensor" else None


def need(x: Value, *kinds: str, name: str) -> Handle:
    """The handle of x, which must be a pointer of one of these kinds (any kind if none named)."""
    handle = find(x)
    if handle is None or (kinds and handle.kind not in kinds):
        from .kinds import kname

        expected = " or ".join(kinds) if kinds else "pointer"
        raise QError(f"{name}: expecting {expected}, given {kname(x)}")
    return handle


def mapped(x: Value) -> bool:
    """Whether x is a live pointer."""
    return is_pointer(x) and _handle(int(x[0])) is not None


def free(handle: Handle) -> None:
    """Forget a handle; the object goes with its last reference."""
    for objects in _ALL:
        objects.pop(handle.ptr, None)


def consume(handle: Handle) -> Any:
    """The object of a handle, which is freed: the new owner keeps the object."""
    free(handle)
    return handle.obj


def free_all() -> None:
    """Forget every handle."""
    for objects in _ALL:
        objects.clear()


def pointers() -> list[int]:
    """The numbers of all live pointers, oldest first."""
    return sorted(ptr for objects in _ALL for ptr in objects)


def live() -> Iterator[Handle]:
    """The live handles, oldest first."""
    for ptr in pointers():
        handle = _handle(ptr)
        if handle is not None:  # not freed meanwhile
            yield handle
