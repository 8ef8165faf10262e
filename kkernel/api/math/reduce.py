"""Reductions: sums, extremes, norms, statistics, over all elements or along dimensions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from kkernel.q.errors import QError

from .. import kinds
from ..declare import function
from ..params import OUTPUT, OUTPUTS, Param, Usage, tensor
from ..readers import Fixed
from .families import up_to
from .pointwise import written
from .vectors import into_vector

Tensor = torch.Tensor
GROUP = "math-reduce"
X = tensor("x")
DIM = Param("dim", kinds.LONG, "dimension", None)
DIMS = Param("dims", kinds.LONGS, "dimension(s), all if left out", ())
KEEPDIM = Param("keepdim", kinds.FLAG, "1b to keep the dimensions, with size 1", False)
KEEP_LAST = Param("keepdim", kinds.FLAG, "1b to keep the dimension (the last if none is given), "
                  "with size 1", None)
DTYPE = Param("dtype", kinds.DTYPE, "data type to calculate in", None)
_ROWS = "(1 2 3f;4 5 6f)"
_USAGE = up_to(4, "input;dim;keepdim;output")
_SUMMING = Usage(_USAGE.words,
                 "expecting up to 5 args, (input;dim;keepdim;dtype;output), given {n}")


def dims_or_all(dims: Any) -> Any:
    """None, which torch reads as all dimensions, for no dimensions."""
    return list(dims) or None


def _along(run: Callable[..., Any], dim: Any, keepdim: bool | None) -> Callable[..., Any]:
    """A reduction over fixed dimensions."""
    return Fixed(run, dim, True) if keepdim else Fixed(run, dim)


def _or_last(run: Callable[..., Any],
             whole: Callable[..., Any] | None) -> Callable[..., Callable[..., Any]]:
    """`fix` for a dimension that may be left out: `whole` if nothing else is given, else the
    last."""
    def fix(dim: int | None, keepdim: bool | None) -> Callable[..., Any]:
        if whole is not None and dim is None and keepdim is None:
            return whole
        return _along(run, -1 if dim is None else dim, keepdim)

    return fix


# ------------------------------------------------------------------ sum and its like

def _summing(name: str, run: Callable[..., Tensor], words: str, plain: Any = None) -> None:
    def fix(dims: Any, keepdim: bool, dtype: Any) -> Callable[..., Tensor]:
        torch_run = plain or run
        if dtype is not None:
            return lambda x: call(x, dims, keepdim, dtype, None)
        if not dims and not keepdim:
            return torch_run
        return _along(torch_run, dims[0] if len(dims) == 1 else dims_or_all(dims), keepdim)

    @function(name, GROUP, words, X, DIMS, KEEPDIM, DTYPE, OUTPUT, plain=plain or run,
              usage=_SUMMING, label=name.lower(), fix=fix,
              examples=[f"{name}{_ROWS}", f"{name}({_ROWS};0)"],
              samples=[_ROWS, f"({_ROWS};0)", f"({_ROWS};1;1b)", f"({_ROWS};`double)"])
    def call(x: Tensor, dims: Any, keepdim: bool, dtype: Any, out: Any) -> Any:
        if not dims and not keepdim and out is None:
            return run(x, dtype=dtype)
        return written(run(x, dims_or_all(dims), keepdim, dtype=dtype, out=out), out)


for _name, _run, _words in (("mean", torch.mean, "mean"), ("nanmean", torch.nanmean,
                                                           "mean, nan left out")):
    _summing(_name, _run, _words)


def _sum(run: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """torch's sum in Python takes an output only with dimensions."""

    def call(x: Tensor, dims: Any = None, keepdim: bool = False, *, dtype: Any = None,
             out: Any = None) -> Tensor:
        if dims is None and not keepdim and out is None:
            return run(x, dtype=dtype)
        over = list(range(x.ndim)) if dims is None else dims
        return run(x, over, keepdim, dtype=dtype, out=out)

    return call


_summing("Sum", _sum(torch.sum), "sum", torch.sum)
_summing("nansum", _sum(torch.nansum), "sum, nan left out", torch.nansum)


@function("prod", GROUP, "product, of all or along one dimension", X, DIMS, KEEPDIM, DTYPE,
          OUTPUT,
          usage=_SUMMING,
          examples=[f"prod{_ROWS}", f"prod({_ROWS};0)"],
          samples=[_ROWS, f"({_ROWS};0)"])
def prod(x: Tensor, dims: Any, keepdim: bool, dtype: Any, out: Any) -> Any:
    if len(dims) > 1:
        raise QError("prod: product can only be calculated along a single dimension, "
                     f"given {len(dims)}")
    if out is not None:  # torch has no output for the product of all
        torch.prod(x if dims else x.reshape(-1), dims[0] if dims else 0, keepdim, dtype=dtype,
                   out=out)
        return None
    return torch.prod(x, dims[0], keepdim, dtype=dtype) if dims else torch.prod(x, dtype=dtype)


# ------------------------------------------------------------------ extremes

def _with_indices(run: Callable[..., Any],
                  whole: Callable[..., Any] | None) -> Callable[..., Any]:
    """Values and indices along a dimension, the last if none is given; `whole`, if there is one,
    where nothing but the tensor is given."""
    def call(x: Tensor, dim: int | None, keepdim: bool | None, out: Any) -> Any:
        if whole is not None and dim is None and keepdim is None and out is None:
            return whole(x)
        along = -1 if dim is None else dim
        return into_vector(lambda **o: run(x, dim=along, keepdim=bool(keepdim), **o), out)

    return call


def _extreme(name: str, run: Callable[..., Any], words: str) -> None:
    function(name, GROUP, f"{words} of all; with other arguments also the indices", X, DIM,
             KEEP_LAST, OUTPUTS,
             usage=_USAGE, fix=_or_last(run, run),
             examples=[f"{name}{_ROWS}", f"{name}({_ROWS};1)"], plain=run,
             samples=[_ROWS, f"({_ROWS};1)", f"({_ROWS};0;1b)"])(_with_indices(run, run))


_extreme("Max", torch.max, "maximum")
_extreme("Min", torch.min, "minimum")


function("aminmax", GROUP, "minimum and maximum, of all or along a dimension", X, DIM,
         KEEP_LAST, OUTPUTS,
         usage=_USAGE,
         examples=[f"aminmax{_ROWS}", f"aminmax({_ROWS};1)"],
         samples=[_ROWS, f"({_ROWS};1)"])(_with_indices(
             torch.aminmax, lambda x: torch.stack(tuple(torch.aminmax(x))).reshape(2)))


def _over_dims(name: str, run: Callable[..., Tensor], words: str) -> None:
    def fix(dims: Any, keepdim: bool) -> Callable[..., Tensor]:
        if name == "logsumexp" and not dims:
            return lambda x: call(x, dims, keepdim, None)
        return _along(run, dims[0] if len(dims) == 1 else list(dims), keepdim)

    @function(name, GROUP, words, X, DIMS, KEEPDIM, OUTPUT,
              usage=_USAGE, fix=fix,
              examples=[f"{name}({_ROWS};0)"], samples=[f"({_ROWS};0)", f"({_ROWS};0 1;1b)"])
    def call(x: Tensor, dims: Any, keepdim: bool, out: Any) -> Any:
        if name == "logsumexp" and not dims:
            raise QError("logsumexp: needs explicit dimension(s) for log of summed exponentials")
        return written(run(x, list(dims), keepdim, out=out), out)


for _name, _run, _words in (("amax", torch.amax, "maximum over dimensions"),
                            ("amin", torch.amin, "minimum over dimensions"),
                            ("logsumexp", torch.logsumexp,
                             "logarithm of the sum of exponentials over dimensions")):
    _over_dims(_name, _run, _words)


def _index(name: str, run: Callable[..., Tensor], words: str) -> None:
    @function(name, GROUP, f"index of the {words}, of the flat input if no dimension", X,
              Param("dim", kinds.OPTIONAL_LONG, "dimension, null for none", None), KEEPDIM, OUTPUT,
              usage=_USAGE, fix=lambda dim, keepdim: _along(run, dim, keepdim),
              examples=[f"{name}{_ROWS}", f"{name}({_ROWS};1)"], plain=run,
              samples=[_ROWS, f"({_ROWS};1)"])
    def call(x: Tensor, dim: int | None, keepdim: bool, out: Any) -> Any:
        if out is None:
            return run(x, dim, keepdim)
        run(x, dim, keepdim, out=out)
        return None


_index("argmax", torch.argmax, "maximum")
_index("argmin", torch.argmin, "minimum")


def _truth(name: str, run: Callable[..., Tensor], words: str) -> None:
    @function(name, GROUP, f"true where {words} not 0", X, DIM, KEEP_LAST, OUTPUT,
              usage=_USAGE, label=name.lower(), fix=_or_last(run, run),
              examples=[f"{name}(0 1;1 1)", f"{name}((0 1;1 1);1)"], plain=run,
              samples=["(0 1;1 1)", "((0 1;1 1);1)"])
    def call(x: Tensor, dim: int | None, keepdim: bool | None, out: Any) -> Any:
        if dim is None and keepdim is None:
            return written(run(x) if out is None else run(x, out=out), out)
        return written(run(x, -1 if dim is None else dim, bool(keepdim), out=out), out)


_truth("All", torch.all, "all elements are")
_truth("Any", torch.any, "any element is")


# ------------------------------------------------------------------ median, mode

def _middle(name: str, one: Callable[..., Tensor] | None, run: Callable[..., Any],
            words: str) -> None:
    function(name, GROUP, words, X, DIM, KEEP_LAST, OUTPUTS,
             usage=_USAGE, fix=_or_last(run, one),
             examples=[f"{name} 3 1 2", f"{name}((3 1 2;9 8 9);1)"],
             samples=["((3 1 2;9 8 9);1)", "((3 1 2;9 8 9);0;1b)"])(_with_indices(run, one))


_middle("median", torch.median, torch.median, "median; with a dimension also the index")
_middle("nanmedian", torch.nanmedian, torch.nanmedian,
        "median, nan left out; with a dimension also the index")
_middle("mode", None, torch.mode, "most frequent value and its index")


# ------------------------------------------------------------------ spread

_UNBIASED = Param("unbiased", kinds.FLAG, "0b to divide by n in place of n-1", True)
_SPREAD = [_ROWS, f"({_ROWS};1)", f"({_ROWS};1;0b)", f"({_ROWS};0b)", f"({_ROWS};1;1b;1b)"]


def _floating(x: Tensor) -> Tensor:
    return x if x.is_floating_point() or x.is_complex() else x.float()


def _spread(name: str, run: Callable[..., Tensor], words: str) -> None:
    def fix(dims: Any, unbiased: bool, keepdim: bool) -> Callable[..., Tensor]:
        over = dims[0] if len(dims) == 1 else dims_or_all(dims)
        correction = int(unbiased)
        return lambda x: run(x if x.is_floating_point() else _floating(x), over,
                             correction=correction, keepdim=keepdim)

    @function(name, GROUP, words, X, DIMS, _UNBIASED, KEEPDIM, OUTPUT, fix=fix,
              usage=up_to(5, "input;dim;unbiased;keepdim;output", expecting="1-5"),
              examples=[f"{name}{_ROWS}", f"{name}({_ROWS};1)"], samples=_SPREAD)
    def call(x: Tensor, dims: Any, unbiased: bool, keepdim: bool, out: Any) -> Any:
        over = dims_or_all(dims)
        return written(run(_floating(x), over, correction=int(unbiased), keepdim=keepdim,
                           out=out), out)


_spread("std", torch.std, "standard deviation")
_spread("variance", torch.var, "variance")


def _pair(name: str, run: Callable[..., Any], words: str) -> None:
    @function(name, GROUP, f"mean and {words}, stacked on a new first dimension", X, DIMS,
              _UNBIASED, KEEPDIM,
              usage=up_to(4, "input;dim;unbiased;keepdim", expecting="1-4"),
              examples=[f"{name}{_ROWS}", f"{name}({_ROWS};1)"],
              samples=_SPREAD)
    def call(x: Tensor, dims: Any, unbiased: bool, keepdim: bool) -> Tensor:
        spread, mean = run(_floating(x), dims_or_all(dims), correction=int(unbiased),
                           keepdim=keepdim)
        return torch.stack((mean, spread))


_pair("meanstd", torch.std_mean, "standard deviation")
_pair("meanvar", torch.var_mean, "variance")


# ------------------------------------------------------------------ norms, distance

_MATRIX_DIMS = Param("dims", kinds.LONGS, "the two dimensions of the matrices", (-2, -1))


def _matrix_norm(name: str, order: str, words: str) -> None:
    @function(name, GROUP, words, X, _MATRIX_DIMS, KEEPDIM, DTYPE, OUTPUT,
              usage=up_to(5, "input;dim;keepdim;dtype;output", expecting="1-5"),
              examples=[f"{name}{_ROWS}"], samples=[_ROWS, f"({_ROWS};0 1;1b)"])
    def call(x: Tensor, dims: Any, keepdim: bool, dtype: Any, out: Any) -> Any:
        return written(torch.linalg.matrix_norm(x, order, tuple(dims), keepdim, dtype=dtype,
                                                out=out), out)


_matrix_norm("fnorm", "fro", "Frobenius norm of matrices")
_matrix_norm("nnorm", "nuc", "nuclear norm of matrices")


@function("mnorm", GROUP, "norm of matrices, Frobenius if no order is given", X,
          Param("ord", kinds.DOUBLE, "order, a float: 1 2 -1 -2 0w -0w", None), _MATRIX_DIMS,
          KEEPDIM, DTYPE, OUTPUT,
          usage=up_to(6, "input;ord;dim;keepdim;dtype;output", expecting="1-6"),
          examples=[f"mnorm{_ROWS}", f"mnorm({_ROWS};2f)"],
          samples=[_ROWS, f"({_ROWS};1f)"])
def mnorm(x: Tensor, order: float | None, dims: Any, keepdim: bool, dtype: Any,
          out: Any) -> Any:
    return written(torch.linalg.matrix_norm(
        x, "fro" if order is None else order, tuple(dims), keepdim, dtype=dtype, out=out), out)


@function("vnorm", GROUP, "norm of vectors", X,
          Param("ord", kinds.DOUBLE, "order, a float, 2 if left out", 2.0), DIMS, KEEPDIM, DTYPE,
          OUTPUT,
          usage=up_to(6, "input;ord;dim;keepdim;dtype;output", expecting="1-6"),
          examples=[f"vnorm{_ROWS}", f"vnorm({_ROWS};1f;1)"],
          samples=[_ROWS, f"({_ROWS};1f;1)"])
def vnorm(x: Tensor, order: float, dims: Any, keepdim: bool, dtype: Any, out: Any) -> Any:
    return written(torch.linalg.vector_norm(x, order, dims_or_all(dims), keepdim, dtype=dtype,
                                            out=out), out)


@function("dist", GROUP, "norm of x - y", X, tensor("y"),
          Param("p", kinds.NUMBER, "order of the norm, 2 if left out", 2),
          usage=Usage("expecting 2-3 args, (x;y;p), {n} arg(s) given"),
          examples=["dist(1 2f;4 6f)", "dist(1 2f;4 6f;1)"],
          samples=["(1 2f;4 6f)", "(1 2f;4 6f;1)"])
def dist(x: Tensor, y: Tensor, p: float) -> Tensor:
    return torch.dist(x, y, p)


# ------------------------------------------------------------------ distinct values

def _flags(*names: str) -> list[Param]:
    words = {"sort": "0b to leave the values unsorted", "indices": "1b to add, for every "
             "element, the place of its value", "counts": "1b to add how often each value occurs"}
    return [Param(n, kinds.FLAG, words[n], n == "sort") for n in names]


def _picked(found: tuple[Tensor, Tensor, Tensor], indices: bool, counts: bool) -> Any:
    parts = [found[0]] + [found[1]] * indices + [found[2]] * counts
    return parts[0] if len(parts) == 1 else tuple(parts)


@function("unique", GROUP, "distinct values", X, DIM, *_flags("sort", "indices", "counts"),
          usage=Usage("unrecognized arg(s), expecting input, optional dim and flag(s) for "
                      "sorted,indices & counts"),
          examples=["unique 3 1 3", "unique(3 1 3;1b;1b;1b)"],
          samples=[" 3 1 3", "(3 1 3;1b;1b;1b)", "((1 2;1 2;3 4);0)"])
def unique(x: Tensor, dim: int | None, ordered: bool, indices: bool, counts: bool) -> Any:
    if dim is None:
        found = torch._unique2(x, ordered, indices, counts)
    else:
        found = torch._VF.unique_dim(x, dim, ordered, indices, counts)
    return _picked(found, indices, counts)


@function("uniquec", GROUP, "first of every run of equal values", X, DIM,
          *_flags("indices", "counts"),
          usage=Usage("unrecognized arg(s), expecting input, optional dim and flag(s) for "
                      "indices & counts"), examples=["uniquec 3 3 1 3", "uniquec(3 3 1 3;0b;1b)"],
          samples=[" 3 3 1 3", "(3 3 1 3;1b;1b)"])
def uniquec(x: Tensor, dim: int | None, indices: bool, counts: bool) -> Any:
    found = torch.unique_consecutive(x, True, True, dim=dim)
    return _picked(found, indices, counts)
