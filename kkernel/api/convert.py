"""q values to tensors and back, at memory speed."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from kkernel.q.errors import QError
from kkernel.q.functions import NULL
from kkernel.q.memory import reserve
from kkernel.q.symbols import symbols
from kkernel.q.types import BY_CHAR, DTYPE
from kkernel.q.values import Dict, List, Value, char, collapse, qtype

from . import settings
from .dtypes import BY_TORCH, FROM_CODE, FROM_NUMPY
from .kinds import kname, type_name
from .objects import find

Tensor = torch.Tensor
_FLOAT, _LONG, _BOOL, _DOUBLE = torch.float32, torch.int64, torch.bool, torch.float64


# ------------------------------------------------------------------ q -> tensor

def to_tensor(x: Value, dtype: torch.dtype | None = None,
              device: torch.device | str | None = None, *, own: bool = False) -> Tensor:
    """The tensor of a q atom, vector or nested rectangle, in the dtype of its q type.

    Shares the memory of a numpy array unless `own` asks for memory of its own (a tensor that
    stays, and may be written to).  Signals types that torch lacks and ragged lists.
    """
    borrowed = isinstance(x, np.ndarray)
    t = _from_array(x) if borrowed else _from_other(x)
    if dtype is not None or device is not None:
        moved = t.to(device=device, dtype=dtype)
        borrowed, t = borrowed and moved is t, moved
    return t.clone() if own and borrowed else t


def _from_array(x: np.ndarray[Any, Any]) -> Tensor:
    if x.dtype not in FROM_NUMPY:
        raise QError(f"no torch type found for k: {kname(_deepest(x))}")
    if x.dtype.kind == "S":
        x = x.view("i1")
    try:
        return torch.from_numpy(x)
    except ValueError:  # memory in an order that torch does not know
        return torch.from_numpy(np.array(x, order="C"))


def _accept_read_only() -> None:
    """Have torch give its one warning about read-only arrays now: nobody writes to a q value."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.from_numpy(np.frombuffer(b"0", "u1"))


_accept_read_only()


def _deepest(x: np.ndarray[Any, Any]) -> Value:
    return x.reshape(-1)


def _from_other(x: Value) -> Tensor:
    if isinstance(x, List):
        return _from_list(x)
    code = qtype(x)
    if code >= 0:
        raise QError(f"no torch type found for k: {kname(x)}")
    if -code not in FROM_CODE:
        raise QError(f"unable to translate k {kname(x)} to scalar tensor")
    if code == -10:
        return torch.tensor(np.frombuffer(bytes(x) or b"\0", "i1")[0].item(), dtype=torch.int8)
    return torch.tensor(x.item() if isinstance(x, np.generic) else x, dtype=FROM_CODE[-code])


def _from_list(x: List) -> Tensor:
    if not x:
        return torch.empty(0)
    handle = find(x)
    if handle is not None:
        raise QError(f"expected tensor or array, given {handle.kind}")
    shape: list[int] = []
    leaves: list[np.ndarray[Any, Any]] = []
    _gather(x, 0, shape, leaves)
    if not leaves or leaves[0] is _NOTHING:
        return torch.empty(shape)
    return _from_array(np.concatenate(leaves).reshape(shape)).clone()


_NOTHING: np.ndarray[Any, Any] = np.empty(0, "f4")  # what `()` holds, of the default type


def _gather(x: Value, depth: int, shape: list[int], leaves: list[np.ndarray[Any, Any]]) -> None:
    """Walk a nested list, checking that it is a rectangle of one type; append its vectors."""
    base = leaves[0] if leaves else None
    if not isinstance(x, (np.ndarray, List)):
        if qtype(x) < 0:
            raise QError("unable to map mixed array to tensor: "
                         f"{kname(x)} encountered at depth {depth}")
        raise QError(f"no torch type found for k: {kname(x)}")
    if base is None:
        shape.append(len(x))
    else:
        _check(x, depth, shape, base)
    if not len(x) and type(x) is List and depth:
        leaves.append(_NOTHING)
        return
    if isinstance(x, np.ndarray) and x.ndim == 1:
        if x.dtype not in FROM_NUMPY:
            raise QError(f"no torch type found for k: {kname(x)}")
        leaves.append(x)
        return
    if (isinstance(x, np.ndarray) and base is not None and x.dtype == base.dtype
            and x.shape == tuple(shape[depth:])):
        leaves.append(x.reshape(-1))
        return
    for item in x:
        _gather(item, depth + 1, shape, leaves)


def _check(x: Value, depth: int, shape: list[int], base: np.ndarray[Any, Any]) -> None:
    if depth >= len(shape):
        raise QError(f"type mismatch at depth {depth}, {kname(base)} vs {kname(x)}")
    if len(x) != shape[depth]:
        raise QError(f"dimension mismatch at depth {depth}, {shape[depth]} vs {len(x)}")
    nested = depth < len(shape) - 1
    expected = 0 if nested or base is _NOTHING else qtype(base)
    if qtype(x) != expected:
        raise QError(f"type mismatch at depth {depth}, {type_name(expected)} vs {kname(x)}")


# ------------------------------------------------------------------ tensor -> q

def to_q(t: Tensor | None, *, fresh: bool = False) -> Value:
    """The q value of a tensor: an atom for 0 dimensions, else one array of its shape.

    The memory is copied unless `fresh` says that nobody else has the tensor.  Complex tensors
    give their parts on a dimension of 2, first or last by the setting complexfirst.
    """
    if t is None:
        return NULL
    if fresh:
        return fresh_to_q(t)
    try:
        n = t.numel()
        if n > 1:
            if n < _LARGE:
                a = (t.detach() if t.requires_grad else t).clone().numpy()
                if a.dtype in _PLAIN and a.flags.c_contiguous:
                    return a
        elif not t.ndim:
            make = _ATOMS.get(t.dtype)
            if make is not None:
                return make(t.item())
    except (TypeError, RuntimeError):  # sparse, with a pending sign, elsewhere ..
        pass
    return _any_to_q(t, False)


def fresh_to_q(t: Tensor) -> Value:
    """The q value of a tensor that nobody else has."""
    try:
        if t.ndim:
            a = t.numpy()
            if a.dtype in _PLAIN and a.flags.c_contiguous and a.size:
                return a
        else:
            make = _ATOMS.get(t.dtype)
            if make is not None:
                return make(t.item())
    except (TypeError, RuntimeError):  # sparse, with a gradient or pending sign, elsewhere ..
        pass
    return _any_to_q(t, True)


def _any_to_q(t: Tensor, fresh: bool) -> Value:
    dtype = t.dtype
    if dtype not in _DIRECT or t.layout is not torch.strided:
        return _converted(t)
    if 0 in t.shape[:-1]:
        return _without_items(t.shape)
    if t.ndim == 0:
        return t.item() if dtype in _BARE else _atom(t)
    if t.requires_grad:
        t = t.detach()
    try:
        return t.numpy() if fresh and t.is_contiguous() else _copied(t)
    except (TypeError, RuntimeError):  # on another device, or with a pending sign
        return t.cpu().resolve_conj().resolve_neg().numpy()


def _without_items(shape: Sequence[int]) -> List:
    """Nested lists down to the first that has no items: it knows no type and no further sizes."""
    return List([_without_items(shape[1:]) for _ in range(shape[0])])


def _copied(t: Tensor) -> np.ndarray[Any, Any]:
    """An array of its own.  numpy must not see memory that a tensor keeps: torch would never
    resize it again."""
    n = t.numel()
    if n < _LARGE:
        return t.clone(memory_format=torch.contiguous_format).numpy()
    reserve(n, t.element_size())  # a view may be larger than its memory
    a = np.empty(t.shape, BY_CHAR[BY_TORCH[t.dtype].char].dtype)
    torch.from_numpy(a).copy_(t)
    return a


_ATOMS: dict[torch.dtype, type] = {
    _LONG: int, _DOUBLE: float, _BOOL: bool, _FLOAT: np.float32, torch.int32: np.int32,
    torch.int16: np.int16, torch.uint8: np.uint8}
_PLAIN = frozenset(map(np.dtype, "dflih?B"))  # types of q that torch has in the same memory
_LARGE = 1 << 17  # elements from where it pays that numpy asks for large pages
_DIRECT = frozenset((_FLOAT, _DOUBLE, _LONG, _BOOL, torch.int32, torch.int16, torch.uint8))
_BARE = frozenset((_LONG, _DOUBLE, _BOOL))


def _converted(t: Tensor) -> Value:
    """The value of a tensor that is not plain memory of a q type."""
    if t.is_complex() or t.layout is not torch.strided:
        return to_q(_plain(t), fresh=True)
    if t.dtype not in BY_TORCH:
        raise QError(f"no k data type found for torch type: {t.dtype}")
    if t.dtype is torch.float16:
        return to_q(t.detach().float(), fresh=True)
    if t.ndim == 0:
        return _atom(t)
    return _chars(t.detach().cpu().clone(memory_format=torch.contiguous_format).numpy())


def _plain(t: Tensor) -> Tensor:
    """Complex as real parts, sparse as dense."""
    if t.layout is not torch.strided:
        t = t.detach().to_dense()
    return as_real(t) if t.is_complex() else t


def as_real(t: Tensor, first: bool | None = None) -> Tensor:
    """The parts of a complex tensor on a new dimension of 2, first or last."""
    r = torch.view_as_real(t.detach().resolve_conj())
    if settings.active.complexfirst if first is None else first:
        r = r.movedim(-1, 0)
    return r


def _atom(t: Tensor) -> Value:
    v = t.item()
    dtype = t.dtype
    if dtype is torch.int8:
        return char(int(v) & 255)
    code = {"e": 8, "x": 4, "h": 5, "i": 6}[BY_TORCH[dtype].char]
    return DTYPE[code].type(v)


def _chars(a: np.ndarray[Any, Any]) -> Value:
    """int8 memory as char vectors; text is a list of strings, not a rectangle."""
    if a.ndim == 1:
        return a.view("S1")
    return List([_chars(row) for row in a])


def list_to_q(tensors: list[Tensor | None], *, fresh: bool = False) -> Value:
    """The q list of several tensors: simple when all are scalars of one type."""
    return _simple([to_q(t, fresh=fresh) for t in tensors])


def dict_to_q(tensors: dict[str, Tensor | None]) -> Dict:
    """The q dictionary of named tensors."""
    return Dict(symbols(tensors), _simple([to_q(t) for t in tensors.values()]))


def _simple(values: list[Value]) -> Value:
    return collapse(values)
