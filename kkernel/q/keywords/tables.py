"""Keywords about the columns, keys and order of tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import QError, length_error, type_error
from ..lists.attributes import attribute, with_attribute
from ..lists.enums import domain
from ..lists.grouping import Groups, grade
from ..lists.positions import take_positions
from ..qsql.groups import per_row
from ..qsql.phrases import PhraseNames
from ..qsql.query import select_
from ..registry import keyword
from ..symbols import Symbol, sym, symbols
from ..tables.append import concatenate
from ..tables.columns import (
    columns_of,
    is_table,
    key_columns,
    key_table,
    named,
    rekey,
    select_columns,
    stored,
    symbol_list,
    unkey,
    with_columns,
    without_columns,
)
from ..types import BY_CODE
from ..values import (
    EMPTY,
    Dict,
    Enum,
    EnumAtom,
    List,
    Table,
    Value,
    count,
    is_list,
    items,
    qtype,
    string,
)


def table_value(x: Value) -> Value:
    """A simple or keyed table given by value or by name; 'type for anything else."""
    value, _ = named(x)
    if not is_table(value):
        raise type_error()
    return value


# ---------------------------------------------------------------- names of columns

@keyword("cols")
def cols(x: Value) -> Value:
    """Column names of a table or of the table with this name, keys first."""
    return symbols(columns_of(table_value(x)))


@keyword("xcol", infix=True)
def xcol(x: Value, y: Value) -> Value:
    """y with its first columns renamed to x, or renamed by the dictionary x."""
    t = unkey(table_value(y))
    if isinstance(x, Dict):
        renamed = _renamed(t.columns, x)
    else:
        given = symbol_list(x)
        if len(given) > len(t.columns):
            raise length_error()
        renamed = [*given, *t.columns[len(given):]]
    return rekey(y, Table(renamed, t.data))


def _renamed(columns: Sequence[Symbol], renaming: Dict) -> list[Symbol]:
    new = dict(zip(symbol_list(renaming.keys), symbol_list(renaming.values)))
    if not set(new) <= set(columns):
        raise length_error()
    return [new.get(c, c) for c in columns]


@keyword("xcols", infix=True)
def xcols(x: Value, y: Value) -> Value:
    """y with columns x in front."""
    t = table_value(y)
    if not isinstance(t, Table):
        raise type_error()
    first = symbol_list(x)
    return select_columns(t, [*first, *[c for c in t.columns if c not in first]])


# ---------------------------------------------------------------- keys

@keyword("keys")
def keys(x: Value) -> Value:
    """Names of the key columns, none for a simple table."""
    return symbols(key_columns(table_value(x)))


@keyword("xkey", infix=True)
def xkey(x: Value, y: Value) -> Value:
    """y keyed by columns x; by name in place."""
    value, name = named(y)
    wanted = symbol_list(x)
    t = unkey(value)
    first = select_columns(t, wanted)
    rest = without_columns(t, wanted)
    whole = Table(first.columns + rest.columns, first.data + rest.data)
    return stored(key_table(len(wanted), whole), name)


# ---------------------------------------------------------------- metadata

@keyword("meta")
def meta(x: Value) -> Value:
    """Type, foreign key and attribute of each column, keyed by its name."""
    t = unkey(table_value(x))
    letters = "".join(column_letter(c) for c in t.data)
    foreign = symbols([foreign_key(c) for c in t.data])
    marks = symbols([attribute(c) for c in t.data])
    return Dict(Table(["c"], [symbols(t.columns)]),
                Table(["t", "f", "a"], [string(letters), foreign, marks]))


def column_letter(column: Value) -> str:
    """The type letter of a column; upper case for lists of vectors, as its first item tells."""
    if isinstance(column, Enum):
        return _enum_letter(column)
    code = qtype(column)
    if code:
        return BY_CODE[code].char if code in BY_CODE else " "
    if not is_list(column) or not len(column):
        return " "
    first = items(column)[0] if isinstance(column, List) else column[0]
    if isinstance(first, Enum):
        return _enum_letter(first).upper()
    inner = qtype(first)
    return BY_CODE[inner].char.upper() if inner in BY_CODE else " "


def _enum_letter(column: Enum) -> str:
    """Foreign keys show the type of the key they refer to, other enumerations symbols."""
    target = domain(column.domain)
    if isinstance(target, Dict) and target.keyed_table:
        return column_letter(target.keys.data[0]) if len(target.keys.columns) == 1 else "j"
    return "j" if isinstance(target, Table) else "s"


def foreign_key(column: Value) -> Symbol:
    """The table that a column refers to, the null symbol for other columns."""
    if isinstance(column, (Enum, EnumAtom)) and is_table(domain(column.domain)):
        return column.domain
    return sym("")


@keyword("fkeys")
def fkeys(x: Value) -> Value:
    """Foreign-key columns and the tables they refer to."""
    t = unkey(table_value(x))
    pairs = [(n, foreign_key(c)) for n, c in zip(t.columns, t.data) if foreign_key(c)]
    return Dict(symbols([n for n, _ in pairs]), symbols([f for _, f in pairs]))


# ---------------------------------------------------------------- order

@keyword("xasc", infix=True)
def xasc(x: Value, y: Value) -> Value:
    """y sorted by columns x, ascending; the first of them is marked sorted."""
    return _sorted_by(x, y, descending=False)


@keyword("xdesc", infix=True)
def xdesc(x: Value, y: Value) -> Value:
    """y sorted by columns x, descending."""
    return _sorted_by(x, y, descending=True)


def _sorted_by(x: Value, y: Value, descending: bool) -> Value:
    value, name = named(y)
    by = symbol_list(x)
    t = unkey(value)
    _no_duplicates(t)
    if not by:
        return stored(value, name)
    order = grade([t.column(c) for c in by], len(t), descending)
    t = take_positions(t, order)
    if not descending:
        first = t.column(by[0])
        t = with_columns(t, [by[0]], [with_attribute(first, "s")])
    return stored(rekey(value, t), name)


def _no_duplicates(t: Table) -> None:
    for k, name in enumerate(t.columns):
        if name in t.columns[:k]:
            raise QError("dup")


# ---------------------------------------------------------------- groups

@keyword("xgroup", infix=True)
def xgroup(x: Value, y: Value) -> Value:
    """y keyed by columns x, every other column nested."""
    t = unkey(table_value(y))
    by = symbol_list(x)
    rest = symbols([c for c in t.columns if c not in by])
    return select_(t, EMPTY, Dict(symbols(by), symbols(by)), Dict(rest, rest))


@keyword("ungroup")
def ungroup(x: Value) -> Value:
    """One row for each item of the lists in a row; atoms are repeated."""
    t = unkey(table_value(x))
    if not len(t):
        return t
    sizes = [_cell_counts(c) for c in t.data]
    nested = [s for s in sizes if s is not None]
    if not nested:
        return t
    counts = np.max(nested, axis=0)
    rows = np.repeat(np.arange(len(t)), counts)
    return Table(t.columns, [_flattened(c, s, counts, rows) for c, s in zip(t.data, sizes)])


def _cell_counts(column: Value) -> np.ndarray | None:
    """How many items each cell has, 1 for atoms; None for a column of atoms."""
    if isinstance(column, np.ndarray) and column.ndim > 1:
        return np.full(len(column), column.shape[1])
    if not isinstance(column, List):
        return None
    return np.array([count(v) for v in column], np.int64)


def _flattened(column: Value, sizes: np.ndarray | None, counts: np.ndarray, rows: np.ndarray
               ) -> Value:
    if sizes is None:
        return take_positions(column, rows)
    cells = items(column)
    if not np.array_equal(sizes, counts):
        for k in np.flatnonzero(sizes != counts):
            if is_list(cells[k]):
                raise length_error()
    return concatenate([v if is_list(v) else List([v] * int(n)) for v, n in zip(cells, counts)])


# ---------------------------------------------------------------- fby

@keyword("fby", infix=True)
def fby(x: Value, y: Value) -> Value:
    """(f;d) fby g: f of the items of d in each group of g, at every row of the group."""
    if not is_list(x) or len(x) != 2:
        raise QError("fby: left argument: expected (aggregate;data)")
    f, data = items(x)
    n = count(data)
    if count(y) != n:
        raise length_error()
    if not n:
        return data
    groups = Groups.by([y], n)
    names = PhraseNames(Table(["d"], [data]))
    return per_row(List([f, sym("d")]), names, groups)
