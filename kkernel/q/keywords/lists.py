"""Keywords on lists as a whole: til count first last enlist reverse rotate raze flip cut ..."""

from __future__ import annotations

import numpy as np

from ..apply import apply2
from ..errors import domain_error, length_error, rank_error, type_error
from ..lists import joining
from ..lists.positions import missing, positions_of, take_positions
from ..memory import reserve
from ..operators.drop import drop
from ..operators.take import cut_at, part
from ..registry import KEYWORDS, OPERATORS, keyword
from ..tables.columns import columns_dict, flip_dict
from ..types import LONG_NULL
from ..values import (
    EMPTY,
    Array,
    Dict,
    Enum,
    List,
    Table,
    Value,
    collapse,
    is_list,
    is_vector,
    items,
    qtype,
)
from ..values import at as item
from ..values import count as count_items

_INTEGERS = (-1, -4, -5, -6, -7)


@keyword("til")
def til(x: Value) -> Value:
    """The integers 0 to x-1.  'type unless x is an integer atom, 'domain below zero."""
    if qtype(x) not in _INTEGERS:
        raise type_error()
    if x < 0:
        raise domain_error()
    reserve(int(x))
    return np.arange(int(x))


@keyword("count", glyph="#:")
def count(x: Value) -> Value:
    """How many items x has; 1 for atoms and functions."""
    return count_items(x)


@keyword("first", glyph="*:")
def first(x: Value) -> Value:
    """The first item; of an empty list its null; an atom itself."""
    return _end(x, 0)


@keyword("last")
def last(x: Value) -> Value:
    """The last item; of an empty list its null; an atom itself."""
    return _end(x, -1)


def _end(x: Value, k: int) -> Value:
    if isinstance(x, Dict):
        return _end(x.values, k)
    if not is_list(x) and not isinstance(x, Table):
        return x
    n = len(x)
    return item(x, k % n) if n else missing(x)


@keyword("enlist")
def enlist(x: Value) -> Value:
    """A list with the arguments as its items."""
    return collapse([x])


def _enlist_all(*args: Value) -> Value:
    return collapse(list(args))


KEYWORDS["enlist"].by_rank[-1] = _enlist_all  # any number of arguments


@keyword("reverse", glyph="|:")
def reverse(x: Value) -> Value:
    """The items from last to first."""
    if isinstance(x, Dict):
        return Dict(reverse(x.keys), reverse(x.values))
    if isinstance(x, np.ndarray):
        return x.view(np.ndarray)[::-1]
    if is_list(x) or isinstance(x, Table):
        return take_positions(x, np.arange(len(x) - 1, -1, -1))
    return x


@keyword("rotate", infix=True)
def rotate(x: Value, y: Value) -> Value:
    """y shifted x places to the left, those that fall off coming back at the other end."""
    if qtype(x) not in _INTEGERS:
        raise type_error()
    if isinstance(y, Dict):
        return Dict(rotate(x, y.keys), rotate(x, y.values))
    if not is_list(y) and not isinstance(y, Table):
        raise type_error()
    n = len(y)
    return take_positions(y, (np.arange(n) + int(x)) % n) if n else y


@keyword("raze", glyph=",/")
def raze(x: Value) -> Value:
    """The items of x joined: one level of nesting less."""
    if isinstance(x, Dict):
        return raze(x.values)
    if isinstance(x, np.ndarray):
        plain = x.view(np.ndarray)
        return plain if x.ndim == 1 else plain.reshape(-1, *x.shape[2:])
    if isinstance(x, (List, Enum, Table)):
        return joining.raze(items(x)) if len(x) else x if not isinstance(x, List) else EMPTY
    return collapse([x])


# ---------------------------------------------------------------- transpose

@keyword("flip", glyph="+:")
def flip(x: Value) -> Value:
    """Rows become columns: a matrix transposed, a dictionary of columns as a table and back."""
    if isinstance(x, Table):
        return columns_dict(x)
    if isinstance(x, Dict):
        if isinstance(x.keys, Table):
            raise type_error()
        return flip_dict(x)
    if isinstance(x, np.ndarray) and x.ndim > 1:
        return x.swapaxes(0, 1) if x.shape[1] else EMPTY
    if not isinstance(x, List):
        raise rank_error()
    return _flip_list(x) if x else x


def _flip_list(x: List) -> Value:
    """Atoms among the rows are repeated.  'length when rows differ in count."""
    counts = {len(v) for v in x if is_list(v) or isinstance(v, Table)}
    if not counts:
        raise rank_error()
    if len(counts) > 1:
        raise length_error()
    n = counts.pop()
    first_row = x[0]
    if is_vector(first_row) and all(is_vector(v) and v.dtype == first_row.dtype for v in x):
        columns = np.stack([v.view(np.ndarray) for v in x], axis=1)
        return columns if columns.dtype.kind in "bif" and n else List(list(columns))
    rows = [items(v) if is_list(v) or isinstance(v, Table) else [v] * n for v in x]
    return List([collapse(list(column)) for column in zip(*rows)])


# ---------------------------------------------------------------- parts

@keyword("cut", infix=True)
def cut(x: Value, y: Value) -> Value:
    """Parts of y of x items each; for a list x the parts that begin at these positions."""
    if qtype(x) not in _INTEGERS:
        return drop(x, y)
    if not is_list(y) and not isinstance(y, Table):
        raise type_error()
    if x <= 0:
        raise domain_error()
    return cut_at(y, list(range(0, len(y), int(x))))


@keyword("sublist", infix=True)
def sublist(x: Value, y: Value) -> Value:
    """At most x items of y, from the end for negative x; a pair is a start and a count."""
    n = count_items(y)
    if qtype(x) in _INTEGERS:
        k = int(x)
        return part(y, 0, min(k, n)) if k >= 0 else part(y, max(n + k, 0), n)
    start, size = _pair(x)
    begin = min(max(start, 0), n)
    stop = n if size == LONG_NULL else min(start + size, n)
    return part(y, begin, max(stop, begin))


def _pair(x: Value) -> tuple[int, int]:
    if not is_vector(x):
        raise type_error()
    if len(x) != 2:
        raise length_error()
    start, size = positions_of(x).tolist()
    return start, size


@keyword("cross", infix=True)
def cross(x: Value, y: Value) -> Value:
    """Every item of x joined with every item of y."""
    if isinstance(x, Table) and isinstance(y, Table):
        left, right = _all_pairs(len(x), len(y))
        a, b = take_positions(x, left), take_positions(y, right)
        return Table(a.columns + b.columns, a.data + b.data)
    if isinstance(x, Dict) and isinstance(y, Dict):
        return Dict(cross(x.keys, y.keys), cross(x.values, y.values))
    x, y = joining.as_list(x), joining.as_list(y)
    if is_vector(x) and is_vector(y) and x.dtype == y.dtype and x.dtype.kind in "bif":
        left, right = _all_pairs(len(x), len(y))
        return np.stack([x[left], y[right]], axis=1) if len(left) else EMPTY
    join = OPERATORS[","]
    return List([apply2(join, a, b) for a in items(x) for b in items(y)])


def _all_pairs(n: int, m: int) -> tuple[Array, Array]:
    return np.repeat(np.arange(n), m), np.tile(np.arange(m), n)
