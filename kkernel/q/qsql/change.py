"""`![t;c;b;a]`: update and delete, on values and in place by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from .. import context
from ..errors import QError, type_error
from ..lists.grouping import Groups
from ..lists.positions import take_positions
from ..symbols import Symbol
from ..tables.append import nulls_like, replace_rows
from ..tables.columns import (
    is_column,
    is_table,
    key_table,
    named,
    rekey,
    repeat,
    stored,
    symbol_list,
    unkey,
    with_columns,
    without_columns,
)
from ..values import Array, Dict, Table, Value, at, collapse, items, record
from .groups import per_row
from .phrases import PhraseNames
from .query import filtered, grouped
from .trees import GLOBALS, Names, eval_tree


def change(t: Value, c: Value, b: Value, a: Value, *, outer: Names = GLOBALS) -> Value:
    """Update when a is a dictionary, else delete columns a or the rows that pass c."""
    if isinstance(a, Dict):
        return update_(t, c, b, a, outer=outer)
    return delete_(t, c, b, a, outer=outer)


# ---------------------------------------------------------------- update

def update_(t: Value, c: Value, b: Value, a: Dict, *, outer: Names = GLOBALS) -> Value:
    """The table with columns added or replaced at the rows that pass c; by name in place."""
    value, name = named(t)
    with amending(name):
        if is_table(value):
            changed = rekey(value, _updated(unkey(value), c, b, a, outer))
        elif isinstance(value, Dict):
            changed = _updated_dict(value, a, outer)
        else:
            raise type_error()
    return stored(changed, name)


@contextmanager
def amending(name: Symbol | None) -> Iterator[None]:
    """While a variable is amended by name, no other may change: 'noamend."""
    variables = context.active.globals
    outer = variables.frozen
    if name:
        variables.frozen = outer or "noamend"
    try:
        yield
    finally:
        variables.frozen = outer


def _updated(t: Table, c: Value, b: Value, a: Dict, outer: Names) -> Table:
    names = filtered(t, c, outer)
    groups = None
    if isinstance(b, Dict):
        groups, _ = grouped(names, symbol_list(b.keys), items(b.values))
    elif isinstance(b, Symbol):
        groups, _ = grouped(names, [b], [b])
    columns = symbol_list(a.keys)
    if names.rows is not None and not len(names.rows):
        groups = None
    data = [_new_column(t, name, _values(tree, names, groups), names.rows)
            for name, tree in zip(columns, items(a.values))]
    return with_columns(t, columns, data)


def _values(tree: Value, names: PhraseNames, groups: Groups | None) -> Value:
    """One item for each row that is updated."""
    if groups is not None:
        return per_row(tree, names, groups)
    value = eval_tree(tree, names)
    if not is_column(value):
        return repeat(value, len(names)) if len(names) else collapse([value])[:0]
    if len(value) != len(names):
        raise QError("length")
    return value


def _new_column(t: Table, name: Symbol, values: Value, rows: Array | None) -> Value:
    """A whole new column, or the old one (nulls when there is none) changed at some rows."""
    if rows is None:
        return values
    if name in t.columns:
        column = t.column(name)
        return replace_rows(column, rows, values) if len(rows) else column
    return replace_rows(nulls_like(values, len(t)), rows, values)


def _updated_dict(d: Dict, a: Dict, outer: Names) -> Dict:
    """Entries of a dictionary changed or added; its keys are the names of the phrase."""
    names = EntryNames(d, outer)
    merged = dict(zip(symbol_list(d.keys), items(d.values)))
    values = [eval_tree(tree, names) for tree in items(a.values)]
    merged.update(zip(symbol_list(a.keys), values))
    return record(list(merged), list(merged.values()))


class EntryNames:
    """Entries of a dictionary, then the names outside the query."""

    def __init__(self, d: Dict, outer: Names) -> None:
        self.entries = d
        self.outer = outer

    def get(self, name: Symbol) -> Value:
        where = self.entries.positions.get(name)
        return self.outer.get(name) if where is None else at(self.entries.values, where)


# ---------------------------------------------------------------- delete

def delete_(t: Value, c: Value, b: Value, a: Value, *, outer: Names = GLOBALS) -> Value:
    """Without columns a or without the rows that pass c; of a namespace, its variables."""
    dropped = symbol_list(a)
    if isinstance(t, Symbol) and _is_namespace(t):
        return _delete_variables(t, dropped)
    value, name = named(t)
    if is_table(value):
        with amending(name):
            kept = _deleted(value, c, dropped, outer)
        return stored(kept, name)
    if isinstance(value, Dict):
        return stored(_without_entries(value, dropped), name)
    raise type_error()


def _deleted(t: Value, c: Value, dropped: Sequence[Symbol], outer: Names) -> Value:
    simple = unkey(t)
    if dropped:
        for name in dropped:
            simple.column(name)  # signals a name that is no column
        kept = without_columns(simple, dropped)
        return rekey_without(t, kept, dropped)
    rows = filtered(simple, c, outer).rows
    if rows is None:
        return take_positions(t, np.empty(0, np.int64))
    keep = np.ones(len(simple), bool)
    keep[rows] = False
    return take_positions(t, np.flatnonzero(keep))


def rekey_without(t: Value, kept: Table, dropped: Sequence[Symbol]) -> Value:
    """The remaining columns, those that were keys still keys."""
    if not (isinstance(t, Dict) and t.keyed_table):
        return kept
    return key_table(sum(c not in dropped for c in t.keys.columns), kept)


def _without_entries(d: Dict, dropped: Sequence[Symbol]) -> Dict:
    if not dropped:
        return Dict(d.keys[:0], d.values[:0])
    kept = np.array([i for i, k in enumerate(items(d.keys)) if k not in dropped], np.int64)
    return Dict(take_positions(d.keys, kept), take_positions(d.values, kept))


def _is_namespace(name: Symbol) -> bool:
    return name.startswith(".") and name.count(".") == 1


def _delete_variables(namespace: Symbol, dropped: Sequence[Symbol]) -> Symbol:
    prefix = "" if namespace == "." else f"{namespace}."
    for name in dropped:
        context.active.globals.delete(Symbol(prefix + name))
    return namespace
