"""Functions on pointers themselves: free, use, return, addref, what they point to."""

from __future__ import annotations

from typing import Any

from kkernel.q import interrupts
from kkernel.q.errors import QError
from kkernel.q.functions import NULL
from kkernel.q.symbols import Symbol, sym, symbols
from kkernel.q.types import LONG_NULL
from kkernel.q.values import EMPTY, Dict, List, Table, Value, is_vector, items, vector

from . import kinds, objects
from .convert import dict_to_q, list_to_q, to_q, to_tensor
from .declare import Binary, declare, function
from .dispatch import dispatch, implement, part
from .events import changed
from .kinds import is_empty, kname
from .objects import Handle, find, is_pointer, mapped, register
from .params import Param
from .tensor.attributes import attribute_of, distinct, storage_bytes, storage_elements
from .tensor.collect import tensor_dict, tensor_list

GROUP = "pointer"
DATA = ("tensor", "vector", "dictionary")
_X = Param("x", kinds.VALUE, "pointer")


# ------------------------------------------------------------------ free, return, use, addref

@function("free", GROUP, "release one object, several, or all",
          Param("x", kinds.VALUE, "pointer, list or dictionary of pointers; empty for all"),
          raw=True, examples=["free t:tensor 1 2 3", "free(tensor 1;tensor 2)"])
def free(x: Value) -> None:
    if type(x) is List and len(x) == 1 and type(x[0]) is int \
            and objects.TENSORS.pop(x[0], None) is not None:
        return
    if is_empty(x):
        objects.free_all()
        return
    handle = find(x)
    for h in [handle] if handle is not None else _several(x):
        objects.free(h)


def _several(x: Value) -> list[Handle]:
    """The handles of a list or dictionary of pointers, all checked before any is freed."""
    if isinstance(x, Dict) and is_vector(x.keys):
        return [_element(f"key[`{k}] of given dictionary", f"dictionary key[`{k}]", v)
                for k, v in x.items()]
    if type(x) is not List:
        raise QError("free: expecting pytorch object or list/dictionary of objects, "
                     f"given {kname(x)}")
    return [_element(f"element[{i}] of given list", f"element[{i}]", v)
            for i, v in enumerate(x)]


def _element(stale: str, where: str, v: Value) -> Handle:
    if not is_pointer(v):
        raise QError(f"free: expecting pytorch object but {where} is {kname(v)}")
    if not mapped(v):
        raise QError(f"free: stale pointer, {stale}")
    handle = find(v)
    assert handle is not None
    return handle


def _value(handle: Handle) -> Value:
    """The k value of a tensor, vector or dictionary."""
    if handle.kind == "tensor":
        return to_q(handle.obj)
    return list_to_q(handle.obj) if handle.kind == "vector" else dict_to_q(handle.obj)


@function("return", GROUP, "the k value of a tensor, vector or dictionary, which is freed",
          _X, raw=True, examples=["return tensor 1 2 3"])
@interrupts.held()
def return_(x: Value) -> Value:
    handle = find(x)
    if handle is None or handle.kind not in DATA:
        raise QError(f"return: expecting tensor, vector or dictionary, given {kname(x)}")
    value = _value(handle)
    objects.free(handle)
    return value


def use(x: Value, y: Value) -> None:
    """Put the object of y, or the value y, behind the pointer x."""
    if type(x) is List is type(y) and len(x) == 1 == len(y):
        target, source, tensors = x[0], y[0], objects.TENSORS
        if type(target) is int is type(source) and target in tensors and source in tensors \
                and target != source:
            tensors[target] = tensors[source]  # no call in between: nothing is lost by a signal
            del tensors[source]
            changed(tensors[target])
            return
    _use(x, y)


@interrupts.held()
def _use(x: Value, y: Value) -> None:
    target = find(x)
    if target is None or target.kind not in DATA:
        raise QError("use: 1st arg must be tensor, vector or dictionary")
    source = find(y)
    if source is not None and source.ptr == target.ptr:
        return
    if source is not None and source.kind not in DATA:
        raise QError(f"use: unable to re-assign {target.kind} to given {source.kind}")
    objects.replace(target, _replacement(target, source, y))
    if source is not None:
        objects.free(source)
    changed(target.obj)


def _replacement(target: Handle, source: Handle | None, y: Value) -> Any:
    if source is not None and source.kind == target.kind:
        return source.obj
    if target.kind == "tensor":
        if source is not None:
            raise QError(f"use: cannot re-assign tensor to {source.kind}")
        return None if y is NULL else to_tensor(y, own=True)
    return tensor_list(y) if target.kind == "vector" else tensor_dict(y)


declare(Binary("use", GROUP, "put another object or value behind a pointer, which stays the same",
               (Param("x", kinds.VALUE, "pointer to a tensor, vector or dictionary"),
                Param("y", kinds.VALUE, "pointer of the same class (freed), or k value")),
               use, ("t:tensor 1 2 3", "use[t]4 5 6f", "tensor t"), rank=2))


@function("addref", GROUP, "a second pointer to the same object",
          Param("x", kinds.VALUE, "pointer to a tensor, module, loss or optimizer"),
          raw=True, examples=["same(t;addref t:tensor 1 2 3)"])
def addref(x: Value) -> Value:
    handle = find(x)
    if handle is None or handle.kind not in ("tensor", "module", "loss", "optimizer"):
        raise QError(f"addref not implemented for {kname(x)}")
    share = part("addref", handle.kind)
    return share(handle) if share else register(handle.kind, handle.obj, handle.tag)


# ------------------------------------------------------------------ what a pointer is

@function("mapped", GROUP, "whether a value is a pointer to a live object",
          Param("x", kinds.VALUE, "any value"), raw=True,
          examples=["mapped tensor 1 2 3", "mapped 1 2 3"])
def mapped_(x: Value) -> bool:
    return mapped(x)


@function("class", GROUP, "the class of an object, such as tensor or module",
          _X, raw=True, examples=["class tensor 1 2 3"])
def class_(x: Value) -> Symbol:
    handle = find(x)
    if handle is None:
        raise QError("class: need allocated torch object, e.g. tensor, module, "
                     f"given {kname(x)}")
    return sym(handle.kind)


@function("objtype", GROUP, "the type within its class: of dictionary, module, loss, optimizer",
          _X, raw=True, examples=["objtype dict `a`b!1 2"])
def objtype(x: Value) -> Symbol:
    handle = find(x)
    if handle is None:
        raise QError("objtype: requires an allocated torch object, e.g. module, loss or "
                     f"optimizer, given {kname(x)}")
    return sym(dispatch("objtype", handle))


@implement("objtype", "tensor", "vector")
def data_type(handle: Handle) -> str:
    return "tensor"


@implement("objtype", "dictionary")
def dictionary_type(handle: Handle) -> str:
    return handle.obj.role


@function("tensorcount", GROUP, "the number of tensors in an object",
          _X, raw=True, examples=["tensorcount vector(1 2;3 4 5)"], quick={"p": lambda t: 1})
def tensorcount(x: Value) -> int:
    handle = find(x)
    if handle is None:
        raise QError(f"tensorcount: not implemented for {kname(x)}")
    count = part("tensorcount", handle.kind)
    return count(handle) if count else len(list(dispatch("tensors", handle)))


# ------------------------------------------------------------------ the table of objects

@function("obj", GROUP, "table of all live objects, with class, device, data type and size",
          Param("x", kinds.VALUE, "empty"), raw=True, examples=["free[]", "obj[]"])
def obj(x: Value) -> Table:
    if not is_empty(x):
        raise QError("obj: empty arg expected")
    handles = list(objects.live())[::-1]
    return Table(
        ["ptr", "class", "device", "dtype", "size", "elements", "bytes"],
        [List([List([h.ptr]) for h in handles]), symbols([h.kind for h in handles]),
         symbols([_device(h) for h in handles]), symbols([_dtype(h) for h in handles]),
         List([_size(h) for h in handles]),
         vector(7, [_total("elements", h) for h in handles]),
         vector(7, [_total("bytes", h) for h in handles])])


def _device(handle: Handle) -> str:
    tensors = part("tensors", handle.kind)
    first = next(iter(tensors(handle)), None) if tensors else None
    return "" if first is None else str(first.device)


def _dtype(handle: Handle) -> str:
    return attribute_of("dtype", handle) if handle.kind == "tensor" else ""


def _size(handle: Handle) -> Value:
    if handle.kind in ("vector", "dictionary"):
        return len(handle.obj)
    size = part("size", handle.kind)
    return attribute_of("size", handle) if handle.kind == "tensor" or size else EMPTY


def _total(name: str, handle: Handle) -> int:
    """Elements or bytes of all storages behind an object."""
    own = part(name, handle.kind)
    if own is not None:
        return own(handle)
    tensors = part("tensors", handle.kind)
    if tensors is None:
        return LONG_NULL
    one = storage_bytes if name == "bytes" else storage_elements
    return sum(one(t) for t in distinct(tensors(handle)))


@function("resolve", "util", "a copy of any k value (kept for programs that call it)",
          Param("x", kinds.VALUE, "any value"), raw=True, examples=["resolve 1 2 3"])
def resolve(x: Value) -> Value:
    return x


__all__ = ["free", "items"]
