"""An error as HTML, where that says more than its text: what met, the source, the backtrace."""

from __future__ import annotations

from kkernel_widgets.html import Markup, join, preformatted, tag

from ...q.errors import Frame, QError, QStop
from .page import page, rows_of

NEAR = 4  # lines of source above and below
MOST_FRAMES = 40


def error_html(error: QError, code: str) -> str:
    """The HTML of an error in a cell of this source; "" where its text already says all."""
    frames = error.frames
    if isinstance(error, QStop) or not frames:
        return ""
    whole = code.strip("\n")
    if not error.details and len(frames) == 1 and "\n" not in whole:
        return ""
    parts = [rows_of(error.details) if error.details else None, _source(whole, frames[-1]),
             _backtrace(frames[:-1])]
    opened = {"open": ""} if error.details else {}
    return page(tag("details", tag("summary", _summary(error)), *parts, **opened))


def _summary(error: QError) -> str:
    named = [f.label.rstrip(":") for f in error.frames[:-1] if f.label.strip(":")]
    words = f"'{error.message}".split("\n")[0]
    through = "  in " + " < ".join(dict.fromkeys(named)) if named else ""
    return f"{words[:120]}{through}"


def _source(code: str, frame: Frame) -> Markup:
    """The cell's lines near the one that failed, which is marked, and its token."""
    start = code.find(frame.text)
    if start < 0:  # not of this cell: text that was evaluated, a script
        return _lines(frame.text, max(0, frame.offset))
    return _lines(code, start + max(0, frame.offset))


def _lines(text: str, offset: int) -> Markup:
    """The lines around an offset, numbered; the token there is marked."""
    rows = text.split("\n")
    at = text.count("\n", 0, offset)
    column = offset - text.rfind("\n", 0, offset) - 1
    width = len(str(min(len(rows), at + NEAR + 1)))
    shown = [_line(i, rows[i], column if i == at else -1, width)
             for i in range(max(0, at - NEAR), min(len(rows), at + NEAR + 1))]
    return tag("pre", join(*shown))


def _line(number: int, text: str, column: int, width: int) -> Markup:
    head = tag("small", f"{number + 1:>{width}}  ")
    if column < 0:
        return join(head, preformatted(text + "\n"))
    end = column + _token_length(text, column)
    marked = join(preformatted(text[:column]), tag("mark", text[column:end] or " "),
                  preformatted(text[end:]))
    return join(tag("span", head, marked, class_="b"), preformatted("\n"))


def _token_length(text: str, at: int) -> int:
    """How much of a line from `at` on is the token that failed."""
    n = at
    while n < len(text) and (text[n].isalnum() or text[n] in "._`"):
        n += 1
    return max(1, n - at)


def _backtrace(frames: list[Frame]) -> Markup | None:
    """The functions that were running, the innermost first, folded."""
    if not frames:
        return None
    shown = [join(tag("div", f.label.rstrip(":") or "function", class_="h"),
                  _lines(f.text, max(0, f.offset))) for f in frames[:MOST_FRAMES]]
    cut = len(frames) - len(shown)
    more = tag("div", f"{cut:,} more", class_="n") if cut else None
    words = f"{len(frames):,} function{'s' if len(frames) > 1 else ''} running"
    return tag("details", tag("summary", words), *shown, more)
