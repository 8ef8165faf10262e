"""What one layer makes of the mean square of the gradient that comes back, in expectation.

Gradients are followed from the output to the layers before it. Where a tensor goes into anything
but layers that are understood (a sum, a function), no expectation is stated, and the layers before
it start again from what was measured there.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor, nn

from .expected import (
    DROPOUTS,
    PASSING,
    SUMMING,
    WEIGHTS,
    Belief,
    Laws,
    elementwise,
    second_moment,
    shape_of,
    together,
    units_axis,
)

NAN = math.nan


@dataclass(frozen=True)
class Returned:
    """An expected mean square of what comes back to a tensor.

    `variance` is that of its logarithm, apart from what follows from the size of the tensor:
    `lean` times the logarithm of that. `joint`: the chance in the sums that made the tensor is in
    the variance already, because the activation after it sees that of size and slope together.
    """

    square: float
    variance: float = 0.0
    lean: float = 0.0
    joint: bool = False

    def spread(self, forth: Belief | None) -> float:
        """Standard deviation of the logarithm, with that of the tensor's own size."""
        size = 0.0 if forth is None else forth.before if self.joint else forth.variance
        return math.sqrt(self.variance + self.lean**2 * size)


@dataclass
class Pass:
    """One call of a layer: what went in and out, and what came back.

    `node` is the function of autograd that made the output, `start` and `belief` what is expected
    of input and output. `gradient` is the mean square of what came back; `alike` and `together` say
    how much the samples of input and gradient point the same way: 1 all, 1/n not at all.
    """

    path: str
    module: nn.Module
    given: Tensor | None
    out: Tensor
    node: tuple[Any, int]
    start: Belief | None
    belief: Belief | None
    alike: float = 1.0
    gradient: float = NAN
    together: float = 1.0

    def note(self, gradient: Tensor) -> None:
        """What came back."""
        self.gradient = gradient.detach().double().square().mean().item()
        if isinstance(self.module, SUMMING):
            self.together = together(gradient.detach(), units_axis(self.module, gradient))


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
) -> dict[int, Returned]:
    """By number of the call: the expected mean square of the gradient at the layer's output.

    `last` is the tensor that the gradient was sent back from.
    """
    takers: dict[int, list[int]] = defaultdict(list)
    for i, call in enumerate(passes):
        takers[id(call.given)].append(i)
    found: dict[int, Returned] = {}
    for i in reversed(range(len(passes))):
        call = passes[i]
        after = _until_rewritten(passes, [j for j in takers[id(call.out)] if j > i])
        if call.out is last and not after and not uses[call.node]:
            found[i] = Returned(call.gradient)
        elif len(after) == uses[call.node] and after:
            parts = [_back(passes[j], found.get(j) or Returned(passes[j].gradient), laws)
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


def _sum(parts: list[Returned]) -> Returned:
    square = sum(part.square for part in parts)
    if not square:
        return Returned(0.0)
    if len(parts) == 1:
        return parts[0]
    shares = [part.square / square for part in parts]
    variance = sum(part.variance * share**2 for part, share in zip(parts, shares, strict=True))
    lean = sum(part.lean * share for part, share in zip(parts, shares, strict=True))
    return Returned(square, variance, lean)


def _back(call: Pass, after: Returned, laws: Laws) -> Returned | None:
    """What comes back before a layer from that after it; None where there is no theory for it."""
    module, given = call.module, call.given
    if given is None or math.isnan(after.square):
        return None
    if isinstance(module, SUMMING):
        return _sums(call, given, after, laws)
    if isinstance(module, DROPOUTS):
        kept = 1 - module.p if module.training else 1.0
        return replace(after, square=after.square / kept) if kept else None
    if isinstance(module, PASSING):
        return after
    if elementwise(module):
        return _activation(call, given, after)
    return None


def _sums(call: Pass, given: Tensor, after: Returned, laws: Laws) -> Returned | None:
    weight: Tensor = call.module._parameters["weight"]  # type: ignore[assignment]
    prefix = f"{call.path}." if call.path else ""
    moment = second_moment(weight, laws.get(prefix + "weight"))
    if math.isnan(moment):
        return None
    factor = weight[0].numel() * moment * call.out.numel() / given.numel()
    units = given.shape[-1] if isinstance(call.module, nn.Linear) else weight.shape[1]
    variance = after.variance + 2 / units * call.together
    start, out = call.start, call.belief
    if start is None or out is None or not out.square:
        return Returned(after.square * factor, variance)
    if not after.joint:
        variance += after.lean**2 * (out.variance - out.before)
    products = weight[0].numel() * moment * start.square
    return Returned(after.square * factor, variance, after.lean * products / out.square)


def _activation(call: Pass, given: Tensor, after: Returned) -> Returned | None:
    """Slopes and sizes of the units follow from the same sums: their chance goes together."""
    start = call.start
    if start is None or not math.isfinite(start.square):
        return None
    shape = shape_of(call.module, start.square)
    units = start.units or given.shape[units_axis(call.module, given)]
    chance = after.lean * (shape.squares - 1) + shape.slopes - 1
    noise = float((WEIGHTS * chance**2).sum()) / units * call.alike if shape.slope > 0 else 0.0
    lean = after.lean * shape.growth + shape.steepening
    return Returned(after.square * shape.slope, after.variance + noise, lean, joint=True)
