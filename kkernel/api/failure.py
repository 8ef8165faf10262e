"""Failures of calls as q errors, and what met in them: arguments, shapes, types, the layer."""

from __future__ import annotations

import re
from typing import Any

from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from kkernel.q.errors import QError
from kkernel.q.text.show import line
from kkernel.q.values import Value, qtype

from . import settings
from .dtypes import BY_TORCH
from .kinds import kname
from .objects import find, mapped

MOST_TEXT = 60
MOST_ARGUMENTS = 8
Details = list[tuple[str, str]]


def details(form: str, names: list[str], arguments: list[Value], error: BaseException) -> Details:
    """Name and words: the call, each argument, and of a module's error the layer that failed.

    `names` are those of the first arguments.
    """
    found: Details = [("call", form)]
    for i, x in enumerate(arguments[:MOST_ARGUMENTS]):
        found.append((names[i] if i < len(names) else f"argument {i + 1}", words_of(x)))
    return [*found, *_layer(error)]


def words_of(x: Value) -> str:
    """One argument in a line."""
    if mapped(x):
        handle = find(x)
        assert handle is not None
        if handle.kind == "tensor":
            return tensor_words(handle.obj)
        return f"{handle.kind} {type(handle.obj).__name__}" if handle.kind == "module" \
            else handle.kind
    shape = getattr(x, "shape", None)
    if shape:
        return f"{kname(x)}, size {' '.join(map(str, shape))}"
    text = line(x, 7, MOST_TEXT)
    return text if qtype(x) < 0 and len(text) <= MOST_TEXT else kname(x)


def tensor_words(t: Tensor | None) -> str:
    """`tensor 2 3 float cpu`."""
    if t is None or is_lazy(t):
        return "tensor, undefined"
    row = BY_TORCH.get(t.dtype)
    dtype = row.name if row else str(t.dtype).removeprefix("torch.")
    size = " ".join(map(str, t.shape)) or "scalar"
    return f"tensor, size {size}, {dtype} on {t.device}"


def _layer(error: BaseException) -> Details:
    """The innermost module whose forward was running, and the tensors that came to it."""
    at, inner, given = error.__traceback__, None, {}
    while at is not None:
        names = at.tb_frame.f_locals
        module = names.get("self")
        if at.tb_frame.f_code.co_name == "forward" and isinstance(module, nn.Module):
            inner, given = module, {n: v for n, v in names.items() if isinstance(v, Tensor)}
        at = at.tb_next
    if inner is None:
        return []
    return [("layer", _layer_words(inner)),
            *(("its " + name, tensor_words(t)) for name, t in list(given.items())[:4]),
            *(("its " + n, tensor_words(p)) for n, p in list(inner._parameters.items())[:3]
              if p is not None)]


def _layer_words(module: nn.Module) -> str:
    extra: Any = module.extra_repr()
    return f"{type(module).__name__}({extra})"


_NO_KERNEL = re.compile(r"Could not run 'aten::([\w.]+)' with arguments from the '(\w+)' backend")


def translated(e: Exception, name: str = "") -> QError:
    """A failure of torch, numpy or Python as a q error; `name` is that of the function."""
    text = str(e).strip()
    if isinstance(e, (TypeError, AttributeError)) and "NoneType" in text:
        return QError(f"{name}: expected a tensor, given an undefined tensor")
    if isinstance(e, MemoryError) or "can't allocate memory" in text or "out of memory" in text:
        return QError("wsfull")
    if isinstance(e, RecursionError):
        return QError("stack")
    missing = _NO_KERNEL.match(text)
    if missing:  # torch goes on with a hundred lines of what there is
        return QError(f"{name or 'torch'}: {missing[1]} is not implemented for "
                      f"{missing[2]} tensors")
    if settings.active.stackframe:
        return QError(f"{text}\n{type(e).__name__}")
    return QError(text or type(e).__name__)
