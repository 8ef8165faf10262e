"""`~`: identical in type, shape and values."""

from __future__ import annotations

import numpy as np

from ..atoms.tolerance import all_equal, equal_floats
from ..functions import Composition, Derived, Lambda, Projection
from ..registry import operator
from ..values import (
    Array,
    Dict,
    Enum,
    EnumAtom,
    List,
    Table,
    Value,
    is_function,
    items,
    qtype,
)

Pairs = list[tuple[Value, Value]]


@operator("~")
def match(x: Value, y: Value) -> bool:
    """1b where x and y are identical; floats within tolerance, attributes ignored."""
    todo: Pairs = [(x, y)]
    while todo:  # a stack instead of recursion: lists may nest deeply
        a, b = todo.pop()
        if a is not b and not _alike(a, b, todo):
            return False
    return True


def _alike(x: Value, y: Value, todo: Pairs) -> bool:
    """Compare one level; what lies below is left on `todo`."""
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
        return _alike_arrays(x, y)
    code = qtype(x)
    if isinstance(x, Dict) and isinstance(y, Dict):
        todo.extend([(x.keys, y.keys), (x.values, y.values)])
        return True
    if code != qtype(y):
        return False
    if code < 0:
        return _alike_atoms(x, y, code)
    if isinstance(x, (List, np.ndarray)):
        if len(x) != len(y):
            return False
        todo.extend(zip(items(x), items(y)))
        return True
    if isinstance(x, Table):
        todo.extend(zip(x.data, y.data))
        return x.columns == y.columns
    if isinstance(x, Enum):
        return x.domain == y.domain and np.array_equal(x.index, y.index)
    return is_function(x) and _alike_functions(x, y, todo)


def _alike_arrays(x: Array, y: Array) -> bool:
    if x.dtype != y.dtype or x.shape != y.shape:
        return x.ndim > 1 and y.ndim > 1 and len(x) == len(y) == 0
    kind = x.dtype.kind
    if kind == "f":
        return all_equal(x.view(np.ndarray), y.view(np.ndarray))
    if kind in "mM":
        x, y = x.view(np.int64), y.view(np.int64)
    return bool(np.array_equal(x, y))


def _alike_atoms(x: Value, y: Value, code: int) -> bool:
    if code in (-9, -8):
        return equal_floats(float(x), float(y))
    if isinstance(x, EnumAtom):
        return bool(x.domain == y.domain and x.index == y.index)
    if isinstance(x, (np.datetime64, np.timedelta64, np.void)):
        return x.tobytes() == y.tobytes()
    return bool(x == y)


def _alike_functions(x: Value, y: Value, todo: Pairs) -> bool:
    """Functions match when they are made of the same parts."""
    if type(x) is not type(y):
        return False
    if isinstance(x, Lambda):
        return bool(x.text == y.text and x.namespace == y.namespace)
    if isinstance(x, Projection):
        todo.append((x.fn, y.fn))
        todo.extend(zip(x.args, y.args))
        return len(x.args) == len(y.args)
    if isinstance(x, Composition):
        todo.extend([(x.f, y.f), (x.g, y.g)])
        return True
    if isinstance(x, Derived):
        todo.append((x.fn, y.fn))
        return bool(x.iterator == y.iterator)
    return False
