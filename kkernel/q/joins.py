"""Where the rows of one table belong among those of another: by equal keys, or as of a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .grouping import dense, joined, order_of, ordinals, row_ranks
from .positions import at_positions
from .tables import find_rows
from .values import Array, Table, Value

ABSENT = -1


def key_matches(keys: Table, t: Table) -> Array:
    """First row of `keys` that each row of t matches on its columns, -1 where none does."""
    found = find_rows(keys, t)
    return np.where(found == len(keys), ABSENT, found)


def pairs(columns: Sequence[str], left: Table, right: Table) -> tuple[Array, Array]:
    """All pairs of rows that agree on columns: ordered by left row, then by right row."""
    n, m = len(left), len(right)
    rank, distinct = row_ranks([joined(left.column(c), right.column(c)) for c in columns], n + m)
    of_left, of_right = rank[:n], rank[n:]
    sizes = np.bincount(of_right, minlength=distinct)
    starts = sizes.cumsum() - sizes
    each = sizes[of_left]
    lefts = np.repeat(np.arange(n), each)
    within = np.arange(len(lefts)) - np.repeat(each.cumsum() - each, each)
    order = order_of(of_right, distinct) if m else np.empty(0, np.int64)
    return lefts, order[np.repeat(starts[of_left], each) + within]


class Timeline:
    """Rows of a table by equal columns and, within them, by time: ready for as-of look-up.

    A row's place is one integer, `group * width + time`, so one binary search finds it.
    """

    def __init__(self, columns: Sequence[str], left: Table, right: Table) -> None:
        n, m = len(left), len(right)
        *equal, time = columns
        rank, groups = row_ranks([joined(left.column(c), right.column(c)) for c in equal], n + m)
        self.of_left = rank[:n] if equal else np.zeros(n, np.int64)
        of_right = rank[n:] if equal else np.zeros(m, np.int64)
        self.right_time = right.column(time)
        self._scale(ordinals(self.right_time), max(groups, 1))
        places = of_right * self.width + self._right
        ascending = bool((places[1:] >= places[:-1]).all())
        self.order = None if ascending else places.argsort(kind="stable")
        self.places = places if ascending else places[self.order]

    def _scale(self, times: Array, groups: int) -> None:
        """Times as small integers: their distance from the first, or their dense rank."""
        times = times.astype(np.int64)
        low, high = (int(times.min()), int(times.max())) if len(times) else (0, 0)
        self.steps = None
        self.low, self.high = low, high
        if (high - low + 2) * groups < 2**62:
            self.width = high - low + 2
            self._right = times - low + 1
            return
        rank, distinct = dense(times)
        self.steps = np.empty(distinct, np.int64)
        self.steps[rank] = times
        self.width = distinct + 1
        self._right = rank + 1

    def _scaled(self, times: Value, side: str) -> Array:
        """Left times on the scale of the right ones; 0 is before all of them."""
        both = ordinals(joined(self.right_time, times))[len(self.right_time):] \
            if not isinstance(times, np.ndarray) or times.dtype != self.right_time.dtype \
            else ordinals(times)
        found = both.astype(np.int64, copy=False)
        if self.steps is not None:
            at = np.searchsorted(self.steps, found, side)  # type: ignore[call-overload]
            return at if side == "right" else at + 1
        return np.clip(found, self.low - 1, self.high + 1) - self.low + 1

    def last_until(self, times: Value) -> Array:
        """For each left row the place after the last row of its group with time <= its own."""
        wanted = self.of_left * self.width + self._scaled(times, "right")
        return np.searchsorted(self.places, wanted, "right")

    def first_from(self, times: Value) -> Array:
        """For each left row the place of the first row of its group with time >= its own."""
        wanted = self.of_left * self.width + self._scaled(times, "left")
        return np.searchsorted(self.places, wanted, "left")

    def group_starts(self) -> Array:
        """For each left row the place where its group begins."""
        return np.searchsorted(self.places, self.of_left * self.width, "left")

    def rows(self, places: Array) -> Array:
        """Rows of the right table at places."""
        return places if self.order is None else self.order[places]

    def as_of(self, times: Value) -> Array:
        """The last row at or before each left time among those equal to it, -1 without one."""
        place = self.last_until(times) - 1
        if not len(self.places):
            return np.full(len(self.of_left), ABSENT, np.int64)
        found = self.places[place] // self.width == self.of_left
        return np.where((place >= 0) & found, self.rows(place), ABSENT)


def rows_or_null(t: Table, rows: Array) -> Table:
    """Rows of a table, nulls for -1."""
    return at_positions(t, rows)  # type: ignore[no-any-return]
