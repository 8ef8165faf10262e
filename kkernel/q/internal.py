"""Internal functions: `-3!x` and the other negative numbers left of `!`, and `0N!x`."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable

import numpy as np

from . import context
from .apply import apply, apply1
from .errors import length_error, nyi, type_error
from .files.logs import replay
from .files.serialize import message, read_message
from .registry import KEYWORDS
from .syntax.scan import scan
from .text.show import cut, line
from .types import BY_CODE, LONG_NULL
from .values import (
    Dict,
    List,
    Value,
    collapse,
    is_function,
    is_list,
    is_string,
    items,
    qtype,
    string,
    text,
    vector,
)


def internal(n: int, x: Value) -> Value:
    """`n!x` for n below zero or null; 'nyi for numbers that have no function here."""
    function = _FUNCTIONS.get(n)
    if function is not None:
        return function(x)
    name = _REPLACED.get(n)
    if name is None:
        raise nyi(f"{n}!")
    if name in KEYWORDS:
        return apply1(KEYWORDS[name], x)
    return apply(context.active.globals.get(name), [x])


def display(x: Value) -> Value:
    """`0N!x`: x, after writing its one-line form as far as the console is wide."""
    session = context.active
    precision, columns = session.settings.precision, session.settings.columns
    shown = line(x, precision) if is_function(x) else cut(line(x, precision, columns), columns)
    session.write(shown + "\n")
    return x


def _one_line(x: Value) -> Value:
    return string(line(x, context.active.settings.precision))


def _to_bytes(x: Value) -> Value:
    return np.frombuffer(message(x), np.uint8)


def _from_bytes(x: Value) -> Value:
    if qtype(x) != 4:
        raise type_error()
    return read_message(x.tobytes())


def _length(x: Value) -> int:
    """Bytes of the message; a plain vector need not be written for that."""
    if isinstance(x, np.ndarray) and x.ndim == 1 and x.dtype.char != "I":
        return 14 + len(x) * BY_CODE[qtype(x)].size
    return len(message(x))


def _tokens(x: Value) -> Value:
    """`-4!text`: its tokens as strings, the blanks between them too."""
    source = text(x)
    pieces: list[str] = []
    at = 0
    for token in scan(source):
        pieces.extend(part for part in (source[at:token.start], source[token.start:token.end])
                      if part)
        at = token.end
    return List([string(p) for p in pieces])


def _compression(x: Value) -> Value:
    """`-21!file`: nothing, since files are not compressed here."""
    return Dict(List(), List())


def _references(x: Value) -> Value:
    found = sys.getrefcount(x) - 6  # small numbers and the like are held for ever
    return vector(6, [found if 1 < found < 1_000_000 else 1])[0]


def _quote_escape(x: Value) -> Value:
    """Text in quotes, with its own quotes doubled, where csv needs that."""
    if not is_string(x):
        raise type_error()
    plain = text(x)
    return string('"' + plain.replace('"', '""') + '"') if set(plain) & set('",\n') else x


def _sha1(x: Value) -> Value:
    return np.frombuffer(hashlib.sha1(text(x).encode()).digest(), np.uint8)


def _format(x: Value) -> Value:
    """`-27!(places;y)`: floats with a fixed number of decimals, rounded in binary."""
    if not is_list(x) or len(x) != 2:
        raise length_error()
    return _fixed(int(items(x)[0]), items(x)[1])


def _fixed(places: int, y: Value) -> Value:
    if isinstance(y, Dict):
        return Dict(y.keys, _fixed(places, y.values))
    if is_list(y):
        return collapse([_fixed(places, v) for v in items(y)])
    if qtype(y) not in (-9, -8):
        raise type_error()
    return string("" if y != y else f"{float(y):.{places}f}")


def _same(x: Value) -> Value:
    return x


_ENUMERATION, _LAST_ENUMERATION = 20, 76  # since 3.6 all domains share the first type number


def _free_type(x: Value) -> bool:
    """`-10!20h`: is this type number of enumerations still unused?"""
    if qtype(x) != -5 or not _ENUMERATION <= x <= _LAST_ENUMERATION:
        raise type_error()
    return x != _ENUMERATION or not context.active.globals.domains


def _memory_domain(x: Value) -> int:
    return 0


_FUNCTIONS: dict[int, Callable[[Value], Value]] = {
    LONG_NULL: display, -(2**31): display, -(2**15): display, -3: _one_line, -4: _tokens,
    -8: _to_bytes,
    -9: _from_bytes, -10: _free_type, -11: replay, -14: _quote_escape, -16: _references,
    -18: _to_bytes, -21: _compression, -22: _length, -23: _same, -27: _format, -33: _sha1,
    -120: _memory_domain,
}
_REPLACED = {
    -1: "hsym", -2: "attr", -5: "parse", -6: "eval", -7: "hcount", -12: ".Q.host",
    -13: ".Q.addr", -15: "md5", -20: ".Q.gc", -24: "reval", -29: ".j.k", -31: ".j.jd",
    -32: ".Q.btoa", -34: ".Q.ts", -35: ".Q.gz",
}
