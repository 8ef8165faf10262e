"""The form of a call: which arguments are tensors, and which options stand beside them.

In a loop the same form comes again and again.  A function works out once what a form leaves to do
when the tensors are known, and keeps it under the form; the next call reads only its tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from kkernel.q.functions import Null
from kkernel.q.symbols import Symbol
from kkernel.q.values import List, Value

from .convert import to_tensor
from .dtypes import FROM_NUMPY
from .objects import HANDLES

Tensor = torch.Tensor


class Operand:
    """Stands for a tensor, or for what is used as one, in a form."""

    __slots__ = ("word",)

    def __init__(self, word: str) -> None:
        self.word = word

    def __repr__(self) -> str:
        return self.word


POINTER, ARRAY, NUMBER = Operand("pointer"), Operand("array"), Operand("number")
ONE_POINTER = (POINTER,)
LONGEST = 16  # items of a vector that is an option
MOST = 256  # forms that a function keeps
_ATOMS = frozenset((int, float, bool, Symbol, Null))
_NUMBERS = frozenset((int, float))
_DISTINCT = frozenset((int, Symbol, Null))  # never equal to each other, as 1, 1f and 1b are

Form = tuple[Any, ...]
Run = Callable[..., Any]


class Places(NamedTuple):
    """Where a function takes arrays, and numbers, as it takes tensors."""

    arrays: frozenset[int] = frozenset()
    numbers: frozenset[int] = frozenset()


def live_tensor(pointer: Value) -> Tensor | None:
    """The tensor of a list of one long, None where that is no live pointer to one."""
    handle = HANDLES.get(pointer[0])
    return handle.obj if handle is not None and handle.kind == "tensor" else None


def read_form(args: Sequence[Value], places: Places, operands: list[Any]) -> Form | None:
    """The form of an argument list; its tensors go to `operands`.

    No form where a call needs a closer look: for pointers that are not live tensors, nested
    lists and long vectors.
    """
    arrays, numbers = places
    form: list[Any] = []
    for v in args:
        kind = type(v)
        if kind is List:
            t = live_tensor(v) if len(v) == 1 and type(v[0]) is int else None
            if t is None:
                return None
            operands.append(t)
            form.append(POINTER)
        elif kind in _ATOMS:
            if numbers and kind in _NUMBERS and len(operands) in numbers:
                operands.append(v)
                form.append(NUMBER)
            else:
                form.append(v if kind in _DISTINCT else (kind, v))
        elif kind is not np.ndarray:
            return None
        elif len(operands) in arrays and v.dtype in FROM_NUMPY:
            operands.append(to_tensor(v))
            form.append(ARRAY)
        elif v.ndim == 1 and len(v) <= LONGEST:
            form.append((v.dtype.char, v.tobytes()))
        else:
            return None
    return tuple(form)


def opened(form: Form, args: Sequence[Value]) -> list[Value]:
    """The arguments of a form with an `Operand` for each pointer, array or number that is one."""
    return [mark if type(mark) is Operand else v for mark, v in zip(form, args, strict=True)]


def of_pointers(form: Form) -> bool | None:
    """Whether the tensors of a form are pointers, not arrays; None for both, which may be on
    different devices, and for none."""
    pointers, arrays = POINTER in form, ARRAY in form
    return pointers if pointers is not arrays else None


def split(args: Sequence[Value]) -> tuple[list[Operand], list[Value]]:
    """The operands that come first, and the rest."""
    n = next((i for i, v in enumerate(args) if type(v) is not Operand), len(args))
    return list(args[:n]), list(args[n:])


def filled(run: Run, values: Sequence[Any]) -> Run:
    """run(*values) as a function of the operands among the values."""
    holes = [i for i, v in enumerate(values) if type(v) is Operand]
    n = len(holes)
    if holes != list(range(n)):

        def scattered(*operands: Any) -> Any:
            given = list(values)
            for i, t in zip(holes, operands):
                given[i] = t
            return run(*given)

        return scattered
    rest = tuple(values[n:])
    if not rest:
        return run
    if n == 1:
        return lambda x: run(x, *rest)
    if n == 2:
        return lambda x, y: run(x, y, *rest)
    return lambda *operands: run(*operands, *rest)
