"""Writing into a value that only one variable sees, which makes a loop of assignments linear.

Python counts who refers to an object: an item that nothing but its list, dictionary or table
refers to is seen by one as well.  Every writer gives the value after the change, or None where
the change takes a copy; until it gives a value, nothing has been written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from sys import getrefcount

import numpy as np

from .. import interrupts
from ..atoms.extremes import forget
from ..functions import Primitive
from ..registry import OPERATORS
from ..symbols import Symbol
from ..types import DTYPE
from ..values import (
    ATOM_CODE,
    Array,
    Dict,
    EnumAtom,
    List,
    Table,
    Value,
    collapse,
    hashable,
    is_vector,
    items,
    qtype,
)
from .amend import KEYS, NARROW, amend, amend_array, new_entry, updated
from .drafts import append_items, typed, with_entry
from .growth import extended, unshared
from .joining import as_list
from .search import depth

Writer = Callable[[Value, Sequence[Value], Value | None, Value, bool], Value | None]

_IN_CONTAINER = (lambda container: getrefcount(container[0]))([np.empty(1)])


def runs_nothing(f: Value | None) -> bool:
    """Whether f calls no function of the user's, which could look at the variable meanwhile."""
    return f is None or type(f) is Primitive and (f.atomic or f.name == ",")


def write(x: Value, path: Sequence[Value], f: Value | None, y: Value,
          deep: bool = False) -> Value | None:
    """As `amend`, into x itself, for an f that runs nothing."""
    writer = _WRITERS.get(type(x))
    return writer(x, path, f, y, deep) if writer is not None else None


def _write_array(x: Array, path: Sequence[Value], f: Value | None, y: Value,
                 deep: bool) -> Value | None:
    if not unshared(x):
        return None
    forget(x)
    return amend_array(x, path, f, y, deep, own=True)


def _write_item(x: List, path: Sequence[Value], f: Value | None, y: Value,
                deep: bool) -> Value | None:
    """One item of a general list, which stays one unless the new item is like the others."""
    i = path[0]
    if type(i) is not int or not 0 <= i < len(x) or len(x) < 2:
        return None
    new = _renewed(x[i], getrefcount(x[i]) == _IN_CONTAINER, path[1:], f, y)
    x[i] = new
    others = x[i - 1] if i else x[-1], x[0] if i else x[1], x[i + 1 - len(x)], x[-1]
    return collapse(x) if all(_alike(new, other) for other in others) else x


def _renewed(old: Value, own: bool, rest: Sequence[Value], f: Value | None, y: Value) -> Value:
    """What stands in a container instead of an old item."""
    if rest:
        found = write(old, rest, f, y, True) if own else None
        return found if found is not None else amend(old, rest, f, y, True)
    if f is OPERATORS[","] and type(old) is np.ndarray and old.ndim == 1 and len(old):
        more = _as_vector(y, old.dtype)
        if more is not None:
            return extended(old, more)
    return updated(old, f, y)


def _as_vector(y: Value, dtype: np.dtype[np.generic]) -> Array | None:
    """An atom or vector of this type as a vector."""
    if isinstance(y, np.ndarray):
        return y if y.dtype == dtype and y.ndim == 1 else None
    code = -qtype(y)
    if code not in DTYPE or DTYPE[code] != dtype:
        return None
    return np.array([y.code if type(y) is Symbol else y], dtype)


def _alike(x: Value, y: Value) -> bool:
    """Whether x and y may be items of something simpler than a general list."""
    code = ATOM_CODE.get(type(x))
    if code is not None:
        return ATOM_CODE.get(type(y)) == code
    if isinstance(x, np.ndarray):
        return isinstance(y, np.ndarray) and x.dtype.kind in "bif" and x.dtype == y.dtype \
            and x.shape == y.shape
    return type(x) is type(y) and isinstance(x, (Dict, EnumAtom, np.datetime64, np.timedelta64))


def _write_entry(x: Dict, path: Sequence[Value], f: Value | None, y: Value,
                 deep: bool) -> Value | None:
    """One entry of a dictionary whose keys are longs, symbols ..; a new one at the end."""
    key, rest = path[0], path[1:]
    if type(key) not in KEYS or not is_vector(x.keys) or x.keys.dtype in NARROW:
        return None
    known = x.positions.get(key)
    if known is None:
        return _with_entry(x, key, new_entry(x, rest, f, y))
    own = getrefcount(x.values) == _IN_CONTAINER
    found = write(x.values, [known, *rest], f, y, deep) if own else None
    x.values = amend(x.values, [known, *rest], f, y, deep) if found is None else found
    return x


def _with_entry(x: Dict, key: Value, value: Value) -> Dict:
    """General values take one more at their end, which leaves them general."""
    if type(x.values) is not List or len(x) < 2 or getrefcount(x.values) != _IN_CONTAINER:
        return with_entry(x, key, value)
    keys = append_items(x.keys, typed(x.keys, collapse([key]), len(x)))
    with interrupts.held():
        x.values.append(value)
        return x.extended(keys, x.values, [hashable(key)])


def _write_cells(x: Table, path: Sequence[Value], f: Value | None, y: Value,
                 deep: bool) -> Value | None:
    """Rows of one column."""
    if len(path) != 2:
        return None
    name, rows = path if isinstance(path[0], Symbol) else reversed(path)
    if not isinstance(name, Symbol) or name not in x.columns or isinstance(rows, Symbol):
        return None
    k = x.columns.index(name)
    if getrefcount(x.data[k]) != _IN_CONTAINER:
        return None
    found = write(x.data[k], [rows], f, y, True)
    if found is None or found is x.data[k]:
        return None if found is None else x
    return Table(x.columns, [*x.data[:k], found, *x.data[k + 1:]])


def append(x: List, y: Value) -> List | None:
    """`x,:y` for a general list: one item of the depth of the others, or all items of y."""
    if len(x) < 2 or isinstance(y, (Dict, Table)) or qtype(y) <= -20 or qtype(y) >= 20:
        return None
    if isinstance(y, List) and not y:
        return x
    if depth(y) == depth(x) - 1:
        x.append(y)
    else:
        x.extend(items(as_list(y)))
    return x


_WRITERS: dict[type, Writer] = {
    np.ndarray: _write_array, List: _write_item, Dict: _write_entry, Table: _write_cells,
}
