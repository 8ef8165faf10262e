"""Calls in loops: straight code for each form of a call.

The form of a call is the types of its arguments.  In a loop the same form comes again and again,
and what it leaves to do is little: look the tensors up, run, register the result.  So a function
keeps by form a *reader* that does just this, written once for each pattern of marks:

    p  a pointer to a tensor          r  a number that its kind reads at every call
    h  a pointer to something else    o  an option that is met again and again: known by its value
    a  an array that is a tensor      z  the same for floats, where 0 and -0 differ
    s  an atom taken as it stands     v  the same for short vectors
    l  longs, taken as a Python list

A reader knows nothing of errors.  Where a pointer is none to a tensor or an option is new, the full
way reads the call again, and says what is wrong; it runs nothing that the reader has run before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import torch

from kkernel.q.errors import QError
from kkernel.q.values import List, Value, collapse, items

from .objects import TENSORS, Handle, mapped
from .outputs import keep, output_of
from .readers import PLAIN, Fixed, Shape, entry, has_options, key, shape_of, written

Tensor = torch.Tensor
Run = Callable[..., Any]


class Operand:
    """Stands for what a reader hands to `run`, in the arguments that a form is learnt from."""

    __slots__ = ("word", "type")

    def __init__(self, word: str, type_: type) -> None:
        self.word = word
        self.type = type_

    def __repr__(self) -> str:
        return self.word


POINTER, ARRAY = Operand("pointer", List), Operand("array", np.ndarray)
NUMBERS = {t: Operand(t.__name__, t) for t in (int, float, bool)}
LONGS, HANDLE = Operand("longs", list), Operand("handle", Handle)
_OPERANDS = {"p": POINTER, "h": HANDLE, "a": ARRAY, "l": LONGS}
MOST = 256  # combinations of options that a form keeps


class Declared(Protocol):
    """What readers need of a function."""

    def marks(self, args: Sequence[Value], alone: bool) -> str | None: ...
    def prepare(self, args: list[Value]) -> Run | None: ...
    def reader(self, mark: str, i: int, args: Sequence[Value]) -> Run | None: ...
    def invoke(self, x: Value) -> Value: ...
    def delivery(self, pointer: bool) -> Run: ...
    def gives(self, pointer: bool) -> str: ...
    def receives(self, args: Sequence[Value]) -> bool: ...
    def failed(self, x: Value, e: Exception) -> QError: ...


# ------------------------------------------------------------------ calling

def callers(f: Declared, known: dict[Any, Run]) -> tuple[Run, Run]:
    """The functions that call f by its readers, which are kept in `known` by form: on one q
    value; and on items, of which one at least is a list, in place of the list of them.

    Every failure is a QError.
    """
    find = known.get

    def call(x: Value) -> Value:
        if type(x) is List and len(x) > 1:
            return on_items(*x)
        reader = find(type(x))
        return first(f, known, type(x), x) if reader is None else reader(x)

    def on_items(*x: Value) -> Value:
        form = (*map(type, x),)
        reader = find(form)
        return first(f, known, form, collapse([*x])) if reader is None else reader(*x)

    return call, on_items


def in_full(f: Declared, x: Value) -> Value:
    """A call that is read in full; its failures as q errors, which leave its output as it was."""
    output = output_of(x)
    restore = None if output is None else keep(output)
    try:
        return f.invoke(x)
    except Exception as e:
        if restore is not None:
            restore()
        if isinstance(e, QError):
            raise
        raise f.failed(x, e) from e


def first(f: Declared, known: dict[Any, Run], form: Any, x: Value) -> Value:
    """The first call of a form: in full, and then learnt."""
    made = in_full(f, x)
    alone = type(form) is type
    args = (x,) if alone else tuple(items(x))
    if (not alone or form in (List, np.ndarray, *NUMBERS)) and all(
            mapped(v) for v in args if type(v) is List):
        known[form] = learnt(f, args, alone)
    return made


def is_tensor(x: List) -> bool:
    """Whether a general list is a pointer to a tensor."""
    return len(x) == 1 and type(x[0]) is int and x[0] in TENSORS


def learnt(f: Declared, args: tuple[Value, ...], alone: bool) -> Run:
    """The reader for calls of this form, or what reads them in full where it must be so."""
    marks = f.marks(args, alone)
    if marks is None and alone and type(args[0]) is np.ndarray:
        return _of_rows(f)
    form = Form(f, marks or "", alone)
    return form.full if marks is None else form.reader(args)


class Form:
    """The calls of a function with arguments of the same types, and what runs by their options."""

    def __init__(self, f: Declared, marks: str, alone: bool) -> None:
        self.f = f
        self.marks = marks
        self.alone = alone
        self.runs: dict[Any, tuple[Any, ...]] = {}
        self.shape: Shape | None = None  # that of the first run

    def whole(self, args: Sequence[Value]) -> Value:
        """The arguments as the one value that a function takes."""
        return args[0] if self.alone else collapse([*args])

    def full(self, *args: Value) -> Value:
        return in_full(self.f, self.whole(args))

    def failed(self, e: Exception, *args: Value) -> QError:
        return self.f.failed(self.whole(args), e)

    def miss(self, *args: Value) -> Value:
        """A call with options that are new, or with something that is no tensor."""
        made = self.full(*args)
        if all(is_tensor(v) for m, v in zip(self.marks, args, strict=True) if m == "p"):
            self.learn(args)
        return made

    def learn(self, args: Sequence[Value]) -> None:
        """Keep what runs for the options of a call that went well."""
        try:
            options, run = key(self.marks, args), self.f.prepare(opened(self.marks, args))
        except (KeyError, TypeError, QError):  # options that are not kept, or not read like this
            return
        if run is None:
            return
        self.shape = self.shape or shape_of(run)
        kept = entry(run, self.shape)
        if kept is not None:
            if len(self.runs) >= MOST:
                self.runs.clear()
            self.runs[options] = kept

    def reader(self, args: Sequence[Value]) -> Run:
        """The reader, learnt from one call."""
        f, marks = self.f, self.marks
        self.learn(args)
        options = has_options(marks)
        if not self.runs and not options:
            return self.full
        self.shape = self.shape or PLAIN
        pointer = "p" in marks
        return written(marks, f.gives(pointer), self.shape, f.receives(args))(
            self.runs if options else self.runs[()], self.miss, self.failed,
            f.delivery(pointer), [f.reader(m, i, args) for i, m in enumerate(marks)])


def _of_rows(f: Declared) -> Run:
    """A rectangle stands for its rows as arguments: `mul(v;w)` with vectors of one size."""
    known: dict[Any, Run] = {}

    def rows(x: Any) -> Value:
        n = len(x) if x.ndim > 1 else 0
        reader = known.get((n, type(x)))
        if reader is not None:
            return reader(*x)
        made = in_full(f, x)
        if n > 1 and "a" in (f.marks(tuple(x), False) or ""):
            known[n, type(x)] = learnt(f, tuple(x), False)
        return made

    return rows


def opened(marks: str, args: Sequence[Value]) -> list[Value]:
    """The arguments of a call, with an `Operand` for each that comes new every time."""
    return [_OPERANDS.get(m) or (NUMBERS[type(v)] if m in "sr" else v)
            for m, v in zip(marks, args, strict=True)]


# ------------------------------------------------------------------ what a form runs

def split(args: Sequence[Value]) -> tuple[list[Operand], list[Value]]:
    """The operands that come first, and the rest."""
    n = next((i for i, v in enumerate(args) if type(v) is not Operand), len(args))
    return list(args[:n]), list(args[n:])


def all_operands(args: Sequence[Value], n: int) -> bool:
    """Whether the arguments are n operands and nothing else."""
    return len(args) == n and all(type(v) is Operand for v in args)


def filled(run: Run, values: Sequence[Any]) -> Run:
    """run(*values) as a function of the operands among the values."""
    holes = [i for i, v in enumerate(values) if type(v) is Operand]
    n = len(holes)
    if holes != list(range(n)):

        def scattered(*operands: Any) -> Any:
            given = list(values)
            for i, t in zip(holes, operands, strict=True):
                given[i] = t
            return run(*given)

        return scattered
    return Fixed(run, *values[n:]) if len(values) > n else run
