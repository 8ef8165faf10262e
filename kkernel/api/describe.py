"""What a torch module is called and which options it was made with, in q's words and in torch's.

Modules of the k api are described by the api's own option tables. Any other module is described
by its class and by those constructor arguments that it kept as attributes.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from torch import Tensor, nn


@dataclass(frozen=True)
class Option:
    """One option: its name, its value as text, and whether that is the default."""

    name: str
    text: str
    default: bool = False


@dataclass(frozen=True)
class Description:
    """`kind` is q's name of the module, or the class name when q has none."""

    kind: str
    options: tuple[Option, ...]
    python: str
    python_options: str


def describe(module: nn.Module) -> Description:
    """Name and options of one module, without its children."""
    options = tuple(
        Option(name, k_text(value), default)
        for name, value, default in _constructor_values(module)
    )
    python = type(module).__name__
    return Description(python.lower(), options, python, _extra_repr(module))


def options_text(options: tuple[Option, ...], all_options: bool = False) -> str:
    """One line: values of the leading required options, then `name value` of the others."""
    return "  ".join(
        f"{option.name} {option.text}" for option in options if all_options or not option.default
    )


def k_text(value: Any) -> str:
    """A Python option value as q would write it."""
    if value is None:
        return "::"
    if isinstance(value, bool):
        return "1b" if value else "0b"
    if isinstance(value, float):
        return f"{value:.7g}" + ("f" if value.is_integer() else "")
    if isinstance(value, str):
        return "`" + value
    if isinstance(value, (tuple, list)) and all(isinstance(item, int) for item in value):
        same = len(set(value)) == 1
        return k_text(value[0]) if same else " ".join(map(str, value))
    return str(value)


def _constructor_values(module: nn.Module) -> list[tuple[str, Any, bool]]:
    """(name, value, is default) of the constructor arguments found again as attributes."""
    found = []
    for name, default in _arguments(type(module)):
        value = getattr(module, name, _MISSING)
        if value is _MISSING or callable(value):
            continue
        if isinstance(value, Tensor) or (value is None and isinstance(default, bool)):
            value = value is not None  # linear's `bias` is asked for as a flag
        if isinstance(value, (bool, int, float, str, tuple, list, type(None))):
            found.append((name, value, _same(value, default)))
    return found


_MISSING = object()


@lru_cache(maxsize=1024)
def _arguments(cls: type) -> tuple[tuple[str, Any], ...]:
    """(name, default) of a constructor's arguments, device and dtype left out."""
    try:
        parameters = inspect.signature(cls).parameters.values()
    except (TypeError, ValueError):
        return ()
    return tuple(
        (p.name, p.default)
        for p in parameters
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.name not in ("device", "dtype")
    )


def _same(value: Any, default: Any) -> bool:
    """Whether an attribute is the default: one number stands for as many equal ones."""
    if isinstance(value, (tuple, list)) and isinstance(default, (int, float)):
        return all(item == default for item in value)
    return type(value) is type(default) and value == default


def _extra_repr(module: nn.Module) -> str:
    try:
        return " ".join(module.extra_repr().split())
    except Exception:  # user code; the table goes on without it
        return ""
