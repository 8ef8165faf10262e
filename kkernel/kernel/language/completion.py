"""Completion: what could stand at the cursor.

Three places are told apart by the text before the cursor: a system command at the start of a
line, a symbol after a backtick (columns of the table or keys of the dictionary it indexes), and
a name anywhere else (variables, keywords, functions of the k api, members of a namespace, and
inside qSQL the columns of its table).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...q.errors import QError
from ...q.functions import Foreign
from ...q.registry import KEYWORDS
from ...q.symbols import Symbol
from ...q.syntax.parse import CONTROL, QSQL
from ...q.values import Dict, Table, is_function, items, qtype

if TYPE_CHECKING:
    from ...session import Session

_NAME_BEFORE = re.compile(r"(?:\.[A-Za-z]?|[A-Za-z])[\w.]*$")
_SYMBOL_BEFORE = re.compile(r"([A-Za-z.][\w.]*)?[\[ ]*((?:`\w*)*`)(\w*)$")
_COMMAND_BEFORE = re.compile(r"(?:^|\n)\\(\w*)$")
_FROM = re.compile(r"\bfrom\s+([A-Za-z.][\w.]*)")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.S)

QSQL_CLAUSES = ("by", "from", "where")
COMMANDS = {
    "a": "tables", "b": "views", "B": "pending views", "c": "console size", "cd": "directory",
    "d": "namespace", "f": "functions", "l": "load a script", "o": "offset from UTC",
    "P": "digits shown", "S": "random seed", "t": "milliseconds", "ts": "time and space",
    "v": "variables", "w": "memory", "W": "first day of the week", "z": "date order",
}


@dataclass(frozen=True)
class Completion:
    """One candidate: its text, what it is, and how it is called."""

    text: str
    kind: str  # shown by the front end: function, keyword, instance, property ...
    signature: str = ""


def complete(session: Session, code: str, cursor: int) -> tuple[int, list[Completion]]:
    """Where the word at the cursor starts, and the candidates for it, best first."""
    before = code[:cursor]
    command = _COMMAND_BEFORE.search(before)
    if command:
        word = command.group(1)
        return cursor - len(word), _matching(word, _commands())
    if _in_string(before):
        return cursor, []
    symbol = _SYMBOL_BEFORE.search(before)
    if symbol:
        word = symbol.group(3)
        return cursor - len(word), _matching(word, _fields(session, symbol.group(1)))
    found = _NAME_BEFORE.search(before)
    word = found.group() if found else ""
    return cursor - len(word), _names(session, word, code) if word else []


def _in_string(before: str) -> bool:
    """Is the end of the text inside a string?"""
    rest = _STRING.sub("", before)
    return '"' in rest


def _names(session: Session, word: str, code: str) -> list[Completion]:
    candidates = [*_columns(session, code), *_globals(session, word), *_keywords(),
                  *_api(session)]
    return _matching(word, candidates)


def _matching(word: str, candidates: list[Completion]) -> list[Completion]:
    """Candidates that start with the word, exact case before other case, no name twice."""
    exact = [c for c in candidates if c.text.startswith(word)]
    folded = word.lower()
    other = [c for c in candidates if c.text.lower().startswith(folded)] if not exact else []
    return list({c.text: c for c in reversed(exact or other)}.values())[::-1]


def _commands() -> list[Completion]:
    return [Completion(name, "magic", words) for name, words in COMMANDS.items()]


def _keywords() -> list[Completion]:
    words = [Completion(name, "function", signature(p)) for name, p in sorted(KEYWORDS.items())]
    return words + [Completion(w, "keyword") for w in (*CONTROL, *QSQL, *QSQL_CLAUSES)]


def _api(session: Session) -> list[Completion]:
    return [Completion(name, "function", signature(session.api_function(name)))
            for name in session.api_names]


def _globals(session: Session, word: str) -> list[Completion]:
    """Variables, then the functions of libraries; qualified names only after a dot."""
    dotted = "." in word
    own: list[Completion] = []
    supplied: list[Completion] = []
    for name in sorted(set(session.interpreter.globals.walk())):
        if name.startswith(".") != dotted:
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
    return "function" if value is not None and is_function(value) else "instance"


def signature(value: Any) -> str:
    """How a function is called, "" for what is no function."""
    if isinstance(value, Foreign):
        return value.doc.split("\n", 1)[0].removeprefix(value.name)
    names = getattr(value, "params", None)
    if names is not None:
        return "[" + ";".join(names or ("x",)) + "]"
    rank = getattr(value, "rank", 0)
    if _kind(value) != "function" or not 0 < rank <= 3:
        return ""
    return "[" + ";".join("xyz"[:rank]) + "]"


def _fields(session: Session, name: str | None) -> list[Completion]:
    """Columns of the table, keys of the dictionary called `name`."""
    value = peek(session, name) if name else None
    return [Completion(f, "property", kind) for f, kind in fields(value)]


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


def _columns(session: Session, code: str) -> list[Completion]:
    found: list[Completion] = []
    for name in _FROM.findall(code):
        found += _fields(session, name)
    return found


def fields(value: Any) -> list[tuple[str, str]]:
    """The names inside a table or dictionary, each with the type of what it holds."""
    if isinstance(value, Table):
        return [(str(c), _type_letter(d)) for c, d in zip(value.columns, value.data, strict=True)]
    if isinstance(value, Dict):
        if isinstance(value.keys, Table):
            return fields(value.keys) + fields(value.values)
        return [(str(k), _type_letter(v)) for k, v in
                zip(items(value.keys), items(value.values), strict=False)
                if isinstance(k, Symbol) and k]
    return []


def _type_letter(value: Any) -> str:
    return f"type {qtype(value)}h"
