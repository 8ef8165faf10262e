"""`.z`: facts about the session, read anew each time."""

from __future__ import annotations

import getpass
import os
import socket
import struct
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..apply import apply
from ..errors import QError, nyi
from ..keywords.zones import offset_seconds
from ..symbols import sym, symbols
from ..types import UNIX_NS
from ..values import EMPTY, Dict, List, Value, at, collapse, empty, string, vector
from .dotq_session import RELEASE, VERSION

if TYPE_CHECKING:
    from ..interpreter import Interpreter

_DAY_NS = 86_400_000_000_000


def _utc_ns() -> int:
    return time.time_ns()


def _local_ns() -> int:
    return time.time_ns() + offset_seconds() * 1_000_000_000


def _instant(clock: Callable[[], int], code: int, divide: int, of_day: bool) -> Value:
    ns = clock()
    if of_day:
        ns %= _DAY_NS
    elif code == 12:
        ns -= UNIX_NS
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


def _strings(words: list[str]) -> Value:
    return List([string(w) for w in words]) if words else EMPTY


def _user() -> Value:
    try:
        return sym(getpass.getuser())
    except (OSError, KeyError):
        return sym("")


def _address() -> Value:
    """This host as an int."""
    try:
        packed = socket.inet_aton(socket.gethostbyname(socket.gethostname()))
    except OSError:
        packed = bytes([127, 0, 0, 1])
    return np.int32(struct.unpack(">i", packed)[0])


def _dependencies(q: Interpreter) -> Value:
    """`.z.b`: the views that use a variable, for every variable that views use."""
    found: dict[str, list[str]] = {}
    for view in q.globals.views.values():
        for name in getattr(view, "inputs", ()):
            found.setdefault(name, []).append(view.name)
    keys = sorted(found)
    return Dict(symbols(keys), List([symbols(sorted(found[k])) for k in keys]))


def _undefined(name: str) -> Callable[[], Value]:
    def read() -> Value:
        raise QError(name)
    return read


def _out(name: str, what: str) -> Callable[[], Value]:
    def read() -> Value:
        raise nyi(f"{name}, {what}")
    return read


_OUT = {".z.l": "licences", ".z.M": "modules", ".z.m": "modules"}


def specials(q: Interpreter) -> dict[str, Callable[[], Value]]:
    """name -> function that reads it."""
    return {
        **_clocks(),
        **{name: _out(name, what) for name, what in _OUT.items()},
        ".z.f": lambda: sym(q.script),
        ".z.x": lambda: _strings(q.arguments),
        ".z.X": lambda: _strings(sys.argv[:1] + ([q.script] if q.script else []) + q.arguments),
        ".z.K": lambda: VERSION,
        ".z.k": lambda: RELEASE,
        ".z.o": lambda: sym("l64"),
        ".z.i": lambda: np.int32(os.getpid()),
        ".z.h": lambda: sym(socket.gethostname()),
        ".z.a": _address,
        ".z.b": lambda: _dependencies(q),
        ".z.u": _user,
        ".z.w": lambda: np.int32(0),
        ".z.W": lambda: Dict(empty(6), empty(7)),
        ".z.H": lambda: empty(6),
        ".z.e": lambda: Dict(EMPTY, EMPTY),
        ".z.r": lambda: q.globals.frozen == "noupdate",
        ".z.s": _undefined(".z.s"),
        ".z.c": lambda: np.int32(os.cpu_count() or 1),
        ".z.q": lambda: False,
    }


def install_watcher(q: Interpreter) -> None:
    """`.z.vs`, once it is defined, is told the name and index of every change in the root."""
    def assigned(f: Value | None) -> None:
        q.globals.watcher = None if f is None else lambda name, path: _tell(f, name, path)
    q.globals.assigned[".z.vs"] = assigned


def _tell(f: Value, name: str, path: list[Value]) -> None:
    apply(f, [sym(name), collapse(path)])
