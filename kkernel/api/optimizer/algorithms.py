"""The update rules, as libtorch's C++ computes them, on all tensors of a group at once.

torch's Python optimizers round a little otherwise in places (an interpolation for the running
averages); here every number is that of C++.  A group's options have torch's names.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import compress, zip_longest
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from kkernel.q import interrupts
from kkernel.q.errors import QError

from ..events import changed
from . import fused
from .number import number

Group = dict[str, Any]
Closure = Callable[[], Tensor]
Tensors = list[Tensor]


class _Plain(Optimizer):
    """torch's optimizer less its tie to torch.compile: that import takes seconds and 80 MB, and
    torch could not step any more if it was interrupted."""

    add_param_group = getattr(Optimizer.add_param_group, "__wrapped__",  # type: ignore[assignment]
                              Optimizer.add_param_group)


class LBFGS(_Plain, torch.optim.LBFGS):
    """torch's own."""


class Stepwise(_Plain):
    """An optimizer whose update follows from the gradients at hand.

    Subclasses say how a parameter's state begins and how a group is updated.
    """

    scalars: tuple[str, ...] = ("step",)  # what the state holds beside tensors

    def begin(self, p: Tensor, group: Group) -> dict[str, Any]:
        """The state of a parameter before its first step."""
        return {}

    def update(self, group: Group, parms: Tensors, grads: Tensors,
               states: list[dict[str, Any]]) -> None:
        raise NotImplementedError

    def advance(self) -> None:
        """One step for all parameters that have a gradient."""
        for group in self.param_groups:
            parms = [p for p in group["params"] if p.grad is not None]
            if not parms:
                continue
            states = []
            for p in parms:
                state = self.state[p]
                if not state:
                    state.update(self.begin(p, group))
                states.append(state)
            self.update(group, parms, [p.grad for p in parms], states)

    @torch.no_grad()
    def step(self, closure: Closure | None = None) -> Tensor | None:  # type: ignore[override]
        """Evaluate the closure if there is one, then update; gives the loss."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        with interrupts.held():  # all parameters make the step, or none
            self.advance()
            changed(self)
        return loss

    step.hooked = True  # type: ignore[attr-defined]  # without torch's wrapper for profilers


def _zeros(p: Tensor) -> Tensor:
    return torch.zeros_like(p, memory_format=torch.preserve_format)


def _list(states: list[dict[str, Any]], name: str) -> Tensors:
    return [s[name] for s in states]


def _count(states: list[dict[str, Any]]) -> list[int]:
    """Count the step in every state, and give the counts."""
    for s in states:
        s["step"] += 1
    return [s["step"] for s in states]


def _decayed(grads: Tensors, parms: Tensors, decay: float) -> Tensors:
    """Gradients with the weight decay added, new tensors if there is any."""
    return list(torch._foreach_add(grads, parms, alpha=decay)) if decay else grads


class SGD(Stepwise):
    """Stochastic gradient descent, with momentum if asked."""

    scalars = ()

    def update(self, group: Group, parms: Tensors, grads: Tensors,
               states: list[dict[str, Any]]) -> None:
        if not group["momentum"]:
            self._go_on(group, parms, grads, [])
            return
        new = [s.get("momentum_buffer") is None for s in states]
        if any(new):
            self._start(group, *(list(compress(x, new)) for x in (parms, grads, states)))
            old = [not n for n in new]
            parms, grads, states = (list(compress(x, old)) for x in (parms, grads, states))
        if parms:
            self._go_on(group, parms, grads, _list(states, "momentum_buffer"))

    def _start(self, group: Group, parms: Tensors, grads: Tensors,
               states: list[dict[str, Any]]) -> None:
        """The first step of parameters: their gradients start the running sums."""
        grads = _decayed(grads, parms, group["weight_decay"])
        for s, g in zip(states, grads, strict=True):
            s["momentum_buffer"] = g.clone().detach()
        _move(group, parms, grads, _list(states, "momentum_buffer"))

    def _go_on(self, group: Group, parms: Tensors, grads: Tensors, buffers: Tensors) -> None:
        """Later steps, those in one pass whose bits allow it."""
        one_pass = [fused.fits(p, g, b, descend)
                    for p, g, b in zip_longest(parms, grads, buffers)]
        if not all(one_pass) and sum(map(Tensor.numel, compress(parms, one_pass))) < fused.WORTH:
            one_pass = [False] * len(parms)
        for update, here in ((fused.step, one_pass), (descend, [not o for o in one_pass])):
            if all(here):
                update(group, parms, grads, buffers)
            elif any(here):
                update(group, *(list(compress(x, here)) for x in (parms, grads, buffers)))


def descend(group: Group, parms: Tensors, grads: Tensors, buffers: Tensors) -> None:
    """A step of SGD, operation by operation; without momentum there are no buffers."""
    grads = _decayed(grads, parms, group["weight_decay"])
    if buffers:
        torch._foreach_mul_(buffers, number(group["momentum"], buffers))
        torch._foreach_add_(buffers, grads, alpha=1 - group["dampening"])
    _move(group, parms, grads, buffers)


def _move(group: Group, parms: Tensors, grads: Tensors, buffers: Tensors) -> None:
    """Move parameters by the running sums of gradients, if there are any, or by gradients."""
    if buffers and group["nesterov"]:
        grads = list(torch._foreach_add(grads, buffers, alpha=group["momentum"]))
    elif buffers:
        grads = buffers
    torch._foreach_add_(parms, grads, alpha=-group["lr"])


class Adagrad(Stepwise):
    """Adaptive gradients: each step divided by the root of all squared gradients so far."""

    def begin(self, p: Tensor, group: Group) -> dict[str, Any]:
        start = group["initial_accumulator_value"]
        return {"step": 0, "sum": torch.full_like(p, start, memory_format=torch.preserve_format)}

    def update(self, group: Group, parms: Tensors, grads: Tensors,
               states: list[dict[str, Any]]) -> None:
        steps, decay = _count(states), group["weight_decay"]
        for p, g, s, n in zip(parms, grads, states, steps, strict=True):
            rate = group["lr"] / (1 + (n - 1) * group["lr_decay"])
            if g.is_sparse:
                _sparse_adagrad(p, g, s["sum"], rate, decay, group["eps"])
                continue
            if decay:
                g = g.add(p, alpha=decay)
            s["sum"].addcmul_(g, g, value=1.0)
            p.addcdiv_(g, s["sum"].sqrt().add_(group["eps"]), value=-rate)


def _sparse_adagrad(p: Tensor, g: Tensor, total: Tensor, rate: float, decay: float,
                    eps: float) -> None:
    if decay:
        raise QError("weight_decay option is not compatible with sparse gradients")
    g = g.coalesce()

    def sparse(values: Tensor) -> Tensor:
        return torch.sparse_coo_tensor(g._indices(), values, g.size(), check_invariants=False)

    total.add_(sparse(g._values().pow(2)))
    root = total.sparse_mask(g)._values().sqrt_().add_(eps)
    p.add_(sparse(g._values() / root), alpha=-rate)


class Adam(Stepwise):
    """Running averages of gradients and of their squares; `decoupled` makes it AdamW."""

    decoupled = False

    def begin(self, p: Tensor, group: Group) -> dict[str, Any]:
        return {"step": 0, "exp_avg": _zeros(p), "exp_avg_sq": _zeros(p),
                "max_exp_avg_sq": _zeros(p) if group["amsgrad"] else None}

    def update(self, group: Group, parms: Tensors, grads: Tensors,
               states: list[dict[str, Any]]) -> None:
        if any(g.is_sparse for g in grads):
            raise QError(f"{type(self).__name__} does not support sparse gradients")
        beta1, beta2 = group["betas"]
        steps = _count(states)
        if self.decoupled:
            if group["weight_decay"]:
                torch._foreach_mul_(parms, number(1 - group["lr"] * group["weight_decay"],
                                                  parms))
        else:
            grads = _decayed(grads, parms, group["weight_decay"])
        means, squares = _averages(states, grads, beta1, beta2)
        denominators = list(torch._foreach_sqrt(self._greatest(group, states, squares)))
        roots = [math.sqrt(1 - beta2 ** n) for n in steps]
        rates = [-(group["lr"] / (1 - beta1 ** n)) for n in steps]
        if len(set(steps)) == 1:
            torch._foreach_div_(denominators, number(roots[0], denominators))
        else:
            torch._foreach_div_(denominators, roots)
        torch._foreach_add_(denominators, number(group["eps"], denominators))
        torch._foreach_addcdiv_(parms, means, denominators, rates)

    def _greatest(self, group: Group, states: list[dict[str, Any]], squares: Tensors) -> Tensors:
        """The averages of squares, or with amsgrad their maxima so far."""
        if not group["amsgrad"]:
            return squares
        for s in states:
            if s.get("max_exp_avg_sq") is None:
                s["max_exp_avg_sq"] = torch.zeros_like(s["exp_avg_sq"])
        maxima = _list(states, "max_exp_avg_sq")
        torch._foreach_maximum_(maxima, squares)
        return maxima


class AdamW(Adam):
    """Adam with weight decay apart from the gradients."""

    decoupled = True


def _averages(states: list[dict[str, Any]], grads: Tensors, beta1: float,
              beta2: float) -> tuple[Tensors, Tensors]:
    """Move the running averages of gradients and squares towards the gradients."""
    means, squares = _list(states, "exp_avg"), _list(states, "exp_avg_sq")
    torch._foreach_mul_(means, number(beta1, means))
    torch._foreach_add_(means, grads, alpha=1 - beta1)
    torch._foreach_mul_(squares, number(beta2, squares))
    torch._foreach_addcmul_(squares, grads, grads, value=1 - beta2)
    return means, squares


class RMSprop(Stepwise):
    """Gradients divided by the root of a running average of their squares."""

    def begin(self, p: Tensor, group: Group) -> dict[str, Any]:
        return {"step": 0, "square_avg": _zeros(p),
                "momentum_buffer": _zeros(p) if group["momentum"] > 0 else None,
                "grad_avg": _zeros(p) if group["centered"] else None}

    def update(self, group: Group, parms: Tensors, grads: Tensors,
               states: list[dict[str, Any]]) -> None:
        if any(g.is_sparse for g in grads):
            raise QError("RMSprop does not support sparse gradients")
        _count(states)
        alpha = group["alpha"]
        grads = _decayed(grads, parms, group["weight_decay"])
        squares = _list(states, "square_avg")
        torch._foreach_mul_(squares, number(alpha, squares))
        torch._foreach_addcmul_(squares, grads, grads, value=1 - alpha)
        if group["centered"]:
            means = _list(states, "grad_avg")
            torch._foreach_mul_(means, number(alpha, means))
            torch._foreach_add_(means, grads, alpha=1 - alpha)
            squares = list(torch._foreach_addcmul(squares, means, means, value=-1))
        roots = list(torch._foreach_sqrt(squares))
        torch._foreach_add_(roots, number(group["eps"], roots))
        if group["momentum"] > 0:
            buffers = _list(states, "momentum_buffer")
            torch._foreach_mul_(buffers, number(group["momentum"], buffers))
            torch._foreach_addcdiv_(buffers, grads, roots)
            torch._foreach_add_(parms, buffers, alpha=-group["lr"])
        else:
            torch._foreach_addcdiv_(parms, grads, roots, value=-group["lr"])


class Lamb(Stepwise):
    """Adam's update, scaled for each tensor by the norm of its weights over that of the update.

    With globalnorm, gradients are first divided, in place, by the norm of all of them.
    """

    def begin(self, p: Tensor, group: Group) -> dict[str, Any]:
        return {"step": 0, "exp_avg": _zeros(p), "exp_avg_sq": _zeros(p)}

    def advance(self) -> None:
        grads = [p.grad for g in self.param_groups for p in g["params"] if p.grad is not None]
        if any(g.is_sparse for g in grads):
            raise QError("lamb: sparse gradients not implemented")
        if grads and self.defaults["globalnorm"]:
            self._normalize(grads)
        super().advance()

    def _normalize(self, grads: Tensors) -> None:
        total = torch.zeros(1, dtype=grads[0].dtype, device=grads[0].device)
        for g in grads:
            total.add_(g.pow(2).sum())
        total.sqrt_()
        for g in grads:
            g.div_(total)

    def update(self, group: Group, parms: Tensors, grads: Tensors,
               states: list[dict[str, Any]]) -> None:
        beta1, beta2 = group["betas"]
        steps = _count(states)
        means, squares = _averages(states, grads, beta1, beta2)
        for p, m, s, n in zip(parms, means, squares, steps, strict=True):
            if group["unbiased"]:
                root = s.sqrt() / math.sqrt(1 - beta2 ** n)
                u = (m / (1 - beta1 ** n)) / root.add_(group["eps"])
            else:
                u = m / s.sqrt().add_(group["eps"])
            if group["weight_decay"]:
                u.add_(p, alpha=group["weight_decay"])
            p.add_(u.mul_(self._trust(group, p, u)), alpha=-group["lr"])

    def _trust(self, group: Group, p: Tensor, u: Tensor) -> Tensor:
        weights, updates = p.norm(2.0), u.norm(2.0)
        trust = torch.where((weights > 0) & (updates > 0), weights / updates,
                            torch.ones_like(weights))
        return trust.clip_(group["trustmin"], group["trustmax"]) if group["trustclip"] else trust


__all__ = ["LBFGS", "SGD", "Adagrad", "Adam", "AdamW", "Lamb", "Optimizer", "RMSprop", "Stepwise"]
