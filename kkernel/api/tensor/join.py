"""`cat` and `stack`: several tensors as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from kkernel.q.errors import QError
from kkernel.q.values import Value, items

from .. import kinds
from ..convert import to_q, to_tensor
from ..declare import function
from ..kinds import NO, as_long, is_array, is_general, kname
from ..objects import Handle, find, find_tensor, register
from ..params import OUTPUT, Param
from .collect import item_tensor, pieces

Tensor = torch.Tensor
GROUP = "tensorop"


def tensors_of_list(name: str, x: Value) -> tuple[list[Any], bool]:
    """The tensors of a list of values and pointers, and whether one is a pointer."""
    if not is_general(x):
        return pieces(x), False
    found = [item_tensor(name, v) for v in items(x)]
    pointer = any(h is not None for _, h in found)
    device = next((t.device for t, h in found if h is not None and t is not None), None)
    return [t if device is None or h is not None or t is None else t.to(device)
            for t, h in found], pointer


def _pair_form(args: list[Value]) -> tuple[int, Tensor | None] | None:
    """(list;dim), (list;output) or (list;dim;output): dimension and output, else None."""
    if not 2 <= len(args) <= 3 or not is_general(args[0]):
        return None
    output = find_tensor(args[-1])
    dim = as_long(args[1])
    if len(args) == 2:
        if output is not None:
            return None if _beside(args[0], output.obj) else (0, output.obj)
        return None if dim is NO else (dim, None)
    return None if dim is NO or output is None else (dim, output.obj)


def _beside(x: Value, t: Tensor | None) -> bool:
    """Whether an array and a tensor of as many dimensions are to be joined."""
    return t is not None and is_array(x) and to_tensor(x).ndim == t.ndim


def _joiner(name: str, join: Callable[..., Tensor]) -> Callable[[Value], Value]:
    def call(x: Value) -> Value:
        if not is_general(x):
            raise QError(f"{name} not implemented for {kname(x)}")
        args = items(x)
        handle = find(x) or find(args[0]) if args else None
        if handle is not None and handle.kind == "vector":
            return _of_vector(name, join, handle, [] if find(x) else args)
        if any(find_tensor(a) is not None for a in args) and not (
                find(args[0]) is None and _pair_form(args)):
            return register("tensor", join(_defined(name, tensors_of_list(name, x)[0]), 0))
        form = (0, None) if len(args) == 1 and is_general(args[0]) else _pair_form(args)
        return _joined(name, join, x if form is None else args[0], *(form or (0, None)))

    return call


def _defined(name: str, tensors: list[Tensor | None]) -> list[Tensor]:
    """The tensors, none of which may be undefined."""
    for i, t in enumerate(tensors):
        if t is None:
            raise QError(f"{name}: tensor[{i}] is not defined")
    return tensors  # type: ignore[return-value]


def _joined(name: str, join: Callable[..., Tensor], x: Value, dim: int,
            output: Tensor | None) -> Value:
    tensors, pointer = tensors_of_list(name, x)
    _defined(name, tensors)
    if output is not None:
        join(tensors, dim, out=output)
        return None
    made = join(tensors, dim)
    return register("tensor", made) if pointer else to_q(made, fresh=True)


def _of_vector(name: str, join: Callable[..., Tensor], handle: Handle,
               args: list[Value]) -> Value:
    """vector, (vector;dim), (vector;output) or (vector;dim;output)."""
    form = _pair_form(args) if args else (0, None)
    if form is None:
        raise QError(f"{name} expects vector, (vector;dim), (vector;dim;out tensor) or "
                     "(vector;out tensor)")
    dim, output = form
    tensors = _defined(name, handle.obj)
    if output is not None:
        join(tensors, dim, out=output)
        return None
    return register("tensor", join(tensors, dim))


def _of_tensors(join: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda *tensors: join(tensors)


for _name, _words, _join in (
        ("cat", "tensors one after the other along a dimension", torch.cat),
        ("stack", "tensors of one size along a new dimension", torch.stack)):
    function(_name, GROUP, _words,
             Param("x", kinds.VALUE, "list of tensors and arrays (enlist to add arguments), "
                   "or a vector"),
             Param("dim", kinds.LONG, "dimension, 0 if left out", 0), OUTPUT, raw=True,
             examples=[f"{_name}(1 2 3;4 5 6)", f"{_name}((1 2 3;4 5 6);0)"],
             quick={p: _of_tensors(_join) for p in ("pp", "ppp", "pppp")})(_joiner(_name, _join))
