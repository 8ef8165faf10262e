"""How much memory this process uses, and how much there is."""

from __future__ import annotations

import os

from kkernel.q.memory import total_bytes


def resident_bytes() -> int:
    """Memory of this process that is in use; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm") as file:
            pages = int(file.read().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


__all__ = ["resident_bytes", "total_bytes"]
