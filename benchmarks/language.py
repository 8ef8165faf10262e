"""The q language against plain Python and the best numpy expression."""

from __future__ import annotations

import numpy as np
from measure import HEADER, Ratio, compare

from kkernel.q import Interpreter

N = 1_000_000


def calls() -> list[Ratio]:
    q = Interpreter()
    f = q("{x+1}").call

    def loop_q() -> None:
        for i in range(1000):
            f(i)

    def add_one(x: int) -> int:
        return x + 1

    def loop_python() -> None:
        for i in range(1000):
            add_one(i)

    def fib(n: int) -> int:
        return n if n < 2 else fib(n - 1) + fib(n - 2)

    q("fib:{$[x<2;x;fib[x-1]+fib[x-2]]}")
    fib_q = q("fib").call
    line = "a:1+2*til 10"
    return [
        compare("call {x+1}", loop_q, loop_python, 7),
        compare("fib 18", lambda: fib_q(18), lambda: fib(18), 8),
        compare("parse and run a line", lambda: q(line),
                lambda: exec(compile("a=[1+2*i for i in range(10)]", "", "exec"), {}), 8),
    ]


def vectors() -> list[Ratio]:
    q = Interpreter()
    rng = np.random.default_rng(1)
    x, y = rng.random(N), rng.random(N)
    i = rng.integers(0, N, N)
    small = rng.integers(0, 100, N)
    m = rng.random((500, 500))
    for name, value in {"x": x, "y": y, "i": i, "g": small, "m": m}.items():
        q.globals.set(name, value)

    def run(text: str):
        return q.compile_text(text)

    return [
        compare("x+y, floats", run("x+y"), lambda: x + y, 1.1),
        compare("i+g, longs", run("i+g"), lambda: i + small, 1.1),
        compare("sum x", run("sum x"), lambda: x.sum(), 1.1),
        compare("sum i", run("sum i"), lambda: i.sum(), 1.1),
        compare("asc i", run("asc i"), lambda: np.sort(i, kind="stable"), 1.1, rounds=5),
        compare("m mmu m", run("m mmu m"), lambda: m @ m, 1.1),
        compare("count each group g", run("count each group g"),
                lambda: np.unique(small, return_counts=True), .4, rounds=5),
        compare("{1+x*x}each i, 1e6", run("{1+x*x}each i"), lambda: 1 + i * i, 2, rounds=5),
    ]


def main() -> None:
    print(HEADER)
    for r in [*calls(), *vectors()]:
        print(r.row())


if __name__ == "__main__":
    main()
