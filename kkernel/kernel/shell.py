"""What is used of IPython's shell: display, cell events, and Python in `%%py` cells."""

from __future__ import annotations

from typing import Any

from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.history import HistoryManager


class QShell(ZMQInteractiveShell):
    """An IPython shell without IPython's history, which belongs to the user's Python."""

    def init_history(self) -> None:
        self.history_manager: Any = HistoryManager(shell=self, parent=self, enabled=False)
        self.configurables.append(self.history_manager)  # type: ignore[arg-type]

    def take_payload(self) -> list[dict[str, Any]]:
        """What the cell asks of the front end, such as a new text for the next cell."""
        manager: Any = self.payload_manager
        found = list(manager.read_payload())
        manager.clear_payload()
        return found

    def fire(self, event: str, *arguments: Any) -> None:
        """Tell the listeners of a cell event; matplotlib's inline figures wait for these."""
        self.events.trigger(event, *arguments)
