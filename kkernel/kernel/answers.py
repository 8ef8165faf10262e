"""What Jupyter asks about source text, as the contents of its replies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..q.errors import QError
from ..q.text.show import console
from .language.completeness import INCOMPLETE, state
from .language.completion import complete
from .language.inspection import about, describe

if TYPE_CHECKING:
    from ..session import Session

Reply = dict[str, Any]


def complete_reply(session: Session, code: str, cursor: int | None) -> Reply:
    """Candidates for the word at the cursor, with their kinds where the front end shows them."""
    at = len(code) if cursor is None else cursor
    places = complete(session, code, at)
    start, end, found = places.start, places.end, places.found
    typed = [{"start": start, "end": end, "text": c.text, "type": c.kind,
              "signature": c.signature} for c in found]
    return {"status": "ok", "matches": [c.text for c in found], "cursor_start": start,
            "cursor_end": end, "metadata": {"_jupyter_types_experimental": typed}}


def inspect_reply(session: Session, code: str, cursor: int | None, detail: int = 0) -> Reply:
    """What is at the cursor, or which call is open there."""
    tip = describe(session, code, len(code) if cursor is None else cursor, detail)
    data = {} if tip is None else {"text/plain": tip.text, "text/html": tip.html}
    return {"status": "ok", "found": tip is not None, "data": data, "metadata": {}}


def is_complete_reply(code: str) -> Reply:
    """Whether a console should run the text; a line that continues another is indented."""
    found = state(code)
    return {"status": found} | ({"indent": " "} if found == INCOMPLETE else {})


def expression_reply(session: Session, source: str) -> Reply:
    """The value of an expression that the front end sent along with a cell."""
    try:
        text = console(session.interpreter.evaluate(source), session.interpreter.settings)
    except QError as error:
        return {"status": "error", "ename": "QError", "evalue": "'" + error.message,
                "traceback": []}
    return {"status": "ok", "data": {"text/plain": text.removesuffix("\n")}, "metadata": {}}


def page(session: Session, name: str) -> list[Reply]:
    """The payload that opens the pager on a name."""
    tip = about(session, name)
    data = {"text/plain": f"nothing is known about {name}"} if tip is None else {
        "text/plain": tip.text, "text/html": tip.html}
    return [{"source": "page", "start": 0, "data": data}]
