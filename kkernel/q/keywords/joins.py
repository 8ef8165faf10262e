"""Joins of two tables: by key (lj ij uj pj ej) and by time (aj asof wj)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..apply import apply
from ..errors import QError, length_error, type_error
from ..functions import Primitive
from ..lists.grouping import Groups
from ..lists.positions import at_positions, take_positions
from ..qsql.aggregates import NAMES as AGGREGATES
from ..qsql.aggregates import aggregate
from ..registry import OPERATORS, keyword
from ..symbols import Symbol
from ..tables.append import append_items, concatenate, nulls_like, replace_rows
from ..tables.columns import (
    key_columns,
    key_table,
    named,
    rekey,
    repeat,
    symbol_list,
    unkey,
    with_columns,
    without_columns,
)
from ..tables.joins import ABSENT, Equals, Timeline, as_of, key_matches, pairs
from ..values import EMPTY, Array, Dict, List, Table, Value, at, collapse, count, is_list, items
from .tables import table_value

WINDOW_ROWS = 1 << 22  # rows of windows that are laid out at once

Merge = Callable[[Value, Value], Value]  # (old items, new items) of the matched rows


# ---------------------------------------------------------------- by key

@keyword("lj", infix=True)
def lj(x: Value, y: Value) -> Value:
    """Left join: the columns of keyed table y at the rows of x, nulls where y has no key."""
    return _left_join(x, y, _take_new)


@keyword("ljf", infix=True)
def ljf(x: Value, y: Value) -> Value:
    """Left join where a null of y leaves the value of x."""
    return _left_join(x, y, _fill)


@keyword("ij", infix=True)
def ij(x: Value, y: Value) -> Value:
    """Inner join: the rows of x with a key in y, with the columns of y."""
    return _inner_join(x, y, _take_new)


@keyword("ijf", infix=True)
def ijf(x: Value, y: Value) -> Value:
    """Inner join where a null of y leaves the value of x."""
    return _inner_join(x, y, _fill)


def _take_new(old: Value, new: Value) -> Value:
    return new


def _fill(old: Value, new: Value) -> Value:
    return apply(OPERATORS["^"], [old, new])


def _keyed(y: Value) -> Dict:
    if isinstance(y, Dict) and y.keyed_table:
        return y
    raise type_error()


def _left_join(x: Value, y: Value, merge: Merge) -> Value:
    x, _ = named(x)
    if is_list(y) and not count(y):
        return x
    keyed = _keyed(y)
    t = unkey(table_value(x))
    return rekey(x, joined_columns(t, keyed.values, key_matches(keyed.keys, t), merge))


def _inner_join(x: Value, y: Value, merge: Merge) -> Value:
    keyed = _keyed(y)
    t = unkey(table_value(x))
    found = key_matches(keyed.keys, t)
    rows = np.flatnonzero(found != ABSENT)
    kept = take_positions(t, rows)
    return rekey(x, joined_columns(kept, keyed.values, found[rows], merge))


def joined_columns(t: Table, other: Table, rows: Array, merge: Merge) -> Table:
    """t with the columns of `other` at rows: new ones with nulls for -1, known ones merged."""
    shared = any(name in t.columns for name in other.columns)
    matched = np.flatnonzero(rows != ABSENT) if shared else rows
    data = []
    for name, column in zip(other.columns, other.data):
        if name not in t.columns:
            data.append(at_positions(column, rows))
            continue
        old = t.column(name)
        new = merge(take_positions(old, matched), take_positions(column, rows[matched]))
        data.append(new if len(matched) == len(rows) else put(old, matched, new))
    return with_columns(t, other.columns, data)


def put(column: Value, where: Array, values: Value) -> Value:
    """The column with other items at `where`, general when their types differ."""
    try:
        return replace_rows(column, where, values)
    except QError:
        listed = list(items(column))
        for k, v in zip(where.tolist(), items(values)):
            listed[k] = v
        return collapse(listed)


@keyword("pj", infix=True)
def pj(x: Value, y: Value) -> Value:
    """Plus join: the columns of y added to those of x; nulls and missing rows count as 0."""
    keyed = _keyed(y)
    t = unkey(table_value(x))
    rows = key_matches(keyed.keys, t)
    added = [apply(OPERATORS["^"], [0, at_positions(c, rows)]) for c in keyed.values.data]
    data = [apply(OPERATORS["+"], [t.column(n), c]) if n in t.columns else c
            for n, c in zip(keyed.values.columns, added)]
    return rekey(x, with_columns(t, keyed.values.columns, data))


@keyword("ej")
def ej(c: Value, t1: Value, t2: Value) -> Value:
    """Equi join: a row for each pair of rows that agree on columns c; t2 wins elsewhere."""
    columns = symbol_list(c)
    left, right = unkey(t1), unkey(t2)
    of_left, of_right = pairs(columns, left, right)
    more = take_positions(without_columns(right, columns), of_right)
    return with_columns(take_positions(left, of_left), more.columns, more.data)


# ---------------------------------------------------------------- union

@keyword("uj", infix=True)
def uj(x: Value, y: Value) -> Value:
    """Union join: all rows and columns of both; keyed tables update rows of equal key."""
    return _union(x, y, _take_new)


@keyword("ujf", infix=True)
def ujf(x: Value, y: Value) -> Value:
    """Union join where a null of y leaves the value of x."""
    return _union(x, y, _fill)


def _union(x: Value, y: Value, merge: Merge) -> Value:
    if isinstance(x, Table) and isinstance(y, Table):
        return stacked(x, y)
    keyed, other = _keyed(x), _keyed(y)
    if set(key_columns(keyed)) != set(key_columns(other)):
        raise QError("mismatch")
    left, right = unkey(keyed), unkey(other)
    updated = joined_columns(left, other.values, key_matches(other.keys, left), merge)
    fresh = np.flatnonzero(key_matches(keyed.keys, right) == ABSENT)
    whole = stacked(updated, take_positions(right, fresh))
    return key_table(len(keyed.keys.columns), whole)


def stacked(x: Table, y: Table) -> Table:
    """Rows of x, then rows of y, nulls for the columns that either lacks."""
    columns = [*x.columns, *[c for c in y.columns if c not in x.columns]]
    return Table(columns, [_stacked_column(c, x, y) for c in columns])


def _stacked_column(name: Symbol, x: Table, y: Table) -> Value:
    if name not in y.columns:
        column = x.column(name)
        return append_items(column, nulls_like(column, len(y)))
    column = y.column(name)
    above = x.column(name) if name in x.columns else nulls_like(column, len(x))
    try:
        return append_items(above, column)
    except QError:
        return concatenate([above, column])


# ---------------------------------------------------------------- as of

@keyword("aj")
def aj(c: Value, t1: Value, t2: Value) -> Value:
    """As-of join: for each row of t1 the last row of t2 that agrees on c, at or before in time."""
    return _as_of(c, t1, t2, _take_new, own_time=True)


@keyword("aj0")
def aj0(c: Value, t1: Value, t2: Value) -> Value:
    """As aj, with the time of t2."""
    return _as_of(c, t1, t2, _take_new, own_time=False)


@keyword("ajf")
def ajf(c: Value, t1: Value, t2: Value) -> Value:
    """As aj, nulls of t2 filled from t1."""
    return _as_of(c, t1, t2, _fill, own_time=True)


@keyword("ajf0")
def ajf0(c: Value, t1: Value, t2: Value) -> Value:
    """As aj0, nulls of t2 filled from t1."""
    return _as_of(c, t1, t2, _fill, own_time=False)


def _as_of(c: Value, t1: Value, t2: Value, merge: Merge, own_time: bool) -> Value:
    columns = symbol_list(c)
    if not columns:
        raise length_error()
    t1, _ = named(t1)
    left, right = unkey(table_value(t1)), unkey(t2)
    rows = as_of(columns, left, right)
    dropped = columns if own_time else columns[:-1]
    return rekey(t1, joined_columns(left, without_columns(right, dropped), rows, merge))


@keyword("asof", infix=True)
def asof(x: Value, y: Value) -> Value:
    """The other columns of the last row of x as of y, a dictionary or the rows of a table."""
    t = unkey(table_value(x))
    if not isinstance(y, (Dict, Table)):
        raise type_error()
    wanted = y if isinstance(y, Table) else Table(
        symbol_list(y.keys), [collapse([v]) for v in items(y.values)])
    columns = wanted.columns
    found = at_positions(without_columns(t, columns), as_of(columns, wanted, t))
    return found if isinstance(y, Table) else at(found, 0)


# ---------------------------------------------------------------- windows

@keyword("wj")
def wj(w: Value, c: Value, t: Value, q: Value) -> Value:
    """Window join: aggregates over the rows from the one prevailing at the window's start."""
    return _window(w, c, t, q, prevailing=True)


@keyword("wj1")
def wj1(w: Value, c: Value, t: Value, q: Value) -> Value:
    """Window join over the rows inside the window only."""
    return _window(w, c, t, q, prevailing=False)


def _window(w: Value, c: Value, t: Value, q: Value, prevailing: bool) -> Value:
    columns = symbol_list(c)
    if not isinstance(q, List) or not q or not columns:
        raise type_error()
    left, right = unkey(table_value(t)), unkey(q[0])
    begin, end = items(w)
    if count(begin) != len(left) or count(end) != len(left):
        raise length_error()
    line = Timeline(Equals(columns[:-1], left, right), right.column(columns[-1]))
    starts = np.maximum(line.last_until(begin) - 1, line.group_starts()) if prevailing \
        else line.first_from(begin)
    ends = np.maximum(line.last_until(end), starts)
    ordered = take_positions(right, line.rows(np.arange(len(right))))
    specs = [items(s) for s in q[1:]]
    data = [_windowed(s[0], [ordered.column(n) for n in s[1:]], starts, ends) for s in specs]
    return rekey(t, with_columns(left, [s[-1] for s in specs], data))


def _windowed(f: Value, columns: Sequence[Value], starts: Array, ends: Array) -> Value:
    """f of each window, for all windows at once where f is an aggregate keyword."""
    if isinstance(f, Primitive) and f.name in AGGREGATES and len(starts):
        found = _aggregated(f, columns, starts, ends)
        if found is not None:
            return found
    out = []
    for a, b in zip(starts.tolist(), ends.tolist()):
        rows = np.arange(a, b)
        out.append(apply(f, [take_positions(column, rows) for column in columns]))
    return collapse(out)


def _aggregated(f: Primitive, columns: Sequence[Value], starts: Array, ends: Array
                ) -> Value | None:
    """Windows as groups of rows; those that would overlap too much come in parts."""
    sizes = ends - starts
    parts = []
    bounds = np.searchsorted(sizes.cumsum(), np.arange(WINDOW_ROWS, sizes.sum(), WINDOW_ROWS))
    for part in np.split(np.arange(len(starts)), bounds):
        if not len(part):
            continue
        filled = part[sizes[part] > 0]
        of = np.repeat(np.arange(len(filled)), sizes[filled])
        rows = np.arange(len(of)) - np.repeat(
            sizes[filled].cumsum() - sizes[filled] - starts[filled], sizes[filled])
        found = aggregate(f.name, [take_positions(c, rows) for c in columns],
                          Groups(of, len(filled))) if len(filled) else EMPTY
        if found is None:
            return None
        if len(filled) < len(part):
            nothing = apply(f, [take_positions(c, rows[:0]) for c in columns])
            found = put(repeat(nothing, len(part)), np.flatnonzero(sizes[part] > 0), found)
        parts.append(found)
    return concatenate(parts)
