"""Functions of each element: rounding, powers, trigonometry, arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from kkernel.q.errors import QError
from kkernel.q.functions import NULL
from kkernel.q.values import List, Value

from .. import forms, kinds
from ..declare import Function, declare, function
from ..kinds import NO, is_general, kname
from ..objects import find
from ..params import IN_PLACE, OUTPUT, Param, Usage, tensor
from .families import as_tensor, binary, number_too, unary

Tensor = torch.Tensor
GROUP = "math-pointwise"
METHOD = torch.Tensor

# name, torch function, what it does, name in messages, sample
_UNARY: tuple[tuple[str, str, str, str], ...] = (
    ("Abs", "abs", "absolute value", "absolute value"),
    ("Acos", "acos", "angle whose cosine is x, in radians", "arccosine"),
    ("angle", "angle", "angle of a complex number; 0 or pi of a real one", "angle"),
    ("Asin", "asin", "angle whose sine is x, in radians", "arcsine"),
    ("Atan", "atan", "angle whose tangent is x, in radians", "arctangent"),
    ("bitwisenot", "bitwise_not", "every bit inverted", "bitwise not"),
    ("ceil", "ceil", "smallest whole number that is not below x", "ceiling"),
    ("Cos", "cos", "cosine of x in radians", "cosine"),
    ("cosh", "cosh", "hyperbolic cosine", "hyperbolic cosine"),
    ("digamma", "digamma", "derivative of the logarithm of the gamma function",
     "log derivative of gamma"),
    ("erf", "erf", "error function", "error function"),
    ("erfc", "erfc", "1 less the error function", "complimentary error function"),
    ("erfinv", "erfinv", "inverse of the error function", "inverse error function"),
    ("Exp", "exp", "e to the power x", "exponential"),
    ("expm1", "expm1", "e to the power x, less 1", "exponential minus 1"),
    ("Floor", "floor", "largest whole number that is not above x", "floor"),
    ("frac", "frac", "part after the decimal point", "fractional"),
    ("lgamma", "lgamma", "logarithm of the gamma function", "lgamma"),
    ("Log", "log", "natural logarithm", "log"),
    ("log10", "log10", "logarithm to base 10", "log10"),
    ("log1p", "log1p", "natural logarithm of 1+x", "log1p"),
    ("log2", "log2", "logarithm to base 2", "log2"),
    ("Neg", "neg", "x with the other sign", "negative"),
    ("Not", "logical_not", "true where x is 0", "logical not"),
    ("Reciprocal", "reciprocal", "1 divided by x", "reciprocal"),
    ("round", "round", "nearest whole number, halves to the even one", "round"),
    ("rsqrt", "rsqrt", "1 divided by the square root", "reciprocal square root"),
    ("sigmoid", "sigmoid", "1 divided by 1+exp of -x", "sigmoid"),
    ("sgn", "sgn", "sign of x; of a complex number its direction", "sgn"),
    ("sign", "sign", "-1, 0 or 1", "sign"),
    ("Sin", "sin", "sine of x in radians", "sine"),
    ("sinh", "sinh", "hyperbolic sine", "hyperbolic sine"),
    ("Sqrt", "sqrt", "square root", "square root"),
    ("Tan", "tan", "tangent of x in radians", "tangent"),
    ("tanh", "tanh", "hyperbolic tangent", "hyperbolic tangent"),
    ("trunc", "trunc", "whole part, towards zero", "truncate"),
)
_SAMPLES = {"bitwisenot": " -1 0 5", "Not": " 0 1 2", "Acos": " -1 .25 1", "Asin": " -1 .25 1",
            "erfinv": " -.5 0 .5", "digamma": " .5 1 2.5", "lgamma": " .5 1 2.5",
            "Log": " .5 1 2", "log10": " .5 1 100", "log1p": " 0 1 2f", "log2": " .5 1 8",
            "rsqrt": " .25 1 4", "Sqrt": " .25 1 4", "Reciprocal": " .5 1 4"}

for _name, _torch, _words, _label in _UNARY:
    unary(_name, getattr(torch, _torch), _words, group=GROUP, label=_label,
          inplace=getattr(METHOD, _torch + "_", None) if _name != "angle" else None,
          sample=_SAMPLES.get(_name, " -1.5 .25 2"))

binary("atan2", number_too(torch.atan2), "angle of the point (y;x), in radians", group=GROUP,
       inplace=number_too(METHOD.atan2_), samples=("(1 -1f;1 1f)",))
binary("Div", torch.div, "x divided by y", group=GROUP, label="divide", inplace=METHOD.div_,
       samples=("(7 -3 2f;2 2 4f)", " 7 2", "(7 -3 2f;2)"))
binary("fmod", torch.fmod, "rest of a division, with the sign of x", group=GROUP,
       inplace=METHOD.fmod_, samples=("(7 -3 2f;2 2 4f)", "(7 -3 2;2)"))
binary("mul", torch.mul, "x times y", group=GROUP, label="multiply", inplace=METHOD.mul_,
       samples=("(7 -3 2f;2 2 4f)", " 2 3", "(1 2 3;2.5)"))
binary("remainder", torch.remainder, "rest of a division, with the sign of y", group=GROUP,
       inplace=METHOD.remainder_, samples=("(7 -3 2f;2 2 4f)", "(7 -3 2;2)"))
binary("xor", number_too(torch.logical_xor), "true where just one of x and y is not 0",
       group=GROUP, inplace=number_too(METHOD.logical_xor_), samples=("(0 1 2;0 0 3)",))


def written(result: Any, out: Any) -> Any:
    """Nothing when the result went to an output tensor."""
    return result if out is None else None


# ------------------------------------------------------------------ sums with a factor

_MULT = Param("mult", kinds.NUMBER, "factor, 1 if left out", 1)
_OPTIONS = ("multiplier", "output")  # how messages call what comes after the tensors


class Factored(Function):
    """Functions of k values whose simple list may end with the factor."""

    def marks(self, args: Sequence[Value], alone: bool) -> str | None:
        number = len(args) == 2 and self.name == "add" and type(args[1]) in (int, float)
        return "ps" if number and type(args[0]) is List else super().marks(args, alone)

    def prepare(self, args: list[Value]) -> forms.Run | None:
        plus = {forms.NUMBERS[int]: _plus_long, forms.NUMBERS[float]: _plus_float}
        number = len(args) == 2 and type(args[1]) is forms.Operand
        return (plus.get(args[1]) if number else None) or super().prepare(args)

    def arguments(self, x: Value) -> list[Value]:
        args = super().arguments(x)
        if isinstance(x, np.ndarray):
            if len(args) > self.required:  # a factor of any simple type
                factor = kinds.as_scalar(args[-1])
                args[-1] = args[-1] if factor is NO else factor
        elif not is_general(x) and x is not NULL:
            raise QError(f"{self.label}: not implemented for {kname(x)}")
        simple = isinstance(x, np.ndarray) and x.ndim == 1
        options, word = (("multiplier",), "inputs") if simple else (_OPTIONS, "args")
        least, n = self.required, len(args)
        most = least + len(options)
        if not least <= n <= most:
            raise QError(f"{self.label}: {least}-{most} {word} expected, {self._takes(*options)}, "
                         f"but {n} given")
        return args

    def _takes(self, *options: str) -> str:
        return "(" + ";".join([*(p.name for p in self.params[:self.required]), *options]) + ")"

    def unrecognized(self, args: Sequence[Value]) -> QError:
        least = self.required
        return QError(f"{self.label}: unrecognized arg(s) expecting "
                      f"{least}-{least + len(_OPTIONS)} args, {self._takes(*_OPTIONS)}")


# x + n where n counts as a tensor, of which torch respects the type more than that of a number

def _plus_long(x: Tensor, n: int) -> Tensor:
    return torch.add(x, n if x.ndim else as_tensor(n, x))


def _plus_float(x: Tensor, n: float) -> Tensor:
    same = x.ndim and (x.is_floating_point() or x.is_complex())
    return torch.add(x, n if same else as_tensor(n, x))


def _sum(name: str, summary: str, direct: Any, operands: tuple[str, ...],
         samples: tuple[str, ...]) -> None:
    params = (*(tensor(n) for n in operands), _MULT, OUTPUT)

    def run(*values: Any) -> Tensor | None:
        *given, out = values
        return written(direct(*given, out=out), out)

    declare(Factored(name, GROUP, summary, params, run, tuple(name + s for s in samples),
                     samples=samples, plain=getattr(torch, name), direct=direct))


_sum("add", "x + mult * y", lambda x, y, m, **o: torch.add(x, y, alpha=m, **o), ("x", "y"),
     ("(1 2 3;4 5 6)", " 1 2", "(1 2 3f;4 5 6f;10)"))
_sum("addcmul", "x + mult * y * z",
     lambda x, y, z, m, **o: torch.addcmul(x, y, z, value=m, **o), ("x", "y", "z"),
     ("(1 2f;3 4f;5 6f)", "(1 2f;3 4f;5 6f;.5)"))
_sum("addcdiv", "x + mult * y % z",
     lambda x, y, z, m, **o: torch.addcdiv(x, y, z, value=m, **o), ("x", "y", "z"),
     ("(1 2f;3 4f;5 6f)", "(1 2f;3 4f;5 6f;.5)"))


# ------------------------------------------------------------------ others

class Clamp(Function):
    """(x;lo;hi) and (x;lo;hi;output): both limits must be there."""

    def expected(self, p: Param, given: Value) -> QError:
        if p.name == "x":
            return super().expected(p, given)
        return QError("clamp: expecting 2nd & 3rd arg to be numeric low & high limits")

    def unrecognized(self, args: Sequence[Value]) -> QError:
        return self.expected(self.params[1], args) if len(args) < 3 else super().unrecognized(args)


def _clamp(x: Tensor, lo: Any, hi: Any, out: Tensor | None) -> Tensor | None:
    return written(torch.clamp(x, lo, hi, out=out), out)


declare(Clamp("clamp", GROUP, "x cut to the range from lo to hi",
              (tensor("x"), Param("lo", kinds.OPTIONAL_NUMBER, "lower limit, null for none"),
               Param("hi", kinds.OPTIONAL_NUMBER, "upper limit, null for none"), OUTPUT),
              _clamp, ("clamp(-2 0 7;-1;5)", "clamp(-2 0 7;0N;5)"), only_lists=True,
              samples=("(-2 0 7;-1;5)", "(-2 0 7;0N;5)"),
              direct=torch.clamp,
              usage=Usage("unexpected arg(s), expecting (input;lo;hi) or (input;lo;hi;output)")))


@function("lerp", GROUP, "x + weight * (y - x)", tensor("x"), tensor("y"),
          Param("weight", kinds.TENSOR_OR_NUMBER, "number, or tensor or array of weights"),
          OUTPUT, usage=Usage("optional 4th arg is an output tensor, but given {last}",
                              "3-4 arguments expected, (x;y;wt;output), but {n} supplied"),
          examples=["lerp(1 2 3f;10 10 10f;.5)", "lerp 1 2 .5"], direct=torch.lerp,
          samples=["(1 2 3f;10 10 10f;.5)", "(1 2f;3 4f;.1 .9)"])
def lerp(x: Tensor, y: Tensor, weight: Any, out: Tensor | None) -> Tensor | None:
    return written(torch.lerp(x, y, weight, out=out), out)


@function("mvlgamma", GROUP, "logarithm of the multivariate gamma function", tensor("x"),
          Param("p", kinds.LONG, "number of dimensions"), OUTPUT,
          usage=Usage("optional 3rd arg is an output tensor, but given {last}",
                      "2-3 arguments expected, (x;p;output), but {n} supplied"),
          examples=["mvlgamma(3 4 5f;2)"], samples=["(3 4 5f;2)"])
def mvlgamma(x: Tensor, p: int, out: Tensor | None) -> Tensor | None:
    return written(torch.special.multigammaln(x, p, out=out), out)


class Power(Function):
    """x to the power y, where either may be a number."""

    def prepare(self, args: list[Value]) -> forms.Run | None:
        return self.run if forms.all_operands(args, 2) else None

    def invoke(self, x: Value) -> Value:
        (a, b, out, inplace), pointer = self.bind(x)
        if inplace:
            if not isinstance(a, Tensor):
                raise QError(f"{self.label}: cannot be called in-place on a scalar")
            assert self.inplace is not None
            made = self.inplace(a if find(x[0]) is not None else a.clone(), b)
            return NULL if pointer else self.deliver(made, False)
        if out is not None:
            self._of_numbers(a, b, out=out)
            return NULL
        return self.deliver(self._of_numbers(a, b), pointer)

    def _of_numbers(self, a: Any, b: Any, **out: Tensor) -> Tensor:
        """torch wants one tensor: two numbers are a number and a tensor of one."""
        if not isinstance(a, Tensor) and not isinstance(b, Tensor):
            b = as_tensor(b, torch.empty(0))
        return self.run(a, b, **out)


for _name, _run, _inplace, _words in (
        ("pow", torch.pow, METHOD.pow_, "x to the power y"),
        ("fpow", torch.float_power, METHOD.float_power_, "x to the power y, in double")):
    declare(Power(_name, GROUP, _words,
                  (Param("x", kinds.TENSOR_OR_NUMBER, "tensor, array or number"),
                   Param("y", kinds.TENSOR_OR_NUMBER, "tensor, array or number"),
                   OUTPUT, IN_PLACE), _run,
                  (f"{_name}(1 2 3;2)", f"{_name}(2;1 2 3)", f"{_name} 2 10"), inplace=_inplace,
                  usage=Usage("expects inputs x,y with optional output tensor or null as 3rd arg"),
                  samples=("(1 2 3;2)", "(2;1 2 3)", "(1 2 3f;.5 1 2)")))

