"""`.j`: q values as JSON text and back.

JSON has neither q's types nor its nulls: integer and float nulls become null, infinities inf;
temporals, symbols, guids and bytes become strings.  Reading gives floats, booleans, strings,
dictionaries with symbol keys, and tables of objects with the same keys.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from json.encoder import encode_basestring
from typing import Any

import numpy as np

from .. import context
from ..errors import QError, type_error
from ..functions import NULL, PyFunction
from ..lists.enums import resolve
from ..tables.columns import is_table, unkey
from ..text.format import cells
from ..text.show import line
from ..values import (
    EMPTY,
    Array,
    Dict,
    Enum,
    EnumAtom,
    List,
    Table,
    Value,
    collapse,
    enlist,
    is_list,
    is_string,
    items,
    qtype,
    string,
    symbols,
    text,
)

_NUMBERS = (5, 6, 7, 8, 9)


# ---------------------------------------------------------------- writing

def serialize(x: Value) -> Value:
    """`.j.j x`: the JSON text of any value."""
    return string(to_json(x))


def serialize_with(x: Value) -> Value:
    """`.j.jd (x;d)`: as `.j.j`; with ``d[`null0w]`` 1b infinities become null."""
    if not is_list(x) or len(x) != 2 or not isinstance(items(x)[1], Dict):
        raise type_error()
    value, options = items(x)
    return string(to_json(value, "null" if options.get("null0w") else "inf"))


def to_json(x: Value, infinity: str = "inf") -> str:
    """The JSON text of a value; `infinity` is written for 0w and 0W."""
    if is_string(x):
        return _quoted(text(x))
    if is_table(x):
        return _records(unkey(x), infinity)
    if isinstance(x, Dict):
        return _object(items(x.keys), items(x.values), infinity)
    if isinstance(x, (Enum, EnumAtom)):
        return to_json(resolve(x), infinity)
    if is_list(x):
        return "[" + ",".join(_item_texts(x, infinity)) + "]"
    if qtype(x) in (100, 101, 102) and x is NULL:
        return "null"
    if qtype(x) >= 100:
        return _quoted(line(x))
    return _item_texts(enlist(x), infinity)[0]


def _item_texts(x: Value, infinity: str) -> list[str]:
    if isinstance(x, np.ndarray) and x.ndim == 1:
        return _vector_texts(x, infinity)
    return [to_json(v, infinity) for v in items(x)]


def _vector_texts(x: Array, infinity: str) -> list[str]:
    code = qtype(x)
    if code == 1:
        return ["true" if v else "false" for v in x.tolist()]
    shown = cells(x, context.active.settings.precision)
    if code in _NUMBERS:
        special = _special_numbers(infinity)
        return [special.get(v, v) for v in shown]
    if code in (12, 13, 14, 15):
        shown = [v[:8].replace(".", "-") + v[8:] for v in shown]
    return [_quoted(v) for v in shown]


def _special_numbers(infinity: str) -> dict[str, str]:
    negative = infinity if infinity == "null" else "-" + infinity
    return {"": "null", "0w": infinity, "0W": infinity, "-0w": negative, "-0W": negative}


def _records(t: Table, infinity: str) -> str:
    names = [_quoted(c) + ":" for c in t.columns]
    columns = [_item_texts(resolve(c), infinity) for c in t.data]
    rows = zip(*columns, strict=True) if columns else ()
    return "[" + ",".join(
        "{" + ",".join([n + v for n, v in zip(names, row, strict=True)]) + "}" for row in rows
    ) + "]"


def _object(keys: list[Value], values: list[Value], infinity: str) -> str:
    pairs = [f"{_key(k, infinity)}:{to_json(v, infinity)}"
             for k, v in zip(keys, values, strict=True)]
    return "{" + ",".join(pairs) + "}"


def _key(x: Value, infinity: str) -> str:
    """The name of a member is text whatever the key was."""
    shown = to_json(x, infinity)
    return shown if shown.startswith('"') else _quoted(shown)


def _quoted(plain: str) -> str:
    return encode_basestring(plain)


# ---------------------------------------------------------------- reading

def deserialize(x: Value) -> Value:
    """`.j.k x`: the value of JSON text."""
    if is_list(x) and not is_string(x) and not len(x):
        x = string("")
    if not is_string(x) and qtype(x) != -10:
        raise type_error()
    return from_json(text(x))


def from_json(plain: str) -> Value:
    """The q value of JSON text; says what is wrong, and where, with any other text."""
    try:
        found = _DECODER.decode(plain)
    except json.JSONDecodeError as e:
        raise QError(f".j.k: {e.msg[:1].lower()}{e.msg[1:]} at char {e.pos}") from None
    except RecursionError:
        raise QError("stack") from None
    return _value(found)


def _value(x: Any) -> Value:
    convert = _VALUES.get(type(x))
    return x if convert is None else convert(x)


def _dictionary(x: dict[str, Any]) -> Value:
    return Dict(symbols(x), collapse([_value(v) for v in x.values()]))


def _list(x: list[Any]) -> Value:
    """Items of one type make a vector, objects of the same keys a table; null is a float."""
    kinds = set(map(type, x))
    if not kinds:
        return EMPTY
    if kinds <= {float, type(None)}:
        return np.array([np.nan if v is None else v for v in x], "f8")
    if kinds == {bool}:
        return np.array(x)
    if kinds == {str}:
        return List([string(v) for v in x])
    if kinds == {dict} and x[0]:
        keys = tuple(x[0])
        if all(tuple(row) == keys for row in x):
            return Table(keys, [_list([row[k] for row in x]) for k in keys])
    return collapse([_value(v) for v in x])


_VALUES: dict[type, Callable[[Any], Value]] = {
    str: string, list: _list, dict: _dictionary, type(None): lambda x: float("nan"),
}
_DECODER = json.JSONDecoder(parse_int=float, strict=False)

FUNCTIONS: dict[str, tuple[int, PyFunction]] = {
    "j": (1, serialize), "jd": (1, serialize_with), "k": (1, deserialize),
}
