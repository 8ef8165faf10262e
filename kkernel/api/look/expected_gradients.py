"""What one layer makes of the mean square of the gradient that comes back, in expectation.

Gradients are followed from the output to the layers before it. Where a tensor goes into anything
but layers that are understood (a sum, a function), no expectation is stated, and the layers before
it start again from what was measured there.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from .expected import (
    DROPOUTS,
    GRID,
    PASSING,
    SUMMING,
    WEIGHTS,
    Belief,
    Laws,
    elementwise,
    second_moment,
)

MOST_ROWS = 1024  # of a gradient, to see how its samples go together
NAN = math.nan


@dataclass
class Pass:
    """One call of a layer: what went in and out, and what came back.

    `node` is the function of autograd that made the output. `gradient` is the mean square of what
    came back, `together` how much its samples point the same way: 1 all, 1/n not at all.
    """

    path: str
    module: nn.Module
    given: Tensor | None
    out: Tensor
    node: tuple[Any, int]
    square: float  # expected of what went in, or measured
    gradient: float = NAN
    together: float = 1.0

    def note(self, gradient: Tensor) -> None:
        """What came back."""
        self.gradient = gradient.detach().double().square().mean().item()
        if isinstance(self.module, SUMMING):
            self.together = together(self.module, gradient.detach())


def references(output: Tensor) -> Counter[tuple[Any, int]]:
    """How often each result is used in what an output was made of."""
    found: Counter[tuple[Any, int]] = Counter()
    stack, seen = [output.grad_fn], {output.grad_fn}
    while stack:
        node = stack.pop()
        for edge in node.next_functions if node is not None else ():
            found[edge] += 1
            if edge[0] not in seen:
                seen.add(edge[0])
                stack.append(edge[0])
    return found


def expected_gradients(
    passes: Sequence[Pass], last: Tensor, uses: Counter[tuple[Any, int]], laws: Laws
) -> dict[int, Belief]:
    """By number of the call: the expected mean square of the gradient at the layer's output.

    `last` is the tensor that a standard normal gradient was sent back from.
    """
    takers: dict[int, list[int]] = defaultdict(list)
    for i, call in enumerate(passes):
        takers[id(call.given)].append(i)
    found: dict[int, Belief] = {}
    for i in reversed(range(len(passes))):
        call = passes[i]
        after = _until_rewritten(passes, [j for j in takers[id(call.out)] if j > i])
        if call.out is last and not after and not uses[call.node]:
            found[i] = Belief(1.0)
        elif len(after) == uses[call.node] and after:
            parts = [_back(passes[j], found.get(j) or Belief(passes[j].gradient), laws)
                     for j in after]
            if all(part is not None for part in parts):
                found[i] = _sum([part for part in parts if part is not None])
    return found


def _until_rewritten(passes: Sequence[Pass], after: list[int]) -> list[int]:
    """The layers that a tensor goes into, up to the one that writes to it in place."""
    kept: list[int] = []
    for j in after:
        kept.append(j)
        if passes[j].out is passes[j].given:
            break
    return kept


def _sum(parts: list[Belief]) -> Belief:
    square = sum(part.square for part in parts)
    if not square:
        return Belief(0.0)
    variance = sum(part.variance * (part.square / square) ** 2 for part in parts)
    return Belief(square, variance)


def _back(call: Pass, belief: Belief, laws: Laws) -> Belief | None:
    """The belief before a layer from that after it; None where there is no theory for it."""
    module, given = call.module, call.given
    if given is None or math.isnan(belief.square):
        return None
    if isinstance(module, SUMMING):
        return _sums(call, given, belief, laws)
    if isinstance(module, DROPOUTS):
        kept = 1 - module.p if module.training else 1.0
        return Belief(belief.square / kept, belief.variance) if kept else None
    if isinstance(module, PASSING):
        return belief
    if elementwise(module):
        return _activation(module, call.square, belief, given)
    return None


def _sums(call: Pass, given: Tensor, belief: Belief, laws: Laws) -> Belief | None:
    weight: Tensor = call.module._parameters["weight"]  # type: ignore[assignment]
    prefix = f"{call.path}." if call.path else ""
    moment = second_moment(weight, laws.get(prefix + "weight"))
    if math.isnan(moment):
        return None
    factor = weight[0].numel() * moment * call.out.numel() / given.numel()
    units = given.shape[-1] if isinstance(call.module, nn.Linear) else weight.shape[1]
    return Belief(belief.square * factor, belief.variance + 2 / units * call.together)


def _activation(module: nn.Module, square: float, belief: Belief, given: Tensor) -> Belief | None:
    if not math.isfinite(square):
        return None
    with torch.enable_grad():
        points = (GRID * math.sqrt(square)).requires_grad_()
        values = module.forward(points + 0)  # some write to their input
        (slope,) = torch.autograd.grad(values.sum(), points)
    mean = float((WEIGHTS * slope**2).sum())
    fourth = float((WEIGHTS * slope**4).sum())
    units = given.shape[1] if given.dim() > 2 else given.shape[-1]
    noise = (fourth / mean**2 - 1) / units if mean > 0 else 0.0
    return Belief(belief.square * mean, belief.variance + noise * together(module, given.detach()))


def together(module: nn.Module, values: Tensor) -> float:
    """How much the samples point the same way: the squares of the covariance's eigenvalues, summed,
    against the square of their sum. 1 when all lie in one direction."""
    if values.dim() < 2:
        return 1.0
    rows = values.movedim(1, -1) if values.dim() > 2 and not isinstance(module, nn.Linear) \
        else values
    rows = rows.reshape(-1, rows.shape[-1])[:MOST_ROWS].double()
    whole = rows.square().sum().item()
    gram = rows @ rows.T if len(rows) <= rows.shape[1] else rows.T @ rows
    share = gram.square().sum().item() / whole**2 if whole > 0 else 1.0
    return share if math.isfinite(share) else 1.0
