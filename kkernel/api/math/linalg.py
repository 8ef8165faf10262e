"""Products of matrices and vectors, determinants, inverses and powers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from kkernel.q.errors import QError
from kkernel.q.values import Value

from .. import forms, kinds
from ..convert import to_q
from ..declare import Function, declare, function
from ..kinds import is_general, kname
from ..objects import find, find_tensor, register
from ..params import OUTPUT, Param, Usage, tensor
from ..readers import Fixed
from ..tensor.join import tensors_of_list
from .families import up_to
from .pointwise import written

Tensor = torch.Tensor
GROUP = "math-linalg"
X, Y, Z = tensor("x"), tensor("y"), tensor("z")
_A, _B = "(1 2f;3 4f)", "(5 6f;7 8f)"


# ------------------------------------------------------------------ products

class Product(Function):
    """f(x;y) and f(x;y;output), never of one simple list."""

    def unrecognized(self, args: Sequence[Value]) -> QError:
        given = f"3rd arg of output tensor, given {kname(args[2])}" if len(args) == 3 else \
            f"2-3 args, (x;y;output), given {len(args)}"
        return QError(f"{self.label}: expecting {given}")

    def prepare(self, args: list[Value]) -> forms.Run | None:
        return self.run if forms.all_operands(args, 2) else None

    def invoke(self, x: Value) -> Value:
        if not is_general(x):
            raise QError(f"{self.label}: not implemented for {kname(x)}")
        (a, b, out), pointer = self.bind(x)
        if out is None:
            return self.deliver(self.run(a, b), pointer)
        self.run(a, b, out=out)
        return self.deliver(None, pointer)


def _mmt(a: Tensor, b: Tensor, **o: Any) -> Tensor:
    return torch.mm(a, b.t(), **o)


def _mtm(a: Tensor, b: Tensor, **o: Any) -> Tensor:
    return torch.mm(a.t(), b, **o)


_PRODUCTS: tuple[tuple[str, Callable[..., Tensor], str, str], ...] = (
    ("bmm", torch.bmm, "products of the matrices of two batches",
     f"(enlist {_A};enlist {_B})"),
    ("dot", torch.dot, "inner product of two vectors", "(1 2 3f;4 5 6f)"),
    ("outer", torch.outer, "outer product of two vectors", "(1 2f;3 4 5f)"),
    ("matmul", torch.matmul, "product of matrices, vectors or batches of matrices",
     f"({_A};{_B})"),
    ("mm", torch.mm, "product of two matrices", f"({_A};{_B})"),
    ("mmt", _mmt, "product of a matrix and another transposed", f"({_A};{_B})"),
    ("mtm", _mtm, "product of a matrix transposed and another", f"({_A};{_B})"),
    ("mv", torch.mv, "product of a matrix and a vector", f"({_A};5 6f)"),
    ("householder", torch.linalg.householder_product,
     "columns of the orthogonal matrix that reflectors and their factors describe",
     f"({_A};.5 .25)"),
)
for _name, _run, _words, _sample in _PRODUCTS:
    declare(Product(_name, GROUP, _words, (X, Y, OUTPUT), _run, (_name + _sample,),
                    samples=(_sample,)))


@function("multidot", GROUP, "product of a series of matrices, in the fastest order",
          Param("x", kinds.VALUE, "list of matrices, or a vector of tensors"), raw=True,
          examples=[f"multidot({_A};{_B};{_A})"], samples=[f"({_A};{_B};{_A})"])
def multidot(x: Value) -> Value:
    handle = find(x)
    if handle is not None and handle.kind == "vector":
        return register("tensor", torch.linalg.multi_dot(handle.obj))
    tensors, pointer = tensors_of_list("multidot", x)
    made = torch.linalg.multi_dot(tensors)
    return register("tensor", made) if pointer else to_q(made, fresh=True)


_BETA = Param("beta", kinds.NUMBER, "factor of x, 1 if left out", 1)
_ALPHA = Param("alpha", kinds.NUMBER, "factor of the product, 1 if left out", 1)


_SUMS = Usage("unrecognized arg(s), 3-6 args expected, (x;y;z;beta;alpha;output)",
              "3-6 args expected, (x;y;z;beta;alpha;output), {n} given")


def _add_product(name: str, run: Callable[..., Tensor], words: str, sample: str) -> None:
    def fix(beta: float, alpha: float) -> Callable[..., Tensor]:
        return run if beta == alpha == 1 else Fixed(run, beta=beta, alpha=alpha)

    @function(name, GROUP, words, X, Y, Z, _BETA, _ALPHA, OUTPUT, only_lists=True, fix=fix,
              plain=run, usage=_SUMS,
              examples=[name + sample],
              samples=[sample, sample[:-1] + ";.5)", sample[:-1] + ";.5;2f)"])
    def call(x: Tensor, y: Tensor, z: Tensor, beta: float, alpha: float, out: Any) -> Any:
        return written(run(x, y, z, beta=beta, alpha=alpha, out=out), out)


_BATCHES = f"enlist {_A};enlist {_B}"
_add_product("addbmm", torch.addbmm, "beta * x + alpha * sum of the products of two batches",
             f"({_A};{_BATCHES})")
_add_product("addmm", torch.addmm, "beta * x + alpha * product of two matrices",
             f"({_A};{_A};{_B})")
_add_product("addmv", torch.addmv, "beta * x + alpha * product of a matrix and a vector",
             f"(1 2f;{_A};5 6f)")
_add_product("addr", torch.addr, "beta * x + alpha * outer product of two vectors",
             f"({_A};1 2f;3 4f)")
_add_product("baddbmm", torch.baddbmm, "beta * x + alpha * products of two batches",
             f"(enlist {_A};{_BATCHES})")


@function("Cross", GROUP, "cross product of vectors of 3", X, Y,
          Param("dim", kinds.LONG, "dimension of the vectors, the last if left out", -1), OUTPUT,
          label="cross", only_lists=True,
          usage=Usage("unexpected args(), expecting 2-4 args, (x;y;dim;output)",
                      "expecting 2-4 args, (x;y;dim;output), given {n}"),
          examples=["Cross(1 0 0;0 1 0)"],
          samples=["(1 0 0;0 1 0)"])
def cross(x: Tensor, y: Tensor, dim: int, out: Any) -> Any:
    return written(torch.linalg.cross(x, y, dim=dim, out=out), out)


# ------------------------------------------------------------------ determinants

for _name, _run, _words in (
        ("det", torch.det, "determinant"), ("logdet", torch.logdet, "logarithm of the determinant"),
        ("slogdet", torch.slogdet, "sign and logarithm of the absolute value of the determinant")):
    function(_name, GROUP, _words, tensor("x", "matrix or batch of matrices"),
             examples=[f"{_name}(4 2f;1 3f)"], samples=["(4 2f;1 3f)"])(_run)


# ------------------------------------------------------------------ inverse, power, rank

class Inverse(Function):
    """x and (x;output)."""

    def prepare(self, args: list[Value]) -> forms.Run | None:
        return self.run if len(args) == 1 else None

    def invoke(self, x: Value) -> Value:
        handle = find_tensor(x)
        if handle is None and is_general(x) and len(x) == 2 and find_tensor(x[1]) is not None:
            (a, out), pointer = self.bind(x)
            self.run(a, out=out)
            return self.deliver(None, pointer)
        (a, *_), pointer = self.bind(x)
        return self.deliver(self.run(a), pointer)


declare(Inverse("inverse", GROUP, "inverse of a matrix or of a batch of them", (X, OUTPUT),
                torch.inverse, ("inverse(4 2f;1 3f)",), label="matrix inverse",
                samples=("(4 2f;1 3f)",)))


@function("power", GROUP, "matrix to a whole power", tensor("x", "matrix or batch of matrices"),
          Param("n", kinds.LONG, "power, may be negative"), OUTPUT,
          usage=Usage("unrecognized arg(s), expecting (matrix;n) or (matrix;n;output)"),
          examples=[f"power({_A};2)"], samples=[f"({_A};2)", f"({_A};-1)"])
def power(x: Tensor, n: int, out: Any) -> Any:
    return written(torch.linalg.matrix_power(x, n, out=out), out)


_ATOL = Param("atol", kinds.OPTIONAL_DOUBLE, "absolute tolerance, null for the default", None)
_RTOL = Param("rtol", kinds.OPTIONAL_DOUBLE, "relative tolerance, null for the default", None)
_HERMITIAN = Param("hermitian", kinds.FLAG, "1b to promise that x is symmetric", False)


def _tolerant(name: str, run: Callable[..., Tensor], words: str) -> None:
    @function(name, GROUP, words, tensor("x", "matrix or batch of matrices"), _ATOL, _RTOL,
              _HERMITIAN, OUTPUT,
              usage=up_to(5, "input;atol;rtol;hermitian;output", "arg(s)"),
              examples=[f"{name}{_A}", f"{name}({_A};.1)"],
              samples=[_A, f"({_A};.1)", f"({_A};.1;.1)", f"({_A};0b)"])
    def call(x: Tensor, atol: float | None, rtol: float | None, hermitian: bool,
             out: Any) -> Any:
        return written(run(x, atol=atol, rtol=rtol, hermitian=hermitian, out=out), out)


_tolerant("mrank", torch.linalg.matrix_rank, "rank of a matrix")
_tolerant("pinverse", torch.linalg.pinv, "pseudo-inverse of a matrix")
