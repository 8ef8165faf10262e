"""Finding items: `x?y` and what stands on it: in, except, inter, distinct, group, look-up.

Comparisons are exact: no tolerance, and the types must agree ('type) where x is a vector.
What counts as one item of x is told by its first item: x of depth n is searched for things of
depth n-1.
"""

from __future__ import annotations

import numpy as np

from .enums import resolve
from .errors import type_error
from .grouping import Groups, dense, find_ranks, ordinals
from .tables import find_rows, records
from .values import (
    Array,
    Dict,
    List,
    Table,
    Value,
    collapse,
    count,
    hashable,
    hashables,
    is_list,
    items,
)


def depth(x: Value) -> int:
    """How deep a list is, by its first items: 0 for an atom, 1 for a vector."""
    levels = 0
    while is_list(x) or isinstance(x, Table):
        levels += 1
        if isinstance(x, np.ndarray):
            return levels + x.ndim - 1
        if not isinstance(x, List) or not x:
            return levels
        x = x[0]
    return levels


def find(x: Value, y: Value) -> Value:
    """`x?y` for a list or table x: first positions, `count x` where absent."""
    if isinstance(x, Table):
        return _find_in_table(x, y)
    x, y = resolve(x), resolve(y)
    if isinstance(x, np.ndarray) and x.ndim == 1:
        return _find_in_vector(x, y)
    above = depth(y) - depth(x) + 1  # levels of y above the things looked for
    if above < 0:
        return count(x)
    if above == 0:
        return int(first_positions(x, List([y]))[0])
    if above == 1:
        return first_positions(x, y)
    return collapse([find(x, v) for v in items(y)])


def _find_in_vector(x: Array, y: Value) -> Value:
    if isinstance(y, np.ndarray):
        if y.ndim == 1:
            return first_positions(x, y)
        return first_positions(x, y.reshape(-1)).reshape(y.shape)
    if isinstance(y, List):
        if not is_list(y[0]) if y else False:
            raise type_error()
        return collapse([find(x, v) for v in y])
    if isinstance(y, Dict):
        return Dict(y.keys, find(x, y.values))
    return position(x, y)


def position(x: Array, y: Value) -> int:
    """First position of an atom in a vector of its type."""
    wanted = collapse([y])
    if not isinstance(wanted, np.ndarray) or wanted.dtype != x.dtype:
        raise type_error()
    if wanted.dtype.kind == "f" and y != y:
        hits = np.isnan(x)
    elif wanted.dtype.kind in "mM":
        hits = x.view(np.int64) == wanted.view(np.int64)
    else:
        hits = x == wanted
    k = int(hits.argmax()) if len(x) else 0
    return k if len(x) and hits[k] else len(x)


def _find_in_table(x: Table, y: Value) -> Value:
    wanted = records(x, y)
    found = find_rows(x, wanted)
    return found if isinstance(y, Table) else int(found[0])


# ---------------------------------------------------------------- positions of items

def first_positions(x: Value, y: Value) -> Array:
    """First position in x of each item of y; both lists hold things of one depth."""
    x, y = resolve(x), resolve(y)
    if isinstance(x, Table):
        return find_rows(x, y)
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray) and x.ndim == y.ndim == 1:
        if x.dtype == y.dtype:
            return _vector_positions(identity(x), identity(y))
        if len(y):
            raise type_error()
        return np.empty(0, np.int64)
    where: dict[object, int] = {}
    for i, key in enumerate(map(hashable, items(x))):
        where.setdefault(key, i)
    n = len(x)
    return np.array([where.get(hashable(v), n) for v in items(y)], np.int64)


def identity(x: Array) -> Array:
    """Integers that are equal exactly when q finds the items of a vector equal."""
    return x.view(np.ndarray) if x.dtype.char == "I" else ordinals(x)


def _vector_positions(x: Array, y: Array) -> Array:
    n = len(x)
    if not n or not len(y):
        return np.full(len(y), n, np.int64)
    low, high = int(x.min()), int(x.max())
    width = high - low + 1
    if width > max(4 * (n + len(y)), 1 << 12):
        rank, distinct = dense(np.concatenate([x, y]))
        return find_ranks(rank[:n], rank[n:], distinct)
    first = np.full(width + 1, n, np.int64)
    first[_offsets(x, low)[::-1]] = np.arange(n - 1, -1, -1)
    where = _offsets(y, low).view(np.uint64)
    return first[np.minimum(where, np.uint64(width)).view(np.int64)]


def _offsets(x: Array, low: int) -> Array:
    """x - low as int64; wraps where the difference does not fit, which is out of range too."""
    return x.astype(np.int64) - np.int64(low)


# ---------------------------------------------------------------- classes of equal items

def distinct_positions(x: Value) -> Array:
    """Position of the first of each set of equal items, ascending."""
    x = resolve(x)
    if isinstance(x, np.ndarray) and x.ndim == 1:
        return _first_of_each(identity(x))
    if isinstance(x, Table):
        return np.sort(Groups.by(x.data, len(x)).firsts)
    where: dict[object, int] = {}
    for i, key in enumerate(hashables(x)):
        where.setdefault(key, i)
    return np.array(list(where.values()), np.int64)


def _first_of_each(keys: Array) -> Array:
    n = len(keys)
    if not n:
        return np.empty(0, np.int64)
    rank, distinct = dense(keys)
    first = np.empty(distinct, np.int64)
    first[rank[::-1]] = np.arange(n - 1, -1, -1)
    first.sort()
    return first


def groups(x: Value) -> Groups:
    """Classes of equal items of a list or rows of a table, in first-seen order."""
    x = resolve(x)
    if isinstance(x, Table):
        return Groups.by(x.data, len(x)).in_first_seen_order()
    if isinstance(x, np.ndarray) and x.ndim == 1:
        return Groups(*dense(identity(x))).in_first_seen_order()
    number: dict[object, int] = {}
    of = [number.setdefault(key, len(number)) for key in hashables(x)]
    return Groups(np.array(of, np.int64), len(number))


def contains(x: Value, y: Value) -> Value:
    """`x in y`: whether x, or each thing in x of the right depth, is an item of y."""
    found = find(y, x)
    n = count(y)
    return _less(found, n)


def _less(found: Value, n: int) -> Value:
    if isinstance(found, (int, np.integer)):
        return bool(found < n)
    if isinstance(found, np.ndarray):
        return found < n
    if isinstance(found, Dict):
        return Dict(found.keys, _less(found.values, n))
    return collapse([_less(v, n) for v in found])

