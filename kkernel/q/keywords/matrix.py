"""Linear algebra on float vectors and matrices: `mmu`, which is also `$`, `inv` and `lsq`."""

from __future__ import annotations

import numpy as np

from ..errors import length_error, type_error
from ..registry import keyword
from ..values import Array, List, Value, collapse


@keyword("mmu", infix=True, glyph="$")
def mmu(x: Value, y: Value) -> Value:
    """Matrix product of float matrices; dot product of float vectors."""
    a, b = _floats(x), _floats(y)
    if a.shape[-1] != b.shape[0]:
        raise length_error()
    product = np.matmul(a, b)
    return product if product.ndim else product.item()


@keyword("inv")
def inv(x: Value) -> Value:
    """The inverse of a square float matrix; nulls when it has none."""
    a = _matrix(x)
    if a.shape[0] != a.shape[1]:
        raise length_error()
    try:
        return np.linalg.inv(a)
    except np.linalg.LinAlgError:
        return np.full_like(a, np.nan)


@keyword("lsq", infix=True)
def lsq(x: Value, y: Value) -> Value:
    """The matrix r for which r mmu y comes nearest to x in least squares."""
    a, b = _matrix(x), _matrix(y)
    if a.shape[1] != b.shape[1] or b.shape[0] > b.shape[1]:
        raise length_error()
    return np.ascontiguousarray(np.linalg.lstsq(b.T, a.T, rcond=None)[0].T)


def _floats(x: Value) -> Array:
    """A vector or matrix of floats or reals, also from a list of such vectors."""
    if isinstance(x, List):
        x = collapse(list(x)) if len(x) != 1 else np.asarray(x[0])[None]
    if not isinstance(x, np.ndarray) or x.dtype.kind != "f" or x.ndim > 2:
        raise length_error() if isinstance(x, List) and _ragged(x) else type_error()
    return x.view(np.ndarray)


def _ragged(x: List) -> bool:
    """A list of float vectors of unequal counts?"""
    return all(isinstance(r, np.ndarray) and r.dtype.kind == "f" for r in x)


def _matrix(x: Value) -> Array:
    a = _floats(x)
    if a.ndim != 2:
        raise type_error()
    return a
