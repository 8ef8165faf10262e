"""Linear algebra on float vectors and matrices: `mmu`, which is also `$`, `inv` and `lsq`.

Small matrices are computed in the plain order of the textbook, without fused multiply-add, so
that the rounding in the last digits is q's; large ones go to BLAS and LAPACK.
"""

from __future__ import annotations

import numpy as np

from ..errors import length_error, type_error
from ..registry import keyword
from ..values import Array, List, Value, collapse

SMALL = 32  # the largest order that is computed step by step


@keyword("mmu", infix=True, glyph="$")
def mmu(x: Value, y: Value) -> Value:
    """Matrix product of float matrices; dot product of float vectors; of lists of matrices the
    products of the items."""
    if _deep(x) and _deep(y):
        if len(x) != len(y):
            raise length_error()
        return collapse([mmu(a, b) for a, b in zip(x, y, strict=True)])
    a, b = _floats(x), _floats(y)
    if a.shape[-1] != b.shape[0]:
        raise length_error()
    product = _product(a, b)
    return product if product.ndim else product.item()


@keyword("inv")
def inv(x: Value) -> Value:
    """The inverse of a square float matrix; nulls when it has none."""
    a = _matrix(x)
    if a.shape[0] != a.shape[1]:
        raise length_error()
    if len(a) <= SMALL:
        return _inverse(a)
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
    if len(b) > SMALL:
        return np.ascontiguousarray(np.linalg.lstsq(b.T, a.T, rcond=None)[0].T)
    lower = _cholesky(_product(b, b.T))
    right = _product(a, b.T).T
    solved = _back(lower.T, _forward(lower, right, np.diag(lower)))
    return np.ascontiguousarray(solved.T)


# ---------------------------------------------------------------- arguments

def _floats(x: Value) -> Array:
    """A vector or matrix of floats or reals, also from a list of such vectors."""
    if isinstance(x, List):
        x = collapse(list(x)) if len(x) != 1 else np.asarray(x[0])[None]
    if not isinstance(x, np.ndarray) or x.dtype.kind != "f" or x.ndim > 2:
        raise length_error() if isinstance(x, List) and _ragged(x) else type_error()
    return x.view(np.ndarray)


def _deep(x: Value) -> bool:
    """A list of matrices."""
    return isinstance(x, np.ndarray) and x.ndim > 2


def _ragged(x: List) -> bool:
    """A list of float vectors of unequal counts?"""
    return all(isinstance(r, np.ndarray) and r.dtype.kind == "f" for r in x)


def _matrix(x: Value) -> Array:
    a = _floats(x)
    if a.ndim != 2:
        raise type_error()
    return a


# ---------------------------------------------------------------- plain order

def _product(a: Array, b: Array) -> Array:
    """Products summed from the first to the last."""
    if a.shape[-1] > SMALL or a.size > SMALL * SMALL or b.size > SMALL * SMALL:
        return np.asarray(np.matmul(a, b))
    out = np.zeros(a.shape[:-1] + b.shape[1:], np.result_type(a, b))
    for k in range(a.shape[-1]):
        out = out + np.multiply.outer(a[..., k], b[k])
    return out


def _inverse(a: Array) -> Array:
    """By LU decomposition with partial pivoting; a zero pivot leaves nulls and infinities."""
    lower_upper, order = _decompose(a.astype(np.float64))
    identity = np.eye(len(a))[order]
    ones = np.ones(len(a))
    return _back(lower_upper, _forward(lower_upper, identity, ones))


def _decompose(a: Array) -> tuple[Array, Array]:
    order = np.arange(len(a))
    for k in range(len(a)):
        pivot = k + int(np.argmax(np.abs(a[k:, k])))
        a[[k, pivot]], order[[k, pivot]] = a[[pivot, k]], order[[pivot, k]]
        a[k + 1:, k] /= a[k, k]
        a[k + 1:, k + 1:] -= np.multiply.outer(a[k + 1:, k], a[k, k + 1:])
    return a, order


def _forward(lower: Array, right: Array, diagonal: Array) -> Array:
    """Solve lower*y = right for all columns of right."""
    y = np.array(right, np.float64)
    for i in range(len(y)):
        for k in range(i):
            y[i] -= lower[i, k] * y[k]
        y[i] /= diagonal[i]
    return y


def _back(upper: Array, right: Array) -> Array:
    """Solve upper*x = right for all columns of right."""
    x = np.array(right, np.float64)
    for i in reversed(range(len(x))):
        for k in range(i + 1, len(x)):
            x[i] -= upper[i, k] * x[k]
        x[i] /= upper[i, i]
    return x


def _cholesky(a: Array) -> Array:
    lower = np.zeros_like(a)
    for j in range(len(a)):
        column = a[j:, j].copy()
        for k in range(j):
            column -= lower[j:, k] * lower[j, k]
        lower[j, j] = np.sqrt(column[0])
        lower[j + 1:, j] = column[1:] / lower[j, j]
    return lower
