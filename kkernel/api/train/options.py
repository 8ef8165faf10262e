"""Options of training and testing, one row each, and the metrics that they may name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kkernel.q.errors import QError
from kkernel.q.functions import NULL
from kkernel.q.symbols import symbols
from kkernel.q.values import Dict, Value, collapse, items, qtype, vector

from ..kinds import NO, as_flag, as_long, as_long_double, as_symbols, is_empty, kname
from .tasks import launched

GROUP = "model/train"
METRICS = {  # words for each
    "batchloss": "loss of every batch",
    "loss": "mean of the losses of the batches",
    "accuracy": "percentage of predictions that equal the targets",
    "matches": "number of predictions that equal the targets, and of all",
    "predict": "index of the greatest output on the last dimension",
    "output": "first tensor of the output",
    "hidden": "hidden state, the second tensor of the output",
    "hiddencell": "hidden cell state, the third tensor of the output"}
LOSSES = ("loss", "batchloss")  # metrics that need the loss


# ------------------------------------------------------------------ kinds

Reader = Callable[[str, Value], Any]  # (name, q value) -> Python value


def _flag(name: str, x: Value) -> bool:
    flag = as_flag(x)
    if flag is NO:
        raise QError(f"{name}: expects one boolean, given {kname(x)}")
    return flag


def _long(least: int | None, words: str = "") -> Reader:
    def read(name: str, x: Value) -> int:
        n = as_long(x)
        if n is NO:
            raise QError(f"{name}: expects one long integer, given {kname(x)}")
        if least is not None and n < least:
            raise QError(f"{name}: cannot be less than {words}, given {n}")
        return n

    return read


def _metrics(name: str, x: Value) -> list[str]:
    found = [] if is_empty(x) else as_symbols(x)
    if found is NO:
        raise QError(f"{name}: expects symbol(s), given {kname(x)}")
    for m in found:
        if m not in METRICS:
            raise QError(f"unrecognized metric: {m}")
    return [str(m) for m in found]


def _norm(name: str, x: Value) -> tuple[float, float] | None:
    """The greatest norm, and its exponent, 2 if not given."""
    if is_empty(x):
        return None
    one = as_long_double(x)
    if one is not NO:
        return float(one), 2.0
    given = [as_long_double(v) for v in items(x)] if qtype(x) in (0, 7, 9) else [NO]
    if qtype(x) in (7, 9) and len(given) != 2:
        raise QError(f"{name}: expecting 1-2 numbers, given {len(given)}")
    if len(given) != 2 or NO in given:
        raise QError(f"{name}: expecting 1-2 numbers, long integers or doubles, given {kname(x)}")
    return float(given[0]), float(given[1])


def _value(name: str, x: Value) -> float | None:
    if is_empty(x):
        return None
    number = as_long_double(x)
    if number is NO:
        raise QError(f"{name}: expecting number for maximum gradient, given {kname(x)}")
    return float(number)


def _show_norm(v: Any) -> Value:
    return NULL if v is None else vector(9, list(v))


def _show_value(v: Any) -> Value:
    return NULL if v is None else v


@dataclass(frozen=True)
class Row:
    """One option.  `test` is the default of testing, None for options that only training has."""

    name: str
    read: Reader
    train: Any
    test: Any
    words: str
    show: Callable[[Any], Value] = lambda v: v


_ALL = object()


def _row(name: str, read: Reader, default: Any, words: str, test: Any = _ALL,
         show: Callable[[Any], Value] = lambda v: v) -> Row:
    return Row(name, read, default, default if test is _ALL else test, words, show)


ROWS = (
    _row("batchsize", _long(0, "zero"), 32, "samples in a batch", 100),
    _row("task", _long(0, "zero"), 0, "index of this task"),
    _row("tasks", _long(1, "one"), 1, "number of tasks"),
    _row("droplast", _flag, False, "drop the last batch if it is short"),
    _row("hidden", _flag, False, "carry hidden state from batch to batch"),
    _row("shuffle", _flag, False, "new order of the data before each run", None),
    _row("shufflecuda", _flag, False, "draw the order on the data's device", None),
    _row("shuffleseed", _long(None), 0, "seed of the order, shared by tasks", None),
    _row("sync", _flag, False, "wait for the device after each backward calculation", None),
    _row("clipgroup", _flag, False, "clip the norm of each parameter group", None),
    _row("clipnorm", _norm, None, "greatest norm of gradients, and its exponent", None, _show_norm),
    _row("clipvalue", _value, None, "greatest absolute value of gradients", None, _show_value),
    _row("tensor", _flag, False, "give metrics as tensors"),
    _row("dictionary", _flag, False, "give metrics as a dictionary"),
    _row("metrics", _metrics, ["loss"], "what to measure", ["loss"], lambda v: symbols(v)))
_BY_NAME = {r.name: r for r in ROWS}
_TRAINING_ONLY = {"shuffle", "shufflecuda", "shuffleseed", "sync", "clipgroup", "clipnorm",
                  "clipvalue"}
_EXCLUSIVE = {"clipnorm": "clipvalue", "clipvalue": "clipnorm"}


class Settings:
    """The options of a model's training or testing."""

    def __init__(self, training: bool) -> None:
        self.name = "train" if training else "test"
        self.values = {r.name: r.train if training else r.test for r in ROWS
                       if training or r.name not in _TRAINING_ONLY}
        self.values["task"], self.values["tasks"] = launched()

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name)

    def row(self, name: str) -> Row:
        if name not in self.values:
            raise QError(f"unrecognized {self.name} setting: {name}")
        return _BY_NAME[name]

    def set(self, name: str, x: Value) -> None:
        """Change one option; of the two kinds of clipping, one excludes the other."""
        value = self.values[name] = self.row(name).read(name, x)
        if value is not None and name in _EXCLUSIVE:
            self.values[_EXCLUSIVE[name]] = None

    def show(self, name: str) -> Value:
        return self.row(name).show(self.values[name])

    def shown(self, all: bool = True) -> Dict:
        """The options as a q dictionary; without `all` less the kinds of clipping not in use."""
        rows = [r for r in ROWS if r.name in self.values
                and (all or self.values[r.name] is not None)]
        return Dict(symbols([r.name for r in rows]),
                    collapse([r.show(self.values[r.name]) for r in rows]))

    def check(self) -> None:
        task, tasks = self["task"], self["tasks"]
        if task >= tasks:
            raise QError(f"{self.name}: task {task} implies at least {task + 1} tasks, "
                         f"but only {tasks} defined")
        if tasks > 1 and not self["batchsize"]:
            raise QError(f"{self.name}: zero batchsize incompatible with {tasks} tasks")
