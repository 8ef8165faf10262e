"""The k api: PyTorch as functions of q.  Knows q values and torch, nothing of Jupyter."""

from __future__ import annotations

import os

from kkernel.q.functions import Foreign


def load() -> dict[str, Foreign]:
    """Every function of the api as a q value, by name.  Imports torch on first use."""
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # large pages for large tensors, as numpy
    from . import catalog, torch_warnings
    from .declare import FUNCTIONS
    from .names import NAMES

    catalog.declare_all()
    torch_warnings.install()
    return {name: FUNCTIONS[name].foreign for name in NAMES if name in FUNCTIONS}
