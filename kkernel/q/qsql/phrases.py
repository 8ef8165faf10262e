"""What the names in a qSQL phrase stand for, and the names that unnamed columns get."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..apply import apply
from ..functions import Primitive
from ..lists.enums import domain
from ..lists.positions import ENUM_NULL, at_positions, take_positions
from ..registry import OPERATORS
from ..symbols import Symbol, sym
from ..tables.columns import unkey
from ..values import Array, Enum, List, Table, Value, is_vector, items, qtype
from .trees import GLOBALS, Names

ROW = sym("i")  # the virtual column of row numbers
UNNAMED = sym("x")


class PhraseNames:
    """Columns of a table at some rows, then the names outside the query.

    `rows` None means all rows.  A taken column is kept, so that it is taken once.
    """

    def __init__(self, table: Table, rows: Array | None = None, outer: Names = GLOBALS) -> None:
        self.table = table
        self.rows = rows
        self.outer = outer
        self._taken: dict[str, Value] = {}

    def __len__(self) -> int:
        return len(self.table) if self.rows is None else len(self.rows)

    def at(self, rows: Array) -> PhraseNames:
        """The same names for other rows of the table."""
        return PhraseNames(self.table, rows, self.outer)

    def get(self, name: Symbol) -> Value:
        found = self.column(name)
        return self.outer.get(name) if found is None else found

    def column(self, name: Symbol) -> Value | None:
        """The column, row numbers for `i`, or a column reached by dots; None when unknown."""
        found = self._taken.get(name)
        if found is None:
            found = self._read(name)
            if found is not None:
                self._taken[name] = found
        return found

    def _read(self, name: Symbol) -> Value | None:
        if name in self.table.columns:
            whole = self.table.column(name)
            return whole if self.rows is None else take_positions(whole, self.rows)
        if name is ROW:
            return np.arange(len(self.table)) if self.rows is None else self.rows
        first, *rest = name.split(".")
        if rest and first in self.table.columns:
            return _through(self.column(sym(first)), rest)
        return None


def _through(column: Value, fields: Sequence[str]) -> Value:
    """`fk.name`: the referred column at each row; `time.minute`: a part of a temporal."""
    for field in fields:
        if isinstance(column, Enum):
            target = unkey(domain(column.domain))
            where = np.where(column.index == ENUM_NULL, len(target), column.index)
            column = at_positions(target.column(field), where)
        else:
            column = _part(column, field)
    return column


def _part(column: Value, field: str) -> Value:
    return apply(OPERATORS["$"], [sym(field), column])


# ---------------------------------------------------------------- naming

def column_name(tree: Value) -> Symbol:
    """The name of an unnamed column.

    An operator gives the name of its left operand, anything else that is applied, a cast and an
    operator after a constant word (`` `p#sym``) the name of its last operand; a column reached by
    dots its last part; row numbers and constants `x`.
    """
    if isinstance(tree, Symbol):
        return UNNAMED if tree is ROW else sym(tree.rpartition(".")[2] or "x")
    if isinstance(tree, np.ndarray) and tree.ndim == 1 and tree.dtype.char == "I" \
            and len(tree) > 1:
        return column_name(items(tree)[-1])
    if not isinstance(tree, List) or len(tree) < 2:
        return UNNAMED
    left = is_operator(tree[0]) and len(tree) > 2 and not _is_word(tree[1])
    return column_name(tree[1] if left else tree[-1])


def _is_word(tree: Value) -> bool:
    """A constant symbol or text in a parse tree."""
    return is_vector(tree) and qtype(tree) in (10, 11) or qtype(tree) == -10


def is_operator(head: Value) -> bool:
    """A primitive written as a glyph other than `$`, not a keyword or derived function."""
    return isinstance(head, Primitive) and not head.name[0].isalpha() and head.name != "$"


def column_names(given: Sequence[str | None], trees: Sequence[Value],
                 taken: Sequence[str] = ()) -> list[Symbol]:
    """Names of all columns of a phrase; a name in use gets the suffix 1, 2 ..."""
    used = set(taken) | {n for n in given if n}
    out: list[Symbol] = []
    seen: set[str] = set(taken)
    for name, tree in zip(given, trees):
        chosen = name or column_name(tree)
        if chosen in seen or (not name and chosen in used):
            chosen = _unused(chosen, seen | used)
        seen.add(chosen)
        out.append(sym(chosen))
    return out


def _unused(name: str, seen: set[str]) -> str:
    k = 1
    while f"{name}{k}" in seen:
        k += 1
    return f"{name}{k}"
