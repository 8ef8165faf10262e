"""`type`: the number of a value's type."""

from __future__ import annotations

import numpy as np

from ..registry import keyword
from ..values import Value, qtype


@keyword("type", glyph="@:")
def type_(x: Value) -> Value:
    """Negative for atoms, 0 for general lists, 98 for tables, 99 for dictionaries."""
    return np.int16(qtype(x))
