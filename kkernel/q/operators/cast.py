"""`$` with two arguments: cast, tok, pad, enumerate, and the product of float matrices."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from ..atoms.atomic import as_value, simple_array
from ..errors import length_error, type_error
from ..keywords.matrix import mmu
from ..lists.enumerate import enumerate_in
from ..lists.enums import resolve
from ..lists.strings import Strings, equal_ones, texts_of
from ..registry import operator
from ..symbols import Symbol
from ..text.casting import PARTS, cast_array, part_array
from ..text.tok import read, read_all
from ..types import BY_CHAR, BY_CODE, BY_NAME, CODE_OF_DTYPE
from ..values import (
    EMPTY,
    Array,
    Dict,
    Enum,
    EnumAtom,
    List,
    Table,
    Value,
    at,
    collapse,
    empty,
    is_list,
    is_string,
    items,
    qtype,
    string,
    text,
)

Act = Callable[[Value], Value]
_CODES = {np.int16: -5, np.bytes_: -10, Symbol: -11, int: -7, np.int64: -7, np.int32: -6}


@operator("$", 2)
def dollar(x: Value, y: Value) -> Value:
    """Cast y to a type, read it from text, pad it, enumerate it, or multiply matrices.

    By x: a type name, lower-case letter or positive short casts; an upper-case letter, negative
    short or the null symbol reads strings; a long or int pads strings; another symbol enumerates
    in the global of that name.
    """
    code = _CODES.get(type(x))
    if code is not None:
        return _ACTS[code](x)(y)
    if _is_float(x) and _is_float(y):
        return mmu(x, y)
    if is_list(x):
        return _each_left(x, y)
    raise type_error()


def _is_float(x: Value) -> bool:
    """A vector, matrix or list of vectors of floats or reals."""
    if isinstance(x, np.ndarray):
        return bool(x.dtype.kind == "f")
    return isinstance(x, List) and len(x) > 0 and all(
        isinstance(v, np.ndarray) and v.dtype.kind == "f" for v in x)


def _each_left(x: Value, y: Value) -> Value:
    """A list of types: each with the item of y that stands beside it, or with an atom."""
    if isinstance(y, Dict):
        return Dict(y.keys, _each_left(x, y.values))
    if not is_list(y):
        return collapse([dollar(v, y) for v in items(x)])
    if len(x) != len(y):
        raise length_error()
    return collapse([dollar(v, w) for v, w in zip(items(x), items(y), strict=True)])


# ---------------------------------------------------------------- what x asks for

def _by_short(x: Any) -> Act:
    code = int(x)
    if code == 0:
        return _same
    if abs(code) not in BY_CODE:
        raise type_error()
    return _tok(-code) if code < 0 else _cast(code)


@cache
def _by_letter(x: Any) -> Act:
    letter = text(x)
    if letter == "*":
        return _same
    row = BY_CHAR.get(letter.lower())
    if row is None:
        raise type_error()
    return _tok(row.code) if letter.isupper() else _cast(row.code)


def _by_symbol(x: Symbol) -> Act:
    if x == "":
        return _tok_symbol
    row = BY_NAME.get(x)
    if row is not None:
        return _cast(row.code)
    if x in PARTS or x == "week":
        return _part(str(x))
    return lambda y: enumerate_in(x, y)


def _by_width(x: Any) -> Act:
    width = int(x)
    return lambda y: pad(width, y)


_ACTS: dict[int, Callable[[Any], Act]] = {
    -5: _by_short, -10: _by_letter, -11: _by_symbol, -7: _by_width, -6: _by_width,
}


def _same(y: Value) -> Value:
    return y


# ---------------------------------------------------------------- cast

def _cast(code: int) -> Act:
    def act(y: Value) -> Value:
        return cast(code, y)

    return act


def cast(code: int, y: Value) -> Value:
    """y as type `code`, item by item."""
    if code == 11:
        return _cast_symbol(y)
    array = simple_array(y)
    if array is not None:
        found = CODE_OF_DTYPE[array.dtype]
        return y if found == code else as_value(cast_array(array, found, code))
    if isinstance(y, (Enum, EnumAtom)):
        index = y.index if isinstance(y, Enum) else np.array([y.index])
        moved = cast(code, index) if code in (5, 6, 7) else cast(code, resolve(y))
        return moved if isinstance(y, Enum) or code not in (5, 6, 7) else at(moved, 0)
    if isinstance(y, List) and not y:
        return empty(code)
    return _parts(_cast(code), y)


def _cast_symbol(y: Value) -> Value:
    """`` `symbol$ `` takes strings and symbols."""
    if is_string(y) or qtype(y) == -10:
        return at(read_all(11, [text(y)]), 0)
    if abs(qtype(y)) == 11:
        return y
    if isinstance(y, (Enum, EnumAtom)):
        return resolve(y)
    if isinstance(y, np.ndarray) and not len(y):
        return empty(11)
    return _strings(11, _cast_symbol, y)


def _parts(act: Act, y: Value) -> Value:
    """act on the items of a list, the values of a dictionary, the columns of a table."""
    if isinstance(y, List) or (isinstance(y, np.ndarray) and y.ndim > 1):
        return collapse([act(v) for v in items(y)])
    if isinstance(y, Dict):
        return Dict(y.keys, act(y.values))
    if isinstance(y, Table):
        return Table(y.columns, [act(c) for c in y.data])
    raise type_error()


def _part(name: str) -> Act:
    def act(y: Value) -> Value:
        array = simple_array(y)
        if array is not None and array.dtype.kind in "mM":
            return as_value(part_array(array, CODE_OF_DTYPE[array.dtype], name))
        if isinstance(y, List) and not y:
            return empty(14 if name == "week" else 6)
        return _parts(act, y)

    return act


# ---------------------------------------------------------------- tok

def _tok(code: int) -> Act:
    def act(y: Value) -> Value:
        return tok(code, y)

    return act


def tok(code: int, y: Value) -> Value:
    """Strings read as type `code`; text that is no such value gives null."""
    if is_string(y) or qtype(y) == -10:
        read_one = _PLAIN.get(code)
        return at(read_all(code, [text(y)]), 0) if read_one is None else read_one(text(y))
    return _strings(code, _tok(code), y)


_PLAIN: dict[int, Callable[[str], Value]] = {  # atoms that are Python's own numbers
    7: lambda t: int(read(7, t)), 9: lambda t: float(read(9, t)),
}


def _tok_symbol(y: Value) -> Value:
    """`` `$y ``: strings become symbols, symbols stay."""
    if abs(qtype(y)) == 11 or isinstance(y, (Enum, EnumAtom)):
        return resolve(y)
    return tok(11, y)


SAMPLE = 2048  # strings among which shared ones are looked for


def _strings(code: int, act: Act, y: Value) -> Value:
    """A list of strings is read at once, other compound values part by part."""
    if isinstance(y, List):
        if not y:
            return empty(code)
        read = _read_repeated(code, y) if len(y) > SAMPLE else None
        if read is not None:
            return read
        texts = texts_of(y)
        if texts is not None:
            return read_all(code, texts)
    return _parts(act, y)


def _read_repeated(code: int, y: List) -> Array | None:
    """Strings of which many are equal, each read once; None for others."""
    if len(set(map(id, y[:SAMPLE]))) < SAMPLE // 2:
        return _read_shared(code, y)
    same = equal_ones(y) if isinstance(y, Strings) else None
    if same is None:
        return None
    firsts = np.flatnonzero(same == np.arange(len(y)))
    if len(firsts) > len(y) // 2:
        return None
    place = np.empty(len(y), np.int64)
    place[firsts] = np.arange(len(firsts))
    texts = texts_of(List(map(y.__getitem__, firsts.tolist())))
    assert texts is not None
    read: Array = read_all(code, texts)[place[same]]
    return read


def _read_shared(code: int, y: List) -> Array | None:
    """Strings of which many are one object, as `string` gives equal ones; None for others."""
    seen = dict(zip(map(id, y), y))
    texts = texts_of(List(seen.values()))
    if texts is None:
        return None
    place = dict(zip(seen, range(len(seen))))
    read: Array = read_all(code, texts)[np.fromiter(map(place.__getitem__, map(id, y)), np.int64)]
    return read


# ---------------------------------------------------------------- pad

def pad(width: int, y: Value) -> Value:
    """Strings filled with blanks, or cut, to |width| chars: on the left when width is negative."""
    if is_string(y) or qtype(y) == -10:
        return _padded(width, y.tobytes() if is_string(y) else bytes(y) or b"\0")
    if isinstance(y, List) and not y:
        return EMPTY
    if isinstance(y, np.ndarray) and y.dtype.kind != "S":
        raise type_error()
    return _parts(lambda v: pad(width, v), y)


def _padded(width: int, raw: bytes) -> Value:
    if width >= 0:
        return string(raw[:width].ljust(width))
    return string(raw[width:].rjust(-width))
