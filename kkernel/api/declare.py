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

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import numpy as np
import torch

from kkernel.q.errors import QError
from kkernel.q.functions import NULL, Foreign, Null
from kkernel.q.symbols import Symbol
from kkernel.q.values import List, Value, items

from . import forms, kinds
from .convert import to_tensor
from .failure import details, translated
from .kinds import NO, Kind, is_array, is_general, kname
from .objects import Handle, find
from .params import IN_PLACE, Param, Usage
from .results import as_it_is, as_pointer, as_value

Run = Callable[..., Any]
F = TypeVar("F", bound=Run)

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
    direct: Run | None = None  # what does the same as `run` without an output
    # options -> what does the same as `run` with them, on tensors alone, without an output
    fix: Callable[..., Run] | None = None
    usage: Usage | None = None  # what the message for an unknown list of arguments says
    only_lists: bool = False  # whether the argument must be a general list
    no_atoms: bool = False  # whether an atom is refused
    required: int = field(init=False)
    call: Callable[..., Value] = field(init=False, repr=False)
    on_items: Run | None = field(init=False, repr=False, default=None)
    readers: dict[Any, Run] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.label = self.label or self.name
        self.required = sum(p.required for p in self.params)
        self.set_callers()

    def set_callers(self) -> None:
        self.call, self.on_items = forms.callers(self, self.readers)

    # -------------------------------------------------------------- reading

    def arguments(self, x: Value) -> list[Value]:
        """The list of arguments that x stands for."""
        if find(x) is not None:
            return [x]
        if not is_general(x):
            if self.only_lists or self.no_atoms and not isinstance(x, np.ndarray):
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
                number = kind.number(value) if kind.number else NO
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

    def marks(self, args: Sequence[Value], alone: bool) -> str | None:
        """How readers read such arguments, a letter of `forms` for each; None where calls of
        this form have to be read in full."""
        cls = type(self)
        if cls.invoke is not Function.invoke and cls.prepare is Function.prepare:
            return None  # a class that calls in its own way says itself what a form runs
        if alone and (self.required > 1 or (self.only_lists and type(args[0]) is not List)):
            return None
        if not alone and self.required == 1 and type(args[0]) is np.ndarray:
            return None  # a list of arrays may be one array
        found = [_mark(kind, arg, i < self.required, self.fix is not None)
                 for i, (kind, arg) in enumerate(zip(self._taken(args), args, strict=False))]
        marks = "".join(found)
        whole = len(found) == len(args) and all(found)
        return marks if whole and ("p" in marks or "a" in marks) else None

    def _taken(self, args: Sequence[Value]) -> Iterator[Kind]:
        """The kinds that take the arguments, in order; fewer where one is for none of them."""
        rest = iter([p.kind for p in self.params[self.required:]])
        for i, arg in enumerate(args):
            found = self.params[i].kind if i < self.required else \
                next((k for k in rest if k.read(arg) is not NO), None)
            if found is None:
                return
            yield found

    def receives(self, args: Sequence[Value]) -> bool:
        """Whether the last of such arguments is an output."""
        return [*self._taken(args)][-1:] == [kinds.OUTPUT]

    def reader(self, mark: str, i: int, args: Sequence[Value]) -> Run | None:
        """What reads argument i of such arguments at every call, where the mark asks for it."""
        return list(self._taken(args))[i].read if mark == "r" else None

    def prepare(self, args: list[Value]) -> Run | None:
        """What is left to run on the operands among the arguments; None where calls of
        this form have to be read in full."""
        if self.plain is not None and forms.all_operands(args, self.required):
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
        return self._bound(values) if len(args) >= self.required else None

    def _bound(self, values: list[Any]) -> Run:
        """What runs on the operands among the values of all parameters."""
        n = self.required
        plain = self.params[-1].kind not in (kinds.OUTPUT, kinds.OUTPUTS) or values[-1] is None
        options = values[n:-1] if self.params[-1].name == "output" else values[n:]
        if self.fix is not None and plain and forms.all_operands(values[:n], n) \
                and not any(type(v) is forms.Operand for v in options):
            return self.fix(*options)
        if self.direct is not None and plain:
            return forms.filled(self.direct, [*values[:n], *options])
        return forms.filled(self.run, values)

    # -------------------------------------------------------------- calling

    def failed(self, x: Value, e: Exception) -> QError:
        """The q error of a failure inside torch, with what met there."""
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
        return self.delivery(pointer)(result)

    def delivery(self, pointer: bool) -> Run:
        """What makes a pointer or q value of a result, in a call with or without a pointer."""
        return as_pointer if self.gives(pointer) == "pointers" else as_value

    def gives(self, pointer: bool) -> str:
        """Whether results are pointers or values, in a call with or without a pointer."""
        makes = self.result == TENSOR or (self.result == AUTO and pointer)
        return "pointers" if makes else "values"

    # -------------------------------------------------------------- messages

    @property
    def form(self) -> str:
        """The argument list in words: `(x;dim;keepdim;output)`."""
        return "(" + ";".join(p.name for p in self.params if p is not IN_PLACE) + ")"

    def unrecognized(self, args: Sequence[Value]) -> QError:
        n = len(self.params)
        if self.usage is not None:
            return QError(self.label + self.usage.text(args, self.required, n))
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
        return Foreign(self.name, self.rank, self.call, self.doc, self.on_items, self.readers)


def _mark(kind: Kind, arg: Value, required: bool, bound: bool) -> str:
    """How a reader reads an argument of this kind; empty if it cannot."""
    of, tensor = type(arg), kind in kinds.TENSOR_KINDS
    if of is List:
        return "p" if tensor or kind is kinds.OUTPUT else ""
    if of in kind.types and (required or not bound):
        return "s" if kind.as_is else "r"
    if of is np.ndarray:
        return "" if tensor and not required else "a" if tensor else "v"
    if tensor or not isinstance(arg, _OPTIONS):
        return ""
    return "z" if isinstance(arg, (float, np.floating)) else "o"


_OPTIONS = (int, float, Symbol, Null, np.generic)  # types of options that have a hash


def _prepared(kind: Kind, arg: Value) -> Any:
    """An argument of a form as a parameter reads it; `NO` if it is not for it."""
    if type(arg) is not forms.Operand:
        return NO if kind in kinds.TENSOR_KINDS else kind.read(arg)
    taken = (arg.type in kind.types or kind in kinds.TENSOR_KINDS and arg.type in _TENSORS
             or arg is forms.POINTER and kind is kinds.OUTPUT)
    return arg if taken else NO


_TENSORS = (List, np.ndarray)
Quick = Mapping[str, Run]
Learn = Callable[[list[Value]], Run | None]


class Raw(Function):
    """A function that reads the q value itself; its parameters only describe it.

    `quick` has what runs for the forms that loops are made of: the key has a letter for each
    argument, p and a for tensors, h for the handle of another object, j f b for atoms, l for
    longs.  `learn` gives what runs for options, as `prepare` does; among its first arguments, so
    many as `tensors` says, arrays are tensors as well.
    """

    quick: Quick = {}
    learn: Learn | None = None
    tensors: int = 0

    def set_callers(self) -> None:
        if self.quick or self.learn:
            super().set_callers()
        else:
            self.call = partial(forms.in_full, self)

    def invoke(self, x: Value) -> Value:
        return as_it_is(self.run(x))

    def marks(self, args: Sequence[Value], alone: bool) -> str | None:
        letters = "".join(_letter(v) for v in args)
        found = next((k for k in (letters, letters.replace("a", "l")) if k in self.quick), None)
        if found is not None and (alone or len(args) > 1):
            return "".join("s" if letter in "jfb" else letter for letter in found)
        if self.learn is None or alone:
            return None
        return "".join("a" if i < self.tensors and type(v) is np.ndarray
                       else _OPTION_MARKS.get(type(v), "o") for i, v in enumerate(args))

    def prepare(self, args: list[Value]) -> Run | None:
        operands = all(type(v) is forms.Operand for v in args)
        found = self.quick.get("".join(_LETTERS[v.type] for v in args)) if operands else None
        return self.learn(args) if found is None and self.learn else found

    def receives(self, args: Sequence[Value]) -> bool:
        return False

    def reader(self, mark: str, i: int, args: Sequence[Value]) -> Run | None:
        return _longs if mark == "l" else None

    def delivery(self, pointer: bool) -> Run:
        return as_it_is

    def gives(self, pointer: bool) -> str:
        return "any" if pointer or not self.tensors else "values"


_LETTERS = {List: "p", Handle: "h", np.ndarray: "a", list: "l", int: "j", float: "f", bool: "b"}
_OPTION_MARKS = {List: "p", np.ndarray: "v", float: "z", np.float32: "z"}


def _letter(x: Value) -> str:
    handle = find(x) if type(x) is List else None
    return "h" if handle is not None and handle.kind != "tensor" else _LETTERS.get(type(x), "?")


def _longs(x: Value) -> list[int]:
    """Longs for a reader."""
    if x.dtype.char != "l" or x.ndim != 1:
        raise TypeError
    found: list[int] = x.tolist()
    return found


class Binary(Function):
    """A function of two q values (only `use`)."""

    def set_callers(self) -> None:
        self.call = self._of_two

    def _of_two(self, x: Value, y: Value = NULL) -> Value:
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
             usage: Usage | None = None, only_lists: bool = False, no_atoms: bool = False,
             direct: Run | None = None, fix: Callable[..., Run] | None = None,
             quick: Quick | None = None, learn: Learn | None = None,
             tensors: int = 0) -> Callable[[F], F]:
    """Declare a function: bound arguments go to it in the order of `params`.

    With `raw` it gets the q value as it is and returns a q value (None for null); `quick`,
    `learn` and `tensors` are about what runs in its place, see `Raw`.
    """

    def enter(run: F) -> F:
        cls = Raw if raw else Function
        made = cls(name, group, summary, params, run, tuple(examples), result, label=label,
                   notes=notes, samples=tuple(samples), plain=plain, usage=usage,
                   only_lists=only_lists, no_atoms=no_atoms, direct=direct, fix=fix)
        if isinstance(made, Raw):
            made.quick, made.learn, made.tensors = quick or {}, learn, tensors
            made.set_callers()
        declare(made)
        return run

    return enter


def simple_items(x: Value) -> list[Value]:
    """The arguments of a raw function: items of a general list, else the value alone."""
    if find(x) is not None or not is_general(x):
        return [x]
    return items(x)

