"""The options of a tensor: device, data type, layout, gradient, pinned memory, memory format."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache
from typing import Any

import torch

from kkernel.q.errors import QError
from kkernel.q.symbols import symbols
from kkernel.q.values import Dict, Value

from ..dtypes import BY_NAME, symbol_of
from ..kinds import NO, as_symbols

LAYOUTS = {"strided": torch.strided, "sparse": torch.sparse_coo}
GRADIENTS = {"grad": True, "nograd": False}
PINS = {"pinned": True, "unpinned": False}
MEMORY = {"contiguous": torch.contiguous_format, "preserve": torch.preserve_format,
          "channel2d": torch.channels_last, "channel3d": torch.channels_last_3d}
_LAYOUT_NAMES = {v: k for k, v in LAYOUTS.items()}
_MEMORY_NAMES = {v: k for k, v in MEMORY.items()}

NAMES = ("device", "dtype", "layout", "gradient", "pin", "memory")


def _devices() -> dict[str, torch.device]:
    found = {"cpu": torch.device("cpu")}
    if torch.cuda.is_available():
        found["cuda"] = torch.device("cuda")
        for i in range(torch.cuda.device_count()):
            found[f"cuda:{i}"] = torch.device("cuda", i)
    if torch.backends.mps.is_available():
        found["mps"] = torch.device("mps")
        found["mps:0"] = torch.device("mps", 0)
    return found


DEVICES: dict[str, torch.device] = _devices()


@dataclass(frozen=True)
class TensorOptions:
    """What a call asks of a tensor; None where it leaves the choice."""

    device: torch.device | None = None
    dtype: torch.dtype | None = None
    layout: torch.layout | None = None
    gradient: bool | None = None
    pin: bool | None = None
    memory: torch.memory_format | None = None

    @cached_property
    def keywords(self) -> dict[str, Any]:
        """For torch's creation functions: device, dtype, layout, requires_grad, pin_memory."""
        given = {"device": self.device, "dtype": self.dtype, "layout": self.layout,
                 "requires_grad": self.gradient, "pin_memory": self.pin}
        return {k: v for k, v in given.items() if v is not None}

    @property
    def like(self) -> dict[str, Any]:
        """For torch's `*_like` functions, which also take a memory format."""
        given = {**self.keywords, "memory_format": self.memory}
        given.pop("pin_memory", None)
        return {k: v for k, v in given.items() if v is not None}

    def apply(self, t: torch.Tensor, *, non_blocking: bool = False,
              copy: bool = False) -> torch.Tensor:
        """The tensor with these options: itself when nothing has to change."""
        if self.layout is torch.sparse_coo:
            return self._sparse(t, non_blocking)
        gradient = t.requires_grad if self.gradient is None else self.gradient
        source = t.detach() if t.is_leaf else t  # what moves is a leaf again
        if t.is_sparse and self.layout is torch.strided:
            source = source.to_dense()
        memory = torch.preserve_format if source.is_sparse else self.memory
        moved = source.to(device=self.device, dtype=self.dtype, non_blocking=non_blocking,
                          copy=copy, memory_format=memory or torch.preserve_format)
        if self.pin:
            moved = moved.pin_memory()
        if moved is source and t.is_leaf:
            moved = t
        return moved if moved.requires_grad == gradient else moved.requires_grad_(gradient)

    def _sparse(self, t: torch.Tensor, non_blocking: bool) -> torch.Tensor:
        if self.pin:
            raise QError("sparse tensors cannot have pinned memory")
        if self.memory in (torch.channels_last, torch.channels_last_3d):
            raise QError("sparse tensors cannot use memory formats with channels as last dimension")
        moved = (t if t.is_sparse else t.detach().to_sparse()).to(
            device=self.device, dtype=self.dtype, non_blocking=non_blocking)
        return moved.requires_grad_(bool(self.gradient))


NOTHING = TensorOptions()

_TABLES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("device", DEVICES), ("dtype", {n: d.torch for n, d in BY_NAME.items()}),
    ("layout", LAYOUTS), ("gradient", GRADIENTS), ("pin", PINS), ("memory", MEMORY))
OPTION_SYMBOLS: dict[str, tuple[str, Any]] = {
    name: (which, value) for which, table in _TABLES for name, value in table.items()}


def absent(name: str) -> str:
    """What to add to a message about the symbol of a device that this machine lacks."""
    kind = name.partition(":")[0]
    if kind not in ("cuda", "mps"):
        return ""
    return f", the devices here are {' '.join('`' + d for d in DEVICES)}"


def as_options(x: Value) -> Any:
    """The options that symbols name; `NO` if x is no symbol(s), a signal if one is unknown."""
    names = as_symbols(x)
    return NO if names is NO else _named(*names)


@lru_cache(256)
def _named(*names: str) -> TensorOptions:
    o = NOTHING
    for name in names:
        found = OPTION_SYMBOLS.get(name)
        if found is None:
            raise QError(f"unrecognized tensor option: `{name}{absent(name)}")
        which, value = found
        o = replace(o, **{which: value})
    return o


# ------------------------------------------------------------------ the symbols of a tensor

def device_symbol(device: torch.device) -> str:
    return str(device)


def memory_symbol(t: torch.Tensor) -> str:
    """The memory format that torch would suggest for a copy of t."""
    if t.layout is torch.strided:
        if t.ndim == 4 and not t.is_contiguous() and t.is_contiguous(
                memory_format=torch.channels_last):
            return "channel2d"
        if t.ndim == 5 and not t.is_contiguous() and t.is_contiguous(
                memory_format=torch.channels_last_3d):
            return "channel3d"
    return "contiguous"


def is_pinned(t: torch.Tensor) -> bool:
    return not t.is_sparse and torch.cuda.is_available() and t.is_pinned()


def option_symbols(t: torch.Tensor | None) -> list[str]:
    """The six option symbols of a tensor, empty symbols when it is undefined."""
    if t is None:
        return [""] * len(NAMES)
    return [device_symbol(t.device), symbol_of(t.dtype), _LAYOUT_NAMES[t.layout],
            "grad" if t.requires_grad else "nograd", "pinned" if is_pinned(t) else "unpinned",
            memory_symbol(t)]


def default_symbols(o: TensorOptions | None = None) -> list[str]:
    """The six symbols of tensors made without options (or with these)."""
    o = o or TensorOptions()
    return [device_symbol(o.device or torch.device("cpu")),
            symbol_of(o.dtype or torch.get_default_dtype()),
            _LAYOUT_NAMES[o.layout or torch.strided], "grad" if o.gradient else "nograd",
            "pinned" if o.pin else "unpinned", _MEMORY_NAMES[o.memory or torch.contiguous_format]]


def option_map(values: list[str]) -> Dict:
    """Option name -> symbol."""
    return Dict(symbols(NAMES), symbols(values))


assert len(NAMES) == len(fields(TensorOptions))
