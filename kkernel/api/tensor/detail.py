"""`info` and `detail`: all attributes of a tensor, and of its storage."""

from __future__ import annotations

from collections.abc import Callable

import torch

from kkernel.q.errors import QError
from kkernel.q.symbols import sym
from kkernel.q.values import EMPTY, Dict, Value, record

from .. import kinds
from ..convert import to_q
from ..declare import function
from ..kinds import kname
from ..objects import find
from ..params import Param
from .attributes import ATTRIBUTES, storage_references
from .tensor_options import NAMES, option_symbols

Tensor = torch.Tensor
_MORE = ("leaf", "gradfn", "dim", "sparsedim", "size", "stride", "numel", "itemsize",
         "contiguous", "coalesced", "offset", "ptr", "ref")


def tensor_info(t: Tensor | None, detail: bool) -> Dict:
    """Attribute -> value; with detail also the storage, or the parts of a sparse tensor."""
    if detail and t is not None and t.is_sparse:
        return record(["indices", "values"],
                      [tensor_info(t._indices(), True), tensor_info(t._values(), True)])
    values: list[Value] = [sym(s) for s in option_symbols(t)]
    values += [ATTRIBUTES[name][1](t) for name in _MORE]
    names = [*NAMES, *_MORE]
    if detail:
        names, values = [*names, "storage"], [*values, _storage(t)]
    return record(names, values)


def _storage(t: Tensor | None) -> Dict:
    """Elements, bytes of one, references, address and all values of the storage."""
    names = ["size", "itemsize", "ref", "ptr", "data"]
    if t is None:
        return record(names, [0, 0, 0, 0, EMPTY])
    storage = t.untyped_storage()
    n = storage.nbytes() // t.element_size()
    whole = torch.empty(0, dtype=t.dtype, device=t.device).set_(storage, 0, (n,))
    return record(names, [n, t.element_size(), storage_references(t) - 1, storage.data_ptr(),
                          to_q(whole)])


def _info(name: str, detail: bool) -> Callable[[Value], Value]:
    def call(x: Value) -> Value:
        handle = find(x)
        if handle is None or handle.kind != "tensor":
            raise QError(f"{name} not implemented for {kname(x)}")
        return tensor_info(handle.obj, detail)

    return call


_X = Param("x", kinds.TENSOR, "pointer to a tensor")
function("info", "info", "all attributes of a tensor", _X, raw=True,
         examples=["-2_info tensor 2 3#til 6"])(_info("info", False))
function("detail", "info", "all attributes of a tensor and of its storage", _X, raw=True,
         examples=["last[detail tensor 2 3#til 6]`data"])(_info("detail", True))
