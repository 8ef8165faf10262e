"""Attributes of pointers: size, dtype, device, bytes ..., one row each.

A tensor has all of them; a vector gives a list, a dictionary a q dictionary; the other classes
enter the few they have with `implement`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch

from kkernel.q.errors import QError
from kkernel.q.functions import NULL
from kkernel.q.symbols import Symbol, sym, symbols
from kkernel.q.types import LONG_NULL
from kkernel.q.values import EMPTY, Dict, List, Value, char, collapse, qtype, vector

from .. import kinds
from ..declare import Function, Raw, declare, function, simple_items
from ..dispatch import dispatch, implement, part
from ..dtypes import BY_TORCH, dtype_of, symbol_of
from ..kinds import as_symbol, is_empty, kname
from ..objects import Handle, find, live
from ..params import Param
from .tensor_options import MEMORY, is_pinned, memory_symbol

GROUP = "info"
Tensor = torch.Tensor
Maybe = Tensor | None  # None is an undefined tensor


# ------------------------------------------------------------------ memory and owners

def storage_bytes(t: Maybe) -> int:
    """Bytes of the storage behind a tensor, which it may share."""
    if t is None:
        return 0
    if t.is_sparse:
        return storage_bytes(t._indices()) + storage_bytes(t._values())
    return t.untyped_storage().nbytes()


def storage_elements(t: Maybe) -> int:
    """Elements that the storage of a tensor has room for."""
    if t is None:
        return 0
    if t.is_sparse:
        return storage_elements(t._values())
    return t.untyped_storage().nbytes() // t.element_size()


def distinct(tensors: Iterable[Maybe]) -> list[Tensor]:
    """The defined tensors, one for each storage: what sums of memory run over."""
    seen: dict[int, Tensor] = {}
    for t in tensors:
        if t is not None:
            seen.setdefault(id(t) if t.is_sparse else t.untyped_storage()._cdata, t)
    return list(seen.values())


def storage_references(t: Maybe) -> int:
    """How many tensors share the storage."""
    if t is None or t.is_sparse:
        return 0
    return torch._C._storage_Use_Count(t.untyped_storage()._cdata) - 1  # less the one asked


def references(t: Maybe) -> int:
    """How many owners a tensor has: pointers, vectors, modules .., and torch's graph."""
    if t is None:
        return 0
    owners = sum(o is t for h in live() for o in _tensors(h))
    return t._use_count() - 1 + max(1, owners)


def _tensors(handle: Handle) -> Iterable[Maybe]:
    """All tensors that a handle keeps alive."""
    found = part("tensors", handle.kind)
    return found(handle) if found else ()


@implement("tensors", "tensor", "vector", "dictionary")
def data_tensors(handle: Handle) -> list[Maybe]:
    if handle.kind == "tensor":
        return [handle.obj]
    return list(handle.obj.values()) if handle.kind == "dictionary" else list(handle.obj)


# ------------------------------------------------------------------ one function per attribute

def _offset(t: Tensor) -> int:
    return LONG_NULL if t.is_sparse else t.storage_offset()


def _nonzero(t: Maybe) -> int:
    if t is None:
        return 0
    return t._nnz() if t.is_sparse else int(t.count_nonzero())


def _stride(t: Maybe) -> Value:
    return EMPTY if t is None or t.is_sparse else np.array(t.stride(), "i8")


def _size(t: Maybe) -> Value:
    return np.fromiter((0,) if t is None else t.shape, np.int64)


def _contiguous(t: Maybe, memory: Any = torch.contiguous_format) -> bool:
    return t is not None and not t.is_sparse and t.is_contiguous(memory_format=memory)


def _gradfn(t: Maybe) -> Symbol:
    return sym(t.grad_fn.name() if t is not None and t.grad_fn is not None else "")


def _layout(t: Tensor) -> Symbol:
    return sym("sparse" if t.is_sparse else "strided")


def _ktype(t: Maybe) -> Value:
    return char(" " if t is None else BY_TORCH[t.dtype].char)


def _storage_pointer(t: Maybe) -> int:
    return 0 if t is None or t.is_sparse else t.untyped_storage().data_ptr()


def _symbol(f: Callable[[Tensor], str]) -> Callable[[Maybe], Symbol]:
    """A symbol attribute; the empty symbol when the tensor is undefined."""
    return lambda t: sym("" if t is None else f(t))


def _number(f: Callable[[Tensor], int], undefined: int = 0) -> Callable[[Maybe], int]:
    return lambda t: undefined if t is None else int(f(t))


def _flag(f: Callable[[Tensor], bool], undefined: bool = False) -> Callable[[Maybe], bool]:
    return lambda t: undefined if t is None else bool(f(t))


ATTRIBUTES: dict[str, tuple[str, Callable[[Maybe], Value]]] = {
    "dim": ("number of dimensions", _number(Tensor.dim, 1)),
    "densedim": ("number of dense dimensions",
                 _number(lambda t: t.dense_dim() if t.is_sparse else t.dim(), 1)),
    "sparsedim": ("number of sparse dimensions",
                  _number(lambda t: t.sparse_dim() if t.is_sparse else 0)),
    "nnz": ("number of values that are not zero", _nonzero),
    "numel": ("number of elements",
              _number(lambda t: t._values().numel() if t.is_sparse else t.numel())),
    "elements": ("number of elements that the storage has room for", storage_elements),
    "itemsize": ("bytes of one element", _number(Tensor.element_size)),
    "bytes": ("bytes of memory held", storage_bytes),
    "offset": ("elements of the storage before the first of the tensor", _number(_offset)),
    "ref": ("number of references to the object behind a pointer", references),
    "sref": ("number of references to the storage of a tensor", storage_references),
    "weakref": ("number of weak references to a tensor", _number(lambda t: 1)),
    "ptr": ("address of the object behind a pointer", lambda t: 0 if t is None else t._cdata),
    "sptr": ("address of the storage of a tensor", _storage_pointer),
    "dtype": ("data type", _symbol(lambda t: symbol_of(t.dtype))),
    "device": ("device", _symbol(lambda t: str(t.device))),
    "layout": ("layout: strided or sparse", _symbol(_layout)),
    "gradient": ("whether gradients are computed: `` `grad`` or `` `nograd``",
                 _symbol(lambda t: "grad" if t.requires_grad else "nograd")),
    "gradfn": ("name of the function that made the tensor in the gradient graph", _gradfn),
    "pinned": ("whether the memory is pinned", _flag(is_pinned)),
    "memory": ("memory format of a tensor", _symbol(memory_symbol)),
    "ktype": ("letter of the q type that the values become", _ktype),
    "coalesced": ("whether a sparse tensor has each index once",
                  _flag(lambda t: t.is_coalesced() if t.is_sparse else True, True)),
    "contiguous": ("whether the elements lie in order without gaps", _contiguous),
    "defined": ("whether the tensor is defined", lambda t: t is not None),
    "gradflag": ("whether gradients are computed for the tensor",
                 _flag(lambda t: t.requires_grad)),
    "leaf": ("whether the tensor was made by the user, not by a calculation",
             _flag(lambda t: t.is_leaf, True)),
    "sparseflag": ("whether the tensor is sparse", _flag(lambda t: t.is_sparse)),
    "size": ("size of a tensor by dimension, or the number of parameters", _size),
    "stride": ("elements between neighbours, by dimension", _stride),
}
_LISTS = ("size", "stride")  # attributes that are themselves lists


def attribute(name: str, x: Value) -> Value:
    """An attribute of the object behind a pointer."""
    handle = find(x)
    if handle is None:
        raise QError(f"{name}: unrecognized arg(s) - {kname(x)}")
    return attribute_of(name, handle)


def attribute_of(name: str, handle: Handle) -> Value:
    """An attribute of the object behind a handle."""
    if handle.kind not in ("tensor", "vector", "dictionary"):
        return dispatch(name, handle, plural=True)
    row = ATTRIBUTES.get(name)
    if row is None:
        raise QError(f"{name}: not implemented for tensors")
    read = row[1]
    if handle.kind == "tensor":
        return read(handle.obj)
    if handle.kind == "vector":
        return listed(name, [read(t) for t in handle.obj])
    return Dict(symbols(handle.obj), listed(name, [read(t) for t in handle.obj.values()]))


def listed(name: str, values: list[Value]) -> Value:
    """The list of one attribute of several tensors."""
    if name in _LISTS:
        return List(values)
    return collapse(values) if values else vector(-qtype(ATTRIBUTES[name][1](None)), [])


def attributes_of(tensors: Mapping[str, Maybe], name: str) -> Dict:
    """Name -> attribute, for the parameters of a module."""
    read = ATTRIBUTES[name][1]
    return Dict(symbols(tensors), listed(name, [read(t) for t in tensors.values()]))


def _declare_rows() -> None:
    """Every attribute is a function of its own, except those that take more than a pointer."""
    own = ("device", "dtype", "contiguous", "gradflag")
    for name, (words, _) in ATTRIBUTES.items():
        if name not in own:
            declare(_attribute_function(name, words))
    for name, words in (("inputmodule", "type of the module that receives the input"),
                        ("outputmodule", "type of the module that gives the output"),
                        ("result", "kind of result of a module (no class has it)")):
        declare(_attribute_function(name, words))


def _attribute_function(name: str, words: str) -> Function:
    x = Param("x", kinds.VALUE, "pointer to a tensor, vector, dictionary or other object")
    example = f"{name} tensor 2 3#til 6"
    if name in ("inputmodule", "outputmodule"):
        example = f"{name} module seq(`sequential;`relu;`tanh)"
    if name == "result":
        example = "@[result;tensor 1 2 3;::]"
    made = Raw(name, GROUP, words, (x,), lambda v: attribute(name, v), (example,))
    if name in ATTRIBUTES and name not in ("ref", "sref"):  # which count what a call holds
        made.quick = {"p": ATTRIBUTES[name][1]}
        made.set_callers()
    return made


_declare_rows()


@function("dtype", GROUP, "the data type of tensors, or the session's default",
          Param("x", kinds.VALUE, "empty for the default, a symbol to set it, or a pointer"),
          raw=True, examples=["dtype[]", "dtype tensor 1 2 3", "dtype`double", "dtype`float"],
          quick={"p": ATTRIBUTES["dtype"][1]})
def dtype(x: Value) -> Value:
    if is_empty(x):
        return sym(symbol_of(torch.get_default_dtype()))
    if type(x) is Symbol:
        torch.set_default_dtype(dtype_of(x))
        return NULL
    return attribute("dtype", x)


@function("contiguous", GROUP, "whether the elements lie in order without gaps",
          Param("x", kinds.VALUE, "pointer to a tensor, vector or dictionary"),
          Param("memory", kinds.SYMBOL, "`` `contiguous`channel2d`channel3d``", "contiguous"),
          raw=True, examples=["contiguous t:tensor 2 3#til 6", "contiguous(t;`contiguous)"])
def contiguous(x: Value) -> Value:
    args = simple_items(x)
    handle = find(args[0]) if len(args) == 2 else None
    if handle is None:
        return attribute("contiguous", x)
    memory = MEMORY.get(as_symbol(args[1])) if type(args[1]) is Symbol else None
    if memory is None:
        given = args[1] if type(args[1]) is Symbol else kname(args[1])
        raise QError(f"unrecognized memory format: {given}")
    if memory is torch.preserve_format:
        memory = torch.contiguous_format
    if handle.kind == "tensor":
        return _contiguous(handle.obj, memory)
    if handle.kind == "vector":
        return listed("contiguous", [_contiguous(t, memory) for t in handle.obj])
    if handle.kind == "dictionary":
        flags = [_contiguous(t, memory) for t in handle.obj.values()]
        return Dict(symbols(handle.obj), listed("contiguous", flags))
    return attribute("contiguous", args[0])


