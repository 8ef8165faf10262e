"""Assignment into variables: `x[i;j]:y`, `x[i]+:y`, `x,:y`; `@[d;i;f;y]`, `.[d;i;f;y]`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from sys import getrefcount

import numpy as np

from .. import context
from ..apply import apply2
from ..errors import QError, type_error
from ..files.storage import path_of, read_value, write_value
from ..functions import Primitive
from ..symbols import Symbol
from ..values import Enum, List, Table, Value, is_list, items
from . import in_place
from .amend import NOTHING, amend
from .attributes import attribute
from .in_place import runs_nothing, write
from .joining import append


def _references(value: Value) -> int:
    return getrefcount(value)


# what a function that is handed a variable's value counts when nothing else refers to the value:
# then assignments write into it
_HELD_ONCE = (lambda frame: _references(frame[0]))([np.empty(1)])


def assign_indexed(value: Value, indices: Sequence[Value], op: Value | None, y: Value) -> Value:
    """The value of x after `x[i;j]:y` (op None) or `x[i;j] op: y`; without indices `x op: y`."""
    if indices:
        if getrefcount(value) == _HELD_ONCE and runs_nothing(op):
            done = write(value, indices, op, y)
            if done is not None:
                return done
        return amend(value, indices, op, y)
    if isinstance(op, Primitive) and op.name == ",":
        own = getrefcount(value) == _HELD_ONCE  # first: an argument on its way counts as well
        return _appended(value, y, own)
    return y if op is None else apply2(op, value, y)


def append_to(value: Value, y: Value) -> Value:
    """The value of x after `x,:y`."""
    own = getrefcount(value) == _HELD_ONCE
    return _appended(value, y, own)


def _appended(value: Value, y: Value, own: bool) -> Value:
    done = in_place.append(value, y) if own and type(value) is List else None
    return append(value, y) if done is None else done


def amend_at(d: Value, i: Value, f: Value, y: Value = NOTHING) -> Value:
    """`@[d;i;f]` and `@[d;i;f;y]`; d may be the name of a global."""
    if isinstance(d, Symbol):
        return _amend_by_name(d, [i], _function(f), y)
    return amend(d, [i], _function(f), y)


def amend_path(d: Value, path: Value, f: Value, y: Value = NOTHING) -> Value:
    """`.[d;path;f]` and `.[d;path;f;y]`; an empty path amends d as a whole."""
    if not is_list(path):
        raise type_error()
    steps = items(path)
    if not steps and y is not NOTHING and _makes_file(d, f):
        return write_value(d, y)
    if isinstance(d, Symbol):
        return _amend_by_name(d, steps, _function(f), y)
    return amend(d, steps, _function(f), y)


def _amend_by_name(name: Symbol, path: Sequence[Value], f: Value | None, y: Value) -> Symbol:
    if name.startswith(":"):
        stored = _amendable(name, read_value(name), not path)
        return write_value(name, amend(stored, path, f, y))
    names = context.active.globals
    names.refuse_frozen(name)
    names.set(name, _amended(names.get(name), path, f, y))
    return name


def _amended(value: Value, path: Sequence[Value], f: Value | None, y: Value) -> Value:
    if getrefcount(value) == _HELD_ONCE and path and y is not NOTHING and runs_nothing(f):
        done = write(value, path, f, y)
        if done is not None:
            return done
    return amend(value, path, f, y)


def _makes_file(d: Value, f: Value) -> bool:
    """Assigning to a file makes it anew, and so does joining to one that is not there."""
    return isinstance(d, Symbol) and d.startswith(":") and isinstance(f, Primitive) and (
        f.name == ":" or (f.name == "," and not os.path.exists(path_of(d))))


def _function(f: Value) -> Value | None:
    """None for Assign (`:`), which replaces."""
    return None if isinstance(f, Primitive) and f.name == ":" else f


def _amendable(file: Symbol, stored: Value, whole: bool) -> Value:
    """Items of a file are amended only in a plain vector without attribute."""
    if not whole and (isinstance(stored, (Enum, List)) or attribute(stored)) \
            and not isinstance(stored, Table):
        raise QError(f"type/attr error amending file {file[1:]}")
    return stored
