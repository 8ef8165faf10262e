"""q and the k api to PyTorch: a Jupyter kernel, a console, and an extension of IPython."""

from __future__ import annotations

from typing import Any


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext kkernel` does in a Python notebook."""
    from kkernel.kernel.python.extension import load

    load(shell)
