"""Finding items: `x?y` and what stands on it: in, except, inter, distinct, group, look-up.

Comparisons are exact: no tolerance, and the types must agree ('type) where x is a vector, but
for the widths of integers.
What counts as one item of x is told by its first item: x of depth n is searched for things of
depth n-1.
"""

from __future__ import annotations

import numpy as np

from ..atoms.extremes import greatest, least
from ..atoms.promote import to_long
from ..errors import type_error
from ..symbols import Symbol
from ..tables.records import records
from ..tables.rows import find_rows
from ..types import CODE_OF_DTYPE, DTYPE
from ..values import (
    Array,
    Dict,
    List,
    Table,
    Value,
    bare,
    collapse,
    count,
    hashable,
    hashables,
    is_list,
    items,
    qtype,
)
from .enums import resolve
from .grouping import Groups, above, ordinals, ranked, stable_order

_INTEGERS = (np.dtype("i2"), np.dtype("i4"), np.dtype("i8"))  # these are found in each other
_PLAIN = {int: DTYPE[7], bool: DTYPE[1], Symbol: DTYPE[11]}  # equal when their bits are
_FEW = 64  # up to so many items a Python dictionary is the fastest


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
    if isinstance(x, List) and not x:
        return np.zeros(len(y), np.int64) if is_list(y) else 0
    above = depth(y) - depth(x) + 1  # levels of y above the things looked for
    if above < 0:
        return count(x)
    if above == 0:
        return _row_position(x, y)
    if above == 1:
        return first_positions(x, y)
    return collapse([find(x, v) for v in items(y)])


def _row_position(x: Value, y: Value) -> int:
    """First item of a list of lists equal to y as a whole."""
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray) and x.dtype == y.dtype \
            and x.dtype.kind in "bi" and x.shape[1:] == y.shape:
        hits = (x == y).reshape(len(x), -1).all(axis=1)
        k = int(hits.argmax())
        return k if hits[k] else len(x)
    return int(first_positions(x, List([y]))[0])


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
    if qtype(y) != -CODE_OF_DTYPE[x.dtype]:
        if x.dtype in _INTEGERS and -qtype(y) in (5, 6, 7):
            return int(first_positions(x, np.atleast_1d(np.asarray(y)))[0])
        raise type_error()
    hits = _equal(x, y)
    k = int(hits.argmax()) if len(x) else 0
    return k if len(x) and hits[k] else len(x)


def _equal(x: Array, y: Value) -> Array:
    kind = x.dtype.kind
    if kind == "f" and y != y:
        return np.isnan(x)
    if kind in "mM":
        return x.view(np.int64) == y.view(np.int64)
    return x == (y.code if isinstance(y, Symbol) else y)


def _find_in_table(x: Table, y: Value) -> Value:
    wanted = records(x, y)
    found = find_rows(x, wanted)
    return int(found[0]) if len(found) == 1 and not isinstance(y, Table) else found


# ---------------------------------------------------------------- positions of items

def first_positions(x: Value, y: Value) -> Array:
    """First position in x of each item of y; both lists hold things of one depth."""
    x, y = resolve(x), resolve(y)
    if isinstance(x, Table):
        if not isinstance(y, Table):
            raise type_error()
        return find_rows(x, y)
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray) and x.ndim == y.ndim == 1:
        if x.dtype == y.dtype:
            return _vector_positions(*_identities(x, y))
        if x.dtype in _INTEGERS and y.dtype in _INTEGERS:
            return _vector_positions(_long(x), _long(y))
        if len(y):
            raise type_error()
        return np.empty(0, np.int64)
    where: dict[object, int] = {}
    for i, key in enumerate(map(hashable, items(x))):
        where.setdefault(key, i)
    n = len(x)
    return np.array([where.get(hashable(v), n) for v in items(y)], np.int64)


def _long(x: Array) -> Array:
    return to_long(bare(x), CODE_OF_DTYPE[x.dtype])


def identity(x: Array) -> Array:
    """Integers that are equal exactly when q finds the items of a vector equal."""
    return bare(x) if x.dtype.char == "I" else ordinals(x)


def _identities(x: Array, y: Array) -> tuple[Array, Array]:
    """The identities of two vectors of one type; those of guids are ranks among all of them."""
    if x.dtype.kind != "V":
        return identity(x), identity(y)
    both = identity(np.concatenate([bare(x), bare(y)]))
    return both[:len(x)], both[len(x):]


def _vector_positions(x: Array, y: Array) -> Array:
    n = len(x)
    if n <= _FEW and len(y) <= _FEW:
        return _few_positions(x.tolist(), y.tolist())
    if not n or not len(y):
        return np.full(len(y), n, np.int64)
    low, width = _span(x)
    if width > _most(n + len(y)):
        return _by_bisection(x, y)
    first = np.full(width + 1, n, np.int64)
    first[_offsets(x, low)[::-1]] = np.arange(n - 1, -1, -1)
    where = _offsets(y, low).view(np.uint64)
    return first[np.minimum(where, np.uint64(width)).view(np.int64)]


def _members(x: Array, y: Array) -> Array:
    """Whether each of the integers y is among x; both are long."""
    low, width = _span(x)
    if width > _most(len(x) + len(y)):
        return _by_bisection(x, y) < len(x)
    seen = np.zeros(width + 1, np.bool_)
    seen[above(low, x)] = True
    return seen[np.minimum(_offsets(y, low).view(np.uint64), np.uint64(width)).view(np.int64)]


def _span(x: Array) -> tuple[int, int]:
    """The least of some integers, and how many there are from it to the greatest."""
    low = int(least(x))
    return low, int(greatest(x)) - low + 1


def _most(n: int) -> int:
    """How wide a table of integers may be that serves n look-ups."""
    return max(4 * n, 1 << 12)


def _few_positions(x: list[int], y: list[int]) -> Array:
    where: dict[int, int] = {}
    for i, key in enumerate(x):
        where.setdefault(key, i)
    n = len(x)
    return np.array([where.get(key, n) for key in y], np.int64)


_LONG = 1 << 15


def _by_bisection(x: Array, y: Array) -> Array:
    """Binary search in sorted x; many searches in long x go in order, for the cache's sake."""
    n = len(x)
    order = stable_order(x)
    ordered = x[order]
    if n > _LONG and len(y) > _LONG:
        turn = y.argsort()
        out = np.empty(len(y), np.int64)
        out[turn] = _places(ordered, order, y[turn])
        return out
    return _places(ordered, order, y)


def _places(ordered: Array, order: Array, y: Array) -> Array:
    at = np.minimum(np.searchsorted(ordered, y), len(ordered) - 1)
    return np.where(ordered[at] == y, order[at], len(ordered))


def _offsets(x: Array, low: int) -> Array:
    """x - low as int64; wraps where the difference does not fit, which is out of range too."""
    return x.astype(np.int64) - np.int64(low)


# ---------------------------------------------------------------- classes of equal items

def distinct_positions(x: Value) -> Array:
    """Position of the first of each set of equal items, ascending."""
    x = resolve(x)
    if isinstance(x, Table):
        return np.sort(Groups.by(x.data, len(x)).firsts)
    if isinstance(x, np.ndarray) and x.ndim == 1 and len(x) > _FEW:
        return _first_of_each(identity(x))
    where: dict[object, int] = {}
    for i, key in enumerate(hashables(x)):
        where.setdefault(key, i)
    return np.array(list(where.values()), np.int64)


def _first_of_each(keys: Array) -> Array:
    n = len(keys)
    low, width = _span(keys)
    if width > _most(n):
        order = stable_order(keys)
        ordered = keys[order]
        firsts = order[np.append(True, ordered[1:] != ordered[:-1])]
    else:
        first = np.full(width, n, np.int64)
        first[_offsets(keys, low)[::-1]] = np.arange(n - 1, -1, -1)
        firsts = first[first < n]
    firsts.sort()
    return firsts


def grouped(x: Value) -> tuple[Array, list[Array]]:
    """Equal items in first-seen order: the first position and all positions of each."""
    x = resolve(x)
    if not isinstance(x, Table) and not (isinstance(x, np.ndarray) and len(x) > _FEW):
        where: dict[object, list[int]] = {}
        for i, key in enumerate(hashables(x)):
            where.setdefault(key, []).append(i)
        return (np.array([r[0] for r in where.values()], np.int64),
                [np.array(r) for r in where.values()])
    classes = classes_of(x)
    firsts, order = classes.firsts, classes.order
    seen = firsts.argsort()
    starts = classes.starts[seen]
    ends = starts + classes.sizes[seen]
    return firsts[seen], [order[a:b] for a, b in zip(starts.tolist(), ends.tolist())]


def classes_of(x: Value) -> Groups:
    """The groups of equal items of a vector or equal rows of a table."""
    if isinstance(x, Table):
        return Groups.by(x.data, len(x))
    return ranked(identity(x) if x.ndim == 1 else ordinals(x))


def counted(x: Array) -> tuple[Array, Array]:
    """Equal items of a vector in first-seen order: the first position and the count of each."""
    keys = identity(x)
    low, high = int(least(keys)), int(greatest(keys))
    if low > 0 and high < len(x):  # codes from 0 on spare a copy
        low = 0
    few = high - low < len(x)
    classes = Groups(above(low, keys), high - low + 1) if few else ranked(keys)
    firsts = np.sort(classes.firsts[classes.sizes > 0])
    return firsts, classes.sizes[classes.of[firsts]]


def changes(x: Value) -> int:
    """How many items differ from the one before."""
    keys = identity(resolve(x))
    return int(np.count_nonzero(keys[1:] != keys[:-1]))


def contains(x: Value, y: Value) -> Value:
    """`x in y`: whether x, or each thing in x of the right depth, is an item of y."""
    if type(x) is np.ndarray and type(y) is np.ndarray and x.dtype == y.dtype \
            and x.ndim == y.ndim == 1 and min(len(x), len(y)) > _FEW:
        return _members(identity(y), identity(x))
    if type(x) in _PLAIN and type(y) is np.ndarray and y.ndim == 1 \
            and y.dtype is _PLAIN[type(x)]:
        wanted = x.code if type(x) is Symbol else x
        return wanted in y.tolist() if len(y) <= _FEW else bool((y == wanted).any())
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

