"""Attributes of lists: `` `s# `` sorted, `` `u# `` unique, `` `p# `` parted, `` `g# `` grouped.

They are promises about the items.  Setting one checks it; results of other functions lose it,
except that appends keep s, u and g while they still hold.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import context
from ..errors import QError, type_error
from ..values import Array, Attributed, Dict, Enum, List, Table, Value, is_atom
from .order import is_sorted
from .search import changes, distinct_positions


class AttributedList(List):
    """A general list that carries an attribute."""

    __slots__ = ("attr",)
    attr: str


def attribute(x: Value) -> str:
    """The attribute of x, "" when it has none.  A table answers for its first column."""
    if isinstance(x, Enum):
        return attribute(x.index)
    if isinstance(x, Table):
        return x.attr or (attribute(x.data[0]) if x.data else "")
    found: str = getattr(x, "attr", "")
    return found


def without_attribute(x: Value) -> Value:
    """`` `#x``"""
    if isinstance(x, Attributed):
        return x.view(np.ndarray)
    if isinstance(x, AttributedList):
        return List(x)
    if isinstance(x, Enum):
        return Enum(x.domain, without_attribute(x.index))
    if isinstance(x, Dict):
        return Dict(without_attribute(x.keys), x.values)
    if isinstance(x, Table):
        return Table(x.columns, [without_attribute(c) for c in x.data])
    return x


def with_attribute(x: Value, attr: str) -> Value:
    """x marked with an attribute that is known to hold."""
    if isinstance(x, np.ndarray):
        marked: Any = x.view(Attributed)
        marked.attr = attr
        return marked
    if isinstance(x, List):
        listed = AttributedList(x)
        listed.attr = attr
        return listed
    if isinstance(x, Enum):
        return Enum(x.domain, with_attribute(x.index, attr))
    if isinstance(x, Table):
        return Table(x.columns, x.data, attr=attr)
    return x


def set_attribute(attr: str, x: Value) -> Value:
    """`` `s#x`` and the others, checked: 's-fail, 'u-fail, 'type."""
    if not attr:
        return without_attribute(x)
    if attr not in _CHECKS:
        raise type_error()
    if is_atom(x):
        return x
    if isinstance(x, (Dict, Table)):
        return _set_on_table(attr, x)
    if not isinstance(x, (np.ndarray, List, Enum)):
        raise type_error()
    if attribute(x) == attr:
        return x
    _CHECKS[attr](x)
    return with_attribute(x, attr)


def sort_in_place(x: Value) -> Value:
    """`` `s#x``: of the attributes this one acts in place, on all variables that hold x.

    Of a dictionary the keys are marked in place, and the step function is another one.
    """
    if isinstance(x, Dict):
        stepped = set_attribute("s", x)
        x.keys = stepped.keys
        return stepped
    if not isinstance(x, (np.ndarray, List)) or attribute(x) == "s":
        return set_attribute("s", x)
    _check_sorted(x)
    return mark_in_place(x)


def mark_in_place(x: Array | List) -> Value:
    """A list that is known to be sorted, marked wherever a variable holds it."""
    marked = with_attribute(x, "s")
    context.active.globals.mark(x, marked)
    return marked


def _set_on_table(attr: str, x: Value) -> Value:
    """A sorted dictionary is a step function; a sorted table has its first column parted."""
    if attr != "s":
        raise type_error()
    if isinstance(x, Dict):
        _check_sorted(x.keys)
        return Dict(with_attribute(x.keys, "s"), x.values, "s")
    _check_sorted(x)
    first = with_attribute(x.data[0], "s" if len(x.columns) == 1 else "p")
    return Table(x.columns, [first, *x.data[1:]], attr="s")


def _check_sorted(x: Value) -> None:
    if not is_sorted(x):
        raise QError("s-fail")


def _check_unique(x: Value) -> None:
    if len(distinct_positions(x)) < len(x):
        raise QError("u-fail")


def _check_parted(x: Value) -> None:
    """Equal items stand together: as many changes of value as there are values."""
    if isinstance(x, List):
        raise type_error()
    if len(x) and changes(x) != len(distinct_positions(x)) - 1:
        raise QError("u-fail")


def _check_grouped(x: Value) -> None:
    """Grouping holds for any list."""


_CHECKS = {"s": _check_sorted, "u": _check_unique, "p": _check_parted, "g": _check_grouped}


def keep_after_append(x: Array, joined: Array) -> Value:
    """The joined vector with the attribute of x where it still holds."""
    attr = attribute(x)
    if attr == "g":
        return with_attribute(joined, "g")
    if attr == "s" and is_sorted(joined[max(len(x) - 1, 0):]):
        return with_attribute(joined, "s")
    if attr == "u" and len(distinct_positions(joined)) == len(joined):
        return with_attribute(joined, "u")
    return joined
