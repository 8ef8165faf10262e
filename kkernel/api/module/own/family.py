"""What own containers share: names of modules in messages, and adding a child by their rules."""

from __future__ import annotations

from torch import nn

from kkernel.q.errors import QError


def label(module: nn.Module) -> str:
    """How messages name the class of a module: `Linear`, `knn::Fork`."""
    cls = type(module)
    return getattr(cls, "label", "") or (
        f"knn::{cls.__name__}" if cls.__module__.startswith("kkernel.") else cls.__name__)


def adopt(parent: nn.Module, name: str, child: nn.Module) -> None:
    """Make child a submodule under any name, also one that a method of torch has (`train`)."""
    if not name:
        raise QError("Submodule name must not be empty")
    if "." in name:
        raise QError(f"Submodule name must not contain a dot (got '{name}')")
    if name in parent._modules:
        raise QError(f"Submodule '{name}' already defined")
    parent._modules[name] = child


def number(parent: nn.Module) -> str:
    """The name of the next child that has none of its own: the count of children."""
    return str(len(parent._modules))
