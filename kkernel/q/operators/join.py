"""`,`: join."""

from __future__ import annotations

from ..lists import joining
from ..registry import operator
from ..values import Value


@operator(",")
def join(x: Value, y: Value) -> Value:
    """x followed by y: lists join, dictionaries and keyed tables upsert."""
    return joining.join(x, y)
