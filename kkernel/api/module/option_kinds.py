"""Kinds of module options beyond the simple ones: choices, paddings, tensors, sizes to be left
open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from kkernel.q.errors import QError
from kkernel.q.functions import NULL
from kkernel.q.symbols import Symbol, sym
from kkernel.q.values import EMPTY, Dict, Value, items

from ..convert import to_q, to_tensor
from ..dtypes import CPP_NAMES, dtype_of, symbol_of
from ..kinds import NO, as_longs, as_symbol, as_symbols, is_array, is_empty, kname
from ..objects import find
from ..options import DOUBLES, LONGS, OptionKind

Tensor = torch.Tensor


def _show_symbol(v: Any, dims: int) -> Value:
    return sym(v)


def choice(names: Sequence[str], message: str) -> OptionKind:
    """One of some symbols; `message` is the refusal, {given} the symbol."""

    def read(x: Value, dims: int) -> Any:
        s = as_symbol(x)
        if s is NO or s in names:
            return s if s is NO else str(s)
        raise QError(message.format(given=s))

    return OptionKind("symbol", read, _show_symbol, choices=tuple(names))


def padding(where: str) -> OptionKind:
    """Longs, or `same or `valid."""

    def read(x: Value, dims: int) -> Any:
        if type(x) is not Symbol:
            return LONGS.read(x, dims)
        if x not in ("same", "valid"):
            raise QError(f"{where}: unrecognized padding: {x}")
        return str(x)

    def show(v: Any, dims: int) -> Value:
        return sym(v) if isinstance(v, str) else LONGS.show(v, dims)

    return OptionKind("long(s)", read, show)


def unset_or(kind: OptionKind) -> OptionKind:
    """A kind whose option may be left open with `()` or `::`: None."""

    def read(x: Value, dims: int) -> Any:
        return None if is_empty(x) else kind.read(x, dims)

    def show(v: Any, dims: int) -> Value:
        return EMPTY if v is None else kind.show(v, dims)

    return OptionKind(kind.word, read, show)


def _one_or_list(kind: str) -> Any:
    def show(v: Any, dims: int) -> Value:
        return v[0] if len(v) == 1 else np.array(v, kind)

    return show


def _read_scales(x: Value, dims: int) -> Any:
    longs = as_longs(x)
    return DOUBLES.read(x, 0) if longs is NO else [float(n) for n in longs]


SIZES = unset_or(OptionKind("long(s)", LONGS.read, _one_or_list("i8")))
SCALES = unset_or(OptionKind("double(s)", _read_scales, _one_or_list("f8")))


def _read_open_longs(x: Value, dims: int) -> Any:
    v = LONGS.read(x, dims)
    return v if v is NO else [None if n == -(2**63) else n for n in v]


OPEN_LONGS = OptionKind("long(s)", _read_open_longs, LONGS.show)


def _read_dtype(x: Value, dims: int) -> Any:
    if type(x) is not Symbol:
        return NO
    return dtype_of(x) if x else None


DTYPE = OptionKind("symbol", _read_dtype,
                   lambda v, d: sym("" if v is None else symbol_of(v)))


def read_tensor(x: Value) -> Tensor | None:
    """The tensor behind a pointer, or a new one of a k array."""
    handle = find(x)
    if handle is None:
        return to_tensor(x, own=True)
    return handle.obj if handle.kind == "tensor" else None


def _tensor_show(v: Any, dims: int) -> Value:
    return NULL if v is None else to_q(v)


def _tensor_or_none(x: Value) -> Tensor | None:
    """As `read_tensor`, None for a value that is no array either."""
    return read_tensor(x) if find(x) is not None or is_array(x) else None


def _read_weight(x: Value, dims: int) -> Any:
    if is_empty(x):
        return None
    t = _tensor_or_none(x)
    return NO if t is None else t


def numbers(where: str, dtype: torch.dtype) -> OptionKind:
    """A tensor of longs, or one of doubles, which longs become and floats may stay."""
    doubles = dtype == torch.double
    word = "double(s)" if doubles else "long(s)"

    def read(x: Value, dims: int) -> Any:
        t = _tensor_or_none(x)
        if t is None:
            return NO
        t = t.double() if doubles and t.dtype == torch.long else t
        if t.dtype != dtype and not (doubles and t.is_floating_point()):
            raise QError(f"{where}: {word} expected, given {CPP_NAMES.get(t.dtype)}(s)")
        return t

    return OptionKind(word, read, _tensor_show)


WEIGHT = OptionKind("tensor or array", _read_weight, _tensor_show)


def read_tensors(x: Value) -> dict[str, Tensor] | None:
    """Named tensors from a dictionary pointer, a k dictionary, or (names; values)."""
    handle = find(x)
    if handle is not None:
        return dict(handle.obj) if handle.kind == "dictionary" else None


    if isinstance(x, Dict):
        keys, values = x.keys, x.values
    elif isinstance(x, list) and len(x) == 2:
        keys, values = x
    else:
        return None
    if not len(items(keys)):
        return {}
    names = as_symbols(keys)
    if names is NO:
        raise QError(f"dict: expecting k dictionary or (syms;vals), given {kname(x)}")
    given = [values] if type(keys) is Symbol else items(values)
    if len(names) != len(given):
        raise QError(f"dict: length error, {len(names)} key(s) with {len(given)} value(s)")
    tensors = {str(n): read_tensor(v) for n, v in zip(names, given, strict=True)}
    return {n: t for n, t in tensors.items() if t is not None}
