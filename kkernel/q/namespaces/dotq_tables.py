"""`.Q` functions about tables, columns and command-line options."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

import numpy as np

from .. import context
from ..apply import apply
from ..errors import type_error
from ..files.storage import read_value, write_value
from ..functions import PyFunction
from ..keywords.tables import column_letter, foreign_key, table_value
from ..lists.enumerate import extend
from ..lists.index import index
from ..lists.positions import take_positions
from ..lists.search import distinct_positions, find
from ..registry import KEYWORDS, OPERATORS
from ..symbols import Symbol, names, sym, symbols
from ..tables.append import nulls_like
from ..tables.columns import is_table, named, rekey, symbol_list, unkey, with_columns
from ..types import BY_CODE
from ..values import (
    EMPTY,
    Dict,
    List,
    Table,
    Value,
    at,
    char,
    collapse,
    empty,
    is_list,
    is_string,
    is_vector,
    items,
    qtype,
    record,
    text,
)

# ---------------------------------------------------------------- tables


def is_table_(x: Value) -> Value:
    """.Q.qt: is x a simple or keyed table?"""
    return is_table(x)


def on_simple(f: Value, t: Value) -> Value:
    """.Q.ft: f of the table without its key, then keyed again."""
    value = table_value(t)
    return rekey(value, unkey(apply(f, [unkey(value)])))


def with_null_columns(x: Value, y: Value) -> Value:
    """.Q.ff: x with the columns of y that it lacks, all null."""
    t, other = unkey(table_value(x)), unkey(table_value(y))
    new = [c for c in other.columns if c not in t.columns]
    data = [nulls_like(other.column(c), len(t)) for c in new]
    return rekey(x, with_columns(t, new, data))


def on_distinct(f: Value, y: Value) -> Value:
    """.Q.fu: f of the distinct items of a list, spread over the list."""
    if not is_list(y):
        return apply(f, [y])
    distinct = take_positions(y, distinct_positions(y))
    return index(apply(f, [distinct]), find(distinct, y))


def apply_whole(f: Value, y: Value) -> Value:
    """.Q.fc: f of a list; an atomic f may be computed in parts, with the same result."""
    return apply(f, [y])


def rows_at(t: Value, i: Value) -> Value:
    """.Q.ind: rows i of a table."""
    if not is_vector(i) or i.dtype != np.int64:
        raise type_error()
    return index(unkey(table_value(t)), i)


def columns_or_value(x: Value) -> Value:
    """.Q.V: a table as a dictionary of its columns."""
    t = unkey(table_value(x))
    return record(t.columns, t.data)


def named_value(x: Value) -> Value:
    """.Q.v: the global of a name, anything else itself."""
    return named(x)[0]


def letter_of(x: Value) -> Value:
    """.Q.ty: type letter, upper case for a list of vectors of one type, else blank."""
    if isinstance(x, List) and len({qtype(v) for v in x}) > 1:
        return char(" ")
    code = qtype(x)
    return char(BY_CODE[-code].char if -code in BY_CODE else column_letter(x))


def foreign_table(x: Value) -> Value:
    """.Q.fk: the table that a column refers to."""
    return foreign_key(x)


# ---------------------------------------------------------------- enumerating columns

def enumerated(where: Value, t: Value) -> Value:
    """.Q.en: symbol columns enumerated over `sym`, which is saved in a folder given as handle."""
    return enumerated_over(where, t, sym("sym"))


def enumerated_over(where: Value, t: Value, name: Value) -> Value:
    """.Q.ens: as .Q.en over another list; that of the folder, where one is given, counts."""
    variables = context.active.globals
    if not isinstance(name, Symbol):
        raise type_error()
    table = unkey(table_value(t))
    handle = None
    if isinstance(where, Symbol) and where.startswith(":"):
        handle = sym(f"{where}/{name}")
        known = read_value(handle) if os.path.exists(handle[1:]) else empty(11)
        variables.set(name, known)
    if variables.find(name) is None:
        variables.set(name, empty(11))
    data = [_enumerated_column(c, name) for c in table.data]
    if handle is not None:
        write_value(handle, variables.get(name))
    return rekey(t, Table(table.columns, data))


def _enumerated_column(column: Value, name: Symbol) -> Value:
    if is_vector(column) and column.dtype.char == "I":
        return extend(name, column)
    if isinstance(column, List) and column and all(
            is_vector(v) and v.dtype.char == "I" for v in column):
        return List([extend(name, v) for v in column])
    return column


# ---------------------------------------------------------------- names

def sanitized(x: Value) -> Value:
    """.Q.id: names made valid, those of columns and keys also unique and unlike keywords."""
    if isinstance(x, Symbol):
        return sym(_valid(x))
    if is_table(x):
        t = unkey(x)
        return rekey(x, Table(_distinct_names(t.columns), t.data))
    if isinstance(x, Dict):
        return Dict(symbols(_distinct_names(symbol_list(x.keys))), x.values)
    if is_vector(x) and x.dtype.char == "I":
        return symbols([_valid(n) for n in names(x)])
    raise type_error()


def _valid(name: str) -> str:
    kept = re.sub(r"[^A-Za-z0-9_]", "", name) or ("a" if name else "")
    return "a" + kept if kept and not kept[0].isalpha() else kept


def _distinct_names(given: Iterable[str]) -> list[str]:
    seen: dict[str, int] = {}
    out = []
    for name in given:
        valid = _valid(name)
        if valid in KEYWORDS or valid in RESERVED:
            valid += "1"
        k = seen.get(valid, 0)
        seen[valid] = k + 1
        out.append(f"{valid}{k}" if k else valid)
    return out


RESERVED = frozenset(["select", "exec", "update", "delete", "by", "from", "where", "if", "do",
                      "while"])


# ---------------------------------------------------------------- command line

def options(x: Value) -> Value:
    """.Q.opt: `-name value ..` arguments as a dictionary of strings or lists of strings."""
    found: dict[str, list[Value]] = {}
    current: list[Value] = []
    for word in items(x):
        shown = text(word)
        if shown.startswith("-") and len(shown) > 1:
            current = found.setdefault(shown[1:], [])
        else:
            current.append(word)
    return Dict(symbols(found), List([_option(v) for v in found.values()]))


def _option(values: list[Value]) -> Value:
    if not values:
        return EMPTY
    return values[0] if len(values) == 1 else List(values)


def defaults(x: Value, y: Value) -> Value:
    """.Q.def: the options y read as the types of the defaults x, which stand where y has none."""
    if not isinstance(x, Dict) or not isinstance(y, Dict):
        raise type_error()
    out = []
    for name, default in zip(symbol_list(x.keys), items(x.values)):
        given = y.get(name)
        out.append(default if given is None else _as_type(default, given))
    return Dict(x.keys, collapse(out))


def _as_type(default: Value, given: Value) -> Value:
    word = given if is_string(given) else at(given, 0) if len(given) else given
    letter = char(BY_CODE[abs(qtype(default))].char.upper())
    return apply(OPERATORS["$"], [letter, word])


FUNCTIONS: dict[str, tuple[int, PyFunction]] = {
    "qt": (1, is_table_), "ft": (2, on_simple), "ff": (2, with_null_columns),
    "fu": (2, on_distinct), "fc": (2, apply_whole), "ind": (2, rows_at),
    "V": (1, columns_or_value), "v": (1, named_value), "ty": (1, letter_of),
    "fk": (1, foreign_table), "en": (2, enumerated), "ens": (3, enumerated_over),
    "id": (1, sanitized), "opt": (1, options), "def": (2, defaults),
}
