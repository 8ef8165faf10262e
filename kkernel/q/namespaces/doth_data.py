"""`.h` functions that turn tables into the lines of csv, tsv, XML, Excel and JSON files."""

from __future__ import annotations

from collections.abc import Iterable

from .. import context
from ..errors import type_error
from ..functions import Foreign, PyFunction
from ..lists.enums import resolve
from ..operators.cast import cast
from ..operators.file_text import prepare
from ..registry import KEYWORDS
from ..symbols import symbols
from ..tables.columns import is_table, unkey
from ..values import (
    Dict,
    List,
    Table,
    Value,
    char,
    enlist,
    is_list,
    is_string,
    items,
    qtype,
    string,
    text,
)
from .doth_markup import element, escaped
from .dotj import from_json, to_json

_NUMBERS = (4, 5, 6, 7, 8, 9)


def _cells(column: Value) -> list[str]:
    """The bare text of every item; the items of nested lists are joined by `.h.d`."""
    column = resolve(column)
    if isinstance(column, List) or getattr(column, "ndim", 1) > 1:
        return [_joined(v) for v in items(column)]
    return [text(v) for v in items(KEYWORDS["string"].by_rank[1](column))]


def _joined(x: Value) -> str:
    if is_string(x) or not is_list(x):
        return text(KEYWORDS["string"].by_rank[1](x)) if not is_string(x) else text(x)
    return text(context.active.globals.get(".h.d")).join(_cells(x))


def _flat(x: Value) -> Value:
    """A table whose nested columns are text, so that it fits lines."""
    if not is_table(x):
        return x
    t = unkey(x)
    data = [List([string(v) for v in _cells(c)]) if isinstance(c, List)
            or getattr(c, "ndim", 1) > 1 else c for c in t.data]
    return Table(t.columns, data)


def cd(x: Value) -> Value:
    """.h.cd: a table or list of columns as lines of comma-separated values."""
    return prepare(",", _flat(x))


def td(x: Value) -> Value:
    """.h.td: the same, separated by tabs."""
    return prepare("\t", _flat(x))


def xd(x: Value) -> Value:
    """.h.xd: a table as lines of XML, a row each."""
    t = unkey(x)
    columns = [[element(name, escaped(v)) for v in _cells(c)]
               for name, c in zip(t.columns, t.data, strict=True)]
    rows = [element("r", "".join(row)) for row in zip(*columns, strict=True)]
    return List([string(row) for row in ["<R>", *rows, "</R>"]])


# ---------------------------------------------------------------- Excel

_OFFICE = "urn:schemas-microsoft-com:office:"


def ed(x: Value) -> Value:
    """.h.ed: a table as an Excel workbook of one sheet, in two lines of XML."""
    return _workbook([("Sheet1", x)])


def edsn(x: Value) -> Value:
    """.h.edsn: a dictionary of tables as a workbook, a sheet for each."""
    if not isinstance(x, Dict):
        raise type_error()
    return _workbook([(text(k), v) for k, v in zip(items(x.keys), items(x.values), strict=True)])


def _workbook(sheets: Iterable[tuple[str, Value]]) -> Value:
    head = '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
    names = "".join(f' xmlns{k}="{_OFFICE}{v}"' for k, v in
                    (("", "spreadsheet"), (":o", "office"), (":x", "excel"),
                     (":ss", "spreadsheet")))
    body = "".join(_sheet(name, unkey(t)) for name, t in sheets)
    return List([string(head), string(f"<Workbook{names}>{body}</Workbook>")])


def _sheet(name: str, t: Table) -> str:
    columns = [[_cell("String", c), *_column(v)] for c, v in zip(t.columns, t.data, strict=True)]
    rows = "".join(element("Row", "".join(row)) for row in zip(*columns, strict=True))
    return f'<Worksheet ss:Name="{escaped(name)}">{element("Table", rows)}</Worksheet>'


def _column(column: Value) -> list[str]:
    kind = "Number" if qtype(column) in _NUMBERS else "String"
    return [_cell(kind if v else "String", v) for v in _cells(column)]


def _cell(kind: str, value: str) -> str:
    return f'<Cell><Data ss:Type="{kind}">{escaped(value)}</Data></Cell>'


# ---------------------------------------------------------------- by kind of file

def json_lines(x: Value) -> Value:
    """A JSON text for every row of a table or item of a list."""
    rows = items(unkey(x)) if is_table(x) else items(x)
    return List([string(_spread(row)) for row in rows])


def _spread(x: Value) -> str:
    """A table inside a list has a line for every row."""
    if not is_table(x):
        return to_json(x)
    return "[" + ",\n ".join(to_json(row) for row in items(unkey(x))) + "]"


def from_json_lines(x: Value) -> Value:
    """The values of a list of JSON texts."""
    return List([from_json(text(v)) for v in items(x)])


def iso8601(x: Value) -> Value:
    """.h.iso8601: nanoseconds since 2000 as a timestamp in ISO form."""
    shown = text(KEYWORDS["string"].by_rank[1](cast(12, x)))
    return string(shown[:10].replace(".", "-") + shown[10:].replace("D", "T"))


def _functions(rows: dict[str, PyFunction], space: str) -> Dict:
    return Dict(symbols(rows), List([Foreign(f"{space}.{k}", 1, fn) for k, fn in rows.items()]))


FUNCTIONS: dict[str, tuple[int, PyFunction]] = {
    "cd": (1, cd), "td": (1, td), "xd": (1, xd), "ed": (1, ed), "edsn": (1, edsn),
    "iso8601": (1, iso8601),
}
VALUES: dict[str, Value] = {
    "d": char(" "),
    "tx": _functions({"raw": enlist, "json": json_lines, "csv": cd, "txt": td,
                      "xml": xd, "xls": ed}, ".h.tx"),
    "xt": _functions({"json": from_json_lines}, ".h.xt"),
}
