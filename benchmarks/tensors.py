"""Calls of the k api against the torch call inside them, and conversion against one copy."""

from __future__ import annotations

import numpy as np
import torch
from measure import HEADER, Ratio, Thunk, compare

from kkernel import api
from kkernel.api.convert import to_q, to_tensor
from kkernel.api.objects import HANDLES, free_all, register
from kkernel.q.values import List

OVERHEAD = 1.5e-6  # seconds that a call may cost above its torch call
FUNCTIONS = api.load()


def calls() -> list[tuple[Ratio, float]]:
    """Small calls on pointers: the ratio, and what is left after the torch call."""
    t, u = torch.randn(4, 4), torch.randn(4, 4)
    p, r = register("tensor", t), register("tensor", u)
    both, along = List([p, r]), List([p, 0])
    cases: list[tuple[str, object, Thunk]] = [
        ("Abs", p, lambda: torch.abs(t)), ("relu", p, lambda: torch.relu(t)),
        ("mul", both, lambda: torch.mul(t, u)), ("add", both, lambda: torch.add(t, u)),
        ("mm", both, lambda: torch.mm(t, u)), ("Sum", p, lambda: torch.sum(t)),
        ("Sum", along, lambda: torch.sum(t, 0)), ("Max", along, lambda: torch.max(t, 0)),
        ("size", p, lambda: t.shape), ("dtype", p, lambda: t.dtype)]
    rows = []
    for name, x, plain in cases:
        f = FUNCTIONS[name].fn
        made = {*HANDLES}

        def ours(f=f, x=x, made=made) -> None:
            """One call; its result is forgotten as the peer's is."""
            f(x)
            if len(HANDLES) > len(made):
                HANDLES.popitem()

        row = compare(f"{name} of {'2' if x is both else '1'} pointer(s)"
                      f"{', dim' if x is along else ''}", ours, plain, float("inf"),
                      rounds=31, seconds=0.002)
        rows.append((row, row.ours - row.peer))
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
