"""Keywords on files: read0 read1 hsym hcount hdel hopen hclose save load csv, and -8! -9! text."""

from __future__ import annotations

import os

import numpy as np

from .. import context
from ..errors import QError, type_error
from ..files import (
    file_symbol,
    lines_of,
    os_error,
    path_of,
    read_bytes,
    read_value,
    strings,
    suffix,
    write_atomically,
    write_value,
)
from ..functions import Foreign
from ..registry import OPERATORS, keyword
from ..symbols import Symbol, names, sym, symbols
from ..values import List, Value, char, is_list, is_string, is_vector, items, qtype, string, text


@keyword("read0", glyph="0::")
def read0(x: Value) -> Value:
    """The lines of a file, or text read from the console (handle 0)."""
    if type(x) is int and x == 0:
        return string(context.active.read_line())
    if isinstance(x, (Symbol, List)):
        return strings(lines_of(x))
    raise type_error()


@keyword("read1", glyph="1::")
def read1(x: Value) -> Value:
    """The bytes of a file, or of (file;offset;length)."""
    if isinstance(x, Symbol):
        data = read_bytes(path_of(x))
    elif isinstance(x, List) and len(x) in (2, 3):
        data = read_bytes(path_of(x[0]), *[int(n) for n in x[1:]])
    else:
        raise type_error()
    return np.frombuffer(data, "u1").copy()


@keyword("hsym")
def hsym(x: Value) -> Value:
    """Symbols as file symbols."""
    if isinstance(x, Symbol):
        return x if x.startswith(":") else sym(":" + x)
    if is_vector(x) and qtype(x) == 11:
        return symbols([n if n.startswith(":") else ":" + n for n in names(x)])
    raise type_error()


@keyword("hcount")
def hcount(x: Value) -> Value:
    """The size of a file in bytes."""
    path = path_of(x)
    try:
        return os.path.getsize(path)
    except OSError as e:
        raise os_error(path, e) from None


@keyword("hdel")
def hdel(x: Value) -> Value:
    """Delete a file or an empty folder."""
    path = path_of(x)
    try:
        (os.rmdir if os.path.isdir(path) else os.unlink)(path)
    except OSError as e:
        raise os_error(path, e) from None
    return x


@keyword("hopen")
def hopen(x: Value) -> Value:
    """A handle that appends to a file: applied to text or bytes it writes them."""
    path = path_of(x)
    if path.startswith((":", "unix://", "tcps://")) or path.rpartition(":")[2].isdigit():
        raise QError("nyi: connections to other processes")
    try:
        handle = open(path, "ab")  # noqa: SIM115 - closed by hclose
    except OSError as e:
        raise os_error(path, e) from None

    def append(y: Value) -> Value:
        handle.write(_appended(y))
        handle.flush()
        return opened

    opened = Foreign(f"handle {path}", 1, append, doc=path)
    context.active.handles[id(opened)] = handle
    return opened


def _appended(y: Value) -> bytes:
    if is_string(y) or qtype(y) in (4, -4, -10):
        return np.asarray(y).tobytes() or b"\0"
    if is_list(y):
        return b"".join(_appended(v) for v in items(y))
    raise type_error()


@keyword("hclose")
def hclose(x: Value) -> Value:
    """Close a handle."""
    from ..functions import NULL
    handle = context.active.handles.pop(id(x), None)
    if handle is not None:
        handle.close()
    return NULL


@keyword("save")
def save(x: Value) -> Value:
    """Write globals to files of their names; the extension chooses the format."""
    if is_vector(x) and qtype(x) == 11:
        return symbols([_save(n) for n in names(x)])
    return _save(x)


def _save(x: Value) -> Symbol:
    if not isinstance(x, Symbol):
        raise type_error()
    path = x.removeprefix(":")
    kind = suffix(path)
    name = os.path.basename(path).split(".")[0]
    value = context.active.globals.get(name)
    target = file_symbol(path)
    if not kind:
        return write_value(target, value)
    if kind not in ("csv", "txt"):
        raise QError(f"nyi: save as {kind}")
    prepare = OPERATORS["0:"].by_rank[2]
    rows = prepare(char("," if kind == "csv" else "\t"), value)
    write_atomically(path, b"".join(r.tobytes() + b"\n" for r in items(rows)))
    return target


@keyword("load")
def load(x: Value) -> Value:
    """Read files written by save into globals of their names."""
    if is_vector(x) and qtype(x) == 11:
        return symbols([_load(n) for n in names(x)])
    return _load(x)


def _load(x: Value) -> Symbol:
    if not isinstance(x, Symbol):
        raise type_error()
    path = x.removeprefix(":")
    name = os.path.basename(path.rstrip("/"))
    context.active.globals.set(name, read_value(file_symbol(path)))
    return sym(name)


@keyword("rsave")
def rsave(x: Value) -> Value:
    """Write a table of this name as a folder of columns."""
    value = context.active.globals.get(text(x))
    return write_value(file_symbol(text(x) + "/"), value)
