"""The text of readers: straight code for a pattern of marks, see `forms`.

A reader finds what runs by the options of the call, and hands on the tensors and whatever else the
run takes, as its shape says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import torch

from kkernel.q.errors import QError
from kkernel.q.functions import NULL
from kkernel.q.values import List

from .convert import fresh_to_q
from .dtypes import FROM_NUMPY
from .events import changed
from .objects import HANDLES, TENSORS, VECTORS, number
from .outputs import put_back

Run = Callable[..., Any]
LONGEST = 16  # items of a vector that is an option


# ------------------------------------------------------------------ what is handed on

class Shape(NamedTuple):
    """What a reader does around a run."""

    layout: tuple[str, ...] = ()  # what comes after the operands: a name, or "" by position
    written: int | None = None  # the operand that the run writes into, giving nothing


PLAIN = Shape()


class Fixed:
    """`run(*operands, *rest, **named)`: a call whose options are known.

    A reader hands on the options itself, so that no other function stands between.
    """

    __slots__ = ("run", "rest", "named", "written")

    def __init__(self, run: Run, *rest: Any, **named: Any) -> None:
        self.run = run
        self.rest = rest
        self.named = named
        self.written: int | None = None

    def __call__(self, *operands: Any) -> Any:
        made = self.run(*operands, *self.rest, **self.named)
        if self.written is None:
            return made
        changed(operands[self.written])
        return None

    @property
    def shape(self) -> Shape:
        return Shape(("",) * len(self.rest) + tuple(self.named), self.written)


def writing(run: Run, written: int = 0) -> Fixed:
    """A run that writes into one of its operands: it tells who watches, and gives nothing."""
    fixed = Fixed(run.run, *run.rest, **run.named) if isinstance(run, Fixed) else Fixed(run)
    fixed.written = written
    return fixed


def shape_of(run: Run) -> Shape:
    return run.shape if isinstance(run, Fixed) else PLAIN


def entry(run: Run, shape: Shape) -> tuple[Any, ...] | None:
    """What a reader of this shape keeps for a run: the function, and what it is handed; None
    where the run is not for it."""
    if shape_of(run) == shape:
        return (run.run, *run.rest, *run.named.values()) if isinstance(run, Fixed) else (run,)
    if shape.written is not None:
        return None
    return (_without(run, shape.layout.count("")), *[None] * len(shape.layout))


def _without(run: Run, surplus: int) -> Run:
    """A run that leaves aside what its reader hands on to others."""
    return lambda *given, **named: run(*given[:len(given) - surplus])


# ------------------------------------------------------------------ options

def short(x: Any) -> Any:
    """What tells one short vector from another; others are not kept."""
    if x.ndim != 1 or len(x) > LONGEST:
        raise KeyError
    return x.dtype.char, x.tobytes()


_KEYS: dict[str, Callable[[Any], Any]] = {"o": lambda v: v, "z": lambda v: v or repr(v), "v": short}
_KEY_TEXTS = {"o": "{a}", "z": "{a} or repr({a})", "v": "short({a})"}


def key(marks: str, args: Sequence[Any]) -> Any:
    """The options of a call, as readers look them up."""
    found = [_KEYS[m](v) for m, v in zip(marks, args, strict=True) if m in _KEYS]
    return found[0] if len(found) == 1 else tuple(found)


def has_options(marks: str) -> bool:
    return any(m in _KEYS for m in marks)


# ------------------------------------------------------------------ text

# what a reader does with the argument a, if anything, and what it hands on
_READ = {
    "p": (("i, = {a}", "{x} = tensors[i]"), "{x}"),
    "h": (("i, = {a}", "{x} = handles[i]"), "{x}"),
    "a": (("{x} = arrays[{a}.dtype.char]({a})",), "{x}"),
    "s": ((), "{a}"),
    "r": (("{x} = readers[{n}]({a})",), "{x}"),
    "l": (("{x} = readers[{n}]({a})",), "{x}"),
}


def source(marks: str, gives: str, shape: Shape = PLAIN, receives: bool = False) -> str:
    """The Python text of the readers for a pattern of marks.

    They give pointers, values, or what they get, with tensors as pointers.  Those that receive an
    output, as the last argument, put it back when the run fails.
    """
    read, given = [], []
    for n, m in enumerate(marks):
        if m in _READ:
            lines, operand = _READ[m]
            words = {"a": f"a{n}", "x": f"x{n}", "n": n}
            read += [line.format(**words) for line in lines]
            given.append(operand.format(**words))
    known = [f"c{i}" for i in range(len(shape.layout))]
    rest = [f"{name}={c}" if name else c for name, c in zip(shape.layout, known, strict=True)]
    before, find = _finding(marks, ["run", *known])
    out = given[-1] if receives else ""
    read += [*find, *([_OUTPUT.format(out=out)] if receives else [])]
    end = _ENDS[gives]
    if shape.written is not None:
        end = _WRITTEN.format(given[shape.written])
    return _SOURCE.format(
        args=", ".join(f"a{n}" for n in range(len(marks))), given=", ".join([*given, *rest]),
        before=before, read="\n            ".join(read) or "pass", end=end,
        beside="".join(_beside(marks)), failed=f"put_back({out}, *before)" if receives else "pass")


def _finding(marks: str, found: list[str]) -> tuple[str, list[str]]:
    """What stands before a reader, and its lines that find the run by the options.

    The bytes of a vector are only looked at where it is not the very one of the call before, as
    constants of a loop are.
    """
    options = {f"a{n}": m for n, m in enumerate(marks) if m in _KEYS}
    target = ", ".join(found) + ","
    if not options:
        return f"{target} = runs", []
    look = f"{target} = runs[{', '.join(_KEY_TEXTS[m].format(a=a) for a, m in options.items())}]"
    if "v" not in marks:
        return "", [look]
    before = [f"{a}_before" for a in options]
    same = " and ".join(f"{a} is {a}_before" for a in options)
    return (f"last = [(None,) * {len(before) + len(found)}]",
            [f"{', '.join([*before, *found])} = last[0]", f"if not ({same}):", f"    {look}",
             f"    last[0] = {', '.join([*options, *found])}"])


def _beside(marks: str) -> list[str]:
    """Lines that move the arrays to the device of the first tensor."""
    n = marks.find("p")
    return [] if n < 0 else [
        f"if not x{n}.is_cpu: x{i} = x{i}.to(x{n}.device)\n                "
        for i, m in enumerate(marks) if m == "a"]


_SOURCE = """
def make(runs, miss, failed, deliver, readers,
         tensors=TENSORS, vectors=VECTORS, handles=HANDLES, arrays=ARRAYS, number=number,
         short=short, List=List, Tensor=Tensor):
    {before}
    def read({args}):
        try:
            {read}
        except Exception:  # no pointer to a tensor, a new option: the full way says what it is
            pass
        else:
            try:
                {beside}made = run({given})
                {end}
            except Exception as e:
                {failed}
                if isinstance(e, QError):
                    raise
                raise failed(e, {args}) from e
        return miss({args})
    return read
"""
_ANY = """if type(made) is Tensor:
                    n = number()
                    tensors[n] = made
                    return List((n,))
                return NULL if made is None else made"""
_POINTER = """if type(made) is Tensor:
                    n = number()
                    tensors[n] = made
                    return List((n,))
                if isinstance(made, tuple):
                    n = number()
                    vectors[n] = [*made]
                    return List((n,))
                return deliver(made)"""
_OUTPUT = "before = {out}.size(), {out}.stride(), {out}.storage_offset()"
_WRITTEN = """changed({})
                return NULL"""
_VALUE = """if type(made) is Tensor:
                    return fresh_to_q(made)
                return made if type(made) is bool else deliver(made)"""
_ENDS = {"any": _ANY, "pointers": _POINTER, "values": _VALUE}
_ARRAYS = {dtype.char: torch.from_numpy for dtype in FROM_NUMPY if dtype.kind != "S"}


_NAMES = {
    "TENSORS": TENSORS, "VECTORS": VECTORS, "HANDLES": HANDLES, "ARRAYS": _ARRAYS,
    "number": number, "short": short, "List": List, "Tensor": torch.Tensor, "QError": QError,
    "NULL": NULL, "fresh_to_q": fresh_to_q, "changed": changed, "put_back": put_back}


@lru_cache(None)
def written(marks: str, gives: str, shape: Shape, receives: bool) -> Run:
    """What makes the readers for a pattern of marks."""
    names = dict(_NAMES)
    exec(compile(source(marks, gives, shape, receives), f"<reader {marks}>", "exec"), names)
    made: Run = names["make"]
    return made
