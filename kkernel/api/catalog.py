"""The modules that declare api functions, in the order of the reference."""

from __future__ import annotations

from importlib import import_module

DECLARING: tuple[str, ...] = (
    "pointers", "device",
    "tensor.attributes", "tensor.tensor", "tensor.complexes", "tensor.sparse",
)


def declare_all() -> None:
    """Import every declaring module once."""
    for name in DECLARING:
        import_module(f"kkernel.api.{name}")
