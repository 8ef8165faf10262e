"""What a pointer is, in a few lines of text: for the card below a cell and for tooltips.

Cheap for objects of any size: of a large tensor only a sample is looked at, long trees are cut.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from kkernel.q.text.show import line
from kkernel.q.values import Value

from ..dtypes import BY_TORCH
from ..objects import Handle, TensorDict, find, mapped
from .counting import flat
from .describe import describe, options_text
from .structure import children

MOST_LINES = 40
SAMPLE = 1 << 16  # numbers that a histogram looks at
BINS = 24


@dataclass(frozen=True)
class Line:
    """One line below the facts: `depth` levels deep, a name, what it is, and its size."""

    depth: int
    name: str
    kind: str
    words: str = ""
    size: str = ""


@dataclass(frozen=True)
class Numbers:
    """The finite numbers of a tensor: counts of equal bins from low to high, and what else."""

    counts: tuple[int, ...]
    low: float
    high: float
    mean: float
    sd: float
    n: int  # numbers looked at
    of: int  # numbers there are
    odd: int = 0  # nan and infinite ones among those looked at


@dataclass(frozen=True)
class Card:
    """`kind` is the class of the pointer, `title` its type; facts are name and text."""

    kind: str
    title: str
    facts: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...] = ()
    numbers: Numbers | None = None
    cut: int = 0  # lines that are not shown

    @property
    def text(self) -> str:
        """The card as plain text."""
        head = self.kind if self.title == self.kind else f"{self.kind} {self.title}"
        rows = [f"  {name}: {value}" for name, value in self.facts]
        tree = ["  " * (r.depth + 1) + "  ".join(t for t in (r.name, r.kind, r.words, r.size) if t)
                for r in self.lines]
        return "\n".join([head, *rows, *tree, *([f"  {self.cut:,} more"] if self.cut else [])])


def card(x: Value, numbers: bool = True) -> Card | None:
    """The card of a live pointer, None for any other value; `numbers`: with their histogram."""
    if not mapped(x):
        return None
    handle = find(x)
    assert handle is not None
    made: Card = _CARDS[handle.kind](handle, numbers)
    return made


def _cut(lines: list[Line]) -> dict[str, Any]:
    return {"lines": tuple(lines[:MOST_LINES]), "cut": max(0, len(lines) - MOST_LINES)}


# ------------------------------------------------------------------ tensors

def shape_of(t: Tensor | None) -> str:
    """`2 3`, as q writes a shape."""
    if t is None or is_lazy(t):
        return "undefined"
    return " ".join(map(str, t.shape)) or "scalar"


def dtype_of(t: Tensor) -> str:
    row = BY_TORCH.get(t.dtype)
    return str(row.name) if row else str(t.dtype).removeprefix("torch.")


def _bytes(n: int) -> str:
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if n >= size:
            return f"{n / size:.3g} {unit}"
    return f"{n} bytes"


def _tensor(handle: Handle, numbers: bool) -> Card:
    t = handle.obj
    if t is None or is_lazy(t):
        return Card("tensor", "tensor", (("shape", "undefined"),))
    facts = [("shape", shape_of(t)), ("dtype", dtype_of(t)), ("device", str(t.device)),
             ("memory", _bytes(t.numel() * t.element_size()))]
    if t.requires_grad:
        facts.append(("gradient", "leaf" if t.is_leaf else str(t.grad_fn.name())))
    if t.layout is not torch.strided:
        facts.append(("layout", str(t.layout).removeprefix("torch.")))
    return Card("tensor", "tensor", tuple(facts), numbers=_numbers(t) if numbers else None)


def _numbers(t: Tensor) -> Numbers | None:
    """The histogram of at most SAMPLE numbers, evenly spread over the tensor."""
    if t.device.type == "meta" or t.numel() < 2 or t.dtype is torch.bool:
        return None
    row = flat(t)
    looked = row[::max(1, -(-row.numel() // SAMPLE))].cpu().double().numpy()
    finite = looked[np.isfinite(looked)]
    if not finite.size:
        return None
    low, high = float(finite.min()), float(finite.max())
    if math.isinf(high - low):
        return None
    counts, _ = np.histogram(finite, BINS if high > low else 1)
    return Numbers(tuple(counts.tolist()), low, high, float(finite.mean()), float(finite.std()),
                   len(looked), row.numel(), len(looked) - len(finite))


def _tensor_line(name: str, t: Tensor | None) -> Line:
    if t is None or is_lazy(t):
        return Line(0, name, "tensor", "undefined")
    return Line(0, name, dtype_of(t), shape_of(t), "" if str(t.device) == "cpu" else str(t.device))


def _vector(handle: Handle, _numbers: bool) -> Card:
    tensors = handle.obj
    rows = [_tensor_line(str(i), t) for i, t in enumerate(tensors[:MOST_LINES])]
    facts = (("tensors", f"{len(tensors):,}"), ("memory", _memory(tensors)))
    return Card("vector", "vector", facts, tuple(rows), cut=len(tensors) - len(rows))


def _dictionary(handle: Handle, _numbers: bool) -> Card:
    tensors: TensorDict = handle.obj
    facts = (("tensors", f"{len(tensors):,}"), ("memory", _memory(tensors.values())))
    return Card("dictionary", tensors.role, facts,
                **_cut([_tensor_line(str(n), t) for n, t in tensors.items()]))


def _memory(tensors: Iterable[Tensor | None]) -> str:
    known = {id(t): t for t in tensors if t is not None and not is_lazy(t)}
    return _bytes(sum(t.numel() * t.element_size() for t in known.values()))


# ------------------------------------------------------------------ modules, losses

def _module(handle: Handle, _numbers: bool) -> Card:
    m = handle.obj
    described = describe(m)
    lines: list[Line] = []
    _tree(m, 0, lines)
    options = options_text(described.options)
    facts = _module_facts(m)
    return Card(handle.kind, described.kind,
                (*((("options", options),) if options else ()), *facts), **_cut(lines))


def _module_facts(m: nn.Module) -> tuple[tuple[str, str], ...]:
    parameters = [p for p in m.parameters() if not is_lazy(p)]
    if not parameters:
        return (("mode", "training" if m.training else "evaluation"),)
    devices = sorted({str(p.device) for p in parameters})
    dtypes = sorted({dtype_of(p) for p in parameters})
    frozen = sum(p.numel() for p in parameters if not p.requires_grad)
    facts = [("parameters", f"{sum(p.numel() for p in parameters):,}"),
             ("dtype", " ".join(dtypes)), ("device", " ".join(devices)),
             ("memory", _memory([*parameters, *m.buffers()])),
             ("mode", "training" if m.training else "evaluation")]
    return (*facts, *((("frozen", f"{frozen:,}"),) if frozen else ()))


def _tree(m: nn.Module, depth: int, lines: list[Line]) -> None:
    """A line for each module below m."""
    if len(lines) > 10 * MOST_LINES or depth > 30:
        return
    for name, child in children(m):
        described = describe(child)
        own = sum(p.numel() for p in child.parameters() if not is_lazy(p))
        lines.append(Line(depth, name, described.kind, options_text(described.options),
                          f"{own:,}" if own else ""))
        _tree(child, depth + 1, lines)


# ------------------------------------------------------------------ optimizers, models

def _optimizer(handle: Handle, _numbers: bool) -> Card:
    opt = handle.obj
    parameters = opt.parameters
    facts = [("parameters", f"{sum(p.numel() for p in parameters):,} in {len(parameters)} tensors")]
    shown = opt.row.shown(opt.groups[0], True) if opt.groups else None
    if shown is not None:
        facts += [(str(n), line(v)) for n, v in shown.items()]
    if len(opt.groups) > 1:
        facts.append(("groups", str(len(opt.groups))))
    return Card("optimizer", opt.row.name, tuple(facts))


def _model(handle: Handle, _numbers: bool) -> Card:
    model = handle.obj
    module, loss = describe(model.module), describe(model.loss)
    facts = [("loss", " ".join(t for t in (loss.kind, options_text(loss.options)) if t)),
             ("optimizer", f"{model.opt.row.name}  {_rates(model.opt)}")]
    facts += [(name, f"{data.size:,} samples in {data.batches:,} batches") for name, data in
              (("data", model.data), ("test data", model.testdata)) if data.size >= 0]
    lines = [Line(0, "module", module.kind, options_text(module.options))]
    _tree(model.module, 1, lines)
    return Card("model", "model", (*_module_facts(model.module), *facts), **_cut(lines))


def _rates(opt: Any) -> str:
    return "lr " + " ".join(f"{group['lr']:g}" for group in opt.groups)


_CARDS: dict[str, Callable[[Handle, bool], Card]] = {
    "tensor": _tensor, "vector": _vector, "dictionary": _dictionary, "module": _module,
    "loss": _module, "optimizer": _optimizer, "model": _model,
}
