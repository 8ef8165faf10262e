"""`= <> < > <= >=`: tolerance, nulls, temporals in a common type, symbols by text."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from q_numbers import LETTERS, LONG_INF, LONG_NULL, is_null, tolerant_equal, vector

from kkernel.q import Interpreter, QError
from kkernel.q.atoms import tolerance as t
from kkernel.q.operators.compare import at_least, at_most, equal, greater, less, not_equal
from kkernel.q.symbols import sym, symbols
from kkernel.q.values import at, char, string

q = Interpreter()
NAN, INF = math.nan, math.inf
SIX = {less: (True, False, False), equal: (False, True, False), greater: (False, False, True),
       at_most: (True, True, False), not_equal: (True, False, True),
       at_least: (False, True, True)}

# pairs of types without a common type, besides symbols and guids with anything else
_APART = {frozenset(p) for p in ("mz", "mn", "mu", "mv", "mt", "dn", "du", "dv", "dt")}


@pytest.fixture(autouse=True)
def _quiet():
    with np.errstate(all="ignore"):
        yield


def _comparable(x: str, y: str) -> bool:
    if "s" in (x, y) or "g" in (x, y):
        return x == y
    return frozenset((x, y)) not in _APART


@pytest.mark.parametrize("fn", SIX, ids=lambda f: f.__name__)
def test_which_types_compare(fn):
    for x, y in itertools.product(LETTERS, LETTERS):
        a, b = vector(x, [1]), vector(y, [1])
        if _comparable(x, y):
            assert fn(a, b).dtype == np.bool_, (x, y)
        else:
            with pytest.raises(QError, match="type"):
                fn(a, b)


# ---------------------------------------------------------------- numbers

_VALUES = {"b": [0, 1], "x": [0, 200], "h": [-(2**15), -7, 0, 32767],
           "i": [-(2**31), -7, 1, 2**31 - 1], "j": [LONG_NULL, -7, 1, 2**53 + 1, LONG_INF],
           "e": [NAN, -7.0, 0.5], "f": [NAN, -INF, -7.0, 1.0, 1 + 2**-50, INF]}


def _order(a: float, x: str, b: float, y: str) -> int:
    """-1, 0 or 1: nulls least and equal, floats within tolerance."""
    null_a, null_b = is_null(a, x), is_null(b, y)
    if null_a or null_b:
        return null_b - null_a
    if "f" in (x, y) or "e" in (x, y):
        a, b = float(a), float(b)
        if tolerant_equal(a, b):
            return 0
    return (a > b) - (a < b)


@pytest.mark.parametrize("fn", SIX, ids=lambda f: f.__name__)
def test_numbers_of_every_pair_of_types(fn):
    for x, y in itertools.product(_VALUES, _VALUES):
        for a, b in itertools.product(_VALUES[x], _VALUES[y]):
            want = SIX[fn][_order(a, x, b, y) + 1]
            left, right = vector(x, [a]), vector(y, [b])
            assert fn(left, right).tolist() == [want], (x, a, y, b)
            assert fn(at(left, 0), right).tolist() == [want], (x, a, y, b)


floats = st.one_of(st.floats(allow_nan=True), st.sampled_from([0.0, -0.0, NAN, INF, -INF]))


@given(st.lists(st.tuples(floats, st.integers(-2000, 2000)), max_size=30))
@settings(max_examples=80, deadline=None)
def test_tolerance_is_exactly_two_to_minus_43(pairs):
    """Neighbours some ulps apart, on both sides of the tolerance (512 to 1024 ulps)."""
    x = np.array([p[0] for p in pairs], float)
    y = (x.view("i8") + np.array([p[1] for p in pairs], "i8")).view("f8")
    with np.errstate(all="ignore"):
        same, below = equal(x, y), less(x, y)
    for a, b, s, lower in zip(x.tolist(), y.tolist(), same.tolist(), below.tolist(), strict=True):
        want = a != a and b != b if a != a or b != b else tolerant_equal(a, b)
        assert s == want == bool(equal(a, b))
        assert lower == bool(less(a, b)) == (not want and (a != a or a < b) and b == b)


def test_long_vectors_are_compared_in_blocks_with_the_same_result():
    rng = np.random.default_rng(1)
    x = rng.standard_normal(3 * t.BLOCK + 7)
    y = x + rng.choice([0, 1e-15, 1e-3, -1e-3], x.size) * x
    y[[5, 2 * t.BLOCK]] = [NAN, INF]
    x[[6, 2 * t.BLOCK + 1]] = [NAN, -INF]
    assert x.size > t.FEW
    for fn in (t.equal, t.less):
        whole = fn(x, y)
        parts = [fn(a, b) for a, b in zip(np.array_split(x, 50), np.array_split(y, 50),
                                          strict=True)]
        assert np.array_equal(whole, np.concatenate(parts))
        assert np.array_equal(fn(x, np.array(0.5))[:100], fn(x[:100], np.array(0.5)))


@pytest.mark.parametrize("y", [0.0, 1.0, -3.7, 1e300, 5e-324, 2.2e-308, 1 - 2**-53, 2.0**60])
def test_many_against_one_atom(y):
    """The range of equal numbers gives what pairs of numbers give, at its very edges."""
    steps = np.arange(-1300, 1300) if y else np.arange(3)
    x = np.array([y]).view("i8") + steps
    x = np.concatenate((x.view("f8"), [NAN, INF, -INF, 0.0, -0.0, -y]))
    atom, column = np.array(y), np.full(x.shape, y)
    for fn in (t.equal, t.less):
        assert np.array_equal(fn(x, atom), fn(x, column))
        assert np.array_equal(fn(atom, x), fn(column, x))


def test_only_zero_equals_zero():
    assert equal(0.0, -0.0) and not equal(0.0, 5e-324) and not equal(1.0 - (1.0 - 2**-50), 0)


# ---------------------------------------------------------------- text

words = st.text("abcXYZ\xe9", max_size=4)


@given(st.lists(st.tuples(words, words), max_size=20))
@settings(max_examples=40, deadline=None)
def test_symbols_compare_by_text(pairs):
    x, y = (symbols([p[k] for p in pairs]) for k in (0, 1))
    assert less(x, y).tolist() == [a < b for a, b in pairs]
    assert equal(x, y).tolist() == [a == b for a, b in pairs]
    for a, b in pairs[:3]:
        assert at_least(sym(a), sym(b)) == (a >= b)


def test_strings_compare_by_char():
    assert less(string("alpha"), string("omega")).tolist() == [True, True, False, False, False]
    assert equal(string("hello"), char("l")).tolist() == [False, False, True, True, False]
    with pytest.raises(QError, match="length"):
        equal(string("ab"), string("abc"))


# ---------------------------------------------------------------- temporals

def test_a_point_in_time_is_reduced_to_a_span_of_the_day():
    moment = np.datetime64("2016-09-06T09:29:15.5", "ns")
    assert equal(moment, np.timedelta64(569, "m"))
    assert greater(moment, np.timedelta64(34155, "s")) is False
    assert greater(moment, np.timedelta64(34155 * 10**9, "ns"))
    assert equal(np.datetime64("2016-09-06T09:29:15", "ms"), np.timedelta64(34155, "s"))


def test_a_span_is_widened_to_a_timespan():
    assert greater(np.timedelta64(34155 * 10**9, "ns"), np.timedelta64(569, "m"))


def test_months_and_dates():
    assert equal(np.datetime64("2016-09", "M"), np.datetime64("2016-09-01", "D"))
    assert less(np.datetime64("2016-09", "M"), np.datetime64("2016-09-02", "D"))
    assert greater(np.datetime64("2016-10-01", "ns"), np.datetime64("2016-09", "M"))


def test_temporals_beside_numbers_count_from_2000():
    assert equal(np.datetime64("2000-01-02", "D"), 1)
    assert less(np.datetime64("2000-01-02", "D"), 1.5)


# ---------------------------------------------------------------- structure

def test_structure_is_kept():
    assert q.console("(3;\"a\")=(2 3 4;\"abc\")") == "010b\n100b\n"
    assert q.console("5>=(`a`b!4 6)") == "a| 1\nb| 0\n"
    assert q.console("([]a:1 2)=([]a:1 3)") == "a\n-\n1\n0\n"
    assert equal(np.arange(6).reshape(2, 3), np.array([1, 4])).tolist() == \
        [[False, True, False], [False, True, False]]


def test_enumerations_compare_by_value():
    q("sym:`a`b`c")
    assert q("(`sym$`a`b)=`a`c").tolist() == [True, False]
    assert q("(`sym$`b)>`a") is True
