"""Amending a copy: what `@[d;i;f;y]`, `.[d;i;f;y]`, `x[i;j]:y` and `x[i]+:y` make of a value.

Each call makes one copy (a draft), writes into it item by item in the order of the indices, so
that repeated indices accumulate, and collapses it at the end.  A vector accepts only atoms of its
own type.  `assign.py` and `in_place.py` say when no copy is needed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..apply import apply1, apply2
from ..errors import QError, length_error, type_error
from ..functions import MISSING, NULL, Primitive
from ..registry import OPERATORS
from ..symbols import Symbol
from ..types import CODE_OF_DTYPE
from ..values import (
    EMPTY,
    Array,
    Attributed,
    Dict,
    Enum,
    EnumAtom,
    Table,
    Value,
    at,
    count,
    is_atom,
    is_list,
    is_vector,
    items,
    qtype,
)
from .drafts import Draft, draft, with_entry
from .enums import as_index
from .index import index
from .positions import INTEGERS, as_item, in_range, missing, positions_of
from .search import depth

NOTHING = MISSING  # stands for y in the forms without one


def amend(d: Value, path: Sequence[Value], f: Value | None, y: Value,
          deep: bool = False) -> Value:
    """d with f applied at a path; f None replaces, y NOTHING calls f with one argument.

    Out of range is 'length at the top level, 'index below it (`deep`).
    """
    if not path:
        return updated(d, f, y)
    if type(path[0]) in _ENUMERATIONS and is_list(d):
        path = [as_index(i) for i in path]
    if isinstance(d, np.ndarray):
        quick = amend_array(d, path, f, y, deep)
        if quick is not None:
            return quick
    if is_atom(d):
        if len(path) > 1 or not (path[0] is NULL or isinstance(path[0], int)):
            raise type_error()
        return updated(d, f, y)
    if isinstance(d, Dict) and type(path[0]) in KEYS and is_vector(d.keys):
        if d.keys.dtype not in NARROW:
            return _amend_entry(d, path, f, y, deep)
        path = [d.keys.dtype.type(as_item(path[0], d.keys.dtype)), *path[1:]]
    elif isinstance(d, Dict) and is_vector(d.keys) and d.keys.dtype in NARROW \
            and is_vector(path[0]) and qtype(path[0]) in (5, 6, 7):
        dtype = d.keys.dtype
        path = [np.array([as_item(k, dtype) for k in items(path[0])], dtype), *path[1:]]
    if isinstance(d, Table):
        path = _columns_first(path)
    work = draft(d, deep)
    _write(work, path[0], path[1:], f, y)
    return work.result()


KEYS = (Symbol, int)
NARROW = (np.dtype("i2"), np.dtype("i4"))  # integers that a long may be fitted to
_ENUMERATIONS = (Enum, EnumAtom)  # index a list by their positions


def _amend_entry(d: Dict, path: Sequence[Value], f: Value | None, y: Value, deep: bool) -> Dict:
    """One entry of a dictionary by its key; a new key goes to the end."""
    key, rest = path[0], path[1:]
    known = d.positions.get(key)
    if known is not None:
        return d.with_values(amend(d.values, [known, *rest], f, y, deep))
    return with_entry(d, key, new_entry(d, rest, f, y))


def new_entry(d: Dict, rest: Sequence[Value], f: Value | None, y: Value) -> Value:
    """The value under a new key that is amended at the path `rest`."""
    if not rest and y is not NOTHING and _starts(f):
        return _first_value(f, y, d.values)
    old = missing(d.values) if len(d) and (f is not None or rest) else EMPTY
    return amend(old, rest, f, y, True)


def _starts(f: Value | None) -> bool:
    """An operator that takes a new key's value as two dictionaries do: `d[k]+:1` counts."""
    return isinstance(f, Primitive) and f.name in ("+", "-", "*", "%", "&", "|", "^")


def _first_value(f: Value | None, y: Value, values: Value) -> Value:
    """y, negated by `-`, as a number of the type of a vector of values."""
    if isinstance(f, Primitive) and f.name == "-":
        y = apply2(f, False, y)
    if type(values) is np.ndarray and values.dtype.kind in "if" and -9 <= qtype(y) < -4 \
            and qtype(y) != -qtype(values):
        return apply2(OPERATORS["+"], values.dtype.type(0), y)
    return y


def updated(old: Value, f: Value | None, y: Value) -> Value:
    """The new item for an old one."""
    if y is NOTHING:
        return index(old, f) if f is None else apply1(f, old)
    return y if f is None else apply2(f, old, y)


def _columns_first(path: Sequence[Value]) -> list[Value]:
    """`t[rows;column]` amends the column at these rows."""
    if len(path) > 1 and isinstance(path[1], Symbol) and not isinstance(path[0], Symbol):
        return [path[1], path[0], *path[2:]]
    return list(path)


def _write(work: Draft, i: Value, rest: Sequence[Value], f: Value | None, y: Value) -> None:
    """Amend what one index selects: a single item, or each of a list of them in turn."""
    if i is NULL or i is MISSING:
        i = work.all()
    if work.single(i):
        if not rest and y is not NOTHING and _starts(f) and work.new(i):
            work.put(i, _first_value(f, y, work.values()))
            return
        old = work.get(i, f is not None or bool(rest))
        work.put(i, amend(old, rest, f, y, True) if rest else updated(old, f, y))
        return
    keys = items(i)
    for k, v in zip(keys, _conform(y, len(keys))):
        _write(work, k, rest, f, v)


def _conform(y: Value, n: int) -> list[Value]:
    """One y for each of n indices: items of a list, an atom repeated."""
    if y is NOTHING or not (is_list(y) or isinstance(y, (Table, Dict))):
        return [y] * n
    if count(y) != n:
        raise length_error()
    return items(y)


# ---------------------------------------------------------------- vectors

def amend_array(d: Array, path: Sequence[Value], f: Value | None, y: Value, deep: bool,
                 own: bool = False) -> Value | None:
    """By one numpy write, into d itself where it is our `own`, else into a copy.

    None where items have to be visited one by one.
    """
    if len(path) == d.ndim and all(type(i) is int for i in path):
        return _amend_cell(d, path, f, y, deep, own)
    if d.ndim == 1 and len(path) == 1:
        return _amend_vector(d, path[0], f, y, deep, own)
    return _amend_rectangle(d, path, f, y, own)


def _amend_cell(d: Array, path: Sequence[int], f: Value | None, y: Value, deep: bool,
                own: bool) -> Value:
    """One atom of a vector or rectangle."""
    for level, (k, n) in enumerate(zip(path, d.shape)):
        if not 0 <= k < n:
            raise QError("index") if deep or level else length_error()
    row = d[tuple(path[:-1])] if d.ndim > 1 else d
    new = y if f is None and y is not NOTHING else updated(at(row, path[-1]), f, y)
    item = as_item(new, d.dtype)
    out = d if own else d.copy()
    out[tuple(path)] = item
    return _still_grouped(d, out) if type(d) is Attributed else out


def _amend_vector(d: Array, i: Value, f: Value | None, y: Value, deep: bool,
                  own: bool) -> Value | None:
    """One numpy write; None where the items have to be visited one by one."""
    if i is NULL or i is MISSING:
        where = np.arange(len(d))
    elif isinstance(i, np.ndarray) and i.ndim == 1:
        where = positions_of(i)
    else:
        return None
    if not in_range(where, len(d)):
        raise QError("index") if deep else length_error()
    if f is None and y is not NOTHING:
        return _written(d, where, _items_of(y, d, len(where)), own)
    if not (isinstance(f, Primitive) and f.atomic) or (y is not NOTHING and depth(y) > 1):
        return None
    if _repeats(where, len(d)):
        return _accumulate(d, where, f, y)
    if y is not NOTHING and is_list(y) and count(y) != len(where):
        raise length_error()
    old = d.view(np.ndarray)[where]
    new = apply1(f, old) if y is NOTHING else apply2(f, old, y)
    return _written(d, where, _items_of(new, d, len(where)), own)


def _items_of(y: Value, d: Array, n: int) -> Array:
    """y as n items (or one for all) of vector d's type."""
    if isinstance(y, np.ndarray) and y.ndim == 1:
        if len(y) != n:
            raise length_error()
        if y.dtype == d.dtype:
            return y
        if y.dtype not in INTEGERS or d.dtype not in INTEGERS:
            raise type_error()
        return np.array([as_item(v, d.dtype) for v in items(y)], d.dtype)
    if is_list(y) and not count(y) and not n:
        return d[:0]
    if is_list(y) and count(y) != n:
        raise length_error()
    return np.array(as_item(y, d.dtype), d.dtype)


def _written(d: Array, where: Array, values: Array, own: bool) -> Array:
    out = d if own else d.view(np.ndarray).copy()
    out[where] = values
    return _still_grouped(d, out) if type(d) is Attributed else out


def _still_grouped(d: Attributed, out: Array) -> Array:
    """Of the attributes only `g` survives any change of items."""
    kept = out.view(Attributed)
    kept.attr = d.attr if d.attr == "g" else ""
    return kept if kept.attr else out.view(np.ndarray)


def _repeats(where: Array, n: int) -> bool:
    if len(where) < 2:
        return False
    if len(where) < 16:
        return len(set(where.tolist())) < len(where)
    seen = np.zeros(n, bool)
    seen[where] = True
    return int(np.count_nonzero(seen)) < len(where)


_GATHER = {"+": np.add, "-": np.subtract, "*": np.multiply, "|": np.maximum, "&": np.minimum}


def _accumulate(d: Array, where: Array, f: Primitive, y: Value) -> Value | None:
    """Repeated indices by one numpy call, for numbers without nulls and their own operators."""
    gather = _GATHER.get(f.name)
    if gather is None or y is NOTHING or d.dtype.kind not in "if" or d.dtype.itemsize < 8:
        return None
    if qtype(y) != -CODE_OF_DTYPE[d.dtype]:
        y = _widened(y, d)
        if y is None:
            return None
    values = _items_of(y, d, len(where))
    if d.dtype.kind == "i":
        null = np.iinfo(np.int64).min
        if (d == null).any() or (values == null).any():
            return None
    elif np.isnan(d).any() or np.isnan(values).any():
        return None
    out = d.view(np.ndarray).copy()
    gather.at(out, where, values)
    return out


def _widened(y: Value, d: Array) -> Array | None:
    """Numbers y as numbers of vector d's type where d's type is the wider; None elsewhere."""
    numbers = np.asarray(y)
    kind, width = numbers.dtype.kind, numbers.dtype.itemsize
    if kind not in "bif" or (kind == "f" and d.dtype.kind != "f") or width > d.dtype.itemsize:
        return None
    if kind == "i" and (numbers == np.iinfo(numbers.dtype).min).any():
        return None
    widened: Array = numbers.astype(d.dtype)
    return widened


# ---------------------------------------------------------------- rectangles

def _amend_rectangle(d: Array, path: Sequence[Value], f: Value | None, y: Value, own: bool
                     ) -> Value | None:
    """A cross section of a rectangle by one numpy write; None where that would not do."""
    if d.ndim < 2 or len(path) > d.ndim or y is NOTHING:
        return None
    if f is not None and not (isinstance(f, Primitive) and f.atomic):
        return None
    picked = _picks(d, path)
    if picked is None:
        return None
    picks, shape = picked
    old = d[np.ix_(*picks)].reshape(shape) if f is not None else d
    new = y if f is None else apply2(f, old, y) if _fits(y, old.shape) else None
    values = _cells(new, d, shape, len(path))
    if values is None:
        return None
    out = d if own else d.copy()
    out[np.ix_(*picks)] = np.broadcast_to(values, shape).reshape(
        [len(p) for p in picks] + list(d.shape[len(path):]))
    return out


def _picks(d: Array, path: Sequence[Value]) -> tuple[list[Array], tuple[int, ...]] | None:
    """Positions along each axis and the shape selected; None for nested or repeated indices."""
    picks: list[Array] = []
    shape: list[int] = []
    for axis, i in enumerate(path):
        n = d.shape[axis]
        if i is NULL or i is MISSING:
            where = np.arange(n)
        elif isinstance(i, int):
            where = np.array([i])
        elif isinstance(i, np.ndarray) and i.ndim == 1:
            where = positions_of(i)
        else:
            return None
        if not in_range(where, n):
            raise length_error() if not axis else QError("index")
        if _repeats(where, n):
            return None
        picks.append(where)
        if not isinstance(i, int):
            shape.append(len(where))
    return picks, (*shape, *d.shape[len(path):])


def _fits(y: Value, shape: tuple[int, ...]) -> bool:
    return is_atom(y) or (isinstance(y, np.ndarray) and y.shape == shape[:y.ndim])


def _cells(y: Value, d: Array, shape: tuple[int, ...], levels: int) -> Array | None:
    """y in the shape selected; None where the result would not be a rectangle of d's type."""
    if isinstance(y, np.ndarray) and y.dtype == d.dtype and y.ndim:
        if y.shape == shape:
            return y
        if levels == d.ndim and y.shape == shape[:y.ndim]:
            return y.reshape(y.shape + (1,) * (len(shape) - y.ndim))
        return None
    if levels == d.ndim and is_atom(y):
        return np.array(as_item(y, d.dtype), d.dtype)
    return None
