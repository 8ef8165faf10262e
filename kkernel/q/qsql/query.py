"""The functional forms of qSQL: `?[t;c;b;a]`, `![t;c;b;a]` and what stands behind a template.

A phrase is a parse tree in which a symbol is a column, or else a name outside the query.
`outer` are those names: globals, or the locals of the lambda that a template stands in.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..apply import apply
from ..errors import QError, domain_error, type_error
from ..functions import Primitive
from ..lists.attributes import with_attribute
from ..lists.grouping import Groups
from ..lists.positions import missing, take_positions
from ..memory import reserve
from ..registry import KEYWORDS
from ..symbols import Symbol, sym, symbols
from ..tables.append import empty_like
from ..tables.columns import (
    flip_dict,
    is_column,
    is_table,
    named,
    repeat,
    symbol_list,
    table_of,
    unkey,
)
from ..tables.rows import distinct_rows
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
    items,
    qtype,
    record,
)
from .aggregates import NAMES as AGGREGATES
from .groups import per_group, rows_of
from .phrases import PhraseNames
from .trees import GLOBALS, Names, eval_tree


def query(glyph: str, args: Sequence[Value], outer: Names = GLOBALS) -> Value:
    """`?` or `!` with four to six arguments."""
    from .change import change

    if glyph == "!":
        return change(*args[:4], outer=outer)
    t, c, b, a, *more = args
    if isinstance(b, (Dict, bool, np.bool_)) and (_empty(a) or isinstance(a, Dict)):
        return select_(t, c, b, a, *more, outer=outer)
    return exec_(t, c, b, a, *more, outer=outer)


# ---------------------------------------------------------------- from, where, limit

def source(t: Value) -> Table:
    """The rows to query: of a table, a keyed table, a dictionary of columns, or a name."""
    value, _ = named(t)
    if is_table(value):
        return unkey(value)
    if isinstance(value, Dict):
        return flip_dict(value)
    raise type_error()


def filtered(t: Table, where: Value, outer: Names) -> PhraseNames:
    """The rows that pass every constraint; each sees only the rows that the last one left."""
    names = PhraseNames(t, None, outer)
    for constraint in constraints(where):
        kept = _kept(eval_tree(constraint, names), len(names))
        names = names.at(kept if names.rows is None else names.rows[kept])
    return names


def constraints(where: Value) -> list[Value]:
    """The trees of a where phrase; 'type when it is not a list."""
    if isinstance(where, (List, np.ndarray)):
        return items(where)
    raise type_error()


def _kept(passed: Value, n: int) -> Array:
    """Positions for the result of a constraint: booleans, or counts as `where` takes them."""
    if isinstance(passed, np.ndarray) and passed.ndim == 1:
        if len(passed) != n:
            raise QError("length")
        if passed.dtype.kind == "b":
            return np.flatnonzero(passed)
        if passed.dtype.kind == "i":
            if len(passed) and passed.min() < 0:
                raise domain_error()
            reserve(int(passed.sum(dtype=float)))
            return np.repeat(np.arange(n), passed)
    if qtype(passed) in (-7, -6, -5, -4, -1):
        return np.arange(n) if passed else np.empty(0, np.int64)
    if is_list(passed) and not len(passed):
        return np.empty(0, np.int64)
    raise type_error()


def limited(names: PhraseNames, limit: Value, order: Value) -> PhraseNames:
    """The rows in the order asked for, then the first (or last, or a slice) of them."""
    rows = np.arange(len(names.table)) if names.rows is None else names.rows
    if order is not None and len(order):
        graded = eval_tree(List(_order_tree(order)), names)
        rows = rows[graded]
    return names.at(rows[limit_slice(limit, len(rows))])


def _order_tree(order: Value) -> list[Value]:
    """`(idesc;`c)`, also enlisted as `parse` gives it."""
    return items(items(order)[0]) if len(order) == 1 else items(order)


def limit_slice(limit: Value, n: int) -> slice:
    """Positions for `select[n]`, `select[-n]`, `select[from n]`."""
    if limit is None:
        return slice(0, n)
    if abs(qtype(limit)) not in (1, 4, 5, 6, 7):
        raise type_error()
    if isinstance(limit, np.ndarray):
        if len(limit) != 2:
            raise QError("length")
        start, size = (max(0, int(v)) for v in limit)
        return slice(start, min(start + size, n))
    k = int(limit)
    return slice(0, k) if k >= 0 else slice(max(n + k, 0), n)


# ---------------------------------------------------------------- select

def select_(t: Value, c: Value, b: Value, a: Value, n: Value = None, order: Value = None, *,
            outer: Names = GLOBALS) -> Value:
    """`?[t;c;b;a;n;order]`: a table; keyed by the by columns when b is a dictionary."""
    names = filtered(source(t), c, outer)
    if isinstance(b, Dict):
        return _limit_groups(_grouped_table(names, b, a), n, order, outer)
    if n is not None or order is not None:
        names = limited(names, n, order)
    if not isinstance(a, Dict):
        return _whole(t, names, bool(b))
    result = plain_columns(names, a)
    return take_positions(result, distinct_rows(result)) if b else result


def _whole(t: Value, names: PhraseNames, distinct: bool) -> Value:
    """All columns; keys stay keys."""
    value, _ = named(t)
    rows = names.rows
    if distinct:
        table = take_positions(names.table, rows) if rows is not None else names.table
        return take_positions(table, distinct_rows(table))
    if not is_table(value):
        value = names.table
    return value if rows is None else take_positions(value, rows)


def plain_columns(names: PhraseNames, a: Dict) -> Table:
    """The select phrase without a by phrase: atoms are repeated over the other columns."""
    values = [_enlisted(tree, eval_tree(tree, names)) for tree in items(a.values)]
    if all(single for single, _ in values):
        values = [(False, v) for _, v in values]
    spread = [at(v, 0) if single else v for single, v in values]
    if not spread:
        return Table((), ())
    return table_of(symbol_list(a.keys), spread)


def _enlisted(tree: Value, value: Value) -> tuple[bool, Value]:
    """An aggregate gives one row even when its value is a list; True marks such a row."""
    head = tree[0] if isinstance(tree, List) and len(tree) > 1 else None
    if isinstance(head, Primitive) and head.name in AGGREGATES and not is_atom(value):
        return True, collapse([value])
    return False, value


# ---------------------------------------------------------------- by

def _grouped_table(names: PhraseNames, b: Dict, a: Value) -> Value:
    """The select or exec phrase per group, keyed by the by columns in ascending order."""
    keys = symbol_list(b.keys)
    groups, key = grouped(names, keys, items(b.values))
    if isinstance(a, Dict):
        columns = symbol_list(a.keys)
        data = [group_column(tree, names, groups) for tree in items(a.values)]
    else:
        columns = tuple(c for c in names.table.columns if c not in keys)
        lasts = rows_of(names, groups.lasts)
        data = [take_positions(names.table.column(c), lasts) for c in columns]
    return Dict(key, Table(columns, data))


def grouped(names: PhraseNames, keys: Sequence[Symbol], trees: Sequence[Value]
            ) -> tuple[Groups, Table]:
    """Groups by the values of these trees, and the table of their keys."""
    n = len(names)
    columns = [_full(eval_tree(tree, names), n) for tree in trees]
    groups = Groups.by(columns, n)
    firsts = groups.firsts
    data = [take_positions(column, firsts) for column in columns]
    if data and isinstance(data[0], np.ndarray) and data[0].ndim == 1:
        data[0] = with_attribute(data[0], "s" if len(data) == 1 else "p")
    return groups, Table(keys, data, attr="s")


def _full(value: Value, n: int) -> Value:
    if not is_column(value):
        return repeat(value, n)
    if len(value) != n:
        raise QError("length")
    return value


def group_column(tree: Value, names: PhraseNames, groups: Groups) -> Value:
    """One item per group; without groups the empty list of the type that one would have."""
    if groups.count:
        return per_group(tree, names, groups)
    value = eval_tree(tree, names)
    return empty_like(value if is_column(value) else collapse([value])) \
        if is_atom(value) else EMPTY


def _limit_groups(result: Dict, limit: Value, order: Value, outer: Names) -> Value:
    """`select[n;>c] .. by ..`: order and limit apply to the rows of the result."""
    if limit is None and order is None:
        return result
    rows = limited(PhraseNames(unkey(result), None, outer), limit, order).rows
    return result if rows is None else take_positions(result, rows)


# ---------------------------------------------------------------- exec

def exec_(t: Value, c: Value, b: Value, a: Value, n: Value = None, order: Value = None, *,
          outer: Names = GLOBALS) -> Value:
    """`?[t;c;b;a]` where b is `()`, a column or a dictionary, or a is a single tree."""
    names = filtered(_exec_source(t), c, outer)
    if n is not None or order is not None:
        names = limited(names, n, order)
    if isinstance(b, Dict):
        if isinstance(a, Dict) or _empty(a):
            return _grouped_table(names, b, a)
        groups, key = grouped(names, symbol_list(b.keys), items(b.values))
        return Dict(key, group_column(a, names, groups))
    if isinstance(b, (bool, np.bool_)):
        found = _exec_all(names, a)
        return _distinct(found) if b else found
    return _exec_all(names, a) if _empty(b) else _exec_by(names, b, a)


def _exec_source(t: Value) -> Table:
    value, _ = named(t)
    if isinstance(value, Dict) and not value.keyed_table:
        columns = items(value.values)
        return Table(symbol_list(value.keys), columns)  # columns may differ in length
    return source(t)


def _empty(x: Value) -> bool:
    return is_list(x) and not len(x)


def _exec_all(names: PhraseNames, a: Value) -> Value:
    if isinstance(a, Dict):
        return record(symbol_list(a.keys), [eval_tree(tree, names) for tree in items(a.values)])
    if not _empty(a):
        return eval_tree(a, names)
    if not len(names):
        return missing(names.table)
    last = rows_of(names, np.array([len(names) - 1]))
    return at(take_positions(names.table, last), 0)


def _exec_by(names: PhraseNames, b: Value, a: Value) -> Value:
    """By one unnamed expression: a dictionary from its values to items, or to rows."""
    column = eval_tree(b, names) if not _names_list(b) else None
    if column is None:  # a list of columns makes one group with a null key
        groups, key = Groups(np.zeros(len(names), np.int64), min(len(names), 1)), symbols([""])
    else:
        groups, table = grouped(names, [sym("")], [b])
        key = table.data[0]
    if isinstance(a, Dict):
        data = [group_column(tree, names, groups) for tree in items(a.values)]
        return Dict(key, Table(symbol_list(a.keys), data))
    if _empty(a):
        lasts = rows_of(names, groups.lasts)
        return Dict(key, take_positions(names.table, lasts))
    return Dict(key, group_column(a, names, groups))


def _names_list(b: Value) -> bool:
    return isinstance(b, np.ndarray) and b.dtype.char == "I" and len(b) > 1


def _distinct(x: Value) -> Value:
    return apply(KEYWORDS["distinct"], [x])


def simple_exec(t: Value, i: Value, p: Value) -> Value:
    """`?[t;i;p]`: a tree on the rows at positions i."""
    table = source(t)
    if abs(qtype(i)) not in (1, 4, 5, 6, 7):
        raise type_error()
    rows = np.atleast_1d(np.asarray(i)).astype(np.int64)
    return eval_tree(p, PhraseNames(table, rows))
