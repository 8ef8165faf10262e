"""Tables by their columns: kinds of table, keys, names, choosing columns, making tables of them.

A keyed table is a `Dict` from `Table` to `Table`; a table may be given by its name or its file.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from .. import context
from ..errors import QError, length_error, type_error
from ..files.storage import read_value, write_value
from ..lists.positions import take_positions
from ..symbols import Symbol, names, sym, symbols
from ..values import (
    Dict,
    Enum,
    List,
    Table,
    Value,
    collapse,
    count,
    is_list,
    items,
)


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
    return read_value(_folder(x))



def _to_file(x: Symbol, value: Value) -> Symbol:
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



def flip_dict(d: Dict) -> Table:
    """A dictionary of columns as a table."""
    return table_of(symbol_list(d.keys), items(d.values))



def columns_dict(t: Table) -> Dict:
    """A table as a dictionary of its columns."""
    return Dict(symbols(t.columns), List(t.data) if len(t.data) != 1 else collapse(list(t.data)))

