"""Complex tensors: made from real and imaginary parts, and taken apart again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from kkernel.q.errors import QError
from kkernel.q.values import Value, items

from .. import kinds, settings
from ..convert import to_q, to_tensor
from ..declare import function
from ..dtypes import symbol_of
from ..kinds import NO, as_flag, is_general, kname
from ..objects import find_tensor, register
from ..params import Param
from .tensor_options import TensorOptions

Tensor = torch.Tensor
GROUP = "tensor"
_PARTS = {torch.complex32: torch.float16, torch.complex64: torch.float32,
          torch.complex128: torch.float64}


# ------------------------------------------------------------------ making

def complex_tensor(args: list[Value], options: TensorOptions | None = None,
                   out: Tensor | None = None) -> Tensor:
    """From one array with a dimension of 2 (optional flag: first or last), or from two parts."""
    o = options or TensorOptions()
    wanted = out.dtype if out is not None else o.dtype
    flag = as_flag(args[1]) if len(args) == 2 else None
    if len(args) == 2 and flag is NO:
        real, imaginary = to_tensor(args[0]), to_tensor(args[1])
    else:
        real, imaginary = _split(to_tensor(args[0]), flag)
    part = _part_type(wanted, real.dtype, imaginary.dtype)
    made = torch.complex(real.to(part), imaginary.to(part))
    if out is not None:
        return out.resize_(made.shape).copy_(made)
    return o.apply(made)


def _split(t: Tensor, first: bool | None) -> tuple[Tensor, Tensor]:
    """The two halves along the first or last dimension, which must have size 2."""
    first = settings.active.complexfirst if first is None else first
    if not t.ndim:
        raise QError("complex: single input array must have one or more dimensions")
    dim = 0 if first else -1
    if t.shape[dim] != 2:
        where, join = ("first", ";") if first else ("last", ",'")
        raise QError(f"complex: single input array must have a {where} dimension of size 2 "
                     f"(real{join}imaginary), given size of {list(t.shape)}")
    return t.select(dim, 0), t.select(dim, 1)


def _part_type(wanted: torch.dtype | None, a: torch.dtype, b: torch.dtype) -> torch.dtype:
    """The type of the parts: as asked, else of the floating part, else the default."""
    if a.is_floating_point and b.is_floating_point and a != b:
        raise QError(f"complex: real input is {symbol_of(a)}, imaginary input is {symbol_of(b)}")
    if wanted is not None:
        if wanted not in _PARTS:
            raise QError("unable to create complex tensor with given datatype: "
                         f"{symbol_of(wanted)}")
        return _PARTS[wanted]
    for part in (a, b):
        if part.is_floating_point:
            return part
    return torch.get_default_dtype()


# ------------------------------------------------------------------ taking apart

def of_bare_or_enlisted(name: str, x: Value, what: str,
                        fits: Callable[[Tensor], bool]) -> tuple[Tensor, bool]:
    """The tensor of a bare pointer (k value wanted) or an enlisted one (pointer wanted)."""
    handle, enlisted = find_tensor(x), False
    if handle is None and is_general(x) and len(x) == 1:
        handle, enlisted = find_tensor(items(x)[0]), True
    if handle is None or handle.obj is None or not fits(handle.obj):
        raise QError(f"{name}: expects a {what} tensor (enlist to return tensor ptr), "
                     f"given {kname(x)}")
    return handle.obj, enlisted


def _part(name: str, f: Callable[[Tensor], Tensor]) -> Callable[[Value], Value]:
    def run(x: Value) -> Value:
        t, enlisted = of_bare_or_enlisted(name, x, "complex", torch.is_complex)
        result = f(t.to_dense() if t.is_sparse else t)
        return register("tensor", result) if enlisted else to_q(result)

    return run


def _declare_parts() -> None:
    x = Param("x", kinds.VALUE, "complex tensor; enlist the pointer to get a tensor")
    rows: tuple[tuple[str, str, Any], ...] = (
        ("real", "real parts of a complex tensor", torch.real),
        ("imag", "imaginary parts of a complex tensor", torch.imag),
        ("isreal", "where a complex tensor has no imaginary part", torch.isreal))
    for name, words, f in rows:
        example = f"{name} tensor(`complex;1 2f;0 3f)"
        function(name, GROUP, words, x, raw=True, examples=[example])(_part(name, f))


_declare_parts()
