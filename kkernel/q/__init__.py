"""The q language, usable alone: ``from kkernel.q import Interpreter``.

Knows nothing of torch, of Jupyter or of the k api.
"""

from __future__ import annotations

from .errors import QError, QStop
from .interpreter import Interpreter

__all__ = ["Interpreter", "QError", "QStop"]
