"""How far long passes over data are: a bar below the cell, a line in the terminal.

Both come only when training takes long, and neither is part of the console text.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

from ..q import interrupts

if TYPE_CHECKING:
    from ..q.values import Value

DELAY = 2.0  # s of passes before anything shows
INTERVAL = 0.25  # s between two changes
_FORESEEN = 5.0  # s that a pass lasts before the rest of it is estimated


class Progress:
    """Counts passes and batches since `begin`, and shows them now and then.

    `show(words, part)` draws: what to say, and which part of the pass is done, 0 to 1.
    """

    def __init__(self, show: Callable[[str, float], None],
                 clock: Callable[[], float] = monotonic) -> None:
        self._show, self._clock = show, clock
        self.begin()

    def begin(self) -> None:
        """A new cell or script."""
        self.visible = False
        self._passes: Counter[str] = Counter()
        self._batches = 0
        self._name, self._done, self._total = "", 0, 0
        self._first = self._pass = self._due = 0.0  # times: first pass, this pass, next change

    def report(self, name: str, done: int, total: int) -> None:
        """`done` of `total` batches of a pass of the function `name`; 0 begins the pass."""
        now = self._clock()
        if not self._passes:
            self._first, self._due = now, now + DELAY
        if done == 0:
            self._passes[name] += 1
            self._pass = now
        self._batches += done > 0
        self._name, self._done, self._total = name, done, total
        if now >= self._due:
            self._due = now + INTERVAL
            self.visible = True
            self._show(self._present(now), done / max(total, 1))

    def end(self) -> None:
        """The cell is over: say what it did, if it has said anything before."""
        if self.visible:
            whole = self._done >= self._total
            words = f"{self._counts()}, {self._batches} batches" if whole else \
                f"stopped in {self._place()}"
            self._show(f"{words}, {_time(self._clock() - self._first)}",
                       1.0 if whole else self._done / self._total)

    def _present(self, now: float) -> str:
        words = f"{self._place()}, {_time(now - self._first)}"
        spent = now - self._pass
        if self._done and spent > _FORESEEN:
            words += f", about {_time(spent / self._done * (self._total - self._done))} left"
        return words

    def _place(self) -> str:
        return f"{self._name} {self._passes[self._name]}: {self._done} of {self._total} batches"

    def _counts(self) -> str:
        return ", ".join(f"{n} × {name}" for name, n in self._passes.items())


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


class TerminalLine:
    """The host of the k api in a terminal: one line on stderr, which any other text erases."""

    def __init__(self) -> None:
        self._drawn = False
        self._progress = Progress(self._draw)

    def begin(self) -> None:
        """A new input or script."""
        self._progress.begin()

    def progress(self, name: str, done: int, total: int) -> None:
        self._progress.report(name, done, total)

    def image(self, value: Value, png: Callable[[], bytes]) -> None:
        """A terminal shows no images."""

    def clear(self) -> None:
        """Erase the line, before other text and at the end."""
        if self._drawn:
            self._drawn = False
            self._write("\r\x1b[K")

    def _draw(self, words: str, part: float) -> None:
        self._drawn = True
        self._write(f"\r\x1b[K{part:4.0%} {words}")

    @staticmethod
    def _write(text: str) -> None:
        with interrupts.held():
            sys.stderr.write(text)
            sys.stderr.flush()
