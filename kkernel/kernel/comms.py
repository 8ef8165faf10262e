"""Widgets that stay live while a cell runs.

A front end that uses subshells sends the messages of a widget to a subshell of its own, so that
a Stop button works during a cell.  ipykernel 7.4 sends them back to the loop that last wrote to
the widget, which is the busy one, and fires the cell events around every message.  Both are
undone here; tests/live/test_running.py fails where a later ipykernel makes this unnecessary or
ineffective.
"""

from __future__ import annotations

from typing import Any

import comm
from ipykernel.comm.comm import BaseComm


class LiveComm(BaseComm):
    """A comm whose messages are handled where the front end sent them."""

    def _reply_subshell_for(self, _data: Any, default: str | None) -> str | None:
        return default

    def handle_msg(self, msg: dict[str, Any]) -> None:
        if self._msg_callback:
            self._msg_callback(msg)


def install() -> None:
    """Make every new widget use a LiveComm."""
    comm.create_comm = LiveComm
