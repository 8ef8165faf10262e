"""The output area of the running cell, as the screen of the `.ui` functions."""

from __future__ import annotations

from typing import Any

from IPython.display import clear_output, publish_display_data

from .output import Output


class CellScreen:
    """Shows below the running cell, after the text that the cell has written so far."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def panel(self, panel: Any) -> None:
        """A panel in its two forms: static HTML, which the notebook keeps, and the live one."""
        if not self._output.silent:
            self._output.flush()
            panel.display()

    def html(self, source: str) -> None:
        """HTML as it stands; it is the user's own."""
        if not self._output.silent:
            self._output.flush()
            publish_display_data({"text/html": source, "text/plain": source})

    def rich(self, forms: dict[str, Any], words: str) -> None:
        """A picture of a value, or its form as HTML."""
        if not self._output.silent:
            self._output.flush()
            publish_display_data(forms)

    def clear(self, wait: bool) -> None:
        """Remove what the cell has shown; `wait` until something takes its place."""
        if not self._output.silent:
            self._output.flush()
            clear_output(wait)
