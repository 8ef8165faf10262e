"""Memory: how much there is, a budget for single results, and a limit for the process.

The system promises memory that it does not have and kills the process later.  So whatever makes
a list of a length that the user wrote down asks here first, and the process as a whole is held
below what the machine has: both end in 'wsfull instead of a dead session.

What is freed stays with the process for the next vector or tensor, as q has it, until `.Q.gc`.
"""

from __future__ import annotations

import ctypes
import os
from math import prod
from typing import Any

import numpy as np

from .errors import QError
from .values import Table, Value

try:
    import resource
except ImportError:  # there are no limits to set
    resource = None  # type: ignore[assignment]

LONGEST = 1 << 40  # a list of q has fewer items
SHARE = 0.6  # of the memory that is available now, for one result
WORKSPACE = 0.9  # of all memory, for the process
KEPT = 1 << 30  # bytes at most, and an eighth of all memory, that stay after they were freed
APART = 32 << 20  # bytes from which a block is the system's own, back at once; the most glibc has
_TRIM, _MAP = -1, -3  # glibc's names for the two
STACK = 120 << 20  # bytes; Linux leaves 128 MB free below the stack of any program
_CGROUPS = (("memory.max", "memory.current"),
            ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"))


def total_bytes() -> int:
    """Memory that this process may use: the machine's, or less where a limit is set; 0 where
    the system does not tell."""
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return 0
    return min([total, *(limit for limit, _ in _group_limits())])


def available() -> int:
    """Bytes that could be allocated now without swapping; a guess where the system won't say."""
    known = [limit - used for limit, used in _group_limits()]
    free = _row("/proc/meminfo", "MemAvailable:")
    if free is not None:
        known.append(free)
    if resource is not None:
        limit, used = resource.getrlimit(resource.RLIMIT_DATA)[0], _row("/proc/self/status",
                                                                        "VmData:")
        if limit != resource.RLIM_INFINITY and used is not None:
            known.append(limit - used)
    return max(0, min(known, default=total_bytes() // 2 or 4 << 30))


def limit_workspace() -> None:
    """Hold this process below the memory that there is: an allocation beyond fails in time."""
    total = total_bytes()
    if resource is None or not total:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = int(total * WORKSPACE)
    if soft == resource.RLIM_INFINITY or soft > wanted:
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))


def deepen_stack() -> None:
    """Let the stack of the main thread grow: where a deep recursion passes through functions of
    C, Python's limit of frames would else come after the end of the stack."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    if soft != resource.RLIM_INFINITY and soft < STACK and not 0 <= hard < STACK:
        resource.setrlimit(resource.RLIMIT_STACK, (STACK, hard))


def _libc(name: str) -> Any:
    """A function of glibc, None where the C library is another one."""
    return getattr(ctypes.CDLL(None), name, None) if os.name == "posix" else None


def keep_freed() -> None:
    """Keep freed memory for what comes next: pages that come fresh from the system are cleared
    one by one, which costs a training loop a tenth of its time or more."""
    mallopt = _libc("mallopt")
    if mallopt is not None and "MALLOC_TRIM_THRESHOLD_" not in os.environ:
        mallopt(_TRIM, min(KEPT, total_bytes() // 8))
        mallopt(_MAP, APART)


def release() -> None:
    """Give what is kept back to the system."""
    trim = _libc("malloc_trim")
    if trim is not None:
        trim(0)


def item_size(x: Value) -> int:
    """Bytes that one more item like those of x takes, about."""
    if isinstance(x, np.ndarray):
        return x.itemsize * prod(x.shape[1:])
    if isinstance(x, Table):
        return sum(item_size(c) for c in x.data)
    return 8


def reserve(items: int, size: int = 8) -> None:
    """Signal 'wsfull unless a result of this many items of `size` bytes has room; 'limit for
    more items than a list of q can have."""
    if items >= LONGEST:
        raise QError("limit")
    if items * size > 64 << 20 and items * size > SHARE * available():
        release()
        if items * size > SHARE * available():
            raise QError("wsfull")


def _row(path: str, head: str) -> int | None:
    """The bytes in the row of a file of /proc that starts with `head`."""
    try:
        with open(path, encoding="ascii", errors="replace") as f:
            for row in f:
                if row.startswith(head):
                    return int(row.split()[1]) * 1024
    except OSError:
        pass
    return None


def _group_limits() -> list[tuple[int, int]]:
    """Limit and use of the control group that this process is in, if it has a limit."""
    found = []
    for names in _CGROUPS:
        numbers = [_number(os.path.join("/sys/fs/cgroup", name)) for name in names]
        if None not in numbers:
            found.append((numbers[0], numbers[1]))
    return found  # type: ignore[return-value]


def _number(path: str) -> int | None:
    try:
        with open(path, encoding="ascii") as f:
            text = f.read().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None
