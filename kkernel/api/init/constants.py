"""Constants, identities and Xavier's rule; sparse matrices; one value; the gain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kkernel.q.errors import QError
from kkernel.q.symbols import Symbol
from kkernel.q.values import List, Value, items

from .. import kinds
from ..convert import to_q, to_tensor
from ..declare import function
from ..kinds import NO, as_double, as_flag, as_long_double, as_scalar, is_array, is_general, kname
from ..objects import find
from ..params import Param
from . import fills
from .targets import (
    GROUP,
    LISTS,
    SINGLE,
    Fill,
    declare,
    fill_all,
    fill_array,
    leading,
    pick,
    rows_of,
    whole,
)


def _simple(x: Value, name: str, fill: Callable[..., None], gained: bool) -> Value:
    """Fills without options, or with a gain."""
    handle, args = leading(x)
    if handle is None:
        gain = as_double(args[1]) if len(args) == 2 else NO
        return fill_array(args[0] if gain is not NO else x, _with_gain(name, fill, gained, gain))
    gain = as_double(args[-1]) if len(args) > 1 else NO
    if len(args) == 1 or (len(args) == 2 and gain is not NO):
        tensors = whole(handle, name, SINGLE)
    elif len(args) == 2:
        tensors = pick(handle, args[1], name)
    elif len(args) == 3:
        if not gained:
            raise QError(f"{name}: no more than 2 args expected, 3 supplied")
        if gain is NO:
            raise QError(f"{name}: unable to read final arg of gain, double expected, "
                         f"given {kname(args[2])}")
        tensors = pick(handle, args[1], name)
    else:
        raise QError(f"{name}: given {handle.kind}, expecting up to {2 + gained} args, "
                     f"but {len(args)} args supplied")
    gains = [] if gain is NO else [gain]
    fill_all(handle.obj, tensors, _with_gain(name, fill, gained, gain), fill.__name__, *gains)
    return None


def _with_gain(name: str, fill: Callable[..., None], gained: bool, gain: Any) -> Fill:
    if gain is NO:
        return fill
    if not gained:
        raise QError(f"{name}: not implemented for additional gain argument of {gain:g}")
    return lambda t: fill(t, gain)


_GAIN = Param("gain", kinds.DOUBLE, "factor", 1.0)
SIMPLE = {  # name: (function, has a gain, prefix of messages, words)
    "zeros": (fills.zeros, False, "zeros", "fill with zeros"),
    "ones": (fills.ones, False, "ones", "fill with ones"),
    "eye": (fills.eye, False, "eye", "identity matrix"),
    "dirac": (fills.dirac, False, "dirac", "weights of a convolution that changes nothing"),
    "orthogonal": (fills.orthogonal, True, "orthogonal", "a random semi-orthogonal matrix"),
    "xnormal": (fills.xnormal, True, "xaiver normal", "normal numbers by Xavier's rule"),
    "xuniform": (fills.xuniform, True, "xaiver uniform", "uniform numbers by Xavier's rule")}


def _declare_simple(name: str) -> None:
    fill, gained, label, words = SIMPLE[name]
    declare(name, words, lambda x: _simple(x, label, fill, gained),
             "[2 2 3#0e]" if name == "dirac" else "[3 4#0e]", *((_GAIN,) if gained else ()))


for _name in SIMPLE:
    _declare_simple(_name)


# ------------------------------------------------------------------ sparse

def _sparse(x: Value) -> Value:
    name = "sparse initialize"
    if not is_general(x):
        raise QError(f"{name}: not implemented for {kname(x)}")
    handle, args = leading(x)
    n = len(args)
    if handle is None and is_array(x, 3):
        raise QError(f"{name}: unrecognized arg(s), expecting (input;sparse fraction), "
                     "(input;indices/names;fraction), etc.")
    if not 2 <= n <= 4:
        raise QError(f"{name}: expecting 2-4 args, {n} supplied")
    if handle is None:
        return _sparse_array(args, name)
    numbers = [as_double(v) for v in args[1:]]
    if NO not in numbers and n < 4:
        tensors = whole(handle, name, "{} argument without names")
    else:
        if n < 3:
            raise QError(f"{name}: expecting 3 args, {handle.kind}, indices/names and sparse "
                         f"fraction, but {n} args supplied")
        numbers = numbers[1:]
        for number, v, words in zip(numbers, args[2:], ("3rd arg of sparse fraction",
                                                        "4th arg of std deviation"), strict=False):
            if number is NO:
                raise QError(f"{name}: expecting {words} as double, given {kname(v)}")
        tensors = pick(handle, args[1], name)
    fill_all(handle.obj, tensors, lambda t: fills.sparse(t, *numbers), "snormal", *numbers)
    return None


def _sparse_array(args: list[Value], name: str) -> Value:
    if len(args) > 3:
        raise QError(f"{name}: expecting array with sparse fraction and optional stddev, "
                     f"but {len(args)} args supplied")
    numbers = [as_double(v) for v in args[1:]]
    for number, v, words in zip(numbers, args[1:], ("2nd arg of sparse fraction",
                                                    "3rd arg of stddev"), strict=False):
        if number is NO:
            raise QError(f"{name}: expecting {words} to be double, given {kname(v)}")
    return fill_array(args[0], lambda t: fills.sparse(t, *numbers))


declare("snormal", "normal numbers, with a fraction of every column zero", _sparse,
         "(3 4#0e;.5)", Param("fraction", kinds.DOUBLE, "part of a column that is zero"),
         Param("std", kinds.DOUBLE, "standard deviation", 0.01))


# ------------------------------------------------------------------ one value

def _fill(x: Value) -> Value:
    if not is_general(x):
        raise QError(f"fill: not implemented for {kname(x)}")
    handle, args = leading(x)
    if len(args) not in (2, 3):
        raise QError(f"fill: expecting 2-3 args, {len(args)} supplied")
    value = as_scalar(args[-1])
    if value is NO:
        raise QError(f"fill: unable to get fill element from final arg of {kname(args[-1])}")
    if handle is None:
        t = to_tensor(args[0], own=True)
        for part in [t] if len(args) == 2 else rows_of(t, args[1], "fill"):
            part.fill_(value)
        return to_q(t, fresh=True)
    if handle.kind not in LISTS and len(args) == 2:
        raise QError(f"fill: given {handle.kind} expecting parameter/buffer names in addition "
                     "to fill element")
    tensors = whole(handle, "fill", SINGLE) if len(args) == 2 else pick(handle, args[1], "fill")
    fill_all(handle.obj, tensors, lambda t: t.fill_(value), "fill", value)
    return None


declare("fill", "fill with one value", _fill, "(3 4#0e;2)",
         Param("value", kinds.NUMBER, "the value"))


@function("filldiagonal", GROUP, "fill the diagonal with one value",
          Param("x", kinds.TENSOR, "tensor or array"), Param("value", kinds.NUMBER, "the value"),
          Param("wrap", kinds.FLAG, "1b to start again below a square", False), raw=True,
          examples=["filldiagonal(3 3#0;1)", "filldiagonal(t:tensor 5 2#0;1;1b)", "tensor t"])
def filldiagonal(x: Value) -> Value:
    args = items(x) if is_general(x) and find(x) is None else []
    value = as_long_double(args[1]) if len(args) in (2, 3) else NO
    wrap = as_flag(args[2]) if len(args) == 3 else False
    if not isinstance(value, (int, float)) or wrap is NO:
        raise QError("fill diagonal expects (tensor/array;fill element;optional wrap flag)")
    handle = find(args[0])
    if handle is None:
        return fill_array(args[0], lambda t: t.fill_diagonal_(value, wrap))
    fill_all(handle.obj, whole(handle, "fill diagonal", "{}"),
             lambda t: t.fill_diagonal_(value, wrap))
    return None


# ------------------------------------------------------------------ gain

@function("gain", GROUP, "recommended factor of the standard deviation before an activation",
          Param("nonlinearity", kinds.SYMBOL, "name of the activation"),
          Param("slope", kinds.NUMBER, "slope of leakyrelu below zero", 0.01), raw=True,
          examples=["gain`relu", "gain(`leakyrelu;.5)"])
def gain(x: Value) -> float:
    args = [x] if type(x) is Symbol else items(x) if isinstance(x, List) else []
    slope = as_long_double(args[1]) if len(args) == 2 else 0.01
    if len(args) not in (1, 2) or type(args[0]) is not Symbol or slope is NO:
        raise QError("gain: expecting function name and optional parameter, e.g. `relu or "
                     "(`leakyrelu;0.2)")
    if args[0] not in fills.FUNCTIONS:
        raise QError(f"gain: unrecognized non-linearity `{args[0]}")
    return fills.gain_of(args[0], float(slope))
