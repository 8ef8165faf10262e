"""Statistics: `var dev svar sdev cov scov cor med wavg wsum`.  Nulls are left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..atoms.atomic import conform, simple_array
from ..atoms.promote import to_float
from ..atoms.reduction import Monad, aggregate_parts, all_atoms, columns, plain
from ..errors import length_error, type_error
from ..lists.order import grade_items
from ..lists.positions import at_positions
from ..operators.arithmetic import divide, multiply
from ..registry import keyword
from ..types import CODE_OF_DTYPE
from ..values import Array, Dict, List, Table, Value, collapse, count
from .aggregates import avg, sum_

NAN = float("nan")


# ---------------------------------------------------------------- deviation

@keyword("var")
def var(x: Value) -> Value:
    """The variance of the items."""
    return _moment(var, lambda v: _variance(v, 0), x)


@keyword("svar")
def svar(x: Value) -> Value:
    """The sample variance: the variance times n%n-1."""
    return _moment(svar, lambda v: _variance(v, 1), x)


@keyword("dev")
def dev(x: Value) -> Value:
    """The standard deviation: the square root of the variance."""
    return _moment(dev, lambda v: float(np.sqrt(_variance(v, 0))), x)


@keyword("sdev")
def sdev(x: Value) -> Value:
    """The sample standard deviation."""
    return _moment(sdev, lambda v: float(np.sqrt(_variance(v, 1))), x)


def _moment(f: Monad, of_floats: Callable[[Array], float], x: Value) -> Value:
    """of_floats of a vector; of each position of a list of lists; of each part otherwise."""
    array = plain(x)
    if isinstance(x, List) or array is not None and array.ndim > 1:
        if not len(x):
            return NAN
        if array is not None or not all_atoms(x):
            return collapse([f(c) for c in columns(x)])
        array = np.concatenate([np.atleast_1d(_floats(v)) for v in x])
    if array is None:
        array = simple_array(x)
        if array is None:
            return aggregate_parts(f, x)
    return of_floats(_known(np.atleast_1d(_floats(array))))


def _floats(x: Value) -> Array:
    """A simple value as floats; 'type for symbols, guids and compound values."""
    array = simple_array(x)
    if array is None:
        raise type_error()
    code = CODE_OF_DTYPE[array.dtype]
    if code in (2, 11):
        raise type_error()
    return to_float(array, code)


def _known(values: Array) -> Array:
    total = np.add.reduce(values)
    return values if total == total else values[~np.isnan(values)]  # a null makes it null


def _variance(values: Array, sample: int) -> float:
    n = len(values)
    if n <= sample:
        return NAN
    away = _from_mean(values)
    return float(np.dot(away, away)) / (n - sample)


def _from_mean(values: Array) -> Array:
    """Deviations from the mean, counted from the first item: of equal items exactly zero."""
    away: Array = values - values[0]
    away -= np.add.reduce(away) / len(away)
    return away


# ---------------------------------------------------------------- covariance

@keyword("cov", infix=True)
def cov(x: Value, y: Value) -> Value:
    """The covariance of two lists of numbers."""
    return _covariance(*_pairs(x, y), 0)


@keyword("scov", infix=True)
def scov(x: Value, y: Value) -> Value:
    """The sample covariance: the covariance times n%n-1."""
    return _covariance(*_pairs(x, y), 1)


@keyword("cor", infix=True)
def cor(x: Value, y: Value) -> Value:
    """Pearson's correlation, between -1 and 1; null when one side does not vary."""
    a, b = _pairs(x, y)
    spread = np.sqrt(_variance(a, 0)) * np.sqrt(_variance(b, 0))
    return divide(_covariance(a, b, 0), float(spread))


def _pairs(x: Value, y: Value) -> tuple[Array, Array]:
    """Two vectors as floats, without the pairs in which either is null."""
    a, b = (np.atleast_1d(_floats(_flat_list(v))) for v in (x, y))
    if a.ndim > 1 or b.ndim > 1:
        raise type_error()
    if len(a) != len(b):
        if len(a) != 1 and len(b) != 1 or not len(a) or not len(b):
            raise length_error()
        a, b = np.broadcast_arrays(a, b)
    if np.add.reduce(a) + np.add.reduce(b) < np.inf:  # no nulls
        return a, b
    known = ~(np.isnan(a) | np.isnan(b))
    return a[known], b[known]


def _flat_list(x: Value) -> Value:
    """A mixed list of atoms as a float vector."""
    if isinstance(x, List) and x and all_atoms(x):
        return np.concatenate([np.atleast_1d(_floats(v)) for v in x])
    return np.empty(0) if isinstance(x, List) and not x else x


def _covariance(a: Array, b: Array, sample: int) -> float:
    n = len(a)
    if n <= sample:
        return NAN
    return float(np.dot(_from_mean(a), _from_mean(b))) / (n - sample)


# ---------------------------------------------------------------- weights

@keyword("wsum", infix=True)
def wsum(x: Value, y: Value) -> Value:
    """The sum of y weighted by x; of two integer vectors as a float."""
    a, b = plain(x), plain(y)
    if a is not None and b is not None and a.ndim == b.ndim == 1 \
            and a.dtype.kind in "biu" and b.dtype.kind in "biu":
        return sum_(multiply(_floats(a), b))
    if isinstance(y, Dict):
        return wsum(x, y.values)
    return sum_(multiply(x, y))


@keyword("wavg", infix=True)
def wavg(x: Value, y: Value) -> Value:
    """The mean of y weighted by x; pairs with a null are left out."""
    if isinstance(y, Dict):
        return wavg(x, y.values)
    if isinstance(x, Table) or isinstance(y, Table):
        raise type_error()
    a, b = simple_array(_flat_list(x)), simple_array(_flat_list(y))
    if a is not None and b is not None and a.ndim < 2 and b.ndim < 2:
        return _weighted_mean(_floats(a), _floats(b))
    if a is not None and not a.ndim:  # one weight for all
        return divide(sum_(multiply(x, y)), multiply(x, count(y)))
    return divide(sum_(multiply(x, y)), sum_(x))


def _weighted_mean(weights: Array, values: Array) -> Value:
    weights, values = np.broadcast_arrays(*conform(weights, values))
    total = float(np.dot(weights, values)) if weights.ndim else NAN
    if total != total:  # nulls, or infinities of both signs
        known = ~(np.isnan(weights) | np.isnan(values))
        weights, values = weights[known], values[known]
        total = float(np.sum(weights * values))
    return divide(total, float(np.sum(weights)))


# ---------------------------------------------------------------- median

@keyword("med")
def med(x: Value) -> Value:
    """The median as a float: the mean of the middle two, nulls sorting first.

    Of a list of lists or a table it is the mean of the middle two items in their sorted order.
    """
    array = plain(x)
    if array is not None and array.ndim == 1:
        return _median(_floats(array))
    if isinstance(x, Dict):
        return med(x.values)
    if array is None and not isinstance(x, (List, Table)):
        return divide(x, 1)
    if not len(x):
        return NAN
    if isinstance(x, List) and all_atoms(x):
        return _median(_flat_list(x))
    return avg(at_positions(x, grade_items(x)[_middle(len(x))]))


def _middle(n: int) -> Any:
    return np.array([(n - 1) // 2, n // 2])


def _median(values: Array) -> float:
    if not len(values):
        return NAN
    known = _known(values)
    places = _middle(len(values)) - (len(values) - len(known))  # nulls sort first
    places = places[places >= 0]
    if not len(places):
        return NAN
    return float(np.partition(known, places)[places].mean())

