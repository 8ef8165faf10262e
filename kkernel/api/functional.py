"""Modules without parameters as functions: activations, pooling, padding, images, distances.

The options, their order, defaults and messages are those of the module of the same name; the
input comes first, as a tensor or an array.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

import torch
from torch.nn import functional as F

from kkernel.q.errors import QError
from kkernel.q.functions import NULL
from kkernel.q.values import Value, items

from . import forms, kinds
from .declare import Function, declare, function
from .events import changed
from .kinds import is_array, is_general, kname
from .module.option_kinds import DTYPE
from .module.rows.pooling import check_output, size_or_scale
from .module.types import OPTION_NAMES, find_type
from .objects import find, find_tensor
from .options import LONG, OPTIONAL_LONG, Messages, Option, OptionTable
from .params import OUTPUT, Param, Usage, tensor
from .readers import Fixed, writing

Tensor = torch.Tensor
Run = Callable[..., Tensor]
GROUP = "module-functional"
X = tensor("x")


class Functional(Function):
    """f(x), f(x;options..): options by position, then by name, as in a module definition."""

    table: OptionTable

    def prepare(self, args: list[Value]) -> Run | None:
        operands, rest = forms.split(args)
        if len(operands) != self.required or any(type(v) is forms.Operand for v in rest):
            return None
        values = self.table.read(self.name, rest, self.required)
        run = self._with_options(self._keywords(values))
        if not values.get("inplace"):
            return run
        return writing(run) if operands[0] is forms.POINTER else None

    def _with_options(self, keywords: dict[str, Any]) -> Run:
        """`run` with options, on its tensors."""
        run, n = self.run, self.required
        if not keywords:
            return self.plain or run
        if [*keywords] == self._positions()[n:n + len(keywords)]:  # a call without names is faster
            return forms.filled(run, [*[forms.POINTER] * n, *keywords.values()])
        return Fixed(run, **keywords)

    def _positions(self) -> list[str]:
        """The names of the parameters of `run`, if they are known."""
        try:
            return [*signature(self.run).parameters]
        except ValueError:
            return []

    def invoke(self, x: Value) -> Value:
        args, given = self._split(x)
        values = self.table.read(self.name, given, self.required)
        tensors, pointer = self._inputs(args)
        inplace = bool(values.get("inplace"))
        if inplace and not pointer:
            tensors = [t.clone() for t in tensors]
        made = self.run(*tensors, **self._keywords(values))
        if not (inplace and pointer):
            return self.deliver(made, pointer)
        changed(tensors[0])
        return NULL

    def _split(self, x: Value) -> tuple[list[Value], list[Value]]:
        """The inputs and the options of an argument."""
        n = self.required
        if self.only_lists and not is_general(x):
            joint = " " if self.usage is None else self.usage.after_name
            raise QError(f"{self.name}{joint}not implemented for {kname(x)}")
        args = [x] if find(x) is not None or (n == 1 and self._whole(x)) else items(x)
        if len(args) < n or self.usage is not None and not n < len(args) <= len(self.params):
            raise self.unrecognized(args)
        return args[:n], args[n:]

    def _whole(self, x: Value) -> bool:
        """Whether x is the input itself, not a list of arguments."""
        if not is_general(x):
            return True
        return not any(o.required for o in self.table.rows) and is_array(x, len(self.params))

    def _inputs(self, args: list[Value]) -> tuple[list[Any], bool]:
        """The tensors of the inputs, and whether one is a pointer."""
        tensors: list[Any] = [*args, *(None for _ in self.params[len(args):])]
        pointer = self._convert(tensors)
        return tensors[:self.required], pointer

    def _keywords(self, values: dict[str, Any]) -> dict[str, Any]:
        """torch's names and values: lists as tuples, the one entry of a list of 1 alone."""
        rows = self.table.by_name
        return {rows[n].keyword: (v[0] if rows[n].dims == 1 else tuple(v))
                if isinstance(v, list) else v for n, v in values.items()}


def _params(table: OptionTable, inputs: tuple[Param, ...]) -> tuple[Param, ...]:
    """The inputs, and the options as parameters for help."""
    return (*inputs, *(Param(o.name, kinds.VALUE, o.words or f"option {o.name}", None,
                             needed=o.required) for o in table.rows))


def _declare(name: str, table: OptionTable, run: Run, words: str, sample: str,
             inputs: tuple[Param, ...] = (X,), plain: Run | None = None,
             only_lists: bool = False, usage: Usage | None = None) -> None:
    f = Functional(name, GROUP, words, _params(table, inputs), run, (f"{name}{sample}",),
                   samples=(sample,), plain=plain, only_lists=only_lists, usage=usage)
    f.table = table
    declare(f)


def _of_module(name: str, run: Run | None, words: str, sample: str, plain: Run | None = None,
               only_lists: bool = False, usage: Usage | None = None) -> None:
    """A function with the options of the module type of this name."""
    row = find_type(name)
    made: Run = run or (lambda x, **keywords: (row.make or row.cls)(**keywords)(x))  # type: ignore
    _declare(name, row.options, made, words, sample, plain=plain, only_lists=only_lists,
             usage=usage)


# ------------------------------------------------------------------ activations

def _rrelu(x: Tensor, lower: float, upper: float, inplace: bool) -> Tensor:
    return F.rrelu(x, lower, upper, training=False, inplace=inplace)


_ACTIVATIONS: tuple[tuple[str, Run, str], ...] = (
    ("celu", F.celu, "x where positive, else alpha*(exp x%alpha)-1"),
    ("elu", F.elu, "x where positive, else alpha*(exp x)-1"),
    ("glu", F.glu, "first half of a dimension times the sigmoid of the other half"),
    ("hardshrink", F.hardshrink, "x, with 0 between -lambda and lambda"),
    ("hardtanh", F.hardtanh, "x cut to the range from min to max"),
    ("leakyrelu", F.leaky_relu, "x where positive, else slope*x"),
    ("relu", F.relu, "x where positive, else 0"),
    ("relu6", F.relu6, "x cut to the range from 0 to 6"),
    ("rrelu", _rrelu, "x where positive, else the mean of lower and upper times x"),
    ("selu", F.selu, "scaled elu that keeps mean 0 and variance 1"),
    ("softplus", F.softplus, "smooth form of relu"),
    ("softshrink", F.softshrink, "x moved towards 0 by lambda, 0 between -lambda and lambda"),
)
for _name, _run, _words in _ACTIVATIONS:
    _of_module(_name, _run, _words, " -2 -.5 .5 2",
               plain={"relu": torch.relu, "celu": torch.celu, "selu": torch.selu}.get(_name))
_of_module("threshold", F.threshold, "x where above the threshold, else the value",
           "(-2 -.5 .5 2;0f;9f)")

for _name, _run, _words in (("logsigmoid", F.logsigmoid, "logarithm of the sigmoid"),
                            ("softsign", F.softsign, "x divided by 1 + its absolute value"),
                            ("tanhshrink", F.tanhshrink, "x less its hyperbolic tangent")):
    function(_name, GROUP, _words, X, examples=[f"{_name} -2 -.5 .5 2"],
             samples=[" -2 -.5 .5 2"])(_run)


def _soft(run: Run) -> Run:
    def call(x: Tensor, dim: int | None, dtype: torch.dtype | None) -> Tensor:
        along = (0 if x.ndim in (0, 1, 3) else 1) if dim is None else dim
        return run(x, along) if dtype is None else run(x, along, dtype=dtype)

    return call


_SOFT = OptionTable((
    Option("dim", OPTIONAL_LONG, None,
           words="dimension that adds up to 1; 0 for 1 or 3 dimensions, else 1"),
    Option("dtype", DTYPE, None, words="data type to calculate in")),
    Messages(positions="{where}: unrecognized arg(s), expecting dim or (dim;data type)"),
    OPTION_NAMES)
for _name, _run, _words in (
        ("softmax", F.softmax, "exponentials divided by their sum"),
        ("softmin", F.softmin, "exponentials of -x divided by their sum"),
        ("logsoftmax", F.log_softmax, "logarithm of softmax")):
    _declare(_name, _SOFT, _soft(_run), _words, "((1 2 3f;4 5 7f);1)")


# ------------------------------------------------------------------ pooling, folding, padding

def _fractional(dims: int) -> Run:
    pool = getattr(F, f"fractional_max_pool{dims}d")

    def call(x: Tensor, kernel_size: Any, output_size: Any, output_ratio: Any) -> Tensor:
        check_output(f"fmaxpool{dims}d", output_size, output_ratio)
        return pool(x, kernel_size, output_size, output_ratio)  # type: ignore[no-any-return]

    return call


_ROW, _IMAGE, _CUBE = "1 1 8#\"f\"$til 8", "1 1 4 4#\"f\"$til 16", "1 1 2 4 4#\"f\"$til 32"
_INPUTS = {1: _ROW, 2: _IMAGE, 3: _CUBE}
for _d in (1, 2, 3):
    _input = _INPUTS[_d]
    _of_module(f"maxpool{_d}d", getattr(torch, f"max_pool{_d}d"), "largest of each window",
               f"({_input};2)", only_lists=True)
    _of_module(f"avgpool{_d}d", None if _d == 1 else getattr(F, f"avg_pool{_d}d"),
               "mean of each window", f"({_input};2)", only_lists=True)
    _of_module(f"adaptmax{_d}d", getattr(F, f"adaptive_max_pool{_d}d"),
               "largest of each window, windows chosen for the size of the result",
               f"({_input};2)", only_lists=True)
    _of_module(f"adaptavg{_d}d", getattr(F, f"adaptive_avg_pool{_d}d"),
               "mean of each window, windows chosen for the size of the result",
               f"({_input};2)", only_lists=True)
    if _d < 3:
        _of_module(f"lppool{_d}d", getattr(F, f"lp_pool{_d}d"), "power mean of each window",
                   f"({_input};2f;2)", only_lists=True)
    if _d > 1:
        _of_module(f"fmaxpool{_d}d", _fractional(_d),
                   "largest of random windows", f"({_input};{_d}#2;`outsize,2)"
                   if _d == 2 else f"({_input};1 2 2;`outsize,enlist 1 2 2)", only_lists=True)

_of_module("fold", F.fold, "image from columns that unfold made, overlaps added up",
           "(1 4 4#\"f\"$til 16;3 3;2 2)", only_lists=True)
_of_module("unfold", F.unfold, "windows of an image as columns", f"({_IMAGE};2 2)",
           only_lists=True)
def _interpolate(x: Tensor, size: Any, scale_factor: Any, **options: Any) -> Tensor:
    return F.interpolate(x, *size_or_scale("interpolate", size, scale_factor), **options)


_of_module("interpolate", _interpolate, "image of another size", f"({_IMAGE};2 2)",
           only_lists=True)
_of_module("pad", None, "values added at both ends of the last dimensions", "(1 2 3f;1 2)",
           only_lists=True)
_of_module("onehot", None, "rows with a 1 in the place that x names", "(0 2 1;3)")
_of_module("randomcrop", None, "part of an image at a random place", f"({_IMAGE};2)",
           only_lists=True, usage=Usage(
               "2-5 args expected, (input;size;pad;padmode;value), but {n} given"))
_of_module("randomflip", None, "image reversed along a dimension, with probability p",
           f"({_IMAGE};1f)")

_declare("flatten", OptionTable((
    Option("start", LONG, 0, "start_dim", "first dimension to join"),
    Option("end", LONG, -1, "end_dim", "last dimension to join")), known=OPTION_NAMES),
    torch.flatten, "several dimensions as one", "(2 2 2#til 8;1)")


# ------------------------------------------------------------------ two inputs and more

_BIAS = Param("bias", kinds.OPTIONAL_TENSOR, "added to the result", None)


@function("linear", GROUP, "x times the transposed weight, plus bias", X,
          tensor("weight", "weights: outputs x inputs"), _BIAS,
          usage=Usage("requires 2-3 args, (input; weight; optional bias)", after_name=" "),
          examples=["linear(1 2f;(3 4f;5 6f))"], plain=F.linear, direct=F.linear,
          samples=["(1 2f;(3 4f;5 6f))", "(1 2f;(3 4f;5 6f);1 1f)"])
def linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return F.linear(x, weight, bias)


@function("bilinear", GROUP, "x1 times weight times x2, plus bias", tensor("x1"), tensor("x2"),
          tensor("weight", "weights: outputs x inputs of x1 x inputs of x2"), _BIAS,
          usage=Usage("requires 3-4 args, (input1; input2; weight; optional bias)",
                      after_name=" "),
          examples=["bilinear(enlist 1 2f;enlist 3 4f;enlist(1 0f;0 1f))"],
          samples=["(enlist 1 2f;enlist 3 4f;enlist(1 0f;0 1f))"])
def bilinear(x1: Tensor, x2: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return F.bilinear(x1, x2, weight, bias)


@function("prelu", GROUP, "x where positive, else weight*x", X,
          tensor("weight", "one weight, or one per channel"),
          usage=Usage("expects 2 args: input & weight, received {n}", after_name=" "),
          examples=["prelu(-2 3f;.25)"],
          samples=["(-2 3f;.25)"])
def prelu(x: Tensor, weight: Tensor) -> Tensor:
    return F.prelu(x, weight)


class Zscore(Functional):
    """(x;mean;std;in place), and a simple list of three."""

    def prepare(self, args: list[Value]) -> Run | None:
        return super().prepare(args) if len(args) > 1 else None

    def _whole(self, x: Value) -> bool:
        return False


def _zscore(x: Tensor, mean: Tensor, std: Tensor, inplace: bool = False) -> Tensor:
    from .module.own.image import zscore

    return zscore(x, mean.to(x.device), std.to(x.device), inplace)


_scaled = find_type("zscore").options
_z = Zscore("zscore", GROUP, "x less a mean, divided by a standard deviation",
            _params(_scaled, (X,)), _zscore, ("zscore(1 2 3f;2f;.5)",),
            samples=("(1 2 3f;2f;.5)",))
_z.table = _scaled
declare(_z)


class Normalize(Functional):
    """As the module, and with an output tensor at the end."""

    def invoke(self, x: Value) -> Value:
        out = find_tensor(x[-1]) if is_general(x) and len(x) > 1 else None
        if out is None:
            return super().invoke(x)
        first, *given = items(x)[:-1]
        tensors, _ = self._inputs([first])
        values = self.table.read(self.name, given, self.required)
        self.run(tensors[0], **self._keywords(values), out=out.obj)
        changed(out.obj)
        return NULL


_norm = find_type("normalize").options
_f = Normalize("normalize", GROUP, "x divided by its norm along a dimension",
               (*_params(_norm, (X,)), OUTPUT), F.normalize, ("normalize((3 4f;6 8f))",),
               samples=("(3 4f;6 8f)", "((3 4f;6 8f);1f;0)"))
_f.table = _norm
declare(_f)


@function("pdist", GROUP, "distance of every pair of rows", X,
          Param("p", kinds.NUMBER, "order of the norm", 2.0),
          examples=["pdist(0 0f;3 4f;0 1f)"], samples=["(0 0f;3 4f;0 1f)"])
def pdist(x: Tensor, p: float) -> Tensor:
    return F.pdist(x, p)


_TWO = (X, tensor("y"))
_declare("pairwise", find_type("pairwise").options, F.pairwise_distance,
         "distance of each row of x to that of y", "((0 0f;1 1f);(3 4f;1 2f))", _TWO,
         only_lists=True)
_declare("similar", find_type("similar").options, F.cosine_similarity,
         "cosine of the angle between vectors of x and y", "((0 1f;1 1f);(3 4f;1 2f))", _TWO,
         only_lists=True)
