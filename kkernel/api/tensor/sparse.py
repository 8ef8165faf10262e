"""Sparse tensors: made from indices and values, taken apart, and turned dense."""

from __future__ import annotations

from collections.abc import Callable

import torch

from kkernel.q.errors import QError
from kkernel.q.values import Value

from .. import kinds
from ..convert import to_q, to_tensor
from ..declare import function, simple_items
from ..kinds import NO, as_long, kname
from ..objects import Handle, find_tensor, register, replace
from ..params import Param
from .complexes import of_bare_or_enlisted
from .tensor_options import TensorOptions

Tensor = torch.Tensor
GROUP = "tensor"
_SPARSE = Param("x", kinds.VALUE, "pointer to a sparse tensor")


def sparse_tensor(args: list[Value], options: TensorOptions) -> Tensor:
    """The mode: (size), (indices;values) or (indices;values;size)."""
    o = TensorOptions(device=options.device, dtype=options.dtype, layout=torch.sparse_coo,
                      gradient=options.gradient, pin=options.pin, memory=options.memory)
    if options.layout is torch.strided:
        raise QError("tensor: sparse mode incompatible with layout set to strided")
    if len(args) == 1:
        made = torch.sparse_coo_tensor(size=args[0], dtype=o.dtype, device=o.device)
    else:
        parts = [to_tensor(a, own=True) for a in args[:2]]
        made = torch.sparse_coo_tensor(*parts, *args[2:], check_invariants=True)
    return o.apply(made)


def _sparse_handle(name: str, x: Value) -> Handle:
    handle = find_tensor(x)
    if handle is None or handle.obj is None or not handle.obj.is_sparse:
        raise QError(f"{name}: expecting sparse tensor, given {kname(x)}")
    return handle


def _part(name: str, f: Callable[[Tensor], Tensor]) -> Callable[[Value], Value]:
    def run(x: Value) -> Value:
        t, enlisted = of_bare_or_enlisted(name, x, "sparse", lambda t: t.is_sparse)
        return register("tensor", f(t)) if enlisted else to_q(f(t))

    return run


for _name, _words, _f in (("indices", "indices of a sparse tensor", Tensor._indices),
                          ("values", "values of a sparse tensor", Tensor._values)):
    function(_name, GROUP, _words,
             Param("x", kinds.VALUE, "sparse tensor; enlist the pointer to get a tensor"),
             raw=True, examples=[f"{_name} sparse(0 1 0;2 0 0)"])(_part(_name, _f))


@function("coalesce", GROUP, "add up the values of a sparse tensor that share an index, in place",
          _SPARSE, raw=True, examples=["coalesce s:sparse(0 1 0;2 0 0)", "coalesced s"])
def coalesce(x: Value) -> None:
    handle = _sparse_handle("coalesce", x)
    if not handle.obj.is_coalesced():
        replace(handle, handle.obj.coalesce())


@function("dense", GROUP, "dense tensor of a sparse one", _SPARSE, raw=True,
          examples=["tensor dense sparse(0 1 0;2 0 0)"])
def dense(x: Value) -> Value:
    return register("tensor", _sparse_handle("dense", x).obj.to_dense())


_INPUT = Param("x", kinds.TENSOR, "tensor or array")
_DIM = Param("dim", kinds.LONG, "number of sparse dimensions, or a sparse tensor whose indices "
             "are used", None)


def _tensor(x: Value) -> Tensor:
    handle = find_tensor(x)
    return to_tensor(x, own=True) if handle is None else handle.obj


@function("sparse", GROUP, "sparse tensor of an array or dense tensor", _INPUT, _DIM, raw=True,
          examples=["s:sparse(0 1 0;2 0 0)", "values s", "s:sparse((0 1 0;2 0 0);1)"])
def sparse(x: Value) -> Value:
    args = [x] if find_tensor(x) is not None else simple_items(x)
    if len(args) == 2:
        n, mask = as_long(args[1]), find_tensor(args[1])
        if mask is not None:
            if not mask.obj.is_sparse:
                raise QError("sparse: 2nd arg is not a sparse tensor, unable to use its indices")
            return register("tensor", _tensor(args[0]).sparse_mask(mask.obj))
        if n is not NO:
            return register("tensor", _tensor(args[0]).to_sparse(n))
    if not kinds.is_array(x, 2) and find_tensor(x) is None:
        raise QError("sparse: unrecognized arg(s), expecting input, (input;sparsedim) or "
                     "(input;sparse tensor)")
    return register("tensor", _tensor(x).to_sparse())


@function("sparseindex", GROUP, "indices of the values that are not zero, one column each",
          _INPUT, Param("dim", kinds.LONG, "number of sparse dimensions", None), raw=True,
          examples=["sparseindex(0 1 0;2 0 0)"])
def sparseindex(x: Value) -> Value:
    args = [x] if find_tensor(x) is not None else simple_items(x)
    n = as_long(args[1]) if len(args) == 2 else NO
    source = x if n is NO else args[0]
    found = _tensor(source).nonzero()
    if n is not NO:
        found = torch.unique_consecutive(found[:, :n], dim=0)
    pointer = find_tensor(source) is not None
    return register("tensor", found.t()) if pointer else to_q(found.t())
