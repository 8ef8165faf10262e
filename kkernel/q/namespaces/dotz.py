"""`.z`: facts about the session, read anew each time."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import numpy as np

from ..errors import QError
from ..symbols import sym
from ..types import EPOCH
from ..values import EMPTY, List, Value, at, string, vector

if TYPE_CHECKING:
    from ..interpreter import Interpreter

_DAY_NS = 86_400_000_000_000


def _utc_ns() -> int:
    return time.time_ns()


def _local_ns() -> int:
    now = time.time_ns()
    offset = datetime.now(timezone.utc).astimezone().utcoffset()
    return now + (int(offset.total_seconds()) * 1_000_000_000 if offset else 0)


def _instant(clock: Callable[[], int], code: int, divide: int, of_day: bool) -> Value:
    ns = clock()
    if of_day:
        ns %= _DAY_NS
    return at(vector(code, [ns // divide]), 0)


def _clocks() -> dict[str, Callable[[], Value]]:
    out: dict[str, Callable[[], Value]] = {}
    rows = (("p", 12, 1, False), ("n", 16, 1, True), ("d", 14, _DAY_NS, False),
            ("t", 19, 1_000_000, True), ("z", 15, 1_000_000, False))
    for letter, code, divide, of_day in rows:
        for name, clock in ((letter, _utc_ns), (letter.upper(), _local_ns)):
            out[".z." + name] = (
                lambda clock=clock, code=code, divide=divide, of_day=of_day:
                _instant(clock, code, divide, of_day))
    return out


def specials(q: Interpreter) -> dict[str, Callable[[], Value]]:
    """name -> function that reads it."""
    def arguments() -> Value:
        return List([string(a) for a in q.arguments]) if q.arguments else EMPTY

    def self_() -> Value:
        raise QError(".z.s")

    return {
        **_clocks(),
        ".z.f": lambda: sym(q.script),
        ".z.x": arguments,
        ".z.X": arguments,
        ".z.K": lambda: 4.0,
        ".z.k": lambda: at(vector(14, [EPOCH[14] + 7500]), 0),
        ".z.o": lambda: sym("l64"),
        ".z.i": lambda: np.int32(os.getpid()),
        ".z.h": lambda: sym(socket.gethostname()),
        ".z.u": lambda: sym(os.environ.get("USER", "")),
        ".z.w": lambda: np.int32(0),
        ".z.s": self_,
        ".z.c": lambda: np.int32(os.cpu_count() or 1),
        ".z.q": lambda: False,
    }
