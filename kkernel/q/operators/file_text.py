"""`0:`: tables to delimited text, text to files, delimited and fixed-width text to columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np

from .. import context
from ..errors import QError, length_error, type_error
from ..files.storage import lines_of, path_of, write_atomically
from ..registry import KEYWORDS, operator
from ..symbols import Symbol, symbols
from ..text.format import cells
from ..text.tok import read_all
from ..types import BY_CHAR
from ..values import (
    Array,
    Enum,
    List,
    Table,
    Value,
    at,
    char_code,
    collapse,
    is_list,
    is_string,
    items,
    qtype,
    string,
    text,
)

_INTEGERS = {"H": "i2", "I": "i4", "J": "i8"}
_FLOATS = {"E": "f4", "F": "f8"}


@operator("0:")
def file_text(x: Value, y: Value) -> Value:
    """Prepare, save or load text, by the types of x and y."""
    if qtype(x) == -10:
        return prepare(chr(char_code(x)), y)
    if isinstance(x, Symbol):
        return save(x, y)
    if is_string(x):
        return key_values(text(x), y)
    if isinstance(x, List) and len(x) in (2, 3) and (is_string(x[0]) or qtype(x[0]) == -10):
        return load(x, y)
    raise type_error()


# ---------------------------------------------------------------- writing


def prepare(delimiter: str, y: Value) -> Value:
    """Rows of a table (or list of columns) as delimited text, the column names first."""
    if isinstance(y, Table):
        columns = [[str(c), *_cells(v)] for c, v in zip(y.columns, y.data, strict=True)]
    elif is_list(y):
        columns = [_cells(v) for v in items(y)]
    else:
        raise type_error()
    quoted = [[_quoted(c, delimiter) for c in column] for column in columns]
    return List([string(delimiter.join(row)) for row in zip(*quoted, strict=False)])


def _cells(column: Value) -> list[str]:
    if not is_list(column):
        raise type_error()
    if is_string(column):
        return [text(c) for c in items(column)]
    if qtype(column) == 0:
        if not all(is_string(v) or qtype(v) == -10 for v in items(column)):
            raise type_error()
        return [text(v) for v in items(column)]
    code = qtype(column)
    return [_iso(c, code) for c in cells(plain(column), context.active.settings.precision)]


def plain(column: Value) -> Value:
    """An enumeration as the symbols it stands for."""
    return KEYWORDS["value"].by_rank[1](column) if isinstance(column, Enum) else column


def _iso(shown: str, code: int) -> str:
    """Dates are written 2022-03-14."""
    if code in (12, 14, 15) and shown:
        return shown[:10].replace(".", "-") + shown[10:]
    return shown


def _quoted(value: str, delimiter: str) -> str:
    if delimiter in value or "\n" in value:
        return '"' + value.replace('"', '""') + '"'
    return value


def save(x: Symbol, y: Value) -> Value:
    """Write a list of strings as the lines of a file."""
    if not is_list(y) or is_string(y):
        raise type_error()
    rows = [text(r).encode("utf-8", "surrogateescape") + b"\n" for r in items(y)]
    write_atomically(path_of(x), b"".join(rows))
    return x


# ---------------------------------------------------------------- reading


def load(spec: List, y: Value) -> Value:
    """`(types;delimiter)0:y`, `(types;enlist delimiter)0:y`, `(types;widths)0:y`."""
    types, by = text(spec[0]), spec[1]
    if qtype(by) in (7, 6, 5) or (isinstance(by, np.ndarray) and by.dtype.kind == "i"):
        return _load_fixed(types, [int(w) for w in by], y)
    embedded = len(spec) == 3 and bool(spec[2])
    single = is_string(y)
    rows = lines_of(y)
    if qtype(by) == -10:
        delimiter = chr(char_code(by))
        fields = _fields(rows, delimiter, len(types), embedded)
        columns = _columns(types, fields)
        return collapse([at(c, 0) if single else c for c in columns])
    if not (is_string(by) and len(by) == 1):
        raise type_error()
    return _load_table(types, text(by), rows, embedded)


def _load_table(types: str, delimiter: str, rows: list[bytes], embedded: bool) -> Value:
    if not rows:
        raise length_error()
    header = next(_reader([rows[0]], delimiter))
    if len(header) < len(types):
        raise length_error()
    names = [h.strip() for h, t in zip(header, types, strict=False) if t != " "]
    fields = _fields(rows[1:], delimiter, len(types), embedded)
    return Table(names, _columns(types, fields))


def _reader(rows: list[bytes], delimiter: str) -> csv.reader:  # type: ignore[name-defined]
    decoded = (r.decode("utf-8", "surrogateescape") for r in rows)
    return csv.reader(decoded, delimiter=delimiter, doublequote=True)


def _fields(rows: list[bytes], delimiter: str, n: int, embedded: bool) -> list[Sequence[str]]:
    """The fields of each column; short rows are filled with empty fields."""
    if embedded:
        joined = b"\n".join(rows).decode("utf-8", "surrogateescape")
        split = list(csv.reader(io.StringIO(joined, newline=""), delimiter=delimiter))
    elif any(b'"' in r for r in rows):
        split = list(_reader(rows, delimiter))
    else:
        split = [r.decode("utf-8", "surrogateescape").split(delimiter) for r in rows]
    if not split:
        return [()] * n
    if all(len(r) == n for r in split):
        return list(zip(*split, strict=True))
    padded = [(r + [""] * n)[:n] for r in split]
    return list(zip(*padded, strict=True))


def _load_fixed(types: str, widths: list[int], y: Value) -> Value:
    if len(types) != len(widths):
        raise length_error()
    total = sum(widths)
    rows = lines_of(y)
    if len(rows) == 1 and len(rows[0]) > total:
        rows = [rows[0][i:i + total] for i in range(0, len(rows[0]), total)]
    fields: list[Sequence[str]] = []
    start = 0
    for w in widths:
        fields.append([r[start:start + w].decode("utf-8", "surrogateescape") for r in rows])
        start += w
    columns = _columns(types, fields)
    return collapse(columns)


def _columns(types: str, fields: list[Sequence[str]]) -> list[Value]:
    return [_column(t, f) for t, f in zip(types, fields, strict=True) if t != " "]


def _column(letter: str, fields: Sequence[str]) -> Value:
    """The fields of one column as a vector: plain numbers by numpy, the rest as `$` reads them.

    Small letters mean the same types here.
    """
    letter = letter.upper()
    if letter == "*":
        return List([string(f) for f in fields])
    if letter in _INTEGERS or letter in _FLOATS:
        fast = _numbers((_INTEGERS.get(letter) or _FLOATS[letter]), fields)
        if fast is not None:
            return fast
    if letter.lower() not in BY_CHAR:
        raise type_error()
    code = BY_CHAR[letter.lower()].code
    if code == 11:
        return symbols([f.strip() for f in fields])
    return read_all(code, fields)


def _numbers(dtype: str, fields: Sequence[str]) -> Array | None:
    try:
        if dtype[0] == "i":
            if any("_" in f or not f.isascii() for f in fields):
                return None
            return np.array([int(f) for f in fields], dtype)
        return np.array(fields, dtype="S").astype(dtype) if fields else np.empty(0, dtype)
    except (ValueError, OverflowError):
        return None


def key_values(form: str, y: Value) -> Value:
    """`"S=;"0:text`: keys and values of delimited pairs."""
    if len(form) not in (3, 4) or not is_string(y):
        raise type_error()
    if form[0] not in "SIJ":
        raise QError("IJS")
    quoted = len(form) == 4 and form[2] == "*"
    keys, values = [], []
    for record in _split_records(text(y), form[-1], quoted):
        key, _, value = record.partition(form[1])
        keys.append(key)
        values.append(value[1:-1] if quoted and value.startswith('"') else value)
    if keys and not keys[-1] and not values[-1]:
        keys.pop()
        values.pop()
    return List([_column(form[0], keys), List([string(v) for v in values])])


def _split_records(source: str, separator: str, quoted: bool) -> list[str]:
    if not quoted:
        return source.split(separator)
    out, current, inside = [], "", False
    for c in source:
        inside ^= c == '"'
        if c == separator and not inside:
            out.append(current)
            current = ""
        else:
            current += c
    return [*out, current]


