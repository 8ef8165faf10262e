"""Tooltips: what the name at the cursor is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ...q.functions import Foreign, Lambda, Primitive
from ...q.registry import KEYWORDS
from ...q.text.show import console
from ...q.types import BY_CODE
from ...q.values import count, is_function, qtype
from .completion import peek, signature

if TYPE_CHECKING:
    from ...session import Session

_NAME = re.compile(r"\.?[A-Za-z][\w.]*")
_OPENERS = {")": "(", "]": "[", "}": "{"}
KINDS = {0: "general list", 98: "table", 99: "dictionary", 100: "lambda", 104: "projection",
         105: "composition", 112: "library function", 127: "keyed table"}


def describe(session: Session, code: str, cursor: int) -> str | None:
    """Words about the name at the cursor, or about the function whose bracket is open there."""
    for name in (name_at(code, cursor), function_around(code, cursor)):
        if name:
            text = about(session, name)
            if text is not None:
                return text
    return None


def name_at(code: str, cursor: int) -> str:
    """The name that the cursor stands in or directly after, "" for none."""
    for found in _NAME.finditer(code):
        if found.start() <= cursor <= found.end():
            return found.group().rstrip(".")
    return ""


def function_around(code: str, cursor: int) -> str:
    """The name before the innermost bracket that is open at the cursor: `f[1;` or `f(1;`."""
    closed: list[str] = []
    for i in range(min(cursor, len(code)) - 1, -1, -1):
        c = code[i]
        if c in _OPENERS:
            closed.append(_OPENERS[c])
        elif closed and c == closed[-1]:
            closed.pop()
        elif c in "[(":
            found = re.search(_NAME.pattern + r"$", code[:i].rstrip())
            if found:
                return found.group()
    return ""


def about(session: Session, name: str) -> str | None:
    """Words about a name: a function's documentation, a variable's type, count and value."""
    value = peek(session, name)
    if value is None:
        value = KEYWORDS.get(name)
    if value is None:
        return None
    if isinstance(value, (Foreign, Primitive)) and value.doc:
        heading = "" if isinstance(value, Foreign) else f"{name}{signature(value)}\n\n"
        return heading + value.doc
    if isinstance(value, Lambda):
        return f"{name}{signature(value)}\n\n{value.text}"
    shown = console(value, session.interpreter.settings)
    return f"{name}: {kind_of(value)}\n\n{shown}".rstrip("\n")


def kind_of(value: Any) -> str:
    """The type of a value in words, with its count."""
    code = qtype(value)
    if abs(code) in BY_CODE:
        what = BY_CODE[abs(code)].name + (" atom" if code < 0 else " vector")
    else:
        what = KINDS.get(code, "function" if is_function(value) else "list")
    counted = "" if code < 0 or is_function(value) else f", count {count(value):,}"
    return f"{what} (type {code}h{counted})"
