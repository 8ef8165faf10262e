"""Creation modes of `tensor`: zeros, ones, rand, arange ..., one class of arguments each.

A mode takes its arguments, and then options, an output tensor, or (some) an input tensor to be
like in place of the size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from kkernel.q.errors import QError
from kkernel.q.memory import reserve
from kkernel.q.symbols import Symbol
from kkernel.q.values import Value, qtype

from ..dtypes import FROM_CODE, symbol_of
from ..forms import Operand
from ..kinds import NO, as_long, as_long_double, as_longs, as_number, as_scalar
from ..objects import find_tensor, register
from ..readers import Fixed
from .complexes import complex_tensor
from .shape import zero_growth
from .sparse import sparse_tensor
from .tensor_options import NOTHING, TensorOptions, as_options

Tensor = torch.Tensor
Reader = Callable[[Value], Any]
Recipe = Callable[[], Tensor]


@dataclass(frozen=True)
class Mode:
    """One creation mode.

    `forms` lists, for every argument list, how each argument is read; `make(args, options)` and
    `fill(args, output)` create or overwrite; `like(tensor, args, options)` takes an example.
    """

    words: str
    forms: tuple[tuple[Reader, ...], ...]
    make: Callable[..., Tensor]
    fill: Callable[..., Tensor] | None = None
    like: Callable[..., Tensor] | None = None
    like_forms: tuple[tuple[Reader, ...], ...] = ((),)
    dtype: Callable[[Sequence[Value], list[Any]], torch.dtype | None] = lambda raw, args: None
    floating: bool = False  # not for integral types
    sized: Callable[..., Tensor] | None = None  # makes a tensor of these sizes


# ------------------------------------------------------------------ families

def _sized(words: str, make: Callable[..., Tensor], like: Callable[..., Tensor],
           floating: bool = False) -> Mode:
    """A mode with a size as its only argument."""
    def sized(args: list[Any], **keywords: Any) -> Tensor:
        size = args[0]  # torch reads separate numbers faster than a list
        return make(*size, **keywords) if size else make(size, **keywords)

    return Mode(words, ((as_longs,),), sized,
                lambda a, out: make(a[0], out=out), lambda t, a, **o: like(t, **o),
                floating=floating, sized=make)


def _integral(raw: Sequence[Value], args: list[Any]) -> torch.dtype | None:
    """long when every bound is an integer, else the session default."""
    return torch.int64 if all(isinstance(a, int) for a in args) else None


def _long(raw: Sequence[Value], args: list[Any]) -> torch.dtype:
    return torch.int64


def _of_value(raw: Sequence[Value], args: list[Any]) -> torch.dtype | None:
    """The type of the fill value."""
    return FROM_CODE.get(-qtype(raw[-1]))


def _randint(args: list[Any], **keywords: Any) -> Tensor:
    low, high, size = (0, *args) if len(args) == 2 else args
    return torch.randint(low, high, size, **keywords)


def _randint_like(t: Tensor, args: list[Any], **keywords: Any) -> Tensor:
    return torch.randint_like(t, *args, **keywords)


def _range(args: list[Any], **keywords: Any) -> Tensor:
    """From start to end, end included."""
    start, end, step = (*args, 1)[:3] if len(args) > 1 else (0, args[0], 1)
    if not keywords.get("dtype") and "out" not in keywords:
        keywords["dtype"] = torch.get_default_dtype()
    check_step(start, end, step)
    count = math.floor((end - start) / step) + 1
    steps = torch.arange(count, dtype=torch.float64) * step + start
    return _into(steps, **keywords)


def check_step(start: float, end: float, step: float) -> None:
    if step == 0:
        raise QError("step must be nonzero")
    if (end - start) / step < 0:
        raise QError("upper bound and lower bound inconsistent with step sign")


def _into(t: Tensor, out: Tensor | None = None, **keywords: Any) -> Tensor:
    if out is not None:
        return out.resize_(t.shape).copy_(t)
    gradient = keywords.pop("requires_grad", False)
    return t.to(**{k: v for k, v in keywords.items() if k in ("dtype", "device")}
                ).requires_grad_(gradient)


def _resized(size: list[int], out: Tensor) -> Tensor:
    """The output with another size; its values stay, what is added is 0."""
    before = out.untyped_storage().nbytes()
    out.resize_(size)
    zero_growth(out, before)
    return out


def _spaced(make: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """linspace and logspace: start, end, steps (100), and for logspace the base."""

    def run(args: list[Any], **keywords: Any) -> Tensor:
        start, end = args[:2]
        steps = args[2] if len(args) > 2 else 100
        more = {"base": float(args[3])} if len(args) > 3 else {}
        return make(start, end, steps, **more, **keywords)

    return run


_BOUNDS = ((as_number,), (as_number, as_number), (as_number, as_number, as_number))
_SPACED = ((as_number, as_number), (as_number, as_number, as_long))
_ANY: Reader = lambda x: x  # noqa: E731

MODES: dict[str, Mode] = {
    "arange": Mode("start, start+step .. below end", _BOUNDS,
                   lambda a, **o: torch.arange(*a, **o),
                   lambda a, out: torch.arange(*a, out=out), dtype=_integral),
    "complex": Mode("real and imaginary parts", ((_ANY,), (_ANY, _ANY)),
                    complex_tensor, lambda a, out: complex_tensor(a, out=out)),
    # zeros cost nothing that a first write would not, and show nobody's old memory
    "empty": Mode("memory to be filled later, 0 until then", ((as_longs,),),
                  lambda a, **o: torch.zeros(a[0], **o), lambda a, out: _resized(a[0], out),
                  lambda t, a, **o: torch.zeros_like(t, **o)),
    "eye": Mode("ones on the diagonal", ((as_long,), (as_long, as_long)),
                lambda a, **o: torch.eye(*a, **o), lambda a, out: torch.eye(*a, out=out)),
    "full": Mode("one value everywhere", ((as_longs, as_scalar),),
                 lambda a, **o: torch.full(*a, **o), lambda a, out: torch.full(*a, out=out),
                 lambda t, a, **o: torch.full_like(t, a[0], **o), ((as_scalar,),),
                 dtype=_of_value),
    "linspace": Mode("evenly spaced from start to end", _SPACED,
                     _spaced(torch.linspace),
                     lambda a, out: _spaced(torch.linspace)(a, out=out)),
    "logspace": Mode("powers of a base, evenly spaced exponents",
                     (*_SPACED, (as_number, as_number, as_long, as_long_double)),
                     _spaced(torch.logspace),
                     lambda a, out: _spaced(torch.logspace)(a, out=out)),
    "ones": _sized("ones", torch.ones, torch.ones_like),
    "rand": _sized("uniform on [0,1)", torch.rand, torch.rand_like, floating=True),
    "randint": Mode("random integers from low to below high",
                    ((as_long, as_longs), (as_long, as_long, as_longs)), _randint,
                    lambda a, out: _randint(a, out=out), _randint_like,
                    ((as_long,), (as_long, as_long)), dtype=_long),
    "randn": _sized("standard normal", torch.randn, torch.randn_like, floating=True),
    "randperm": Mode("0 .. n-1 in random order", ((as_long,),),
                     lambda a, **o: torch.randperm(*a, **o),
                     lambda a, out: torch.randperm(*a, out=out), dtype=_long),
    "range": Mode("start, start+step .. end included", _BOUNDS[1:], _range,
                  lambda a, out: _range(a, out=out)),
    "sparse": Mode("indices and values of a sparse tensor",
                   ((as_longs,), (_ANY, _ANY), (_ANY, _ANY, as_longs)), sparse_tensor),
    "zeros": _sized("zeros", torch.zeros, torch.zeros_like),
}
_SPARSE_MODES = ("complex", "empty", "sparse", "zeros")


# ------------------------------------------------------------------ calls

def create(name: str, args: list[Value]) -> Value:
    """`tensor(mode;args..)`: a new pointer, or null when an output tensor is filled."""
    mode = MODES.get(name)
    if mode is None:
        raise QError(f"unrecognized tensor creation mode: {name}")
    example = find_tensor(args[0]) if args else None
    if example is not None:
        return register("tensor", _like(name, mode, example.obj, args[1:]))
    output = find_tensor(args[-1]) if args else None
    if output is not None:
        _fill(name, mode, args[:-1], output.obj)
        return None
    return register("tensor", _recipe(name, mode, args)())


def _options(args: list[Value]) -> tuple[list[Value], TensorOptions]:
    """The arguments without their final options, and these."""
    found = as_options(args[-1]) if args else NO
    return (args, NOTHING) if found is NO else (args[:-1], found)


def _read(forms: Sequence[Sequence[Reader]], args: list[Value]) -> list[Any] | None:
    for form in forms:
        if len(form) == len(args):
            values = [read(x) for read, x in zip(form, args, strict=True)]
            if not any(v is NO for v in values):
                return values
    return None


def _misfit(name: str) -> QError:
    return QError(f"unrecognized argument(s) for tensor creation mode: {name}")


def learn(args: list[Value]) -> Recipe | None:
    """What makes tensors for calls of `tensor` with these arguments again."""
    mode = MODES.get(args[0]) if type(args[0]) is Symbol else None
    if mode is None or args[0] in ("complex", "sparse") or any(type(v) is Operand for v in args):
        return None
    return _recipe(args[0], mode, args[1:])


def _recipe(name: str, mode: Mode, args: list[Value]) -> Recipe:
    """A function that makes a tensor of this mode; signals arguments that are not for it."""
    args, o = _options(args)
    _check_options(name, mode, o)
    values = _read(mode.forms, args)
    if values is None:
        raise _misfit(name)
    dtype = mode.dtype(args, values) if o.dtype is None else o.dtype
    count = _count(name, values)
    if name in ("complex", "sparse"):
        return lambda: mode.make(values, options=o)
    keywords = {**o.keywords, "dtype": dtype} if dtype is not None else o.keywords
    if o.memory is None and count < _SMALL:
        return Fixed(mode.sized, *values[0], **keywords) if mode.sized and values[0] else \
            Fixed(mode.make, values, **keywords)

    def make() -> Tensor:
        reserve(count, (dtype or torch.get_default_dtype()).itemsize)
        made = mode.make(values, **keywords)
        if o.memory is None or made.is_contiguous(memory_format=o.memory):
            return made
        placed = made.detach().contiguous(memory_format=o.memory)
        return placed.requires_grad_(made.requires_grad)

    return make


_SMALL = 1 << 16  # elements that need no look at the memory there is


def _check_options(name: str, mode: Mode, o: TensorOptions) -> None:
    if mode.floating and o.dtype is not None and not (
            o.dtype.is_floating_point or o.dtype.is_complex):
        raise QError(f"{name}: not implemented for {symbol_of(o.dtype)} tensors")
    if o.layout is torch.sparse_coo and name not in _SPARSE_MODES:
        raise QError(f"{name}: not implemented for sparse tensors")


def _count(name: str, args: list[Any]) -> int:
    """How many elements a call will make; 0 where k values decide."""
    if name in ("complex", "sparse"):
        return 0
    if name in ("arange", "range"):
        start, end, step = (*args, 1)[:3] if len(args) > 1 else (0, args[0], 1)
        span = abs((end - start) / step) if step else 0
        return int(span) + 1 if math.isfinite(span) else 0
    if name in ("linspace", "logspace"):
        return args[2] if len(args) > 2 else 100
    if name in ("eye", "randperm"):
        return math.prod(args) if len(args) > 1 or name == "randperm" else args[0] ** 2
    return math.prod(args[-1] if name == "randint" else args[0])


def _like(name: str, mode: Mode, example: Tensor, args: list[Value]) -> Tensor:
    if mode.like is None:
        raise QError(f"tensor: mode `{name} not implemented with input tensors")
    args, o = _options(args)
    values = _read(mode.like_forms, args)
    if values is None:
        raise _misfit(name)
    keywords = o.like
    if name == "full" and o.dtype is None:
        keywords["dtype"] = FROM_CODE.get(-qtype(args[0]))
    return mode.like(example, values, **keywords)


def _fill(name: str, mode: Mode, args: list[Value], output: Tensor) -> None:
    if mode.fill is None:
        raise QError(f"tensor: {name} not implemented with output tensors")
    values = _read((*mode.forms, *((_BOUNDS[0],) if name == "range" else ())), args)
    if values is None:
        raise _misfit(name)
    reserve(_count(name, values), output.element_size())
    with torch.no_grad():
        mode.fill(values, output)

