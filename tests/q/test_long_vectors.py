"""Vectors so long that another way is taken give what their parts give."""

import numpy as np
import pytest

from kkernel.q import Interpreter
from kkernel.q.atoms import extremes

N = 100_000
NULL = -(2**63)


@pytest.fixture(scope="module")
def q():
    q = Interpreter()
    random = np.random.default_rng(7)
    x = random.integers(-40, 40, N) / 8
    near = x * (1 + random.integers(-3, 4, N) * 2.0**-44)
    special = np.array([np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0])
    for column in (x, near):
        column[random.integers(0, N, 500)] = random.choice(special, 500)
    i, j = random.integers(-50, 50, N), random.integers(0, 9, N)
    for name, value in {"x": x, "y": near, "i": i, "j": j,
                        "n": np.where(j == 3, NULL, i)}.items():
        q.globals.set(name, value)
    q("parts:1000 cut til count x")
    return q


@pytest.mark.parametrize("text", [
    *[f"{a}{op}{b}" for op in ("=", "<>", "<", ">", "<=", ">=")
      for a, b in (("x", "y"), ("y", "x"), ("x", "1.5"), ("0n", "y"), ("y", "0w"), ("i", "y"))],
    "floor x", "ceiling y", "`long$x", "`int$y", "i+n", "n*j", "n-i", "n%j", "n+x", "neg n",
    "i in 1 2 3", "(til 9)?i", "n>i", "i&n", "i div j", "n mod j", "x within -1 2", "abs n"])
def test_whole_as_its_parts(q, text):
    q(f"f:{{[x;y;i;j;n]{text}}}")
    assert q("f[x;y;i;j;n]~raze {[r]f[x r;y r;i r;j r;n r]} each parts")


def test_what_is_remembered_of_a_vector_ends_with_it(q):
    known = len(extremes._known)
    q("v:100000#1 2 3")
    assert q("sum v") == 199_999
    assert len(extremes._known) > known
    q("delete v from `.")
    assert len(extremes._known) == known


def test_an_item_assigned_in_place_is_seen(q):
    q("w:til 100000")
    assert q("sum null w+0") == 0
    q("w[7]:0N")
    assert q("sum null w+0") == 1
    q("w[7 8]:-3 0N")
    assert (q("sum null w+0"), q("min w")) == (1, -3)
    assert q("{w:til 100000;a:sum w;w[3]:0N;a-sum w}[]") == 3


def test_times_changed_in_place_are_sorted_no_more(q):
    q("l:([]t:til 100000); times:til 100000; r:{([]t:times;v:til 100000)}")
    assert q("(aj[`t;l;r[]]`v)~til 100000")
    q("times[7]:1000000")
    assert q("(count aj[`t;l;`t xasc r[]])=100000")
    assert q("(aj[`t;l;`t xasc r[]]`v)[6 7 8]~6 6 8")


@pytest.mark.parametrize("column", ["x", "i", "n", "k", "`int$i", "i>3", "2000.01.01+i"])
def test_rows_that_are_not_there_are_null(q, column):
    q(f"k:(`$string til 9) j; c:{column}; at:-1+til 1+count c")
    assert q("(1_c at)~c til count c") and q("first[c at]~c[-1]") and q("c[0N]~c[-1]")


@pytest.mark.parametrize("keys", ["j", "i", "j,i", "i*j+1000*j"])
def test_by_groups_as_one_group_at_a_time(q, keys):
    q("t:([]x;y;i;j;n)")
    for phrase in ("sums n", "sums x", "sums i", "deltas i", "prev x"):
        loop = phrase.replace(" ", " {[v]v}", 1)
        assert q(f"(update r:{phrase} by {keys} from t)~update r:{loop} by {keys} from t"), phrase
    for phrase in ("sum n", "sum x", "dev i", "count i", "last x", "first n", "max n", "svar y"):
        loop = phrase.replace(" ", " {[v]v}", 1)
        assert q(f"(select r:{phrase} by {keys} from t)~select r:{loop} by {keys} from t"), phrase
