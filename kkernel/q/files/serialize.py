"""The binary form of q values: what `-8!` makes and `-9!` reads, and q's data files hold.

Little-endian throughout: a signed type byte, then the value.  Vectors have an attribute byte and
a 32-bit count.  Reading checks every count against what is left, so hostile bytes end in an
error and never in a large allocation.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from .. import context
from ..errors import QError
from ..functions import (
    ITERATORS,
    MISSING,
    NULL,
    Composition,
    Derived,
    Iterator,
    Lambda,
    Primitive,
    Projection,
)
from ..registry import KEYWORDS, OPERATORS
from ..symbols import Symbol, names, sym, symbols
from ..types import BY_CODE, EPOCH, LONG_INF, LONG_NULL
from ..values import (
    Array,
    Attributed,
    Dict,
    Enum,
    EnumAtom,
    List,
    Table,
    Value,
    at,
    char_code,
    items,
    qtype,
    string,
    text,
)

MAX_COUNT = 2**31 - 1
ENUMERATION = 20
ATTRIBUTES = ["", "s", "u", "p", "g"]
# operators by the byte that stands for them, types 101 and 102
UNARY = ("::", "flip", "neg", "first", "reciprocal", "where", "reverse", "null", "group", "iasc",
         "idesc", "string", "enlist", "count", "floor", "not", "key", "distinct", "type", "value",
         "read0", "read1", "2::", "avg", "last", "sum", "prd", "min", "max", "exit", "getenv",
         "abs", "sqrt", "log", "exp", "sin", "asin", "cos", "acos", "tan", "atan", "enlist", "var",
         "dev", "hopen")
BINARY = (":", "+", "-", "*", "%", "&", "|", "^", "=", "<", ">", "$", ",", "#", "_", "~", "!",
          "?", "@", ".", "0:", "1:", "2:", "in", "within", "like", "bin", "ss", "insert", "wsum",
          "wavg", "div", "xexp", "setenv", "binr", "cov", "cor")
_SIZES = {1: "?", 2: "V16", 4: "u1", 5: "<i2", 6: "<i4", 7: "<i8", 8: "<f4", 9: "<f8", 10: "S1",
          12: "<i8", 13: "<i4", 14: "<i4", 15: "<f8", 16: "<i8", 17: "<i4", 18: "<i4", 19: "<i4"}
STORED = {code: np.dtype(d) for code, d in _SIZES.items()}


def message(x: Value) -> bytes:
    """`-8!x`: the value with an eight-byte header."""
    body = encode(x)
    return struct.pack("<BBHI", 1, 0, 0, len(body) + 8) + body


def read_message(data: bytes) -> Value:
    """`-9!x`; signals 'badmsg for anything but one whole uncompressed message."""
    if len(data) < 9 or data[0] not in (0, 1):
        raise QError("badmsg")
    if data[0] == 0:
        raise QError("badmsg: big-endian data is not supported")
    if data[2]:
        raise QError("badmsg: compressed data is not supported")
    (length,) = struct.unpack_from("<I", data, 4)
    if length != len(data):
        raise QError(f"badmsg: length says {length} bytes, there are {len(data)}")
    return decode(data[8:])


# ---------------------------------------------------------------- writing


class FileBytes(bytearray):
    """The content of a data file: it keeps enumerations, which messages write as symbols."""


def encode(x: Value, file: bool = False) -> bytes:
    """A value without header; `file` for the content of a data file."""
    out = FileBytes() if file else bytearray()
    _write(x, out)
    return bytes(out)


def _write(x: Value, out: bytearray) -> None:
    code = qtype(x)
    if code < 0:
        _write_atom(x, code, out)
    elif isinstance(x, np.ndarray) and x.ndim == 1:
        _write_vector(x, code, out)
    elif isinstance(x, np.ndarray) and x.size and qtype(x[_first(x)]) < 11:
        _write_rectangle(x, out)
    elif isinstance(x, (List, np.ndarray)):
        _write_list(items(x), out)
    elif isinstance(x, Enum):
        _write_enumeration(x, out)
    elif isinstance(x, Table):
        out += bytes([98, ATTRIBUTES.index(x.attr), 99])
        _write(symbols(x.columns), out)
        _write_list(list(x.data), out)
    elif isinstance(x, Dict):
        out.append(127 if x.attr else 99)
        _write(x.keys, out)
        _write(x.values, out)
    else:
        _write_function(x, out)


def _first(x: Array) -> tuple[int, ...]:
    """Where the first vector stands in an array of several dimensions."""
    return (0,) * (x.ndim - 1)


def _write_rectangle(x: Array, out: bytearray) -> None:
    """Vectors of plain numbers in lists of lists: all at once, as records with their heads."""
    filled, code = np.asarray(x), qtype(x[_first(x)])
    for axis in range(x.ndim - 1, 0, -1):
        n = x.shape[axis]
        records = np.empty(x.shape[:axis], [("head", "V6"), ("items", filled.dtype, (n,))])
        records["head"] = np.void(struct.pack("<BBI", code, 0, _checked(n)))
        records["items"] = filled
        filled, code = records, 0
    out += struct.pack("<BBI", 0, 0, _checked(len(x)))
    out += filled.tobytes()


def _write_enumeration(x: Enum, out: bytearray) -> None:
    if not isinstance(out, FileBytes):
        _write(_symbols_of(x), out)
        return
    attr = ATTRIBUTES.index(getattr(x.index, "attr", ""))
    out += struct.pack("<BBI", ENUMERATION, attr, _checked(len(x)))
    out += x.domain.encode("utf-8", "surrogateescape") + b"\0"
    out += np.asarray(x.index, "<i8").tobytes()


def _symbols_of(x: Enum | EnumAtom) -> Value:
    return KEYWORDS["value"].by_rank[1](x)


def _write_list(values: list[Value], out: bytearray) -> None:
    out += struct.pack("<BBI", 0, 0, _checked(len(values)))
    for v in values:
        _write(v, out)


def _checked(n: int) -> int:
    if n > MAX_COUNT:
        raise QError("limit")
    return n


def _write_atom(x: Value, code: int, out: bytearray) -> None:
    if isinstance(x, EnumAtom):
        x, code = _symbols_of(x), -11
    out.append(256 + code)
    if code == -11:
        out += x.encode("utf-8", "surrogateescape") + b"\0"
    elif code == -10:
        out.append(char_code(x))
    else:
        out += stored(np.asarray(x).reshape(1) if not isinstance(x, (int, float))
                      else np.array([x], BY_CODE[-code].dtype), -code).tobytes()


def _write_vector(x: Array, code: int, out: bytearray) -> None:
    attr = ATTRIBUTES.index(x.attr) if isinstance(x, Attributed) else 0
    out += struct.pack("<BBI", code, attr, _checked(len(x)))
    if code == 11:
        for name in names(x):
            out += name.encode("utf-8", "surrogateescape") + b"\0"
    else:
        out += stored(x, code).tobytes()


def stored(x: Array, code: int) -> Array:
    """The vector in the numbers that q keeps: epoch 2000, 32 bits for most temporals."""
    if code < 12 or code > 19:
        return np.asarray(x)
    raw = np.asarray(x).view("i8")
    to = STORED[code]
    null, inf = raw == LONG_NULL, np.abs(raw) == LONG_INF
    shifted = np.where(null | inf, 0, raw - EPOCH[code])
    if code == 15:
        out = shifted / 86_400_000
        out[null], out[inf] = np.nan, np.sign(raw[inf]) * np.inf
        return out
    limit = np.iinfo(to)
    out = shifted.astype(to)
    out[null], out[inf] = limit.min, np.sign(raw[inf]) * limit.max
    return out


def _write_function(x: Value, out: bytearray) -> None:
    if x is NULL:
        out += b"\x65\x00"
    elif x is MISSING:
        out += b"\x65\xff"
    elif isinstance(x, Lambda):
        out += b"\x64" + x.namespace.lstrip(".").encode() + b"\0"
        _write(string(x.text), out)
    elif isinstance(x, Primitive):
        _write_primitive(x, out)
    elif isinstance(x, Iterator):
        out += bytes([103, list(ITERATORS).index(x.glyph)])
    elif isinstance(x, Projection):
        _write_parts(104, [x.fn, *x.args], out)
    elif isinstance(x, Composition):
        _write_parts(105, [x.f, x.g], out)
    elif isinstance(x, Derived):
        out.append(x.qtype)
        _write(x.fn, out)
    else:
        raise QError("type")


def _write_primitive(x: Primitive, out: bytearray) -> None:
    for code, table in ((102, BINARY), (101, UNARY)):
        if x.name in table:
            out += bytes([code, table.index(x.name)])
            return
    out += b"\x64\0"  # a keyword that q itself keeps as a lambda
    _write(string(x.name), out)


def _write_parts(code: int, parts: list[Value], out: bytearray) -> None:
    out += struct.pack("<BI", code, len(parts))
    for p in parts:
        _write(p, out)


# ---------------------------------------------------------------- reading


def decode(data: bytes) -> Value:
    """The one value that these bytes hold; signals 'badmsg with the reason otherwise."""
    reader = Reader(data)
    value = reader.value()
    if reader.at != len(data):
        raise QError(f"badmsg: {len(data) - reader.at} bytes too many")
    return value


def decode_file(data: bytes) -> Value:
    """The value of a data file; items that a handle appended follow a list that does not count
    them."""
    if data[:1] != b"\0":
        return decode(data)
    reader = Reader(data)
    found = items(reader.value())
    while reader.at < len(data):
        found.append(reader.value())
    return List(found)


class Reader:
    """Reads values from bytes, never past their end."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, n: int) -> bytes:
        if n > len(self.data) - self.at:
            raise QError(f"badmsg: cut short at byte {self.at}")
        self.at += n
        return self.data[self.at - n:self.at]

    def byte(self) -> int:
        return self.take(1)[0]

    def length(self) -> int:
        n: int = struct.unpack("<i", self.take(4))[0]
        if n < 0:
            raise QError(f"badmsg: negative count at byte {self.at - 4}")
        return n

    def name(self) -> Symbol:
        end = self.data.find(b"\0", self.at)
        if end < 0:
            raise QError(f"badmsg: unfinished symbol at byte {self.at}")
        raw = self.take(end - self.at)
        self.at += 1
        return sym(raw.decode("utf-8", "surrogateescape"))

    def value(self) -> Value:
        code = self.byte()
        if code >= 128 + 0 and code != 128:
            return self.atom(256 - code)
        if code == 128:
            raise QError(f"badmsg: an error: {self.name()}")
        if code in BY_CODE:
            return self.vector(code)
        reader = _READERS.get(code)
        if reader is None:
            raise QError(f"badmsg: type {code} at byte {self.at - 1}")
        return reader(self, code)

    def atom(self, code: int) -> Value:
        if code == 11:
            return self.name()
        if code not in STORED:
            raise QError(f"badmsg: atom of type {code} at byte {self.at - 1}")
        return at(loaded(self.take(STORED[code].itemsize), code), 0)

    def vector(self, code: int) -> Value:
        attr, n = self.byte(), self.length()
        if code == 11:
            if n > len(self.data) - self.at:
                raise QError(f"badmsg: cut short at byte {self.at}")
            found: Array = symbols([self.name() for _ in range(n)])
        else:
            found = loaded(self.take(n * STORED[code].itemsize), code)
        return _with_attribute(found, attr)

    def enumeration(self, code: int) -> Value:
        attr, n, domain = self.byte(), self.length(), self.name()
        index = np.frombuffer(self.take(n * 8), "<i8").copy()
        return Enum(domain, _with_attribute(index, attr))

    def listed(self, code: int) -> Value:
        self.byte()
        n = self.length()
        if n > len(self.data) - self.at:
            raise QError(f"badmsg: cut short at byte {self.at}")
        return List([self.value() for _ in range(n)])

    def table(self, code: int) -> Value:
        attr = self.byte()
        if self.byte() != 99:
            raise QError(f"badmsg: table without dictionary at byte {self.at - 1}")
        columns, data = self.value(), self.value()
        counts = {len(c) for c in items(data) if hasattr(c, "__len__")}
        if qtype(columns) != 11 or len(columns) != len(items(data)) or len(counts) > 1:
            raise QError("badmsg: table of unequal columns")
        return Table(names(columns), items(data), attr="s" if attr == 1 else "")

    def dictionary(self, code: int) -> Value:
        keys, values = self.value(), self.value()
        if len(items(keys)) != len(items(values)):
            raise QError("badmsg: dictionary of unequal lists")
        return Dict(keys, values, "s" if code == 127 else "")

    def function(self, code: int) -> Value:
        space = self.name()
        body = text(self.value())
        if body in KEYWORDS:
            return KEYWORDS[body]
        if not body.startswith("{"):
            raise QError("badmsg: function text does not start with {")
        return context.active.function(body, "." + space if space else "")

    def primitive(self, code: int) -> Value:
        n = self.byte()
        if code == 101 and n in (0, 255):
            return NULL if n == 0 else MISSING
        if code == 103:
            glyphs = list(ITERATORS)
            if n < len(glyphs):
                return Iterator(glyphs[n])
        else:
            table = UNARY if code == 101 else BINARY
            name = table[n] if n < len(table) else ""
            found = OPERATORS.get(name) or KEYWORDS.get(name)
            if found is not None:
                return found
        raise QError(f"badmsg: function {code} {n} at byte {self.at - 1}")

    def parts(self, code: int) -> Value:
        n = self.length()
        if not 1 <= n <= len(self.data) - self.at:
            raise QError(f"badmsg: cut short at byte {self.at}")
        parts = [self.value() for _ in range(n)]
        if code == 105 and n == 2:
            return Composition(*parts)
        return Projection(parts[0], parts[1:])

    def derived(self, code: int) -> Value:
        return Derived(list(ITERATORS)[code - 106], self.value())


def loaded(raw: bytes, code: int) -> Array:
    """A vector from the bytes that q keeps."""
    x: Array = np.frombuffer(raw, STORED[code])
    if code < 12:
        return x.astype(BY_CODE[code].dtype, copy=False)
    if code == 15:
        days = np.where(np.isfinite(x), x, 0.0)
        out = np.rint(days * 86_400_000).astype("i8") + EPOCH[code]
        out[np.isnan(x)] = LONG_NULL
        out[np.isinf(x)] = (np.sign(x[np.isinf(x)]) * LONG_INF).astype("i8")
        return out.view(BY_CODE[code].dtype)
    limit = np.iinfo(x.dtype)
    out = x.astype("i8") + EPOCH[code]
    out[x == limit.min] = LONG_NULL
    out[x == limit.max] = LONG_INF
    out[x == -limit.max] = -LONG_INF
    return out.view(BY_CODE[code].dtype)


def _with_attribute(x: Array, attr: int) -> Value:
    if not 0 < attr < len(ATTRIBUTES):
        return x
    marked: Any = x.view(Attributed)
    marked.attr = ATTRIBUTES[attr]
    return marked


_READERS = {0: Reader.listed, ENUMERATION: Reader.enumeration,
            98: Reader.table, 99: Reader.dictionary, 127: Reader.dictionary,
            100: Reader.function, 101: Reader.primitive, 102: Reader.primitive,
            103: Reader.primitive, 104: Reader.parts, 105: Reader.parts,
            **dict.fromkeys(range(106, 112), Reader.derived)}
