"""Run what a panel's button asks for when no cell is in the middle of something.

Clicks arrive on another thread while a cell runs. What they change (parameters, random state) is
changed between two optimizer steps or after the cell, never under a running operation.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

Task = Callable[[], None]

_waiting: deque[Task] = deque()
_lock = threading.RLock()  # held by a cell's code, or by one click
_busy = False


def busy() -> bool:
    """Whether a cell is running."""
    return _busy


def run(task: Task) -> bool:
    """Run now if nothing else runs, else at the next safe point; whether it was run now."""
    if _busy and threading.current_thread() is not threading.main_thread():
        _waiting.append(task)
        return False
    with _lock:
        task()
    return True


def reached(_obj: Any = None) -> None:
    """A safe point of the running code: do what waits."""
    while _waiting:
        task = _waiting.popleft()
        with _lock:
            task()


def _cell_starts(*_: Any) -> None:
    global _busy
    with _lock:
        _busy = True


def _cell_ends(*_: Any) -> None:
    global _busy
    _busy = False
    reached()


def follow(events: Any) -> None:
    """Learn from IPython's events when a cell runs; harmless when called again."""
    for name, callback in (("pre_execute", _cell_starts), ("post_execute", _cell_ends)):
        if callback not in events.callbacks[name]:
            events.register(name, callback)
