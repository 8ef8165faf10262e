"""Cells and lines that start with a percent sign: Python, timing, files, the session's names.

A line `%name rest` is a magic where the name is known; `%%name rest` in the first line of a cell
takes the rest of the cell.  No line of q can start so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

from ..q.errors import QError

if TYPE_CHECKING:
    from .kernel import QKernel

_LINE = re.compile(r"%([a-z]+)(?:[ \t]+(.*))?")
_CELL = re.compile(r"%%([a-z]+)[ \t]*(.*)")


@dataclass(frozen=True)
class Step:
    """A part of a cell: q text, or a magic with what stands behind its name."""

    magic: str  # "" for q text
    text: str
    body: str | None = None  # the rest of the cell, of a cell magic


def steps(code: str) -> list[Step]:
    """The parts of a cell in order; one part of q text where there is no magic."""
    first, _, body = code.lstrip("\n").partition("\n")
    found = _CELL.fullmatch(first.rstrip())
    if found and found.group(1) in CELL_MAGICS:
        return [Step(found.group(1), found.group(2), body)]
    if "%" not in code:
        return [Step("", code)]
    return list(_by_line(code))


def _by_line(code: str) -> Iterator[Step]:
    pending: list[str] = []
    for line in code.split("\n"):
        found = _LINE.fullmatch(line.rstrip())
        if found and found.group(1) in LINE_MAGICS:
            if any(s.strip() for s in pending):
                yield Step("", "\n".join(pending))
            pending = []
            yield Step(found.group(1), (found.group(2) or "").strip())
        else:
            pending.append(line)
    if any(s.strip() for s in pending):
        yield Step("", "\n".join(pending))


def is_cell_magic(code: str) -> bool:
    """Does the first line say what is to be done with the others?"""
    return any(step.body is not None for step in steps(code))


def python_start(code: str, cursor: int | None = None) -> int:
    """Where the Python text of a `%%py` cell begins; 0 for other cells, and for its first line."""
    if not re.match(r"\n*%%py\b", code):
        return 0
    at = code.find("\n", len(code) - len(code.lstrip("\n"))) + 1
    return at if cursor is None or cursor >= at else 0


def execute(kernel: QKernel, code: str) -> QError | None:
    """Run a cell; the error that stopped it, if any."""
    for step in steps(code):
        error = run(kernel, step)
        if error is not None:
            return error
    return None


def run(kernel: QKernel, step: Step) -> QError | None:
    """Run one part; the error that stopped it, if any."""
    if not step.magic:
        return kernel.q.execute(step.text)
    try:
        table: dict[str, Magic] = LINE_MAGICS if step.body is None else CELL_MAGICS
        return table[step.magic].run(kernel, step)
    except QError as error:
        return error


# ------------------------------------------------------------------ Python

def _python(kernel: QKernel, step: Step) -> QError | None:
    from .python.cells import run_python

    return run_python(kernel, step.text if step.body is None else step.body)


# ------------------------------------------------------------------ time

def _time(kernel: QKernel, step: Step) -> QError | None:
    """Run, then say how long it took, by the clock and of the processor."""
    source = step.text if step.body is None else f"{step.text}\n{step.body}"
    wall, processor = perf_counter(), process_time()
    error = kernel.q.execute(source)
    wall, processor = perf_counter() - wall, process_time() - processor
    if error is None:
        kernel.output.write(f"{_duration(wall)} (processor {_duration(processor)})\n")
    return error


def _duration(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


# ------------------------------------------------------------------ output

def _capture(kernel: QKernel, step: Step) -> QError | None:
    """Run a cell and keep what it writes as a string, in the variable named behind."""
    q = kernel.q.interpreter
    name = step.text.strip()
    if name and not name.isidentifier():
        raise QError(f"%%capture: {name}: not a name for a variable")
    written: list[str] = []
    outer, q.write = q.write, written.append
    shown, q.shown = q.shown, None
    try:
        error = kernel.q.execute(step.body or "")
    finally:
        q.write, q.shown = outer, shown
    if name:
        from ..q.values import string

        q.globals.set(name, string("".join(written).encode("utf-8", "surrogateescape")))
    return error


def _html(kernel: QKernel, step: Step) -> None:
    from ..q.values import string

    kernel.q.interpreter.globals.get(".ui.html").fn(string(step.body or ""))


# ------------------------------------------------------------------ files

def _load(kernel: QKernel, step: Step) -> None:
    """Replace the cell by the text of a file."""
    path = _path(step)
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            kernel.shell.set_next_input(file.read(), replace=True)
    except OSError as error:
        raise QError(f"{path}. OS reports: {error.strerror}") from None


def _path(step: Step) -> str:
    path = step.text.split(" ")[0].removeprefix("`").removeprefix(":").strip("\"'")
    if not path:
        raise QError(f"%{step.magic}: expected a file")
    return path


def _save(kernel: QKernel, step: Step) -> None:
    """Write the q cells of this session to a script: all, or those of the numbers behind."""
    path, numbers = _path(step), _numbers(step.text.partition(" ")[2])
    rows = kernel.history.range(0, 1, None)
    cells = [source for _, number, source in rows
             if (not numbers or number in numbers) and not source.lstrip().startswith("%")]
    try:
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write("\n\n".join(cells) + "\n")
    except OSError as error:
        raise QError(f"{path}. OS reports: {error.strerror}") from None
    kernel.output.write(f"{len(cells)} cells in {path}\n")


def _numbers(text: str) -> set[int]:
    """`1-3 7` as numbers."""
    found: set[int] = set()
    for part in text.split():
        first, _, last = part.partition("-")
        if not first.isdigit() or last and not last.isdigit():
            raise QError(f"%save: {part}: expected numbers of cells, such as 1-3 7")
        found.update(range(int(first), int(last or first) + 1))
    return found


# ------------------------------------------------------------------ names

def _who(kernel: QKernel, step: Step) -> None:
    """The variables of the session as a table: name, what it is, its count."""
    from ..q.symbols import sym
    from ..q.values import Table, collapse, count, is_function, string
    from .language.inspection import kind_of

    known = kernel.q.interpreter.globals
    rows = [(name, value) for name, value in sorted(known.root.items())
            if getattr(value, "qtype", 0) != 112]
    words = []
    for _name, value in rows:
        card = kernel.q.card(value, False)
        words.append(card.text.partition("\n")[0] + _shape(card) if card is not None
                     else kind_of(value).partition(" (")[0])
    table = Table(["name", "what", "count"], [
        collapse([sym(name) for name, _ in rows]), collapse([string(w.encode()) for w in words]),
        collapse([1 if is_function(v) else count(v) for _, v in rows])])
    kernel.q.interpreter.show(table)


def _shape(card: Any) -> str:
    facts = dict(card.facts)
    return "".join(f" {facts[k]}" for k in ("shape", "dtype") if k in facts and "shape" in facts)


def _list(kernel: QKernel, step: Step) -> None:
    for sign, table in (("%", LINE_MAGICS), ("%%", CELL_MAGICS)):
        for name, magic in table.items():
            kernel.output.write(f"{sign + name:<10}{magic.words}\n")


@dataclass(frozen=True)
class Magic:
    """How a magic runs, and what it does in words."""

    run: Callable[[QKernel, Step], QError | None]
    words: str


LINE_MAGICS: dict[str, Magic] = {
    "py": Magic(_python, "run one line of Python; q is the session"),
    "time": Magic(_time, "run a line of q and tell how long it took"),
    "load": Magic(_load, "replace the cell by the text of a file"),
    "save": Magic(_save, "write cells to a script: file, then numbers such as 1-3 7"),
    "who": Magic(_who, "the variables of the session"),
    "lsmagic": Magic(_list, "this list"),
}
CELL_MAGICS: dict[str, Magic] = {
    "py": Magic(_python, "a cell in Python: q.name reads and writes variables of q"),
    "time": Magic(_time, "run the cell and tell how long it took"),
    "capture": Magic(_capture, "keep what the cell writes, as a string under a name"),
    "html": Magic(_html, "show the cell as HTML"),
}
