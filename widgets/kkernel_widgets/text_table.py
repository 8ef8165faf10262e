"""A table for the plain console: columns aligned, cut to the width of the screen."""

from __future__ import annotations

from collections.abc import Sequence

from .html import visible


def text_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], right: str = "", width: int = 0
) -> str:
    """Lines of a table. `right` holds an r for each column to align right, a blank otherwise."""
    cells = [list(header), *([visible(cell) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = [_line(row, widths, right) for row in cells]
    lines.insert(1, "-" * (sum(widths) + 2 * len(widths) - 2))
    return "\n".join(_cut(line, width) for line in lines)


def _line(row: Sequence[str], widths: Sequence[int], right: str) -> str:
    marks = right.ljust(len(widths))
    padded = [
        cell.rjust(width) if mark == "r" else cell.ljust(width)
        for cell, width, mark in zip(row, widths, marks, strict=False)
    ]
    return "  ".join(padded).rstrip()


def _cut(line: str, width: int) -> str:
    return line if not width or len(line) <= width else line[: width - 2] + ".."
