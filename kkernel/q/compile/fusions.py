"""Phrases whose first step makes much that the next one reduces again, computed at once.

`count each group x` and `sum each y group x` need no lists of positions: equal items are
counted, and aggregates are those of a query with a by phrase.  `` `$string x `` needs no strings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .. import context
from ..apply import apply1
from ..atoms.extremes import greatest, least
from ..functions import Primitive
from ..lists.grouping import Groups, ranked
from ..lists.positions import take_positions
from ..lists.search import classes_of, counted
from ..qsql.aggregates import NAMES, aggregate
from ..registry import KEYWORDS, OPERATORS
from ..symbols import MANY, NULL_SYMBOL, symbols, symbols_of_numbers
from ..syntax import nodes as N
from ..text.format import cells
from ..values import Array, Dict, Value, is_vector
from .scope import Code, Scope, Slots, Unit, compile_node, trace

LEAST = 64  # items from which it pays


@dataclass(slots=True)
class EachGroup:
    """`f each group x`, or `f each y group x` with y as `column`."""

    f: Primitive
    x: N.Node
    column: N.Name | None
    places: tuple[int, int, int]  # of each, of the indexing, of group


def each_group(node: N.Infix) -> EachGroup | None:
    """The parts of such a phrase; None for any other."""
    if not (_is_verb(node.fn, "each") and isinstance(node.left, N.Verb)):
        return None
    f, inner, column = KEYWORDS.get(node.left.name), node.right, None
    if isinstance(inner, N.Apply) and len(inner.args) == 1 and isinstance(inner.fn, N.Name):
        column, inner = inner.fn, inner.args[0]
    known = NAMES if column is not None else ("count", "first", "last")
    if f is None or f.name not in known or not isinstance(inner, N.Apply):
        return None
    if not _is_verb(inner.fn, "group") or len(inner.args) != 1 or inner.args[0] is None:
        return None
    return EachGroup(f, inner.args[0], column, (node.pos, node.right.pos, inner.pos))


def _is_verb(node: N.Node, name: str) -> bool:
    return isinstance(node, N.Verb) and node.name == name


def fused(node: N.Infix, scope: Scope) -> Code | None:
    """The closure of a phrase of this kind; None for any other."""
    phrase = each_group(node)
    if phrase is not None:
        return _compile_each_group(phrase, scope)
    text = symbols_of(node)
    return None if text is None else _compile_symbols_of(node, text, scope)


def _compile_each_group(phrase: EachGroup, scope: Scope) -> Code:
    """At once for vectors, else step by step."""
    x_code, f, at = compile_node(phrase.x, scope), phrase.f, _steps(scope.unit)
    column = None if phrase.column is None else compile_node(phrase.column, scope)
    each_pos, index_pos, group_pos = phrase.places

    def run(frame: Slots) -> Value:
        x = x_code(frame)
        found = None
        if type(x) is np.ndarray and x.ndim == 1 and len(x) >= LEAST:
            found = _positions(f, x) if column is None else _aggregates(f, x, column(frame))
        if found is None:
            found = at(group_pos, KEYWORDS["group"].by_rank[1], x)
            if column is not None:
                found = at(index_pos, apply1, column(frame), found)
            found = at(each_pos, KEYWORDS["each"].by_rank[2], f, found)
        return found
    return run


def _steps(unit: Unit) -> Callable[..., Value]:
    """Applications whose errors get a position."""
    def at(pos: int, fn: Callable[..., Value], *args: Value) -> Value:
        try:
            return fn(*args)
        except Exception as e:
            raise trace(e, unit, pos) from None
    return at


def _positions(f: Primitive, x: Value) -> Value:
    """How many items of each kind, or where the first or last one stands."""
    firsts, sizes = counted(x)
    result = sizes if f.name == "count" else firsts
    if f.name == "last":
        classes = classes_of(x)
        result = classes.lasts[classes.of[firsts]]
    return Dict(take_positions(x, firsts), result)


def _aggregates(f: Primitive, x: Value, y: Value) -> Value | None:
    """f of the items of y at the positions of each kind of x; None where one has to loop."""
    if not is_vector(y) or len(y) != len(x):
        return None
    groups: Groups = classes_of(x).in_first_seen_order()
    found = aggregate(f.name, [y], groups)
    return None if found is None else Dict(take_positions(x, groups.firsts), found)


# ---------------------------------------------------------------- symbols

def symbols_of(node: N.Infix) -> N.Apply | None:
    """The right side of `` `$string x ``."""
    left, right = node.left, node.right
    if not (_is_verb(node.fn, "$") and isinstance(left, N.Const) and left.value is NULL_SYMBOL):
        return None
    found = isinstance(right, N.Apply) and len(right.args) == 1 and _is_verb(right.fn, "string")
    return right if found and right.args[0] is not None else None  # type: ignore[attr-defined]


def _compile_symbols_of(node: N.Infix, text: N.Apply, scope: Scope) -> Code:
    at = _steps(scope.unit)
    assert text.args[0] is not None
    x_code = compile_node(text.args[0], scope)
    string, cast = KEYWORDS["string"].by_rank[1], OPERATORS["$"].by_rank[2]

    def run(frame: Slots) -> Value:
        x = x_code(frame)
        if type(x) is np.ndarray and x.ndim == 1 and x.dtype.kind in "bifmM" and len(x):
            return _names(x)
        return at(node.pos, cast, NULL_SYMBOL, at(text.pos, string, x))
    return run


def _names(x: Array) -> Array:
    """Numbers as symbols; small whole ones by a table, and those that occur often once."""
    if x.dtype == np.int64 and least(x) >= 0 and greatest(x) < MANY:
        return symbols_of_numbers(x)
    groups = ranked(x) if len(x) >= LEAST and x.dtype.kind == "i" else None
    precision = context.active.settings.precision
    if groups is None or groups.count > len(x) // 2:
        return symbols(cells(x, precision))
    return symbols(cells(x[groups.firsts], precision))[groups.of]
