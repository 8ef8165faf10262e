"""Items of a list at positions, and what stands where there is none: nulls of the right type."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

from ..atoms.extremes import least
from ..errors import type_error
from ..functions import NULL
from ..symbols import Symbol, symbols
from ..types import CODE_OF_DTYPE
from ..values import (
    EMPTY,
    Array,
    Attributed,
    Dict,
    Enum,
    EnumAtom,
    List,
    Table,
    Value,
    at,
    bare,
    collapse,
    is_function,
    is_vector,
    items,
    null,
    null_vector,
    qtype,
)

ENUM_NULL = 2**63 - 1  # position of an enumeration's null: outside every domain


def missing(x: Value) -> Value:
    """What a read outside the range of x gives."""
    if isinstance(x, np.ndarray):
        if x.ndim == 1:
            return null(CODE_OF_DTYPE[x.dtype])
        return null_like(x[0]) if len(x) else EMPTY
    if isinstance(x, List):
        return null_like(x[0]) if x else EMPTY
    if isinstance(x, Enum):
        return EnumAtom(x.domain, ENUM_NULL)
    if isinstance(x, Table):
        return Dict(symbols(x.columns), collapse([missing(c) for c in x.data]))
    if isinstance(x, Dict):
        return missing(x.values)
    raise type_error()


def null_like(x: Value) -> Value:
    """The null of an atom's type, the empty vector of a vector's; of the items of a general list,
    the columns of a table and the values of a dictionary the nulls of each.
    """
    code = qtype(x)
    if code < 0:
        return EnumAtom(x.domain, ENUM_NULL) if code == -20 else null(-code)
    if isinstance(x, np.ndarray):
        return np.empty(0, x.dtype) if x.ndim == 1 else collapse([null_like(v) for v in x])
    if isinstance(x, List):
        return collapse([null_like(v) for v in x])
    if isinstance(x, Enum):
        return Enum(x.domain, x.index[:0])
    if isinstance(x, Dict):
        return Dict(x.keys, collapse([null_like(v) for v in items(x.values)]), x.attr)
    if isinstance(x, Table):
        return Table(x.columns, [c[:0] if isinstance(c, np.ndarray) else null_like(c)
                                 for c in x.data])
    return NULL if is_function(x) else EMPTY


_WIDTHS = {-5: np.dtype("i2"), -6: np.dtype("i4"), -7: np.dtype("i8")}
INTEGERS = frozenset(_WIDTHS.values())  # which are fitted into one another


def as_item(y: Value, dtype: np.dtype[Any]) -> Any:
    """An atom as numpy stores it in a vector: of its type, or an integer that fits its width."""
    code = qtype(y)
    if code == -CODE_OF_DTYPE[dtype]:
        return y.code if isinstance(y, Symbol) else y
    if code not in _WIDTHS or dtype not in _WIDTHS.values():
        raise type_error()
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    k = int(y)
    if k == np.iinfo(_WIDTHS[code]).min:
        return low
    if not low < k <= high:
        raise type_error()
    return k


def take_positions(x: Value, where: Array) -> Value:
    """Items of a list or rows of a table at positions known to be in range."""
    if isinstance(x, np.ndarray):
        if x.ndim > 1 and not len(where):
            return EMPTY  # no row is left to tell a type
        return (x.view(np.ndarray) if type(x) is Attributed else x).take(where, 0)
    if isinstance(x, List):
        return collapse([x[k] for k in where.tolist()])
    if isinstance(x, Enum):
        return Enum(x.domain, x.index[where])
    if isinstance(x, Table):
        return Table(x.columns, [take_positions(c, where) for c in x.data])
    if isinstance(x, Dict):
        return Dict(take_positions(x.keys, where), take_positions(x.values, where))
    raise type_error()


def positions_of(i: Array) -> Array:
    """An index vector as int64 positions; 'type when its type does not index lists."""
    kind = i.dtype.char
    if kind in "lq":
        return i
    if kind in "?Bhi":
        return i.astype(np.int64)
    raise type_error()


def at_positions(x: Value, where: Array) -> Value:
    """Items at an int64 vector of positions, nulls for those out of range."""
    n = len(x)
    if in_range(where, n):
        return take_positions(x, where)
    if is_vector(x) and 0 < n <= len(where) and least(where) == -1:
        with suppress(IndexError):  # some are even further out
            return np.append(bare(x), null_vector(CODE_OF_DTYPE[x.dtype], 1)).take(where)
    return _with_nulls(x, where, where.view(np.uint64) < n)


def in_range(where: Array, n: int) -> bool:
    """Whether all positions lie in 0..n-1."""
    if len(where) > 40:
        return bool(np.maximum.reduce(where.view(np.uint64)) < n)  # negatives become huge
    listed = where.tolist()
    return not listed or (min(listed) >= 0 and max(listed) < n)


def _with_nulls(x: Value, where: Array, known: Array) -> Value:
    if isinstance(x, np.ndarray) and x.ndim == 1:
        if not len(x):
            return null_vector(CODE_OF_DTYPE[x.dtype], len(where))
        out = bare(x).take(where, mode="clip")
        out[~known] = null_vector(CODE_OF_DTYPE[x.dtype], 1)[0]
        return out
    if isinstance(x, Enum):
        out = np.full(len(where), ENUM_NULL, np.int64)
        out[known] = x.index[where[known]]
        return Enum(x.domain, out)
    if isinstance(x, Table):
        return Table(x.columns, [_with_nulls(c, where, known) for c in x.data])
    gap = missing(x)
    return collapse([at(x, k) if ok else gap for k, ok in zip(where.tolist(), known.tolist())])
