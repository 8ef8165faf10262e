"""`!`: make dictionaries, key tables, refer to a domain, and q's internal functions."""

from __future__ import annotations

from ..errors import length_error, type_error
from ..internal import internal
from ..lists.enumerate import refer
from ..registry import operator
from ..symbols import Symbol
from ..tables.columns import key_table, named, repeat, stored
from ..types import LONG_NULL
from ..values import Dict, List, Table, Value, is_atom, is_list, items, qtype


@operator("!")
def bang(x: Value, y: Value) -> Value:
    """A dictionary from keys x to values y; a table with x key columns; internal function x."""
    if type(x) is int or qtype(x) in (-6, -5):
        return _numbered(int(x), y)
    if isinstance(x, Symbol):
        return refer(x, y)
    if isinstance(x, (Table, Dict)) or is_list(x):
        return dictionary(x, y)
    raise type_error()


def _numbered(n: int, y: Value) -> Value:
    if n < 0 or n == LONG_NULL:
        return internal(n, y)
    table, name = named(y)
    return stored(key_table(n, table), name)


def dictionary(keys: Value, values: Value) -> Dict:
    """keys!values.  'length when the counts differ; an atom, or (), stands for every key."""
    if isinstance(keys, Dict):
        raise type_error()
    n = len(keys)
    if is_atom(values) and not isinstance(values, Symbol):
        values = repeat(values, n)
    elif not (is_list(values) or isinstance(values, (Table, Dict))):
        values = List([values] * n) if n else List()
    elif type(values) is List and not len(values):
        values = List([values] * n)
    if len(values) != n:
        raise length_error()
    if isinstance(values, Dict):
        values = List(items(values)) if not values.keyed_table else values
    return Dict(keys, values)
