"""Aggregates of each row of a list in one call: `sum each x` for a rectangle, and for vectors of
one type where the result does not depend on the order of the additions.

Rows with nulls, empty rows and types whose aggregate has a type of its own are left to the
aggregate itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..atoms.extremes import greatest, least
from ..atoms.promote import has_null
from ..types import LONG_INF
from ..values import Array, List, Value
from .flat import FEW, flat, lengths


@dataclass(slots=True, frozen=True)
class Rows:
    """All items of all rows, how many each row has, and how a ufunc goes over each row."""

    all: Array
    counts: Array
    reduce: Callable[..., Array]


def of_rows(name: str, x: Value) -> Value | None:
    """The aggregate of this name of each row; None where the rows have to be visited."""
    find = AGGREGATES.get(name)
    if find is None:
        return None
    if isinstance(x, np.ndarray):
        good = x.ndim == 2 and len(x) >= FEW and x.shape[1] and x.flags.c_contiguous
        return find(Rows(x, np.array(x.shape[1]), partial(_across, x))) if good else None
    whole = flat(x) if isinstance(x, List) else None
    if whole is None or whole.dtype.kind == "f" and name in ("sum", "avg"):
        return None
    counts = lengths(x)
    if not counts.all():
        return None
    return find(Rows(whole, counts, partial(_along, whole, np.cumsum(counts) - counts)))


def _across(x: Array, ufunc: np.ufunc, dtype: str | None = None) -> Array:
    out: Array = ufunc.reduce(x, axis=1, dtype=dtype)
    return out


def _along(x: Array, starts: Array, ufunc: np.ufunc, dtype: str | None = None) -> Array:
    return ufunc.reduceat(x, starts, dtype=dtype)


def _flags(ufunc: np.ufunc) -> Callable[[Rows], Array | None]:
    return lambda rows: rows.reduce(ufunc) if rows.all.dtype.kind == "b" else None


def _extreme(ufunc: np.ufunc) -> Callable[[Rows], Array | None]:
    return lambda rows: rows.reduce(ufunc) if _numbers(rows.all) else None


def _sum(rows: Rows) -> Array | None:
    if rows.all.dtype.kind == "b":
        return rows.reduce(np.add, "i4")
    return rows.reduce(np.add) if rows.all.dtype.char in "ld" and _numbers(rows.all) else None


def _mean(rows: Rows) -> Array | None:
    x = rows.all
    if x.dtype.char not in "ld" or not _numbers(x):
        return None
    if x.dtype.char == "l":  # their sum has to stay within 64 bits, as an exact one
        limit = LONG_INF // int(rows.counts.max())
        if greatest(x) > limit or least(x) < -limit:
            return None
    return rows.reduce(np.add) / rows.counts


def _numbers(x: Array) -> bool:
    """Numbers without nulls."""
    if x.dtype.kind == "f":
        return not np.isnan(x).any()
    return x.dtype.kind == "i" and not has_null(x)


AGGREGATES: dict[str, Callable[[Rows], Array | None]] = {
    "any": _flags(np.logical_or), "all": _flags(np.logical_and),
    "max": _extreme(np.maximum), "min": _extreme(np.minimum), "sum": _sum, "avg": _mean,
}
