"""Decompositions of matrices and the solvers that use them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from kkernel.q.errors import QError
from kkernel.q.symbols import Symbol
from kkernel.q.values import Value, items

from .. import kinds
from ..convert import list_to_q, to_q, to_tensor
from ..declare import function, simple_items
from ..kinds import NO, Kind, as_flag, as_vector, is_array, is_general, kname
from ..objects import find, find_tensor, register
from ..params import OUTPUT, OUTPUTS, Param, Usage, tensor
from .pointwise import written
from .vectors import into_vector

Tensor = torch.Tensor
GROUP = "math-linalg"
X = tensor("x", "matrix or batch of matrices")
_SPD = "(4 2f;2 3f)"  # symmetric, positive definite
_TALL = "(1 2f;3 4f;5 6f)"


def choice(word: str, *names: str, text: str = "unrecognized {word}: {given}") -> Kind:
    """A symbol out of a few; the null symbol is None, others are signalled."""

    def read(x: Value) -> Any:
        if type(x) is not Symbol:
            return NO
        if x and x not in names:
            raise QError(text.format(word=word, given=x))
        return str(x) or None

    return Kind(word, read, names)


def _usage(before: str, form: str, unknown: str = "unexpected arg(s), ",
           given: str = ", {n} given") -> Usage:
    """What messages say: how many arguments are expected, in which form."""
    return Usage(f"{unknown}{before}, ({form})", f"{before}, ({form}){given}")


def _flag(name: str, words: str, default: bool) -> Param:
    return Param(name, kinds.FLAG, words, default)


# ------------------------------------------------------------------ Cholesky

_UPPER = _flag("upper", "1b for the upper triangle", False)
_CHECK = _flag("check", "1b to signal a failure in place of returning its code", False)


@function("chol", GROUP, "Cholesky factor of a positive-definite matrix", X, _UPPER, OUTPUT,
          only_lists=True, usage=Usage("unrecognized arg(s), expecting 1-3 args, a, (a;upper), "
                                       "(a;out) or (a;upper;out)"),
          examples=[f"chol{_SPD}", f"chol({_SPD};1b)"], samples=[_SPD, f"({_SPD};1b)"])
def chol(x: Tensor, upper: bool, out: Any) -> Any:
    return written(torch.linalg.cholesky(x, upper=upper, out=out), out)


@function("cholx", GROUP, "Cholesky factor and codes of failure", X, _UPPER, _CHECK, OUTPUTS,
          only_lists=True, usage=_usage("expecting 1-4 arg(s)", "x;upper;check;output"),
          examples=[f"cholx{_SPD}"], samples=[_SPD, f"({_SPD};1b)"])
def cholx(x: Tensor, upper: bool, check: bool, out: Any) -> Any:
    return into_vector(lambda **o: torch.linalg.cholesky_ex(
        x, upper=upper, check_errors=check, **o), out)


@function("cholinverse", GROUP, "inverse of the matrix that a Cholesky factor belongs to",
          tensor("x", "Cholesky factor"), _UPPER, OUTPUT, only_lists=True,
          usage=_usage("1-3 args expected", "x;upper;output"), examples=["cholinverse(2 0f;1 1.5)"],
          samples=["(2 0f;1 1.5)", "((2 1f;0 1.5);1b)"])
def cholinverse(x: Tensor, upper: bool, out: Any) -> Any:
    return written(torch.cholesky_inverse(x, upper, out=out), out)


@function("cholsolve", GROUP, "x in a x = b, from the Cholesky factor of a",
          tensor("b", "right-hand sides"), tensor("u", "Cholesky factor"), _UPPER, OUTPUT,
          label="choleskysolve", only_lists=True,
          usage=_usage("2-4 args expected", "b;u;upper;output", "unrecognized arg(s), ",
                       ", but {n} given"), examples=["cholsolve((1 2f;3 4f);(2 0f;1 1.5))"],
          samples=["((1 2f;3 4f);(2 0f;1 1.5))"])
def cholsolve(b: Tensor, u: Tensor, upper: bool, out: Any) -> Any:
    return written(torch.cholesky_solve(b, u, upper, out=out), out)


# ------------------------------------------------------------------ LU

_PIVOT = _flag("pivot", "0b to calculate without pivoting", True)


@function("lu", GROUP, "LU decomposition and pivots", X, _PIVOT, OUTPUTS, label="lufactor",
          usage=_usage("expecting 1-3 args", "x;pivot;output", "unrecognized args, ",
                       ", given {n}"),
          examples=[f"lu{_SPD}"], samples=[_SPD])
def lu(x: Tensor, pivot: bool, out: Any) -> Any:
    return into_vector(lambda **o: torch.linalg.lu_factor(x, pivot=pivot, **o), out)


@function("lux", GROUP, "LU decomposition, pivots and codes of failure", X, _PIVOT, _CHECK,
          OUTPUTS, only_lists=True, usage=_usage("expecting 1-4 arg(s)", "x;pivot;check;output"),
          examples=[f"lux{_SPD}"], samples=[_SPD])
def lux(x: Tensor, pivot: bool, check: bool, out: Any) -> Any:
    return into_vector(lambda **o: torch.linalg.lu_factor_ex(
        x, pivot=pivot, check_errors=check, **o), out, 3)


def _matrix_and_pivots(name: str, x: Value) -> tuple[Tensor, Tensor, bool] | None:
    """The LU matrix and pivots of a vector or a list of both; whether one is a pointer."""
    vector = as_vector(x)
    if vector is not NO:
        if len(vector) < 2:
            raise QError(f"{name}: {len(vector)}-element vector, but 2 elements required "
                         "(LU matrix & pivots)")
        return vector[0], vector[1], True
    if not is_general(x) or find(x) is not None or len(x) < 2:
        return None
    return _pair(items(x)[:2])


def _pair(args: list[Value]) -> tuple[Tensor, Tensor, bool]:
    handles = [find_tensor(a) for a in args]
    device = next((h.obj.device for h in handles if h is not None), None)
    a, b = (to_tensor(v, device=device) if h is None else h.obj
            for v, h in zip(args, handles, strict=True))
    return a, b, any(h is not None for h in handles)


def _delivered(made: Any, pointer: bool) -> Value:
    if isinstance(made, Tensor):
        return register("tensor", made) if pointer else to_q(made, fresh=True)
    return register("vector", list(made)) if pointer else list_to_q(list(made), fresh=True)


@function("lun", GROUP, "permutation, lower and upper matrix of an LU decomposition",
          Param("lu", kinds.VALUE, "vector or list from lu, or LU matrix and pivots"),
          _flag("dataflag", "0b to leave out the matrices", True),
          _flag("pivotflag", "0b to leave out the permutation", True), OUTPUTS, raw=True,
          examples=[f"lun lu{_SPD}"])
def lun(x: Value) -> Value:
    args = [x] if as_vector(x) is not NO else list(simple_items(x)) or [x]
    out = as_vector(args[-1]) if len(args) > 1 else NO
    if out is not NO:
        args.pop()
    flags: list[bool] = []
    while len(args) > 1 and as_flag(args[-1]) is not NO:
        flags.insert(0, as_flag(args.pop()))
    found = _pair(args) if len(args) == 2 else _matrix_and_pivots("lun", args[0])
    if found is None or len(args) > 2 or len(flags) > 2:
        raise QError("lun: expecting 1-5 args, (lu vector;dataflag;pivotflag;output) or "
                     f"(lu matrix;pivots;dataflag;pivotflag;output), {len(args)} arg(s) given")
    data, pivots = [*flags, True, True][:2]
    made = torch.lu_unpack(found[0], found[1], data, pivots)
    if out is NO:
        return _delivered(made, found[2])
    return into_vector(lambda **o: made, out, 3, writes=False)


@function("lusolve", GROUP, "x in a x = b, from the LU decomposition of a",
          Param("b", kinds.TENSOR, "right-hand sides"),
          Param("lu", kinds.VALUE, "vector or list from lu, or LU matrix and pivots"),
          Param("pivots", kinds.VALUE, "pivots, where the matrix comes alone", None), OUTPUT,
          raw=True, examples=[f"lusolve((1 2f;3 4f);lu{_SPD})"])
def lusolve(x: Value) -> Value:
    if not is_general(x) or find(x) is not None:
        raise QError(f"lusolve: not implemented for {kname(x)}")
    args = simple_items(x)
    if not 2 <= len(args) <= 4:
        raise QError("lusolve: 2-4 arguments expected, (b;lu;output) or "
                     f"(b;matrix;pivot;output), but {len(args)} given")
    alone = find_tensor(args[1]) is not None or is_array(args[1])
    if alone and len(args) < 3:
        raise QError("lusolve: expecting (b;matrix;pivot) or (b;matrix;pivot;output), but "
                     f"given {len(args)} args")
    found = _pair(args[1:3]) if alone else _matrix_and_pivots("lusolve", args[1])
    rest = args[3:] if alone else args[2:]
    out = find_tensor(rest[0]) if rest else None
    if found is None or len(rest) > 1 or (rest and out is None):
        raise QError("lusolve: expecting (b;lu) or (b;lu;output), but given "
                     f"{', '.join(kname(a) for a in args)}")
    matrix, pivots, pointer = found
    handle = find_tensor(args[0])
    b = to_tensor(args[0], device=matrix.device) if handle is None else handle.obj
    made = torch.linalg.lu_solve(matrix, pivots, b, out=None if out is None else out.obj)
    return None if out is not None else _delivered(made, pointer or handle is not None)


# ------------------------------------------------------------------ QR, SVD, eigenvalues

@function("qr", GROUP, "orthogonal and upper triangular matrix", X,
          Param("mode", choice("qr mode", "reduced", "complete", "r"),
                "`` `reduced`complete`r``", "reduced"), OUTPUTS, only_lists=True,
          usage=_usage("1-3 args expected", "x;mode;output"),
          examples=[f"qr{_TALL}"], samples=[_TALL, f"({_TALL};`complete)"])
def qr(x: Tensor, mode: str | None, out: Any) -> Any:
    return into_vector(lambda **o: torch.linalg.qr(x, mode or "reduced", **o), out)


def _driver(name: str) -> Param:
    return Param("driver", choice("driver", "gesvd", "gesvda", "gesvdj",
                                  text=name + ": unrecognized driver `{given}"),
                 "CUDA method `` `gesvd`gesvda`gesvdj``, null for the default", None)


@function("svd", GROUP, "singular value decomposition: u, s and v transposed", X,
          _flag("full", "0b for the reduced form", True), _driver("svd"), OUTPUTS,
          only_lists=True, usage=Usage(
              "unrecognized args, expecting 1-4 args, (a;full;driver;out vector)",
              "expecting 1-4 args, (x;full;driver;out vector), given {n}"),
          examples=[f"svd{_TALL}"], samples=[_TALL, f"({_TALL};0b)"])
def svd(x: Tensor, full: bool, driver: str | None, out: Any) -> Any:
    return into_vector(lambda **o: torch.linalg.svd(x, full, driver=driver, **o), out, 3)


@function("svdvals", GROUP, "singular values", X, _driver("svdvals"), OUTPUT,
          only_lists=True, usage=Usage("unrecognized args, expecting 1-3 args, (a;driver;out)",
                                       "expecting 1-3 args, (x;driver;out), given {n}"),
          examples=[f"svdvals{_TALL}"], samples=[_TALL])
def svdvals(x: Tensor, driver: str | None, out: Any) -> Any:
    return written(torch.linalg.svdvals(x, driver=driver, out=out), out)


_EIGH_UPPER = _flag("upper", "1b to read the upper triangle", False)


_EIG, _EIGH = (_usage(f"expecting 1-{most} args", form + ";output", "unrecognized arg(s), ")
               for most, form in ((2, "x"), (3, "x;upper")))


def _triangle(upper: bool) -> str:
    return "U" if upper else "L"


@function("eig", GROUP, "eigenvalues and eigenvectors, complex", X, OUTPUTS,
          only_lists=True, usage=_EIG,
          examples=[f"eigvals{_SPD}"], samples=[_SPD])
def eig(x: Tensor, out: Any) -> Any:
    return into_vector(lambda **o: torch.linalg.eig(x, **o), out)


@function("eigh", GROUP, "eigenvalues and eigenvectors of a symmetric matrix", X, _EIGH_UPPER,
          OUTPUTS, only_lists=True, usage=_EIGH, examples=[f"eigh{_SPD}"],
          samples=[_SPD, f"({_SPD};1b)"])
def eigh(x: Tensor, upper: bool, out: Any) -> Any:
    return into_vector(lambda **o: torch.linalg.eigh(x, _triangle(upper), **o), out)


@function("eigvals", GROUP, "eigenvalues, complex", X, OUTPUT, only_lists=True, usage=_EIG,
          examples=[f"eigvals{_SPD}"], samples=[_SPD])
def eigvals(x: Tensor, out: Any) -> Any:
    return written(torch.linalg.eigvals(x, out=out), out)


@function("eigvalsh", GROUP, "eigenvalues of a symmetric matrix", X, _EIGH_UPPER, OUTPUT,
          only_lists=True, usage=_EIGH,
          examples=[f"eigvalsh{_SPD}"], samples=[_SPD])
def eigvalsh(x: Tensor, upper: bool, out: Any) -> Any:
    return written(torch.linalg.eigvalsh(x, _triangle(upper), out=out), out)


# ------------------------------------------------------------------ solvers

_A, _B = tensor("a", "matrix or batch of matrices"), tensor("b", "right-hand sides")
_LEFT = _flag("left", "0b for x in x a = b", True)


@function("solve", GROUP, "x in a x = b", _A, _B, _LEFT, OUTPUT, only_lists=True,
          usage=Usage("unrecognized arg(s), expecting 2-4 args, (a;b), (a;b;left), (a;b;out) or "
                      "(a;b;left;out)", "expects 2-4 args, (a;b;left;out), given {n}"),
          examples=[f"solve({_SPD};(1 2f;3 4f))"], samples=[f"({_SPD};(1 2f;3 4f))"])
def solve(a: Tensor, b: Tensor, left: bool, out: Any) -> Any:
    return written(torch.linalg.solve(a, b, left=left, out=out), out)


@function("trisolve", GROUP, "x in a x = b with a triangular matrix a", _A, _B,
          Param("upper", kinds.FLAG, "1b for an upper triangular matrix"), _LEFT,
          _flag("unitriangular", "1b to take the diagonal as ones", False), OUTPUT,
          label="solve", only_lists=True, usage=Usage(
              "unrecognized args, expecting 3-6 args, (a;b;upper;left;unitriangular;output)",
              "expects 3-6 args, (a;b;upper;left;unitriangular;output), given {n}"),
          examples=["trisolve((2 0f;1 3f);(2 4f;6 8f);0b)"],
          samples=["((2 0f;1 3f);(2 4f;6 8f);0b)"])
def trisolve(a: Tensor, b: Tensor, upper: bool, left: bool, unit: bool, out: Any) -> Any:
    return written(torch.linalg.solve_triangular(
        a, b, upper=upper, left=left, unitriangular=unit, out=out), out)


_METHOD = choice("driver", "gels", "gelsd", "gelss", "gelsy")


@function("lstsq", GROUP, "least squares: solution, residuals, rank and singular values", _A, _B,
          Param("rcond", kinds.OPTIONAL_DOUBLE, "smallest singular value kept, relative", None),
          Param("method", _METHOD, "`` `gels`gelsd`gelss`gelsy``, null for the default", None),
          OUTPUTS, only_lists=True, usage=Usage(
              "unexpected args, expects 2-5 args, (a;b;rcond;method;output)",
              "expects 2-5 args, (a;b;rcond;method;output), given {n}"),
          examples=[f"lstsq({_TALL};(1 2f;4 4f;5 7f))"],
          samples=[f"({_TALL};(1 2f;3 4f;5 7f))", f"({_TALL};(1 2f;3 4f;5 7f);`gelsd)"])
def lstsq(a: Tensor, b: Tensor, rcond: float | None, method: str | None, out: Any) -> Any:
    run: Callable[..., Any] = lambda **o: torch.linalg.lstsq(a, b, rcond, driver=method)  # noqa: E731
    return into_vector(run, out, 4, writes=False)
