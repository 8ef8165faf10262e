"""How aggregates and running functions reach into values that are not vectors.

Lists of lists are taken item by item, dictionaries by their values, tables column by column.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..errors import length_error, type_error
from ..lists.enums import resolve
from ..symbols import symbols
from ..values import Array, Dict, Enum, List, Table, Value, collapse, count, is_atom, items
from .keywise import Dyad

Monad = Callable[[Value], Value]


def plain(x: Value) -> Array | None:
    """A vector or rectangle as a plain array; None for atoms and compound values."""
    if isinstance(x, np.ndarray):
        return x if type(x) is np.ndarray else x.view(np.ndarray)
    return None


def aggregate_parts(f: Monad, x: Value) -> Value:
    """Aggregate f of a dictionary (its values), a table (each column) or an enumeration."""
    if isinstance(x, Dict):
        return f(x.values)
    if isinstance(x, Table):
        return Dict(symbols(x.columns), collapse([f(c) for c in x.data]))
    if isinstance(x, Enum):
        return f(resolve(x))
    raise type_error()


def running_parts(f: Monad, x: Value) -> Value:
    """Uniform f of a dictionary (over its values), a table (each column), an enumeration."""
    if isinstance(x, Dict):
        return Dict(x.keys, f(x.values))
    if isinstance(x, Table):
        return Table(x.columns, [f(c) for c in x.data])
    if isinstance(x, Enum):
        return f(resolve(x))
    raise type_error()


def fold(f: Dyad, values: list[Value]) -> Value:
    """f/ of one or more items."""
    result = values[0]
    for v in values[1:]:
        result = f(result, v)
    return result


def scan(f: Dyad, values: list[Value]) -> Value:
    """f\\ of a list, as a list."""
    out = values[:1]
    for v in values[1:]:
        out.append(f(out[-1], v))
    return collapse(out)


def all_atoms(x: List) -> bool:
    """Is this a mixed list of atoms?"""
    return all(is_atom(v) for v in x)


def columns(rows: Value) -> list[Value]:
    """The flip of a list of lists: one list per position; 'length when their counts differ."""
    if isinstance(rows, np.ndarray):
        return list(np.moveaxis(rows, 1, 0))
    if all_atoms(rows):
        raise type_error()
    n = max(count(r) for r in rows if not is_atom(r))
    if any(count(r) != n for r in rows if not is_atom(r)):
        raise length_error()
    parts = [[r] * n if is_atom(r) else items(r) for r in rows]
    return [collapse(list(c)) for c in zip(*parts, strict=True)]
