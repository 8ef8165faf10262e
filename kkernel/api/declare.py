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

from . import forms, kinds, settings
from .convert import list_to_q, to_q, to_tensor
from .kinds import NO, Kind, is_array, is_empty, is_general, kname
from .objects import find, register

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
    needed: bool = False  # for an option that has no default, and may come by name

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    @property
    def described(self) -> str:
        """The words, and whether the argument may be left out."""
        return self.words if self.required or self.needed else f"{self.words} (optional)"


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
    plain: Run | None = None  # what does the same as `run` when only tensors are given
    usage: str = ""  # what the message for an unknown list of arguments says, if in other words
    only_lists: bool = False  # whether the argument must be a general list
    required: int = field(init=False)

    def __post_init__(self) -> None:
        self.label = self.label or self.name
        self.required = sum(p.required for p in self.params)
        self._runs: dict[forms.Form, tuple[Run | None, bool]] = {}
        self._alone, self._listed = self._find_places()

    # -------------------------------------------------------------- reading

    def arguments(self, x: Value) -> list[Value]:
        """The list of arguments that x stands for."""
        if find(x) is not None:
            return [x]
        if not is_general(x):
            if self.only_lists:
                raise QError(f"{self.label}: not implemented for {kname(x)}")
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

    # -------------------------------------------------------------- forms

    def _find_places(self) -> tuple[forms.Places | None, forms.Places | None]:
        """Where arrays and numbers may stand for tensors, in a call of one value and in one of a
        list; None if calls have no forms."""
        cls = type(self)
        if cls.invoke is not Function.invoke and cls.prepare is Function.prepare:
            return None, None  # a class that calls in its own way has forms of its own, or none
        kind = [p.kind for p in self.params[:self.required]]
        numbers = frozenset(i for i, k in enumerate(kind) if k is kinds.TENSOR_OR_NUMBER)
        tensors = frozenset(i for i, k in enumerate(kind) if k in kinds.TENSOR_KINDS)
        none: frozenset[int] = frozenset()
        one = self.required == 1  # then a list of arrays may be one array
        return (forms.Places(tensors if one and not self.only_lists else none, numbers),
                forms.Places(none if one else tensors, numbers))

    def prepare(self, args: list[Value]) -> Run | None:
        """What is left to run on the operands among the arguments; None where calls of
        this form have to be bound one by one."""
        if self.plain is not None and [*map(type, args)] == [forms.Operand] * self.required:
            return self.plain
        values, i = [p.default for p in self.params], 0
        for arg in args:
            while i < len(values):
                found = _prepared(self.params[i].kind, arg)
                i += 1
                if found is not NO:
                    values[i - 1] = found
                    break
                if i <= self.required:
                    return None
            else:
                return None
        return forms.filled(self.run, values) if len(args) >= self.required else None

    def _learn(self, form: forms.Form, x: Value) -> tuple[Run | None, bool]:
        """What calls of this form run and whether they give pointers, kept for the next one."""
        if len(self._runs) >= forms.MOST:
            self._runs.clear()
        args = x if len(form) != 1 or type(x) is List and type(x[0]) is not int else (x,)
        pointers = forms.of_pointers(form)
        run = None if pointers is None else self.prepare(forms.opened(form, args))
        learnt = self._runs[form] = run, self._as_pointer(bool(pointers))
        return learnt

    # -------------------------------------------------------------- calling

    def call(self, x: Value) -> Value:
        """Run on a q value; every failure is a QError."""
        try:
            operands: list[Any] = []
            if type(x) is not List:
                form = self._alone and forms.read_form((x,), self._alone, operands)
            elif len(x) == 1 and type(x[0]) is int:
                operands.append(forms.live_tensor(x))
                form = None if operands[0] is None or not self._alone else forms.ONE_POINTER
            else:
                form = self._listed and forms.read_form(x, self._listed, operands)
            if form is None:
                return self.invoke(x)
            run, as_pointer = self._runs.get(form) or self._learn(form, x)
            if run is None:
                return self.invoke(x)
            made = run(*operands)
            if as_pointer and type(made) is torch.Tensor:
                return register("tensor", made)
            return self._delivered(made, as_pointer)
        except QError:
            raise
        except Exception as e:
            raise self.failed(x, e) from e

    def failed(self, x: Value, e: Exception) -> QError:
        """The q error of a failure inside torch, with what met there."""
        from .failure import details

        error = translated(e, self.label)
        arguments = self.arguments(x)
        whole = len(arguments) == len(self.params)  # else which optional ones came is not known
        names = [p.name for p in (self.params if whole else self.params[:self.required])]
        error.details = details(self.name + self.form, names, arguments, e)
        return error

    def invoke(self, x: Value) -> Value:
        values, pointer = self.bind(x)
        return self.deliver(self.run(*values), pointer)

    def deliver(self, result: Any, pointer: bool) -> Value:
        """A result of torch as a q value or pointer, by the declared rule."""
        return self._delivered(result, self._as_pointer(pointer))

    def _as_pointer(self, pointer: bool) -> bool:
        return self.result == TENSOR or (self.result == AUTO and pointer)

    def _delivered(self, result: Any, as_pointer: bool) -> Value:
        if result is None:
            return NULL
        if isinstance(result, (bool, int, float)):
            return result
        if as_pointer:
            return (register("tensor", result) if isinstance(result, torch.Tensor)
                    else register("vector", list(result)))
        if isinstance(result, torch.Tensor):
            return to_q(result, fresh=True)
        return list_to_q(list(result), fresh=True)

    # -------------------------------------------------------------- messages

    @property
    def form(self) -> str:
        """The argument list in words: `(x;dim;keepdim;output)`."""
        return "(" + ";".join(p.name for p in self.params) + ")"

    def unrecognized(self, args: Sequence[Value]) -> QError:
        if self.usage:
            return QError(f"{self.label}: {self.usage}")
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
        lines += [f"  {p.name}: {p.described}" for p in self.params]
        return "\n".join([*lines, *(f"q){e}" for e in self.examples)])

    @property
    def foreign(self) -> Foreign:
        """The function as a q value."""
        return Foreign(self.name, self.rank, self.call, self.doc)


def _prepared(kind: Kind, arg: Value) -> Any:
    """An argument of a form as a parameter reads it; `NO` if it is not for it."""
    if type(arg) is forms.Operand:
        taken = (kind is kinds.TENSOR_OR_NUMBER or arg is not forms.NUMBER
                 and kind in kinds.TENSOR_KINDS or arg is forms.POINTER and kind is kinds.OUTPUT)
        return arg if taken else NO
    return NO if kind in kinds.TENSOR_KINDS else kind.read(arg)


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
            raise translated(e, self.label) from e
        return NULL if result is None else result


FUNCTIONS: dict[str, Function] = {}


def declare(f: Function) -> Function:
    """Enter a function in the table."""
    FUNCTIONS[f.name] = f
    return f


def function(name: str, group: str, summary: str, *params: Param, raw: bool = False,
             examples: Sequence[str] = (), result: str = AUTO, label: str = "",
             notes: str = "", samples: Sequence[Any] = (), plain: Run | None = None,
             usage: str = "", only_lists: bool = False) -> Callable[[F], F]:
    """Declare a function: bound arguments go to it in the order of `params`.

    With `raw` it gets the q value as it is and returns a q value (None for null).
    """

    def enter(run: F) -> F:
        cls = Raw if raw else Function
        declare(cls(name, group, summary, params, run, tuple(examples), result, label=label,
                    notes=notes, samples=tuple(samples), plain=plain, usage=usage,
                    only_lists=only_lists))
        return run

    return enter


def translated(e: Exception, name: str = "") -> QError:
    """A failure of torch, numpy or Python as a q error; `name` is that of the function."""
    text = str(e).strip()
    if isinstance(e, (TypeError, AttributeError)) and "NoneType" in text:
        return QError(f"{name}: expected a tensor, given an undefined tensor")
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

