"""Indexing: `x@i`, `x i`, `x[i]`, and the cross sections `x[i;j]`, `x . (i;j)`.

A read outside the range never fails: it gives the null of the vector's type, or for a general
list the null (or empty list) like its first item.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy import ndarray

from ..errors import rank_error, type_error
from ..functions import MISSING, NULL
from ..symbols import TABLE, Symbol
from ..tables.rows import key_rows
from ..values import (
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
    hashable,
    is_function,
    is_list,
    is_vector,
    items,
    qtype,
)
from .attributes import AttributedList
from .enums import as_index, resolve
from .order import bin_positions
from .positions import at_positions, in_range, missing, positions_of
from .search import depth, first_positions
from .strings import Strings


def index(x: Value, i: Value) -> Value:
    """`x@i` for any list, dictionary or table x.  Signals 'type where i cannot index x."""
    if type(x) is ndarray and type(i) is int and i >= 0:
        try:
            if x.ndim > 1:
                return x[i]
            kind = x.dtype.char
            if kind in "ld?q":  # long float boolean: plain Python objects
                return x.item(i)
            return TABLE[x.item(i)] if kind == "I" else x[i]
        except IndexError:
            return missing(x)
    reader = _READERS.get(type(x))
    if reader is None:
        raise type_error()
    if i is NULL or i is MISSING:
        return x
    return reader(x, i)


def index_at_depth(x: Value, path: Sequence[Value]) -> Value:
    """`x . path`: each item of path indexes one level; lists make cross sections."""
    if not path:
        return x
    x, path = _descend(x, path)
    if type(x) not in _READERS and not is_function(x):
        raise rank_error()  # more indices than x has levels
    first, rest = path[0], path[1:]
    if not rest:
        return index(x, first) if not is_function(x) else _apply(x, path)
    if isinstance(x, np.ndarray) and x.ndim >= len(path):
        if x.ndim == len(path) and all(
                type(i) is int and 0 <= i < n for i, n in zip(path, x.shape)):
            return x.item(*path) if x.dtype.char in "ld?q" else x[tuple(path)]
        found = _rectangle_section(x, path)
        if found is not None:
            return found
    if is_function(x):
        return _apply(x, path)
    if first is NULL or first is MISSING:
        return _every(x, rest)
    if isinstance(x, Table):
        return _table_section(x, first, rest)
    if isinstance(x, Dict):
        return _dict_section(x, first, rest)
    if not is_list(first):
        return index_at_depth(index(x, first), rest)
    return collapse([index_at_depth(index(x, k), rest) for k in items(first)])


def _descend(x: Value, path: Sequence[Value]) -> tuple[Value, Sequence[Value]]:
    """Follow the long atoms of a path through general lists, but for its last item."""
    n, last = 0, len(path) - 1
    while n < last and isinstance(x, List) and type(path[n]) is int:
        x = index(x, path[n])
        n += 1
    return (x, path[n:]) if n else (x, path)


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
    if isinstance(i, (Enum, EnumAtom)):
        return _index_list(x, as_index(i))
    raise type_error()


# ---------------------------------------------------------------- dictionaries

def _index_dict(x: Dict, i: Value) -> Value:
    """Look-up is `values keys?i`, through the dictionary's own map for single keys."""
    if isinstance(x.keys, Table):
        return key_rows(x, i)
    if (type(i) is Symbol or type(i) is int) and not x.attr and not isinstance(x.keys, Enum):
        found = x.positions.get(i)
        if found is not None:
            return at(x.values, found)
    if isinstance(i, Dict):
        return Dict(i.keys, index(x, i.values))
    levels = depth(i) - depth(x.keys) + 1
    if levels > 1 or (isinstance(i, List) and is_vector(x.keys)):
        return collapse([index(x, k) for k in items(i)])
    where = _places(x, i, levels == 1)
    if levels == 1:
        return at_positions(x.values, where)
    k = int(where[0])
    return at(x.values, k) if 0 <= k < len(x) else missing(x.values)


def _places(x: Dict, i: Value, several: bool) -> Array:
    """Positions of one key or several; out of range where absent."""
    i = resolve(i)
    wanted = i if several else (collapse([i]) if is_vector(x.keys) else List([i]))
    if x.attr:
        return bin_positions(x.keys, wanted)
    if isinstance(x.keys, Enum) or len(wanted) > 50:
        return first_positions(x.keys, wanted)
    if is_vector(x.keys) and len(wanted) and qtype(wanted) != qtype(x.keys) and len(x):
        return first_positions(x.keys, wanted)  # 'type unless both are integers
    get, n = x.positions.get, len(x)
    return np.array([get(hashable(k), n) for k in items(wanted)], np.int64)


# ---------------------------------------------------------------- tables

def _index_table(x: Table, i: Value) -> Value:
    if type(i) is Symbol:
        return x.column(i)
    if isinstance(i, np.ndarray) and i.dtype.char == "I":
        return collapse([x.column(TABLE[c]) for c in i.tolist()])
    return _index_list(x, i)


def _table_section(x: Table, first: Value, rest: Sequence[Value]) -> Value:
    """`t[rows;columns]`; a symbol first selects a column instead."""
    if qtype(first) < 0 or (isinstance(first, np.ndarray) and first.dtype.char == "I"):
        return index_at_depth(index(x, first), rest)
    if isinstance(first, np.ndarray) and first.ndim == 1:
        return _every(index(x, first), rest)
    return collapse([index_at_depth(index(x, k), rest) for k in items(first)])


def _dict_section(x: Dict, first: Value, rest: Sequence[Value]) -> Value:
    """One key goes on with its value, several with each of theirs."""
    found = index(x, first)
    if isinstance(x.keys, Table):
        return index_at_depth(found, [NULL, *rest] if isinstance(found, Table) else rest)
    if depth(first) < depth(x.keys):
        return index_at_depth(found, rest)
    return collapse([index_at_depth(v, rest) for v in items(found)])


# ---------------------------------------------------------------- depth

def _apply(f: Value, path: Sequence[Value]) -> Value:
    from ..apply import apply

    return apply(f, list(path))


def _every(x: Value, rest: Sequence[Value]) -> Value:
    """An elided axis: the rest of the path into every item of x."""
    if isinstance(x, Table):
        return _every_row(x, rest[0], rest[1:])
    if isinstance(x, Dict):
        return Dict(x.keys, _every(x.values, rest))
    return collapse([index_at_depth(v, rest) for v in items(x)])


def _every_row(x: Table, columns: Value, rest: Sequence[Value]) -> Value:
    if type(columns) is Symbol:
        return index_at_depth(x.column(columns), [NULL, *rest] if rest else [])
    if rest or not is_vector(columns) or columns.dtype.char != "I":
        return collapse([index_at_depth(at(x, k), [columns, *rest]) for k in range(len(x))])
    chosen = [items(x.column(TABLE[c])) for c in columns.tolist()]
    return collapse([collapse(list(row)) for row in zip(*chosen)])


def _rectangle_section(x: Array, path: Sequence[Value]) -> Value | None:
    """A cross section of a rectangle by numpy; None when an index is out of range or nested.

    Atoms and elided axes are a basic index; then each vector takes along its axis.
    """
    basic: list[int | slice] = []
    vectors: list[tuple[int, Array]] = []
    axis = 0  # of the result
    for n, i in zip(x.shape, path):
        if type(i) is int:
            if not 0 <= i < n:
                return None
            basic.append(i)
            continue
        basic.append(slice(None))
        if isinstance(i, ndarray) and i.ndim == 1:
            where = positions_of(i)
            if not in_range(where, n):
                return None
            vectors.append((axis, where))
        elif i is not NULL and i is not MISSING:
            return None
        axis += 1
    out = x[tuple(basic)]
    if not isinstance(out, ndarray):
        return at(np.array([out]), 0)
    for axis, where in vectors:
        out = out.take(where, axis)
    return out


_READERS: dict[type, Callable[[Value, Value], Value]] = {
    np.ndarray: _index_list, Attributed: _index_list, List: _index_list,
    AttributedList: _index_list, Strings: _index_list, Enum: _index_list,
    Dict: _index_dict, Table: _index_table,
}
