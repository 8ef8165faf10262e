"""insert and upsert: rows added to a table, or put in place of those with the same key."""

from __future__ import annotations

import os

import numpy as np

from .. import context
from ..apply import apply
from ..errors import QError, type_error
from ..lists.attributes import keep_after_append
from ..registry import OPERATORS, keyword
from ..symbols import Symbol
from ..tables.append import append_items, append_or_null
from ..tables.columns import is_table, key_table, named, select_columns, stored, symbol_list, unkey
from ..tables.records import records, row_records, upsert_keyed
from ..tables.rows import find_rows, is_row
from ..values import Dict, List, Table, Value, collapse, is_list, items, record


@keyword("insert", infix=True)
def insert(x: Value, y: Value) -> Value:
    """Append y to the table named x and give the new row numbers; 'insert for a known key."""
    if not isinstance(x, Symbol):
        raise type_error()
    value = context.active.globals.find(x)
    if value is None:
        if not is_table(y):
            raise QError(str(x))
        context.active.globals.set(x, y)
        return np.arange(len(y))
    if not is_table(value):
        raise type_error()
    if isinstance(y, List) and not y:
        return np.empty(0, np.int64)
    if isinstance(value, Table):
        grown = with_row(value, y)
        if grown is not None:
            context.active.globals.set(x, grown)
            return np.arange(len(value), len(grown))
    t = unkey(value)
    rows = records(t, y)
    keys = len(t.columns) - len(value.values.columns) if isinstance(value, Dict) else 0
    if keys:
        _check_new(value, rows)
    context.active.globals.set(x, key_table(keys, appended(t, rows)))
    return np.arange(len(t), len(t) + len(rows))


def with_row(t: Table, y: Value) -> Table | None:
    """A table of plain vectors with one row of atoms at its end; None when it is not that."""
    if not isinstance(y, (List, np.ndarray)) or not is_row(y, len(t.columns)):
        return None
    data = []
    for column, v in zip(t.data, items(y)):
        if type(column) is not np.ndarray or column.ndim > 1:
            return None
        data.append(append_items(column, collapse([v])))
    return Table(t.columns, data)


def _check_new(keyed: Dict, rows: Table) -> None:
    wanted = select_columns(rows, keyed.keys.columns)
    if (find_rows(keyed.keys, wanted) < len(keyed)).any():
        raise QError("insert")


def appended(t: Table, rows: Table) -> Table:
    """The table with rows at its end; columns keep an attribute that still holds."""
    grown = append_or_null(t, rows)
    data = [keep_after_append(old, new) if isinstance(new, np.ndarray) and new.ndim == 1
            and isinstance(old, np.ndarray) else new for old, new in zip(t.data, grown.data)]
    return Table(t.columns, data)


@keyword("upsert", infix=True)
def upsert(x: Value, y: Value) -> Value:
    """x with the rows y appended or, where the key is known, replaced; by name in place."""
    if isinstance(x, Symbol) and not _exists(x) and is_table(y):
        return stored(y, x)
    value, name = named(x)
    return stored(upserted(value, y), name)


def _exists(name: Symbol) -> bool:
    if name.startswith(":"):
        return os.path.exists(name[1:])
    return context.active.globals.find(name) is not None


def upserted(value: Value, y: Value) -> Value:
    """A table or dictionary with rows or entries added."""
    if isinstance(value, Table):
        if isinstance(y, Dict) and y.keyed_table:
            raise type_error()
        grown = with_row(value, y)
        if grown is not None:
            return grown
        return appended(value, row_records(value, y))
    if is_list(value):
        return apply(OPERATORS[","], [value, y])
    if not isinstance(value, Dict):
        raise type_error()
    if value.keyed_table:
        return upsert_keyed(value, row_records(unkey(value), y))
    if value.attr:
        raise QError("step")
    if not isinstance(y, Dict):
        raise type_error()
    merged = dict(zip(symbol_list(value.keys), items(value.values)))
    merged.update(zip(symbol_list(y.keys), items(y.values)))
    return record(list(merged), list(merged.values()))
