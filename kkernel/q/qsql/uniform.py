"""Uniform functions of all groups at once: one result for each row, computed within its group.

As in `aggregates`, None says that the groups have to be looped over.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..lists.grouping import Groups, order_of, row_codes
from ..types import CODE_OF_DTYPE, LONG_NULL
from ..values import Array, Value, bare, is_vector, null_vector


def uniform(name: str, column: Value, groups: Groups) -> Array | None:
    """Keyword `name` along each group of a vector, in the order of the rows."""
    if not is_vector(column):
        return None
    if name == "sums":
        return _sums(bare(column), groups)
    found = _FUNCTIONS[name](bare(column).take(groups.order), groups)
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


def _whole(x: Array) -> bool:
    """Longs without nulls."""
    return x.dtype == np.int64 and bool(x.min() != LONG_NULL)


_FUNCTIONS: dict[str, Callable[[Array, Groups], Array | None]] = {
    "prev": _prev, "next": _next, "deltas": _deltas,
}
NAMES = frozenset([*_FUNCTIONS, "sums"])


# ---------------------------------------------------------------- running sums

BLOCK = 1 << 15  # rows that stay in cache while they are put in order and back

FEW = 1024  # groups that are worth visiting in every block


def _sums(x: Array, groups: Groups) -> Array | None:
    """Running sums, nulls counting as zero: block by block, with the totals so far."""
    if x.dtype == np.int64:
        x, add = (x if _whole(x) else np.where(x == LONG_NULL, 0, x)), _add_longs
    elif x.dtype == np.float64:
        x, add = (np.where(np.isnan(x), 0.0, x) if np.isnan(x.min()) else x), _add_floats
    else:
        return None
    total = np.zeros(groups.count, x.dtype)
    out = np.empty_like(x)
    size = max(BLOCK, groups.count) if add is _add_longs or groups.count < FEW else len(x)
    for i in range(0, len(x), size):
        of = groups.of[i:i + size]
        order = order_of(of, groups.count)
        run = x[i:i + size].take(order)
        sizes = np.bincount(of, minlength=groups.count)
        here = np.flatnonzero(sizes)
        starts = sizes.cumsum()[here] - sizes[here]
        add(run, starts, here, total)
        out[i:i + size][order] = run
    return out


def _add_longs(x: Array, starts: Array, of: Array, total: Array) -> None:
    """x as running sums of each group, from its total so far; one sum, that starts anew where
    a group starts because the sum of the one before is taken away."""
    sums = np.add.reduceat(x, starts) + total[of]
    x[starts] += total[of]
    x[starts[1:]] -= sums[:-1]
    np.add.accumulate(x, out=x)
    total[of] = sums


def _add_floats(x: Array, starts: Array, of: Array, total: Array) -> None:
    """As `_add_longs`, group by group: sums of floats depend on the order."""
    x[starts] += total[of]
    ends = np.append(starts[1:], len(x))
    for a, b in zip(starts.tolist(), ends.tolist()):
        np.add.accumulate(x[a:b], out=x[a:b])
    total[of] = x[ends - 1]
