"""Read a page of transcripts, run it in a session of its own, and write it anew.

A page is Markdown; fences marked q hold a console session: a line that starts with `q)` is an
input (with the lines after it as long as it is incomplete), the lines up to the next one are
the output, exactly.  All fences of a page share one session, which works in an empty directory.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from kkernel.kernel.language.completeness import INCOMPLETE, joined, state
from kkernel.session import Session

PROMPT = "q)"


@dataclass
class Prompt:
    """One input of a page and what is printed below it."""

    line: int  # counted from 1
    lines: list[str]  # of the input, without the prompt
    expected: list[str] = field(default_factory=list)

    @property
    def source(self) -> str:
        return joined(self.lines)


def prompts(text: str) -> list[Prompt]:
    """The inputs of a page, in order."""
    found: list[Prompt] = []
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("```"):
            inside = not inside and line[3:].strip() == "q"
        elif inside and line.startswith(PROMPT):
            found.append(Prompt(number, [line[len(PROMPT):]]))
        elif inside and found:
            _extend(found[-1], line)
    return found


def _extend(prompt: Prompt, line: str) -> None:
    if not prompt.expected and state(prompt.source) == INCOMPLETE:
        prompt.lines.append(line)
    else:
        prompt.expected.append(line)


class Page:
    """A page and the session that it runs in."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.prompts = prompts(file.read_text())
        self.printed: list[str] = []  # console text of each input that ran
        self._out: list[str] = []

    @cached_property
    def session(self) -> Session:
        return Session(self._out.append, self._out.append)

    @cached_property
    def _folder(self) -> tempfile.TemporaryDirectory[str]:
        return tempfile.TemporaryDirectory(prefix="transcript-")

    def output(self, i: int) -> str:
        """What input i prints; runs it, and before it those that have not run yet."""
        with self._inside():
            while len(self.printed) <= i:
                self.printed.append(self._run(self.prompts[len(self.printed)].source))
        return self.printed[i]

    def _run(self, source: str) -> str:
        self._out.clear()
        error = self.session.execute(source)
        if error is not None:
            self._out.append(self.session.interpreter.error_text(error))
        text = "".join(self._out)
        return text if not text or text.endswith("\n") else text + "\n"

    @contextmanager
    def _inside(self) -> Iterator[None]:
        before = os.getcwd()
        os.chdir(self._folder.name)
        try:
            yield
        finally:
            os.chdir(before)

    def rewrite(self) -> None:
        """Write the file with what was printed in place of what it said."""
        lines = self.file.read_text().split("\n")
        for prompt, text in reversed(list(zip(self.prompts, self.printed, strict=False))):
            start = prompt.line - 1 + len(prompt.lines)
            lines[start:start + len(prompt.expected)] = text.split("\n")[:-1]
        self.file.write_text("\n".join(lines))
