"""Diagonals, triangles, histograms, running sums, rolls and contractions."""

from __future__ import annotations

from typing import Any

import torch

from kkernel.q.errors import QError
from kkernel.q.functions import NULL
from kkernel.q.values import Value, items

from .. import forms, kinds
from ..declare import Function, declare, function
from ..events import changed
from ..kinds import NO, as_long, is_general
from ..objects import find
from ..params import IN_PLACE, OUTPUT, Param, Usage, tensor
from ..readers import Fixed
from .families import up_to
from .pointwise import written

Tensor = torch.Tensor
GROUP = "math-other"
X = tensor("x")
_MATRIX = "(1 2 3;4 5 6)"


class Listed(Function):
    """A function whose general list is always its arguments, never one array."""

    def arguments(self, x: Value) -> list[Value]:
        return [x] if find(x) is not None or not is_general(x) else items(x)

    def invoke(self, x: Value) -> Value:  # the short way takes a rectangle for one array
        return super().invoke(x)


declare(Listed("bincount", GROUP, "how often each whole number from 0 occurs",
               (tensor("x", "vector of whole numbers, none negative"),
                Param("weight", kinds.OPTIONAL_TENSOR, "weight of each element", None),
                Param("bins", kinds.LONG, "least number of counts", 0)),
               torch.bincount, ("bincount 1 1 3", "bincount(1 1 3;6)"),
               samples=(" 1 1 3", "(1 1 3;6)", "(1 1 3;.5 1 2)", "(1 1 3;2 3 4)",
                        "(1 1 3;.5 1 2;6)"),
               usage=Usage("expects 1-3 args, input, (input;bins), (input;weight) or "
                           "(input;weight;bins)", after_name=" ")))


_DIM = Param("dim", kinds.LONG, "dimension, the last if left out", -1)
_DTYPE = Param("dtype", kinds.DTYPE, "data type to calculate in", None)
for _name, _run, _words in (("cumsum", torch.cumsum, "running sum"),
                            ("cumprod", torch.cumprod, "running product")):
    def _running(x: Tensor, dim: int, dtype: Any, out: Any, run: Any = _run) -> Any:
        return written(run(x, dim, dtype=dtype, out=out), out)

    def _along(dim: int, dtype: Any, run: Any = _run) -> Any:
        return Fixed(run, dim) if dtype is None else Fixed(run, dim, dtype=dtype)

    function(_name, GROUP, _words, X, _DIM, _DTYPE, OUTPUT, examples=[f"{_name} 1 2 3"],
             fix=_along,
             usage=up_to(4, "input;dim;dtype;output"),
             samples=[" 1 2 3", f"({_MATRIX};0)", f"({_MATRIX};1;`double)"])(_running)


# ------------------------------------------------------------------ diagonals, triangles

_OFFSET = Param("offset", kinds.LONG, "diagonal: above the main one if positive", 0)


@function("diag", GROUP, "matrix with a vector on a diagonal, or a diagonal of a matrix", X,
          _OFFSET, OUTPUT, usage=up_to(3, "input;offset;output", "arg(s)"), no_atoms=True,
          examples=["diag 1 2 3", f"diag({_MATRIX};1)"],
          samples=[" 1 2 3", f"({_MATRIX};1)"])
def diag(x: Tensor, offset: int, out: Any) -> Any:
    return written(torch.diag(x, offset, out=out), out)


@function("diagflat", GROUP, "matrix with all elements on a diagonal", X, _OFFSET,
          usage=up_to(3, "input;offset;output", "arg(s)"), no_atoms=True,
          examples=["diagflat 1 2"],
          samples=[" 1 2", f"({_MATRIX};1)"])
def diagflat(x: Tensor, offset: int) -> Tensor:
    return torch.diagflat(x, offset)


@function("diagonal", GROUP, "a diagonal of two dimensions, as a view", X, _OFFSET,
          Param("dim1", kinds.LONG, "first dimension", 0),
          Param("dim2", kinds.LONG, "second dimension", 1), only_lists=True,
          examples=[f"diagonal{_MATRIX}"],
          samples=[_MATRIX, f"({_MATRIX};1)", f"({_MATRIX};0;1;0)"])
def diagonal(x: Tensor, offset: int, dim1: int, dim2: int) -> Tensor:
    return torch.diagonal(x, offset, dim1, dim2)


class Triangle(Function):
    """x, (x;offset), (x;offset;output), and (tensor;offset;::) in place."""

    def prepare(self, args: list[Value]) -> forms.Run | None:
        tensor, offset = args[0], args[1:]
        plain = type(tensor) is forms.Operand and offset in ([], [forms.NUMBERS[int]])
        return self.run if plain else None

    def invoke(self, x: Value) -> Value:
        (a, offset, out, inplace), pointer = self.bind(x)
        if not inplace:
            return self.deliver(written(self.run(a, offset, out=out), out), pointer)
        assert self.inplace is not None
        pointed = find(x[0]) is not None
        self.inplace(a if pointed else a.clone(), offset)
        if pointed:
            changed(a)
        return NULL


for _name, _run, _inplace, _words in (
        ("tril", torch.tril, Tensor.tril_, "lower triangle, zeros above the diagonal"),
        ("triu", torch.triu, Tensor.triu_, "upper triangle, zeros below the diagonal")):
    declare(Triangle(_name, GROUP, _words, (X, _OFFSET, OUTPUT, IN_PLACE), _run,
                     (f"{_name}{_MATRIX}", f"{_name}({_MATRIX};1)"), inplace=_inplace,
                     usage=up_to(3, "input;dim;output", "arg(s)"), no_atoms=True,
                     samples=(_MATRIX, f"({_MATRIX};1)", f"({_MATRIX};-1)")))


@function("trace", GROUP, "sum of the diagonal of a matrix", X, examples=["trace(1 2;3 4)"],
          samples=["(1 2;3 4)"])
def trace(x: Tensor) -> Tensor:
    return torch.trace(x)


# ------------------------------------------------------------------ order

@function("Flip", GROUP, "order reversed along dimensions", X,
          Param("dims", kinds.LONGS, "dimension(s)"), examples=[f"Flip({_MATRIX};1)"],
          usage=Usage("unrecognized arg(s), expecting 2 arguments, (input;dims)"),
          samples=[f"({_MATRIX};1)", f"({_MATRIX};0 1)"])
def flip(x: Tensor, dims: list[int]) -> Tensor:
    return torch.flip(x, dims)


@function("roll", GROUP, "elements shifted along dimensions, round the end", X,
          Param("shifts", kinds.LONGS, "how far, by dimension"),
          Param("dims", kinds.LONGS, "dimensions, the flat input if left out", None),
          usage=Usage("unexpected arg(s), expects 2-3 args, (input;shifts;dims)"),
          examples=["roll(1 2 3 4;1)", f"roll({_MATRIX};1;1)"],
          samples=["(1 2 3 4;1)", f"({_MATRIX};1;1)"])
def roll(x: Tensor, shifts: list[int], dims: list[int] | None) -> Tensor:
    return torch.roll(x, shifts) if dims is None else torch.roll(x, shifts, dims)


# ------------------------------------------------------------------ others

@function("histc", GROUP, "counts of elements in bins of equal width", X,
          Param("bins", kinds.LONG, "number of bins, 100 if left out", 100),
          Param("lo", kinds.NUMBER, "start of the first bin", 0),
          Param("hi", kinds.NUMBER, "end of the last bin; the range of x if both are 0", 0),
          OUTPUT,
          usage=Usage("unrecognized arg(s), expecting 1-5 args, (input;bins;lo;hi;output)"),
          examples=["histc(1 2 2 5f;4)", "histc(1 2 2 5f;4;0;8)"],
          samples=["(1 2 2 5f;4)", "(1 2 2 5f;4;0;8)"])
def histc(x: Tensor, bins: int, lo: float, hi: float, out: Any) -> Any:
    return written(torch.histc(x, bins, lo, hi, out=out), out)


@function("renorm", GROUP, "parts of a dimension scaled down to a largest norm", X,
          Param("p", kinds.NUMBER, "order of the norm"), Param("dim", kinds.LONG, "dimension"),
          Param("maxnorm", kinds.NUMBER, "largest norm"), OUTPUT,
          usage=Usage("unexpected arg(s), expecting 4-5 args, (input;power;dim;maxnorm;output)"),
          examples=["renorm((3 4f;.3 .4);2;0;1)"], samples=["((3 4f;.3 .4);2;0;1)"])
def renorm(x: Tensor, p: float, dim: int, maxnorm: float, out: Any) -> Any:
    return written(torch.renorm(x, p, dim, maxnorm, out=out), out)


_DIMS1 = Param("dims1", kinds.LONGS, "how many dimensions, or which of x", None)
_DIMS2 = Param("dims2", kinds.LONGS, "which of y", None)


class Contraction(Function):
    """(x;y), (x;y;count) and (x;y;dims of x;dims of y)."""

    def invoke(self, x: Value) -> Value:
        (a, b, first, second), pointer = self.bind(x)
        if second is not None:
            return self.deliver(torch.tensordot(a, b, (first, second)), pointer)
        if first is not None and (len(first) != 1 or as_long(x[2]) is NO):
            raise QError("tensordot: unexpected arg(s), expecting inputs (x;y), (x;y;dim) or "
                         "(x;y;dim1;dim2)")
        count = first[0] if first else min(2, a.ndim) if not a.ndim else 2
        return self.deliver(torch.tensordot(a, b, count), pointer)


declare(Contraction("tensordot", GROUP, "sum of products over dimensions of both tensors",
                    (X, tensor("y"), _DIMS1, _DIMS2), torch.tensordot,
                    ("tensordot((1 2;3 4);(1 2;3 4))", "tensordot((1 2;3 4);(1 2;3 4);1)"),
                    samples=("((1 2;3 4);(1 2;3 4))", "((1 2;3 4);(1 2;3 4);1)",
                             "((1 2;3 4);(1 2;3 4);0;1)")))
