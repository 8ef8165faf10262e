"""SIGINT: raised only while q evaluates, and held back where a cut would break something.

Python delivers the signal to the main thread between two bytecodes, so an exception may come
anywhere: in the middle of a message, of a registry update, of a file being saved.  Hence three
rules.  `KeyboardInterrupt` is raised only inside `evaluating()`.  Inside `held()` the signal
waits, and is raised when the outermost such section ends.  Between `expect()` and `evaluating()`
it waits too: a cell is stopped also before it has quite begun.  All other signals are dropped.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

_expected = False  # an evaluation is about to begin
_evaluating = False
_held = 0  # depth of sections, of the main thread, that must not be cut
_waiting = False  # a signal came and has not been raised yet


def install() -> None:
    """Take over SIGINT.  Only the main thread may do so."""
    signal.signal(signal.SIGINT, _on_signal)


@contextmanager
def borrowed() -> Iterator[None]:
    """Take over SIGINT for a while, in a process that is someone else's: `%%q` in Python."""
    if not _in_main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, _on_signal)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _on_signal(_number: int, _frame: Any) -> None:
    global _waiting
    __tracebackhide__ = True  # a stopped Python cell shows its own lines only
    if _evaluating and not _held:
        raise KeyboardInterrupt
    _waiting = _evaluating or _expected


def expect(coming: bool) -> None:
    """A request has come, or is done: in between a signal stops the evaluation it asks for."""
    global _expected, _waiting
    if _in_main_thread():
        _expected, _waiting = coming, False


def _in_main_thread() -> bool:
    """Signals strike only there; sections of other threads hold nothing back."""
    return threading.get_ident() == threading.main_thread().ident


@contextmanager
def evaluating() -> Iterator[None]:
    """SIGINT raises KeyboardInterrupt in this section.  Not to be nested."""
    global _evaluating, _waiting
    if not _in_main_thread():
        yield
        return
    try:
        _evaluating = True
        if _waiting:
            _waiting = False
            raise KeyboardInterrupt
        yield
        _evaluating = False
    finally:  # a second signal may strike here, but no call stands before the store
        _evaluating = False


class held:  # noqa: N801 - used as a function is; a generator costs loops several times as much
    """A signal that comes in this section is raised at its end, in place of an error if need be."""

    def __enter__(self) -> None:
        global _held
        if _in_main_thread():
            _held += 1

    def __exit__(self, *error: object) -> None:
        global _held, _waiting
        if not _in_main_thread():
            return
        _held -= 1
        if _waiting and _evaluating and not _held:
            _waiting = False
            raise KeyboardInterrupt

    def __call__(self, fn: F) -> F:
        """A function whose calls are such sections."""
        @wraps(fn)
        def whole(*args: Any, **keywords: Any) -> Any:
            with self:
                return fn(*args, **keywords)
        return cast(F, whole)
