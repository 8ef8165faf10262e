"""Tables as a whole: keys, rows by position, look-up of rows, appending rows.

A keyed table is a `Dict` from `Table` to `Table`; `parts` sees both kinds as one row of columns.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from .. import context
from ..errors import QError, length_error, type_error
from ..lists.enums import resolve
from ..lists.grouping import find_ranks, paired_ranks
from ..lists.growth import extended
from ..lists.positions import INTEGERS, as_item, at_positions, missing, take_positions
from ..symbols import Symbol, names, sym, symbols
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
    at,
    collapse,
    count,
    empty,
    is_atom,
    is_list,
    is_vector,
    items,
    qtype,
)

# ---------------------------------------------------------------- kinds of table


def is_table(x: Value) -> bool:
    """A simple or keyed table."""
    return isinstance(x, Table) or (isinstance(x, Dict) and x.keyed_table)


def named(x: Value) -> tuple[Value, Symbol | None]:
    """A table given by value, name or file: the value, and where to store a change."""
    if isinstance(x, Symbol):
        if x.startswith(":"):
            return _from_file(x), x
        found = context.active.globals.find(x)
        if found is None:
            raise QError(str(x))
        return found, x
    return x, None


def stored(value: Value, name: Symbol | None) -> Value:
    """The result of a change: the value, or the name after assigning it (or the file)."""
    if name is None:
        return value
    if name.startswith(":"):
        return _to_file(name, value)
    context.active.globals.set(name, value)
    return name


def _from_file(x: Symbol) -> Value:
    from ..files.storage import read_value

    return read_value(_folder(x))


def _to_file(x: Symbol, value: Value) -> Symbol:
    from ..files.storage import write_value

    write_value(_folder(x), value)
    return x


def _folder(x: Symbol) -> Symbol:
    """The file symbol, with a slash at its end when it is a folder (a splayed table)."""
    return sym(f"{x}/") if os.path.isdir(x[1:]) and not x.endswith("/") else x


def unkey(t: Value) -> Table:
    """`0!t`: the simple table of a simple or keyed one; 'type for anything else."""
    if isinstance(t, Table):
        return t
    if isinstance(t, Dict) and t.keyed_table:
        return Table(t.keys.columns + t.values.columns, t.keys.data + t.values.data)
    raise type_error()


def key_table(n: int, t: Value) -> Value:
    """`n!t`: the first n columns become the key; 0 removes keys.  'length when t has fewer."""
    simple = unkey(t)
    if not n:
        return simple
    if not 0 < n <= len(simple.columns):
        raise length_error()
    return Dict(Table(simple.columns[:n], simple.data[:n]),
                Table(simple.columns[n:], simple.data[n:]))


def key_count(t: Value) -> int:
    """How many key columns a table has."""
    return len(t.keys.columns) if isinstance(t, Dict) and t.keyed_table else 0


def key_columns(t: Value) -> tuple[Symbol, ...]:
    """Names of the key columns, none for a simple table."""
    return t.keys.columns if key_count(t) else ()


def rekey(like: Value, t: Table) -> Value:
    """Simple table t with as many key columns as `like` has."""
    return key_table(key_count(like), t)


def columns_of(t: Value) -> tuple[Symbol, ...]:
    """All column names, keys first; also the symbol keys of a dictionary."""
    if isinstance(t, Table):
        return t.columns
    if isinstance(t, Dict):
        if t.keyed_table:
            return t.keys.columns + t.values.columns  # type: ignore[no-any-return]
        return symbol_list(t.keys)
    raise type_error()


def symbol_list(x: Value) -> tuple[Symbol, ...]:
    """The names in a symbol atom or vector; 'type for anything else."""
    if isinstance(x, Symbol):
        return (x,)
    if isinstance(x, np.ndarray) and x.ndim == 1 and x.dtype.char == "I":
        return tuple(names(x))
    if isinstance(x, Enum):
        return symbol_list(collapse([str(v) for v in items(x)]))
    if count(x) == 0 and is_list(x):
        return ()
    raise type_error()


def table_of(columns: Sequence[str], values: Sequence[Value]) -> Table:
    """A table from columns, atoms repeated to the count of the others.

    All atoms make one row.  Signals 'length when lists disagree.
    """
    counts = {len(v) for v in values if is_column(v)}
    if len(counts) > 1:
        raise length_error()
    n = counts.pop() if counts else 1
    return Table(columns, [v if is_column(v) else repeat(v, n) for v in values])


def is_column(x: Value) -> bool:
    """Something that can stand as a column of a table."""
    return is_list(x) or is_table(x)


def repeat(x: Value, n: int) -> Value:
    """n copies of one item."""
    one = collapse([x])
    return take_positions(one, np.zeros(n, np.int64)) if is_column(one) else List([x] * n)


def select_columns(t: Table, wanted: Sequence[str]) -> Table:
    """Some columns of a table, in this order; signals a name that it lacks."""
    return Table(wanted, [t.column(c) for c in wanted])


def without_columns(t: Table, dropped: Sequence[str]) -> Table:
    """The columns that are not named."""
    kept = [c for c in t.columns if c not in dropped]
    return select_columns(t, kept)


def with_columns(t: Table, columns: Sequence[str], data: Sequence[Value]) -> Table:
    """The table with these columns replaced, or added at its end."""
    merged = dict(zip(t.columns, t.data))
    merged.update(zip(map(sym, columns), data))
    return Table(list(merged), list(merged.values()))


# ---------------------------------------------------------------- rows

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
        return at(look_up(keyed, _table_of_rows(keyed.keys, [
            [i.get(c) for c in keyed.keys.columns]])), 0)
    width = len(keyed.keys.columns)
    if width == 1 and is_vector(keyed.keys.data[0]) and is_atom(i) and not keyed.attr:
        return _row_of_atom(keyed, i)
    if is_row(i, width) or (width == 1 and is_list(i) and len(i) == 1):
        return at(look_up(keyed, _table_of_rows(keyed.keys, [items(i)])), 0)
    if not is_list(i):
        raise type_error()
    if any(is_atom(v) for v in items(i)):
        raise length_error()
    return look_up(keyed, _table_of_rows(keyed.keys, [items(v) for v in items(i)]))


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


def _table_of_rows(keys: Table, rows: Sequence[Sequence[Value]]) -> Table:
    width = len(keys.columns)
    if any(len(r) != width for r in rows):
        raise length_error()
    data = [collapse(list(c)) for c in zip(*rows)] or [EMPTY] * width
    return Table(keys.columns, data)


def distinct_rows(t: Table) -> Array:
    """Positions of the first of each set of equal rows, in order."""
    from ..lists.grouping import Groups

    return np.sort(Groups.by(t.data, len(t)).firsts)


# ---------------------------------------------------------------- appending

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


# ---------------------------------------------------------------- records

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
            return _table_of_rows(t, [items(v) for v in fields])
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


def flip_dict(d: Dict) -> Table:
    """A dictionary of columns as a table."""
    return table_of(symbol_list(d.keys), items(d.values))


def columns_dict(t: Table) -> Dict:
    """A table as a dictionary of its columns."""
    return Dict(symbols(t.columns), List(t.data) if len(t.data) != 1 else collapse(list(t.data)))
