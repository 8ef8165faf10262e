"""`2:`, which loads a function from a library."""

from __future__ import annotations

from .. import context
from ..errors import QError, type_error
from ..registry import operator
from ..symbols import Symbol
from ..values import Value, count, items, qtype, text


@operator("2:", 2)
def load(x: Value, y: Value) -> Value:
    """file 2:(name;rank): the function of this name in a library."""
    if type(x) is not Symbol or qtype(y) != 0 or count(y) != 2:
        raise type_error()
    name, rank = items(y)
    if type(name) is not Symbol or qtype(rank) != -7:
        raise type_error()
    library = context.active.library
    if library is None:
        raise QError(f"{text(x)}: no libraries in this session")
    return library(text(x), str(name), rank)
