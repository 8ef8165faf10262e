"""Where arrays hold nulls."""

from __future__ import annotations

import numpy as np

from ..types import BY_CODE
from ..values import Array
from .promote import NULL_0D, has_null, raw_numbers


def null_flags(x: Array, code: int) -> Array | None:
    """Flags of the nulls of a simple array of type `code`; None when there are none."""
    if code in (1, 4):
        return None
    if code == 2:
        flags = x == np.zeros((), x.dtype)
    elif code in (8, 9):
        flags = np.isnan(x)
    elif code in (10, 11):
        flags = raw_numbers(x, code) == BY_CODE[code].null
    else:
        raw = raw_numbers(x, code)
        if not has_null(raw):
            return None
        flags = raw == NULL_0D[raw.dtype]
    return flags if np.count_nonzero(flags) else None
