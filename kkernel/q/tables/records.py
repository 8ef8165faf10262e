"""What may be inserted into a table: records, lists of columns or of rows; and upsert by key."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import QError, length_error
from ..lists.grouping import find_ranks, paired_ranks
from ..lists.positions import take_positions
from ..values import (
    Array,
    Dict,
    Enum,
    Table,
    Value,
    at,
    collapse,
    is_list,
    is_vector,
    items,
    qtype,
)
from .append import append_items, append_rows, nulls_like, replace_rows
from .columns import columns_of, is_column, symbol_list, table_of, unkey
from .rows import table_of_rows


def records(t: Table, y: Value) -> Table:
    """What may be inserted into t as a table: a table, a dictionary, one row, or columns.

    A list with an atom among its items is one row; a list of lists holds one list per column.
    """
    if isinstance(y, Table):
        return y
    if isinstance(y, Dict):
        return unkey(y) if y.keyed_table else _record(y)
    if not is_list(y):
        y = collapse([y])
    if len(y) != len(t.columns):
        raise length_error()
    fields = items(y)
    if any(not is_column(v) for v in fields) and not _one_item_columns(fields):
        return Table(t.columns, [collapse([v]) for v in fields])
    return table_of(t.columns, fields)



def _one_item_columns(fields: Sequence[Value]) -> bool:
    """Atoms beside enlisted lists, `(k;enlist v)`: still columns, of one row."""
    lists = [v for v in fields if is_column(v)]
    return bool(lists) and all(len(v) == 1 and is_list(v) and is_list(at(v, 0)) for v in lists)



def _record(d: Dict) -> Table:
    return Table(symbol_list(d.keys), [collapse([v]) for v in items(d)])



def row_records(t: Table, y: Value) -> Table:
    """What upsert takes: as `records`, but a list of lists holds one list per row."""
    if is_list(y) and len(y) and not isinstance(y, Table):
        fields = items(y)
        if all(is_list(v) and not _string_field(t, k, v) for k, v in enumerate(fields)):
            return table_of_rows(t, [items(v) for v in fields])
    return records(t, y)



def _string_field(t: Table, k: int, v: Value) -> bool:
    """A string that fills a nested column of the row it stands in."""
    return qtype(v) == 10 and k < len(t.columns) and not _simple(t.data[k])



def _simple(column: Value) -> bool:
    return isinstance(column, (np.ndarray, Enum)) and getattr(column, "ndim", 1) == 1



def upsert_keyed(keyed: Dict, rows: Table) -> Dict:
    """Rows replace those of equal key, the others follow at the end."""
    rows = _in_order(keyed, rows)
    width = len(keyed.keys.columns)
    keys = Table(keyed.keys.columns, rows.data[:width])
    fresh, where = _places(keyed.keys, keys)
    new_keys = append_rows(keyed.keys, take_positions(keys, fresh))
    data = []
    for column, more in zip(keyed.values.data, rows.data[width:]):
        grown = append_items(column, take_positions(more, fresh))
        data.append(replace_rows(grown, where, more) if len(where) else grown)
    return Dict(new_keys, Table(keyed.values.columns, data), keyed.attr)



def _in_order(keyed: Dict, rows: Table) -> Table:
    """The rows with the keyed table's columns; nulls for value columns that they lack."""
    known = columns_of(keyed)
    if not set(rows.columns) <= set(known) or not set(keyed.keys.columns) <= set(rows.columns):
        raise QError("mismatch")
    whole = unkey(keyed)
    return Table(known, [rows.column(c) if c in rows.columns
                         else nulls_like(whole.column(c), len(rows)) for c in known])



def _places(keys: Table, wanted: Table) -> tuple[Array, Array]:
    """Positions in `wanted` of its new keys, and the row where each wanted key ends up."""
    hits = _rows_like(keys, wanted) if len(wanted) == 1 else None
    if hits is not None:
        fresh = np.arange(0 if len(hits) else 1)
        return fresh, hits[:1] if len(hits) else np.array([len(keys)])
    a, b, distinct = paired_ranks(keys.data, len(keys), [wanted.column(c) for c in keys.columns],
                                  len(wanted))
    found = find_ranks(np.concatenate([a, b]), b, distinct)
    fresh = np.flatnonzero(found == len(keys) + np.arange(len(b)))
    rank = np.zeros(len(keys) + len(b), np.int64)
    rank[:len(keys)] = np.arange(len(keys))
    rank[len(keys) + fresh] = len(keys) + np.arange(len(fresh))
    return fresh, rank[found]



def _rows_like(keys: Table, row: Table) -> Array | None:
    """Rows equal to a single one; None unless the columns are vectors of one type, whose items
    are equal when their bits are.
    """
    same: Array | None = None
    for name, column in zip(keys.columns, keys.data):
        wanted = row.column(name)
        if not (is_vector(column) and is_vector(wanted) and column.dtype == wanted.dtype
                and column.dtype.kind in "biumMS"):
            return None
        if column.dtype.kind in "mM":
            column, wanted = column.view(np.int64), wanted.view(np.int64)
        equal = np.asarray(column == wanted[0])
        same = equal if same is None else same & equal
    return None if same is None else np.flatnonzero(same)

