"""System commands (`\\t`, `\\c` ...), the `system` keyword's other half, and console handles."""

from __future__ import annotations

import os
import re
import subprocess
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .errors import QError, QExit, nyi
from .files.storage import file_symbol, is_data, is_splayed, read_value, visible
from .functions import NULL
from .keywords.random import fresh_seed, reseed
from .lists.attributes import with_attribute
from .symbols import TABLE, sym, symbols
from .syntax.lines import logical_lines
from .types import LONG_NULL
from .values import List, Value, string, vector

if TYPE_CHECKING:
    from .interpreter import Interpreter

_SCRIPTS = Path(__file__).parent / "scripts"
_COMMENT = re.compile(r"\s/.*$", re.S)
_COMMENT_AFTER_PATH = re.compile(r"\s/(\s.*)?$", re.S)
_PATHS = frozenset(["l", "cd", "r", "1", "2", "_", "t", "ts"])  # arguments may hold a slash
Result = tuple[Value, bool]  # a value, and whether the console stays silent


def system_line(q: Interpreter, command: str) -> Result:
    """`\\command arguments` at the start of a line."""
    word, _, rest = command.partition(" ")
    word = word.strip()
    head, _, count = word.partition(":")
    comment = _COMMENT_AFTER_PATH if head in _PATHS else _COMMENT
    argument = comment.sub("", " " + rest).strip()
    if word == "\\":
        raise QExit(0)
    if not word:
        return NULL, True  # leaves the debugger of q, or changes to k: there is neither here
    fn = _COMMANDS.get(head)
    if fn is not None:
        value = fn(q, argument, count)
        return value, value is NULL
    if head in _OUT:
        raise nyi(f"\\{head}, {_OUT[head]}")
    shown = shell(command)
    return shown, not shown


def shell(command: str) -> Value:
    """Run an operating system command; its output lines. Signals 'os when it fails."""
    try:
        done = subprocess.run(os.fsencode(command), shell=True, stdout=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, check=False)
    except (OSError, ValueError):  # no process to be had; a NUL in the command
        raise QError("os") from None
    if done.returncode:
        raise QError("os")
    return List([string(row) for row in done.stdout.splitlines()])


# ---------------------------------------------------------------- commands


def _integers(argument: str) -> list[int]:
    try:
        return [int(part.rstrip("ij")) for part in argument.split()]
    except ValueError:
        raise QError(argument) from None


def _console_size(q: Interpreter, argument: str, count: str) -> Value:
    s = q.settings
    if not argument:
        return vector(6, [s.rows, s.columns])
    rows, columns = (*_integers(argument), 80)[:2]
    s.rows, s.columns = (max(10, min(2000, n)) for n in (rows, columns))
    return NULL


def _precision(q: Interpreter, argument: str, count: str) -> Value:
    if not argument:
        return np.int32(q.settings.precision)
    q.settings.precision = max(0, min(17, _integers(argument)[0]))
    return NULL


def _seed(q: Interpreter, argument: str, count: str) -> Value:
    if not argument:
        return np.int32(q.settings.seed)
    if argument == "0N":  # where the generator is now, as a seed to come back to
        seed = fresh_seed()
        reseed(seed)
        return seed
    reseed(_integers(argument)[0])
    return NULL


def _setting(name: str) -> Callable[[Interpreter, str, str], Value]:
    def command(q: Interpreter, argument: str, count: str) -> Value:
        if not argument:
            return np.int32(getattr(q.settings, name))
        setattr(q.settings, name, _integers(argument)[0])
        return NULL
    return command


def _fixed(value: int) -> Callable[[Interpreter, str, str], Value]:
    """A setting that is accepted and has no effect here."""
    def command(q: Interpreter, argument: str, count: str) -> Value:
        return NULL if argument and argument != "0N" else np.int32(value)
    return command


def _port(q: Interpreter, argument: str, count: str) -> Value:
    """`\\p`: there is no port to listen on."""
    if argument not in ("", "0", "0N"):
        raise nyi("\\p, a listening port")
    return np.int32(0)


def _offset(q: Interpreter, argument: str, count: str) -> Value:
    """`\\o`: hours (minutes from 24 on) that local times differ from UTC."""
    s = q.settings
    if not argument:
        return LONG_NULL if s.offset is None else s.offset
    s.offset = None if argument == "0N" else _integers(argument)[0]
    return NULL


def _rename(q: Interpreter, argument: str, count: str) -> Value:
    old, _, new = argument.partition(" ")
    try:
        os.rename(old, new.strip())
    except OSError as e:
        raise QError(f"{old}. OS reports: {e.strerror}") from None
    return NULL


def _time(q: Interpreter, argument: str, count: str) -> Value:
    if not argument:
        return np.int32(0)  # the timer interval: there is no timer
    if argument.isdigit():
        if int(argument):
            raise nyi("\\t n, the timer")
        return NULL
    run, times = q.compile_text(argument), _integers(count or "1")[0]
    start = time.perf_counter()
    for _ in range(times):
        run()
    return int((time.perf_counter() - start) * 1000)


def _time_and_space(q: Interpreter, argument: str, count: str) -> Value:
    run, times = q.compile_text(argument), _integers(count or "1")[0]
    return measured(lambda: [run() for _ in range(times)][-1:])[0]


def measured(call: Callable[[], Value]) -> tuple[Value, Value]:
    """Milliseconds and bytes that a call took, as `\\ts` gives them, and its result."""
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    start = time.perf_counter()
    try:
        result = call()
        spent = int((time.perf_counter() - start) * 1000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        if not tracing:
            tracemalloc.stop()
    return vector(7, [spent, max(0, peak - before)]), result


def _directory(q: Interpreter, argument: str, count: str) -> Value:
    if not argument:
        return sym(q.globals.current or ".")
    q.globals.current = "" if argument == "." else argument
    return NULL


def _load(q: Interpreter, argument: str, count: str) -> Value:
    path = argument.removeprefix(":")
    if os.path.isdir(path):
        return load_folder(q, path)
    if is_data(path):
        name = os.path.basename(path)
        q.globals.set(name, read_value(file_symbol(path)))
        return sym(name)
    load_script(q, path)
    return NULL


def load_folder(q: Interpreter, path: str) -> Value:
    """A splayed table, whose name it gives; or a folder of variables, the current one from now.

    Scripts in it run last.  Folders named by a date or number are partitions, which are nyi.
    """
    name = os.path.basename(os.path.normpath(path))
    if is_splayed(path):
        q.globals.set(name, read_value(file_symbol(path)))
        return sym(name)
    _change_directory(q, path, "")
    scripts = []
    for entry in visible("."):
        if entry.endswith((".q", ".k")):
            scripts.append(entry)
        elif os.path.isdir(entry) and entry[:1].isdigit():
            raise nyi(f"{path}: partitioned databases")
        elif not os.path.isdir(entry) or is_splayed(entry):
            q.globals.set(entry, read_value(file_symbol(entry)))
    for entry in scripts:
        load_script(q, entry)
    return NULL


def load_script(q: Interpreter, path: str) -> None:
    """Run a script file; values of expressions are echoed in one-line form, as `\\l` does."""
    try:
        source = _script(path).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as e:
        raise QError(f"{path}. OS reports: {e.strerror}") from None
    space = q.globals.current
    full = os.path.abspath(path)
    for number, row in logical_lines(source, script=True):
        value, silent = q.run_line(row, (full, number + 1))
        if not silent and value is not NULL:
            columns = q.settings.columns
            shown = q.line(value)
            q.write((shown if len(shown) < columns else shown[:columns - 3] + "..") + "\n")
    q.globals.current = space


def _script(path: str) -> Path:
    """The file itself, or one of this name in QHOME or among the scripts that come with q."""
    if not os.path.exists(path) and os.path.dirname(path) == "":
        for folder in (os.environ.get("QHOME", ""), str(_SCRIPTS)):
            if folder and os.path.exists(os.path.join(folder, path)):
                return Path(folder, path)
    return Path(path)


def _change_directory(q: Interpreter, argument: str, count: str) -> Value:
    if not argument:
        return string(os.getcwd())
    try:
        os.chdir(argument)
    except OSError as e:
        raise QError(f"{argument}. OS reports: {e.strerror}") from None
    return NULL


def _names(kind: str) -> Callable[[Interpreter, str, str], Value]:
    def command(q: Interpreter, argument: str, count: str) -> Value:
        space = "" if argument in ("", ".") else argument
        if space and q.globals.find(space) is None:
            raise QError(space)
        names = select_names(q, kind, space if argument else None)
        return sorted_names(names) if kind in ("variables", "views") else symbols(names)
    return command


def sorted_names(names: list[str]) -> Value:
    """Names that are known to be in order; q marks them so when there are two or more."""
    return with_attribute(symbols(names), "s") if len(names) > 1 else symbols(names)


def select_names(q: Interpreter, kind: str, space: str | None) -> list[str]:
    """Names of the variables, functions, tables or views of a namespace."""
    g = q.globals
    if kind == "views":
        return sorted(g.views)
    out = []
    for name in g.own_names(space):
        value = g.find(name, space)
        code = getattr(value, "qtype", 0)
        table = code == 98 or (code in (99, 127) and getattr(value, "keyed_table", False))
        function = 100 <= code < 127
        if kind == "tables" and table or kind == "functions" and function or \
                kind == "variables" and not function:
            out.append(name)
    return out


def _pending(q: Interpreter, argument: str, count: str) -> Value:
    return symbols(sorted(n for n, v in q.globals.views.items() if getattr(v, "pending", False)))


def _workspace(q: Interpreter, argument: str, count: str) -> Value:
    if argument == "0":
        return vector(7, [len(TABLE), sum(len(name) + 1 for name in TABLE)])
    return vector(7, workspace())


def workspace() -> list[int]:
    """Bytes of memory: used, heap, peak, limit, mapped, and of the machine."""
    import resource

    pages = _resident_pages() * os.sysconf("SC_PAGE_SIZE")
    peak = max(pages, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return [pages, pages, peak, 0, 0, physical]


def _resident_pages() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as f:
            return int(f.read().split()[1])
    except OSError:
        return 0


def _hidden(q: Interpreter, argument: str, count: str) -> Value:
    """`\\_`: are writes blocked?"""
    if argument:
        raise nyi("\\_, scripts without readable source")
    return q.globals.frozen == "noupdate"


def _remove(q: Interpreter, argument: str, count: str) -> Value:
    q.globals.delete(argument)
    return NULL


_COMMANDS: dict[str, Callable[[Interpreter, str, str], Value]] = {
    "c": _console_size, "C": _console_size, "P": _precision, "S": _seed, "t": _time,
    "ts": _time_and_space, "d": _directory, "l": _load, "cd": _change_directory,
    "v": _names("variables"), "f": _names("functions"), "a": _names("tables"),
    "b": _names("views"), "B": _pending, "w": _workspace, "_": _hidden,
    "o": _offset, "W": _setting("week"), "z": _setting("date_order"), "x": _remove, "r": _rename,
    "p": _port, "s": _fixed(0), "g": _fixed(0), "e": _fixed(0), "T": _fixed(0),
}
_OUT = {"1": "redirecting output", "2": "redirecting errors", "u": "password files",
        "E": "TLS"}
