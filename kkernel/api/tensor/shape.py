"""Functions that give a tensor another shape, or a view of a part of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kkernel.q.errors import QError
from kkernel.q.memory import reserve
from kkernel.q.types import LONG_NULL
from kkernel.q.values import Value, items

from .. import kinds
from ..convert import to_q, to_tensor
from ..declare import function, simple_items
from ..events import changed
from ..kinds import NO, as_flag, as_long, as_longs, is_array, is_general, kname
from ..objects import find, find_tensor, register
from ..params import Param, tensor

Tensor = torch.Tensor
GROUP = "tensorop"
_X = tensor("x", "tensor or array")
_SIZES = Param("sizes", kinds.LONGS, "new size by dimension, or a tensor of that size")
_DIM = Param("dim", kinds.LONG, "dimension; negative counts from the last")


def source(x: Value) -> tuple[Tensor, bool]:
    """The tensor of a pointer or array, and whether it is a pointer."""
    handle = find_tensor(x)
    return (to_tensor(x, own=True), False) if handle is None else (handle.obj, True)


def result(t: Tensor, pointer: bool) -> Value:
    return register("tensor", t) if pointer else to_q(t, fresh=True)


def _sizes(name: str, x: Value, expects: str) -> list[int]:
    """A size given as long(s) or by the tensor to be like."""
    example = find_tensor(x)
    sizes = list(example.obj.shape) if example is not None else as_longs(x)
    if sizes is NO:
        raise QError(f"{name} expects {expects}")
    return sizes


# ------------------------------------------------------------------ another size

@function("expand", GROUP, "repeat dimensions of size 1 without copying", _X, _SIZES, raw=True,
          examples=["expand(1 2 3;2 3)", "expand(7;2 2)"], quick={"pl": Tensor.expand})
def expand(x: Value) -> Value:
    args = items(x) if isinstance(x, np.ndarray) else simple_items(x)
    wanted = "(input array/tensor; size) or (input array/tensor; tensor w'size to match)"
    if len(args) != 2:
        raise QError(f"expand expects {wanted}")
    t, pointer = source(args[0])
    return result(t.expand(_sizes("expand", args[1], wanted)), pointer)


def _resizer(name: str, run: Callable[[Tensor, list[int]], Tensor]) -> Callable[[Value], Value]:
    def call(x: Value) -> Value:
        if not is_general(x):
            raise QError(f"{name} not implemented for {kname(x)}")
        args = simple_items(x)
        if len(args) != 2:
            raise QError(f"{name} expects (array/tensor;new size/tensor w'size to use)")
        t, pointer = source(args[0])
        return result(run(t, _sizes(name, args[1], "2nd arg of size or tensor w'size to use")),
                      pointer)

    return call


for _name, _words, _run in (
        ("reshape", "tensor of another size, a view where possible", torch.reshape),
        ("View", "view of another size, which never copies", Tensor.view)):
    function(_name, GROUP, _words, _X, _SIZES, raw=True,
             examples=[f"{_name}(til 6;2 3)", f"{_name}(til 6;-1 2)"],
             quick={"pl": _run})(_resizer(_name, _run))


@function("resize", GROUP, "change the size of a tensor in place; what is added is 0",
          _X, _SIZES, raw=True, examples=["resize(t:tensor til 6;2 3)", "tensor t"])
def resize(x: Value) -> Value:
    if not is_general(x):
        raise QError(f"resize not implemented for {kname(x)}")
    args = simple_items(x)
    if len(args) != 2:
        raise QError("resize expects (array/tensor;new size/tensor w'size to use)")
    t, pointer = source(args[0])
    sizes = _sizes("resize", args[1], "2nd arg of size or tensor w'size to use")
    wanted = inferred(sizes, t.numel())
    reserve(math.prod(wanted), t.element_size())
    before = t.untyped_storage().nbytes()
    t.resize_(wanted)
    zero_growth(t, before)
    changed(t)
    return None if pointer else to_q(t, fresh=True)


def zero_growth(t: Tensor, before: int) -> None:
    """Clear what the storage of t has gained since it had `before` bytes."""
    storage = t.untyped_storage()
    grown = storage.nbytes() - before
    if grown > 0:
        torch.empty(0, dtype=torch.uint8, device=t.device).set_(
            storage, before, (grown,)).zero_()


def inferred(sizes: list[int], count: int) -> list[int]:
    """Sizes with a -1 replaced by what makes the element count fit."""
    if min(sizes, default=0) >= 0:
        return sizes
    known = int(np.prod([n for n in sizes if n != -1], dtype=object))
    if sizes.count(-1) > 1:
        raise QError("only one dimension can be inferred")
    if min(sizes) < -1:
        raise QError(f"invalid shape dimension {min(sizes)}")
    if known == 0 or count % known:
        raise QError(f"shape {sizes} is invalid for input of size {count}")
    return [count // known if n == -1 else n for n in sizes]


# ------------------------------------------------------------------ dimensions

@function("permute", GROUP, "dimensions in another order, as a view", _X,
          Param("dims", kinds.LONGS, "all dimensions in their new order"), raw=True,
          examples=["permute(2 3#til 6;1 0)"], quick={"pl": torch.permute})
def permute(x: Value) -> Value:
    args = simple_items(x)
    if len(args) != 2:
        raise QError("permute: unexpected arg(s), expecting (input/tensor; reordered dimensions)")
    dims = as_longs(args[1])
    if dims is NO:
        raise QError("permute: expecting 2nd arg of reordered dimensions, "
                     f"given {kname(args[1])}")
    t, pointer = source(args[0])
    return result(t.permute(dims), pointer)


_FLAG = Param("inplace", kinds.FLAG, "1b to change the tensor itself", False)


def _squeezing(name: str, x: Value) -> tuple[Value, int | None, bool]:
    """(input;dim;in place) of squeeze and unsqueeze; a missing or null dim is None."""
    args = [x] if find(x) is not None or is_array(x, 3) else simple_items(x)
    flag = as_flag(args[-1]) if len(args) > 1 else NO
    rest = args if flag is NO else args[:-1]
    dim = as_long(rest[1]) if len(rest) == 2 else LONG_NULL
    if len(rest) > 2 or dim is NO:
        raise QError(f"{name}: unexpected arg(s), expects (input;dim;optional in-place flag)")
    return rest[0], None if dim == LONG_NULL else dim, flag is True


@function("squeeze", GROUP, "drop dimensions of size 1", _X,
          Param("dim", kinds.LONG, "the only dimension to drop", None), _FLAG, raw=True,
          examples=["squeeze 1 3#1 2 3", "squeeze(1 3 1#1 2 3;0)"],
          quick={"p": Tensor.squeeze, "pj": lambda t, dim: _squeezed(t, dim)})
def squeeze(x: Value) -> Value:
    value, dim, inplace = _squeezing("squeeze", x)
    t, pointer = source(value)
    if pointer and inplace:
        t.squeeze_() if dim is None else t.squeeze_(dim)
        return None
    return result(t.squeeze() if dim is None else t.squeeze(dim), pointer)


def _squeezed(t: Tensor, dim: int) -> Tensor:
    return t.squeeze() if dim == LONG_NULL else t.squeeze(dim)


@function("unsqueeze", GROUP, "add a dimension of size 1", _X, _DIM, _FLAG, raw=True,
          examples=["unsqueeze(1 2 3;0)", "unsqueeze(1 2 3;1)"], quick={"pj": Tensor.unsqueeze})
def unsqueeze(x: Value) -> Value:
    if find(x) is not None:
        raise QError("unsqueeze requires 2nd arg specifying dimension to add")
    args = simple_items(x)
    dim = as_long(args[1]) if len(args) > 1 else NO
    flag = as_flag(args[2]) if len(args) == 3 else False
    if dim is NO or flag is NO or len(args) > 3:
        raise QError("unsqueeze: unexpected arg(s), expects (input;dim;optional in-place flag)")
    t, pointer = source(args[0])
    if pointer and flag:
        t.unsqueeze_(dim)
        return None
    return result(t.unsqueeze(dim), pointer)


@function("transpose", GROUP, "two dimensions exchanged, as a view; the two of a matrix", _X,
          Param("dim1", kinds.LONG, "first dimension", None),
          Param("dim2", kinds.LONG, "second dimension", None), _FLAG, raw=True,
          examples=["transpose 2 3#til 6", "transpose(2 2 2#til 8;0;2)"],
          quick={"p": lambda t: _matrix(t).t(), "pjj": Tensor.transpose})
def transpose(x: Value) -> Value:
    if not is_general(x):
        return x
    args = [x] if find(x) is not None or is_array(x, 4) else items(x)
    flag = as_flag(args[-1]) if len(args) > 1 else NO
    rest = args if flag is NO else args[:-1]
    t, pointer = source(rest[0])
    inplace = pointer and flag is True
    if len(rest) != 3:
        _matrix(t)
    if len(rest) == 1:
        return _turned(t.t_() if inplace else t.t(), pointer, inplace)
    dims = [as_long(v) for v in rest[1:]]
    if len(dims) != 2 or NO in dims:
        raise QError("transpose expects tensor or (tensor;inplace flag) or "
                     "(tensor;dim1;dim2;optional inplace flag")
    return _turned(t.transpose_(*dims) if inplace else t.transpose(*dims), pointer, inplace)


def _matrix(t: Tensor) -> Tensor:
    """A tensor of at most two dimensions."""
    if t.ndim > 2:
        raise QError(f"transpose of {t.ndim}d tensor needs the two dimenstions to be swapped")
    return t


def _turned(t: Tensor, pointer: bool, inplace: bool) -> Value:
    return None if inplace else result(t, pointer)


# ------------------------------------------------------------------ parts

@function("narrow", GROUP, "part of a dimension, as a view", _X, _DIM,
          Param("offset", kinds.LONG, "where the part starts"),
          Param("size", kinds.LONG, "how long it is"), raw=True,
          examples=["narrow(til 6;0;2;3)"], quick={"pjjj": Tensor.narrow})
def narrow(x: Value) -> Value:
    args: list[Any] = simple_items(x)
    longs = [as_long(v) for v in args[1:]]
    if len(args) != 4 or NO in longs:
        raise QError("narrow: unrecognized arg(s), expecting (input; dim; offset; size)")
    handle = find(args[0])
    if handle is not None and handle.kind == "vector":
        return register("vector", [t.narrow(*longs) for t in handle.obj])
    t, pointer = source(args[0])
    return result(t.narrow(*longs), pointer)


@function("index", GROUP, "items of one dimension", _X, _DIM,
          Param("i", kinds.LONGS, "index, which drops the dimension, or indices or index tensor"),
          raw=True, examples=["index(2 3#til 6;1;0)", "index(2 3#til 6;1;2 0)"],
          quick={"pjj": Tensor.select, "pjp": Tensor.index_select, "pja": Tensor.index_select})
def index(x: Value) -> Value:
    if not is_general(x):
        raise QError(f"index: not implemented for {kname(x)}")
    args = simple_items(x)
    if len(args) != 3:
        raise QError(f"index: expecting 3 args, (input;dim;ind), given {len(args)}")
    dim = as_long(args[1])
    if dim is NO:
        raise QError(f"index: 2nd argument of dimension expected, given {kname(args[1])}")
    t, pointer = source(args[0])
    i, places = as_long(args[2]), find_tensor(args[2])
    if i is not NO:
        return result(t.select(dim, i), pointer)
    if places is None and as_longs(args[2]) is NO:
        raise QError(f"index: 3rd argument of index/indices expected, given {kname(args[2])}")
    where = to_tensor(args[2], device=t.device) if places is None else places.obj
    return result(t.index_select(dim, where), pointer)
