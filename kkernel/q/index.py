"""Indexing: `x@i`, `x i`, `x[i]`, and the cross sections `x[i;j]`, `x . (i;j)`.

A read outside the range never fails: it gives the null of the vector's type, or for a general
list the null (or empty list) like its first item.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .errors import QError, type_error
from .functions import MISSING, NULL
from .symbols import TABLE, Symbol, symbols
from .types import CODE_OF_DTYPE
from .values import (
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
    collapse,
    count,
    hashable,
    is_function,
    is_list,
    items,
    null,
    null_vector,
    qtype,
)

ENUM_NULL = 2**63 - 1  # position of an enumeration's null: outside every domain


def index(x: Value, i: Value) -> Value:
    """`x@i` for any list, dictionary or table x.  Signals 'type where i cannot index x."""
    if type(i) is int and type(x) is np.ndarray:
        if 0 <= i < len(x):
            if x.ndim > 1:
                return x[i]
            kind = x.dtype.char
            if kind in "ld?q":
                return x.item(i)
            return TABLE[x.item(i)] if kind == "I" else x[i]
        return missing(x)
    reader = _READERS.get(type(x))
    if reader is None:
        raise type_error()
    if i is NULL or i is MISSING:
        return x.values if isinstance(x, Dict) and not x.keyed_table else x
    return reader(x, i)


def index_at_depth(x: Value, path: Sequence[Value]) -> Value:
    """`x . path`: each item of path indexes one level; lists make cross sections."""
    if not path:
        return x
    first, rest = path[0], path[1:]
    if not rest:
        return index(x, first) if not is_function(x) else _apply(x, path)
    if isinstance(x, np.ndarray) and x.ndim >= len(path):
        found = _rectangle_section(x, path)
        if found is not None:
            return found
    if is_function(x):
        return _apply(x, path)
    if first is NULL or first is MISSING:
        return _every(x, rest)
    if isinstance(x, Table):
        return _table_section(x, first, rest)
    if qtype(first) < 0 or isinstance(first, (Dict, Table)):
        return index_at_depth(index(x, first), rest)
    return collapse([index_at_depth(index(x, k), rest) for k in items(first)])


def missing(x: Value) -> Value:
    """What a read outside the range of x gives."""
    if isinstance(x, np.ndarray):
        if x.ndim == 1:
            return null(CODE_OF_DTYPE[x.dtype])
        return np.empty(0, x.dtype) if x.ndim == 2 else EMPTY
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
    """The null of an atom's type; of a list the empty one; of a dictionary its keys to nulls."""
    code = qtype(x)
    if code < 0:
        return EnumAtom(x.domain, ENUM_NULL) if code == -20 else null(-code)
    if isinstance(x, np.ndarray):
        return np.empty(0, x.dtype) if x.ndim == 1 else EMPTY
    if isinstance(x, Enum):
        return Enum(x.domain, x.index[:0])
    if isinstance(x, Dict):
        return Dict(x.keys, collapse([null_like(v) for v in items(x.values)]), x.attr)
    if isinstance(x, Table):
        return Table(x.columns, [c[:0] if isinstance(c, np.ndarray) else null_like(c)
                                 for c in x.data])
    return NULL if is_function(x) else EMPTY


def take_positions(x: Value, where: Array) -> Value:
    """Items of a list or rows of a table at positions known to be in range."""
    if isinstance(x, np.ndarray):
        taken = x[where]
        return taken.view(np.ndarray) if type(taken) is Attributed else taken
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


# ---------------------------------------------------------------- lists

_INTEGER_ATOMS = (int, bool, np.int64, np.int32, np.int16, np.uint8, np.bool_)


def _index_list(x: Value, i: Value) -> Value:
    if isinstance(i, _INTEGER_ATOMS):
        k = int(i)
        return at(x, k) if 0 <= k < len(x) else missing(x)
    if isinstance(i, np.ndarray):
        if i.ndim > 1:
            return _index_rectangular(x, i)
        return at_positions(x, positions_of(i))
    return _index_nested(x, i)


def at_positions(x: Value, where: Array) -> Value:
    """Items at an int64 vector of positions, nulls for those out of range."""
    n = len(x)
    beyond = where.view(np.uint64)  # a negative position becomes a huge one
    if not len(where) or np.maximum.reduce(beyond) < n:
        return take_positions(x, where)
    return _with_nulls(x, where, beyond < n)


def _with_nulls(x: Value, where: Array, known: Array) -> Value:
    if isinstance(x, np.ndarray) and x.ndim == 1:
        out = null_vector(CODE_OF_DTYPE[x.dtype], len(where))
        out[known] = x[where[known]]
        return out
    if isinstance(x, Enum):
        out = np.full(len(where), ENUM_NULL, np.int64)
        out[known] = x.index[where[known]]
        return Enum(x.domain, out)
    if isinstance(x, Table):
        return Table(x.columns, [_with_nulls(c, where, known) for c in x.data])
    gap = missing(x)
    return collapse([at(x, k) if ok else gap for k, ok in zip(where.tolist(), known.tolist())])


def _index_rectangular(x: Value, i: Array) -> Value:
    """A rectangle of positions gives a rectangle of items when x is a numeric vector."""
    flat = index(x, i.reshape(-1))
    if isinstance(flat, np.ndarray) and flat.dtype.kind in "bif":
        return flat.reshape(i.shape + flat.shape[1:])
    return _index_nested(x, i)


def _index_nested(x: Value, i: Value) -> Value:
    if isinstance(i, (List, np.ndarray)):
        return collapse([index(x, k) for k in i])
    if isinstance(i, Dict):
        return Dict(i.keys, index(x, i.values))
    if isinstance(i, Table):
        return Table(i.columns, [index(x, c) for c in i.data])
    raise type_error()


# ---------------------------------------------------------------- dictionaries

def _index_dict(x: Dict, i: Value) -> Value:
    if isinstance(x.keys, Table):
        return _index_keyed(x, i)
    if type(i) is np.ndarray and i.ndim == 1:
        get, n = x.positions.get, len(x)
        where = [get(hashable(k), n) for k in items(i)]
        return at_positions(x.values, np.array(where, np.int64))
    if isinstance(i, (List, np.ndarray)):
        return collapse([index(x, k) for k in i])
    k = x.positions.get(hashable(i))
    return missing(x.values) if k is None else at(x.values, k)


def _index_keyed(x: Dict, i: Value) -> Value:
    """A keyed table: a row's key, a list of keys, or a table of them."""
    raise QError("nyi")


# ---------------------------------------------------------------- tables

def _index_table(x: Table, i: Value) -> Value:
    if type(i) is Symbol:
        return x.column(i)
    if isinstance(i, np.ndarray) and i.dtype.char == "I":
        return collapse([x.column(TABLE[c]) for c in i.tolist()])
    return _index_list(x, i)


def _table_section(x: Table, first: Value, rest: Sequence[Value]) -> Value:
    """`t[rows;columns]`: columns by symbol, rows first."""
    if len(rest) == 1 and type(rest[0]) is Symbol and is_list(first):
        return index(index(x, rest[0]), first)
    if qtype(first) < 0 or (isinstance(first, np.ndarray) and first.dtype.char == "I"):
        return index_at_depth(index(x, first), rest)
    return collapse([index_at_depth(index(x, k), rest) for k in items(first)])


# ---------------------------------------------------------------- depth

def _apply(f: Value, path: Sequence[Value]) -> Value:
    from .apply import apply

    return apply(f, list(path))


def _every(x: Value, rest: Sequence[Value]) -> Value:
    """An elided axis: the rest of the path into every item of x."""
    if isinstance(x, Table):
        if len(rest) == 1 and type(rest[0]) is Symbol:
            return x.column(rest[0])
        return collapse([index_at_depth(at(x, k), rest) for k in range(count(x))])
    if isinstance(x, Dict):
        return Dict(x.keys, _every(x.values, rest))
    return collapse([index_at_depth(v, rest) for v in items(x)])


def _rectangle_section(x: Array, path: Sequence[Value]) -> Value | None:
    """A cross section of a rectangle by numpy; None when an index is out of range or nested."""
    picks: list[Array] = []
    atoms: list[int] = []
    for axis, i in enumerate(path):
        n = x.shape[axis]
        if i is NULL or i is MISSING:
            picks.append(np.arange(n))
            continue
        if type(i) is int:
            where = np.array([i])
            atoms.append(axis)
        elif isinstance(i, np.ndarray) and i.ndim == 1:
            where = positions_of(i)
        else:
            return None
        if len(where) and np.maximum.reduce(where.view(np.uint64)) >= n:
            return None
        picks.append(where)
    out = x[np.ix_(*picks)]
    out = out.reshape([n for axis, n in enumerate(out.shape) if axis not in atoms])
    return at(out.reshape(1), 0) if out.ndim == 0 else out


_READERS: dict[type, Callable[[Value, Value], Value]] = {
    np.ndarray: _index_list, Attributed: _index_list, List: _index_list, Enum: _index_list,
    Dict: _index_dict, Table: _index_table,
}
