"""Strings and case: `string upper lower trim ltrim rtrim md5`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import context
from ..atoms.atomic import each_part
from ..errors import type_error
from ..lists.enums import resolve
from ..lists.grouping import ranked
from ..lists.strings import string_list
from ..registry import keyword
from ..symbols import names, sym, symbols
from ..text.format import bare_text, cells
from ..text.show import line
from ..types import BY_CODE
from ..values import (
    EMPTY,
    Array,
    Enum,
    EnumAtom,
    List,
    Table,
    Value,
    bare,
    collapse,
    is_function,
    is_list,
    is_string,
    is_vector,
    items,
    qtype,
    string,
)


@keyword("string", glyph="$:", atomic=True)
def string_(x: Value) -> Value:
    """The text of every atom of x, without type letters or quotes; nulls of numbers are empty."""
    if is_function(x):
        return string(line(x, _precision()))
    if isinstance(x, (Enum, EnumAtom)):
        return string_(resolve(x))
    if isinstance(x, np.ndarray):
        return _texts(x) if x.ndim == 1 else collapse([string_(v) for v in x])
    code = qtype(x)
    if -20 < code < 0:
        return string(_latin(bare_text(x, _precision())) if code == -10
                      else bare_text(x, _precision()))
    return each_part(string_, x)


def _precision() -> int:
    return context.active.settings.precision


def _latin(shown: str) -> bytes:
    """A char cell is one byte, whatever its code."""
    return shown.encode("latin-1")


FEW = 256


def _texts(x: Array) -> Value:
    if not len(x):
        return EMPTY
    if x.dtype.kind == "S":
        return List(x.reshape(-1, 1))
    plain = bare(x)
    if len(plain) > FEW and plain.dtype.kind in "iu":
        groups = ranked(plain)
        if groups.count < len(plain) // 2:  # equal items share a string
            each = _cell_strings(plain[groups.firsts])
            return List(map(each.__getitem__, groups.of.tolist()))
    return _cell_strings(x)


def _cell_strings(x: Array) -> List:
    return string_list([t.encode("utf-8", "surrogateescape") for t in cells(x, _precision())])


# ---------------------------------------------------------------- case

def _case(change: Callable[[bytes], bytes], x: Value) -> Value:
    """change on chars and symbols at any depth; 'type on anything else."""
    if is_vector(x) and x.dtype.kind == "S":
        return string(change(x.tobytes()))
    code = abs(qtype(x))
    if code == 10:
        return np.bytes_(change(bytes(x)))
    if code == 11:
        return _case_symbols(change, x)
    if isinstance(x, np.ndarray) and x.dtype.kind != "S":
        raise type_error()
    if isinstance(x, np.ndarray):
        return collapse([_case(change, v) for v in x])
    return each_part(lambda v: _case(change, v), x)


def _case_symbols(change: Callable[[bytes], bytes], x: Value) -> Value:
    if isinstance(x, str):
        return sym(change(x.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape"))
    used, where = np.unique(x, return_inverse=True)
    changed = symbols([_case_symbols(change, s) for s in names(used)])
    return changed[where] if len(x) else x


@keyword("upper", atomic=True)
def upper(x: Value) -> Value:
    """Chars and symbols with the letters a-z in upper case."""
    return _case(bytes.upper, x)


@keyword("lower", atomic=True)
def lower(x: Value) -> Value:
    """Chars and symbols with the letters A-Z in lower case."""
    return _case(bytes.lower, x)


# ---------------------------------------------------------------- trim

def _nulls(x: Array) -> Array:
    code = qtype(x)
    raw = x.view(BY_CODE[code].raw)
    if code in (8, 9):
        return np.asarray(np.isnan(raw))
    null = BY_CODE[code].null
    if code == 2:
        return np.array([v.tobytes() == null for v in x], "?")
    return np.zeros(len(x), "?") if null is None else np.asarray(raw == null, "?")


def _trim(x: Value, left: bool, right: bool) -> Value:
    """Vectors without nulls at the chosen ends; strings at any depth."""
    if is_string(x):
        raw = x.tobytes()
        start = len(raw) - len(raw.lstrip(b" ")) if left else 0
        return x[start:len(raw.rstrip(b" ")) if right else len(raw)]
    if is_vector(x):
        kept = np.flatnonzero(~_nulls(x))
        if not len(kept):
            return x[:0]
        return x[kept[0] if left else 0:kept[-1] + 1 if right else len(x)]
    if qtype(x) < 0 and not isinstance(x, EnumAtom):
        if _nulls(collapse([x]))[0]:
            raise type_error()
        return x
    if is_list(x) or isinstance(x, Table):
        return collapse([_trim(v, left, right) for v in items(x)])
    return each_part(lambda v: _trim(v, left, right), x)


@keyword("trim")
def trim(x: Value) -> Value:
    """x without leading and trailing nulls (blanks of a string)."""
    return _trim(x, True, True)


@keyword("ltrim")
def ltrim(x: Value) -> Value:
    """x without leading nulls (blanks of a string)."""
    return _trim(x, True, False)


@keyword("rtrim")
def rtrim(x: Value) -> Value:
    """x without trailing nulls (blanks of a string)."""
    return _trim(x, False, True)


# ---------------------------------------------------------------- digest

@keyword("md5")
def md5(x: Value) -> Value:
    """The 16 bytes of the MD5 digest of a string."""
    if not (is_string(x) or qtype(x) == -10):
        raise type_error()
    digest = hashlib.md5(raw_bytes(x), usedforsecurity=False).digest()
    return np.frombuffer(digest, "u1")


def raw_bytes(x: Any) -> bytes:
    """The bytes of a string or char, or of bytes."""
    return x.tobytes() or b"\0" * (not isinstance(x, np.ndarray))
