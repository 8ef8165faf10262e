"""Enumerations: vectors of positions in a global list, or of rows in a keyed table.

An enumeration over a keyed table is a foreign key; over a simple table it is a link, which
shows its row numbers.  The domain is looked up by name at every read, so a change of the global
changes what an enumeration shows.
"""

from __future__ import annotations

import numpy as np

from .. import context
from ..errors import QError
from ..symbols import Symbol
from ..types import LONG_NULL
from ..values import Array, Dict, Enum, EnumAtom, Table, Value, at
from .positions import ENUM_NULL, at_positions


def domain(name: Symbol) -> Value:
    """The global list or table that an enumeration refers to; signals its name when missing."""
    found = context.active.globals.find(name)
    if found is None:
        raise QError(str(name))
    return found


def domain_keys(name: Symbol) -> Value | None:
    """The list that positions point into: the key column of a keyed table.

    None for a simple table (a link) and for a key of several columns, which show positions.
    """
    target = domain(name)
    if isinstance(target, Dict) and target.keyed_table:
        return target.keys.data[0] if len(target.keys.columns) == 1 else None
    return None if isinstance(target, Table) else target


def resolve(x: Value) -> Value:
    """The plain values of an enumeration, positions for links; anything else unchanged."""
    if isinstance(x, Enum):
        keys = domain_keys(x.domain)
        return positions(x) if keys is None else at_positions(resolve(keys), x.index)
    if isinstance(x, EnumAtom):
        return at(resolve(Enum(x.domain, np.array([x.index]))), 0)
    return x


def positions(x: Enum) -> Array:
    """Positions as longs, the null as 0N."""
    return np.where(x.index == ENUM_NULL, LONG_NULL, x.index)


def as_index(i: Value) -> Value:
    """An enumeration as the positions that it indexes a list by; anything else unchanged."""
    if isinstance(i, Enum):
        return positions(i)
    return int(positions(Enum(i.domain, np.array([i.index])))[0]) if isinstance(i, EnumAtom) else i
