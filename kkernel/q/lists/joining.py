"""`x,y` and `x,:y`.

Join takes anything: items of one type make a vector, others a general list; dictionaries and
keyed tables upsert.  Append is stricter, because a variable keeps the type of its list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import QError, type_error
from ..symbols import Symbol
from ..tables.append import append_or_null, fitted
from ..tables.columns import select_columns, symbol_list, unkey, with_columns
from ..tables.records import row_records, upsert_keyed
from ..tables.rows import look_up
from ..types import DTYPE
from ..values import (
    Array,
    Attributed,
    Dict,
    Enum,
    EnumAtom,
    List,
    Table,
    Value,
    collapse,
    hashable,
    is_list,
    is_vector,
    items,
    qtype,
)
from .attributes import attribute, keep_after_append, without_attribute
from .enumerate import enumerate_in
from .enums import resolve
from .growth import extended
from .positions import as_item
from .search import depth
from .strings import joined_strings

_INTEGERS = {5, 6, 7}
_DTYPES = {int: DTYPE[7], float: DTYPE[9], bool: DTYPE[1], Symbol: DTYPE[11]}


def join(x: Value, y: Value) -> Value:
    """`x,y` for any two values."""
    kind = type(x)
    if kind is type(y) and kind in _DTYPES:
        return np.array([x.code, y.code] if kind is Symbol else [x, y], _DTYPES[kind])
    if kind is np.ndarray and x.ndim == 1 and x.dtype is _DTYPES.get(type(y)):
        out = np.empty(len(x) + 1, x.dtype)
        out[:-1] = x
        out[-1] = y.code if type(y) is Symbol else y
        return out
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray) and x.dtype == y.dtype:
        return joined_items(x, y)
    if isinstance(x, (Dict, Table)) or isinstance(y, (Dict, Table)):
        return _join_structures(x, y)
    if isinstance(x, (Enum, EnumAtom)) or isinstance(y, (Enum, EnumAtom)):
        return _join_enums(x, y)
    return joined_items(as_list(x), as_list(y))


def as_list(x: Value) -> Value:
    """A list as it is, anything else as a list of one item."""
    return x if is_list(x) else collapse([x])


def joined_items(x: Value, y: Value) -> Value:
    """The items of two lists in one list; an empty list of another type adds no type."""
    if not len(y) and (len(x) or not isinstance(y, np.ndarray)):
        return x if attribute(x) in ("", "s", "u", "g") else without_attribute(x)
    if not len(x):
        return y
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray) and x.dtype == y.dtype \
            and x.shape[1:] == y.shape[1:]:
        both = np.concatenate([x.view(np.ndarray), y.view(np.ndarray)])
        return keep_after_append(x, both) if attribute(x) else both
    if isinstance(x, Enum) and isinstance(y, Enum) and x.domain == y.domain:
        return Enum(x.domain, joined_items(x.index, y.index))
    return List([*items(x), *items(y)])


def _join_enums(x: Value, y: Value) -> Value:
    """One domain is kept; otherwise lists become plain symbols and two atoms a general list."""
    if getattr(x, "domain", None) == getattr(y, "domain", None):
        return joined_items(as_list(x), as_list(y))
    if not is_list(x) and not is_list(y):
        return List([x, y])
    if (is_list(x) and not len(x)) or (is_list(y) and not len(y)):
        return joined_items(as_list(x), as_list(y))
    return joined_items(as_list(resolve(x)), as_list(resolve(y)))


def joined_rows(x: Value, y: Value, x_rows: bool, y_rows: bool) -> Array | None:
    """`x,'y`, `x,/:y` and `x,\\:y` of numbers in one step: each row of x, or all of it, joined
    with each row of y, or all of it; so with strings.  None where the result is no rectangle of
    one type and no list of strings.
    """
    if isinstance(x if x_rows else y, List):
        return joined_strings(x, y, x_rows, y_rows)
    a, b = _row_parts(x, x_rows), _row_parts(y, y_rows)
    if a is None or b is None or a.dtype != b.dtype or a.shape[2:] != b.shape[2:]:
        return None
    n = max(len(a), len(b))
    return np.concatenate([np.broadcast_to(v, (n, *v.shape[1:])) for v in (a, b)], axis=1)


def _row_parts(x: Value, rows: bool) -> Array | None:
    """x as rows of at least one dimension: its own items, or one row that is all of x."""
    if isinstance(x, np.ndarray):
        parts = x.view(np.ndarray) if rows else x.view(np.ndarray)[None]
    elif type(x) in (int, float, bool):
        parts = np.array([x], _DTYPES[type(x)])
    else:
        return None
    if parts.dtype.kind not in "bif" or not len(parts):
        return None
    return parts[:, None] if parts.ndim == 1 else parts


# ---------------------------------------------------------------- dictionaries and tables

def _join_structures(x: Value, y: Value) -> Value:
    if isinstance(x, Dict) and isinstance(y, Dict) and x.keyed_table == y.keyed_table:
        return upsert_keyed(x, unkey(y)) if x.keyed_table else upsert(x, y)
    if isinstance(x, Dict) and x.keyed_table and isinstance(y, Table):
        return upsert_keyed(x, y)
    if is_list(y) and not len(y):
        return x
    if is_list(x) and not len(x):
        return y if isinstance(y, Table) or y.keyed_table else collapse([y])
    if isinstance(x, List) and isinstance(y, (Dict, Table)):
        return List([*x, *(items(y) if isinstance(y, Table) else [y])])
    if isinstance(x, (Dict, Table)) and isinstance(y, (Dict, Table)):
        return _join_rows(_rows(x), _rows(y))
    if isinstance(x, Table) and isinstance(y, List):
        return List([*items(x), *y])
    raise type_error()


def _rows(x: Value) -> Table:
    if isinstance(x, Table):
        return x
    if x.keyed_table:
        raise type_error()
    return Table(symbol_list(x.keys), [collapse([v]) for v in items(x)])


def _join_rows(x: Table, y: Table) -> Table:
    if set(x.columns) != set(y.columns):
        raise QError("mismatch")
    y = select_columns(y, x.columns)
    return Table(x.columns, [join(a, b) for a, b in zip(x.data, y.data)])


def upsert(x: Dict, y: Dict) -> Dict:
    """The entries of both; y replaces those of x with the same key, in x's order."""
    where = x.positions
    places: dict[Any, int] = {}  # of the new keys among the new entries
    fresh: list[Value] = []
    old: list[Value] = list(items(x.values))
    new: list[Value] = []
    for key, value in y.items():
        name = hashable(key)
        k = where.get(name)
        if k is not None:
            old[k] = value
        elif name in places:
            new[places[name]] = value
        else:
            places[name] = len(new)
            fresh.append(key)
            new.append(value)
    values = _values(x, y, old + new)
    if not fresh:
        return Dict(x.keys, values)
    out = x.extended(joined_items(x.keys, collapse(fresh)), values, places)
    out.attr = ""
    return out


def _values(x: Dict, y: Dict, values: list[Value]) -> Value:
    if not values:
        return x.values if is_vector(x.values) or not is_vector(y.values) else y.values
    return collapse(values)


# ---------------------------------------------------------------- append

def append(x: Value, y: Value) -> Value:
    """`x,:y`: a vector takes items of its type only, a table takes rows in any form."""
    if isinstance(x, np.ndarray) and x.ndim == 1:
        return _append_to_vector(x, y)
    if isinstance(x, Enum):
        added = as_list(enumerate_in(x.domain, resolve(y)))
        return Enum(x.domain, joined_items(x.index, added.index))
    if isinstance(y, List) and not y:
        return x if isinstance(x, (Dict, Table)) else as_list(x)
    if isinstance(x, Table):
        return append_or_null(x, row_records(x, y))
    if isinstance(x, Dict):
        return _append_to_dict(x, y)
    if isinstance(x, (List, np.ndarray)) and len(x) and depth(y) == depth(x) - 1:
        return List([*items(x), y])
    return join(x, y)


def _append_to_vector(x: Array, y: Value) -> Value:
    more = as_list(resolve(y))
    if isinstance(more, List) and not more:
        return x
    if not is_list(y) and {qtype(x), qtype(more)} <= _INTEGERS:
        more = np.array([as_item(y, x.dtype)], x.dtype)
    if not isinstance(more, np.ndarray) or more.dtype != x.dtype or more.ndim != 1:
        raise type_error()
    return joined_items(x, more) if type(x) is Attributed else extended(x, more)


def _append_to_dict(x: Dict, y: Value) -> Value:
    if x.keyed_table:
        rows = fitted(unkey(x), row_records(unkey(x), y))
        return upsert_keyed(x, _completed(x, rows))
    if not isinstance(y, Dict):
        raise type_error()
    if is_vector(x.values) and len(x) and len(y) and qtype(y.values) != qtype(x.values):
        raise type_error()
    return upsert(x, y)


def _completed(x: Dict, rows: Table) -> Table:
    """Value columns that the rows lack keep what the keyed table has, null for new keys."""
    absent = [c for c in x.values.columns if c not in rows.columns]
    if not absent:
        return rows
    known = look_up(x, rows)
    return with_columns(rows, absent, [known.column(c) for c in absent])


def raze(values: Sequence[Value]) -> Value:
    """Many values joined from first to last; lists of one type by a single concatenation."""
    first = values[0]
    if isinstance(first, np.ndarray):
        kind, shape = first.dtype, first.shape[1:]
        if all(isinstance(v, np.ndarray) and v.dtype == kind and v.shape[1:] == shape
               for v in values):
            return np.concatenate([v.view(np.ndarray) for v in values])
    if not any(isinstance(v, (Dict, Table, Enum, EnumAtom)) for v in values):
        return collapse([v for part in values for v in (items(part) if is_list(part) else [part])])
    joined = as_list(first) if not isinstance(first, (Dict, Table)) else first
    for v in values[1:]:
        joined = join(joined, v)
    return joined
