"""What is used of IPython's shell: display and cell events.  It never runs Python."""

from __future__ import annotations

from typing import Any

from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.history import HistoryManager


class QShell(ZMQInteractiveShell):
    """An IPython shell without IPython's history, which belongs to the user's Python."""

    def init_history(self) -> None:
        self.history_manager: Any = HistoryManager(shell=self, parent=self, enabled=False)
        self.configurables.append(self.history_manager)  # type: ignore[arg-type]

    def fire(self, event: str, *arguments: Any) -> None:
        """Tell the listeners of a cell event; matplotlib's inline figures wait for these."""
        self.events.trigger(event, *arguments)
