"""Aggregates of all groups at once, for the keywords that have a faster way than a loop.

Every function here takes whole columns and `Groups` and gives one item per group, or None when
the loop over groups has to do it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..atoms.extremes import greatest, least
from ..lists.grouping import Groups, order_of, ordinals, stable_order
from ..lists.positions import take_positions
from ..registry import KEYWORDS
from ..types import BY_CODE, CODE_OF_DTYPE, DTYPE
from ..values import Array, Value, is_vector, qtype


def aggregate(name: str, columns: list[Value], groups: Groups) -> Value | None:
    """Keyword `name` of each group's items; None when there is no fast way."""
    if len(columns) == 1 and name in _POSITIONAL:
        return _POSITIONAL[name](columns[0], groups)
    if not all(_numeric(c) for c in columns):
        return None
    plain = [c.view(np.ndarray) for c in columns]
    fn: Callable[..., Array | None] | None = (_UNARY if len(plain) == 1 else _BINARY).get(name)
    return None if fn is None else fn(*plain, groups)


def _numeric(column: Value) -> bool:
    return is_vector(column) and column.dtype.kind in "biuf" and column.dtype.char != "I" \
        or is_vector(column) and column.dtype.kind in "mM"


# ---------------------------------------------------------------- by position

def _count(column: Value, groups: Groups) -> Array:
    return groups.sizes


def _first(column: Value, groups: Groups) -> Value:
    return take_positions(column, groups.firsts)


def _last(column: Value, groups: Groups) -> Value:
    return take_positions(column, groups.lasts)


# ---------------------------------------------------------------- nulls

def _nulls(x: Array) -> Array | None:
    """Where x is null; None when nowhere."""
    if not len(x):
        return None
    if x.dtype.kind == "f":
        if not np.isnan(least(x)):
            return None
        mask = np.isnan(x)
    elif x.dtype.kind in "mM":
        mask = np.isnat(x)
    else:
        null = BY_CODE[CODE_OF_DTYPE[x.dtype]].null
        if null is None or least(x) != null:
            return None
        mask = x == null
    return mask if mask.any() else None


def _filled(x: Array, value: float) -> Array:
    """Raw numbers of x with `value` for nulls."""
    raw = x.view(np.int64) if x.dtype.kind in "mM" else x
    mask = _nulls(x)
    return raw if mask is None else np.where(mask, raw.dtype.type(value), raw)


def _floats(x: Array) -> tuple[Array, Array | None]:
    """x as floats with 0 for nulls, and where it is null."""
    mask = _nulls(x)
    out = x.astype(np.float64, copy=mask is not None)
    if mask is not None:
        out[mask] = 0.0
    return out, mask


def _result_dtype(name: str, x: Array) -> np.dtype:
    """The type that the keyword gives for x, asked from the keyword itself."""
    fn = KEYWORDS[name].fn1
    assert fn is not None
    return DTYPE[-qtype(fn(np.zeros(1, np.int8).astype(x.dtype)))]


# ---------------------------------------------------------------- sums, extremes

def _sum(x: Array, groups: Groups) -> Array | None:
    if x.dtype.kind == "M":  # counted from numpy's epoch, not q's
        return None
    dtype = _result_dtype("sum", x)
    raw = _filled(x, 0)
    if raw.dtype.kind == "f":
        return np.bincount(groups.of, raw, groups.count).astype(dtype)
    total = _whole_total(raw.astype(np.int64, copy=False), groups)
    return total.view(dtype) if dtype.kind in "mM" else total.astype(dtype)


def _whole_total(x: Array, groups: Groups) -> Array:
    """Sums of longs; in floats where these are exact, which is faster."""
    if len(x) and max(abs(int(least(x))), abs(int(greatest(x)))) * len(x) < 2**53:
        return _total(x, groups).astype(np.int64)
    total = np.zeros(groups.count, np.int64)
    np.add.at(total, groups.of, x)
    return total


def _reduce(ufunc: np.ufunc, x: Array, groups: Groups, skipped: float, name: str) -> Array:
    """The greatest or smallest item of each group; nulls count as the value `skipped`."""
    raw = _filled(x, skipped)
    out = raw[groups.firsts]
    ufunc.at(out, groups.of, raw)
    dtype = _result_dtype(name, x)
    return out.view(dtype) if dtype.kind in "mM" else out.astype(dtype)


def _infinity(x: Array, sign: int) -> float:
    return sign * (BY_CODE[CODE_OF_DTYPE[x.dtype]].inf or 0)


def _max(x: Array, groups: Groups) -> Array:
    return _reduce(np.maximum, x, groups, _infinity(x, -1), "max")


def _min(x: Array, groups: Groups) -> Array:
    return _reduce(np.minimum, x, groups, _infinity(x, 1), "min")


def _prd(x: Array, groups: Groups) -> Array | None:
    if x.dtype.kind != "f" and x.dtype != np.int64:
        return None
    dtype = _result_dtype("prd", x)
    out = np.ones(groups.count, dtype)
    np.multiply.at(out, groups.of, _filled(x, 1).astype(dtype, copy=False))
    return out


def _all(x: Array, groups: Groups) -> Array | None:
    return _reduce(np.minimum, x, groups, 0, "min") if x.dtype.kind == "b" else None


def _any(x: Array, groups: Groups) -> Array | None:
    return _reduce(np.maximum, x, groups, 0, "max") if x.dtype.kind == "b" else None


# ---------------------------------------------------------------- moments

def _total(x: Array, groups: Groups) -> Array:
    return np.bincount(groups.of, x, groups.count)


def _valid(mask: Array | None, groups: Groups) -> Array:
    """How many items of each group are not null."""
    return groups.sizes if mask is None else _total(~mask, groups)


def _divide(x: Array, y: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return x / y


def _avg(x: Array, groups: Groups) -> Array | None:
    if x.dtype.kind in "mM":
        return None
    values, mask = _floats(x)
    return _divide(_total(values, groups), _valid(mask, groups))


def _squares(x: Array, groups: Groups) -> tuple[Array, Array]:
    """Sum of squared deviations of each group, and its count."""
    values, mask = _floats(x)
    n = _valid(mask, groups)
    deviation = _divide(_total(values, groups), n).take(groups.of)
    np.subtract(values, deviation, out=deviation)
    if mask is not None:
        deviation[mask] = 0.0
    deviation *= deviation
    return _total(deviation, groups), n


def _var(x: Array, groups: Groups) -> Array | None:
    return None if x.dtype.kind in "mM" else _divide(*_squares(x, groups))


def _dev(x: Array, groups: Groups) -> Array | None:
    return None if x.dtype.kind in "mM" else np.sqrt(_divide(*_squares(x, groups)))


def _svar(x: Array, groups: Groups) -> Array | None:
    if x.dtype.kind in "mM":
        return None
    total, n = _squares(x, groups)
    return _divide(total, np.maximum(n - 1, 0))


def _sdev(x: Array, groups: Groups) -> Array | None:
    found = _svar(x, groups)
    return None if found is None else np.sqrt(found)


def _med(x: Array, groups: Groups) -> Array | None:
    if x.dtype.kind in "mM" or _nulls(x) is not None:
        return None
    sorted_ = _sorted_within(x, groups)
    low = sorted_[groups.starts + (groups.sizes - 1) // 2].astype(np.float64)
    high = sorted_[groups.starts + groups.sizes // 2].astype(np.float64)
    middle: Array = (low + high) / 2
    return middle


def _sorted_within(x: Array, groups: Groups) -> Array:
    """The items group by group, ascending in each."""
    if groups.count * 64 > len(x):
        by_value = stable_order(ordinals(x))
        return x[by_value[order_of(groups.of[by_value], groups.count)]]
    out = x[groups.order]
    for a, n in zip(groups.starts.tolist(), groups.sizes.tolist()):
        out[a:a + n].sort()
    return out


# ---------------------------------------------------------------- of two columns

def _no_nulls(*columns: Array) -> bool:
    return all(c.dtype.kind not in "mM" and _nulls(c) is None for c in columns)


def _wsum(w: Array, x: Array, groups: Groups) -> Array | None:
    if not _no_nulls(w, x) or (w.dtype.kind != "f" and x.dtype.kind != "f"):
        return None
    return _total(w.astype(np.float64) * x, groups)


def _wavg(w: Array, x: Array, groups: Groups) -> Array | None:
    if not _no_nulls(w, x):
        return None
    weights = w.astype(np.float64)
    return _divide(_total(weights * x, groups), _total(weights, groups))


def _cov(x: Array, y: Array, groups: Groups) -> Array | None:
    if not _no_nulls(x, y):
        return None
    a, b = x.astype(np.float64), y.astype(np.float64)
    n = groups.sizes
    a = a - (_total(a, groups) / n)[groups.of]
    b = b - (_total(b, groups) / n)[groups.of]
    return _total(a * b, groups) / n


_POSITIONAL = {"count": _count, "first": _first, "last": _last}
_UNARY = {"sum": _sum, "max": _max, "min": _min, "avg": _avg, "prd": _prd, "var": _var,
          "dev": _dev, "svar": _svar, "sdev": _sdev, "med": _med, "all": _all, "any": _any}
_BINARY = {"wsum": _wsum, "wavg": _wavg, "cov": _cov}
NAMES = frozenset([*_POSITIONAL, *_UNARY, *_BINARY])
