"""Sorting keywords: asc desc iasc idesc rank xrank, and attr."""

from __future__ import annotations

import numpy as np

from ..errors import rank_error, type_error
from ..lists.attributes import attribute, mark_in_place, with_attribute
from ..lists.index import index
from ..lists.order import grade_items, is_sorted, sort_vector
from ..lists.positions import take_positions
from ..registry import keyword
from ..symbols import sym
from ..values import Array, Dict, Table, Value, is_list, is_vector, qtype

_SAMPLE = 32  # items that are looked at first: is the vector sorted already?


def _listed(x: Value) -> Value:
    if not is_list(x) and not isinstance(x, Table):
        raise rank_error()
    return x


@keyword("asc")
def asc(x: Value) -> Value:
    """Items in ascending order, nulls first; a dictionary by its values, a table by columns."""
    if isinstance(x, Dict):
        return _sorted_dict(x, False)
    if isinstance(x, Table):
        return _mark_table(_by_columns(x, False))
    if attribute(_listed(x)) == "s":
        return x
    if is_vector(x):
        return _ascending(x)
    return with_attribute(take_positions(x, grade_items(x)), "s")


def _ascending(x: Array) -> Value:
    """A vector sorted; one that is so already is only marked, in place."""
    plain = x.view(np.ndarray)
    head = plain[:_SAMPLE]
    first = sort_vector(head)
    if first.tobytes() != head.tobytes():
        return with_attribute(first if len(x) <= _SAMPLE else sort_vector(plain), "s")
    if len(x) > _SAMPLE and not is_sorted(plain):
        return with_attribute(sort_vector(plain), "s")
    return mark_in_place(x)


@keyword("desc")
def desc(x: Value) -> Value:
    """Items in descending order, equal ones in their old order."""
    if isinstance(x, Dict):
        return _sorted_dict(x, True)
    if isinstance(x, Table):
        return _by_columns(x, True)
    if is_vector(_listed(x)):
        return sort_vector(x.view(np.ndarray))[::-1]
    return take_positions(x, grade_items(x, True))


def _sorted_dict(x: Dict, descending: bool) -> Dict:
    order = grade_items(x.values, descending)
    values = take_positions(x.values, order)
    if not descending:
        values = _mark_table(values) if isinstance(values, Table) else with_attribute(values, "s")
    return Dict(take_positions(x.keys, order), values)


def _by_columns(x: Table, descending: bool) -> Table:
    table: Table = take_positions(x, grade_items(x, descending))
    return table


def _mark_table(t: Table) -> Table:
    """The first column of a sorted table is sorted; with others beside it only parted counts."""
    if not t.data:
        return t
    attr = "s" if len(t.columns) == 1 else "p"
    return Table(t.columns, [with_attribute(t.data[0], attr), *t.data[1:]])


@keyword("iasc", glyph="<:")
def iasc(x: Value) -> Value:
    """The positions that sort x ascending; of a dictionary the keys."""
    return _graded(x, False)


@keyword("idesc", glyph=">:")
def idesc(x: Value) -> Value:
    """The positions that sort x descending; of a dictionary the keys."""
    return _graded(x, True)


def _graded(x: Value, descending: bool) -> Value:
    if isinstance(x, Dict):
        return index(x.keys, grade_items(x.values, descending))
    return grade_items(_listed(x), descending)


@keyword("rank")
def rank(x: Value) -> Value:
    """Where each item would stand in the sorted list."""
    if isinstance(x, Dict):
        return grade_items(iasc(x))
    return _places(grade_items(_listed(x)))


def _places(order: Array) -> Array:
    out = np.empty(len(order), np.int64)
    out[order] = np.arange(len(order))
    return out


@keyword("xrank", infix=True)
def xrank(x: Value, y: Value) -> Value:
    """Which of x buckets of nearly equal count each item falls into by its rank."""
    if qtype(x) not in (-5, -6, -7):
        raise type_error()
    if isinstance(y, Dict):
        return Dict(y.keys, xrank(x, y.values))
    places = _places(grade_items(_listed(y)))
    return places * int(x) // max(len(places), 1)


@keyword("attr")
def attr(x: Value) -> Value:
    """The attribute of x as a symbol, null where it has none."""
    return sym(attribute(x))
