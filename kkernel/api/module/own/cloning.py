"""The random numbers that a clone costs.

torch's C++ clones a module by making a new one, whose parameters are initialised, and then cloning
its children into it in the same way.  What is initialised afterwards gets the same numbers here
only if as many are drawn.
"""

from __future__ import annotations

import copy

from torch import nn


def redraw(module: nn.Module) -> None:
    """Draw what C++ draws to clone a module: for a new one, then for clones of its children.

    A module that makes its own children says with `twin` how a new one is made; containers are
    only their children; the others initialise their parameters.
    """
    twin = getattr(module, "twin", None)
    if twin is not None:
        twin()
    elif hasattr(module, "reset_parameters"):
        copy.deepcopy(module).reset_parameters()
    for child in module.children():
        redraw(child)


def cloned(module: nn.Module) -> nn.Module:
    """A deep copy, without gradients."""
    redraw(module)
    twin = copy.deepcopy(module)
    for p in twin.parameters():
        p.grad = None
    return twin
