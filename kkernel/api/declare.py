"""One declaration per api function: what it takes, what it does, and how its arguments are read.

Everything that a user meets about a function comes from its declaration: the binding of
arguments and its errors, completion, tooltip, `help`, the reference page, and the samples that
the tests compare with PyTorch.

An api function takes one q value.  `Function.bind` reads it as the interface does: a pointer or
an array is the single argument, a general list is the list of arguments, a simple list given to
a function of several arguments is split; optional arguments are told apart by their type,
starting from the last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import torch

from kkernel.q.errors import QError
from kkernel.q.functions import NULL, Foreign
from kkernel.q.values import List, Value, items

from . import kinds, settings
from .convert import list_to_q, to_q, to_tensor
from .kinds import NO, Kind, is_array, is_empty, is_general, kname
from .objects import HANDLES, find, register

Run = Callable[..., Any]
F = TypeVar("F", bound=Run)


class Required:
    """The default of an argument that has none."""

    def __repr__(self) -> str:
        return "required"


REQUIRED = Required()


@dataclass(frozen=True)
class Param:
    """One argument: its name, its kind, one phrase about it, and its default."""

    name: str
    kind: Kind
    words: str
    default: Any = REQUIRED

    @property
    def required(self) -> bool:
        return self.default is REQUIRED


def tensor(name: str = "x", words: str = "tensor or array") -> Param:
    """A required tensor: a pointer or a k array."""
    return Param(name, kinds.TENSOR, words)


OUTPUT = Param("output", kinds.OUTPUT, "tensor that receives the result, which is then null", None)
OUTPUTS = Param("output", kinds.OUTPUTS, "vector that receives the results", None)
INPLACE = Kind("null", lambda x: True if is_empty(x) else NO)
IN_PLACE = Param("inplace", INPLACE, "`[]`, `::` or `()` to overwrite the first tensor", False)

# what a bound function gives back
AUTO = "auto"  # a pointer if any input is a pointer, else a k value
TENSOR = "tensor"  # always a pointer
K = "k"  # always a k value


@dataclass
class Function:
    """A declared function.  `call` takes the one q value and gives one."""

    name: str
    group: str
    summary: str
    params: tuple[Param, ...]
    run: Run
    examples: tuple[str, ...] = ()
    result: str = AUTO
    inplace: Run | None = None  # what runs when the call asks for in-place
    rank: int = 1
    notes: str = ""
    label: str = ""  # the prefix of messages, where it is not the name
    samples: tuple[Any, ...] = ()  # sample calls for the tests, as q text
    required: int = field(init=False)
    fast: Run = field(init=False)

    def __post_init__(self) -> None:
        self.label = self.label or self.name
        self.required = sum(p.required for p in self.params)
        self.fast = self.run  # what runs on the values of `quick`
        self._defaults = [p.default for p in self.params]
        self._quick = [_quick_reader(p) for p in self.params]
        if type(self).invoke is not Function.invoke and type(self).quick is Function.quick:
            self._quick = []  # a class that calls in its own way reads in its own way

    # -------------------------------------------------------------- reading

    def arguments(self, x: Value) -> list[Value]:
        """The list of arguments that x stands for."""
        if find(x) is not None:
            return [x]
        if not is_general(x):
            if x is NULL and self.required > 1:
                return []
            several = self.required > 1 and isinstance(x, np.ndarray)
            return items(x) if several else [x]
        if self.required == 1 and is_array(x, len(self.params)):
            return [x]
        return items(x)

    def bind(self, x: Value) -> tuple[list[Any], bool]:
        """The value of every parameter, and whether a tensor pointer was among the tensors.

        Optional arguments go, in order, to the first parameter left whose kind takes them.
        """
        args = self.arguments(x)
        params = self.params
        required, n = self.required, len(params)
        if not required <= len(args) <= n:
            raise self.unrecognized(args)
        values = [p.default for p in params]
        values[:required] = args[:required]
        i = required
        for arg in args[required:]:
            while i < n:
                found = params[i].kind.read(arg)
                i += 1
                if found is not NO:
                    values[i - 1] = found
                    break
            else:
                raise self.unrecognized(args)
        return values, self._convert(values)

    def _convert(self, values: list[Any]) -> bool:
        """Read the required values, and turn all tensor arguments into tensors of one device."""
        device, pointer = None, False
        arrays: list[int] = []
        for i, p in enumerate(self.params):
            kind, value = p.kind, values[i]
            if kind not in kinds.TENSOR_KINDS:
                if i < self.required:
                    values[i] = kind.read(value)
                    if values[i] is NO:
                        raise self.expected(p, value)
                continue
            if value is None and i >= self.required:
                continue
            handle = find(value)
            if handle is None:
                number = kinds.as_scalar(value) if kind is kinds.TENSOR_OR_NUMBER else NO
                if number is NO:
                    arrays.append(i)
                else:
                    values[i] = number
            elif handle.kind != "tensor":
                raise self.expected(p, value)
            else:
                t = values[i] = self.defined(p, handle.obj)
                device, pointer = device or t.device, True
        for i in arrays:
            values[i] = self.defined(self.params[i], to_tensor(values[i], device=device))
        return pointer

    def defined(self, p: Param, t: torch.Tensor | None) -> torch.Tensor:
        """The tensor; signals an undefined one."""
        if t is None:
            raise QError(f"{self.label}: {p.name}: expected a tensor, given an undefined tensor")
        return t

    def quick(self, x: List) -> list[Any] | None:
        """The values of a call on live tensor pointers; None where that needs a closer look."""
        readers, n = self._quick, len(x)
        if n == 1 and self.required == 1 and readers:
            t = readers[0](x)
            return None if t is NO else [t, *self._defaults[1:]]
        if not self.required <= n <= len(readers):
            return None
        values, i = self._defaults.copy(), 0
        for v in x:
            while True:
                if i == len(readers):
                    return None
                found = readers[i](v)
                i += 1
                if found is not NO:
                    values[i - 1] = found
                    break
                if i <= self.required:
                    return None
        return values

    # -------------------------------------------------------------- calling

    def call(self, x: Value) -> Value:
        """Run on a q value; every failure is a QError."""
        try:
            if self._quick and type(x) is List:
                values = self.quick(x)
                if values is not None:
                    made = self.fast(*values)
                    if type(made) is torch.Tensor and self.result != K:
                        return register("tensor", made)
                    return self.deliver(made, True)
            return self.invoke(x)
        except QError:
            raise
        except Exception as e:
            raise translated(e) from e

    def invoke(self, x: Value) -> Value:
        values, pointer = self.bind(x)
        return self.deliver(self.run(*values), pointer)

    def deliver(self, result: Any, pointer: bool) -> Value:
        """A result of torch as a q value or pointer, by the declared rule."""
        if result is None:
            return NULL
        if isinstance(result, (bool, int, float)):
            return result
        if self.result == TENSOR or (self.result == AUTO and pointer):
            if isinstance(result, torch.Tensor):
                return register("tensor", result)
            return register("vector", list(result))
        if isinstance(result, torch.Tensor):
            return to_q(result, fresh=True)
        return list_to_q(list(result), fresh=True)

    # -------------------------------------------------------------- messages

    @property
    def form(self) -> str:
        """The argument list in words: `(x;dim;keepdim;output)`."""
        return "(" + ";".join(p.name for p in self.params) + ")"

    def unrecognized(self, args: Sequence[Value]) -> QError:
        n = len(self.params)
        count = f"{self.required}-{n}" if self.required < n else str(n)
        return QError(f"{self.label}: unrecognized args, expecting {count}, {self.form}, "
                      f"given {len(args)}: {', '.join(kname(a) for a in args)}")

    def expected(self, p: Param, given: Value) -> QError:
        return QError(f"{self.label}: {p.name}: expected {p.kind.word}, given {kname(given)}")

    @property
    def doc(self) -> str:
        """The tooltip: form, summary, arguments and examples."""
        lines = [f"{self.name}{self.form}", "", self.summary]
        lines += [f"  {p.name}: {p.words}" + ("" if p.required else " (optional)")
                  for p in self.params]
        return "\n".join([*lines, *(f"q){e}" for e in self.examples)])

    @property
    def foreign(self) -> Foreign:
        """The function as a q value."""
        return Foreign(self.name, self.rank, self.call, self.doc)


def live_tensor(x: Value) -> Any:
    """The tensor of a live pointer; `NO` for anything else, undefined tensors too."""
    if type(x) is List and len(x) == 1 and type(x[0]) is int:
        handle = HANDLES.get(x[0])
        if handle is not None and handle.kind == "tensor" and handle.obj is not None:
            return handle.obj
    return NO


def _live_or_number(x: Value) -> Any:
    return x if type(x) is int or type(x) is float else live_tensor(x)


def _quick_reader(p: Param) -> Callable[[Value], Any]:
    """How `quick` reads a parameter: tensors only from live pointers."""
    if p.kind is kinds.TENSOR_OR_NUMBER:
        return _live_or_number
    return live_tensor if p.kind in kinds.TENSOR_KINDS else p.kind.read


class Raw(Function):
    """A function that reads the q value itself; its parameters only describe it."""

    def invoke(self, x: Value) -> Value:
        result = self.run(x)
        return NULL if result is None else result


class Binary(Function):
    """A function of two q values (only `use`)."""

    def call(self, x: Value, y: Value = NULL) -> Value:
        try:
            result = self.run(x, y)
        except QError:
            raise
        except Exception as e:
            raise translated(e) from e
        return NULL if result is None else result


FUNCTIONS: dict[str, Function] = {}


def declare(f: Function) -> Function:
    """Enter a function in the table."""
    FUNCTIONS[f.name] = f
    return f


def function(name: str, group: str, summary: str, *params: Param, raw: bool = False,
             examples: Sequence[str] = (), result: str = AUTO, label: str = "",
             notes: str = "", samples: Sequence[Any] = ()) -> Callable[[F], F]:
    """Declare a function: bound arguments go to it in the order of `params`.

    With `raw` it gets the q value as it is and returns a q value (None for null).
    """

    def enter(run: F) -> F:
        cls = Raw if raw else Function
        declare(cls(name, group, summary, params, run, tuple(examples), result, label=label,
                    notes=notes, samples=tuple(samples)))
        return run

    return enter


def translated(e: Exception) -> QError:
    """A failure of torch, numpy or Python as a q error."""
    text = str(e).strip()
    if isinstance(e, MemoryError) or "can't allocate memory" in text or "out of memory" in text:
        return QError("wsfull")
    if isinstance(e, RecursionError):
        return QError("stack")
    if settings.active.stackframe:
        return QError(f"{text}\n{type(e).__name__}")
    return QError(text or type(e).__name__)


def simple_items(x: Value) -> list[Value]:
    """The arguments of a raw function: items of a general list, else the value alone."""
    if find(x) is not None or not is_general(x):
        return [x]
    return items(x)

