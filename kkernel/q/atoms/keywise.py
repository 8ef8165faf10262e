"""Two dictionaries under one function: values meet by key, over the union of the keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..lists.joining import join
from ..lists.positions import at_positions, take_positions
from ..values import Array, Dict, Table, Value, hashables

Dyad = Callable[[Value, Value], Value]
Alone = Callable[[Value, bool], Value]  # values that one side lacks; True: they are y's


def by_key(f: Dyad, alone: Alone, x: Dict, y: Dict) -> Dict:
    """f where both have a key, `alone` elsewhere; keys of x first, then the new ones of y."""
    if same_keys(x.keys, y.keys):
        return Dict(x.keys, f(x.values, y.values))
    where_x, where_y = positions_of_keys(x.keys), positions_of_keys(y.keys)
    if where_x.keys() == where_y.keys() and len(where_x) == len(x):
        ordered = np.array([where_y[k] for k in where_x], np.int64)
        return Dict(x.keys, f(x.values, at_positions(y.values, ordered)))
    return _union(f, alone, x, y, where_x, where_y)


def same_keys(a: Value, b: Value) -> bool:
    """Are two lists of keys known to be equal without a look at single items?"""
    if a is b:
        return True
    if isinstance(a, Table) and isinstance(b, Table):
        return a.columns == b.columns and len(a) == len(b) and all(
            same_keys(c, d) for c, d in zip(a.data, b.data, strict=True))
    return isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.dtype == b.dtype \
        and np.array_equal(a, b)


def positions_of_keys(keys: Value) -> dict[Any, int]:
    """Each key, as Python can hash it, with its first position."""
    where: dict[Any, int] = {}
    for i, k in enumerate(_hashable_keys(keys)):
        where.setdefault(k, i)
    return where


def _hashable_keys(keys: Value) -> Iterable[Any]:
    if isinstance(keys, Table):
        return zip(*(hashables(c) for c in keys.data), strict=True)
    return hashables(keys)


def _union(f: Dyad, alone: Alone, x: Dict, y: Dict, where_x: dict[Any, int],
           where_y: dict[Any, int]) -> Dict:
    both = [k for k in where_x if k in where_y]
    left = [k for k in where_x if k not in where_y]
    right = [k for k in where_y if k not in where_x]
    met = f(_at(x.values, where_x, both), _at(y.values, where_y, both))
    parts = [met] if both else []
    parts += [alone(_at(x.values, where_x, left), False)] if left else []
    parts += [alone(_at(y.values, where_y, right), True)] if right else []
    values = parts[0] if parts else x.values
    for part in parts[1:]:
        values = join(values, part)
    place = {k: i for i, k in enumerate([*both, *left, *right])}
    ordered = np.array([place[k] for k in [*where_x, *right]], np.int64)
    keys = join(take_positions(x.keys, _places(where_x, where_x)),
                take_positions(y.keys, _places(where_y, right)))
    return Dict(keys, at_positions(values, ordered))


def _at(values: Value, where: dict[Any, int], keys: list[Any]) -> Value:
    return take_positions(values, _places(where, keys))


def _places(where: dict[Any, int], keys: Iterable[Any]) -> Array:
    return np.array([where[k] for k in keys], np.int64)
