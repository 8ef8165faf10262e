"""Items after those of a column, and rows after those of a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import QError, type_error
from ..lists.enums import resolve
from ..lists.growth import extended
from ..lists.positions import INTEGERS, as_item, missing, take_positions
from ..types import CODE_OF_DTYPE
from ..values import (
    EMPTY,
    Array,
    Attributed,
    Dict,
    Enum,
    List,
    Table,
    Value,
    collapse,
    empty,
    items,
)
from .columns import repeat, unkey


def append_items(column: Value, more: Value) -> Value:
    """Items of a list after those of a column, whose type they must have ('type otherwise).

    An empty general column takes the type of what arrives; an enumeration enumerates it.
    """
    if isinstance(column, Enum):
        from ..lists.enumerate import enumerate_in

        added = enumerate_in(column.domain, more)
        return Enum(column.domain, np.concatenate([column.index, added.index]))
    if isinstance(column, np.ndarray) and column.ndim == 1:
        if len(more) == 0:
            return column
        more = resolve(more)
        if not (isinstance(more, np.ndarray) and more.dtype == column.dtype and more.ndim == 1):
            raise type_error()
        return extended(column.view(np.ndarray), more)
    if not len(column):
        return more.view(np.ndarray) if isinstance(more, Attributed) else more
    if isinstance(column, np.ndarray) and isinstance(more, np.ndarray) \
            and column.shape[1:] == more.shape[1:] and column.dtype == more.dtype:
        return np.concatenate([column, more])
    if isinstance(column, Table):
        return append_rows(column, unkey(more))
    return collapse([*items(column), *items(more)])



def fitted(like: Table, rows: Table) -> Table:
    """The rows with integers in the widths of the table's columns, as assignment takes them."""
    return Table(rows.columns, [
        _fitted(like.column(n), c) if n in like.columns else c
        for n, c in zip(rows.columns, rows.data, strict=True)])



def _fitted(column: Value, more: Value) -> Value:
    both = isinstance(column, np.ndarray) and isinstance(more, np.ndarray)
    if not both or column.dtype == more.dtype or not {column.dtype, more.dtype} <= INTEGERS:
        return more
    return np.array([as_item(v, column.dtype) for v in items(more)], column.dtype)



def concatenate(parts: Sequence[Value]) -> Value:
    """The items of several lists in one list, of the simplest type."""
    first = parts[0] if parts else EMPTY
    if isinstance(first, np.ndarray) and all(
            isinstance(p, np.ndarray) and p.dtype == first.dtype and p.shape[1:] == first.shape[1:]
            for p in parts):
        return np.concatenate([p.view(np.ndarray) for p in parts])
    return collapse([v for p in parts for v in items(p)])



def append_rows(t: Table, more: Table) -> Table:
    """Rows of a table with the same columns (in any order) after those of t.

    'mismatch when a column of t is missing or one of `more` is unknown.
    """
    if set(t.columns) != set(more.columns):
        raise QError("mismatch")
    return Table(t.columns, [append_items(c, more.column(n)) for n, c in zip(t.columns, t.data)])



def append_or_null(t: Table, more: Table) -> Table:
    """As append_rows, with nulls for the columns that `more` lacks."""
    if not set(more.columns) <= set(t.columns):
        raise QError("mismatch")
    return Table(t.columns, [
        append_items(c, more.column(n) if n in more.columns else nulls_like(c, len(more)))
        for n, c in zip(t.columns, t.data)])



def nulls_like(column: Value, n: int) -> Value:
    """n items as reading outside the column gives them: nulls, or empty lists."""
    if isinstance(column, List) and not column:
        return List([EMPTY] * n)
    gap = missing(column)
    if isinstance(gap, Dict):
        return take_positions(collapse([gap]), np.zeros(n, np.int64))
    return repeat(gap, n)



def empty_like(column: Value) -> Value:
    """The empty column of the same type."""
    if isinstance(column, np.ndarray) and column.ndim == 1:
        return empty(CODE_OF_DTYPE[column.dtype])
    if isinstance(column, (Enum, Table)):
        return take_positions(column, np.empty(0, np.int64))
    return EMPTY



def replace_rows(column: Value, where: Array, values: Value) -> Value:
    """The column with new items at `where`; they must have its type unless it is general."""
    if isinstance(column, Enum):
        from ..lists.enumerate import enumerate_in

        index = column.index.copy()
        index[where] = enumerate_in(column.domain, values).index
        return Enum(column.domain, index)
    if isinstance(column, np.ndarray) and isinstance(values, np.ndarray) \
            and values.dtype == column.dtype and values.shape[1:] == column.shape[1:]:
        out = column.view(np.ndarray).copy()
        out[where] = values
        return out
    if isinstance(column, np.ndarray) and column.ndim == 1:
        raise type_error()
    if isinstance(column, Table):
        return Table(column.columns, [replace_rows(c, where, values.column(n))
                                      for n, c in zip(column.columns, column.data)])
    listed = List(items(column))
    for at_row, v in zip(where.tolist(), items(values)):
        listed[at_row] = v
    return collapse(listed)

