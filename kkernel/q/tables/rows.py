"""Rows of tables: where they are, and look-up by key."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import length_error, type_error
from ..lists.enums import resolve
from ..lists.grouping import Groups, find_ranks, paired_ranks
from ..lists.positions import at_positions, missing
from ..values import (
    EMPTY,
    Array,
    Dict,
    List,
    Table,
    Value,
    at,
    collapse,
    is_atom,
    is_list,
    is_vector,
    items,
)
from .columns import columns_of


def find_rows(t: Table, wanted: Table) -> Array:
    """First row of t equal to each row of `wanted` on t's columns; `count t` where absent."""
    other = [wanted.column(c) for c in t.columns]
    a, b, distinct = paired_ranks(t.data, len(t), other, len(wanted))
    return find_ranks(a, b, distinct)


def look_up(keyed: Dict, wanted: Table) -> Table:
    """Value rows of a keyed table for a table of keys; rows of nulls where absent.

    In a sorted keyed table the last key column need not be equal: the row before it counts.
    """
    if keyed.attr:
        from .joins import as_of

        found = as_of(keyed.keys.columns, wanted, keyed.keys)
    else:
        found = find_rows(keyed.keys, wanted)
    return at_positions(keyed.values, found)  # type: ignore[no-any-return]


def key_rows(keyed: Dict, i: Value) -> Value:
    """`kt@i`: i is the key of one row, a list of keys, or a table of them."""
    if isinstance(i, Table):
        return look_up(keyed, i)
    if isinstance(i, Dict):
        if i.keyed_table or not set(keyed.keys.columns) <= set(columns_of(i)):
            raise type_error()
        return at(look_up(keyed, table_of_rows(keyed.keys, [
            [i.get(c) for c in keyed.keys.columns]])), 0)
    width = len(keyed.keys.columns)
    if width == 1 and is_vector(keyed.keys.data[0]) and is_atom(i) and not keyed.attr:
        return _row_of_atom(keyed, i)
    if is_row(i, width) or (width == 1 and is_list(i) and len(i) == 1):
        return at(look_up(keyed, table_of_rows(keyed.keys, [items(i)])), 0)
    if not is_list(i):
        raise type_error()
    if any(is_atom(v) for v in items(i)):
        raise length_error()
    return look_up(keyed, table_of_rows(keyed.keys, [items(v) for v in items(i)]))


def _row_of_atom(keyed: Dict, key: Value) -> Value:
    from ..lists.search import position

    k = position(keyed.keys.data[0], resolve(key))
    return at(keyed.values, k) if k < len(keyed) else missing(keyed.values)


def is_row(x: Value, width: int) -> bool:
    """One record of `width` fields rather than a list of records."""
    if width == 1 and is_atom(x):
        return True
    return is_list(x) and len(x) == width and width > 1 and (
        not isinstance(x, List) or all(is_atom(v) for v in x)) and not (
        isinstance(x, np.ndarray) and x.ndim > 1)


def table_of_rows(keys: Table, rows: Sequence[Sequence[Value]]) -> Table:
    """Rows as a table with the columns of `keys`; 'length when a row has more or fewer fields."""
    width = len(keys.columns)
    if any(len(r) != width for r in rows):
        raise length_error()
    data = [collapse(list(c)) for c in zip(*rows)] or [EMPTY] * width
    return Table(keys.columns, data)


def distinct_rows(t: Table) -> Array:
    """Positions of the first of each set of equal rows, in order."""
    return np.sort(Groups.by(t.data, len(t)).firsts)





