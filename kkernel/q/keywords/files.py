"""Keywords on files: read0 read1 hsym hcount hdel hopen hclose save load csv, and -8! -9! text."""

from __future__ import annotations

import os
import re

import numpy as np

from .. import context
from ..errors import nyi, type_error
from ..files.storage import (
    lines_of,
    os_error,
    path_of,
    read_bytes,
    strings,
)
from ..functions import NULL
from ..handles import close_file, open_file, read_handle
from ..registry import keyword
from ..symbols import Symbol, names, sym, symbols
from ..values import List, Value, is_string, is_vector, items, qtype, string, text


@keyword("read0", glyph="0::")
def read0(x: Value) -> Value:
    """The lines of a file, or text read from the console (handle 0)."""
    if type(x) is int and x == 0:
        return string(context.active.read_line())
    if _is_handle(x):
        return string(read_handle(*_of_handle(x)))
    if isinstance(x, (Symbol, List)):
        return strings(lines_of(x))
    raise type_error()


@keyword("read1", glyph="1::")
def read1(x: Value) -> Value:
    """The bytes of a file, or of (file;offset;length)."""
    if _is_handle(x):
        data = read_handle(*_of_handle(x))
    elif isinstance(x, Symbol):
        data = read_bytes(path_of(x))
    elif isinstance(x, List) and len(x) in (2, 3):
        data = read_bytes(path_of(x[0]), *[int(n) for n in x[1:]])
    else:
        raise type_error()
    return np.frombuffer(data, "u1").copy()


def _is_handle(x: Value) -> bool:
    """A number, or a number and a count."""
    return qtype(x) in (-7, -6, -5, 6, 7) or (isinstance(x, List) and len(x) == 2
                                              and qtype(x[0]) in (-7, -6))


def _of_handle(x: Value) -> tuple[int, int]:
    parts = [int(v) for v in items(x)]
    return parts[0], parts[1] if len(parts) > 1 else -1


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
    if isinstance(x, List) and len(x) == 2:
        x = x[0]  # (file; timeout)
    if is_string(x):
        x = sym(text(x))
    if qtype(x) in (-5, -6, -7):
        raise nyi("connections to other processes")
    path = path_of(x)
    if path.startswith((":", "unix://", "tcps://")) or _ADDRESS.search(path):
        raise nyi("connections to other processes")
    return open_file(path)


_ADDRESS = re.compile(r":\d+(:|$)")


@keyword("hclose")
def hclose(x: Value) -> Value:
    """Close a handle."""
    if qtype(x) not in (-5, -6, -7):
        raise type_error()
    close_file(x)
    return NULL
