"""`.ui.whole`: the console text of a value with nothing cut, in a box that scrolls."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kkernel_widgets.html import tag

from ...q.functions import NULL, Foreign
from ...q.text.show import console
from ...q.values import Value
from .page import note, page

if TYPE_CHECKING:
    from ...session import Session
    from .pictures import Page

LINES, COLUMNS = 10_000, 100_000
LIMIT = 1_000_000  # characters; a page with more stalls the browser
NAME = ".ui.whole"


def register(session: Session, screen: Page) -> None:
    """Define the function in a session."""
    def show(x: Value) -> Value:
        wide = replace(session.interpreter.settings, rows=LINES, columns=COLUMNS)
        text = console(x, wide)
        words = _words(text)
        text = text[:LIMIT].removesuffix("\n")
        box: list[Any] = [tag("div", tag("pre", text), class_="kq-box")]
        forms = {"text/plain": text, "text/html": page(*box, *([note(words)] if words else []))}
        screen.rich(forms, "\n".join(filter(None, (text, words))))
        return NULL

    session.interpreter.globals.set(NAME, Foreign(
        NAME, 1, show, f"{NAME}(x)\n\nthe console text of a value with nothing cut"))


def _words(text: str) -> str:
    """What is said below a text that is too long even so."""
    cut = text.endswith("\n..\n") or len(text) > LIMIT
    return f"cut after {LINES:,} lines or {LIMIT:,} characters" if cut else ""
