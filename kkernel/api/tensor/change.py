"""Functions that change tensors in place, their gradients, and compare identities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kkernel.q.errors import QError
from kkernel.q.symbols import symbols
from kkernel.q.values import Dict, Value, items, qtype

from .. import kinds
from ..convert import to_q, to_tensor
from ..declare import function, simple_items
from ..dispatch import dispatch
from ..events import changed
from ..kinds import NO, as_flag, as_long, as_longs, as_symbol, as_symbols, is_general, kname
from ..objects import Handle, find, find_tensor, register
from ..params import Param
from .attributes import attribute_of

Tensor = torch.Tensor
_ASYNC = Param("async", kinds.FLAG, "1b to return before the copy is done (CUDA)", False)
_DATA = Param("x", kinds.VALUE, "pointer to a tensor, vector or dictionary")
_WHICH = Param("which", kinds.VALUE, "indices of a vector, or names of a dictionary", None)


# ------------------------------------------------------------------ amend, reset

@function("amend", "tensorop", "copy values into a tensor, which keeps its type and device",
          _DATA, _WHICH, Param("values", kinds.VALUE, "array or tensor of the same size"),
          _ASYNC, raw=True, examples=["amend(t:tensor 1 2 3f;4 5 6)", "tensor t"])
def amend(x: Value) -> None:
    args = simple_items(x) or [x]
    handle = find(args[0]) if find(x) is None else None
    if handle is None:
        raise QError("amend: expecting 1st arg of tensor,vector or dictionary")
    target, values = _amended(handle, args[1:])
    source = find_tensor(values)
    with torch.no_grad():
        target.copy_(to_tensor(values) if source is None else source.obj)
    changed(target)


def _amended(handle: Handle, args: list[Value]) -> tuple[Tensor, Value]:
    """The tensor to change and the values for it."""
    forms = {"tensor": ("(tensor;values)", 1), "vector": ("(vector;index;values)", 2),
             "dictionary": ("(dictionary;key;values)", 2)}
    if handle.kind not in forms:
        raise QError(f"amend: not implemented for {handle.kind}")
    form, n = forms[handle.kind]
    if len(args) not in (n, n + 1) or (len(args) > n and as_flag(args[n]) is NO):
        raise QError(f"amend: {n + 1}-{n + 2} arguments expected, e.g. {form} or "
                     f"{form[:-1]};asyncflag), but {len(args) + 1} given")
    return _one_of("amend", handle, args[0]) if n == 2 else handle.obj, args[n - 1]


def _one_of(name: str, handle: Handle, which: Value) -> Tensor:
    """The tensor of a vector at an index, or of a dictionary under a key."""
    if handle.kind == "vector":
        i = as_long(which)
        if i is NO:
            raise QError(f"{name}: given vector, 2nd argument is an index(long), "
                         f"given {kname(which)}")
        if not 0 <= i < len(handle.obj):
            raise QError(f"{name}: vector[{i}] is invalid given a "
                         f"{len(handle.obj)}-element vector")
        return handle.obj[i]
    if as_symbol(which) is NO:
        raise QError(f"{name}: given dictionary, 2nd argument is a key(symbol), "
                     f"given {kname(which)}")
    if which not in handle.obj:
        raise QError(f"{name}: dictionary[`{which}] not found")
    return handle.obj[which]


@function("reset", "tensorop", "point a tensor to another part of its storage", _DATA,
          Param("offset", kinds.LONG, "elements of the storage before the part"),
          Param("sizes", kinds.LONGS, "new size by dimension", None),
          Param("strides", kinds.LONGS, "new strides, in order if left out", None), raw=True,
          examples=["t:tensor til 6", "reset(t;2;2 2)", "tensor t"])
def reset(x: Value) -> None:
    args = simple_items(x) or [x]
    handle = find_tensor(args[0])
    if handle is None or not 2 <= len(args) <= 4:
        raise QError("reset: tensor expected as 1st of at least two arguments" if handle is None
                     else "reset: up to 4 arguments expected, (tensor;offset;sizes;strides), "
                     f"but {len(args)} given")
    offset = as_long(args[1])
    if offset is NO:
        raise QError(f"reset: offset (long) expected as 2nd argument, given {kname(args[1])}")
    t = handle.obj
    sizes = _longs(args, 2, "size(s) expected as 3rd", list(t.shape))
    strides = _longs(args, 3, "stride(s) expected as 4th",
                     list(t.stride()) if len(args) == 2 else _in_order(sizes))
    set_checked(t, offset, sizes, strides)


def _longs(args: list[Value], i: int, expected: str, default: list[int]) -> list[int]:
    if len(args) <= i:
        return default
    found = as_longs(args[i])
    if found is NO:
        raise QError(f"reset: {expected} argument, given {kname(args[i])}")
    return found


def _in_order(sizes: list[int]) -> list[int]:
    """The strides of elements that lie in order."""
    strides, step = [], 1
    for n in reversed(sizes):
        strides.append(step)
        step *= max(n, 1)
    return strides[::-1]


def set_checked(t: Tensor, offset: int, sizes: list[int], strides: list[int]) -> None:
    """Point t into its storage; signals what does not fit."""
    if len(sizes) != len(strides):
        raise QError(f"reset: {len(sizes)} size(s) but {len(strides)} stride(s)")
    if min([offset, *sizes, *strides]) < 0:
        raise QError(f"reset: offset, sizes and strides must not be negative, given {offset}, "
                     f"{sizes}, {strides}")
    need = 0 if 0 in sizes else 1 + sum((n - 1) * s for n, s in zip(sizes, strides, strict=True))
    room = t.untyped_storage().nbytes() // t.element_size()
    if need + offset > room:
        raise QError(f"size {sizes} and stride {strides} require total of {need} plus offset of "
                     f"{offset} exceeds storage size of {room}")
    with torch.no_grad():
        t.set_(t.untyped_storage(), offset, sizes, strides)


# ------------------------------------------------------------------ gradients

@function("grad", "info", "gradient of a tensor: k value or null; pointer if enlisted",
          Param("x", kinds.VALUE, "pointer to a tensor, enlisted to get a pointer"), raw=True,
          examples=["t:tensor(1 2 3f;`grad)", "backward Sum t", "grad t"])
def grad(x: Value) -> Value:
    handle, enlisted = find_tensor(x), False
    if handle is None and is_general(x) and len(x) == 1:
        handle, enlisted = find_tensor(items(x)[0]), True
    if handle is None:
        raise QError("unexpected arg(s) for gradient, expecting tensor "
                     "(enlist to return gradient ptr)")
    g = None if handle.obj is None else handle.obj.grad
    if not enlisted:
        return to_q(g)
    if g is None:
        raise QError("no gradient defined")
    return register("tensor", g)


@function("gradflag", "info", "query or set whether gradients are computed", _DATA, _WHICH,
          Param("flag", kinds.FLAG, "1b or 0b to set", None), raw=True,
          examples=["gradflag t:tensor 1 2 3f", "gradflag(t;1b)", "gradflag t"])
def gradflag(x: Value) -> Value:
    handle = find(x)
    if handle is not None:
        return attribute_of("gradflag", handle)
    args = simple_items(x) or [x]
    handle = find(args[0])
    flag = as_flag(args[-1]) if len(args) > 1 else NO
    if handle is not None and len(args) == 2 and flag is not NO:
        for t in dispatch("gradients", handle) if handle.kind not in _LISTS else _all(handle):
            t.requires_grad_(flag)
        return None
    if handle is None or not (len(args) == 2 or (len(args) == 3 and flag is not NO)):
        raise QError("gradflag: unrecognized arg(s), expecting tensor/vector/dictionary or "
                     "(object;flag) or (dict/vec;keys/inds) or (dict/vec;keys/inds;flag)")
    chosen = pick("gradflag", handle, args[1])
    if len(args) == 3:
        for t in chosen.values():
            t.requires_grad_(flag)
        return None
    flags = np.array([t.requires_grad for t in chosen.values()], "?")
    if qtype(args[1]) < 0:
        return bool(flags[0])
    return Dict(symbols(chosen), flags) if handle.kind == "dictionary" else flags


_LISTS = ("tensor", "vector", "dictionary")


def _all(handle: Handle) -> list[Tensor]:
    if handle.kind == "tensor":
        return [handle.obj]
    return list(handle.obj.values() if handle.kind == "dictionary" else handle.obj)


# how messages of the functions that pick say what is missing
_OUTSIDE = {"gradflag": "invalid for {n}-element vector", "detach": "out of bounds"}
_DICTIONARY = {"gradflag": "dict", "detach": "dictionary"}


def pick(name: str, handle: Handle, which: Value) -> dict[Any, Tensor]:
    """The tensors of a vector at indices, or of a dictionary under names."""
    places, names = as_longs(which), as_symbols(which)
    if places is not NO and handle.kind != "vector":
        raise QError(f"{name}: 2nd arg of index/indices not valid with {handle.kind}")
    if names is not NO and handle.kind != "dictionary":
        raise QError(f"{name}: 2nd arg of key(s) not valid with {handle.kind}")
    if handle.kind == "vector" and places is not NO:
        n = len(handle.obj)
        for i in places:
            if not 0 <= i < n:
                raise QError(f"{name}: vector[{i}] {_OUTSIDE[name].format(n=n)}")
        return {i: handle.obj[i] for i in places}
    if names is NO:
        raise QError(f"{name}: expected indices or names as 2nd arg, given {kname(which)}")
    for key in names:
        if key not in handle.obj:
            raise QError(f"{name}: {_DICTIONARY[name]}[`{key}] not found")
    return {str(k): handle.obj[k] for k in names}


@function("detach", "tensorop", "take tensors out of the gradient graph", _DATA,
          Param("which", kinds.VALUE, "1b for in place, indices of a vector, names", None),
          raw=True, examples=["gradient detach tensor(1 2 3f;`grad)"])
def detach(x: Value) -> Value:
    handle = find(x)
    args = [x] if handle is not None else simple_items(x) or [x]
    handle = handle or find(args[0])
    if handle is None or handle.kind not in _LISTS:
        raise QError("detach: expecting tensor, vector or dictionary" if handle is None else
                     f"detach: not implemented for {handle.kind}")
    if handle.kind == "tensor":
        return _detach_tensor(handle, args[1:])
    if len(args) > 2:
        raise QError(f"detach: {handle.kind} supplied, but unexpected number of additional "
                     f"args({len(args) - 1})")
    for t in _all(handle) if len(args) == 1 else pick("detach", handle, args[1]).values():
        if t is not None:
            t.detach_()
    return None


def _detach_tensor(handle: Handle, args: list[Value]) -> Value:
    flag = as_flag(args[0]) if args else False
    if len(args) > 1 or flag is NO:
        raise QError("detach: expecting tensor or (tensor; inplace flag)")
    if flag:
        handle.obj.detach_()
        return None
    return register("tensor", handle.obj.detach())


# ------------------------------------------------------------------ identity

def _pair(name: str, test: Callable[[Tensor, Tensor], bool]) -> Callable[[Value], bool]:
    def call(x: Value) -> bool:
        args = simple_items(x)
        handles = [find_tensor(a) for a in args]
        if len(args) != 2 or None in handles:
            raise QError(f"{name}: expects two tensors")
        a, b = (h.obj for h in handles if h is not None)
        return test(a, b)

    return call


def _shares(a: Tensor | None, b: Tensor | None) -> bool:
    if a is None or b is None or a.is_sparse or b.is_sparse:
        return a is b and a is not None
    return a.untyped_storage()._cdata == b.untyped_storage()._cdata


_TWO = (Param("x", kinds.TENSOR, "tensor pointer"), Param("y", kinds.TENSOR, "tensor pointer"))
function("same", "info", "whether two pointers are to the same tensor", *_TWO, raw=True,
         examples=["same(t;addref t:tensor 1 2 3)"])(_pair("same", lambda a, b: a is b))
function("alias", "info", "whether two tensors share their storage", *_TWO, raw=True,
         examples=["alias(t;reshape(t:tensor til 6;2 3))"])(_pair("alias", _shares))

