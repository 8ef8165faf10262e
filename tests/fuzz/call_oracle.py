"""What must hold of every call of the k api: a value, or an error that leaves all as it was."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from kkernel.api import declare, objects
from kkernel.q.errors import QError
from kkernel.session import Session as QSession

from .calls import NAMES, OBJECTS
from .oracle import HIDDEN, Session, place_and_words

# what Python raises where our code took for granted what it was given
_CARELESS = (TypeError, AttributeError, KeyError, AssertionError, NameError, UnicodeError,
             ZeroDivisionError)
_PYTHONS = re.compile("index out of range$|values to unpack|invalid literal|could not convert|"
                      "setting an array element|is not in list|math domain|empty sequence|"
                      "empty iterable|inhomogeneous|cannot convert float")
_OUR_WORDS = {f"printed: {w}" for w in ("dtype", "positional argument", "ZeroDivisionError",
                                        "None")}  # the last two in messages of torch
_WORD = re.compile("[A-Za-z]\\w*")
API_NAMES = frozenset(NAMES)


class ApiSession(Session):
    """A session with objects of every class; errors must leave them as they are."""

    def __init__(self, limit: float = 5.0) -> None:
        objects.free_all()
        super().__init__(limit, QSession)
        error = self.interpreter.execute(OBJECTS)
        assert error is None, error

    def complaints(self, source: str) -> Iterator[str]:
        with spied() as found:
            for line in source.split("\n"):
                before = self.interpreter.console("obj[]")
                for complaint in super().complaints(line):
                    if complaint not in _OUR_WORDS and "UserWarning" not in complaint:
                        yield complaint
                error = self.interpreter.last_error
                if error is not None:
                    words = _WORD.findall(line)
                    alone = sum(w in API_NAMES for w in words) == 1 and words[0] in API_NAMES
                    if alone:  # nothing came before the call that failed
                        yield from self._changed(before)
                    yield from _unclear(error)
                    self.interpreter.last_error = None
        yield from found
        torch.set_default_dtype(torch.float32)

    def _changed(self, before: str) -> Iterator[str]:
        after = self.interpreter.console("obj[]")
        if after != before:
            lost = set(before.splitlines()) - set(after.splitlines())
            new = set(after.splitlines()) - set(before.splitlines())
            yield f"an error changed objects: {sorted(lost)} {sorted(new)}"


def _unclear(error: QError) -> Iterator[str]:
    if not error.message.strip():
        yield "an error without words"


@contextmanager
def spied() -> Iterator[list[str]]:
    """Collects what Python raised in calls, where that was no check of torch or of ours."""
    found: list[str] = []
    outer = declare.translated

    def spy(error: Exception) -> QError:
        place = place_and_words(error)
        HIDDEN[place] += 1
        if isinstance(error, _CARELESS) or _PYTHONS.search(str(error)):
            found.append(f"hidden: {place}")
        return outer(error)
    declare.translated = spy
    try:
        yield found
    finally:
        declare.translated = outer
