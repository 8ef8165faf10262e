"""Calls of the k api against the torch call inside them, and conversion against one copy."""

from __future__ import annotations

import numpy as np
import torch
from measure import HEADER, Ratio, Thunk, compare

from kkernel import api
from kkernel.api.convert import to_q, to_tensor
from kkernel.api.objects import HANDLES, free_all, register
from kkernel.q.symbols import sym
from kkernel.q.values import List

OVERHEAD = 1.5e-6  # seconds that a call may cost above its torch call
FUNCTIONS = api.load()


def calls() -> list[tuple[Ratio, float]]:
    """Small calls on pointers and arrays: the ratio, and what is left after the torch call.

    The torch call is written as a program would, with the conversions that arrays need.  What is
    left is taken from the fastest rounds: a busy machine stretches every call.
    """
    t, u = torch.randn(4, 4), torch.randn(4, 4)
    a, i = np.random.default_rng(1).random(16), torch.tensor([0, 2])
    p, r, k = register("tensor", t), register("tensor", u), register("tensor", i)
    sizes, zeros = np.array([2, 8]), List([sym("zeros"), np.array([4, 4])])
    cases: list[tuple[str, str, object, Thunk]] = [
        ("Abs", "t", p, lambda: torch.abs(t)), ("relu", "t", p, lambda: torch.relu(t)),
        ("mul", "t;u", List([p, r]), lambda: torch.mul(t, u)),
        ("mul", "t;2.5", List([p, 2.5]), lambda: torch.mul(t, 2.5)),
        ("add", "t;u", List([p, r]), lambda: torch.add(t, u)),
        ("add", "t;u;2.", List([p, r, 2.0]), lambda: torch.add(t, u, alpha=2.0)),
        ("mm", "t;u", List([p, r]), lambda: torch.mm(t, u)),
        ("eq", "t;u", List([p, r]), lambda: torch.eq(t, u)),
        ("Sum", "t", p, lambda: torch.sum(t)),
        ("Sum", "t;0", List([p, 0]), lambda: torch.sum(t, 0)),
        ("mean", "t;0;1b", List([p, 0, True]), lambda: torch.mean(t, 0, True)),
        ("Max", "t;0", List([p, 0]), lambda: torch.max(t, 0)),
        ("argmax", "t;1", List([p, 1]), lambda: torch.argmax(t, 1)),
        ("softmax", "t;1", List([p, 1]), lambda: torch.nn.functional.softmax(t, 1)),
        ("leakyrelu", "t;.1", List([p, .1]), lambda: torch.nn.functional.leaky_relu(t, .1)),
        ("clamp", "t;0.;1.", List([p, 0.0, 1.0]), lambda: torch.clamp(t, 0.0, 1.0)),
        ("reshape", "t;2 8", List([p, sizes]), lambda: t.reshape(2, 8)),
        ("transpose", "t;0;1", List([p, 0, 1]), lambda: t.transpose(0, 1)),
        ("squeeze", "t", p, lambda: t.squeeze()),
        ("index", "t;0;i", List([p, 0, k]), lambda: torch.index_select(t, 0, i)),
        ("size", "t", p, lambda: t.shape), ("dtype", "t", p, lambda: t.dtype),
        ("tensor", "`zeros;4 4", zeros, lambda: torch.zeros(4, 4)),
        ("Abs", "array", a, lambda: torch.abs(torch.from_numpy(a)).numpy()),
        ("mul", "array;array", List([a, a]),
         lambda: torch.mul(torch.from_numpy(a), torch.from_numpy(a)).numpy()),
        ("Sum", "array", a, lambda: torch.sum(torch.from_numpy(a)).item())]
    rows = []
    for name, text, x, plain in cases:
        f = FUNCTIONS[name].fn
        made = {*HANDLES}

        def ours(f=f, x=x, made=made) -> None:
            """One call; its result is forgotten as the peer's is."""
            f(x)
            if len(HANDLES) > len(made):
                HANDLES.popitem()

        row = compare(f"{name}({text})", ours, plain, float("inf"), rounds=301, seconds=0.0003)
        rows.append((row, row.over))
    free_all()
    return rows


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
    print(HEADER)
    for row, over in calls():
        mark = "ok" if over <= OVERHEAD else "OVER"
        print(f"{row.row().rpartition(' ')[0].rstrip()}  {over * 1e6:.2f} us over  {mark}")
    for r in conversion():
        print(r.row())


if __name__ == "__main__":
    main()
