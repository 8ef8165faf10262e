"""The q language against plain Python, the best numpy expression, and pandas."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from measure import HEADER, Ratio, Thunk, compare

from kkernel.q import Interpreter, memory

N = 1_000_000
SHORT = 100_000


def calls() -> Iterator[Ratio]:
    """Lambdas and lines against Python's own functions and its own compile and run."""
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
    yield compare("call {x+1}", loop_q, loop_python, 7)
    yield compare("fib 18", lambda: fib_q(18), lambda: fib(18), 8)
    lines = {
        "a:1+2*til 10": "a=[1+2*i for i in range(10)]",
        "f:{x+2*y}; f[3;4]": "f=lambda x,y: x+2*y\nf(3,4)",
        "d:`a`b`c!1 2 3; sum d": "d={'a':1,'b':2,'c':3}\nsum(d.values())",
        "$[3<4;\"yes\";\"no\"]": "'yes' if 3<4 else 'no'",
        "s:0; do[5;s+:2]; s": "s=0\nfor i in range(5): s+=2\ns",
    }
    for text, python in lines.items():
        yield compare(f"line {text}", lambda text=text: q(text),
                      lambda python=python: exec(compile(python, "", "exec"), {}), 8)


def session(names: dict[str, object]) -> Callable[[str], Thunk]:
    """A session with these globals, as a function: text -> compiled thunk."""
    q = Interpreter()
    for name, value in names.items():
        q.globals.set(name, value)
    return q.compile_text


def vectors() -> Iterator[Ratio]:
    """Whole arrays of 1e6 numbers against one numpy expression."""
    rng = np.random.default_rng(1)
    x, y, i = rng.random(N), rng.random(N), rng.integers(0, N, N)
    g, m, few = rng.integers(0, 100, N), rng.random((500, 500)), rng.integers(0, N, SHORT)
    run = session({"x": x, "y": y, "i": i, "g": g, "m": m, "k": few})
    no = float("inf")
    rows: list[tuple[str, Thunk, float]] = [
        ("x+y", lambda: x + y, 1.1), ("x*y", lambda: x * y, 1.1), ("x%y", lambda: x / y, 1.1),
        ("x-2.5", lambda: x - 2.5, 1.1), ("i+g", lambda: i + g, 1.1),
        ("i*g", lambda: i * g, 1.1), ("i-3", lambda: i - 3, 1.1), ("i<g", lambda: i < g, 1.1),
        ("i=g", lambda: i == g, 1.1), ("sqrt x", lambda: np.sqrt(x), 1.1),
        ("1+x*y", lambda: 1 + x * y, 1.1), ("sum x", lambda: x.sum(), 1.1),
        ("sum i", lambda: i.sum(), 1.1), ("max x", lambda: x.max(), 1.1),
        ("avg x", lambda: x.mean(), 1.1), ("sums i", lambda: np.cumsum(i), 1.1),
        ("asc i", lambda: np.sort(i), 1.1), ("asc x", lambda: np.sort(x), 1.1),
        ("desc i", lambda: np.sort(i)[::-1], 1.1),
        ("iasc i", lambda: np.argsort(i, kind="stable"), 1.1),
        ("iasc x", lambda: np.argsort(x, kind="stable"), 1.1),
        ("idesc i", lambda: np.argsort(-i, kind="stable"), 1.1),
        ("i?k", lambda: found(i, few), 1.1),
        ("k in i", lambda: np.isin(few, i), 1.1), ("distinct i", lambda: np.unique(i), 1.1),
        ("where g=3", lambda: np.flatnonzero(g == 3), 1.1), ("x i", lambda: x[i], 1.1),
        ("reverse x", lambda: x[::-1].copy(), 1.1), ("m mmu m", lambda: m @ m, 1.1),
        ("x<y", lambda: x < y, no),  # ours tells floats within tolerance apart from unequal ones
        ("count each group i", lambda: np.unique(i, return_counts=True), no),  # first seen first
        ("count each group g", lambda: np.unique(g, return_counts=True), .4),
        ("{1+x*x}each i", lambda: 1 + i * i, 2), ("{x*2.5+x}each x", lambda: x * (2.5 + x), 2),
        ("{x+2*y}'[i;g]", lambda: i + 2 * g, 2),
    ]
    for text, plain, target in rows:
        yield compare(text, run(text), plain, target, rounds=15, seconds=.01)


def found(values: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """The first place of each key, as `?` gives it, by numpy's sort and binary search."""
    order = np.argsort(values, kind="stable")
    at = order[np.searchsorted(values, keys, sorter=order).clip(0, len(values) - 1)]
    return np.where(values[at] == keys, at, len(values))


def symbols() -> Iterator[Ratio]:
    """Symbols against Python's strings in dictionaries and sets."""
    q = Interpreter()
    q('w:"name",/:string 100000?5000; s:`$w; d:(distinct s)!til count distinct s')
    texts = [word.tobytes().decode() for word in q("w")]
    table = {w: i for i, w in enumerate(dict.fromkeys(texts))}
    interned = [sys.intern(w) for w in texts]
    yield compare("`$w, 1e5 strings", q.compile_text("`$w"), lambda: [*map(sys.intern, texts)], 1)
    yield compare("count distinct `$string til 100000",
                  q.compile_text("count distinct `$string til 100000"),
                  lambda: len({*map(str, range(SHORT))}), 1)
    yield compare("distinct s", q.compile_text("distinct s"), lambda: [*dict.fromkeys(interned)],
                  1)
    yield compare("count each group s", q.compile_text("count each group s"),
                  lambda: Counter(interned), 1)
    yield compare("d s", q.compile_text("d s"), lambda: [table[w] for w in interned], 1)
    yield compare("s=`name7", q.compile_text("s=`name7"), lambda: [w == "name7" for w in interned],
                  1)


def tables() -> Iterator[Ratio]:
    """Queries on 1e6 rows against pandas."""
    rng = np.random.default_rng(3)
    names = np.array([f"s{i}" for i in range(100)])
    which, price, size = rng.integers(0, 100, N), rng.random(N), rng.integers(1, 1000, N)
    q = Interpreter()
    for name, value in {"w": which, "price": price, "size": size}.items():
        q.globals.set(name, value)
    q("names:`$\"s\",/:string til 100; t:([]sym:names w;price;size;b:w)")
    frame = pd.DataFrame({"sym": pd.Categorical.from_codes(which, names), "price": price,
                          "size": size, "b": which})
    frame["text"] = names[which]

    def grouped(key: str) -> Thunk:
        return lambda: frame.groupby(key, observed=True).agg({"price": "mean", "size": "sum"})

    text = "select avg price,sum size by {} from t"
    yield compare("avg, sum by long, 1e6 rows", q.compile_text(text.format("b")), grouped("b"), 1,
                  rounds=9)
    yield compare("avg, sum by symbol (categorical)", q.compile_text(text.format("sym")),
                  grouped("sym"), 1, rounds=9)
    yield compare("avg, sum by symbol (strings)", q.compile_text(text.format("sym")),
                  grouped("text"), 1, rounds=9)
    yield compare("max by long", q.compile_text("select max price by b from t"),
                  lambda: frame.groupby("b")["price"].max(), 1, rounds=9)
    yield compare("where, then sum", q.compile_text("select sum size from t where price<.5,b=3"),
                  lambda: frame[(frame["price"] < .5) & (frame["b"] == 3)]["size"].sum(), 1,
                  rounds=9)
    times, quotes = np.sort(rng.integers(0, 10**9, N)), np.sort(rng.integers(0, 10**9, SHORT))
    other = rng.integers(0, 100, SHORT)
    for name, value in {"T": times, "Q": quotes, "o": other, "bid": rng.random(SHORT)}.items():
        q.globals.set(name, value)
    q("trades:([]sym:names w;time:T;price); quotes:([]sym:names o;time:Q;bid)")
    left = pd.DataFrame({"sym": which, "time": times, "price": price})
    right = pd.DataFrame({"sym": other, "time": quotes, "bid": q("bid")})
    yield compare("aj 1e6 x 1e5", q.compile_text("aj[`sym`time;trades;quotes]"),
                  lambda: pd.merge_asof(left, right, on="time", by="sym"), 1, rounds=7)
    q("l:([]k:w;price); r:([k:til 100]v:100?1.)")
    frame2, keyed = frame[["b", "price"]], pd.DataFrame({"b": range(100), "v": rng.random(100)})
    yield compare("lj 1e6 x 100", q.compile_text("l lj r"),
                  lambda: frame2.merge(keyed, on="b", how="left"), 1, rounds=9)


PARTS = {part.__name__: part for part in (calls, vectors, symbols, tables)}


def main(names: list[str]) -> None:
    """All parts, or those named."""
    memory.keep_freed()  # as the kernel and the console do; both sides gain
    print(HEADER)
    for name in names or PARTS:
        for r in PARTS[name]():
            print(r.row(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
