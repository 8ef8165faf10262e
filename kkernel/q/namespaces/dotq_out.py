"""`.Q` names that need what is not here: partitioned databases, connections, a profiler.

They answer 'nyi with their name and the reason, rather than as names without value.
"""

from __future__ import annotations

from ..errors import nyi
from ..functions import PyFunction
from ..values import Value

PARTITIONS, CONNECTIONS, NESTED = "partitioned databases", "connections", "mapped nested files"

# name -> (rank, what it would need)
_FUNCTIONS: dict[str, tuple[int, str]] = {
    "bv": (1, PARTITIONS), "bvi": (1, PARTITIONS), "chk": (1, PARTITIONS), "cn": (1, PARTITIONS),
    "dpft": (4, PARTITIONS), "dpfts": (5, PARTITIONS), "dpt": (3, PARTITIONS),
    "dpts": (4, PARTITIONS), "dsftg": (5, PARTITIONS), "hdpf": (4, PARTITIONS),
    "li": (1, PARTITIONS), "lo": (3, PARTITIONS), "MAP": (1, PARTITIONS), "view": (1, PARTITIONS),
    "Cf": (1, NESTED), "Xf": (2, NESTED),
    "hg": (1, CONNECTIONS), "hp": (3, CONNECTIONS), "hmb": (3, CONNECTIONS),
    "ipc": (2, CONNECTIONS), "prf0": (1, "the profiler"), "rp": (1, "modules"),
}
_VARIABLES = ("D", "P", "PD", "PV", "pd", "pf", "pn", "pt", "pv", "u", "vp", "vt")


def _function(name: str, rank: int, what: str) -> PyFunction:
    def refuse(*args: Value) -> Value:
        raise nyi(f".Q.{name}, {what}")
    return refuse


def refuse_variable(name: str) -> PyFunction:
    """A getter that says why a name has no value."""
    return _function(name, 0, PARTITIONS)


FUNCTIONS: dict[str, tuple[int, PyFunction]] = {
    name: (rank, _function(name, rank, what)) for name, (rank, what) in _FUNCTIONS.items()
}
SPECIALS: dict[str, PyFunction] = {f".Q.{name}": refuse_variable(name) for name in _VARIABLES}
