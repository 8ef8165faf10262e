"""Keywords on which items a list has: in within except inter union distinct group where bin."""

from __future__ import annotations

import numpy as np

from ..errors import domain_error, type_error
from ..lists import search
from ..lists.index import index
from ..lists.joining import as_list, join
from ..lists.order import bin_positions
from ..lists.positions import positions_of, take_positions
from ..memory import reserve
from ..registry import OPERATORS, keyword
from ..values import (
    Array,
    Dict,
    List,
    Table,
    Value,
    at,
    count,
    enlist,
    is_list,
    is_vector,
    items,
    qtype,
)


@keyword("in", infix=True)
def in_(x: Value, y: Value) -> Value:
    """Whether x is an item of y; for a vector y whether each atom of x is."""
    if isinstance(y, Dict):
        y = y.keys if y.keyed_table else y.values
    if not is_list(y) and not isinstance(y, Table):
        y = enlist(y)  # comparison is exact, as Find's, but for atoms of another type
    if is_vector(y) and len(y) == 1 and abs(qtype(x)) != qtype(y):
        return OPERATORS["="].by_rank[2](x, at(y, 0))
    return search.contains(x, y)


@keyword("within", infix=True)
def within(x: Value, y: Value) -> Value:
    """Whether x lies between the two items of y, both included."""
    if count(y) != 2:
        raise type_error()
    above = OPERATORS[">="].by_rank[2](x, at(y, 0))
    return OPERATORS["&"].by_rank[2](above, OPERATORS["<="].by_rank[2](x, at(y, 1)))


def _known(x: Value, y: Value) -> Array:
    """Boolean per item of x: is it an item of y?"""
    if isinstance(y, Dict):
        y = y.values
    elif not isinstance(y, Table):
        y = as_list(y)
    if is_vector(x) and is_vector(y) and x.dtype != y.dtype \
            and not {abs(qtype(x)), abs(qtype(y))} <= {5, 6, 7}:
        return np.zeros(len(x), bool)
    return search.first_positions(y, x) < count(y)


@keyword("except", infix=True)
def except_(x: Value, y: Value) -> Value:
    """The items of x that y lacks."""
    if isinstance(x, Dict):
        x = x.values
    x = x if isinstance(x, Table) else as_list(x)
    return take_positions(x, np.flatnonzero(~_known(x, y)))


@keyword("inter", infix=True)
def inter(x: Value, y: Value) -> Value:
    """The items of x that y has too."""
    if isinstance(x, Dict):
        x = x.values
    x = x if isinstance(x, Table) else as_list(x)
    return take_positions(x, np.flatnonzero(_known(x, y)))


@keyword("union", infix=True)
def union(x: Value, y: Value) -> Value:
    """The distinct items of x and y."""
    return distinct(join(as_list(x) if not isinstance(x, (Dict, Table)) else x, y))


@keyword("distinct", glyph="?:")
def distinct(x: Value) -> Value:
    """Each different item once, in the order they first appear."""
    if isinstance(x, Dict):
        x = x.values
    if not is_list(x) and not isinstance(x, Table):
        raise type_error()
    return take_positions(x, search.distinct_positions(x))


@keyword("group", glyph="=:")
def group(x: Value) -> Value:
    """A dictionary from each different item to the positions (or keys) where it stands."""
    if isinstance(x, Dict):
        found = group(x.values)
        return Dict(found.keys, List([index(x.keys, rows) for rows in items(found.values)]))
    if not is_list(x) and not isinstance(x, Table):
        raise type_error()
    firsts, rows = search.grouped(x)
    return Dict(take_positions(x, firsts), List(rows))


@keyword("where", glyph="&:")
def where(x: Value) -> Value:
    """Each position repeated as often as x tells: the positions of 1b; keys of a dictionary."""
    if isinstance(x, Dict):
        return take_positions(x.keys, where(x.values))
    if isinstance(x, np.ndarray) and x.ndim == 1:
        if x.dtype == bool:
            return np.flatnonzero(x)
        times = positions_of(x)
        reserve(int(np.sum(np.maximum(times, 0), dtype=float)))
        return np.repeat(np.arange(len(x)), _counts(times))
    if isinstance(x, List) and not x:
        return np.empty(0, np.int64)
    raise type_error()


def _counts(times: Array) -> Array:
    """Nulls count nothing.  'domain for other negative numbers."""
    if len(times) and times.min() < 0:
        times = np.where(times == np.iinfo(np.int64).min, 0, times)
        if times.min() < 0:
            raise domain_error()
    return times


@keyword("bin", infix=True)
def bin_(x: Value, y: Value) -> Value:
    """Position of the last item of sorted x that is not above y, -1 when all are."""
    return _bin(x, y, False)


@keyword("binr", infix=True)
def binr(x: Value, y: Value) -> Value:
    """Position of the first item of sorted x that is not below y."""
    return _bin(x, y, True)


def _bin(x: Value, y: Value, left: bool) -> Value:
    if isinstance(x, Dict):
        return index(x.keys, bin_positions(x.values, y, left))
    return bin_positions(x, y, left)
