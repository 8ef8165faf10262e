"""Keywords that look to neighbours: prev next xprev fills."""

from __future__ import annotations

import numpy as np

from ..apply import apply2
from ..errors import type_error
from ..lists.positions import at_positions
from ..registry import KEYWORDS, OPERATORS, keyword
from ..values import (
    Array,
    Dict,
    Table,
    Value,
    collapse,
    is_list,
    is_vector,
    items,
    null_vector,
    qtype,
)


@keyword("prev", glyph=":':")
def prev(x: Value) -> Value:
    """Each item's predecessor; null for the first."""
    return shifted(x, 1)


@keyword("next")
def next_(x: Value) -> Value:
    """Each item's successor; null for the last."""
    return shifted(x, -1)


@keyword("xprev", infix=True)
def xprev(x: Value, y: Value) -> Value:
    """For each item of y the item x places before it."""
    if qtype(x) not in (-1, -4, -5, -6, -7):
        raise type_error()
    return shifted(y, int(x))


def shifted(x: Value, n: int) -> Value:
    """Items moved n places towards the end, nulls (or empty lists) where none is left."""
    if isinstance(x, Dict):
        return Dict(x.keys, shifted(x.values, n))
    if not is_list(x) and not isinstance(x, Table):
        raise type_error()
    if is_vector(x):
        return _shifted_vector(x, n)
    return at_positions(x, np.arange(len(x)) - n)


def _shifted_vector(x: Array, n: int) -> Array:
    out = null_vector(qtype(x), len(x))
    if n >= 0:
        out[n:] = x[:max(len(x) - n, 0)]
    else:
        out[:n] = x[-n:]
    return out


@keyword("fills", glyph="^\\")
def fills(x: Value) -> Value:
    """Nulls replaced by the last item before them that is not null."""
    if isinstance(x, Dict):
        return Dict(x.keys, fills(x.values))
    if isinstance(x, Table):
        return Table(x.columns, [fills(c) for c in x.data])
    if is_vector(x):
        return _fill_vector(x)
    if not is_list(x):
        return x
    fill = OPERATORS["^"]
    out: list[Value] = []
    for v in items(x):
        out.append(apply2(fill, out[-1], v) if out else v)
    return collapse(out)


def _fill_vector(x: Array) -> Array:
    missing = KEYWORDS["null"].by_rank[1](x)
    known = np.where(missing, 0, np.arange(len(x)))
    filled: Array = x.view(np.ndarray)[np.maximum.accumulate(known)] if len(x) else x
    return filled
