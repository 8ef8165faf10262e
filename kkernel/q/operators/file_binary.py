"""`1:`: raw bytes to a file, and fixed-width binary records to columns."""

from __future__ import annotations

import numpy as np

from ..errors import QError, length_error, type_error
from ..files.serialize import STORED, loaded, stored
from ..files.storage import path_of, read_bytes, write_atomically, write_value
from ..registry import operator
from ..symbols import Symbol, symbols
from ..types import BY_CHAR
from ..values import Array, List, Value, collapse, is_list, is_vector, items, qtype, string, text


@operator("1:")
def file_binary(x: Value, y: Value) -> Value:
    """Write the bytes of y to file x, or read records of widths and types x from y."""
    if is_list(x) and len(x) == 4 and isinstance(items(x)[0], Symbol):
        x = items(x)[0]  # (file; ..how to compress): nothing is compressed here
    if isinstance(x, Symbol):
        if qtype(y) == 0:
            return write_value(x, y)
        write_atomically(path_of(x), raw_bytes(y))
        return x
    if is_list(x) and len(x) == 2:
        return _load(x, y)
    raise type_error()


def raw_bytes(y: Value) -> bytes:
    """The bytes of a simple vector or atom as q keeps them."""
    code = abs(qtype(y))
    if code == 11 or code not in STORED:
        raise type_error()
    vector = y if is_vector(y) else np.asarray(y).reshape(1)
    if code == 10 and not is_vector(y):
        return bytes(y) or b"\0"
    return stored(vector, code).tobytes()


def _load(x: Value, y: Value) -> Value:
    first, second = items(x)
    little = qtype(first) in (10, -10)
    letters, widths = (first, second) if little else (second, first)
    kinds = text(letters)
    sizes = [int(w) for w in np.atleast_1d(np.asarray(widths))]
    if len(kinds) != len(sizes):
        raise length_error()
    data = _source(y)
    total = sum(sizes)
    if not total:
        raise length_error()
    table: Array = np.frombuffer(data[:len(data) // total * total], "u1").reshape(-1, total)
    return collapse(_columns(table, kinds, sizes, little))


def _columns(table: Array, kinds: str, sizes: list[int], little: bool) -> list[Value]:
    columns, start = [], 0
    for kind, size in zip(kinds, sizes, strict=True):
        field = table[:, start:start + size]
        start += size
        if kind == " ":
            continue
        columns.append(_field(field if little else field[:, ::-1], kind, size))
    return columns


def _field(field: Array, kind: str, size: int) -> Value:
    if kind == "*":
        return List([string(row.tobytes()) for row in field])
    if kind.lower() == "s":
        return symbols([row.tobytes().split(b"\0")[0].decode("utf-8", "replace")
                        for row in field])
    t = BY_CHAR.get(kind.lower())
    if t is None or STORED[t.code].itemsize != size:
        raise QError("length")
    return loaded(np.ascontiguousarray(field).tobytes(), t.code)


def _source(y: Value) -> bytes:
    if isinstance(y, Symbol):
        return read_bytes(path_of(y))
    if isinstance(y, List) and y and isinstance(y[0], Symbol):
        return read_bytes(path_of(y[0]), *[int(n) for n in y[1:3]])
    if is_vector(y):
        return np.asarray(y).tobytes()
    raise type_error()
