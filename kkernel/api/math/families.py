"""Families of functions that are read alike: one tensor, or two with a number allowed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from kkernel.q.errors import QError
from kkernel.q.functions import NULL
from kkernel.q.values import List, Value

from .. import forms, kinds
from ..convert import to_q, to_tensor
from ..declare import Function, declare
from ..events import changed
from ..kinds import is_empty, kname
from ..objects import find, find_tensor, register
from ..params import IN_PLACE, OUTPUT, Param, Usage, tensor
from ..readers import writing

Tensor = torch.Tensor
Run = Callable[..., Any]


def up_to(most: int, form: str, words: str = "args", expecting: str = "") -> Usage:
    """The usage that ktorch gives for an argument list of up to so many."""
    return Usage(f"unrecognized {words}, expecting up to {most}, ({form})",
                 f"expecting {expecting or f'up to {most}'} args, ({form}), given {{n}}", most)


class Unary(Function):
    """f(x), f(x;output) and, where torch has the method, f(tensor;::) in place."""

    def prepare(self, args: list[Value]) -> Run | None:
        if len(args) == 1:
            return self.run
        if args == [forms.POINTER] * 2:
            return writing(lambda t, out: self.run(t, out=out), 1)
        if args[0] is forms.POINTER and args[1] is NULL and len(args) == 2:
            return self.inplace and writing(self.inplace)
        return None

    def invoke(self, x: Value) -> Value:
        handle = find(x)
        if handle is not None:
            if handle.kind != "tensor":
                raise self.expected(self.params[0], x)
            return register("tensor", self.run(self.defined(self.params[0], handle.obj)))
        if type(x) is List and len(x) == 2:
            first, output = find_tensor(x[0]), find_tensor(x[1])
            if first is not None and is_empty(x[1]):
                return self._in_place(first.obj)
            if output is not None:
                t = to_tensor(x[0], device=output.obj.device) if first is None else first.obj
                self.run(self.defined(self.params[0], t), out=output.obj)
                return NULL
        return to_q(self.run(self.defined(self.params[0], to_tensor(x))), fresh=True)

    def _in_place(self, t: Tensor) -> Value:
        if self.inplace is None:
            raise QError(f"{self.label}: no in-place method")
        self.inplace(t)
        changed(t)
        return NULL


def unary(name: str, run: Run, summary: str, *, group: str, label: str = "",
          inplace: Run | None = None, sample: str = " -1.5 .25 2") -> None:
    """Declare a function of one tensor, with output and (given a method) in-place forms."""
    params = (tensor("x"), OUTPUT) + ((IN_PLACE,) if inplace else ())
    declare(Unary(name, group, summary, params, run, (name + sample,), label=label,
                  inplace=inplace, samples=(sample,)))


class Binary(Function):
    """f(x;y), f(x;y;output) and, where torch has the method, f(x;y;::) in place."""

    def prepare(self, args: list[Value]) -> Run | None:
        operands, rest = forms.split(args)
        if args[0] is forms.POINTER and len(operands) == 2 and rest == [NULL]:
            return self.inplace and writing(self.inplace)
        if not forms.all_operands(args, 2):
            return None
        tensors = operands[1] in (forms.POINTER, forms.ARRAY)
        return getattr(self.run, "of_tensors", self.run) if tensors else self.run

    def arguments(self, x: Value) -> list[Value]:
        if not isinstance(x, (np.ndarray, List)) and x is not NULL:
            raise self.of_scalar(x)
        args = super().arguments(x)
        if isinstance(x, np.ndarray) and x.ndim == 1:
            if len(args) != 2:
                raise self.not_a_pair(x)
            if x.dtype.kind == "u" and x.dtype.itemsize > 1:  # symbols, which nothing takes
                return args
            return [np.asarray(v) for v in args]  # of one type: neither is a plain number
        if not 2 <= len(args) <= 3:
            raise self.unrecognized(args)
        return args

    def not_a_pair(self, x: Value) -> QError:
        return QError(f"{self.label}: unable to derive a pair of values from inputs of size "
                      f"[{len(x)}]")

    def unrecognized(self, args: Sequence[Value]) -> QError:
        if len(args) == 3 and is_empty(args[2]):
            return QError(f"{self.label}: no in-place call implemented")
        if len(args) == 3:
            return QError(f"{self.label}: need an output tensor for 3rd argument, "
                          f"given {kname(args[2])}")
        return QError(f"{self.label}: expecting 2-3 args, (x;y) or (x;y;output), "
                      f"but given {len(args)}")

    def of_scalar(self, x: Value) -> QError:
        return QError(f"{self.label}: not implemented for {kname(x)}")

    def invoke(self, x: Value) -> Value:
        (a, b, output, *inplace), pointer = self.bind(x)
        if any(inplace):
            return self._in_place(a, b, x)
        if output is not None:
            self.run(a, b if isinstance(b, Tensor) else _scalar(b, a.device), out=output)
            return NULL
        return self.deliver(self.run(a, b), pointer)

    def _in_place(self, a: Tensor, b: Any, x: List) -> Value:
        assert self.inplace is not None
        if find(x[0]) is None:
            return to_q(self.inplace(a.clone(), b), fresh=True)
        self.inplace(a, b)
        changed(a)
        return NULL


def _scalar(n: float, device: torch.device) -> Tensor:
    """A number as libtorch's scalar_to_tensor makes it: double or long."""
    return torch.tensor(n, dtype=torch.float64 if isinstance(n, float) else torch.int64,
                        device=device)


def as_tensor(b: Any, a: Tensor) -> Tensor:
    """The second operand as a tensor, for functions that take no plain number."""
    return b if isinstance(b, Tensor) else _scalar(b, a.device)


def number_too(run: Run) -> Run:
    """Let a function of two tensors take a number as the second."""
    def call(a: Tensor, b: Any, **o: Any) -> Any:
        return run(a, as_tensor(b, a), **o)

    call.of_tensors = run  # type: ignore[attr-defined]  # for calls that have tensors only
    return call


def binary(name: str, run: Run, summary: str, *, group: str, label: str = "",
           inplace: Run | None = None, samples: Sequence[str] = ("(7 -3 2f;2 2 4f)",),
           kind: type[Binary] = Binary, other: kinds.Kind = kinds.TENSOR_OR_SCALAR) -> None:
    """Declare a function of two tensors, the second of which may be a number."""
    params = (tensor("x"), Param("y", other, "tensor, array or number"), OUTPUT,
              *((IN_PLACE,) if inplace else ()))
    declare(kind(name, group, summary, params, run, tuple(name + s for s in samples),
                   label=label, inplace=inplace, samples=tuple(samples)))
