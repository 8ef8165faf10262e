"""`each` of arithmetic in one call, against the lambda called for each item."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kkernel.q import Interpreter, itemwise, straight
from kkernel.q.errors import QError
from kkernel.q.registry import OPERATORS as VERBS
from kkernel.q.types import LONG_INF, LONG_NULL
from kkernel.q.values import Table, Value, collapse, is_list, items

Q = Interpreter()
match = VERBS["~"].by_rank[2]
OPERATORS = ["+", "-", "*", "%", "&", "|", "<", ">", "=", "<=", ">=", "<>", " mod ", " div "]
LONGS = st.integers(-5, 5) | st.sampled_from(
    [2**31, 2**62, -2**62, LONG_INF, -LONG_INF, LONG_NULL, 3 * 10**9])
FLOATS = st.integers(-8, 8).map(lambda n: n / 4) | st.sampled_from(
    [float("nan"), float("inf"), -float("inf"), -0.0, 1e300])


def bodies() -> st.SearchStrategy[str]:
    """Expressions of x and y; some give the value of a part a name."""
    leaf = st.sampled_from(["x", "y", "x", "y", "2", "-3", "7", "0.5", "1b", "g", "0N"])

    def more(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        infix = st.tuples(part, st.sampled_from(OPERATORS), part).map("({0[0]}){0[1]}{0[2]}".format)
        return infix | part.map("a+a:{}".format) | part.map("neg {}".format)
    return st.recursive(leaf, more, max_leaves=6)


def vectors(n: int) -> st.SearchStrategy[Value]:
    """Long and float vectors, plain ones among them, and atoms."""
    small = st.integers(-5, 5)
    return st.one_of(
        *(st.lists(item, min_size=n, max_size=n).map(lambda v: np.array(v, "i8"))
          for item in (small, small, LONGS)),
        st.lists(FLOATS, min_size=n, max_size=n).map(lambda v: np.array(v, "f8")),
        st.lists(st.booleans(), min_size=n, max_size=n).map(lambda v: np.array(v, "?")),
        LONGS, FLOATS, st.booleans())


@settings(max_examples=400, deadline=None)
@given(body=bodies(), data=st.data(), n=st.integers(16, 20))
def test_straight_lambdas_as_item_by_item(body: str, data: st.DataObject, n: int) -> None:
    x, y = data.draw(vectors(n)), data.draw(vectors(n))
    if not (is_list(x) or is_list(y)):
        x = np.full(n, x)
    for name, value in {"x": x, "y": y, "g": data.draw(LONGS)}.items():
        Q.globals.set(name, value)
    Q(f"f:{{[x;y] {body}}}")
    with mock.patch.object(itemwise, "LONG", 1), mock.patch.object(straight, "BLOCK", 7), \
            np.errstate(all="ignore"):
        at_once = itemwise.itemwise(Q("f"), [x, y])
    Q.globals.set("r", at_once)
    assert at_once is None or Q("r~{z[x;y]}'[x;y;n#f]".replace("n#", f"{n}#")), (x, y)


@pytest.mark.parametrize("text", [
    "{1+x*x}each i", "{x+2*y}'[i;j]", "f[;3]each i", "{a:x mod 7;b:x div 7;b+a*a}each i",
    "{(x<50)*x&90}each i", "{x%2}each i", "{x*g}each i", "{x*g}each b", "{x*k}each i",
    "{z+x*y}[;2;0.5]each j"])
def test_long_vectors_take_no_detour(text: str) -> None:
    Q("i:til 5000; j:reverse i; b:0=i mod 3; g:3; k:2.5; f:{x+2*y}")
    with mock.patch.object(straight.Run, "result", autospec=True,
                           side_effect=straight.Run.result) as run:
        found = Q(text)
    assert run.call_count == 1
    apart = text.replace("each i", "each 10 cut i").replace("each j", "each 10 cut j") \
        .replace("each b", "each 10 cut b").replace("[i;j]", "[10 cut i;10 cut j]")
    Q.globals.set("r", found)
    assert Q(f"r~raze {apart}")


@pytest.mark.parametrize("text", [
    "{x+1}each i", "{x*x}each j", "{x div 0}each k", "{x=y}'[i;k%2]", "{x+y}'[i=0N;i=0N]",
    "{7}each k", "{a:x+1;2*3}each k"])
def test_what_is_not_plain_is_tested_as_ever(text: str) -> None:
    Q("i:5000#0N 1; j:5000#4000000000000; k:til 5000")
    Q.globals.set("r", Q(text))
    for name in "ijk":
        Q(f"{name}:10#{name}")
    assert Q(f"(10#r)~{text}") and Q("count r") == 5000


def test_a_global_is_read_at_each_call() -> None:
    Q("i:til 5000; g:1; f:{x+g}")
    assert Q("(f each i)~i+1") and Q("g:2; (f each i)~i+2") and Q("g:0N; all null f each i")
    assert Q("g:1 2; (f each 3#i)~(1 2;2 3;3 4)")


SIDES = st.sampled_from(
    ["5", "2.5", "1 2 3", "1.5 0n 2", "(1 2 3;4 5 6)", "(1 2;3 4 5)", "til 0", "1b", "`a", "\"ab\"",
     "2 3#1 0N 2 3 4 5", "`a`b!1 2", "(\"ab\";\"cd\")", "([]a:1 2;b:3 4)", "()", "enlist 1 2 3",
     "2 3#1.5 2 0n 4 5 6", "2000.01.01 2000.01.03", "0 3#0", "(1;`a)", "2 2 3#til 12"])


@settings(max_examples=300, deadline=None)
@given(x=SIDES, y=SIDES, f=st.sampled_from(["+", "-", ",", "*", "&", "=", "<", "~", " mod"]))
def test_each_side_is_a_loop_with_the_other_side_whole(x: str, y: str, f: str) -> None:
    x, y = Q(x), Q(y)
    for mark, many, one in (("/:", y, lambda v: (x, v)), ("\\:", x, lambda v: (v, y))):
        Q.globals.set("x", x)
        Q.globals.set("y", y)
        found = attempt(f"x{f}{mark}y")
        if not (is_list(many) or isinstance(many, Table)) or not len(many):
            continue
        parts = []
        for v in items(many):
            for name, value in zip("xy", one(v)):
                Q.globals.set(name, value)
            parts.append(attempt(f"x{f} y"))
        failed = [p for p in parts if type(p) is str]
        assert found == failed[0] if failed else match(found, collapse(parts)), (mark, found)


def attempt(text: str) -> Value:
    """The value, or the message of the error as a plain text."""
    try:
        return Q(text)
    except QError as e:
        return e.message
