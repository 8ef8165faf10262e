"""Calls of lambdas against KlongPy, the other array language that is Python on numpy.

KlongPy is no dependency: run this with the Python of an environment that has it, and the
project's folder on PYTHONPATH.
"""

from __future__ import annotations

from klongpy import KlongInterpreter
from measure import HEADER, Ratio, compare

from kkernel.q import Interpreter


def calls() -> list[Ratio]:
    q, klong = Interpreter(), KlongInterpreter()
    q("f:{x+1}; fib:{$[x<2;x;fib[x-1]+fib[x-2]]}; g:{s:0;i:0;while[i<x;s+:f i;i+:1];s}")
    klong("f::{x+1}")
    klong("fib::{:[x<2;x;fib(x-1)+fib(x-2)]}")
    klong("g::{[s i];s::0;i::0;{i<x}{s::s+f(i);i::i+1;x}:~x;s}")
    f, other = q("f").call, klong["f"]
    fib, g = q("fib").call, q("g").call
    return [compare("call {x+1}", lambda: f(3), lambda: other(3), 1 / 15),
            compare("fib 12", lambda: fib(12), lambda: klong("fib(12)"), 1 / 15),
            compare("a loop of 300 calls", lambda: g(300), lambda: klong("g(300)"), 1 / 15)]


def main() -> None:
    print(HEADER)
    for r in calls():
        print(r.row())


if __name__ == "__main__":
    main()
