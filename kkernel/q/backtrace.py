"""Frames as text, and the frames of the functions that are running now.

Every closure of the compiler holds the `unit` it was compiled from, its `pos`, and the `frame`
of locals it runs on; generated functions know the position of each of their lines.  So the
Python stack tells where every q function stands, and a call costs nothing extra.
"""

from __future__ import annotations

import sys
from inspect import CO_NESTED

from .compile import Unit
from .compile.source import FILE, place
from .errors import Frame


def frame_text(frame: Frame, depth: int) -> str:
    """A frame with a caret under the token that failed; none below an offset of -1.

    Of a text of several lines it shows the line that failed, and one before and after it.
    """
    head = f"  [{depth}]  {frame.label}"
    if frame.offset < 0:
        return f"{head}{frame.text}\n\n"
    rows = frame.text.split("\n")
    offset = min(frame.offset, len(frame.text))
    at = frame.text.count("\n", 0, offset)
    column = offset - frame.text.rfind("\n", 0, offset) - 1
    if at < 2:
        rows[0] = head + rows[0]
        column += len(head) if at == 0 else 0
    before = [head] * (at > 1) + rows[max(0, at - 1):at]
    return "\n".join([*before, rows[at], " " * column + "^", *rows[at + 1:at + 2], ""])


def frames_text(frames: list[Frame]) -> str:
    """Frames from the innermost out, numbered so that the outermost is 0."""
    last = len(frames) - 1
    return "".join(frame_text(f, last - i) for i, f in enumerate(frames))


def running() -> list[Frame]:
    """The frames of the q functions that are being evaluated, innermost first."""
    found: list[Frame] = []
    locals_of_last: object = None
    at = sys._getframe(1)
    while at is not None:
        code = at.f_code
        stands = place(at) if code.co_filename == FILE else None
        if stands is not None:
            found.append(stands[0].frame(stands[1]))
            locals_of_last = None
        if code.co_flags & CO_NESTED and {"unit", "pos"} <= {*code.co_freevars}:  # a closure
            names = at.f_locals
            unit, locals_ = names["unit"], names.get("frame")
            if isinstance(unit, Unit) and locals_ is not None and locals_ is not locals_of_last:
                found.append(unit.frame(names["pos"]))
                locals_of_last = locals_
        at = at.f_back  # type: ignore[assignment]
    return found
