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
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import torch

from kkernel.q.errors import QError
from kkernel.q.values import List, Value, collapse, items

from .convert import fresh_to_q
from .dtypes import FROM_NUMPY
from .objects import HANDLES, TENSORS, Handle, mapped, number
from .outputs import keep, keeping, output_of

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
LONGEST = 16  # items of a vector that is an option
MOST = 256  # combinations of options that a form keeps


class Declared(Protocol):
    """What readers need of a function."""

    def marks(self, args: Sequence[Value], alone: bool) -> str | None: ...
    def prepare(self, args: list[Value]) -> Run | None: ...
    def reader(self, mark: str, i: int, args: Sequence[Value]) -> Run | None: ...
    def invoke(self, x: Value) -> Value: ...
    def delivery(self, pointer: bool) -> Run: ...
    def gives_pointer(self, pointer: bool) -> bool: ...
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
    def full(*again: Value) -> Value:
        return in_full(f, again[0] if alone else collapse([*again]))

    def failed(e: Exception, *again: Value) -> QError:
        return f.failed(again[0] if alone else collapse([*again]), e)

    if alone and type(args[0]) is np.ndarray and f.marks(args, True) is None:
        return _of_rows(f)
    marks = f.marks(args, alone)
    if marks is None:
        return full
    pointer, receives = f.gives_pointer("p" in marks), f.receives(args)
    runs: dict[Any, Run] = {}

    def miss(*again: Value) -> Value:
        """A call with options that are new, or with something that is no tensor."""
        made = full(*again)
        if all(is_tensor(v) for m, v in zip(marks, again, strict=True) if m == "p"):
            learn(again)
        return made

    def learn(call: tuple[Value, ...]) -> None:
        try:
            options, run = key(marks, call), f.prepare(opened(marks, call))
        except (KeyError, TypeError, QError):  # options that are not kept, or not read like this
            return
        if run is not None:
            if len(runs) >= MOST:
                runs.clear()
            runs[options] = keeping(run) if receives else run

    learn(args)
    options = any(m in "ozv" for m in marks)
    if not runs and not options:
        return full
    readers = [f.reader(m, i, args) for i, m in enumerate(marks)]
    return _written(marks, pointer)(
        TENSORS, HANDLES, number, _ARRAYS, runs if options else runs[()], short, miss, failed,
        List, Tensor, f.delivery(pointer), readers)


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


# ------------------------------------------------------------------ options

def short(x: Any) -> Any:
    """What tells one short vector from another; others are not kept."""
    if x.ndim != 1 or len(x) > LONGEST:
        raise KeyError
    return x.dtype.char, x.tobytes()


_KEYS: dict[str, Callable[[Any], Any]] = {"o": lambda v: v, "z": lambda v: v or repr(v), "v": short}


def key(marks: str, args: Sequence[Value]) -> Any:
    """The options of a call, as readers look them up."""
    found = [_KEYS[m](v) for m, v in zip(marks, args, strict=True) if m in _KEYS]
    return found[0] if len(found) == 1 else tuple(found)


# ------------------------------------------------------------------ readers

_ARRAYS = {dtype.char: torch.from_numpy for dtype in FROM_NUMPY if dtype.kind != "S"}

# what a reader does with the argument a, if anything, and what it hands on
_READ = {
    "p": (("i, = {a}", "{x} = tensors[i]"), "{x}"),
    "h": (("i, = {a}", "{x} = handles[i]"), "{x}"),
    "a": (("{x} = arrays[{a}.dtype.char]({a})",), "{x}"),
    "s": ((), "{a}"),
    "r": (("{x} = readers[{n}]({a})",), "{x}"),
    "l": (("{x} = readers[{n}]({a})",), "{x}"),
}
_OPTIONS = {"o": "{a}", "z": "{a} or repr({a})", "v": "short({a})"}


def source(marks: str, pointer: bool) -> str:
    """The Python text of the readers for a pattern of marks."""
    read, given, options = [], [], []
    for n, m in enumerate(marks):
        words = {"a": f"a{n}", "x": f"x{n}", "n": n}
        if m in _OPTIONS:
            options.append(_OPTIONS[m].format(**words))
            continue
        lines, operand = _READ[m]
        read += [line.format(**words) for line in lines]
        given.append(operand.format(**words))
    if options:
        read.append(f"run = runs[{', '.join(options)}]")
    args = ", ".join(f"a{n}" for n in range(len(marks)))
    return _SOURCE.format(
        args=args, read="\n            ".join(read) or "pass", given=", ".join(given),
        beside="".join(_beside(marks)), run="run" if options else "runs",
        end=_POINTER if pointer else _VALUE)


def _beside(marks: str) -> list[str]:
    """Lines that move the arrays to the device of the first tensor."""
    n = marks.find("p")
    return [] if n < 0 else [
        f"if not x{n}.is_cpu: x{i} = x{i}.to(x{n}.device)\n                "
        for i, m in enumerate(marks) if m == "a"]


_SOURCE = """
def make(tensors, handles, number, arrays, runs, short, miss, failed, List, Tensor,
         deliver, readers):
    def read({args}):
        try:
            {read}
        except Exception:  # no pointer to a tensor, a new option: the full way says what it is
            pass
        else:
            try:
                {beside}made = {run}({given})
                {end}
            except QError:
                raise
            except Exception as e:
                raise failed(e, {args}) from e
        return miss({args})
    return read
"""
_POINTER = """if type(made) is Tensor:
                    n = number()
                    tensors[n] = made
                    return List((n,))
                return deliver(made)"""


_VALUE = """return fresh_to_q(made) if type(made) is Tensor else deliver(made)"""


@lru_cache(None)
def _written(marks: str, pointer: bool) -> Run:
    """What makes the readers for a pattern of marks."""
    names: dict[str, Any] = {"fresh_to_q": fresh_to_q, "QError": QError}
    exec(compile(source(marks, pointer), f"<reader {marks}>", "exec"), names)
    made: Run = names["make"]
    return made


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
    match tuple(values[n:]):  # spelled out: a star costs as much as the call
        case ():
            return run
        case (a,) if n == 1:
            return lambda x: run(x, a)
        case (a,) if n == 2:
            return lambda x, y: run(x, y, a)
        case (a, b) if n == 1:
            return lambda x: run(x, a, b)
        case (a, b) if n == 2:
            return lambda x, y: run(x, y, a, b)
        case (a, b, c) if n == 1:
            return lambda x: run(x, a, b, c)
        case (a, b, c) if n == 2:
            return lambda x, y: run(x, y, a, b, c)
        case rest:
            return lambda *operands: run(*operands, *rest)
    raise AssertionError
