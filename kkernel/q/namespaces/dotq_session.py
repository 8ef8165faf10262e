"""`.Q` functions about the session: version, memory, time, backtraces, addresses."""

from __future__ import annotations

import gc
import socket
import struct

import numpy as np

from .. import context
from ..apply import apply
from ..backtrace import frame_text, running
from ..compile import q_error
from ..errors import Frame, QError, type_error
from ..functions import NULL, PyFunction
from ..memory import release
from ..operators.at import attempt
from ..symbols import TABLE, Symbol, sym, symbols
from ..system import measured, workspace
from ..types import EPOCH, LONG_INF
from ..values import Dict, List, Value, at, is_list, items, qtype, string, text, vector

VERSION = 4.0
RELEASE = at(vector(14, [EPOCH[14] + 7580]), 0)  # 2020.10.02
RESERVED = (
    "abs", "acos", "asin", "atan", "avg", "bin", "binr", "cor", "cos", "cov", "delete", "dev",
    "div", "do", "enlist", "exec", "exit", "exp", "getenv", "hopen", "if", "in", "insert", "last",
    "like", "log", "max", "min", "prd", "select", "setenv", "sin", "sqrt", "ss", "sum", "tan",
    "update", "var", "wavg", "while", "within", "wsum", "xexp",
)


# ---------------------------------------------------------------- memory and time

def memory(x: Value) -> Value:
    """.Q.w: what `\\w` and `\\w 0` tell, by name."""
    figures = [*workspace(), len(TABLE), sum(len(s) + 1 for s in TABLE)]
    return Dict(symbols(("used", "heap", "peak", "wmax", "mmap", "mphy", "syms", "symw")),
                vector(7, figures))


def collect(x: Value) -> Value:
    """.Q.gc: free what is no longer used; the bytes that went back to the system."""
    before = workspace()[0]
    gc.collect()
    release()
    return max(0, before - workspace()[0])


def time_and_space(f: Value, x: Value) -> Value:
    """.Q.ts: f applied to the list of arguments x, with milliseconds and bytes before it."""
    figures, result = measured(lambda: apply(f, items(x) if is_list(x) else [x]))
    return List([figures, result])


# ---------------------------------------------------------------- backtraces

def show_backtrace(x: Value) -> Value:
    """.Q.bt: write where the functions that are running stand."""
    context.active.write(text(backtrace_text(_as_object(running()))))
    return NULL


def trap(f: Value, x: Value, g: Value) -> Value:
    """.Q.trp: f of x; should it signal, g of the message and the backtrace."""
    return _trapped(f, [x], g, ".Q.trp")


def trap_arguments(f: Value, x: Value, g: Value) -> Value:
    """.Q.trpd: as .Q.trp for a list of arguments."""
    return _trapped(f, items(x) if is_list(x) else [x], g, ".Q.trpd")


def _trapped(f: Value, args: list[Value], g: Value, name: str) -> Value:
    result = attempt(lambda: apply(f, args))
    if not isinstance(result, QError):
        return result
    frames = [*result.frames, Frame("", f"({name})", -1), *running()]
    return apply(g, [string(result.message), _as_object(frames)])


def _as_object(frames: list[Frame]) -> Value:
    """Frames as q values: (depth; label; text; offset), innermost first."""
    last = len(frames) - 1
    texts = {t: string(t) for f in frames for t in (f.label, f.text)}  # of recursion, a few
    return List([List([last - i, texts[f.label], texts[f.text], f.offset])
                 for i, f in enumerate(frames)])


def backtrace_text(x: Value) -> Value:
    """.Q.sbt: a backtrace as text."""
    try:
        frames = [(Frame(text(label), text(source), int(offset)), int(depth))
                  for depth, label, source, offset in map(items, items(x))]
    except (TypeError, ValueError) as e:
        raise q_error(e) from None
    return string("".join(frame_text(f, depth) for f, depth in frames))


# ---------------------------------------------------------------- addresses, command line

def address(x: Value) -> Value:
    """.Q.addr: the address of a host as an int, -1i when there is none."""
    if not isinstance(x, Symbol):
        raise type_error()
    try:
        packed = socket.inet_aton(socket.gethostbyname(x))
    except (OSError, UnicodeError):
        return np.int32(-1)
    return np.int32(struct.unpack(">i", packed)[0])


def host(x: Value) -> Value:
    """.Q.host: the name of the host with this address, empty when unknown."""
    if qtype(x) != -6:
        raise type_error()
    try:
        return sym(socket.gethostbyaddr(socket.inet_ntoa(struct.pack(">i", int(x))))[0])
    except OSError:
        return sym("")


def plain_arguments() -> Value:
    """.Q.x: the command line without its options."""
    kept: list[str] = []
    option = False
    for word in context.active.arguments:
        if word.startswith("-"):
            option = True
        elif not option:
            kept.append(word)
    return List([string(word) for word in kept])


FUNCTIONS: dict[str, tuple[int, PyFunction]] = {
    "w": (1, memory), "gc": (1, collect), "ts": (2, time_and_space), "bt": (1, show_backtrace),
    "sbt": (1, backtrace_text), "trp": (3, trap), "trpd": (3, trap_arguments),
    "addr": (1, address), "host": (1, host),
}
VALUES: dict[str, Value] = {
    "k": VERSION, "K": RELEASE, "M": LONG_INF, "res": symbols(RESERVED),
}
