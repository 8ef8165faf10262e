"""The inputs of all sessions, in a database of their own.

One row per input: session number, prompt number, source, console text of its value.  Losing the
last rows in a power cut is accepted (no sync per cell); a damaged file is put aside.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path
from typing import Any

Row = tuple[int, int, Any]  # session, line, source or (source, output)

_SCHEMA = """
create table if not exists sessions (session integer primary key autoincrement,
    started text default current_timestamp);
create table if not exists history (session integer, line integer, source text, output text,
    primary key (session, line));
"""


def default_file() -> str:
    """Where inputs are kept; KKERNEL_HISTORY names another file, `:memory:` keeps none."""
    chosen = os.environ.get("KKERNEL_HISTORY")
    if chosen:
        return chosen
    from jupyter_core.paths import jupyter_data_dir

    return str(Path(jupyter_data_dir()) / "kkernel" / "history.sqlite")


class History:
    """The database, opened for one new session.  May be used from any thread."""

    def __init__(self, file: str) -> None:
        self._lock = threading.Lock()
        self._db = _open(file)
        self.session = self._db.execute("insert into sessions default values").lastrowid or 0

    def add(self, line: int, source: str, output: str = "") -> None:
        """Store one input; a full or locked disk loses it without disturbing the cell."""
        row = (self.session, line, source.rstrip("\n"), output)
        with self._lock:
            try:
                self._db.execute("insert or replace into history values (?,?,?,?)", row)
            except sqlite3.Error:
                return

    def tail(self, n: int, output: bool = False) -> list[Row]:
        """The last n inputs of all sessions, oldest first."""
        return self._rows("order by session desc, line desc limit ?", (n,), output)[::-1]

    def range(self, session: int, start: int, stop: int | None, output: bool = False) -> list[Row]:
        """Lines start up to stop (excluded) of a session; 0 is this one, -1 the one before."""
        if session <= 0:
            session += self.session
        last = stop if stop else 2**62
        return self._rows("where session=? and line>=? and line<? order by line",
                          (session, start, last), output)

    def search(self, pattern: str, n: int | None = None, unique: bool = False,
               output: bool = False) -> list[Row]:
        """The last n inputs that match a glob pattern, oldest first; unique drops repeats."""
        newest = "and rowid in (select max(rowid) from history group by source) " if unique else ""
        return self._rows(f"where source glob ? {newest}order by session desc, line desc limit ?",
                          (pattern, -1 if n is None else n), output)[::-1]

    def _rows(self, clause: str, parameters: tuple[Any, ...], output: bool) -> list[Row]:
        with self._lock:
            try:
                found = self._db.execute(
                    "select session, line, source, output from history " + clause,
                    parameters).fetchall()
            except sqlite3.Error:
                return []
        return [(s, n, (i, o) if output else i) for s, n, i, o in found]


def _open(file: str) -> sqlite3.Connection:
    """The database at `file`; a damaged one is renamed, without a writable place use memory."""
    try:
        if file != ":memory:":
            Path(file).parent.mkdir(parents=True, exist_ok=True)
        return _connect(file)
    except sqlite3.OperationalError:
        return _connect(":memory:")
    except sqlite3.DatabaseError:
        os.replace(file, file + ".damaged")
        return _connect(file)
    except OSError:
        return _connect(":memory:")


def _connect(file: str) -> sqlite3.Connection:
    db = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
    db.execute("pragma synchronous=off")
    db.executescript(_SCHEMA)
    return db
