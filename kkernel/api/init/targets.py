"""What an initializer fills: the same objects for all of them.

A tensor, vector or dictionary; (tensor or vector; indices); (dictionary, module, model, optimizer
or loss; names); or a k array, which comes back filled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from kkernel.q.errors import QError
from kkernel.q.values import Value, items

from .. import kinds
from ..convert import to_q, to_tensor
from ..declare import Quick, function
from ..events import changed
from ..kinds import NO, as_longs, as_symbols, is_general, kname
from ..look import laws
from ..module.access import find_tensor_in, held_module
from ..objects import Handle, find
from ..params import Param

GROUP = "init"
LISTS = ("tensor", "vector", "dictionary")
Fill = Callable[[Tensor], Any]

def pick(handle: Handle, x: Value, name: str) -> list[Tensor]:
    """The tensors of an object that indices or names choose."""
    if handle.kind == "tensor":
        return rows_of(handle.obj, x, name)
    if handle.kind == "vector":
        v, n = handle.obj, len(handle.obj)
        chosen = _indices(x, "vector", name)
        for i in chosen:
            if not 0 <= i < n:
                raise QError(f"{name}: vector[{i}] invalid given a {n}-element vector")
        return [_defined(v[i], f"vector[{i}] is", name) for i in chosen]
    names = as_symbols(x)
    if handle.kind == "dictionary":
        if names is NO:
            raise QError(f"{name}: unable to get dictionary key(s) given {kname(x)}")
        return [_entry(handle.obj, key, name) for key in names]
    if names is NO:
        raise QError(f"{name}: unable to get tensor names(s) given {kname(x)}")
    return [_named(handle, key, name) for key in names]


def _indices(x: Value, kind: str, name: str) -> list[int]:
    found = as_longs(x)
    if found is NO:
        raise QError(f"{name}: expecting 2nd arg of {kind} indices, given {kname(x)}")
    return found


def rows_of(t: Tensor, x: Value, name: str) -> list[Tensor]:
    chosen = _indices(x, "tensor", name)
    if t is None:
        raise QError(f"{name}: tensor is not defined")
    if not t.ndim:
        raise QError(f"{name}: 0-dim tensor")
    for i in chosen:
        if not 0 <= i < t.size(0):
            raise QError(f"{name}: tensor[{i}] invalid given a {t.size(0)}-element tensor")
    return [t[i] for i in chosen]


def _defined(t: Tensor | None, word: str, name: str) -> Tensor:
    if t is None:
        raise QError(f"{name}: {word} not defined")
    return t


def _entry(d: dict[str, Tensor | None], key: str, name: str) -> Tensor:
    if key not in d:
        raise QError(f"{name}: dictionary key `{key} not found")
    return _defined(d[key], f"dictionary tensor for key `{key}", name)


def _named(handle: Handle, key: str, name: str) -> Tensor:
    t = find_tensor_in(held_module(handle), key, "tensor")
    if t is None:
        raise QError(f"{name}: parameter/buffer `{key} not found")
    return t


def whole(handle: Handle, name: str, words: str) -> list[Tensor]:
    """All tensors of a tensor, vector or dictionary; other objects need names."""
    if handle.kind not in LISTS:
        raise QError(f"{name}: not implemented for {words.format(handle.kind)}")
    if handle.kind == "tensor":
        tensors = [handle.obj]
    else:
        tensors = list(handle.obj.values() if handle.kind == "dictionary" else handle.obj)
    if any(t is None for t in tensors):
        raise QError(f"{name}: not implemented for undefined tensor")
    return tensors


def fill_all(obj: Any, tensors: Sequence[Tensor], fill: Fill,
             name: str = "", *options: Any) -> None:
    """Fill the tensors of an object in place, and note the law that they were drawn from.

    `name` and `options` are the initializer's; without a name the law is not known.
    """
    with torch.no_grad():
        for t in tensors:
            fill(t)
            laws.initialized(t, name, *options)
    changed(obj)


def fill_array(x: Value, fill: Fill) -> Value:
    """A filled copy of a k array."""
    t = to_tensor(x, own=True)
    fill(t)
    return to_q(t, fresh=True)


def leading(x: Value) -> tuple[Handle | None, list[Value]]:
    """The pointer that an argument is or starts with, and all arguments."""
    handle = find(x)
    if handle is not None:
        return handle, [x]
    args = items(x) if is_general(x) else []
    return find(args[0]) if args else None, args


SINGLE = "single {} argument"
_X = Param("x", kinds.VALUE, "tensor, vector, dictionary, module, model or optimizer; or k array")
_WHICH = Param("which", kinds.VALUE, "indices, or names, needed for modules", None)


def declare(name: str, words: str, run: Callable[[Value], Value], example: str,
            *options: Param, quick: Quick | None = None) -> None:
    function(name, GROUP, words, _X, _WHICH, *options, raw=True, quick=quick,
             examples=[f"{name}{example}", "t:tensor 3 4#0e", *_pointer_example(name, example)]
             )(run)


def _pointer_example(name: str, example: str) -> list[str]:
    rest = example.partition(";")[2].rstrip(")") if example.startswith("(") else ""
    if name == "dirac":
        return [f"{name} t:tensor 2 2 3#0e", "tensor t"]
    return [f"{name}(t;{rest})" if rest else f"{name} t", "tensor t"]
