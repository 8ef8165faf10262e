"""Moving windows: `msum mavg mcount mdev mmax mmin ema`."""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt
from typing import Any

import numpy as np

from ..atoms.atomic import simple_array
from ..atoms.nulls import null_flags
from ..atoms.promote import raw_numbers, to_float
from ..atoms.reduction import columns, plain, running_parts
from ..errors import length_error, type_error
from ..operators.arithmetic import add, multiply, subtract
from ..registry import keyword
from ..types import CODE_OF_DTYPE, LONG_NULL
from ..values import Array, Dict, List, Table, Value, at, collapse, count, items, qtype
from .aggregates import extreme_infinity
from .running import sums

LONG = 4096  # from here a recurrence is computed in blocks


@keyword("msum", infix=True)
def msum(x: Value, y: Value) -> Value:
    """Sums of the last x items; nulls count as zero."""
    n = _window(x)
    return _moving(lambda v: msum(n, v), y, lambda v: _window_sums(n, v))


@keyword("mcount", infix=True)
def mcount(x: Value, y: Value) -> Value:
    """How many of the last x items are not null."""
    n = _window(x)
    return _moving(lambda v: mcount(n, v), y, lambda v: _window_sums(n, _not_null(v)))


@keyword("mavg", infix=True)
def mavg(x: Value, y: Value) -> Value:
    """Means of the last x items, nulls left out."""
    n = _window(x)
    return _moving(lambda v: mavg(n, v), y, lambda v: _window_means(n, _floats(v)))


@keyword("mdev", infix=True)
def mdev(x: Value, y: Value) -> Value:
    """Standard deviations of the last x items, nulls left out."""
    n = _window(x)
    return _moving(lambda v: mdev(n, v), y, lambda v: _window_deviations(n, _floats(v)))


@keyword("mmax", infix=True)
def mmax(x: Value, y: Value) -> Value:
    """Maxima of the last x items."""
    n = _window(x)
    return _moving(lambda v: mmax(n, v), y, lambda v: _window_extremes(n, v, -1))


@keyword("mmin", infix=True)
def mmin(x: Value, y: Value) -> Value:
    """Minima of the last x items; a null is the least."""
    n = _window(x)
    return _moving(lambda v: mmin(n, v), y, lambda v: _window_extremes(n, v, 1))


def _window(x: Value) -> int:
    """The window length, an integer atom."""
    if qtype(x) in (-7, -6, -5, -4, -1):
        return max(0, int(x)) if x != LONG_NULL else 0
    raise type_error()


def _moving(f: Callable[[Value], Value], y: Value, of_vector: Callable[[Array], Array]) -> Value:
    """A moving function of a vector; of the items of lists, position by position."""
    array = plain(y)
    if array is not None and array.ndim == 1:
        return of_vector(array)
    if isinstance(y, Dict) and not y.keyed_table:
        return Dict(y.keys, f(y.values))
    if isinstance(y, (Dict, Table)):
        return running_parts(f, y)
    if array is None and not isinstance(y, List):
        raise type_error()
    if not count(y):
        return y
    y = _of_one_type(y)
    moved = [f(c) for c in columns(y)]
    if array is not None and moved:
        return np.stack(moved, axis=1)
    return collapse([collapse([at(m, i) for m in moved]) for i in range(len(y))])


def _of_one_type(y: Value) -> Value:
    """Rows of numbers of several types as rows of the widest of them."""
    if not isinstance(y, List) or not all(plain(v) is not None for v in y):
        return y
    types = {v.dtype for v in y if isinstance(v, np.ndarray)}
    if len(types) < 2 or not all(t.kind in "bif" for t in types):
        return y
    return collapse([add(v, np.zeros(1, np.result_type(*types))[0]) for v in y])


# ---------------------------------------------------------------- windows of a vector

def _window_sums(n: int, x: Array) -> Array:
    """Differences of running sums, as q computes them."""
    total: Array = sums(x)
    if n >= len(total):
        return total
    if not n:
        return total - total
    rest: Array = subtract(total[n:], total[:-n])
    head = total[:n]
    return np.concatenate((head.astype(rest.dtype), rest))


def _not_null(x: Array) -> Array:
    flags = null_flags(x, CODE_OF_DTYPE[x.dtype])
    return np.ones(len(x), np.int64) if flags is None else (~flags).astype(np.int64)


def _floats(x: Array) -> Array:
    code = CODE_OF_DTYPE[x.dtype]
    if code in (2, 10, 11):
        raise type_error()
    return to_float(x, code)


def _window_means(n: int, values: Array) -> Array:
    flags = null_flags(values, 9)
    if flags is not None:
        known = np.where(flags, 0.0, values)
        return _window_sums(n, known) / _window_sums(n, (~flags).astype(np.int64))
    out = _window_sums(n, values)
    out[:n] /= np.arange(1, len(out[:n]) + 1)
    out[n:] /= n
    return out


def _window_deviations(n: int, values: Array) -> Array:
    mean = _window_means(n, values)
    variance = _window_means(n, values * values) - mean * mean
    return np.sqrt(np.where(variance < 0, 0.0, variance))


def _window_extremes(n: int, x: Array, sign: int) -> Array:
    """The extremes of windows; the window before the first item holds an infinity."""
    code = CODE_OF_DTYPE[x.dtype]
    if code in (2, 11):
        raise type_error()
    if n <= 1 or not len(x):
        return x
    pick: Any = np.minimum if sign > 0 else np.fmax if code in (8, 9) else np.maximum
    before = np.broadcast_to(extreme_infinity(code, sign), (min(n - 1, len(x)),))
    padded = np.concatenate((before, x))
    raw = raw_numbers(padded, code)
    return _sliding(pick, raw, len(before) + 1).view(x.dtype)


def _sliding(pick: Any, raw: Array, n: int) -> Array:
    """pick over every n neighbours, doubling the covered width at each step."""
    width = 1
    while 2 * width <= n:
        raw = pick(raw[width:], raw[:-width])
        width *= 2
    left = n - width
    return pick(raw[left:], raw[:-left]) if left else raw


# ---------------------------------------------------------------- exponential

@keyword("ema", infix=True)
def ema(x: Value, y: Value) -> Value:
    """Exponential moving average: each item weighs x, what came before 1-x."""
    values = simple_array(y)
    if isinstance(y, (Dict, Table)):
        return running_parts(lambda v: ema(x, v), y)
    if values is None or values.ndim != 1:
        return _ema_of_items(x, items(y))
    rate = simple_array(x)
    if rate is None or rate.ndim > 1:
        raise type_error()
    if rate.ndim and len(rate) != len(values):
        raise length_error()
    added = np.asarray(multiply(x, y), np.float64)
    kept = np.broadcast_to(np.asarray(subtract(1.0, x), np.float64), values.shape)
    return _recurrence(to_float(values, CODE_OF_DTYPE[values.dtype])[:1], kept, added)


def _recurrence(start: Array, kept: Array, added: Array) -> Array:
    """r[i] = kept[i]*r[i-1] + added[i], from r[0] = start."""
    if len(kept) >= LONG and kept.strides == (0,):
        return _recurrence_in_blocks(start, kept[0], added)
    out = start.tolist()
    r = out[0] if out else 0.0
    out += [r := k * r + a for k, a in zip(kept[1:].tolist(), added[1:].tolist(), strict=True)]
    return np.array(out, np.float64)


def _recurrence_in_blocks(start: Array, kept: float, added: Array) -> Array:
    """All blocks step by step together, each from zero; then what the block before brings."""
    size = isqrt(len(added))
    whole = len(added) // size * size
    out = added.copy()
    out[0] = start[0]
    blocks = out[:whole].reshape(-1, size)
    for k in range(1, size):
        blocks[:, k] += kept * blocks[:, k - 1]
    fading = kept ** np.arange(1, size + 1)
    for before, block in zip(blocks, blocks[1:], strict=False):
        block += before[-1] * fading
    out[whole:] = _recurrence(out[whole - 1:whole], np.full(len(out) - whole + 1, kept),
                              out[whole - 1:])[1:]
    return out


def _ema_of_items(x: Value, parts: list[Value]) -> Value:
    out: list[Value] = parts[:1]
    for v in parts[1:]:
        out.append(add(multiply(subtract(1.0, x), out[-1]), multiply(x, v)))
    return collapse(out)

