"""Mathematical keywords: types, nulls, structure; checked against `math` and exact integers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from q_numbers import LETTERS, LONG_INF, LONG_NULL, letter_of, same, vector

from kkernel.q import Interpreter, QError
from kkernel.q.operators.match import match
from kkernel.q.registry import KEYWORDS
from kkernel.q.values import List, at, collapse, qtype

q = Interpreter()
NAN, INF = math.nan, math.inf

# type of the result per type of x, in the order of LETTERS (b g x h i j e f c s p m d z n u v t)
TYPES = {
    "neg": "i.ihijefi.pmdznuvt", "abs": "i.ihijefi.pmdznuvt", "signum": "i.iiiiiii.iiiiiiii",
    "floor": "...hijjjcs........", "ceiling": "i.ihijjji.........",
    "sqrt": "f.fffffff.fffzffff", "exp": "f.fffffff.fffzffff", "log": "f.fffffff.fffzffff",
    "sin": "f.fffffff.fffzffff", "cos": "f.fffffff.fffzffff", "tan": "f.fffffff.fffzffff",
    "asin": "f.fffffff.fffzffff", "acos": "f.fffffff.fffzffff", "atan": "f.fffffff.fffzffff",
    "reciprocal": "f.fffffff.fffzffff", "not": "bbbbbbbbb.bbbbbbbb",
    "null": "bbbbbbbbbbbbbbbbbb",
}


def keyword(name: str):
    return KEYWORDS[name].fn1


@pytest.fixture(autouse=True)
def _quiet():
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize("name", TYPES)
def test_type_of_every_argument(name):
    fn = keyword(name)
    for letter, want in zip(LETTERS, TYPES[name], strict=True):
        x = vector(letter, [1, 1])
        if want == ".":
            with pytest.raises(QError, match="type"):
                fn(x)
            continue
        got = fn(x)
        assert letter_of(got) == want and len(got) == 2, letter
        assert qtype(fn(at(x, 0))) == -qtype(got), letter
        assert match(fn(collapse([x, x, x])), collapse([got, got, got])), letter


_FLOATS = {"sqrt": math.sqrt, "exp": math.exp, "log": math.log, "sin": math.sin, "cos": math.cos,
           "tan": math.tan, "asin": math.asin, "acos": math.acos, "atan": math.atan,
           "reciprocal": lambda v: 1 / v}


def _python(fn, v: float) -> float:
    try:
        return fn(v)
    except (ValueError, ZeroDivisionError):
        return NAN
    except OverflowError:
        return INF


@pytest.mark.parametrize("name", _FLOATS)
def test_float_functions_against_math(name):
    values = [0.5, -0.5, 1.0, -2.0, 3.75, 20.0, NAN]
    got = keyword(name)(np.array(values)).tolist()
    want = [_python(_FLOATS[name], v) for v in values]
    assert np.allclose(got, want, rtol=1e-15, atol=1e-16, equal_nan=True)
    assert [keyword(name)(v) for v in values[:2]] == pytest.approx(want[:2], nan_ok=True)
    assert math.isnan(keyword(name)(LONG_NULL))


def test_limits_of_float_functions():
    assert keyword("log")(0) == -INF and keyword("reciprocal")(0) == INF
    assert keyword("exp")(-INF) == 0 and math.isnan(keyword("sin")(INF))


@given(st.lists(st.one_of(st.integers(LONG_NULL, LONG_INF), st.just(LONG_NULL)), min_size=1,
                max_size=30))
@settings(max_examples=50, deadline=None)
def test_signs_of_longs(values):
    x = np.array(values)
    null = LONG_NULL
    assert keyword("neg")(x).tolist() == [v if v == null else -v for v in values]
    assert keyword("abs")(x).tolist() == [v if v == null else abs(v) for v in values]
    assert keyword("signum")(x).tolist() == [(v > 0) - (v < 0) for v in values]
    assert keyword("null")(x).tolist() == [v == null for v in values]
    assert keyword("not")(x).tolist() == [v == 0 for v in values]
    for v in values[:2]:
        assert [keyword(k)(v) for k in ("neg", "abs", "null", "not")] == \
            [keyword(k)(x[:1] * 0 + v).tolist()[0] for k in ("neg", "abs", "null", "not")]


@given(st.lists(st.floats(-1e18, 1e18), max_size=30))
@settings(max_examples=50, deadline=None)
def test_rounding_is_exact(values):
    x = np.array(values, float)
    assert keyword("floor")(x).tolist() == [math.floor(v) for v in values]
    assert keyword("ceiling")(x).tolist() == [math.ceil(v) for v in values]


def test_rounding_of_special_values():
    x = np.array([NAN, INF, -INF, 1e300])
    for name in ("floor", "ceiling"):
        assert keyword(name)(x).tolist() == [LONG_NULL, LONG_INF, -LONG_INF, LONG_INF]


def test_floor_of_text_is_lower_case():
    assert q.console('floor "AbZ[@"') == '"abz[@"\n'
    assert q.console("floor `AbC`x") == "`abc`x\n"


def test_nulls_of_every_type():
    row = q("null (0N;0Ni;0Nh;0n;0Ne;\" \";`;0Nd;0Np;0Nt;0Nn;0Nm;0Nz;0Nu;0Nv;0Ng;0b;0x20;0W;::)")
    assert row.tolist() == [True] * 16 + [False, False, False, True]


def test_null_of_structures():
    assert q.console("null ([]a:1 0N;b:``x)") == "a b\n---\n0 1\n1 0\n"
    assert q.console("null `a`b!(1 0N;\"a b\")") == "a| 01b\nb| 010b\n"
    q("sym:``a")
    assert q("null `sym$``a").tolist() == [False, False]


def test_not_looks_at_the_underlying_value():
    assert q("not 2000.01.01 2020.06.30").tolist() == [True, False]
    assert q('not "ab\\000"').tolist() == [False, False, True]


def test_powers():
    assert q("2 xexp 10") == pytest.approx(1024, rel=1e-14)
    assert math.isnan(q("-2 xexp .5")) and q("0 xexp 0 2").tolist() == [1.0, 0.0]
    assert q("1.5 xlog 0 1 0n").tolist()[:2] == [-INF, 0.0]
    with pytest.raises(QError, match="type"):
        q("2 xexp 2000.01.01")


def test_glyphs_inside_values():
    assert q.console("(neg;not;null;floor;sqrt)") == "-:\n~:\n^:\n_:\nsqrt\n"


def test_lists_recurse():
    got = keyword("abs")(List([-1, np.array([-2.5, 3]), List([True])]))
    assert isinstance(got, List) and got[0] == 1 and same(got[1], [2.5, 3])
