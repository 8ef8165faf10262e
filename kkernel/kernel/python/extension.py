"""`%load_ext kkernel` in a Python notebook: `%q`, `%%q`, and the object `q`."""

from __future__ import annotations

import sys
from typing import Any

from IPython.core.magic import Magics, line_cell_magic, magics_class
from IPython.display import publish_display_data

from ...q import interrupts
from ...q.errors import QError
from ...q.values import Value
from ...session import Session
from ..panels import register
from ..rich.errors import error_html
from ..rich.result import beside
from .names import Names
from .values import to_python


class QCellError(Exception):
    """An error of q in a `%%q` cell; a notebook shows it as q does."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


class NotebookPage:
    """The output area of the running cell of a Python notebook."""

    def panel(self, panel: Any) -> None:
        panel.display()

    def html(self, source: str) -> None:
        publish_display_data({"text/html": source, "text/plain": source})

    def rich(self, forms: dict[str, Any], words: str) -> None:
        publish_display_data({**forms, "text/plain": words})

    def clear(self, wait: bool) -> None:
        from IPython.display import clear_output

        clear_output(wait)


@magics_class
class QMagics(Magics):
    """q in a Python notebook: one session for the kernel."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._last: tuple[Value, str] | None = None
        self.session = Session(self._write, sys.stderr.write, self._show)
        register(self.session, NotebookPage())

    @line_cell_magic
    def q(self, line: str, cell: str | None = None) -> Any:
        """`%q expression` gives its value to Python; `%%q` runs a cell and shows its values."""
        if cell is None:
            return self._value(line)
        with interrupts.borrowed(), interrupts.evaluating():
            error = self.session.execute(cell)
        self._release(last=error is None)
        if error is not None:
            raise self._shown(error, cell) from None
        return None

    def _value(self, source: str) -> Any:
        try:
            return to_python(self.session, self.session.interpreter.evaluate(source))
        except QError as error:
            raise self._shown(error, source) from None

    def _write(self, text: str) -> None:
        self._release()
        sys.stdout.write(text)

    def _show(self, value: Value, text: str) -> None:
        self._release()
        self._last = value, text

    def _release(self, last: bool = False) -> None:
        """Show what was kept: as text where more follows, else with its richer forms."""
        kept, self._last = self._last, None
        if kept is None:
            return
        if last:
            publish_display_data({"text/plain": kept[1].removesuffix("\n"),
                                  **beside(self.session, *kept)})
        else:
            sys.stdout.write(kept[1])

    def _shown(self, error: QError, source: str) -> Exception:
        more = error_html(error, source)
        if more:
            publish_display_data({"text/html": more})
        return QCellError(self.session.interpreter.error_text(error).rstrip("\n"))


def load(shell: Any) -> None:
    """Give a Python notebook the magics and the object `q`."""
    magics = QMagics(shell)
    shell.register_magics(magics)
    shell.user_ns.setdefault("q", Names(magics.session))
