"""Intermediate results that nobody else sees take the result of the next operation.

In `1+x*y` the product is a vector of its own: the sum is written over it, so that a long vector
costs one pass through memory that is already there, not fresh pages from the system.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..atoms.extremes import forget
from ..atoms.promote import has_null
from ..functions import Primitive
from ..syntax import nodes as N
from ..types import LONG_NULL
from ..values import Array, Value

LEAST = 1 << 14  # items from which it pays
_UFUNCS = {"+": np.add, "-": np.subtract, "*": np.multiply, "%": np.divide}
_FLOAT, _LONG = np.dtype("f8"), np.dtype("i8")

Dyad = Callable[[Value, Value], Value]


def reusing(op: Primitive, node: N.Infix) -> Dyad | None:
    """The operator as a function that may overwrite its operands; None where both are needed."""
    ufunc = _UFUNCS.get(op.name)
    right, left = _is_new(node.right), _is_new(node.left)
    if ufunc is None or not (right or left):
        return None
    fn, quotient = op.fn2, op.name == "%"
    assert fn is not None

    def run(x: Value, y: Value) -> Value:
        if right and _takes(y, x, quotient):
            return _written(ufunc, x, y, y)
        if left and _takes(x, y, quotient):
            return _written(ufunc, x, y, x)
        return fn(x, y)

    return run


def _is_new(node: N.Node) -> bool:
    """Whether a vector of numbers that the node gives is made by it."""
    return isinstance(node, N.Infix) and isinstance(node.fn, N.Verb) and node.fn.name in _UFUNCS


def _written(ufunc: np.ufunc, x: Value, y: Value, out: Array) -> Array:
    forget(out)
    ufunc(x, y, out=out)
    return out


def _takes(own: Value, other: Value, quotient: bool) -> bool:
    """Whether the result fits into `own`, a long vector without nulls that would need care."""
    if type(own) is not np.ndarray or own.ndim != 1 or len(own) < LEAST:
        return False
    if own.dtype == _FLOAT:
        return _is_plain(other, own.shape, (_FLOAT, _LONG))
    return (own.dtype == _LONG and not quotient and type(other) is not float
            and _is_plain(other, own.shape, (_LONG,)) and not has_null(own))


def _is_plain(x: Value, shape: tuple[int, ...], dtypes: tuple[np.dtype[np.generic], ...]) -> bool:
    """Whether x is a number, or a vector of this shape, without long nulls."""
    if type(x) is np.ndarray:
        return x.shape == shape and x.dtype in dtypes and (x.dtype == _FLOAT or not has_null(x))
    return type(x) is float or type(x) is int and x != LONG_NULL
