"""A budget for single results.

The system promises memory that it does not have and kills the process later, so whatever makes
a list of a length that the user wrote down asks here first: 'wsfull instead of a dead session.
"""

from __future__ import annotations

import os

import numpy as np

from .errors import QError
from .values import Value

SHARE = 0.6  # of the memory that is available now, for one result


def available() -> int:
    """Bytes that could be allocated now without swapping; a guess where the system won't say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as f:
            for row in f:
                if row.startswith("MemAvailable:"):
                    return int(row.split()[1]) * 1024
    except OSError:
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (ValueError, OSError, AttributeError):
        return 4 << 30


def item_size(x: Value) -> int:
    """Bytes that one more item like those of x takes, about."""
    return x.itemsize if isinstance(x, np.ndarray) else 8


def reserve(items: int, size: int = 8) -> None:
    """Signal 'wsfull unless a result of this many items of `size` bytes has room."""
    if items * size > 64 << 20 and items * size > SHARE * available():
        raise QError("wsfull")
