"""Calls of the k api against the torch call inside them, and conversion against one copy.

A call is timed in a compiled loop of q, `{do[x;mul(t;u)]}`, and the same call of torch in a loop of
Python that keeps its results, as q keeps those of its pointers.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from measure import HEADER, Ratio, compare

from kkernel.api.convert import to_q, to_tensor
from kkernel.api.objects import HANDLES, TENSORS, VECTORS, find, free_all
from kkernel.session import Session

OVERHEAD = 1.5  # us that a call may cost above its torch call
REPEATS, ROUNDS, PASSES = 64, 40, 6
REGISTRY: tuple[dict[int, Any], ...] = (TENSORS, VECTORS, HANDLES)

PREPARATION = (
    "seed 1", "t:tensor(`randn;4 4)", "u:tensor(`randn;4 4)", "w:tensor(`randn;4)", "i:tensor 0 2",
    "p:tensor(`rand;4 4)", "g:tensor(`rand;1 1 8 8)", "a:10?1f", "s:tensor .5e",
    "m:module seq(`sequential;(`linear;4;8);`relu;(`linear;8;2))", "v:tensor(`randn;4 4)",
    "b:4 4#16?1e", "c:tensor 0 1 2 3", "r:tensor((4 4#16?1e);`grad)", "l:loss`mse",
    "backward Sum forward(m;t)", "o:opt(`sgd;m)")

# a call of q and that of torch, by what they take; and how many they are if more than one
CALLS: dict[str, tuple[tuple[Any, ...], ...]] = {
    "one tensor": (
        ("Abs t", "torch.abs(t)"), ("Exp t", "torch.exp(t)"), ("sigmoid t", "torch.sigmoid(t)"),
        ("relu t", "torch.relu(t)"), ("Sum t", "torch.sum(t)"), ("mean t", "torch.mean(t)"),
        ("Max t", "torch.max(t)"), ("argmax t", "torch.argmax(t)"),
        ("Not t", "torch.logical_not(t)"),
        ("squeeze t", "t.squeeze()"), ("transpose t", "t.t()"), ("det t", "torch.det(t)")),
    "two and three tensors": (
        ("mul(t;u)", "torch.mul(t, u)"), ("add(t;u)", "torch.add(t, u)"),
        ("Div(t;u)", "torch.div(t, u)"), ("mm(t;u)", "torch.mm(t, u)"),
        ("matmul(t;w)", "torch.matmul(t, w)"), ("eq(t;u)", "torch.eq(t, u)"),
        ("maximum(t;u)", "torch.maximum(t, u)"), ("mse(t;u)", "F.mse_loss(t, u)"),
        ("linear(t;u;w)", "F.linear(t, u, w)"), ("cat(t;u)", "torch.cat((t, u))"),
        ("addmm(t;t;u)", "torch.addmm(t, t, u)"), ("index(t;0;i)", "torch.index_select(t, 0, i)"),
        ("allclose(t;u)", "torch.allclose(t, u)")),
    "tensors and numbers": (
        ("mul(t;2.5)", "torch.mul(t, 2.5)"), ("add(t;1)", "torch.add(t, 1)"),
        ("pow(t;2)", "torch.pow(t, 2)"), ("gt(t;0.)", "torch.gt(t, 0.)"),
        ("add(t;u;2.)", "torch.add(t, u, alpha=2.)"), ("clamp(t;0.;1.)", "torch.clamp(t, 0., 1.)"),
        ("leakyrelu(t;.1)", "F.leaky_relu(t, .1)"), ("lerp(t;u;.5)", "torch.lerp(t, u, .5)")),
    "tensors and options": (
        ("Sum(t;0)", "torch.sum(t, 0)"), ("mean(t;0;1b)", "torch.mean(t, 0, True)"),
        ("Max(t;0)", "torch.max(t, 0)"), ("argmax(t;1)", "torch.argmax(t, 1)"),
        ("std(t;0)", "torch.std(t, 0)"), ("softmax(t;1)", "F.softmax(t, 1)"),
        ("cumsum(t;0)", "torch.cumsum(t, 0)"), ("sort(t;0)", "torch.sort(t, 0)"),
        ("topk(t;2)", "torch.topk(t, 2)"), ("maxpool2d(g;2)", "F.max_pool2d(g, 2)"),
        ("tril(t;1)", "torch.tril(t, 1)")),
    "views and parts": (
        ("reshape(t;2 8)", "t.reshape(2, 8)"), ("transpose(t;0;1)", "t.transpose(0, 1)"),
        ("unsqueeze(t;0)", "t.unsqueeze(0)"), ("permute(t;1 0)", "t.permute(1, 0)"),
        ("index(t;0;1)", "t.select(0, 1)"), ("narrow(t;0;1;2)", "t.narrow(0, 1, 2)")),
    "in place": (
        ("mul(p;p;::)", "p.mul_(p)"), ("relu(t;1b)", "torch.relu_(t)"), ("Abs(t;::)", "t.abs_()"),
        ("Abs(t;u)", "torch.abs(t, out=u)")),
    "made and read": (
        ("tensor(`zeros;4 4)", "torch.zeros(4, 4)"), ("tensor(`randn;4 4)", "torch.randn(4, 4)"),
        ("tensor a", "torch.tensor(a)"), ("tensor 1.5", "torch.tensor(1.5)"),
        ("tensor t", "t.clone().numpy()"), ("tensor s", "s.item()"), ("size t", "t.shape"),
        ("dtype t", "t.dtype")),
    "arrays": (
        ("Abs a", "torch.abs(torch.from_numpy(a)).numpy()"),
        ("mul(a;a)", "torch.mul(torch.from_numpy(a), torch.from_numpy(a)).numpy()"),
        ("mul(s;a)", "torch.mul(s, torch.from_numpy(a))"),
        ("Sum a", "torch.sum(torch.from_numpy(a)).item()")),
    "modules": (("forward(m;t)", "m(t)"),),
    "steps written by hand": (
        ("mse(t;b)", "F.mse_loss(t, torch.from_numpy(b))"), ("ce(t;c)", "F.cross_entropy(t, c)"),
        ("loss(l;t;u)", "l(t, u)"), ("zerograd m", "m.zero_grad(False)"),
        ("nograd t", "t.grad = None"), ("step o", "o.step()"),
        ("backward Sum mul(r;u)", "torch.sum(torch.mul(r, u)).backward()", 3)),
    "several calls": (
        ("free mul(t;u)", "torch.mul(t, u)", 2), ("mul(t;Abs u)", "torch.mul(t, u.abs())", 2),
        ("use[v]Abs v", "torch.abs(v)", 2)),
}


class Times(NamedTuple):
    """Microseconds of a call: ours and torch's."""

    call: str
    ours: float
    torch: float
    calls: int

    @property
    def over(self) -> float:
        """What one call of ours costs above torch."""
        return (self.ours - self.torch) / self.calls


class Pair:
    """A loop of q and one of Python, timed in turns."""

    def __init__(self, q: Any, names: dict[str, Any], call: str, plain: str,
                 calls: int = 1) -> None:
        self.call = call
        self.calls = calls
        self.ours: Callable[[int], object] = q(f"{{do[x;{call}]}}").call
        kept: list[Any] = []
        line = plain if " = " in plain else f"keep({plain})"
        code = f"def loop(n):\n for _ in range(n): {line}"
        scope = {**names, "keep": kept.append}
        exec(code, scope)
        self.plain: Callable[[int], object] = scope["loop"]
        self.kept = kept
        self.best = [float("inf"), float("inf")]

    def run(self, rounds: int, repeats: int = REPEATS) -> None:
        """Both loops in turns; their fastest rounds count."""
        before = [len(pointers) for pointers in REGISTRY]
        for n in range(2 * rounds):
            i = (n + n // 2) % 2  # who is second finds the caches as the other left them
            start = time.process_time()
            (self.plain if i else self.ours)(repeats)
            took = (time.process_time() - start) / repeats * 1e6
            self.best[i] = min(self.best[i], took)
            self.kept.clear()
            for pointers, count in zip(REGISTRY, before, strict=True):
                for ptr in list(pointers)[count:]:
                    del pointers[ptr]


def calls() -> dict[str, list[Times]]:
    """Every call, by what it takes.

    All are visited several times: the machine is not equally fast at all times.
    """
    session = Session()
    session.load_api()
    q = session.interpreter
    for line in PREPARATION:
        q(line)
    names = {n: find(q(n)).obj for n in "tuwipgsmvcrl"}  # type: ignore[union-attr]
    names |= {"torch": torch, "F": torch.nn.functional, "a": q("a"), "b": q("b")}
    names["o"] = torch.optim.SGD(names["m"].parameters(), .01)
    pairs = {group: [Pair(q, names, *row) for row in rows] for group, rows in CALLS.items()}
    for _ in range(PASSES):
        for group in pairs.values():
            for pair in group:
                gc.collect(0)
                pair.run(ROUNDS)
    free_all()
    return {group: [Times(p.call, *p.best, p.calls) for p in found]
            for group, found in pairs.items()}


def conversion() -> list[Ratio]:
    """A float matrix of 100 MB to a tensor of its own and back, against one numpy copy."""
    a = np.random.default_rng(1).random((1250, 10000))
    t = torch.from_numpy(a.copy())
    return [
        compare("100 MB to a tensor", lambda: to_tensor(a, own=True), lambda: a.copy(), 1.2, 7),
        compare("100 MB to a temporary tensor", lambda: to_tensor(a), lambda: a.copy(), 1.2, 7),
        compare("100 MB from a tensor", lambda: to_q(t), lambda: a.copy(), 1.2, 7),
    ]


def main() -> None:
    torch.set_num_threads(1)

    print(f"{'call':<24} {'ours us':>9} {'torch us':>9} {'over us':>9}  at most {OVERHEAD}")
    found = calls()
    for group, rows in found.items():
        print(f"-- {group}")
        for r in rows:
            mark = "ok" if r.over <= OVERHEAD else "OVER"
            print(f"{r.call:<24} {r.ours:>9.2f} {r.torch:>9.2f} {r.over:>9.2f}  {mark}")
    rows = sorted((r for rows in found.values() for r in rows), key=lambda r: r.over)
    good = sum(r.over <= OVERHEAD for r in rows)
    print(f"{good} of {len(rows)} ok; median {rows[len(rows) // 2].over:.2f}, "
          f"worst {rows[-1].call} {rows[-1].over:.2f} us over")
    print(HEADER)
    for row in conversion():
        print(row.row())


if __name__ == "__main__":
    main()
