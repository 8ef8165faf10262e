"""`?`: find, random draws, extending enumerations, vector conditional."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import length_error, type_error
from ..keywords import random
from ..lists import search
from ..lists.enumerate import extend
from ..lists.index import index
from ..qsql.query import simple_exec
from ..registry import operator
from ..symbols import Symbol
from ..types import DTYPE
from ..values import Array, Dict, Table, Value, collapse, count, is_function, is_list, items, qtype


@operator("?")
def find(x: Value, y: Value) -> Value:
    """Positions of y in list x; x random draws from y; y enumerated in the list named x."""
    if is_list(x) or isinstance(x, Table):
        return search.find(x, y)
    if isinstance(x, Dict):
        return index(x.keys, search.find(x.values, y))
    if isinstance(x, Symbol) and not is_function(y):
        return extend(x, y)
    if -7 <= qtype(x) <= -5:
        return draw(int(x), qtype(x), y)
    raise type_error()


def draw(n: int, code: int, y: Value) -> Value:
    """`n?y`: roll for positive n, deal for negative, a permutation for null."""
    null = np.iinfo(DTYPE[-code]).min
    if n == null:
        whole = is_list(y) or isinstance(y, Table)
        if not whole and qtype(y) not in (-7, -6, -5):
            raise type_error()
        size = count(y) if whole else int(y)
        dealt = random.deal(size, size)
        return index(y, dealt) if whole else dealt
    return random.roll(n, y) if n >= 0 else random.deal(-n, y)


@operator("?")
def choose(x: Value, y: Value, z: Value) -> Value:
    """Items of y where x is true, of z elsewhere; for a table, expression z on its rows y."""
    if isinstance(x, (Table, Symbol)) or (isinstance(x, Dict) and x.keyed_table):
        return simple_exec(x, y, z)
    if isinstance(x, Dict):
        y, z = (v.values if isinstance(v, Dict) else v for v in (y, z))
        return Dict(x.keys, choose(x.values, y, z))
    if qtype(x) == -1:
        return y if x else z
    if not isinstance(x, np.ndarray) or x.dtype != bool:
        return _choose_nested(x, y, z)
    return _choose(x, y, z)


def _choose_nested(x: Value, y: Value, z: Value) -> Value:
    if not is_list(x) or qtype(x):
        raise type_error()
    sides = [items(v) if is_list(v) else [v] * len(x) for v in (y, z)]
    return collapse([choose(*three) for three in zip(items(x), *sides)])


def _choose(x: Array, y: Value, z: Value) -> Value:
    for side in (y, z):
        if is_list(side) and len(side) != len(x):
            raise length_error()
    a, b = _raw(y), _raw(z)
    if a is not None and b is not None and a.dtype == b.dtype and x.ndim == 1:
        return np.where(x, a, b)
    left = items(y) if is_list(y) else [y] * len(x)
    right = items(z) if is_list(z) else [z] * len(x)
    return collapse([v if c else w for c, v, w in zip(items(x), left, right)])


def _raw(x: Value) -> Any:
    """A vector as it is, an atom as an array without axes; None for anything else."""
    if isinstance(x, np.ndarray):
        return x.view(np.ndarray) if x.ndim == 1 else None
    code = qtype(x)
    if -20 < code < 0:
        return np.array(x.code if isinstance(x, Symbol) else x, DTYPE[-code])
    return None
