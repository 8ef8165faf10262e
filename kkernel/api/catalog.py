"""The modules that declare api functions, in the order of the reference."""

from __future__ import annotations

from importlib import import_module

DECLARING: tuple[str, ...] = (
    "pointers", "device", "config", "help",
    "tensor.attributes", "tensor.tensor", "tensor.complexes", "tensor.sparse",
    "tensor.detail", "tensor.shape", "tensor.join", "tensor.change", "tensor.batches",
    "math.pointwise", "math.compare", "math.reduce", "math.linalg", "math.decompose",
    "math.spectral", "math.random", "math.other",
    "module.module", "module.access", "module.attributes", "module.forward", "loss", "opt",
    "model", "train.setup", "train.data", "train.gradients", "train.run", "train.freeze",
    "train.average", "state",
    "init.constants", "init.kaiming", "init.draws",
    "functional", "image",
)


def declare_all() -> None:
    """Import every declaring module once."""
    for name in DECLARING:
        import_module(f"kkernel.api.{name}")
