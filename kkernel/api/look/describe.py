"""What a torch module is called and which options it was made with, in q's words and in torch's.

Modules of the k api are described by the api's own rows. Any other module is described by its
class and by those constructor arguments that it kept as attributes.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from kkernel.q.errors import QError
from kkernel.q.symbols import names
from kkernel.q.text.show import line
from kkernel.q.values import items

from ..module.types import ModuleType, type_of


@dataclass(frozen=True)
class Option:
    """One option: its name, its value as text, and whether that is the default."""

    name: str
    text: str
    default: bool = False


Options = tuple[Option, ...]


@dataclass(frozen=True)
class Description:
    """`kind` and `options` are q's, `python` (the class) and `python_options` torch's.

    A module that q has no name for shows torch's in both places.
    """

    kind: str
    options: Options
    python: str
    python_options: Options


def describe(module: nn.Module) -> Description:
    """Name and options of one module, without its children."""
    python = type(module).__name__
    row = row_of(module)
    if row is not None:
        try:
            return Description(row.name, _q_options(row, module), python,
                               _torch_options(row, module))
        except (QError, AttributeError):  # a subclass that lacks what the row reads
            pass
    options = tuple(_kept_arguments(module))
    return Description(python, options, python, options)


def row_of(module: nn.Module) -> ModuleType | None:
    """The api's row, unless the user wrote a class of their own on top of it."""
    enter_rows()
    written = type(module).__module__.split(".")[0]
    return type_of(module) if written in ("torch", "kkernel") else None


def options_text(options: Iterable[Option], all_options: bool = False) -> str:
    """One line of q options: `in 784  out 10  bias 0b`."""
    return "  ".join(f"{o.name} {o.text}" for o in options if all_options or not o.default)


def python_text(options: Iterable[Option], all_options: bool = False) -> str:
    """One line of torch options: `784, 10, bias=False`."""
    return ", ".join(f"{o.name}={o.text}" for o in options if all_options or not o.default)


# --------------------------------------------------------------------------- known to the api


@cache
def enter_rows() -> None:
    """Import the api's rows. Some hold sample modules: making those must not shift a seed."""
    with torch.random.fork_rng(devices=[]):
        import_module("kkernel.api.module.rows")


def _q_options(row: ModuleType, module: nn.Module) -> Options:
    given = set(names(row.shown(module, False).keys))
    shown = row.shown(module, True)
    return tuple(
        Option(str(name), line(value), name not in given)
        for name, value in zip(names(shown.keys), items(shown.values), strict=True)
    )


def _torch_options(row: ModuleType, module: nn.Module) -> Options:
    given = {str(name) for name in names(row.shown(module, False).keys)}
    values = row.read(module)
    return tuple(
        Option(option.keyword, repr(_single(values[option.name])), option.name not in given)
        for option in row.options.rows
        if not isinstance(values[option.name], Tensor)
    )


# --------------------------------------------------------------------------- any other module

_MISSING = object()
_PLAIN = (bool, int, float, str, tuple, list, type(None))


def _kept_arguments(module: nn.Module) -> Iterable[Option]:
    """The constructor's arguments found again as attributes."""
    for name, default in _arguments(type(module)):
        value = getattr(module, name, _MISSING)
        if isinstance(value, Tensor) or (value is None and isinstance(default, bool)):
            value = value is not None  # linear's `bias` is asked for as a flag
        if isinstance(value, _PLAIN):
            yield Option(name, repr(_single(value)), _same(value, default))


@lru_cache(maxsize=1024)
def _arguments(cls: type) -> tuple[tuple[str, Any], ...]:
    """(name, default) of a constructor's arguments, device and dtype left out."""
    try:
        parameters = inspect.signature(cls).parameters.values()
    except (TypeError, ValueError):
        return ()
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return tuple(
        (p.name, p.default)
        for p in parameters
        if p.kind in kinds and p.name not in ("device", "dtype")
    )


def _single(value: Any) -> Any:
    """One number for a tuple of equal ones, as it may be given."""
    if isinstance(value, (tuple, list)) and value:
        return value[0] if len(set(value)) == 1 else tuple(value)
    return value


def _same(value: Any, default: Any) -> bool:
    """Whether an attribute is the default: one number stands for as many equal ones."""
    if isinstance(value, (tuple, list)) and isinstance(default, (int, float)):
        return all(item == default for item in value)
    return type(value) is type(default) and value == default
