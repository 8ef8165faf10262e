"""Aggregates of one argument: `sum prd max min all any avg`.

On vectors they skip nulls; on lists of lists they combine item by item and nulls stay.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..atoms.atomic import as_value, is_atom_null, simple_array
from ..atoms.extremes import greatest, least
from ..atoms.nulls import null_flags
from ..atoms.promote import (
    NULL_0D,
    NUMBERS,
    TEMPORALS,
    from_underlying,
    has_null,
    raw_numbers,
    to_float,
    to_int,
    underlying,
)
from ..atoms.reduction import Monad, aggregate_parts, all_atoms, fold, plain
from ..errors import type_error
from ..operators.arithmetic import add, divide, multiply, wrapped
from ..operators.extrema import greater_of, lesser
from ..registry import keyword
from ..types import BY_CODE, CODE_OF_DTYPE, EPOCH, LONG_INF, LONG_NULL
from ..values import Array, List, Value, count, qtype
from .maths import not_

INT_MIN, INT_SPAN = -(2**31), 2**32


# ---------------------------------------------------------------- sum and product

@keyword("sum")
def sum_(x: Value) -> Value:
    """The sum of the items; nulls of a vector count as zero."""
    array = plain(x)
    if array is None:
        return _total(sum_, add, 0, x)
    if array.ndim > 1:
        return _down(np.add, array)
    return _SUMS[array.dtype.char](array, CODE_OF_DTYPE[array.dtype])


@keyword("prd")
def prd(x: Value) -> Value:
    """The product of the items; nulls of a vector count as one."""
    array = plain(x)
    if array is None:
        return _total(prd, multiply, 1, x)
    if array.ndim > 1:
        return _down(np.multiply, array)
    code = CODE_OF_DTYPE[array.dtype]
    if code in (8, 9):
        return _float_total(np.multiply, array)
    if code not in NUMBERS and code not in TEMPORALS:
        raise type_error()
    flags = null_flags(array, code)
    numbers = underlying(array if flags is None else array[~flags], code)
    if numbers.dtype.kind == "f":
        return as_value(from_underlying(np.multiply.reduce(numbers), code))
    return _integer_result(int(np.multiply.reduce(numbers, dtype=np.int64)), code)


def _total(f: Monad, operator: Any, identity: int, x: Value) -> Value:
    """Sum or product of what is not an array; nulls of a mixed list of atoms are skipped."""
    if isinstance(x, List):
        if not x:
            return identity
        values = [v for v in x if not is_atom_null(v)] if all_atoms(x) else list(x)
        return fold(operator, values) if values else identity
    return _atom_or_parts(f, x)


def _atom_or_parts(f: Monad, x: Value) -> Value:
    if qtype(x) < 0:
        if simple_array(x) is None or qtype(x) in (-2, -11):
            raise type_error()
        return x
    return aggregate_parts(f, x)


def _down(ufunc: Any, x: Array) -> Array:
    """Reduction over the first axis of a rectangle, nulls kept."""
    if x.dtype.kind == "f":
        out: Array = ufunc.reduce(x, axis=0)
        return out
    wide = x if x.dtype.itemsize > 2 else to_int(x, CODE_OF_DTYPE[x.dtype])
    out = ufunc.reduce(wide, axis=0, dtype=wide.dtype)
    null = NULL_0D[wide.dtype]
    return np.where((wide == null).any(axis=0), null, out) if has_null(wide) else out


def _float_total(ufunc: Any, x: Array) -> Value:
    total = ufunc.reduce(x)
    if total != total:
        total = ufunc.reduce(x[~np.isnan(x)])
    return as_value(total)


def _sum_floats(x: Array, code: int) -> Value:
    return _float_total(np.add, x)


def _sum_integers(x: Array, code: int) -> Value:
    total = int(np.add.reduce(x, dtype=np.int64))
    if has_null(x):
        null = NULL_0D[x.dtype]
        total -= int(null) * int(np.count_nonzero(x == null))
    return _integer_result(total, code)


def _sum_flags(x: Array, code: int) -> Value:
    return np.int32(np.count_nonzero(x))


def _sum_bytes(x: Array, code: int) -> Value:
    return _integer_result(int(np.add.reduce(x, dtype=np.int64)), code)


def _sum_temporals(x: Array, code: int) -> Value:
    raw = x.view(np.int64)
    total = int(np.add.reduce(raw))
    nulls = int(np.count_nonzero(raw == LONG_NULL)) if has_null(raw) else 0
    total -= LONG_NULL * nulls + EPOCH[code] * (len(raw) - nulls - 1)
    return np.int64(wrapped(total)).view(x.dtype)


def _integer_result(total: int, code: int) -> Value:
    """A total in the type that sums have: long, int for narrower types, or the temporal."""
    if code == 7:
        return wrapped(total)
    if code in TEMPORALS:
        return as_value(from_underlying(np.array(wrapped(total)), code))
    return np.int32((total - INT_MIN) % INT_SPAN + INT_MIN)


def _no_sum(x: Array, code: int) -> Value:
    raise type_error()


_SUMS: dict[str, Callable[[Array, int], Value]] = {
    "?": _sum_flags, "B": _sum_bytes, "h": _sum_integers, "i": _sum_integers,
    "l": _sum_integers, "q": _sum_integers, "f": _sum_floats, "d": _sum_floats,
    "M": _sum_temporals, "m": _sum_temporals, "S": _no_sum, "I": _no_sum, "V": _no_sum,
}


# ---------------------------------------------------------------- extremes

@keyword("max")
def max_(x: Value) -> Value:
    """The greatest item; minus infinity of the type when there is none."""
    return _extreme(max_, greater_of, np.maximum, np.fmax, -1, x)


@keyword("min")
def min_(x: Value) -> Value:
    """The least item that is not null; infinity of the type when there is none."""
    return _extreme(min_, lesser, np.minimum, np.minimum, 1, x)


def _extreme(f: Monad, operator: Any, ufunc: Any, floating: Any, sign: int, x: Value) -> Value:
    array = plain(x)
    if array is None:
        if isinstance(x, List):
            return fold(operator, list(x)) if x else sign * np.inf
        return _atom_or_parts(f, x)
    if array.ndim == 1 and array.size and array.dtype.char in "ld":
        found = ufunc.reduce(array).item()
        if found == found and found != LONG_NULL:
            return found
    code = CODE_OF_DTYPE[array.dtype]
    if code in (2, 11):
        raise type_error()
    if array.ndim > 1:
        return (floating if code in (8, 9) else ufunc).reduce(array, axis=0)
    return as_value(_extreme_of_vector(ufunc, sign, array, code))


def _extreme_of_vector(ufunc: Any, sign: int, x: Array, code: int) -> Any:
    raw = raw_numbers(x, code)
    if raw.size:
        found = ufunc.reduce(raw)
        if code in (1, 4, 10) or found == found and found != BY_CODE[code].null:
            return found.view(x.dtype)
        flags = null_flags(x, code)
        raw = raw[~flags] if flags is not None else raw
    if raw.size:
        return ufunc.reduce(raw).view(x.dtype)
    return extreme_infinity(code, sign)


def extreme_infinity(code: int, sign: int) -> Array:
    """The infinity of a type with this sign, 0-d; the end of the range where there is none."""
    t = BY_CODE[code]
    if t.inf is not None:
        return np.array(sign * t.inf, t.raw).view(t.dtype)
    top = 1 if code == 1 else 255
    return np.array(top if sign > 0 else 0, t.raw).view(t.dtype)


@keyword("all")
def all_(x: Value) -> Value:
    """1b when no item is zero."""
    return _flags(all_, lesser, np.logical_and, True, x)


@keyword("any")
def any_(x: Value) -> Value:
    """1b when some item is not zero."""
    return _flags(any_, greater_of, np.logical_or, False, x)


def _flags(f: Monad, operator: Any, ufunc: Any, identity: bool, x: Value) -> Value:
    array = plain(x)
    if array is not None:
        return as_value(ufunc.reduce(_nonzero(array), axis=0))
    if isinstance(x, List):
        return fold(operator, [not_(not_(v)) for v in x]) if x else identity
    if qtype(x) < 0:
        return not not_(x)
    return aggregate_parts(f, x)


def _nonzero(x: Array) -> Array:
    return x if x.dtype.kind == "b" else np.logical_not(not_(x))


# ---------------------------------------------------------------- mean

@keyword("avg")
def avg(x: Value) -> Value:
    """The arithmetic mean as a float; nulls of a vector are left out."""
    array = plain(x)
    if array is None:
        if isinstance(x, List):
            return divide(sum_(x), count(x)) if x else float("nan")
        return divide(x, 1) if qtype(x) < 0 else aggregate_parts(avg, x)
    code = CODE_OF_DTYPE[array.dtype]
    if code in (2, 11):
        raise type_error()
    if array.ndim > 1:
        return to_float(array, code).mean(axis=0)
    return _mean(array, code)


def _mean(x: Array, code: int) -> float:
    if code == 7:
        return _mean_of_longs(x)
    values = to_float(x, code) if code != 8 else x
    total = float(np.add.reduce(values, dtype=np.float64))
    n = len(x)
    if total != total:
        known = values[~np.isnan(values)]
        total, n = float(np.add.reduce(known, dtype=np.float64)), len(known)
    return total / n if n else float("nan")


def _mean_of_longs(x: Array) -> float:
    if has_null(x):
        x = x[x != NULL_0D[x.dtype]]
    n = len(x)
    if not n:
        return float("nan")
    limit = LONG_INF // n
    bounded = greatest(x) <= limit and least(x) >= -limit
    return float(np.add.reduce(x, dtype=np.int64 if bounded else np.float64)) / n

