"""The q language, usable alone: ``from kkernel.q import Interpreter``.

Knows nothing of torch, of Jupyter or of the k api.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import QError, QStop

if TYPE_CHECKING:
    from .interpreter import Interpreter

__all__ = ["Interpreter", "QError", "QStop"]


def __getattr__(name: str) -> Any:
    """Load the interpreter, and numpy with it, when it is asked for: the kernel starts faster."""
    if name == "Interpreter":
        from .interpreter import Interpreter

        return Interpreter
    raise AttributeError(f"module {__name__} has no attribute {name}")
