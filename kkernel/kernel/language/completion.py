"""Completion: what could stand at the cursor.

The place decides.  A line that starts with a backslash takes a system command; a symbol takes
what the open call of the api understands, the columns and keys of what the statement names, a
path after its colon; a string takes a path; a name takes locals, columns of the query around it,
variables, keywords, functions of the api, members of a namespace or table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...q.errors import QError
from ...q.functions import Foreign
from ...q.registry import KEYWORDS
from ...q.symbols import Symbol
from ...q.syntax.parse import CONTROL
from ...q.syntax.queries import QSQL
from ...q.types import BY_CODE
from ...q.values import Dict, Table, is_function, items, qtype
from .paths import entries
from .place import Place, assigned_names, local_names, place_at, query_at

if TYPE_CHECKING:
    from ...session import OpenCall, Session

_COMMAND = re.compile(r"\\(\w*)$")
_ARGUMENT = re.compile(r"\\(\w+) +(\S*)$")
_TEMPORAL_PARTS = ("date", "year", "month", "mm", "week", "dd", "time", "minute", "second", "hh",
                   "uu", "ss")

QSQL_CLAUSES = ("by", "from", "where")
TAKE_NAMES = ("get", "value", "key", "meta", "cols", "tables", "type", "hdel", "views", "keys")
SET_NAMES = ("set", "insert", "upsert")
COMMANDS = {
    "a": "tables", "b": "views", "B": "pending views", "c": "console size", "cd": "directory",
    "d": "namespace", "f": "functions", "l": "load a script", "o": "offset from UTC",
    "P": "digits shown", "S": "random seed", "t": "milliseconds", "ts": "time and space",
    "v": "variables", "w": "memory", "W": "first day of the week", "z": "date order",
}
_OF_PATHS, _OF_SPACES = ("l", "cd"), ("d", "a", "b", "f", "v")


@dataclass(frozen=True)
class Completion:
    """One candidate: its text, what it is, and how it is called or what it means."""

    text: str
    kind: str  # shown by the front end: function, keyword, variable, column ...
    signature: str = ""


@dataclass(frozen=True)
class Completions:
    """Candidates, best first, for the text from `start` to `end`."""

    start: int
    end: int
    found: list[Completion]


def complete(session: Session, code: str, cursor: int) -> Completions:
    """The candidates for the word at the cursor; all of the word is replaced, also behind it."""
    line = code[code.rfind("\n", 0, cursor) + 1:cursor]
    if line.startswith("\\"):
        return _in_command(session, line, cursor)
    if line.startswith("%") and not line.startswith("%time "):
        return _in_magic(line, code, cursor)
    place = place_at(code, cursor)
    token = place.token
    kind = token.kind if token is not None else ""
    if token is None or kind in ("comment", "number"):
        return Completions(cursor, cursor, [])
    typed = code[token.start:cursor]
    if kind == "string":
        return _in_string(typed, cursor)
    if kind == "symbol":
        return _in_symbol(session, place, typed)
    return Completions(token.start, max(cursor, token.end) if typed else cursor,
                       _names(session, place, typed) if typed else [])


def _matching(word: str, candidates: Iterable[Completion]) -> list[Completion]:
    """Candidates that start with the word, exact case before other case, no name twice."""
    known = list(candidates)
    exact = [c for c in known if c.text.startswith(word)]
    folded = word.lower()
    other = [c for c in known if c.text.lower().startswith(folded)] if not exact else []
    return list({c.text: c for c in reversed(exact or other)}.values())[::-1]


# ------------------------------------------------------------------ commands, strings, paths

def _in_command(session: Session, line: str, cursor: int) -> Completions:
    command = _COMMAND.fullmatch(line)
    if command:
        word = command.group(1)
        found = _matching(word, (Completion(n, "command", w) for n, w in COMMANDS.items()))
        return Completions(cursor - len(word), cursor, found)
    argument = _ARGUMENT.fullmatch(line)
    name, word = argument.groups() if argument else ("", "")
    if name in _OF_PATHS:
        return _path(word, cursor)
    if name in _OF_SPACES:
        spaces = (Completion("." + s, "namespace") for s in session.interpreter.globals.spaces)
        return Completions(cursor - len(word), cursor, _matching(word, spaces))
    return Completions(cursor, cursor, [])


def _in_magic(line: str, code: str, cursor: int) -> Completions:
    """A name after a percent sign, or after two in the first line; a path behind load and save."""
    from ..magics import CELL_MAGICS, LINE_MAGICS

    of_cell = line.startswith("%%") and "\n" not in code[:cursor].lstrip("\n")
    name, blank, rest = line.lstrip("%").partition(" ")
    if blank and name in ("load", "save"):
        return _path(rest, cursor)
    sign = line[:len(line) - len(line.lstrip("%"))]
    table = CELL_MAGICS if of_cell else LINE_MAGICS
    known = (Completion(sign + n, "magic", m.words) for n, m in table.items())
    return Completions(cursor - len(line), cursor, [] if blank else _matching(line, known))


def _path(word: str, cursor: int, symbol: bool = False) -> Completions:
    last = word.rpartition("/")[2]
    found = [Completion(n + "/" * folder, "path", "folder" if folder else "file")
             for n, folder in entries(word, symbol)]
    return Completions(cursor - len(last), cursor, found)


def _in_string(typed: str, cursor: int) -> Completions:
    """A path after `l ` or `cd `, as `system` takes it, or wherever a slash was typed."""
    word = re.split(r"[\s\":]", typed)[-1]
    if "/" in word or re.match(r"\"(l|cd) ", typed):
        return _path(word, cursor)
    return Completions(cursor, cursor, [])


# ------------------------------------------------------------------ symbols

def _in_symbol(session: Session, place: Place, typed: str) -> Completions:
    cursor, token = place.cursor, place.token
    assert token is not None
    word = typed.rpartition("`")[2]
    if ":" in word:
        return _path(word.partition(":")[2], cursor, symbol=True)
    rest = token.text[len(typed):]
    candidates = [*_of_calls(session, place), *_of_statement(session, place),
                  *_named_variables(session, place)]
    return Completions(cursor - len(word), cursor + len(re.match(r"\w*", rest).group()),  # type: ignore[union-attr]
                       _matching(word, candidates))


def open_calls(session: Session, place: Place) -> list[OpenCall]:
    """The calls and lists that are open at a place, the innermost first."""
    applied = place.names_before
    found: list[OpenCall] = [(tuple(applied), "", 0, ())] if applied else []
    for group in place.groups[:-1]:
        named = [t.text for t in group.tokens if t.kind == "name"]
        pointers = (peek(session, name) for name in named)
        found.append((tuple(group.names), group.first, group.position,
                      tuple(p for p in pointers if p is not None)))
    return found


def _of_calls(session: Session, place: Place) -> Iterator[Completion]:
    for word in session.symbols_at(open_calls(session, place)):
        yield Completion(word.text, word.kind, word.words)


def _of_statement(session: Session, place: Place) -> Iterator[Completion]:
    """Columns and keys of the tables and dictionaries that the statement names, the applied one
    first."""
    named = [t.text for t in place.statement if t.kind == "name"]
    for name in dict.fromkeys([*place.names_before[:1], *named]):
        yield from _fields(session, name)


def _named_variables(session: Session, place: Place) -> Iterator[Completion]:
    """Variables, where a symbol names one: ``get`a``, `` `a set 1``."""
    following = place.rest[0].text if place.rest else ""
    inner = place.groups[0]
    if (place.names_before[:1] and place.names_before[0] in TAKE_NAMES or following in SET_NAMES
            or inner.names[:1] and inner.names[0] in SET_NAMES and not inner.position):
        yield from (c for c in _globals(session, "") if c.kind == "variable")


# ------------------------------------------------------------------ names

def _names(session: Session, place: Place, word: str) -> list[Completion]:
    member = _members(session, word) if "." in word[1:] and word[0] != "." else []
    if member:
        return _matching(word, member)
    query = query_at(place)
    candidates: list[Completion] = []
    if query is not None:
        tables = [query.table] if query.table else list(_tables(session))
        kind = "table" if query.names_table else "column"
        candidates += [Completion(t, kind) for t in tables] if query.names_table else [
            c for t in tables for c in _fields(session, t)]
        candidates += [Completion(w, "keyword") for w in QSQL_CLAUSES]
    candidates += [Completion(n, "variable") for n in local_names(place)]
    candidates += _globals(session, word)
    candidates += [Completion(n, "variable") for n in assigned_names(place.code)]
    return _matching(word, [*candidates, *_keywords(word), *_api(session, word)])


def _members(session: Session, word: str) -> list[Completion]:
    """`t.price` of a table or dictionary, `d.year` of temporals."""
    owner = word.rpartition(".")[0]
    value = peek(session, owner)
    if value is None:
        return []
    if abs(qtype(value)) in range(12, 20):
        return [Completion(f"{owner}.{part}", "property") for part in _TEMPORAL_PARTS]
    return [Completion(f"{owner}.{f}", "column", kind) for f, kind in fields(value)]


def _keywords(word: str) -> list[Completion]:
    words = [Completion(name, "function", signature(p)) for name, p in sorted(KEYWORDS.items())
             if _starts(name, word)]
    return words + [Completion(w, "keyword") for w in (*CONTROL, *QSQL, *QSQL_CLAUSES)]


def _api(session: Session, word: str) -> list[Completion]:
    return [Completion(name, "function", signature(session.api_function(name)))
            for name in sorted(session.api_names) if _starts(name, word)]


def _starts(name: str, word: str) -> bool:
    """Could the word become the name, in whatever case?  Looked at first: there are thousands."""
    return name.lower().startswith(word.lower())


def _globals(session: Session, word: str) -> list[Completion]:
    """Variables, then the functions of libraries; qualified names only after a dot."""
    dotted = "." in word
    own: list[Completion] = []
    supplied: list[Completion] = []
    for name in sorted(set(session.interpreter.globals.walk())):
        if name.startswith(".") != dotted or not _starts(name, word):
            continue
        text, value = _one_level(name, word), peek(session, name)
        kind = _kind(value) if text == name else "namespace"
        place = supplied if isinstance(value, Foreign) else own
        place.append(Completion(text, kind, signature(value) if text == name else ""))
    return own + supplied


def _one_level(name: str, word: str) -> str:
    """`.Q.fmt` for the word `.Q.`, but only `.Q` for the word `.`."""
    level = word.count(".")
    return ".".join(name.split(".")[:level + 1]) if level else name


def _kind(value: Any) -> str:
    return "function" if value is not None and is_function(value) else "variable"


def signature(value: Any) -> str:
    """How a function is called, "" for what is no function."""
    if isinstance(value, Foreign):
        return value.doc.split("\n", 1)[0].removeprefix(value.name)
    names = getattr(value, "params", None)
    if names is not None:
        return "[" + ";".join(names or ("x",)) + "]"
    rank = getattr(value, "rank", 0)
    if _kind(value) != "function" or not 0 < rank <= 4:
        return ""
    return "[" + ";".join("xyzw"[:rank]) + "]"


# ------------------------------------------------------------------ values, looked at only

def peek(session: Session, name: str) -> Any:
    """The value of a global without running or loading anything; None for views, `.z` names."""
    known = session.interpreter.globals
    if name in known.views or name in known.special:
        return None
    if name in session.api_names and name not in known.root:
        return session.api_function(name)
    try:
        return known.find(name)
    except QError:
        return None


def _tables(session: Session) -> Iterator[str]:
    for name, value in list(session.interpreter.globals.root.items()):
        if isinstance(value, Table) or isinstance(value, Dict) and value.keyed_table:
            yield name


def _fields(session: Session, name: str) -> list[Completion]:
    """Columns of the table, keys of the dictionary called `name`."""
    return [Completion(f, "column", kind) for f, kind in fields(peek(session, name))]


def fields(value: Any) -> list[tuple[str, str]]:
    """The names inside a table or dictionary, each with the type of what it holds."""
    if isinstance(value, Table):
        return [(str(c), _type_name(d)) for c, d in zip(value.columns, value.data, strict=True)]
    if isinstance(value, Dict):
        if isinstance(value.keys, Table):
            return fields(value.keys) + fields(value.values)
        return [(str(k), _type_name(v)) for k, v in
                zip(items(value.keys), items(value.values), strict=False)
                if isinstance(k, Symbol) and k]
    return []


def _type_name(value: Any) -> str:
    code = abs(qtype(value))
    return BY_CODE[code].name if code in BY_CODE else f"type {code}h"
