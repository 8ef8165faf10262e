"""A phrase evaluated once per group of rows.

Trees made of columns, atomic functions and aggregate keywords are computed for all groups at
once; any other tree is evaluated on the rows of each group in turn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import QError
from ..functions import Primitive
from ..lists.grouping import Groups
from ..lists.positions import take_positions
from ..registry import KEYWORDS
from ..symbols import Symbol
from ..tables.append import concatenate
from ..tables.columns import is_column, repeat
from ..values import Array, Enum, List, Value, collapse, is_atom, is_vector
from .aggregates import NAMES, aggregate
from .phrases import ROW, PhraseNames
from .trees import eval_head, eval_tree
from .uniform import NAMES as UNIFORM
from .uniform import count_distinct, uniform

ROWS, GROUPS, CONSTANT = range(3)  # one item per row, one per group, the same for all
LEFT_ATOMIC = ("in", "within", "like")  # atomic in the left argument
RIGHT_ATOMIC = ("xbar",)


@dataclass(slots=True)
class Spread:
    """A value of the whole table and what its items belong to."""

    kind: int
    value: Value


class NeedsLoop(Exception):
    """The tree has no form for all groups at once."""


def per_group(tree: Value, names: PhraseNames, groups: Groups) -> Value:
    """One item per group: the value of the tree on the rows of that group."""
    try:
        found = _spread(tree, names, groups)
    except (NeedsLoop, QError):
        return _looped(tree, names, groups)
    if found.kind == GROUPS:
        return found.value
    if found.kind == ROWS:
        return split(found.value, groups)
    return collapse([found.value] * groups.count)


def per_row(tree: Value, names: PhraseNames, groups: Groups) -> Value:
    """For update: one item per row, an aggregate repeated over the rows of its group."""
    try:
        found = _spread(tree, names, groups)
    except (NeedsLoop, QError):
        return _looped_rows(tree, names, groups)
    if found.kind == GROUPS:
        return take_positions(found.value, groups.of)
    if found.kind == ROWS:
        return found.value
    return _looped_rows(tree, names, groups)


def split(column: Value, groups: Groups) -> Value:
    """The items of a column as one list per group."""
    ordered = take_positions(column, groups.order)
    ends = (groups.starts + groups.sizes).tolist()
    return collapse([_slice(ordered, a, b) for a, b in zip(groups.starts.tolist(), ends)])


def _slice(x: Value, a: int, b: int) -> Value:
    if isinstance(x, np.ndarray):
        return x[a:b]
    if isinstance(x, Enum):
        return Enum(x.domain, x.index[a:b])
    return take_positions(x, np.arange(a, b))


def rows_of(names: PhraseNames, within: Array) -> Array:
    """Table rows for positions within the rows that a where phrase left."""
    return within if names.rows is None else names.rows[within]


def _looped(tree: Value, names: PhraseNames, groups: Groups) -> Value:
    return collapse([eval_tree(tree, names.at(rows_of(names, rows))) for rows in groups.rows()])


def _looped_rows(tree: Value, names: PhraseNames, groups: Groups) -> Value:
    """Values of each group laid out over its rows; atoms repeat, lists need one item a row."""
    parts: list[Value] = []
    for rows in groups.rows():
        value = eval_tree(tree, names.at(rows_of(names, rows)))
        if not is_column(value):
            value = repeat(value, len(rows))
        elif len(value) != len(rows):
            raise QError("length")
        parts.append(value)
    back = np.empty(len(groups.order), np.int64)
    back[groups.order] = np.arange(len(back))
    return take_positions(concatenate(parts), back)


# ---------------------------------------------------------------- all groups at once

def _spread(tree: Value, names: PhraseNames, groups: Groups) -> Spread:
    if isinstance(tree, Symbol):
        column = names.column(tree)
        if column is not None:
            return Spread(ROWS, column)
        return Spread(CONSTANT, names.outer.get(tree))
    if not isinstance(tree, List) or len(tree) < 2:
        if is_vector(tree) and tree.dtype.char == "I" and len(tree) > 1:
            raise NeedsLoop
        return Spread(CONSTANT, eval_tree(tree, names))
    head = eval_head(tree[0], names) if isinstance(tree[0], Symbol) else tree[0]
    if not isinstance(head, Primitive):
        raise NeedsLoop
    if head.name == "count" and tree[-1] is ROW:
        return Spread(GROUPS, groups.sizes)
    if head.name == "count" and _is_distinct(tree[-1]):
        inner = _spread(tree[-1][1], names, groups)
        if inner.kind == ROWS:
            return Spread(GROUPS, count_distinct(inner.value, groups))
    args = [_spread(a, names, groups) for a in tree[1:]]
    return _apply_spread(head, args, groups)


def _is_distinct(tree: Value) -> bool:
    return isinstance(tree, List) and len(tree) == 2 and tree[0] is KEYWORDS["distinct"]


def _apply_spread(f: Primitive, args: list[Spread], groups: Groups) -> Spread:
    kinds = [a.kind for a in args]
    if f.name in NAMES and all(k == ROWS for k in kinds):
        found = aggregate(f.name, [a.value for a in args], groups)
        if found is None:
            raise NeedsLoop
        return Spread(GROUPS, found)
    if f.name in UNIFORM and kinds == [ROWS]:
        column = uniform(f.name, args[0].value, groups)
        if column is None:
            raise NeedsLoop
        return Spread(ROWS, column)
    if f.atomic or _atomic_in(f.name, kinds):
        return _apply_atomic(f, args, groups)
    raise NeedsLoop


def _atomic_in(name: str, kinds: list[int]) -> bool:
    if len(kinds) != 2:
        return False
    left, right = kinds
    return (name in LEFT_ATOMIC and right == CONSTANT and left != CONSTANT) or (
        name in RIGHT_ATOMIC and left == CONSTANT and right != CONSTANT)


def _apply_atomic(f: Primitive, args: list[Spread], groups: Groups) -> Spread:
    kind = min(a.kind for a in args)  # rows before groups before constants
    for a in args:
        if kind == ROWS and a.kind == GROUPS:
            a.value = take_positions(a.value, groups.of)
        if a.kind != CONSTANT and not is_vector(a.value):
            raise NeedsLoop
        if a.kind == CONSTANT and kind != CONSTANT and not is_atom(a.value) and f.atomic:
            raise NeedsLoop
    fn = f.by_rank.get(len(args))
    if fn is None or kind == CONSTANT:
        raise NeedsLoop
    return Spread(kind, fn(*[a.value for a in args]))
