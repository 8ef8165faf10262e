"""Handles: numbers that are applied to write to the console or to open files.

0 evaluates text, 1 and 2 write to the console as is, and numbers from 3 are files that `hopen`
opened.  A negative handle ends every line that it writes.
"""

from __future__ import annotations

import os
from typing import IO

import numpy as np

from . import context
from .apply import apply1
from .errors import QError, type_error
from .files.logs import is_log, packed_messages
from .files.storage import os_error
from .registry import KEYWORDS
from .values import Value, is_list, is_string, items, qtype, text

FIFO = "fifo://"


def open_file(path: str) -> np.int32:
    """A new handle: it appends to a file, or reads a pipe given as `fifo://path`."""
    reads = path.startswith(FIFO)
    path = path.removeprefix(FIFO)
    try:
        if not reads and os.path.dirname(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
        file: IO[bytes] = open(path, "rb" if reads else "ab")  # noqa: SIM115 - hclose closes it
    except OSError as e:
        raise os_error(path, e) from None
    opened = context.active.handles
    number = min(set(range(3, len(opened) + 4)) - set(opened))
    opened[number] = file
    return np.int32(number)


def close_file(handle: Value) -> None:
    """Close an open handle; closing another number does nothing."""
    file = context.active.handles.pop(abs(int(handle)), None)
    if file is not None:
        file.close()


def opened(handle: int) -> IO[bytes]:
    """The file of a handle; signals for numbers that are not open."""
    file = context.active.handles.get(abs(handle))
    if file is None:
        raise QError(
            f"Cannot write to handle {handle}. OS reports: Bad file descriptor")
    return file


def read_handle(handle: int, count: int) -> bytes:
    """At most this many bytes from a handle; all that is left when count is negative."""
    try:
        return opened(handle).read(count)
    except OSError as e:  # not open for reading
        raise QError(f"{handle}. OS reports: {e.strerror or e}") from None


def write_handle(handle: Value, x: Value) -> Value:
    """Write text to a handle; gives the handle.  Handle 0 evaluates instead."""
    number = int(handle)
    if number == 0:
        return _evaluate(x)
    if abs(number) in (1, 2):
        _write_console(number, x)
    else:
        _write_file(opened(number), b"\n" if number < 0 else b"", x)
    return handle


def _evaluate(x: Value) -> Value:
    """What a message to this process itself gives: `.z.ps` of it where that is defined."""
    handler = context.active.globals.find(".z.ps")
    return apply1(KEYWORDS["value"] if handler is None else handler, x)


def _write_console(handle: int, x: Value) -> None:
    write = context.active.write if abs(handle) == 1 else context.active.write_error
    end = "\n" if handle < 0 else ""
    rows = items(x) if is_list(x) and not is_string(x) else [x]
    for row in rows:
        write(text(row) + end)


def _write_file(file: IO[bytes], end: bytes, x: Value) -> None:
    if not end and is_list(x) and qtype(x) not in (10, 4) and is_log(file.name):
        file.write(packed_messages(x))
        file.flush()
        return
    rows = items(x) if end and is_list(x) and qtype(x) not in (10, 4) else [x]
    file.write(b"".join(_bytes(row) + end for row in rows))
    file.flush()


def _bytes(x: Value) -> bytes:
    if is_string(x) or qtype(x) in (4, -4, -10):
        return np.asarray(x).tobytes() or b"\0"
    if is_list(x):
        return b"".join(_bytes(v) for v in items(x))
    raise type_error()
