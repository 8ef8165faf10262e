"""Console text of values.

`line` is the one-line form (`.Q.s1`), `console` the form shown at the prompt, cut to the console's
rows and columns, `full` the same uncut.  Only what will be shown is formatted: a limit on the
characters or lines wanted goes down with every call.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ..context import Settings
from ..errors import QError
from ..functions import (
    Composition,
    Definition,
    Derived,
    Foreign,
    Iterator,
    Lambda,
    Missing,
    Null,
    Primitive,
    Projection,
)
from ..lists.enums import domain_keys, positions, resolve
from ..symbols import symbols
from ..values import (
    Attributed,
    Dict,
    Enum,
    EnumAtom,
    List,
    Table,
    Value,
    at,
    is_list,
    is_vector,
    qtype,
)
from .format import atom_text, cells, inline

UNLIMITED = sys.maxsize // 4
DEEPEST = 64  # levels of lists that are aligned within each other; deeper ones are written inline


# ---------------------------------------------------------------- one line

def line(x: Value, precision: int = 7, limit: int = UNLIMITED) -> str:
    """The one-line form; with `limit` at least that many characters of it, if it has them.

    Works with a stack of its own, so nesting may be of any depth.
    """
    written: list[str] = []
    room = limit
    stack: list[Any] = [x]
    while stack and room >= 0:
        part = stack.pop()
        if type(part) is not str:
            found = _text_or_parts(part, precision, limit)
            if type(found) is not str:
                stack.extend(reversed(found))
                continue
            part = found
        written.append(part)
        room -= len(part)
    return "".join(written)


def _text_or_parts(x: Value, precision: int, limit: int) -> Any:
    """The text of a simple value, or the parts of a compound one: plain str are texts."""
    if isinstance(x, np.ndarray) and x.ndim == 1:
        return inline(x, precision, limit)
    parts = _PARTS.get(type(x)) or (_list_parts if isinstance(x, List) else None)
    if parts is not None:
        return parts(x, limit)
    if isinstance(x, np.ndarray):
        return _list_parts(x, limit)
    if isinstance(x, (Enum, EnumAtom)):
        return _enum_text(x, precision, limit)
    code = qtype(x)
    if -20 < code < 0:
        return atom_text(x, precision)
    return f"<{type(x).__name__}>"


def _list_parts(x: Value, limit: int) -> list[Any]:
    n = len(x)
    if n == 0:
        return ["()"]
    if n == 1:
        return [",", at(x, 0)]
    parts: list[Any] = ["("]
    for i in range(min(n, limit + 1)):
        parts += [at(x, i), ";"]
    parts[-1] = ")"
    return parts


def _dict_parts(x: Dict, limit: int) -> list[Any]:
    prefix = f"`{x.attr}#" if x.attr else ""
    if _is_expression(x.keys):
        return [prefix + "(", x.keys, ")!", x.values]
    return [prefix, x.keys, "!", x.values]


def _is_expression(x: Value) -> bool:
    """True when the one-line form of these keys needs parentheses before `!`."""
    if isinstance(x, (Table, Enum, Attributed)):
        return True
    if isinstance(x, np.ndarray) and x.dtype.kind == "S" and len(x) != 1:
        return False
    return len(x) == 1 or (len(x) == 0 and is_vector(x))


def _table_parts(x: Table, limit: int) -> list[Any]:
    if x.listed:
        return _list_parts(x, limit)
    mark = f"`{x.attr}#" if x.attr else ""
    return [mark + "+", Dict(symbols(x.columns), List(x.data))]


def _enum_text(x: Enum | EnumAtom, precision: int, limit: int) -> str:
    """Domain and values, or the positions when the domain has none to show.

    An attribute is shown twice, as one of the enumeration and of its values.
    """
    attr = getattr(x.index, "attr", "")
    mark = f"`{attr}#" if attr else ""
    if isinstance(x, Enum) and len(x) > limit + 1:
        x = Enum(x.domain, x.index[:limit + 1])
    try:
        linked = domain_keys(x.domain) is None
        shown = resolve(x)
    except QError:
        linked = True
        shown = positions(x) if isinstance(x, Enum) else x.index
    return f"{mark}`{x.domain}{'!' if linked else '$'}{mark}{line(shown, precision, limit)}"


# ---------------------------------------------------------------- functions

def _projection_parts(x: Projection, limit: int) -> list[Any]:
    parts: list[Any] = [x.fn, "["]
    for a in x.args:
        parts += [a, ";"]
    parts[-1] = "]"
    return parts


_PARTS: dict[type, Callable[[Any, int], Any]] = {
    List: _list_parts,
    Dict: _dict_parts,
    Table: _table_parts,
    Projection: _projection_parts,
    Lambda: lambda x, limit: x.text,
    Definition: lambda x, limit: x.text,
    Primitive: lambda x, limit: x.glyph,
    Iterator: lambda x, limit: x.glyph,
    Null: lambda x, limit: x.glyph,
    Missing: lambda x, limit: "",
    Foreign: lambda x, limit: "code",  # q's own text for any function of a shared library
    Composition: lambda x, limit: [x.f, x.g],
    Derived: lambda x, limit: [x.fn, x.iterator],
}


# ---------------------------------------------------------------- console

def console(x: Value, settings: Settings) -> str:
    """What the prompt shows for x: lines that end in newline, nothing for `::`.

    Lines longer than columns-1 are cut to columns-3 characters and `..`; a value of more than
    rows-2 lines is cut to rows-3 lines and a line `..`.
    """
    if 100 <= qtype(x) < 127:  # the text of a function is shown whole
        return full(x, settings.precision)
    shown = _lines(x, settings.precision, settings.columns, settings.rows - 1)
    if len(shown) > settings.rows - 2:
        shown[settings.rows - 3:] = [".."]
    return "".join([cut(s, settings.columns) + "\n" for s in shown])


def full(x: Value, precision: int = 7) -> str:
    """The console form with nothing cut."""
    if isinstance(x, Null):
        return ""
    return "".join([s + "\n" for s in _lines(x, precision, UNLIMITED, UNLIMITED)])


def cut(text: str, columns: int) -> str:
    """One line as a console of this width, which counts bytes, shows it."""
    if text.isascii():
        return text if len(text) < columns else text[:columns - 3] + ".."
    raw = text.encode("utf-8", "surrogateescape")
    return text if len(raw) < columns else raw[:columns - 3].decode("utf-8", "ignore") + ".."


def _lines(x: Value, precision: int, width: int, height: int) -> list[str]:
    """The lines of the console form: at least `height` of them and `width` characters of each,
    where the value has so many."""
    if isinstance(x, Table):
        return table_lines(x, precision, width, height)
    if isinstance(x, Dict):
        return _dict_lines(x, precision, width, height)
    if isinstance(x, List) or (isinstance(x, np.ndarray) and x.ndim > 1):
        return _list_lines(x, precision, width, height) or ["()"]
    return [line(x, precision, width)]


def _list_lines(x: Value, precision: int, width: int, height: int, depth: int = 0) -> list[str]:
    """One line per item; lists of equal count make a matrix with aligned columns."""
    rows = [at(x, i) for i in range(min(len(x), height))]
    if _is_matrix(rows) and depth < DEEPEST:
        return _matrix_lines(rows, precision, width, depth)
    return [line(r, precision, width) for r in rows]


def _is_matrix(rows: list[Value]) -> bool:
    """All are lists of one count, and not all boolean vectors, byte vectors or strings."""
    if not rows or not all(is_list(r) for r in rows):
        return False
    n = len(rows[0])
    if any(len(r) != n for r in rows):
        return False
    first = qtype(rows[0])
    return first not in (1, 4, 10) or any(qtype(r) != first for r in rows)


def _matrix_lines(rows: list[Value], precision: int, width: int, depth: int) -> list[str]:
    """Rows of equal count: each column is as wide as its widest cell."""
    texts = [_item_texts(r, precision, width, width, depth + 1) for r in rows]
    columns: list[list[str]] = []
    used = 0
    for column in zip(*texts, strict=True):
        columns.append(_padded(list(column)))
        used += _bytes(columns[-1][0]) + 1
        if used > width:
            break
    joined = [" ".join(row) for row in zip(*columns, strict=True)]
    return joined or [""] * len(rows)


def _bytes(text: str) -> int:
    """The width of a text: q counts the bytes of its UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))


def _padded(texts: list[str]) -> list[str]:
    width = max(map(_bytes, texts))
    return [t + " " * (width - _bytes(t)) for t in texts]


def item_texts(x: Value, precision: int, n: int, width: int = UNLIMITED) -> list[str]:
    """The texts of the first n items of a list, as the cells of a table column have them."""
    return _item_texts(x, precision, width, n)


def _item_texts(x: Value, precision: int, width: int, n: int, depth: int = 0) -> list[str]:
    """A text for each of the first n items of a list, in a row, a column or beside its key.

    Bare for vectors and enumerations; other lists as their own console lines, so that vectors
    of one count are aligned here too.
    """
    if isinstance(x, Enum):
        return _enum_cells(x, precision, width, n)
    if is_vector(x):
        return cells(x[:n], precision)
    return _list_lines(x, precision, width, n, depth)


def _enum_cells(x: Enum, precision: int, width: int, n: int) -> list[str]:
    head = Enum(x.domain, x.index[:n])
    try:
        shown = resolve(head)
    except QError:
        shown = positions(head)
    return _item_texts(shown, precision, width, n)


# ---------------------------------------------------------------- dictionaries and tables

def _dict_lines(x: Dict, precision: int, width: int, height: int) -> list[str]:
    """Keys, a bar, values; a table on one side only gets an empty header on the other."""
    header = isinstance(x.keys, Table) or isinstance(x.values, Table)
    if not header and not len(x):
        return []
    keys = _padded(_side_lines(x.keys, header, precision, width, height))
    values = _side_lines(x.values, header, precision, width, height)
    return [f"{k}| {v}" for k, v in zip(keys, values, strict=False)]


def _side_lines(x: Value, header: bool, precision: int, width: int, height: int) -> list[str]:
    """One side of a dictionary, a line per entry; below a header and rule when asked for."""
    if isinstance(x, Table):
        return table_lines(x, precision, width, height)
    found = _item_texts(x, precision, width, height)
    if not header:
        return found
    return ["", "-" * max(map(_bytes, found), default=0), *found]


def table_lines(x: Table, precision: int, width: int, height: int) -> list[str]:
    """Header, rule and rows of a table, columns as wide as needed."""
    columns: list[list[str]] = []
    used = 0
    for name, data in zip(x.columns, x.data, strict=True):
        found = _padded([str(name), *_item_texts(data, precision, width, max(0, height - 2))])
        columns.append(found)
        used += _bytes(found[0]) + 1
        if used > width:
            break
    rows = [" ".join(row) for row in zip(*columns, strict=True)]
    rule = "-" * max(0, used - 1)
    return [rows[0], rule, *rows[1:]] if rows else ["", ""]
