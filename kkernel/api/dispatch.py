"""Functions whose work depends on the class of the pointer they are given.

Each class enters its own part, beside the code of that class::

    @implement("to", "module", "loss")
    def module_to(handle, options, asynchronous): ...

and the function itself is declared once and calls `dispatch`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from kkernel.q.errors import QError

from .objects import Handle

Part = Callable[..., Any]
P = TypeVar("P", bound=Part)

_PARTS: dict[tuple[str, str], Part] = {}
_PLURALS = {"tensor": "tensors", "vector": "vectors", "dictionary": "dictionaries",
            "module": "modules", "loss": "loss modules", "optimizer": "optimizers",
            "model": "model"}


def implement(name: str, *kinds: str) -> Callable[[P], P]:
    """Enter the part of function `name` for pointers of these classes."""

    def enter(part: P) -> P:
        for kind in kinds:
            _PARTS[name, kind] = part
        return part

    return enter


def part(name: str, kind: str) -> Part | None:
    """The part of a function for one class, None if it has none."""
    return _PARTS.get((name, kind))


def dispatch(name: str, handle: Handle, *args: Any, plural: bool = False) -> Any:
    """Call the part for the class of this handle; signals a class that has none."""
    found = _PARTS.get((name, handle.kind))
    if found is None:
        kind = _PLURALS[handle.kind] if plural else handle.kind
        raise QError(f"{name}: not implemented for {kind}")
    return found(handle, *args)
