"""Keywords that move variables to files and back: save load rsave rload dsave."""

from __future__ import annotations

import os

from .. import context
from ..apply import apply
from ..errors import QError, type_error
from ..files.storage import file_symbol, read_value, suffix, write_atomically, write_value
from ..registry import OPERATORS, keyword
from ..symbols import Symbol, names, sym, symbols
from ..tables.columns import unkey
from ..values import Dict, Table, Value, is_vector, items, qtype, text


def _each_name(one: object, x: Value) -> Value:
    """A function of a symbol, for a symbol or a symbol vector."""
    if is_vector(x) and qtype(x) == 11:
        return symbols([one(n) for n in names(x)])  # type: ignore[operator]
    if not isinstance(x, Symbol):
        raise type_error()
    return one(x)  # type: ignore[operator]


@keyword("save")
def save(x: Value) -> Value:
    """Write globals to files of their names; the extension chooses the format."""
    return _each_name(_save, x)


def _save(x: Symbol) -> Symbol:
    path = x.removeprefix(":")
    kind = suffix(path)
    value = context.active.globals.get(os.path.basename(path).split(".")[0])
    target = file_symbol(path)
    if not kind:
        return write_value(target, value)
    formats = context.active.globals.get(".h.tx")
    prepare = formats.get(kind) if isinstance(formats, Dict) else None
    if prepare is None:
        raise QError(f"nyi: save as {kind}")
    rows = items(apply(prepare, [value]))
    write_atomically(path, b"".join(r.tobytes() + b"\n" for r in rows))
    return target


@keyword("load")
def load(x: Value) -> Value:
    """Read files written by save into globals of their names, a folder into a dictionary."""
    return _each_name(_load, x)


def _load(x: Symbol) -> Symbol:
    path = x.removeprefix(":")
    name = os.path.basename(path.rstrip("/"))
    context.active.globals.set(name, read_value(file_symbol(path)))
    return sym(name)


@keyword("rsave")
def rsave(x: Value) -> Value:
    """Write a table of this name as a folder of columns."""
    value = context.active.globals.get(text(x))
    return write_value(file_symbol(text(x) + "/"), value)


@keyword("rload")
def rload(x: Value) -> Value:
    """Read a folder of columns into a global of its name."""
    return _each_name(_rload, x)


def _rload(x: Symbol) -> Symbol:
    context.active.globals.set(x, read_value(file_symbol(text(x) + "/")))
    return x


@keyword("dsave", infix=True)
def dsave(x: Value, y: Value) -> Value:
    """Write tables to folders in x: symbols enumerated, the first column parted.

    x is the folder, or a list of it and the path within it; the enumeration is kept in the
    folder.  Gives the names.
    """
    parts = [x] if isinstance(x, Symbol) else names(x)
    root = parts[0]
    folder = "/".join(parts)

    def write(name: Symbol) -> Symbol:
        table = unkey(context.active.globals.get(name))
        known = apply(context.active.globals.get(".Q.en"), [root, table])
        first = OPERATORS["#"].by_rank[2](sym("p"), known.data[0])
        write_value(sym(f"{folder}/{name}/"), Table(known.columns, [first, *known.data[1:]]))
        return name

    return _each_name(write, y)
