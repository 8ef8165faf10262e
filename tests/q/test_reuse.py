"""Intermediate vectors are overwritten; vectors that have a name are not."""

from __future__ import annotations

import numpy as np
import pytest

from kkernel.q import Interpreter

N = 20_000


@pytest.mark.parametrize("line", [
    "1+x*y", "(x*x)+y*y", "(x-1)%y+2", "i+2*j", "(i*j)-i", "(2*i)%j+1", "x+i*2", "i+x*2",
    "(i*j)%7", "1+k*2", "k+2*i", "(k*2)+x", "0N+i*2", "1.5+i*2", "(x*y)+x*y", "{1+x*x} i"])
def test_the_result_is_that_of_single_steps(line: str) -> None:
    q = Interpreter()
    q(f"x:{N}?1.; y:{N}?1.; i:{N}?1000; j:1+{N}?9; k:@[i;3 5;:;0N]")
    before = {name: q(name).copy() for name in "xyijk"}
    whole = q(line)
    for name, value in before.items():
        assert np.array_equal(q(name), value)
    one_by_one = q(_stepwise(line))
    assert whole.dtype == one_by_one.dtype
    assert np.array_equal(whole, one_by_one, equal_nan=whole.dtype.kind == "f")


def _stepwise(line: str) -> str:
    """The same in pieces that are too short to be overwritten."""
    body = line if not line.startswith("{") else line[1:line.index("}")].replace("x", "i")
    return ("raze {[x;y;i;j;k] " + body + "}'["
            + ";".join(f"1000 cut {name}" for name in "xyijk") + "]")
