"""Tables and dictionaries as HTML: the texts are those of the console, the heads have the types.

What is large is cut, as the console does; the text below says how to see the whole.
"""

from __future__ import annotations

from itertools import zip_longest

from kkernel_widgets.html import Markup, tag

from ...q.context import Settings
from ...q.text.show import item_texts
from ...q.types import BY_CODE
from ...q.values import Dict, Enum, List, Table, Value, at, is_vector, items, qtype
from .page import note, page

MOST_ROWS = 100
MOST_CELLS = 3000
MOST_COLUMNS = 60
MOST_TEXT = 160  # characters of one cell

_NUMERIC = frozenset((1, 4, 5, 6, 7, 8, 9))


def table_html(x: Table | Dict, settings: Settings, start: int = 0) -> str:
    """A table or a dictionary (which a keyed table is), from row `start` on."""
    sides = (x.keys, x.values) if isinstance(x, Dict) else (x,)
    n = len(x)
    shown = _rows(n - start, sum(len(s.columns) if isinstance(s, Table) else 1 for s in sides))
    blocks = [_columns(side, settings, start, shown) for side in sides]
    keys = len(blocks[0]) if len(blocks) > 1 else 0
    heads = any(isinstance(side, Table) for side in sides)
    columns = [column for block in blocks for column in block]
    table = tag("table", _head(columns, keys) if heads else None, _body(columns, keys))
    return page(tag("div", table, class_="kq-box"), _place(n, start, shown))


def _rows(n: int, columns: int) -> int:
    """How many of n rows to show, of so many columns."""
    return min(n, max(20, min(MOST_ROWS, MOST_CELLS // max(1, min(columns, MOST_COLUMNS)))))


Column = tuple[str, str, bool, list[str]]  # name, type, whether numbers, texts


def _columns(x: Value, settings: Settings, start: int, rows: int) -> list[Column]:
    """The columns of a table; of a list one column without a name."""
    named = zip(x.columns[:MOST_COLUMNS], x.data, strict=False) if isinstance(x, Table) \
        else [("", x)]
    return [_column(str(name), data, settings, start, rows) for name, data in named]


def _column(name: str, data: Value, settings: Settings, start: int, rows: int) -> Column:
    part = part_of(data, start, rows)
    texts = [_cut(t) for t in item_texts(part, settings.precision, rows)]
    return name, type_word(data), qtype(data) in _NUMERIC, texts


def part_of(x: Value, start: int, rows: int) -> Value:
    """Some items of a list."""
    if isinstance(x, Enum):
        return Enum(x.domain, x.index[start:start + rows])
    if isinstance(x, Table):  # a column of records of one kind
        return List(items(x)[start:start + rows])
    return List(x[start:start + rows]) if isinstance(x, List) else x[start:start + rows]


def _cut(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT - 2] + ".."


def type_word(data: Value) -> str:
    """The type of a column: its name, a plural where every item is a list, an attribute."""
    code = qtype(data)
    if code in BY_CODE:
        attribute = getattr(data, "attr", "")
        return BY_CODE[code].name + (f" `{attribute}#" if attribute else "")
    if code == 20:
        return f"`{data.domain}$"
    first = qtype(at(data, 0)) if code == 0 and len(data) else 0
    if first in BY_CODE and is_vector(at(data, 0)):
        return "string" if first == 10 else BY_CODE[first].name + "s"
    return "list"


def _head(columns: list[Column], keys: int) -> Markup:
    return tag("thead", tag("tr", *(
        tag("th", name, tag("small", word), class_=_class(i, keys, number), scope="col")
        for i, (name, word, number, _) in enumerate(columns))))


def _body(columns: list[Column], keys: int) -> Markup:
    lines = zip_longest(*(texts for _, _, _, texts in columns), fillvalue="")
    return tag("tbody", *(_row(line, columns, keys) for line in lines))


def _class(i: int, keys: int, number: bool) -> str | None:
    if i < keys:
        return "k e" if i == keys - 1 else "k"
    return None if number else "l"


def _row(texts: tuple[str, ...], columns: list[Column], keys: int) -> Markup:
    return tag("tr", *(
        tag("th" if i < keys else "td", text, class_=_class(i, keys, columns[i][2]),
            scope="row" if i < keys else None) for i, text in enumerate(texts)))


def _place(n: int, start: int, shown: int) -> Markup | None:
    """Which rows of how many these are, and how to see others."""
    if n == shown:
        return note(f"{n:,} rows") if n >= 10 else None
    words = f"rows {start:,} to {start + shown - 1:,} of {n:,}"
    if start + shown < n:
        words += f"; .ui.rows[x;{start + shown}] shows those that follow"
    return note(words)
