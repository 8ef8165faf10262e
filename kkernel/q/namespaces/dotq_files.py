"""`.Q` functions about files: text in lumps, scripts as statements, paths, folders."""

from __future__ import annotations

from .. import context
from ..apply import apply1
from ..errors import type_error
from ..files.storage import is_splayed, lines_of, os_error, path_of, split_lines, strings
from ..functions import PyFunction
from ..registry import KEYWORDS
from ..symbols import Symbol, sym, symbols
from ..system import load_folder
from ..values import List, Value, is_string, items, qtype, string, text, vector

LUMP = 131_000  # bytes that .Q.fs reads at a time


# ---------------------------------------------------------------- text in lumps

def in_lumps(f: Value, file: Value) -> Value:
    """.Q.fs: f of the lines of a file, some 131000 bytes at a time; gives the size of the file."""
    return in_sized_lumps(f, file, LUMP)


def in_sized_lumps(f: Value, file: Value, size: Value) -> Value:
    """.Q.fsn: as .Q.fs with lumps of this many bytes; a lump ends with a line."""
    if qtype(size) not in (-5, -6, -7) or int(size) < 1:
        raise type_error()
    path = path_of(file)
    total, rest = 0, b""
    try:
        with open(path, "rb") as source:
            while lump := source.read(int(size)):
                total += len(lump)
                whole, end, rest = (rest + lump).rpartition(b"\n")
                if end:
                    apply1(f, strings(split_lines(whole + end)))
    except OSError as e:
        raise os_error(path, e) from None
    if rest:
        apply1(f, strings([rest]))
    return total


# ---------------------------------------------------------------- scripts

def statements(x: Value) -> Value:
    """.Q.ld: the lines of a script as (line numbers; statements), comments too."""
    found: list[tuple[int, str]] = []
    for number, raw in enumerate(lines_of(x), 1):
        line = raw.decode("utf-8", "surrogateescape")
        if line[:1] in (" ", "\t", "}") and line.strip() and found:
            found[-1] = (found[-1][0], found[-1][1] + "\n" + line)
        elif line.strip():
            found.append((number, line))
    numbers = vector(7, [n for n, _ in found])
    return List([numbers, List([string(statement) for _, statement in found])])


def load(x: Value) -> Value:
    """.Q.l: load a folder, as `\\l` does."""
    if not isinstance(x, Symbol):
        raise type_error()
    return load_folder(context.active, x.removeprefix(":"))


# ---------------------------------------------------------------- paths and kinds of table

def join_names(x: Value, y: Value) -> Value:
    """.Q.dd: symbols joined by dots, or by slashes after a file symbol; y are any atoms."""
    if not isinstance(x, Symbol):
        raise type_error()
    shown = y if is_string(y) else KEYWORDS["string"].by_rank[1](y)
    words = [text(shown)] if is_string(shown) else [text(w) for w in items(shown)]
    return KEYWORDS["sv"].by_rank[2](sym(""), symbols([x, *words]))


def location(folder: Value, part: Value, table: Value) -> Value:
    """.Q.par: where a partition would keep a table."""
    named = join_names(folder, part)
    return sym(f"{named}/{text(table)}")


def is_partitioned(x: Value) -> Value:
    """.Q.qp: 0b for the file symbol of a splayed table; 0 for what is in memory."""
    if isinstance(x, Symbol) and x.startswith(":") and is_splayed(path_of(x)):
        return False
    return 0


FUNCTIONS: dict[str, tuple[int, PyFunction]] = {
    "fs": (2, in_lumps), "fsn": (3, in_sized_lumps), "fps": (2, in_lumps),
    "fpn": (3, in_sized_lumps), "ld": (1, statements), "l": (1, load), "dd": (2, join_names),
    "par": (3, location), "qp": (1, is_partitioned),
}
