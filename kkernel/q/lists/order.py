"""Order among items: sorted or not, sorted copies, and binary search in sorted lists.

The order is that of `grouping.ordinals`: nulls first, symbols by text, mixed lists by type.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import numpy as np

from ..errors import type_error
from ..tables.columns import is_table, unkey
from ..tables.records import records
from ..types import LONG_NULL
from ..values import Array, List, Table, Value, collapse, is_list, items
from .enums import resolve
from .grouping import Groups, dense, grade, joined, order_key, ordinals, row_ranks, stable_order
from .search import depth


def grade_items(x: Value, descending: bool = False) -> Array:
    """Positions that sort a list or the rows of a table; stable both ways."""
    return grade(x.data if isinstance(x, Table) else [x], len(x), descending)


def is_sorted(x: Value) -> bool:
    """Whether the items of a list, or the rows of a table, ascend (equal neighbours may)."""
    keys = row_ranks(x.data, len(x))[0] if isinstance(x, Table) else ordinals(x)
    return bool((keys[1:] >= keys[:-1]).all())


def sort_vector(x: Array) -> Array:
    """A simple vector in ascending order."""
    kind = x.dtype.kind
    if x.dtype.char == "I" or kind == "V":
        return x[grade_items(x)]
    if kind == "f":
        out = np.sort(x)
        nulls = int(np.count_nonzero(np.isnan(out)))  # numpy puts NaN last
        return np.roll(out, nulls) if nulls else out
    out = x.copy()
    keys = out.view(np.int64 if kind in "mM" else np.uint8) if kind in "mMS" else out
    keys.sort(kind="stable" if keys.itemsize <= 2 else None)
    return out


# ---------------------------------------------------------------- binary search

def bin_positions(x: Value, y: Value, left: bool = False) -> Value:
    """`x bin y`: last position whose item is not above y, -1 before the first.

    With `left`, `x binr y`: first position whose item is not below y.
    """
    if is_table(x):
        return _bin_table(unkey(x), y)
    x, y = resolve(x), resolve(y)
    if not is_list(x):
        raise type_error()
    above = depth(y) - depth(x) + 1
    if above <= 0:
        return int(_search(x, collapse([y]) if isinstance(x, np.ndarray) else List([y]), left)[0])
    if above == 1:
        return _search(x, y, left)
    return collapse([bin_positions(x, v, left) for v in items(y)])


def _search(x: Value, y: Value, left: bool) -> Array:
    side = "left" if left else "right"
    if isinstance(x, np.ndarray) and x.ndim == 1:
        if not isinstance(y, np.ndarray) or y.dtype != x.dtype:
            raise type_error()
        keys, wanted = _comparable(x, y)
        return np.searchsorted(keys, wanted, side) - (not left)  # type: ignore[call-overload]
    ranked = [order_key(v) for v in items(x)]
    bisect = bisect_left if left else bisect_right
    return np.array([bisect(ranked, order_key(v)) - (not left) for v in items(y)], np.int64)


def _comparable(x: Array, y: Array) -> tuple[Array, Array]:
    """Both vectors as numbers in one order; floats without nulls already are."""
    if x.dtype.kind == "f" and not np.isnan(x[:1]).any() and not np.isnan(y).any():
        return x, y
    if x.dtype.char == "I" or x.dtype.kind == "V":
        both = ordinals(joined(x, y))
        return both[:len(x)], both[len(x):]
    return ordinals(x), ordinals(y)


def _bin_table(x: Table, y: Value) -> Value:
    """Rows of x whose other columns equal those of y and whose last is not above y's."""
    wanted = records(x, y)
    n = len(x)
    cells = [joined(c, wanted.column(name)) for name, c in zip(x.columns, x.data)]
    of = Groups.by(cells[:-1], n + len(wanted)).of
    last, width = dense(ordinals(cells[-1]))
    keys = of * width + last
    order = stable_order(keys[:n])
    place = np.searchsorted(keys[:n][order], keys[n:], "right") - 1
    rows = order[np.maximum(place, 0)] if n else np.zeros(len(wanted), np.int64)
    same = (place >= 0) & (of[rows] == of[n:])
    found = np.where(same, rows, LONG_NULL)
    return int(found[0]) if len(found) == 1 and not is_table(y) else found

