"""Uniform functions over prefixes and neighbours: `sums prds maxs mins avgs deltas ratios
differ`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

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
from ..atoms.reduction import Monad, all_atoms, plain, running_parts, scan
from ..atoms.tolerance import equal as floats_equal
from ..errors import type_error
from ..operators.arithmetic import add, divide, multiply, subtract
from ..operators.extrema import greater_of, lesser
from ..operators.match import match
from ..registry import keyword
from ..types import CODE_OF_DTYPE
from ..values import Array, Dict, List, Value, collapse, count, items, qtype
from .aggregates import avg, extreme_infinity

# ---------------------------------------------------------------- prefixes

@keyword("sums", glyph="+\\")
def sums(x: Value) -> Value:
    """Running sums; nulls of a vector count as zero."""
    return _accumulate(sums, add, np.add, 0, x)


@keyword("prds", glyph="*\\")
def prds(x: Value) -> Value:
    """Running products; nulls of a vector count as one."""
    return _accumulate(prds, multiply, np.multiply, 1, x)


def _accumulate(f: Monad, operator: Any, ufunc: Any, identity: int, x: Value) -> Value:
    array = plain(x)
    if array is None:
        return _scan_or_parts(f, operator, x)
    code = CODE_OF_DTYPE[array.dtype]
    if code not in NUMBERS and code not in TEMPORALS:
        raise type_error()
    if array.ndim > 1:  # the first row stays as it is: of booleans the others are ints
        return _down(ufunc, array, code) if code > 5 else scan(operator, list(array))
    numbers = _numbers(array, code)
    out = ufunc.accumulate(numbers)
    if code not in (8, 9) or len(out) and out[-1] != out[-1]:  # a null float stays to the end
        flags = null_flags(array, code)
        if flags is not None:
            out = ufunc.accumulate(np.where(flags, numbers.dtype.type(identity), numbers))
    return from_underlying(out, max(code, 6))


def _numbers(x: Array, code: int) -> Array:
    """Underlying numbers, at least ints."""
    return to_int(x, code) if code < 6 else underlying(x, code)


def _scan_or_parts(f: Monad, operator: Any, x: Value) -> Value:
    if isinstance(x, List):
        return scan(operator, list(x))
    if qtype(x) < 0:
        return x
    return running_parts(f, x)


def _down(ufunc: Any, x: Array, code: int) -> Array:
    """Running reduction over the first axis of a rectangle; from a null on all is null."""
    numbers = _numbers(x, code)
    out: Array = ufunc.accumulate(numbers, axis=0)
    if numbers.dtype.kind == "i" and has_null(numbers):
        null = NULL_0D[numbers.dtype]
        out = np.where(np.logical_or.accumulate(numbers == null, axis=0), null, out)
    return out


@keyword("maxs", glyph="|\\")
def maxs(x: Value) -> Value:
    """Running maxima; minus infinity before the first item that is not null."""
    return _extremes(maxs, greater_of, np.maximum, np.fmax, -1, x)


@keyword("mins", glyph="&\\")
def mins(x: Value) -> Value:
    """Running minima of the items that are not null; infinity before the first."""
    return _extremes(mins, lesser, np.minimum, np.minimum, 1, x)


def _extremes(f: Monad, operator: Any, ufunc: Any, floating: Any, sign: int, x: Value) -> Value:
    array = plain(x)
    if array is None:
        return _scan_or_parts(f, operator, x)
    code = CODE_OF_DTYPE[array.dtype]
    if code in (2, 11):
        raise type_error()
    if array.ndim > 1:
        return (floating if code in (8, 9) else ufunc).accumulate(array, axis=0)
    flags = null_flags(array, code) if code != 10 else None
    if flags is not None:
        array = np.where(flags, extreme_infinity(code, sign), array)
    return ufunc.accumulate(raw_numbers(array, code)).view(array.dtype)


@keyword("avgs")
def avgs(x: Value) -> Value:
    """Running means of the items that are not null."""
    array = plain(x)
    if array is None or array.ndim > 1:
        if isinstance(x, List) and all_atoms(x):
            return collapse([avg(List(x[:i + 1])) for i in range(len(x))])
        if isinstance(x, (List, np.ndarray)):
            return divide(sums(x), np.arange(1, len(x) + 1))
        return divide(x, 1) if qtype(x) < 0 else running_parts(avgs, x)
    values = to_float(array, CODE_OF_DTYPE[array.dtype])
    nulls = np.isnan(values)
    if not np.count_nonzero(nulls):
        return np.add.accumulate(values) / np.arange(1, len(values) + 1)
    return np.add.accumulate(np.where(nulls, 0.0, values)) / np.add.accumulate(~nulls, dtype="i8")


# ---------------------------------------------------------------- neighbours

@keyword("deltas", glyph="-':")
def deltas(x: Value) -> Value:
    """Differences between neighbours; the first item is taken from 0."""
    return _neighbours(deltas, subtract, 0, x)


@keyword("ratios", glyph="%':")
def ratios(x: Value) -> Value:
    """Ratios of neighbours; the first item is divided by 1."""
    return _neighbours(ratios, divide, 1, x)




def _neighbours(f: Monad, operator: Any, first: int, x: Value) -> Value:
    array = plain(x)
    if array is None:
        if not isinstance(x, List):
            return operator(x, first) if qtype(x) < 0 else running_parts(f, x)
        start = [operator(v, bool(first)) for v in x[:1]]  # a boolean widens no other type
        return collapse(start + [operator(b, a) for a, b in zip(x, x[1:], strict=False)])
    if not len(array):
        return operator(array, first)
    rest = operator(array[1:], array[:-1])
    start = operator(array[:1], first)
    if start.dtype != rest.dtype:  # of dates the first is its number of days
        start = underlying(array[:1], CODE_OF_DTYPE[array.dtype]).astype(rest.dtype)
    return np.concatenate((start, rest))


@keyword("differ")
def differ(x: Value) -> Value:
    """1b where an item does not match the one before it; 1b for the first."""
    array = plain(x)
    if array is not None and array.ndim == 1:
        changed = np.ones(len(array), np.bool_)
        changed[1:] = _changed(array)
        return changed
    if isinstance(x, Dict):
        return Dict(x.keys, differ(x.values))
    if count(x) == 1 and qtype(x) < 0:
        return True
    parts = items(x)
    return np.array([True] * bool(parts) + [not match(a, b) for a, b in
                                            zip(parts, parts[1:], strict=False)], np.bool_)


def _changed(x: Array) -> Array:
    if x.dtype.kind == "f":
        values = to_float(x, CODE_OF_DTYPE[x.dtype])
        return np.logical_not(floats_equal(values[1:], values[:-1]))
    if x.dtype.kind == "V":
        return np.asarray(x[1:] != x[:-1])
    raw = raw_numbers(x, CODE_OF_DTYPE[x.dtype])
    changed: Array = raw[1:] != raw[:-1]
    return changed
