"""Files: paths of file symbols, whole-file reads and writes, and q's data files.

A value is stored as ``ff 01`` and its binary form, a simple vector as ``fe 20`` with a 64-bit
count; these are q's own layouts.  Writing is atomic: a temporary file in the same folder, synced,
then renamed over the old one.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np

from ..errors import QError, type_error
from ..lists.strings import string_list
from ..symbols import Symbol, names, sym, symbols
from ..values import (
    EMPTY,
    Attributed,
    Dict,
    List,
    Table,
    Value,
    is_string,
    is_vector,
    items,
    qtype,
    text,
)
from .atomic_file import replaced, write_all
from .serialize import ATTRIBUTES, STORED, decode_file, encode, loaded, stored

_GENERAL, _VECTOR, _MAPPED = b"\xff\x01", b"\xfe\x20", b"\xfd\x20"


def path_of(x: Value) -> str:
    """The path of a file symbol `` `:path``; signals 'type for anything else."""
    if isinstance(x, Symbol) and x.startswith(":"):
        return os.path.expanduser(x[1:])
    raise type_error()


def os_error(path: str, e: OSError) -> QError:
    return QError(f"{path}. OS reports: {e.strerror or e}")


def read_bytes(path: str, offset: int = 0, length: int = -1) -> bytes:
    """The bytes of a file, or a slice of them."""
    try:
        with open(path, "rb") as f:
            f.seek(offset)
            return f.read(length)
    except OSError as e:
        raise os_error(path, e) from None


def write_atomically(path: str, data: bytes) -> None:
    """Replace a file by `data`: a reader sees the old content or the new, whole."""
    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        with replaced(path) as file:
            write_all(file, data)
    except OSError as e:
        raise os_error(path, e) from None


# ---------------------------------------------------------------- values


def write_value(x: Symbol, y: Value) -> Symbol:
    """`` `:file set y``; a path that ends in / makes a splayed table."""
    path = path_of(x)
    if path.endswith("/"):
        return _write_splayed(x, path, y)
    write_atomically(path, _packed(y))
    return x


def write_target(x: Value, y: Value) -> Value:
    """`set` with a list on the left: (file;..compression) writes uncompressed."""
    if isinstance(x, List) and x and isinstance(x[0], Symbol):
        return write_value(x[0], y)
    raise type_error()


def _packed(y: Value) -> bytes:
    code = qtype(y)
    if is_vector(y) and code != 11:
        attr = ATTRIBUTES.index(y.attr) if isinstance(y, Attributed) else 0
        head = _VECTOR + bytes([code, attr]) + b"\0\0\0\0" + struct.pack("<q", len(y))
        return head + stored(y, code).tobytes()
    return _GENERAL + encode(y, file=True)


def _write_splayed(x: Symbol, path: str, y: Value) -> Symbol:
    if not isinstance(y, Table):
        raise type_error()
    for column in y.data:
        if qtype(column) == 11:
            raise type_error()  # symbols must be enumerated first
    for name, column in zip(y.columns, y.data, strict=True):
        write_atomically(os.path.join(path, name), _packed(column))
    write_atomically(os.path.join(path, ".d"), _packed(symbols(y.columns)))
    return x


def read_value(x: Symbol) -> Value:
    """`get` of a file symbol; a folder is a splayed table, or a dictionary of what is in it."""
    path = path_of(x)
    if os.path.isdir(path):
        return _read_splayed(path) if is_splayed(path) else _read_folder(path)
    return unpacked(read_bytes(path), path)


def is_splayed(path: str) -> bool:
    """Is this the folder of a splayed table?"""
    return os.path.exists(os.path.join(path, ".d")) or path.endswith("/")


def is_data(path: str) -> bool:
    """Does this file begin as q's data files do?"""
    return os.path.isfile(path) and read_bytes(path, 0, 2) in (_GENERAL, _VECTOR)


def _read_folder(path: str) -> Value:
    found = visible(path)
    return Dict(symbols(found), List([read_value(file_symbol(os.path.join(path, name)))
                                      for name in found]))


def visible(path: str) -> list[str]:
    """The sorted names in a folder, those of hidden files and of parts of nested lists left out."""
    try:
        return sorted(n for n in os.listdir(path) if not n.startswith(".") and "#" not in n)
    except OSError as e:
        raise os_error(path, e) from None


def unpacked(data: bytes, path: str) -> Value:
    """The value in the bytes of a data file; says what is wrong with any other bytes."""
    if data[:2] == _GENERAL:
        return decode_file(data[2:])
    if data[:2] == _VECTOR and len(data) >= 16:
        return _unpacked_vector(data, path)
    if data[:2] == _MAPPED:
        raise QError(f"{path}: enumerated or mapped data files are not supported")
    if data[:8] == b"kxzipped":
        raise QError(f"{path}: compressed data files are not supported")
    raise QError(path)


def _unpacked_vector(data: bytes, path: str) -> Value:
    code, attr = data[2], data[3]
    (n,) = struct.unpack_from("<q", data, 8)
    if code not in STORED or n < 0 or n * STORED[code].itemsize != len(data) - 16:
        raise QError(f"{path}: the header does not fit the length of the file")
    found = loaded(data[16:], code)
    if 0 < attr < len(ATTRIBUTES):
        marked = found.view(Attributed)
        marked.attr = ATTRIBUTES[attr]
        return marked
    return found


def _read_splayed(path: str) -> Value:
    order = unpacked(read_bytes(os.path.join(path, ".d")), path)
    if qtype(order) != 11:
        raise QError(f"{path}: .d is not a list of column names")
    columns = names(order)
    if any("/" in c or c in ("", ".", "..") for c in columns):
        raise QError(f"{path}: .d names a file outside the folder")
    data = [unpacked(read_bytes(os.path.join(path, c)), path) for c in columns]
    return Table(columns, data)


def key_of_file(x: Symbol) -> Value:
    """`key` of a file symbol: itself if it exists, the sorted names in a folder, or ()."""
    path = path_of(x)
    if os.path.isdir(path):
        return symbols(sorted(os.listdir(path)))
    return x if os.path.exists(path) else EMPTY


# ---------------------------------------------------------------- text


def lines_of(x: Value) -> list[bytes]:
    """The lines of a file symbol, (file;offset;length), text, or list of texts."""
    if is_string(x):
        return split_lines(x.tobytes())
    if isinstance(x, Symbol):
        return split_lines(read_bytes(x.removeprefix(":")))
    if isinstance(x, List) and x and isinstance(x[0], Symbol):
        return split_lines(read_bytes(x[0].removeprefix(":"), *[int(n) for n in x[1:3]]))
    if isinstance(x, (List, np.ndarray)):
        return [text(row).encode("utf-8", "surrogateescape") for row in items(x)]
    raise type_error()


def split_lines(data: bytes) -> list[bytes]:
    """Lines without their ends, \\n or \\r\\n; a last line need not be ended."""
    rows = data.split(b"\n")
    if rows and not rows[-1]:
        rows.pop()
    return [r[:-1] if r.endswith(b"\r") else r for r in rows]


def strings(rows: list[bytes]) -> Value:
    """Lines as a list of char vectors."""
    return string_list(rows)


def file_symbol(path: str) -> Symbol:
    return sym(":" + path)


def suffix(path: str) -> str:
    return Path(path).suffix.lstrip(".")


