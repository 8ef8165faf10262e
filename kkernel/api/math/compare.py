"""Comparisons: element by element, of whole tensors, special values, and sorting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from kkernel.q.errors import QError
from kkernel.q.functions import NULL
from kkernel.q.values import List, Value

from .. import kinds
from ..declare import Function, K, declare, function
from ..params import OUTPUT, OUTPUTS, Param, Usage, tensor
from ..readers import Fixed
from .families import Binary, binary, number_too, unary, up_to
from .pointwise import written
from .vectors import into_vector

Tensor = torch.Tensor
GROUP = "math-compare"
METHOD = torch.Tensor


class Comparison(Binary):
    """A comparison: in place it gives nothing back, whatever it was given."""

    def unrecognized(self, args: Sequence[Value]) -> QError:
        return QError(f"{self.label}: expects args of(x;y;optional output tensor), x is array or "
                      "tensor, y may also be a scalar")

    def not_a_pair(self, x: Value) -> QError:
        return self.unrecognized(x)

    of_scalar = not_a_pair

    def _in_place(self, a: Tensor, b: Any, x: List) -> Value:
        super()._in_place(a, b, x)
        return NULL


for _name, _words in (("eq", "x equal to y"), ("ge", "x not below y"), ("gt", "x above y"),
                      ("le", "x not above y"), ("lt", "x below y"), ("ne", "x not equal to y")):
    binary(_name, getattr(torch, _name), f"true where {_words}", group=GROUP,
           inplace=getattr(METHOD, _name + "_"), samples=("(1 2 3;3 2 1)", "(1 2 3;2)"),
           kind=Comparison, other=kinds.TENSOR_OR_NUMBER)

for _name, _words in (("fmax", "larger of x and y; a nan gives way to the other"),
                      ("fmin", "smaller of x and y; a nan gives way to the other"),
                      ("maximum", "larger of x and y; a nan stays"),
                      ("minimum", "smaller of x and y; a nan stays")):
    binary(_name, number_too(getattr(torch, _name)), _words, group=GROUP,
           samples=("(1 5 3;3 2 1)", "(1 0n 3;3 2 1f)"))

unary("msort", torch.msort, "sorted along the first dimension", group=GROUP,
      sample="(3 1;2 9;1 4)")

for _name, _torch, _words in (
        ("finite", "isfinite", "a finite number"), ("inf", "isinf", "infinite"),
        ("nan", "isnan", "not a number"), ("neginf", "isneginf", "negative infinity"),
        ("posinf", "isposinf", "positive infinity")):
    function(_name, GROUP, f"true where x is {_words}", tensor("x"),
             examples=[f"{_name} 1 0n 0w -0w"], samples=[" 1 0n 0w -0w"])(
                 getattr(torch, _torch))


# ------------------------------------------------------------------ close, equal

_CLOSE = (tensor("x"), tensor("y"),
          Param("rtol", kinds.DOUBLE, "tolerance relative to y, 1e-05", 1e-5),
          Param("atol", kinds.DOUBLE, "absolute tolerance, 1e-08", 1e-8),
          Param("nan", kinds.FLAG, "1b to let nan equal nan", False))
_EXPECTS = Usage("expects (x;y), (x;y;nan equal), (x;y;rel tol), (x;y;rel tol;abs tol), or "
                 "(x;y;rel;abs;nan equal)")
_SAMPLES = ("(1 2 3f;1 2 3.00001)", "(1 2 3f;1 2 3.1;.1)", "(1 0n;1 0n;1b)")
declare(Function("close", GROUP, "true where x is within tolerance of y", _CLOSE, torch.isclose,
              tuple("close" + s for s in _SAMPLES), samples=_SAMPLES, usage=_EXPECTS))
declare(Function("allclose", GROUP, "whether all of x is within tolerance of y", _CLOSE,
              torch.allclose, tuple("allclose" + s for s in _SAMPLES), result=K,
              samples=_SAMPLES, usage=_EXPECTS))


@function("equal", GROUP, "whether x and y have the same size and elements", tensor("x"),
          tensor("y"), result=K,
          usage=Usage("expects two input arrays/tensors to compare", after_name=" "),
          examples=["equal(1 2 3;1 2 3)", "equal 1 2"],
          samples=["(1 2 3;1 2 3)", "(1 2 3;1 2 4)"])
def equal(x: Tensor, y: Tensor) -> bool:
    return torch.equal(x, y)


# ------------------------------------------------------------------ sorting

DIM = Param("dim", kinds.LONG, "dimension, the last if left out", -1)
_DESCEND = Param("descend", kinds.FLAG, "1b for the largest first", False)


@function("sort", GROUP, "sorted values and their indices", tensor("x"), DIM, _DESCEND,
          Param("stable", kinds.FLAG, "1b to keep the order of equals", None), OUTPUTS,
          usage=up_to(5, "input;dim;descend;stable;output"),
          fix=lambda dim, descend, stable: Fixed(torch.sort, dim, descend) if not stable
          else Fixed(torch.sort, dim=dim, descending=descend, stable=True),
          examples=["sort 3 1 2", "sort(3 1 2;1b)"], samples=["(3 1 2;9 8 7)", "(3 1 2;1b)"])
def sort(x: Tensor, dim: int, descend: bool, stable: bool | None, out: Any) -> Any:
    return into_vector(
        lambda **o: torch.sort(x, dim=dim, descending=descend, stable=bool(stable), **o), out)


@function("argsort", GROUP, "indices that would sort", tensor("x"), DIM, _DESCEND,
          usage=up_to(3, "input;dim;descend"),
          fix=lambda dim, descend: Fixed(torch.argsort, dim, descend),
          examples=["argsort 3 1 2", "argsort(3 1 2;1b)"], samples=["(3 1 2;9 8 7)"])
def argsort(x: Tensor, dim: int, descend: bool) -> Tensor:
    return torch.argsort(x, dim, descend)


@function("topk", GROUP, "the k largest or smallest values and their indices", tensor("x"),
          Param("k", kinds.LONG, "how many"), DIM,
          Param("largest", kinds.FLAG, "0b for the smallest", True),
          Param("sorted", kinds.FLAG, "0b to leave them in any order", True), OUTPUTS,
          only_lists=True, direct=torch.topk, examples=["topk(3 1 2 9;2)", "topk(3 1 2 9;2;0b)"],
          samples=["(3 1 2 9;2)", "(3 1 2 9;2;0b)", "((3 1 2;9 8 7);2;0)"])
def topk(x: Tensor, k: int, dim: int, largest: bool, ordered: bool, out: Any) -> Any:
    return into_vector(lambda **o: torch.topk(x, k, dim, largest, ordered, **o), out)


@function("kthvalue", GROUP, "the k-th smallest value and its index", tensor("x"),
          Param("k", kinds.LONG, "which, from 1"), DIM,
          Param("keepdim", kinds.FLAG, "1b to keep the dimension, with size 1", False), OUTPUTS,
          only_lists=True, direct=torch.kthvalue, examples=["kthvalue(3 1 2;2)"],
          samples=["(3 1 2;2)", "((3 1 2;9 8 7);1;0;1b)"])
def kthvalue(x: Tensor, k: int, dim: int, keepdim: bool, out: Any) -> Any:
    return into_vector(lambda **o: torch.kthvalue(x, k, dim, keepdim, **o), out)


@function("In", GROUP, "true where an element of x is among those of y",
          Param("x", kinds.TENSOR_OR_SCALAR, "tensor, array or number"),
          Param("y", kinds.TENSOR_OR_SCALAR, "tensor, array or number"),
          Param("unique", kinds.FLAG, "1b to promise that there are no duplicates", False),
          Param("invert", kinds.FLAG, "1b for those not among y", False), OUTPUT,
          only_lists=True, examples=["In(1 2 3;2 5)", "In(1 2 3;2)"],
          samples=["(1 2 3;2 5)", "(1 2 3;2)"])
def in_(x: Any, y: Any, unique: bool, invert: bool, out: Tensor | None) -> Tensor | None:
    if not isinstance(x, Tensor) and not isinstance(y, Tensor):
        raise QError("In: not implemented for inputs that are both scalars")
    return written(torch.isin(x, y, assume_unique=unique, invert=invert, out=out), out)


