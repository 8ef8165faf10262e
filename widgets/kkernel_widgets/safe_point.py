"""Run what a panel's button asks for when no cell is in the middle of something.

Clicks may arrive on another thread while a cell runs. What they change (parameters, random state)
is changed between two optimizer steps or after the cell, never under a running operation.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

Task = Callable[[], None]

_waiting: deque[Task] = deque()
_lock = threading.RLock()  # held by a click while it works; a cell does not start meanwhile
_busy = False  # whether a cell runs; changed by the main thread only, with the lock


def on_main_thread() -> bool:
    """Cells run on the main thread; clicks come on it too, or on a thread of their own."""
    return threading.current_thread() is threading.main_thread()


def run(task: Task) -> bool:
    """Run now if no cell runs, else at its next safe point; whether it was run now."""
    with _lock:
        if _busy and not on_main_thread():
            _waiting.append(task)
            return False
        task()
        return True


def reached(_obj: Any = None) -> None:
    """A safe point of the running code: do what waits. Elsewhere than on the main thread: nothing.
    """
    while _waiting and on_main_thread():
        task = _waiting.popleft()
        with _lock:
            task()


# The notebook tells of executions around clicks as well, on the thread of the click: only those of
# the main thread are cells.


def _cell_starts(*_: Any) -> None:
    global _busy
    if on_main_thread():
        with _lock:
            _busy = True


def _cell_ends(*_: Any) -> None:
    global _busy
    if on_main_thread():
        with _lock:
            _busy = False
        reached()


def follow(events: Any) -> None:
    """Learn from IPython's events when a cell runs; harmless when called again."""
    for name, callback in (("pre_execute", _cell_starts), ("post_execute", _cell_ends)):
        if callback not in events.callbacks[name]:
            events.register(name, callback)
