"""Keywords that reach the session: names, text to be evaluated, the environment, the console."""

from __future__ import annotations

import os

from .. import context
from ..apply import apply
from ..errors import QError, QExit, type_error
from ..files.storage import key_of_file, read_value, write_target, write_value
from ..functions import NULL
from ..lists.enums import resolve
from ..parts import parts_of
from ..registry import KEYWORDS, keyword
from ..symbols import Symbol, names, sym, symbols
from ..syntax.lines import logical_lines
from ..system import select_names, sorted_names, system_line
from ..text.show import console
from ..types import BY_CODE
from ..values import (
    EMPTY,
    Dict,
    Enum,
    EnumAtom,
    Table,
    Value,
    empty,
    is_string,
    is_vector,
    items,
    qtype,
    string,
    text,
)


@keyword("value", glyph=".:")
def value(x: Value) -> Value:
    """The value of a name, of text, of a dictionary, or of a function applied in a list."""
    if isinstance(x, Symbol):
        return get(x)
    if is_string(x) or qtype(x) == -10:
        return _value_of_text(text(x))
    if isinstance(x, Dict):
        return x.values
    if isinstance(x, (Enum, EnumAtom)):
        return _domain_values(x)
    if is_vector(x) and x.dtype == "u4" and len(x):
        return apply(get(names(x)[0]), items(x)[1:])
    if qtype(x) == 0 and len(x):
        head, *rest = items(x)
        named = isinstance(head, Symbol) or is_string(head) or qtype(head) == -10
        return apply(value(head) if named else head, rest)
    if isinstance(x, Table):
        raise type_error()
    return parts_of(x)


def _value_of_text(source: str) -> Value:
    """The value of the last statement, null for an assignment, which the console keeps silent."""
    value: Value = NULL
    for _number, line in logical_lines(source):
        value, silent = context.active.run_line(line)
        value = NULL if silent else value
    return value


def _domain_values(x: Enum | EnumAtom) -> Value:
    return resolve(x)


@keyword("get")
def get(x: Value) -> Value:
    """The value of a global, or of the file of a file symbol."""
    if not isinstance(x, Symbol):
        return value(x)
    if x.startswith(":"):
        return read_value(x)
    if x == "":
        raise type_error()
    return context.active.globals.get(x)


@keyword("set", infix=True)
def set_(x: Value, y: Value) -> Value:
    """Assign y to the global named x, or write it to the file of a file symbol."""
    if not isinstance(x, Symbol):
        return write_target(x, y)
    if x.startswith(":"):
        return write_value(x, y)
    context.active.globals.set(x, y)
    return x


@keyword("key", glyph="!:")
def key(x: Value) -> Value:
    """Keys of a dictionary; names in a namespace; files in a folder; type of a vector."""
    if isinstance(x, Dict):
        return x.keys
    if isinstance(x, Symbol):
        return _key_of_name(x)
    if isinstance(x, (Enum, EnumAtom)):
        return x.domain
    if is_vector(x):
        return sym(BY_CODE[qtype(x)].name)
    if type(x) is int:
        return KEYWORDS["til"].by_rank[1](x)
    raise type_error()


def _key_of_name(x: Symbol) -> Value:
    g = context.active.globals
    if x.startswith(":"):
        return key_of_file(x)
    if x == "":
        return symbols([*g.spaces])
    if x == ".":
        return g.root_value().keys
    try:
        found = g.find(x)
    except QError:
        found = None
    if found is None:
        return EMPTY
    if isinstance(found, (Dict,)):
        return found.keys
    return x


@keyword("system")
def system(x: Value) -> Value:
    """Run a system command given as text, without its backslash."""
    if not (is_string(x) or qtype(x) == -10):
        raise type_error()
    return system_line(context.active, text(x).lstrip("\\"))[0]


@keyword("show")
def show(x: Value) -> Value:
    """Print the console form; gives `::`."""
    q = context.active
    q.write(console(x, q.settings))
    return NULL


@keyword("exit")
def exit_(x: Value) -> Value:
    """Leave the process with this status."""
    raise QExit(int(x) if qtype(x) in (-7, -6, -5) else 0)


@keyword("getenv")
def getenv(x: Value) -> Value:
    """An environment variable as text, empty when unset."""
    if not isinstance(x, Symbol):
        raise type_error()
    return string(os.environ.get(x, "")) if x else empty(10)


@keyword("setenv", infix=True)
def setenv(x: Value, y: Value) -> Value:
    """Set an environment variable."""
    if not isinstance(x, Symbol) or not is_string(y):
        raise type_error()
    os.environ[x] = text(y)
    return NULL


@keyword("tables")
def tables(x: Value) -> Value:
    """Names of the tables in a namespace, sorted."""
    space = "" if not isinstance(x, Symbol) or x in ("", ".") else str(x)
    return symbols(select_names(context.active, "tables", space))


@keyword("views")
def views(x: Value) -> Value:
    """Names of the views."""
    return sorted_names(sorted(context.active.globals.views))


@keyword("view")
def view(x: Value) -> Value:
    """The text of the definition of a view."""
    found = context.active.globals.views.get(x) if isinstance(x, Symbol) else None
    if found is None:
        raise QError("view") if isinstance(x, Symbol) else type_error()
    return string(found.text)  # type: ignore[attr-defined]
