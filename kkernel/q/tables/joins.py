"""Where the rows of one table belong among those of another: by equal keys, or as of a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from ..atoms.extremes import ascends, greatest, least
from ..atoms.units import convert
from ..errors import type_error
from ..lists.enums import resolve
from ..lists.grouping import dense, joined, order_of, ordinals, row_codes, stable_order
from ..values import Array, Table, Value, bare, is_vector, qtype
from .rows import find_rows

ABSENT = -1


def key_matches(keys: Table, t: Table) -> Array:
    """First row of `keys` that each row of t matches on its columns, -1 where none does."""
    found = find_rows(keys, t)
    return np.where(found == len(keys), ABSENT, found)


def pairs(columns: Sequence[str], left: Table, right: Table) -> tuple[Array, Array]:
    """All pairs of rows that agree on columns: ordered by left row, then by right row."""
    n, m = len(left), len(right)
    rank, distinct = row_codes([joined(left.column(c), right.column(c)) for c in columns], n + m)
    of_left, of_right = rank[:n], rank[n:]
    sizes = np.bincount(of_right, minlength=distinct)
    starts = sizes.cumsum() - sizes
    each = sizes[of_left]
    lefts = np.repeat(np.arange(n), each)
    within = np.arange(len(lefts)) - np.repeat(each.cumsum() - each, each)
    order = order_of(of_right, distinct) if m else np.empty(0, np.int64)
    return lefts, order[np.repeat(starts[of_left], each) + within]


def as_of(columns: Sequence[str], left: Table, right: Table) -> Array:
    """For each left row the last right row that agrees on columns, the last of them at or before.

    -1 where there is none.  Of equal times the last row counts.
    """
    equal = Equals(columns[:-1], left, right)
    times, other = left.column(columns[-1]), right.column(columns[-1])
    mine, theirs = integers_like(times, other), integers_like(other, other)
    few = equal.groups <= STEP_GROUPS and equal.groups * len(theirs) < STEP_CELLS
    if few and ascends(mine) and ascends(theirs):
        return last_in_step(equal, mine, theirs)
    return Timeline(equal, other).as_of(times)


class Equals:
    """Groups of rows of two tables that are equal on some columns."""

    def __init__(self, columns: Sequence[str], left: Table, right: Table) -> None:
        n, m = len(left), len(right)
        pairs = [(left.column(c), right.column(c)) for c in columns]
        alike = paired_codes(*pairs[0]) if len(pairs) == 1 else None
        if alike is None:
            both = [joined(x, y) for x, y in pairs]
            code, groups = row_codes(both, n + m) if both else (np.zeros(n + m, np.int64), 1)
            alike = code[:n], code[n:], groups
        self.left, self.right, groups = alike
        self.groups = max(groups, 1)


def paired_codes(x: Value, y: Value) -> tuple[Array, Array, int] | None:
    """Integers below a bound that are equal for equal items, of two vectors of symbols or
    integers of one type that lie close together; None for others.
    """
    if not (is_vector(x) and is_vector(y) and x.dtype == y.dtype and x.dtype.kind in "iu"):
        return None
    if not (len(x) and len(y)):
        return None
    x, y = bare(x), bare(y)
    low = min(int(least(x)), int(least(y)))
    width = max(int(greatest(x)), int(greatest(y))) - low + 1
    if width > 1 << 16:
        return None
    small = np.uint8 if width <= 256 else np.uint16
    return _above(x, low, small), _above(y, low, small), width


def _above(x: Array, low: int, dtype: DTypeLike) -> Array:
    above: Array = np.subtract(x, x.dtype.type(low), dtype=dtype, casting="unsafe")
    return above


STEP_CELLS = 40_000_000  # right rows times groups up to which walking in step is faster
BLOCK_CELLS = 1 << 18  # of which as many are laid out at once as a cache holds
STEP_GROUPS = 1 << 10  # so that many right rows fit in a block


def last_in_step(equal: Equals, mine: Array, theirs: Array) -> Array:
    """For each left row the last right row of its group at or before its time, -1 without one.

    Times ascend in both tables, so they are walked together: a table of the last row of every
    group after each right row, a block at a time.
    """
    m, groups = len(theirs), equal.groups
    edges = np.append(np.searchsorted(mine, theirs, "left"), len(mine))  # left rows before each
    out = np.empty(len(mine), np.int64)
    out[:edges[0]] = ABSENT
    size = max(BLOCK_CELLS // groups, 1)
    width = size + 1
    rows, cells = _running_last(equal.right, groups, size)
    passed, gaps = np.arange(1, width), edges[1:] - edges[:-1]
    for block, start in enumerate(range(0, m, size)):
        stop = min(start + size, m)
        runs = slice(start + block * groups, stop + (block + 1) * groups)
        left = slice(edges[start], edges[stop])
        cell = passed[:stop - start].repeat(gaps[start:stop])  # how many right rows have passed
        cell += np.multiply(equal.left[left], width, dtype=np.int64)
        out[left] = rows[runs].repeat(cells[runs]).take(cell)
    return out


def _running_last(codes: Array, groups: int, size: int) -> tuple[Array, Array]:
    """The last row of each group after 0, 1 .. `size` rows of each block of so many: as runs of
    equal rows, block by block and group by group, and how long the runs are.
    """
    m, width = len(codes), size + 1
    row = np.arange(m, dtype=np.int32)
    block, within = np.divmod(row, np.int32(size))
    heads = np.arange((int(block[-1]) + 1) * groups if m else 0)
    place = block.astype(np.int64) * groups + codes
    last = np.full(len(heads) + groups, ABSENT, np.int32)
    last[place + groups] = row
    before = np.maximum.accumulate(last.reshape(-1, groups))[:-1].ravel()
    order = order_of(np.concatenate([heads, place]), len(heads))
    begins = np.concatenate([heads * width, place * width + within + 1])[order]
    return (np.concatenate([before, row])[order],
            np.append(begins[1:], len(heads) * width) - begins)


class Timeline:
    """Rows of a table by group and, within them, by time: ready for look-up.

    A row's place is one integer, `group * width + time`, so one binary search finds it.  The
    rows of the left table are visited group by group, which keeps the searches close together.
    """

    def __init__(self, equal: Equals, right_time: Value) -> None:
        self.groups = equal.groups
        self.visits = order_of(equal.left, self.groups)
        self.group = np.repeat(np.arange(self.groups), np.bincount(
            equal.left, minlength=self.groups))  # of each left row, in the order of the visits
        self.right_time = right_time
        self._scale(ordinals(right_time))
        self._arrange(equal.right.astype(np.int64, copy=False))

    def _arrange(self, code: Array) -> None:
        """Right rows by place: often they lie so already, at least within each group."""
        places = code * self.width + self._right
        self.order: Array | None = None
        self.places = places
        if not ascends(places):
            self.order = order_of(code, self.groups)
            self.places = places[self.order]
        if not ascends(self.places):
            self.order = stable_order(places)
            self.places = places[self.order]

    def _scale(self, times: Array) -> None:
        """Times as small integers: their distance from the first, or their dense rank."""
        times = times.astype(np.int64)
        low, high = (int(times.min()), int(times.max())) if len(times) else (0, 0)
        self.steps: Array | None = None
        self.low, self.high = low, high
        if (high - low + 2) * self.groups < 2**62:
            self.width = high - low + 2
            self._right = times - (low - 1)
            return
        rank, distinct = dense(times)
        self.steps = np.empty(distinct, np.int64)
        self.steps[rank] = times
        self.width = distinct + 1
        self._right = rank + 1

    def _wanted(self, times: Value, side: str) -> Array:
        """Places of the left rows at these times, in the order of the visits."""
        found = integers_like(times, self.right_time)[self.visits]
        if self.steps is not None:
            scaled = np.searchsorted(self.steps, found, side)  # type: ignore[call-overload]
            scaled = scaled if side == "right" else scaled + 1
        else:
            scaled = np.clip(found, self.low - 1, self.high + 1)
            scaled -= self.low - 1
        wanted: Array = scaled + self.group * self.width
        return wanted

    def _until(self, times: Value) -> Array:
        return count_until(self.places, self._wanted(times, "right"))

    def last_until(self, times: Value) -> Array:
        """For each left row the place after the last row of its group with time <= its own."""
        return self._unvisited(self._until(times))

    def first_from(self, times: Value) -> Array:
        """For each left row the place of the first row of its group with time >= its own."""
        return self._unvisited(np.searchsorted(self.places, self._wanted(times, "left"), "left"))

    def group_starts(self) -> Array:
        """For each left row the place where its group begins."""
        return self._unvisited(np.searchsorted(self.places, self.group * self.width, "left"))

    def _unvisited(self, x: Array) -> Array:
        """Results in the order of the visits, back in the order of the rows."""
        out = np.empty_like(x)
        out[self.visits] = x
        return out

    def rows(self, places: Array) -> Array:
        """Rows of the right table at places."""
        return places if self.order is None else self.order[places]

    def as_of(self, times: Value) -> Array:
        """The last row at or before each left time among those equal to it, -1 without one."""
        if not len(self.places):
            return np.full(len(self.group), ABSENT, np.int64)
        place = self._until(times) - 1
        begins = np.searchsorted(self.places, np.arange(self.groups) * self.width)
        found = place >= begins[self.group]
        return self._unvisited(np.where(found, self.rows(place), ABSENT))


def integers_like(times: Value, other: Value) -> Array:
    """Times as the integers that those of another column are compared by.

    A finer unit is cut to the coarser one, which leaves "at or before" as it is; 'type where
    the two cannot be compared.
    """
    times, other = resolve(times), resolve(other)
    if not (is_vector(times) and is_vector(other)):
        raise type_error()
    if times.dtype != other.dtype:
        kinds = times.dtype.kind + other.dtype.kind
        if kinds in ("mm", "MM"):
            times = convert(times, qtype(times), qtype(other))
        elif other.dtype.kind == "f" and times.dtype.kind in "iu":
            times = times.astype(other.dtype)
        elif kinds not in ("ii", "iu", "ui") or "I" in (times.dtype.char, other.dtype.char):
            raise type_error()
    return ordinals(times).astype(np.int64, copy=False)


def count_until(sorted_: Array, wanted: Array) -> Array:
    """How many of the sorted integers are at most each wanted one.

    Where the wanted ones ascend too and are many, it is the sorted ones that are searched for.
    """
    if len(wanted) < 2 * len(sorted_) or not ascends(wanted):
        return np.searchsorted(sorted_, wanted, "right")
    before = np.searchsorted(wanted, sorted_, "left")  # wanted ones below each sorted one
    edges = np.concatenate([[0], before, [len(wanted)]])
    return np.repeat(np.arange(len(sorted_) + 1), np.diff(edges))
