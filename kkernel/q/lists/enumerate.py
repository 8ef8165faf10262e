"""Making enumerations: `` `d$y``, `` `d?y`` and `` `d!positions``."""

from __future__ import annotations

import os

import numpy as np

from .. import context
from ..errors import QError, type_error
from ..files.storage import read_value, write_value
from ..symbols import Symbol, sym
from ..tables.rows import find_rows, is_row
from ..values import (
    Array,
    Dict,
    Enum,
    EnumAtom,
    Table,
    Value,
    collapse,
    count,
    enlist,
    hashable,
    is_atom,
    items,
    qtype,
)
from .attributes import attribute, with_attribute
from .enums import domain, domain_keys, resolve
from .grouping import find


def enumerate_in(name: Symbol, y: Value) -> Value:
    """`` `d$y``: y as an enumeration of the global d.  'cast for values that d lacks."""
    if isinstance(y, (Enum, EnumAtom)):
        if y.domain == name:
            return y
        y = resolve(y)
    if isinstance(y, (Dict, Table)):
        raise type_error()
    target = domain(name)
    if isinstance(target, Dict) and target.keyed_table and len(target.keys.columns) > 1:
        return _enumerate_rows(name, target.keys, y)
    keys = domain_keys(name)
    if keys is None:
        raise type_error()
    return _checked(name, find(keys, enlist(y) if is_atom(y) else y), count(keys), is_atom(y))


def _enumerate_rows(name: Symbol, keys: Table, y: Value) -> Value:
    """The domain has several key columns: y is one key, or a list of keys."""
    one = is_row(y, len(keys.columns))
    rows = [items(y)] if one else [items(v) for v in items(y)]
    wanted = Table(keys.columns, [collapse(list(c)) for c in zip(*rows)]) if rows else keys
    found = find_rows(keys, wanted) if rows else np.empty(0, np.int64)
    return _checked(name, found, len(keys), one)


def _checked(name: Symbol, found: Array, size: int, one: bool) -> Value:
    if len(found) and int(found.max()) >= size:
        raise QError("cast")
    _enter(name)
    return EnumAtom(name, int(found[0])) if one else Enum(name, found)


def extend(name: Symbol, y: Value) -> Value:
    """`` `d?y``: append to the global d what it lacks, or make it; then enumerate y.

    For a file symbol the file is read and written too, and its name is that of the global.
    """
    attr = attribute(y)
    y = resolve(y)
    file, name = (name, sym(os.path.basename(name[1:]))) if name.startswith(":") else (None, name)
    known = context.active.globals.find(name) if file is None else _read_domain(file)
    have = [] if known is None else items(known)
    seen = {hashable(v) for v in have}
    fresh = {hashable(v): v for v in items(y) if hashable(v) not in seen}
    grown = collapse([*have, *fresh.values()])
    if attribute(known) == "u":
        grown = with_attribute(grown, "u")
    if known is None or fresh or file is not None:
        context.active.globals.set(name, grown)
    if file is not None:
        write_value(file, grown)
    found = enumerate_in(name, y)
    return with_attribute(found, attr) if attr in ("g", "p", "u") else found


def _read_domain(file: Symbol) -> Value | None:
    return read_value(file) if os.path.exists(file[1:]) else None


def _enter(name: Symbol) -> None:
    """Count the domain among those of the session, which `-10!` asks for."""
    context.active.globals.domains.add(name)


def refer(name: Symbol, where: Value) -> Value:
    """`` `d!positions``: an enumeration of a list, or a link to the rows of a table."""
    _enter(name)
    if isinstance(where, np.ndarray) and where.ndim == 1 and where.dtype.kind in "iu?":
        return Enum(name, where.astype(np.int64))
    if qtype(where) in (-5, -6, -7):
        return EnumAtom(name, int(where))
    raise type_error()
