"""The pointer registry: every torch object that q holds, under the number it is known by.

A pointer is a general list of one long.  The number only looks like an address: it is a counter,
so a number is never used twice and a freed or forged pointer is always found out.
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
    a loss, an optimizer or a model.
    """

    ptr: int
    kind: str
    obj: Any
    tag: str = ""


HANDLES: dict[int, Handle] = {}
_STEP = 0x30
_next = 0x55D4_8C01_2A40


def register(kind: str, obj: Any, tag: str = "") -> List:
    """A new pointer to obj, as a q value."""
    global _next
    ptr = _next
    _next = ptr + _STEP
    HANDLES[ptr] = Handle(ptr, kind, obj, tag)
    return List([ptr])


def is_pointer(x: Value) -> bool:
    """Whether x has the form of a pointer, live or not."""
    return type(x) is List and len(x) == 1 and qtype(x[0]) == -7


def find(x: Value) -> Handle | None:
    """The handle of a pointer, None for any other value; signals `stale pointer` if unknown."""
    if type(x) is not List or len(x) != 1:
        return None
    handle = HANDLES.get(x[0]) if type(x[0]) is int else None
    if handle is None and qtype(x[0]) == -7:
        handle = HANDLES.get(int(x[0]))
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
    return is_pointer(x) and int(x[0]) in HANDLES


def free(handle: Handle) -> None:
    """Forget a handle; the object goes with its last reference."""
    HANDLES.pop(handle.ptr, None)


def consume(handle: Handle) -> Any:
    """The object of a handle, which is freed: the new owner keeps the object."""
    free(handle)
    return handle.obj


def free_all() -> None:
    """Forget every handle."""
    HANDLES.clear()


def live() -> Iterator[Handle]:
    """The live handles, oldest first."""
    return iter(list(HANDLES.values()))
