"""`_`: drop items from an end, delete items, keys or columns, cut at positions."""

from __future__ import annotations

import numpy as np

from ..errors import domain_error, type_error
from ..lists.positions import take_positions
from ..lists.search import depth, first_positions
from ..registry import operator
from ..tables.columns import symbol_list, without_columns
from ..tables.records import records
from ..tables.rows import find_rows
from ..values import (
    Array,
    Dict,
    List,
    Table,
    Value,
    collapse,
    is_atom,
    is_list,
    is_vector,
    qtype,
)
from .take import cut_at, part

_INTEGERS = (5, 6, 7, 1, 4)


@operator("_")
def drop(x: Value, y: Value) -> Value:
    """y without its first x items, or cut at positions x; x without item y."""
    code = qtype(x)
    if -code in _INTEGERS and (is_list(y) or isinstance(y, (Dict, Table)) or is_atom(y)):
        return _drop_count(int(x), y)
    if isinstance(y, Dict) and not isinstance(x, Dict):
        return _without_keys(x, y)
    if isinstance(y, Table) and (code == 11 or (is_list(x) and not len(x))):
        return without_columns(y, symbol_list(x))
    if isinstance(x, Dict):
        return _without_key(x, y)
    if code in _INTEGERS and (is_list(y) or isinstance(y, Table)):
        return cut(x, y)
    if (is_list(x) or isinstance(x, Table)) and -qtype(y) in _INTEGERS:
        return _without_item(x, int(y))
    raise type_error()


def _drop_count(n: int, y: Value) -> Value:
    if not (is_list(y) or isinstance(y, (Dict, Table))):
        y = collapse([y])
    size = len(y)
    if n >= 0:
        return part(y, min(n, size), size)
    return part(y, 0, max(size + n, 0))


def cut(where: Array, y: Value) -> Value:
    """The parts of y that begin at ascending positions.  'domain when they do not ascend."""
    starts = [int(k) for k in where.tolist()]
    if any(a > b for a, b in zip(starts, starts[1:])) or (starts and starts[0] < 0):
        raise domain_error()
    return cut_at(y, starts)


def _without_item(x: Value, k: int) -> Value:
    """Positions outside the list delete nothing."""
    kept = np.arange(len(x))
    return take_positions(x, kept[kept != k]) if 0 <= k < len(x) else x


def _without_keys(x: Value, y: Dict) -> Dict:
    """`` `a`b _ d``: entries of y whose key is not in x."""
    if isinstance(y.keys, Table):
        gone = find_rows(y.keys, records(y.keys, x))
    else:
        gone = first_positions(y.keys, _as_keys(x, y.keys))
    kept = np.ones(len(y) + 1, bool)
    kept[gone] = False
    return Dict(*(take_positions(v, np.flatnonzero(kept[:-1])) for v in (y.keys, y.values)))


def _as_keys(x: Value, keys: Value) -> Value:
    """x as a list of keys: one key stands for a list of one."""
    if depth(x) >= depth(keys):
        return x
    return collapse([x]) if is_vector(keys) else List([x])


def _without_key(x: Dict, y: Value) -> Dict:
    """`d _ key`: one key only."""
    several = isinstance(y, Table) if isinstance(x.keys, Table) else depth(y) >= depth(x.keys)
    if several:
        raise type_error()
    return _without_keys(y, x)

