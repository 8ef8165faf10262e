"""What a cell writes, and how it becomes messages.

Text goes to the cell's stdout as it comes.  The console text of a shown value is kept back: when
more follows it goes to stdout like everything else, and the last one of the cell becomes the
cell's result.  So the messages of a cell, one after the other, are the console text.
"""

from __future__ import annotations

import sys

from ..q import interrupts

LIMIT = 1_000_000  # characters per cell and stream; a page with more stalls the browser
STREAMS = ("stdout", "stderr")


class Output:
    """The output of one cell at a time."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self.silent = False
        self._kept = ""  # console text of the last value shown, its line break included
        self._room = dict.fromkeys(STREAMS, limit)
        self._last = STREAMS[0]  # the stream that was written to

    def begin(self, silent: bool) -> None:
        """Start a cell; a silent one sends nothing."""
        self.silent = silent
        self._kept = ""
        self._room = dict.fromkeys(STREAMS, self.limit)

    def write(self, text: str) -> None:
        """Text for stdout."""
        self._release()
        self._send(text)

    def write_error(self, text: str) -> None:
        """Text for stderr."""
        self._release()
        self._send(text, "stderr")

    def show(self, text: str) -> None:
        """The console text of a value that the cell shows."""
        self._release()
        self._kept = text

    def flush(self) -> str:
        """Send all text, what was kept back too: something else comes next.  Gives ""."""
        self._release()
        self._flush()
        return ""

    def result(self) -> str:
        """The text of the last value, "" when the cell did not end with one."""
        self._flush()
        kept, self._kept = self._kept, ""
        return kept

    @staticmethod
    def _flush() -> None:
        with interrupts.held():
            sys.stdout.flush()
            sys.stderr.flush()

    def _release(self) -> None:
        if self._kept:
            kept, self._kept = self._kept, ""
            self._send(kept)

    def _send(self, text: str, stream: str = "stdout") -> None:
        room = self._room[stream]
        if self.silent or room < 0:
            return
        self._room[stream] = room - len(text)
        with interrupts.held():
            if stream != self._last:  # what was written first is shown first
                getattr(sys, self._last).flush()
                self._last = stream
            getattr(sys, stream).write(text[:room])
            if len(text) > room:
                sys.stdout.flush()
                sys.stderr.write(f"{stream} of this cell cut after {self.limit:,} characters\n")
