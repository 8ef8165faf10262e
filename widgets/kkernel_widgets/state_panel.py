"""Named states of a model: take, restore with a check of every bit, undo, compare, save, load."""

from __future__ import annotations

import math
import os
import time
from typing import Any

import numpy as np

from kkernel.api import view

from .html import Markup, join, tag, visible
from .numbers import byte_size, significant, thousands
from .panel import Panel, Refused
from .text_table import text_table

SUFFIX = ".safetensors"
KDB = ".kdb"
SUFFIXES = (SUFFIX, KDB)
LONGEST_NAME = 100
LONGEST_NOTE = 1000
LONGEST_PATH = 4000
MOST_DIFFERENCES = 500

COLUMNS = ("state", "note", "step", "size", "own", "digest", "against now")


class StatePanel(Panel):
    """Snapshots of a model with its optimizer and the random generators.

    The snapshots belong to the model, not to the panel: a second panel on the same model shows
    them too. `optimizer` is found by itself in models of the k api.
    """

    script = "state_panel.js"

    def __init__(
        self, model: Any, optimizer: Any = None, *, name: str = "m", language: str = "python"
    ) -> None:
        super().__init__(name, language)
        self.model = model
        self.module, self.optimizer = view.parts(model, optimizer)
        self.snapshots = view.snapshots_of(self.module, self.optimizer)
        self._compared: tuple[str, str] | None = None
        self._differences: list[view.Difference] = []
        self._all = False  # whether tensors that do not differ are shown too

    def state(self) -> Any:
        kept = tuple((s.name, s.note, s.digest) for s in self.snapshots.describe_all())
        return kept, self.snapshots.can_undo, view.tensors_state(self.module)

    def refresh(self) -> None:
        self._compare_again()
        super().refresh()

    # ------------------------------------------------------------------- clicks

    def actions(self) -> dict[str, Any]:
        return {
            "take": self._take,
            "restore": self._restore,
            "undo": self._undo,
            "drop": self._drop,
            "rename": self._rename,
            "note": self._note,
            "compare": self._compare,
            "save": self._save,
            "load": self._load,
        }

    def _do(self, action: Any, arguments: dict[str, Any]) -> None:
        try:
            super()._do(self._guarded(action), arguments)
        finally:
            self.refresh()

    def _guarded(self, action: Any) -> Any:
        """Errors of states and of files are answers, not failures."""

        def act(**arguments: Any) -> None:
            try:
                action(**arguments)
            except view.StateError as error:
                raise Refused(str(error)) from None
            except OSError as error:
                raise Refused(f"{os.path.basename(str(error.filename or ''))}: "
                              f"{error.strerror or error}") from None

        return act

    def _take(self, name: Any = None, note: Any = "") -> None:
        name = _text(name, "name", LONGEST_NAME) or self._free_name()
        self.snapshots.take(name, _text(note, "note", LONGEST_NOTE))
        self.say(f"kept as {name}", self.line("take", name))

    def _free_name(self) -> str:
        return next(n for n in (f"s{i}" for i in range(1, 10**6)) if n not in self.snapshots)

    def _restore(self, name: Any = None) -> None:
        name = _text(name, "name", LONGEST_NAME)
        self._report(self.snapshots.restore(name), self.line("restore", name))

    def _undo(self) -> None:
        self._report(self.snapshots.undo(), self.line("undo"))

    def _report(self, restored: view.Restored, line: str) -> None:
        view.changed(self.module)
        if restored.same < restored.tensors:
            raise Refused(f"only {restored.same} of {restored.tensors} tensors have the same bits")
        self.say(f"{restored.same}/{restored.tensors} tensors, same bits", line)

    def _drop(self, name: Any = None) -> None:
        name = _text(name, "name", LONGEST_NAME)
        self.snapshots.drop(name)
        if self._compared and name in self._compared:
            self._compared = None
        self.say(f"{name} is dropped", self.line("drop", name))

    def _rename(self, name: Any = None, to: Any = None) -> None:
        name, to = _text(name, "name", LONGEST_NAME), _text(to, "new name", LONGEST_NAME)
        self.snapshots.rename(name, to)
        if self._compared:
            self._compared = tuple(to if n == name else n for n in self._compared)  # type: ignore[assignment]
        self.say(f"{name} is now {to}", self.line("rename", name, to))

    def _note(self, name: Any = None, note: Any = "") -> None:
        name, note = _text(name, "name", LONGEST_NAME), _text(note, "note", LONGEST_NOTE)
        self.snapshots.annotate(name, note)
        self.say("noted", self.line("note", name, note))

    def _compare(self, a: Any = None, b: Any = view.NOW, all: Any = False) -> None:
        pair = _text(a, "name", LONGEST_NAME), _text(b, "name", LONGEST_NAME)
        for name in pair:
            self.snapshots.state(name)
        self._compared, self._all = pair, all is True
        self.say("", self.line("compare", *pair))

    def _compare_again(self) -> None:
        self._differences = []
        if self._compared:
            self._differences = self.snapshots.compare(*self._compared)

    def _save(self, path: Any = None, name: Any = view.NOW) -> None:
        path, name = _path(path), _text(name, "name", LONGEST_NAME)
        if os.path.exists(path):
            _refuse_foreign(path)
        state = self.snapshots.state(name)
        size = save_file(path, state, self.model, self._progress())
        what = "" if not path.endswith(KDB) else self._kept_by_q(state)
        self.say(f"saved {what}{name}, {byte_size(size)}", self.line("save", path, name))

    def _kept_by_q(self, state: view.State) -> str:
        """Words for what a file in q's own form keeps."""
        if self.model is self.module or state.optimizer is None:
            return "parameters and buffers of "
        return "model and optimizer, no random generators, of "

    def _load(self, path: Any = None, name: Any = None) -> None:
        path = found_path(_text(path, "file", LONGEST_PATH))
        self.say(f"reading {byte_size(os.path.getsize(path))}")
        state, note = view.read_any(path, self.model)
        name = _text(name or "", "name", LONGEST_NAME) or self._name_for(path)
        self.snapshots.add(name, state, note)
        self.say(f"loaded as {name}; restore writes it into the model", self.line("load", path,
                                                                               name))

    def _name_for(self, path: str) -> str:
        """The file's name, with a number if a state has it already."""
        name = os.path.basename(path).removesuffix(SUFFIX).removesuffix(KDB)
        name = visible(name)[:LONGEST_NAME].strip() or "file"
        taken = (name, *(f"{name}-{i}" for i in range(2, 10**6)))
        return next(n for n in taken if n not in self.snapshots and n != view.NOW)

    def _progress(self) -> Any:
        """Report a long write now and then."""
        last = time.monotonic()

        def report(done: int, total: int) -> None:
            nonlocal last
            if time.monotonic() - last > 0.3:
                last = time.monotonic()
                self.say(f"saving {done / total:.0%} of {byte_size(total)}",
                         progress=done / total)

        return report

    # ------------------------------------------------------------------- the line that does it

    def line(self, act: str, *arguments: str) -> str:
        """The line of code that does what a click does."""
        if self.language == "k":
            return _k_line(act, self.name, arguments)
        call = f"snapshots_of({self.name})"
        if act == "save":
            return _python_save(self.name, call, *arguments)
        if act == "load":
            return f"{call}.add({arguments[1]!r}, read_any({arguments[0]!r}, {self.name})[0])"
        if act == "note":
            return f"{call}.annotate({', '.join(map(repr, arguments))})"
        return f"{call}.{act}({', '.join(map(repr, arguments))})"

    # ------------------------------------------------------------------- browser

    def content(self) -> dict[str, Any]:
        changed = self.snapshots.changed()
        return {
            "title": "states",
            "states": [_row(s, changed[s.name]) for s in self.snapshots.describe_all()],
            "undo": visible(self.snapshots.can_undo),
            "bytes": self.snapshots.bytes,
            "resident": view.resident_bytes(),
            "total": view.total_bytes(),
            "compared": [visible(n) for n in self._compared] if self._compared else None,
            "differences": [_difference(d) for d in self._shown_differences()],
            "same": sum(d.status == "same" for d in self._differences),
            "tensors": len(self._differences),
            "all": self._all,
        }

    def _shown_differences(self) -> list[view.Difference]:
        shown = [d for d in self._differences if self._all or d.status != "same"]
        return shown[:MOST_DIFFERENCES]

    def bins(self) -> bytes:
        """Counts of the pictures of differences, one after the other."""
        counts = (d.picture.counts for d in self._shown_differences() if d.picture)
        return b"".join(np.asarray(c, dtype="<f8").tobytes() for c in counts)

    # ------------------------------------------------------------------- other forms

    def text(self) -> str:
        return text_table(COLUMNS, self._rows(), "  rrr") + f"\n{self._summary()}\n"

    def static(self) -> Markup:
        head = tag("tr", *(tag("th", text, scope="col", style="text-align:left")
                           for text in COLUMNS))
        rows = (tag("tr", *(tag("td", cell, style="text-align:left") for cell in cells))
                for cells in self._rows())
        return join(tag("table", tag("thead", head), tag("tbody", *rows)),
                    tag("div", self._summary()))

    def _rows(self) -> list[list[str]]:
        changed = self.snapshots.changed()
        return [_cells(s, changed[s.name]) for s in self.snapshots.describe_all()]

    def _summary(self) -> str:
        count = len(self.snapshots)
        return f"{thousands(count)} states in {byte_size(self.snapshots.bytes)}"


def _cells(snapshot: view.Snapshot, changed: int) -> list[str]:
    return [
        snapshot.name,
        snapshot.note,
        "" if snapshot.step is None else str(snapshot.step),
        byte_size(snapshot.bytes),
        byte_size(snapshot.own),
        snapshot.digest[:8],
        f"{changed} differ" if changed else "same",
    ]


def _row(snapshot: view.Snapshot, changed: int) -> dict[str, Any]:
    return {
        "name": visible(snapshot.name),
        "note": visible(snapshot.note),
        "digest": snapshot.digest,
        "bytes": snapshot.bytes,
        "own": snapshot.own,
        "step": snapshot.step,
        "time": snapshot.time,
        "changed": changed,
    }


def _difference(d: view.Difference) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": visible(d.name),
        "part": d.part,
        "shape": " ".join(map(str, d.shape)) or "scalar",
        "status": d.status,
    }
    for field in ("relative", "largest", "cosine", "signs"):
        value = getattr(d, field)
        row[field] = value if math.isfinite(value) else None
    picture = d.picture
    row["picture"] = None
    if picture:
        row["picture"] = {"bins": len(picture.counts), "low": picture.edges[0],
                          "high": picture.edges[-1]}
        row["words"] = (f"changes from {significant(picture.edges[0], 2)} "
                        f"to {significant(picture.edges[-1], 2)}")
    return row


def _k_line(act: str, name: str, arguments: tuple[str, ...]) -> str:
    texts = [_k_path(a) if act in ("save", "load") and i == 0
             else view.k_string(a) if act == "note" and i == 1 else view.k_symbol(a)
             for i, a in enumerate(arguments)]
    if not texts:
        return f".ui.{act} {name}"
    return f".ui.{act}[{';'.join([name, *texts])}]"


def _k_path(path: str) -> str:
    plain = all(c.isalnum() or c in "._/" for c in path) and path.isascii()
    return f"`:{path}" if plain else f"hsym`${view.k_string(path)}"


def _python_save(model: str, call: str, path: str, name: str) -> str:
    if path.endswith(KDB):
        return f"save_kdb({path!r}, {call}.state({name!r}), {model})"
    if name == view.NOW:
        return f"save({path!r}, {model})"
    return f"save_state({path!r}, {call}.state({name!r}), {model})"


# --------------------------------------------------------------------------- checks of clicks


def _text(value: Any, what: str, longest: int) -> str:
    if not isinstance(value, str):
        raise Refused(f"{what}: expected text")
    value = value.strip()
    if len(value) > longest:
        raise Refused(f"{what}: at most {longest} characters")
    if any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 for c in value):
        raise Refused(f"{what}: control characters are not allowed")
    return value


def _path(value: Any) -> str:
    path = _text(value, "file", LONGEST_PATH)
    if not path:
        raise Refused("file: a name is needed")
    return state_path(path)


def state_path(path: str) -> str:
    """Where a state is saved: with a suffix that says the format, and ~ as the home folder."""
    return os.path.expanduser(path if path.endswith(SUFFIXES) else path + SUFFIX)


def found_path(path: str) -> str:
    """The file to read: of this name, or with our suffix."""
    exact = os.path.expanduser(path)
    return exact if path and os.path.isfile(exact) else state_path(path)


def save_file(path: str, state: view.State, model: Any, progress: Any = None) -> int:
    """Save in the format that the suffix says; returns the size in bytes."""
    if path.endswith(KDB):
        return view.save_kdb(path, state, model)
    return view.save_state(path, state, view.parts(model)[0], progress=progress)


def _refuse_foreign(path: str) -> None:
    """A click replaces a file only if it is a state that was saved here."""
    try:
        if not (path.endswith(KDB) and view.is_kdb_file(path)):
            view.inspect(path)
    except (view.StateError, OSError):
        raise Refused("there is a file of this name that is no saved state; it stays") from None
