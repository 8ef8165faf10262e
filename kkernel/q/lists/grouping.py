"""Equal values and their order, at numpy speed: what group, by, sort and the joins stand on.

Every column maps to integers that compare as q compares its items (`ordinals`); rows of several
columns map to dense ranks (`row_ranks`), and `Groups` holds the rows of each rank.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import prod

import numpy as np

from ..atoms.extremes import greatest, least
from ..errors import type_error
from ..symbols import TABLE
from ..values import (
    Array,
    Dict,
    Enum,
    List,
    Table,
    Value,
    bare,
    char_code,
    collapse,
    hashable,
    items,
    qtype,
)
from .enums import resolve

# ---------------------------------------------------------------- integers in q's order

def ordinals(column: Value) -> Array:
    """Integers that are equal and ordered as the items of a list are, nulls first."""
    if isinstance(column, Enum):
        return ordinals(resolve(column))
    if isinstance(column, Table):
        return row_ranks(column.data, len(column))[0]
    if isinstance(column, np.ndarray):
        if column.ndim > 1:
            flat = column.reshape(len(column), prod(column.shape[1:]))
            return row_ranks([flat[:, k] for k in range(flat.shape[1])], len(column))[0]
        return _vector_ordinals(bare(column))
    if isinstance(column, List):
        return _list_ordinals(column)
    raise type_error()


def _vector_ordinals(x: Array) -> Array:
    kind = x.dtype.kind
    if kind == "f":
        return _float_ordinals(x)
    if x.dtype.char == "I":
        return _symbol_ordinals(x)
    if kind in "Mm":
        return x.view(np.int64)
    if kind == "S":
        return x.view(np.uint8)
    if kind == "V":
        return _guid_ordinals(x)
    return x


def _float_ordinals(x: Array) -> Array:
    """The bits of a float, read as an integer, ascend with it once negatives are mirrored."""
    size = np.dtype(f"i{x.dtype.itemsize}")
    bits = (x + 0.0).view(size)  # adding 0.0 makes -0.0 positive
    lowest = np.iinfo(size).min
    out = np.where(bits < 0, lowest - bits, bits)
    out[np.isnan(x)] = lowest
    return out


def _symbol_ordinals(x: Array) -> Array:
    """Ranks by name, through a table from symbol code to rank."""
    if not len(x):
        return x.astype(np.int64)
    seen = np.zeros(int(x.max()) + 1, bool)
    seen[x] = True
    codes = np.flatnonzero(seen)
    x = x.astype(np.int64)
    by_name = sorted(codes.tolist(), key=lambda c: TABLE[c].encode("utf-8", "surrogateescape"))
    rank = np.zeros(len(seen), np.int64)
    rank[by_name] = np.arange(len(by_name))
    found: Array = rank[x]
    return found


def _guid_ordinals(x: Array) -> Array:
    halves = np.frombuffer(x.tobytes(), ">u8").reshape(-1, 2).astype(np.uint64)
    return row_ranks([halves[:, 0], halves[:, 1]], len(x))[0]


def _list_ordinals(x: List) -> Array:
    """Ranks of the items of a general list, by type first and then by value."""
    if all(isinstance(v, np.ndarray) and v.dtype.kind == "S" and v.ndim == 1 for v in x):
        return _ranked([v.tobytes() for v in x])
    keys = [hashable(v) for v in x]
    first: dict[object, Value] = {}
    for key, v in zip(keys, x):
        first.setdefault(key, v)
    ranked = sorted(first, key=lambda k: order_key(first[k]))
    rank = {key: i for i, key in enumerate(ranked)}
    return np.array([rank[k] for k in keys], np.int64)


def _ranked(texts: list[bytes]) -> Array:
    rank = {t: i for i, t in enumerate(sorted(set(texts)))}
    return np.array([rank[t] for t in texts], np.int64)


def order_key(x: Value) -> tuple[object, ...]:
    """A Python sort key that orders any two values as q does: atoms by type, then by value."""
    code = qtype(x)
    if code < 0:
        return (-code, _atom_key(x, code))
    if isinstance(x, np.ndarray) and x.ndim == 1 and x.dtype.kind == "S":
        return (0, tuple((10, c) for c in x.tobytes()))
    if isinstance(x, (np.ndarray, List, Enum)):
        return (0, tuple(order_key(v) for v in items(x)))
    if isinstance(x, Dict):
        return (99, tuple(order_key(v) for v in items(x)))
    return (code, 0)


def _atom_key(x: Value, code: int) -> object:
    if code == -10:
        return char_code(x)
    if code in (-11, -2):
        return bytes(x) if code == -2 else x.encode("utf-8", "surrogateescape")
    if code <= -20:
        return _atom_key(resolve(x), qtype(resolve(x)))
    return int(_vector_ordinals(collapse([x]))[0])


# ---------------------------------------------------------------- dense ranks

_SMALL = 1 << 16


def dense(x: Array) -> tuple[Array, int]:
    """Integers replaced by their rank among the distinct ones; also how many those are."""
    groups = ranked(x)
    return groups.of, groups.count


def ranked(x: Array) -> Groups:
    """The groups of equal integers."""
    n = len(x)
    if not n:
        return Groups(np.empty(0, np.int64), 0)
    low, high = int(least(x)), int(greatest(x))
    if high - low < max(4 * n, 256):
        return _ranked_by_table(x, low, high - low + 1)
    order = stable_order(x)
    ordered = x[order]
    change = np.empty(n, bool)
    change[0] = False
    np.not_equal(ordered[1:], ordered[:-1], out=change[1:])
    rank = change.cumsum()
    out = np.empty(n, np.int64)
    out[order] = rank
    return Groups(out, int(rank[-1]) + 1)


def _ranked_by_table(x: Array, low: int, width: int) -> Groups:
    where = above(low, x)
    sizes = np.bincount(where, minlength=width) if width <= len(x) else None
    if sizes is None:
        seen = np.zeros(width, bool)
        seen[where] = True
    else:
        seen = sizes > 0
    distinct = int(np.count_nonzero(seen))
    if distinct == width:
        return Groups(where, width, sizes)
    return Groups((seen.cumsum() - 1)[where], distinct, None if sizes is None else sizes[seen])


def above(low: int, x: Array) -> Array:
    """x-low as longs, without a copy where that is x itself."""
    if not low:
        return x.astype(np.int64, copy=False)
    return np.subtract(x, x.dtype.type(low), dtype=np.int64, casting="unsafe")


def row_ranks(columns: Sequence[Value], n: int) -> tuple[Array, int]:
    """Rank of each of n rows among the distinct rows, the first column most significant."""
    if not columns:
        return np.zeros(n, np.int64), min(n, 1)
    rank, distinct = dense(ordinals(columns[0]))
    for column in columns[1:]:
        more, width = dense(ordinals(column))
        rank, distinct = dense(rank * width + more)
    return rank, distinct


def row_codes(columns: Sequence[Value], n: int) -> tuple[Array, int]:
    """As `row_ranks` where the order does not matter: cheaper, and codes may be left out."""
    if not columns:
        return np.zeros(n, np.int64), min(n, 1)
    code, bound = _codes(columns[0])
    for column in columns[1:]:
        more, width = _codes(column)
        code, bound = code * width + more, bound * width
        if bound > _SMALL:
            code, bound = dense(code)
    return code, bound


def _codes(column: Value) -> tuple[Array, int]:
    """Integers below a bound that are equal exactly for equal items."""
    plain = isinstance(column, np.ndarray) and column.ndim == 1 and column.dtype.char == "I"
    x = bare(column) if plain else ordinals(column)
    if not len(x):
        return x.astype(np.int64), 0
    low, high = int(least(x)), int(greatest(x))
    if high - low >= _SMALL:
        return dense(x)
    return above(low, x), high - low + 1


def order_of(rank: Array, distinct: int) -> Array:
    """Positions that sort dense ranks, equal ones in their old order."""
    return _order(rank, max(distinct, 1))


def stable_order(keys: Array) -> Array:
    """Positions that sort integers of any range, equal ones in their old order."""
    if len(keys) < 2048 or keys.dtype.itemsize <= 2:
        return keys.argsort(kind="stable")
    low, high = int(least(keys)), int(greatest(keys))
    if high - low >= 1 << 62:
        return keys.argsort(kind="stable")
    return _order(keys.astype(np.int64, copy=False) - low, high - low + 1)


def _order(x: Array, width: int) -> Array:
    """Positions that sort integers of 0 .. width-1.

    Small ones by radix; larger ones packed with their position into one integer, since sorting
    integers is several times faster than sorting positions.
    """
    if width <= _SMALL:
        return x.astype(np.uint8 if width <= 256 else np.uint16).argsort(kind="stable")
    bits = len(x).bit_length()
    if width.bit_length() + bits > 63:
        return x.argsort(kind="stable")
    packed = (x << bits) | np.arange(len(x))
    packed.sort()
    packed &= (1 << bits) - 1
    return packed


def grade(columns: Sequence[Value], n: int, descending: bool = False) -> Array:
    """Positions that sort n rows by these columns; stable both ways."""
    if len(columns) == 1:
        keys = ordinals(columns[0])
        return stable_order(~keys if descending else keys)
    rank, distinct = row_ranks(columns, n)
    return order_of(distinct - 1 - rank if descending else rank, distinct)


class Groups:
    """Rows with equal keys.  `of[row]` is the group of a row; groups ascend by key."""

    def __init__(self, of: Array, count: int, sizes: Array | None = None) -> None:
        self.of = of
        self.count = count
        if sizes is not None:
            self.sizes = sizes

    @classmethod
    def by(cls, columns: Sequence[Value], n: int) -> Groups:
        """The groups of n rows by the values of these columns."""
        return ranked(ordinals(columns[0])) if len(columns) == 1 else cls(*row_ranks(columns, n))

    @cached_property
    def order(self) -> Array:
        """Rows group by group, in row order within a group."""
        return order_of(self.of, self.count)

    @cached_property
    def sizes(self) -> Array:
        return np.bincount(self.of, minlength=self.count)

    @cached_property
    def starts(self) -> Array:
        """Where each group begins in `order`."""
        return self.sizes.cumsum() - self.sizes

    @cached_property
    def firsts(self) -> Array:
        """First row of each group."""
        return _first_rows(self.of, self.count)

    def some_rows(self) -> Array:
        """One row of each group that has rows (numbers may be left out)."""
        out = np.full(self.count, -1, np.int64)
        out[self.of] = np.arange(len(self.of))
        return out[out >= 0]

    @cached_property
    def lasts(self) -> Array:
        """Last row of each group."""
        last: Array = len(self.of) - 1 - _first_rows(self.of[::-1], self.count)
        return last

    def rows(self) -> list[Array]:
        """The rows of each group."""
        order, ends = self.order, (self.starts + self.sizes).tolist()
        return [order[a:b] for a, b in zip(self.starts.tolist(), ends)]

    def in_first_seen_order(self) -> Groups:
        """The same groups, numbered as they first appear."""
        rank = np.empty(self.count, np.int64)
        rank[self.firsts.argsort()] = np.arange(self.count)
        return Groups(rank[self.of], self.count)


def _first_rows(of: Array, count: int) -> Array:
    """First row of each group: near the front for most, and only the others are looked for."""
    out = np.empty(count, np.int64)
    near = of[:max(2 * count, min(16 * count, _SMALL))]
    out[near[::-1]] = np.arange(len(near) - 1, -1, -1)
    missing = np.ones(count, np.bool_)
    missing[near] = False
    if missing.any():
        rows = np.flatnonzero(missing.take(of))
        out[of[rows][::-1]] = rows[::-1]
    return out


# ---------------------------------------------------------------- look-up

def joined(x: Value, y: Value) -> Value:
    """The items of two lists in one, for comparing them: types are widened when they differ."""
    x, y = resolve(x), resolve(y)
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray) and x.ndim == y.ndim == 1:
        plain = x.dtype.kind in "iuf?" and y.dtype.kind in "iuf?" \
            and "I" not in (x.dtype.char, y.dtype.char)
        if x.dtype == y.dtype or plain:
            return np.concatenate([x.view(np.ndarray), y.view(np.ndarray)])
    if isinstance(x, Table) and isinstance(y, Table):
        return Table(x.columns, [joined(a, y.column(c)) for c, a in zip(x.columns, x.data)])
    return List([*items(x), *items(y)])


def paired_ranks(x: Sequence[Value], n: int, y: Sequence[Value], m: int
                 ) -> tuple[Array, Array, int]:
    """Codes of the n rows of columns x and the m rows of columns y, equal for equal rows."""
    rank, distinct = row_codes([joined(a, b) for a, b in zip(x, y)], n + m)
    return rank[:n], rank[n:], distinct


def find_ranks(keys: Array, wanted: Array, distinct: int) -> Array:
    """First position of each wanted rank among keys, `len(keys)` where absent."""
    first = np.full(distinct, len(keys), np.int64)
    first[keys[::-1]] = np.arange(len(keys) - 1, -1, -1)
    return first[wanted]


def find(keys: Value, wanted: Value) -> Array:
    """First positions of the items of one list in another, `count keys` where absent."""
    n, m = len(keys), len(wanted)
    a, b, distinct = paired_ranks([keys], n, [wanted], m)
    return find_ranks(a, b, distinct)
