"""The samples of the declarations: their arguments, as q values and as torch takes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch_reference import REFERENCE

from kkernel import api
from kkernel.api.convert import list_to_q, to_q, to_tensor
from kkernel.api.declare import FUNCTIONS, Function
from kkernel.api.kinds import TENSOR_KINDS
from kkernel.q.symbols import Symbol
from kkernel.q.values import List, Value, items, qtype

api.load()
BOUND = ("math-", "module-functional")
SAMPLED = [(f, s) for f in FUNCTIONS.values() if f.group.startswith(BOUND)
           for s in f.samples if f.group != "math-random"]
FLOATING = torch.float32, torch.float64


def arguments(f: Function, x: Value) -> list[Value]:
    return list(f.arguments(x)) if f.name != "multidot" else items(x)


def is_tensor(f: Function, i: int, arg: Value) -> bool:
    if f.name == "multidot":
        return True
    kind = f.params[min(i, len(f.params) - 1)].kind
    if i < f.required or (kind in TENSOR_KINDS and qtype(arg) >= 0):
        return kind in TENSOR_KINDS
    return f.name == "bincount" and qtype(arg) > 0


def plain(arg: Value) -> Any:
    """An option as Python: numbers, flags, symbols as str, longs as list."""
    if isinstance(arg, Symbol):
        return str(arg)
    return arg.tolist() if isinstance(arg, np.ndarray) else arg


def expected(f: Function, args: list[Value], grad: bool = False) -> Any:
    given = []
    for i, arg in enumerate(args):
        if not is_tensor(f, i, arg):
            given.append(plain(arg))
        elif f.params[min(i, len(f.params) - 1)].kind.word.endswith("number") and qtype(arg) < 0:
            given.append(arg)
        else:
            t = to_tensor(arg, own=True)
            given.append(t.requires_grad_() if grad and t.dtype in FLOATING else t)
    return REFERENCE[f.name](*given)


def nearly(x: Any, y: Any) -> bool:
    """Equal arrays, but for rounding."""
    return bool(np.allclose(x, y, rtol=1e-6, atol=1e-9, equal_nan=True) if x.dtype.kind == "f"
                else np.array_equal(x, y))


def same(a: Value, b: Value, alike: Callable[[Any, Any], bool] = nearly) -> bool:
    """Values of one type and shape, whose arrays are alike."""
    if qtype(a) != qtype(b):
        return False
    if type(a) is List and type(b) is List:
        return len(a) == len(b) and all(same(x, y, alike) for x, y in zip(a, b, strict=True))
    x, y = np.asarray(a), np.asarray(b)
    return x.dtype == y.dtype and x.shape == y.shape and alike(x, y)


def as_value(result: Any) -> Value:
    if isinstance(result, torch.Tensor):
        return to_q(result)
    return result if isinstance(result, bool) else list_to_q(list(result))


COMPARED = [c for c in SAMPLED if c[0].name in REFERENCE]
