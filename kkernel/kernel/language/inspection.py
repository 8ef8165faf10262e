"""Tooltips: what stands at the cursor, or which function is being called there."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from ...q.functions import Foreign, Lambda, Primitive
from ...q.registry import KEYWORDS, OPERATORS
from ...q.text.show import console
from ...q.types import BY_CODE
from ...q.values import count, is_function, qtype
from .completion import COMMANDS, open_calls, peek, signature
from .place import Place, place_at
from .tip import Tip

if TYPE_CHECKING:
    from ...session import Session

KINDS = {0: "general list", 98: "table", 99: "dictionary", 100: "lambda", 104: "projection",
         105: "composition", 112: "library function", 127: "keyed table"}


def describe(session: Session, code: str, cursor: int, detail: int = 0) -> Tip | None:
    """What is known about the name, symbol or operator at the cursor, or else about the function
    that is being called there; `detail` 1 with everything there is to say."""
    place = place_at(code, cursor)
    tip = _command(code, cursor) or _at(session, place) or _around(session, place) \
        or _operator(code, cursor)
    if tip is None:
        return None
    return tip if detail else tip.shortened()


def _at(session: Session, place: Place) -> Tip | None:
    """About the name or symbol at the cursor."""
    token = place.token
    if token is None:
        return None
    if token.kind == "name":
        return about(session, token.text.rstrip(".") or token.text)
    if token.kind != "symbol":
        return None
    typed = place.code[token.start:place.cursor] or "`"
    behind = token.text[len(typed):].partition("`")[0]
    return _symbol(session, place, typed.rpartition("`")[2] + behind)


def _symbol(session: Session, place: Place, name: str, outward: int = 0) -> Tip | None:
    """About a symbol that a call of the api understands."""
    entry = session.symbol_entry(open_calls(session, place)[outward:], name) if name else None
    return None if entry is None else _of_entry(entry)


def _of_entry(entry: Any) -> Tip:
    return Tip(entry.name, entry.form, entry.summary, list(entry.rows),
               examples=list(entry.examples))


def _around(session: Session, place: Place) -> Tip | None:
    """About the innermost call that is open at the cursor, with its argument there marked."""
    if place.names_before:
        found = about(session, place.names_before[0])
        if found is not None and found.form:
            return found
    for outward, group in enumerate(place.groups[:-1]):
        tip: Tip | None = None
        active = group.position
        if group.first and active:
            tip = _symbol(session, place, group.first, outward + bool(place.names_before))
        for name in group.names[:1]:
            tip = tip or about(session, name)
        if tip is not None and tip.form:
            tip.active = active - tip.form.startswith("(`")
            return tip
    return None


def _operator(code: str, cursor: int) -> Tip | None:
    """About the operator directly before or after the cursor."""
    for start, end in ((cursor - 2, cursor), (cursor - 1, cursor + 1), (cursor - 1, cursor),
                       (cursor, cursor + 1)):
        found = OPERATORS.get(code[max(0, start):end])
        if found is not None:
            return _of_primitive(found.name, found)
    return None


def _command(code: str, cursor: int) -> Tip | None:
    line = code[code.rfind("\n", 0, cursor) + 1:].partition("\n")[0]
    name = line[1:].split(" ")[0].split(":")[0]
    return Tip("\\" + name, summary=COMMANDS[name]) \
        if line.startswith("\\") and name in COMMANDS else None


# ------------------------------------------------------------------ names

def about(session: Session, name: str) -> Tip | None:
    """About a name: the documentation of a function, type and value of a variable, what a
    pointer points to."""
    value = peek(session, name)
    if value is None:
        value = KEYWORDS.get(name)
    if value is None:
        return None
    entry = session.function_entry(name) if isinstance(value, Foreign) else None
    if entry is not None:
        return _of_entry(entry)
    if isinstance(value, Foreign) and value.doc:
        return _of_doc(name, signature(value), value.doc.partition("\n")[2])
    if isinstance(value, Primitive) and value.doc:
        return _of_primitive(name, value)
    if isinstance(value, Lambda):
        return Tip(name, signature(value), body=value.text)
    return _of_value(session, name, value)


def _of_value(session: Session, name: str, value: Any) -> Tip:
    card = session.card(value, numbers=False)
    if card is not None:
        head, _, tree = card.text.partition("\n")
        return Tip(name, summary=head, rows=list(card.facts),
                   body="\n".join(tree.split("\n")[len(card.facts):]))
    shown = console(value, session.interpreter.settings).rstrip("\n")
    return Tip(name, summary=kind_of(value), body=shown)


def _of_primitive(name: str, value: Primitive) -> Tip:
    form = signature(value)
    if not name[0].isalpha():
        form = f"  x{name}y"
    return _of_doc(name, form + (f"   x {name} y" if value.infix and name[0].isalpha() else ""),
                   value.doc)


def _of_doc(name: str, form: str, doc: str) -> Tip:
    """The first paragraph of a documentation is the summary."""
    first, _, more = inspect.cleandoc(doc).partition("\n\n")
    return Tip(name, form, " ".join(first.split("\n")), paragraphs=more)


def kind_of(value: Any) -> str:
    """The type of a value in words, with its count."""
    code = qtype(value)
    if abs(code) in BY_CODE:
        what = BY_CODE[abs(code)].name + (" atom" if code < 0 else " vector")
    else:
        what = KINDS.get(code, "function" if is_function(value) else "list")
    counted = "" if code < 0 or is_function(value) else f", count {count(value):,}"
    return f"{what} (type {code}h{counted})"
