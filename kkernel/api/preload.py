"""The imports that torch puts off until its first optimizer.

A cut by an interrupt would leave torch unable to step for the rest of the process, so they are
done with interrupts held back: in the background after a kernel's start, else at the first `opt`.
"""

from __future__ import annotations

from kkernel.q import interrupts


def optimizers() -> None:
    """Import what torch.optim needs, once; seconds, where nobody did it before."""
    with interrupts.held():
        import torch._dynamo  # noqa: F401
