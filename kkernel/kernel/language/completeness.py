"""Is this input whole, or does it wait for more lines?"""

from __future__ import annotations

from ...q.errors import QError, QParseError
from ...q.syntax.lines import logical_lines
from ...q.syntax.parse import parse

COMPLETE, INCOMPLETE, INVALID = "complete", "incomplete", "invalid"


def state(source: str) -> str:
    """`complete`, `incomplete` when its last statement is open at the end, or `invalid`."""
    texts = [text for _, text in logical_lines(source) if not text.startswith("\\")]
    for i, text in enumerate(texts):
        try:
            parse(text)
        except QParseError as error:
            last = i == len(texts) - 1
            return INCOMPLETE if error.incomplete and last else INVALID
        except (QError, RecursionError):
            return INVALID
    return COMPLETE


def joined(lines: list[str]) -> str:
    """Lines typed one after the other as one input: a blank marks those that continue it."""
    first, *more = lines
    return "\n".join([first, *(s if s[:1] in (" ", "\t", "}") else " " + s for s in more)])
