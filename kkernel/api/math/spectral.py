"""Fourier transforms and window functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kkernel.q.errors import QError
from kkernel.q.values import Value, items

from .. import kinds
from ..declare import function, simple_items
from ..kinds import NO, as_flag, as_long, as_long_double, kname
from ..objects import find_tensor, register
from ..params import OUTPUT, Param, Usage, tensor
from ..tensor.tensor_options import TensorOptions, as_options
from .decompose import choice
from .families import up_to
from .pointwise import written

Tensor = torch.Tensor
GROUP = "math-spectral"
X = tensor("x")
NORM = Param("norm", choice("fft norm", "forward", "backward", "ortho"),
             "`` `forward`backward`ortho``, null for the default", None)
_SIZE = Param("size", kinds.OPTIONAL_LONG, "length to cut or pad the input to", None)
_DIM = Param("dim", kinds.LONG, "dimension, the last if left out", -1)
_SIZES = Param("size", kinds.LONGS, "lengths to cut or pad the input to", ())
_DIMS = Param("dims", kinds.LONGS, "dimensions", ())

_USAGE = up_to(5, "input;size;dim;norm;output")

# ending of the name, what the transform does
_TRANSFORMS = (
    ("fft", "Fourier transform"), ("ifft", "inverse of the Fourier transform"),
    ("rfft", "Fourier transform of real input, half of it"),
    ("irfft", "real input of a half Fourier transform"),
    ("hfft", "Fourier transform of half of a Hermitian signal"),
    ("ihfft", "inverse of hfft"),
)


def _one_dimension(name: str, run: Callable[..., Tensor], words: str) -> None:
    @function(name, GROUP, f"{words} along one dimension", X, _SIZE, _DIM, NORM, OUTPUT,
              usage=_USAGE,
              examples=[f"{name} 1 2 4 8f"],
              samples=[" 1 2 4 8f", "(1 2 4 8f;3)", "((1 2f;3 4f);2;0)", "(1 2 4f;`ortho)"])
    def call(x: Tensor, size: int | None, dim: int, norm: str | None, out: Any) -> Any:
        return written(run(x, size, dim, norm, out=out), out)


def _more_dimensions(name: str, run: Callable[..., Tensor], words: str, default: Any) -> None:
    where = "the last two dimensions" if default else "all dimensions"

    @function(name, GROUP, f"{words} along dimensions, {where} if none are given", X, _SIZES,
              _DIMS, NORM, OUTPUT, usage=_USAGE, examples=[f"{name}(1 2f;4 8f)"],
              samples=["(1 2f;4 8f)", "((1 2f;4 8f);2 2;0 1)", "((1 2f;4 8f);`ortho)"])
    def call(x: Tensor, sizes: Any, dims: Any, norm: str | None, out: Any) -> Any:
        return written(run(x, list(sizes) or None, list(dims) or default, norm, out=out), out)


for _name, _words in _TRANSFORMS:
    _one_dimension(_name, getattr(torch.fft, _name), _words)
    _more_dimensions(_name + "2", getattr(torch.fft, _name + "2"), _words, (-2, -1))
    _more_dimensions(_name + "n", getattr(torch.fft, _name + "n"), _words, None)

def _shift(name: str, run: Callable[..., Tensor], words: str) -> None:
    @function(name, GROUP, words, X, _DIMS, examples=[f"{name} 0 1 2 3"],
              usage=Usage("expected 2nd arg of dimension(s), given {last}",
                          "unexpected arg(s), expecting (input;dim)"),
              samples=[" 0 1 2 3", "((0 1 2;3 4 5);1)"])
    def call(x: Tensor, dims: Any) -> Tensor:
        return run(x, list(dims) or None)


_shift("fftshift", torch.fft.fftshift, "frequencies reordered: negative ones first")
_shift("ifftshift", torch.fft.ifftshift, "frequencies put back in the order of fft")


# ------------------------------------------------------------------ frequencies

def _frequency_args(name: str, x: Value) -> tuple[int, float, TensorOptions, Any]:
    """(n;spacing;options or output) of fftfreq and rfftfreq."""
    args = items(x) if isinstance(x, np.ndarray) else simple_items(x)
    n = as_long(args[0]) if args else NO
    if n is NO:
        raise QError(f"{name}: expecting FFT length as first argument, "
                     f"given {kname(args[0] if args else x)}")
    if n < 0:
        raise QError(f"{name}: length cannot be negative, given {n}")
    rest = list(args[1:])
    options, out = TensorOptions(), None
    if rest and as_options(rest[-1]) is not NO:
        options = as_options(rest.pop())
    elif rest and find_tensor(rest[-1]) is not None:
        out = find_tensor(rest.pop())
    spacing = as_long_double(rest[0]) if len(rest) == 1 else 1.0
    if len(rest) > 1 or spacing is NO:
        raise QError(f"{name}: unrecognized arg(s), expecting (length;scale;options/output)")
    return n, float(spacing), options, out


def _frequencies(name: str, run: Callable[..., Tensor]) -> Callable[[Value], Value]:
    def call(x: Value) -> Value:
        n, spacing, options, out = _frequency_args(name, x)
        if out is not None:
            run(n, spacing, out=out.obj)
            return None
        return register("tensor", run(n, spacing, **options.keywords))

    return call


for _name, _words in (("fftfreq", "frequencies of fft"), ("rfftfreq", "frequencies of rfft")):
    function(_name, GROUP, f"{_words} for n samples, always a tensor",
             Param("n", kinds.LONG, "number of samples"),
             Param("d", kinds.NUMBER, "time between samples, 1 if left out", 1.0),
             Param("options", kinds.VALUE, "option symbols or output tensor", None), raw=True,
             examples=[f"tensor {_name} 4", f"tensor {_name}(4;.5)"])(
                 _frequencies(_name, getattr(torch.fft, _name)))


# ------------------------------------------------------------------ windows

_WINDOWS = (  # by how many numbers a window takes
    "(length;tensor attributes), (length;periodic;tensor attributes)",
    "(length;periodic) or (length;periodic;beta), along w'optional tensor attributes",
    "(length;periodic), (length;periodic;alpha) or (length;periodic;alpha;beta), "
    "along w'optional tensor attributes")


def _window(name: str, run: Callable[..., Tensor], numbers: int) -> Callable[[Value], Value]:
    def call(x: Value) -> Value:
        args = items(x) if isinstance(x, np.ndarray) and x.ndim == 1 else simple_items(x)
        o = as_options(args[-1]) if len(args) > 1 else NO
        rest = args if o is NO else args[:-1]
        n = as_long(rest[0]) if rest else NO
        periodic = as_flag(rest[1]) if len(rest) > 1 else True
        more = [as_long_double(v) for v in rest[2:]]
        if n is NO or periodic is NO or NO in more or len(more) > numbers:
            raise QError(f"{name} expects arg(s) of length, {_WINDOWS[numbers]}")
        keywords = {"dtype": torch.get_default_dtype(), **({} if o is NO else o.keywords)}
        return register("tensor", run(n, periodic, *map(float, more), **keywords))

    return call


_PERIODIC = Param("periodic", kinds.FLAG, "0b for a symmetric window", True)
_OPTIONS = Param("options", kinds.VALUE, "option symbols of the tensor", None)
for _name, _numbers, _words in (
        ("bartlett", (), "triangle"), ("blackman", (), "Blackman"), ("hann", (), "raised cosine"),
        ("hamming", (("alpha", "first factor"), ("beta", "second factor")), "Hamming"),
        ("kaiser", (("beta", "shape of the window"),), "Kaiser")):
    function(_name, GROUP, f"{_words} window of n values, always a tensor",
             Param("n", kinds.LONG, "number of values"), _PERIODIC,
             *(Param(n, kinds.NUMBER, words, None) for n, words in _numbers), _OPTIONS, raw=True,
             examples=[f"tensor {_name} 4", f"tensor {_name}(4;0b;`double)"])(
                 _window(_name, getattr(torch, f"{_name}_window"), len(_numbers)))
