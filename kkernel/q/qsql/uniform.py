"""Uniform functions of all groups at once: one result for each row, computed within its group.

As in `aggregates`, None says that the groups have to be looped over.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..lists.grouping import Groups, row_codes
from ..types import CODE_OF_DTYPE, LONG_NULL
from ..values import Array, Value, is_vector, null_vector


def uniform(name: str, column: Value, groups: Groups) -> Array | None:
    """Keyword `name` along each group of a vector, in the order of the rows."""
    if not is_vector(column):
        return None
    found = _FUNCTIONS[name](column.view(np.ndarray)[groups.order], groups)
    if found is None:
        return None
    out = np.empty_like(found)
    out[groups.order] = found
    return out


def count_distinct(column: Value, groups: Groups) -> Array:
    """How many different items each group has."""
    code, bound = row_codes([groups.of, column], len(groups.of))
    return np.bincount(groups.of[Groups(code, bound).some_rows()], minlength=groups.count)


def _prev(x: Array, groups: Groups) -> Array:
    out = np.concatenate([null_vector(CODE_OF_DTYPE[x.dtype], 1), x[:-1]])
    out[groups.starts] = null_vector(CODE_OF_DTYPE[x.dtype], 1)[0]
    return out


def _next(x: Array, groups: Groups) -> Array:
    out = np.concatenate([x[1:], null_vector(CODE_OF_DTYPE[x.dtype], 1)])
    out[groups.starts + groups.sizes - 1] = null_vector(CODE_OF_DTYPE[x.dtype], 1)[0]
    return out


def _deltas(x: Array, groups: Groups) -> Array | None:
    if x.dtype != np.float64 and not _whole(x):
        return None
    out = x.copy()
    out[1:] -= x[:-1]
    out[groups.starts] = x[groups.starts]
    return out


def _sums(x: Array, groups: Groups) -> Array | None:
    """Running sums of longs: exact after taking away what stood before the group."""
    if not _whole(x):
        return None
    total = x.cumsum()
    before = total[groups.starts] - x[groups.starts]
    out: Array = total - np.repeat(before, groups.sizes)
    return out


def _whole(x: Array) -> bool:
    """Longs without nulls."""
    return x.dtype == np.int64 and not (x == LONG_NULL).any()


_FUNCTIONS: dict[str, Callable[[Array, Groups], Array | None]] = {
    "prev": _prev, "next": _next, "deltas": _deltas, "sums": _sums,
}
NAMES = frozenset(_FUNCTIONS)
