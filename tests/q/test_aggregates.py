"""Aggregates, running and moving functions: against masked numpy, Python integers and pandas."""

from __future__ import annotations

import math
import statistics
from functools import reduce

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from q_numbers import LETTERS, LONG_INF, LONG_NULL, letter_of, same, tolerant_equal, vector, wrap

from kkernel.q import Interpreter, QError
from kkernel.q.registry import KEYWORDS
from kkernel.q.values import List, qtype

q = Interpreter()
NAN, INF = math.nan, math.inf


@pytest.fixture(autouse=True)
def _quiet():
    with np.errstate(all="ignore"):
        yield


def one(name: str):
    return KEYWORDS[name].fn1


def two(name: str):
    return KEYWORDS[name].fn2


# type of the result per type of x, in the order of LETTERS (b g x h i j e f c s p m d z n u v t)
AGGREGATE_TYPES = {
    "sum": "i.iiijef..pmdznuvt", "prd": "i.iiijef..pmdznuvt", "max": "b.xhijefc.pmdznuvt",
    "min": "b.xhijefc.pmdznuvt", "avg": "f.fffffff.ffffffff", "all": "bbbbbbbbb.bbbbbbbb",
    "any": "bbbbbbbbb.bbbbbbbb", "var": "f.fffffff.ffffffff", "sdev": "f.fffffff.ffffffff",
    "med": "f.fffffff.ffffffff",
}
UNIFORM_TYPES = {
    "sums": "i.iiijef..pmdznuvt", "prds": "i.iiijef..pmdznuvt", "maxs": "b.xhijefc.pmdznuvt",
    "mins": "b.xhijefc.pmdznuvt", "differ": "b" * 18, "deltas": "i.iiijef..niifnuvt",
    "ratios": "f.fffffff.ffffffff",
}


@pytest.mark.parametrize("name", AGGREGATE_TYPES)
def test_type_of_every_aggregate(name):
    for letter, want in zip(LETTERS, AGGREGATE_TYPES[name], strict=True):
        x = vector(letter, [1, 1, 0])
        if want == ".":
            with pytest.raises(QError, match="type"):
                one(name)(x)
        else:
            got = one(name)(x)
            assert letter_of(got) == want and qtype(got) < 0, letter


@pytest.mark.parametrize("name", UNIFORM_TYPES)
def test_type_of_every_uniform_function(name):
    for letter, want in zip(LETTERS, UNIFORM_TYPES[name], strict=True):
        x = vector(letter, [1, 1, 0])
        if want == ".":
            with pytest.raises(QError, match="type"):
                one(name)(x)
        else:
            got = one(name)(x)
            assert letter_of(got) == want and len(got) == 3, letter


# ---------------------------------------------------------------- longs

longs = st.one_of(st.integers(-9, 9), st.integers(-(2**63), LONG_INF), st.just(LONG_NULL))
vectors = st.lists(longs, max_size=40)


@given(vectors)
@settings(max_examples=80, deadline=None)
def test_aggregates_of_longs(values):
    x = np.array(values, "i8")
    known = [v for v in values if v != LONG_NULL]
    assert one("sum")(x) == wrap(sum(known), "j")
    assert one("prd")(x) == wrap(math.prod(known), "j")
    assert one("max")(x) == max(known, default=-LONG_INF)
    assert one("min")(x) == min(known, default=LONG_INF)
    assert one("all")(x) == all(values) and one("any")(x) == any(values)
    small = np.array([v for v in values if abs(v) < 10 or v == LONG_NULL], "i8")
    want = [v for v in small.tolist() if v != LONG_NULL]
    with np.errstate(all="ignore"):
        assert same([one("avg")(small)], [sum(want) / len(want) if want else NAN])


@given(vectors)
@settings(max_examples=60, deadline=None)
def test_running_longs(values):
    x = np.array(values, "i8")
    total, product, high, low = 0, 1, -LONG_INF, LONG_INF
    rows = []
    for v in values:
        if v != LONG_NULL:
            total, product = wrap(total + v, "j"), wrap(product * v, "j")
            high, low = max(high, v), min(low, v)
        rows.append((total, product, high, low))
    for k, name in enumerate(("sums", "prds", "maxs", "mins")):
        assert one(name)(x).tolist() == [r[k] for r in rows], name


@given(vectors)
@settings(max_examples=40, deadline=None)
def test_neighbours(values):
    x = np.array(values, "i8")
    with np.errstate(all="ignore"):
        differences = one("deltas")(x).tolist()
        changes = one("differ")(x).tolist()
    for i, v in enumerate(values):
        before = values[i - 1] if i else 0
        want = LONG_NULL if LONG_NULL in (v, before) else wrap(v - before, "j")
        assert differences[i] == want
        assert changes[i] == (i == 0 or v != before)


def test_mean_of_longs_that_overflow_together():
    assert one("avg")(np.array([LONG_INF, LONG_INF])) == float(LONG_INF)
    assert one("avg")(np.array([LONG_INF, LONG_NULL, -LONG_INF])) == 0


# ---------------------------------------------------------------- floats

numbers = st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(NAN)), max_size=30)


@given(numbers)
@settings(max_examples=60, deadline=None)
def test_statistics_leave_nulls_out(values):
    x = np.array(values, float)
    known = [v for v in values if v == v]
    with np.errstate(all="ignore"):
        got = {k: one(k)(x) for k in ("sum", "avg", "var", "svar", "dev", "sdev", "max", "min")}
    assert got["sum"] == pytest.approx(math.fsum(known), abs=1e-6)
    if not known:
        assert math.isnan(got["avg"]) and math.isnan(got["var"]) and got["max"] == -INF
        return
    assert got["avg"] == pytest.approx(statistics.fmean(known), abs=1e-6)
    assert got["var"] == pytest.approx(statistics.pvariance(known), rel=1e-9, abs=1e-6)
    assert got["dev"] == pytest.approx(math.sqrt(got["var"]))
    assert (got["max"], got["min"]) == (max(known), min(known))
    if len(known) > 1:
        assert got["svar"] == pytest.approx(statistics.variance(known), rel=1e-9, abs=1e-6)
        assert got["sdev"] == pytest.approx(math.sqrt(got["svar"]))
    else:
        assert math.isnan(got["svar"])


@given(numbers)
@settings(max_examples=40, deadline=None)
def test_median_sorts_nulls_first(values):
    n = len(values)
    ordered = sorted(values, key=lambda v: (v == v, v if v == v else 0))
    middle = [v for v in (ordered[(n - 1) // 2], ordered[n // 2]) if v == v] if n else []
    want = sum(middle) / len(middle) if middle else NAN
    got = one("med")(np.array(values, float))
    assert got == pytest.approx(want, nan_ok=True)


@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=3, max_size=20))
@settings(max_examples=40, deadline=None)
def test_covariance_and_weights(pairs):
    x, y = (np.array([p[k] for p in pairs]) for k in (0, 1))
    assert two("cov")(x, y) == pytest.approx(np.cov(x, y, ddof=0)[0, 1], abs=1e-6)
    assert two("scov")(x, y) == pytest.approx(np.cov(x, y)[0, 1], abs=1e-6)
    holes = np.append(x, NAN), np.append(y, 1.0)
    assert two("cov")(*holes) == two("cov")(x, y)
    if x.std() > 1e-3 and y.std() > 1e-3:
        assert two("cor")(x, y) == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-9)
    w = np.abs(x) + 1
    assert two("wavg")(w, y) == pytest.approx(np.average(y, weights=w))
    assert two("wsum")(w, y) == pytest.approx(float((w * y).sum()), abs=1e-6)


@given(numbers)
@settings(max_examples=40, deadline=None)
def test_running_floats_against_pandas(values):
    x, s = np.array(values, float), pd.Series(values, dtype=float)
    with np.errstate(all="ignore"):
        assert np.allclose(one("sums")(x), s.fillna(0).cumsum())
        assert same(one("maxs")(x), s.fillna(-INF).cummax().tolist())
        assert same(one("mins")(x), s.fillna(INF).cummin().tolist())
        assert np.allclose(one("avgs")(x), s.expanding().mean(), equal_nan=True)


def test_differ_is_tolerant():
    x = np.array([96.100000000000009, 96.099999999999994, NAN, NAN, 1.0])
    assert one("differ")(x).tolist() == [True, False, True, False, True]
    assert tolerant_equal(x[0], x[1])


def test_constant_lists_do_not_vary():
    x = np.full(7, 0.1)
    assert one("dev")(x) == 0 == one("var")(np.full(1000, 1e17 / 3))
    assert math.isnan(q("1 1 1 cor 1 3 9"))


# ---------------------------------------------------------------- empties

def test_empty_vectors():
    assert q("sum ()") == 0 and q("prd 0#0") == 1 and q("sum 0#0f") == 0.0
    assert q("max 0#0") == -LONG_INF and q("min 0#0") == LONG_INF
    assert q("max 0#0f") == -INF and q("min 0#0f") == INF
    assert q("max 0#0b") is False and q("min 0#0b") is True
    assert q("max 0#2000.01.01").view("i8") == -LONG_INF
    assert q("all ()") is True and q("any ()") is False
    assert math.isnan(q("avg 0#0")) and math.isnan(q("var 0#0f")) and math.isnan(q("med 0#0"))
    for name in ("sums", "deltas", "ratios", "differ", "maxs", "avgs"):
        assert len(one(name)(np.empty(0, "i8"))) == 0


# ---------------------------------------------------------------- structure

def test_lists_of_lists_combine_item_by_item_and_keep_nulls():
    rect = np.array([[1, 2], [LONG_NULL, 4]])
    assert one("sum")(rect).tolist() == [LONG_NULL, 6]
    assert one("max")(rect).tolist() == [1, 4] and one("min")(rect).tolist() == [LONG_NULL, 2]
    assert same(one("avg")(rect), [NAN, 3.0])
    assert one("sums")(rect).tolist() == [[1, 2], [LONG_NULL, 6]]
    cube = np.arange(24).reshape(2, 3, 4)
    for name, fold in (("sum", np.add), ("prd", np.multiply), ("max", np.maximum)):
        assert one(name)(cube).tolist() == reduce(fold, cube).tolist()


def test_ragged_lists_signal_length():
    with pytest.raises(QError, match="length"):
        q("sum (1 2;3 4 5)")


def test_mixed_lists_of_atoms():
    assert q("avg (1;0n;2;3)") == 1.5 and q("sum (1;2.5;3i)") == 6.5
    assert q("max (1;2.5;0N)") == 2.5


def test_dictionaries_by_value_and_tables_by_column():
    q("d:`a`b!(10 21 3;4 5 6); t:flip d; k:`x xkey update x:`u`v`w from t")
    assert q("sum d").tolist() == [14, 26, 9]
    assert q.console("sum t") == "a| 34\nb| 15\n" == q.console("sum k")
    assert q.console("max t") == "a| 21\nb| 6\n"
    assert q.console("sums d") == "a| 10 21 3\nb| 14 26 9\n"
    assert q.console("deltas t") == "a   b\n-----\n10  4\n11  1\n-18 1\n"
    assert q.console("2 msum k") == "x| a  b \n-| -----\nu| 10 4 \nv| 31 9 \nw| 24 11\n"
    assert q.console("avg t") == "a| 11.33333\nb| 5\n"


def test_deltas_of_dates_start_with_their_number():
    assert q.console("deltas 2000.01.03 2000.01.10") == "2 7i\n"


# ---------------------------------------------------------------- moving windows

@given(st.integers(1, 8), st.lists(st.one_of(st.integers(-50, 50), st.just(LONG_NULL)),
                                   min_size=1, max_size=25))
@settings(max_examples=60, deadline=None)
def test_moving_windows_against_pandas(n, values):
    x = np.array(values, "i8")
    s = pd.Series([NAN if v == LONG_NULL else v for v in values], dtype=float)
    window = s.rolling(n, min_periods=1)
    with np.errstate(all="ignore"):
        assert two("msum")(n, x).tolist() == s.fillna(0).rolling(n, min_periods=1).sum().tolist()
        assert two("mcount")(n, x).tolist() == s.notna().rolling(n, min_periods=1).sum().tolist()
        assert np.allclose(two("mavg")(n, x), window.mean(), equal_nan=True)
        assert np.allclose(two("mdev")(n, x), window.std(ddof=0), equal_nan=True, atol=1e-5)
        floor = [min(values[max(0, i - n + 1):i + 1]) for i in range(len(values))]
        assert two("mmin")(n, x).tolist() == floor
        for i, v in enumerate(two("mmax")(n, x).tolist()):
            part = values[max(0, i - n + 1):i + 1]
            before_start = [-LONG_INF] * (i - n + 1 < 0)
            assert v == max(part + before_start)


def test_windows_without_length():
    assert same(two("mavg")(0, np.array([2, 3])), [NAN, NAN])
    assert two("mmax")(0, np.array([2, 3])).tolist() == [2, 3]
    with pytest.raises(QError, match="type"):
        two("msum")(1.5, np.array([1, 2]))


@given(st.floats(0.01, 1), st.lists(st.floats(-100, 100), min_size=1, max_size=25))
@settings(max_examples=40, deadline=None)
def test_ema_against_pandas(rate, values):
    want = pd.Series(values).ewm(alpha=rate, adjust=False).mean()
    assert np.allclose(two("ema")(rate, np.array(values)), want)


def test_ema_of_long_lists_is_the_one_of_short_ones():
    x = np.random.default_rng(2).standard_normal(5000)
    want = pd.Series(x).ewm(alpha=0.05, adjust=False).mean()
    assert np.allclose(two("ema")(0.05, x), want, rtol=1e-12)
    x[4500] = NAN
    assert np.isnan(two("ema")(0.05, x)).sum() == 500


# ---------------------------------------------------------------- matrices

@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 6), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_matrix_products_and_solutions(n, k, m, seed):
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((n, k)), rng.standard_normal((k, m))
    assert np.allclose(two("mmu")(a, b), a @ b)
    assert np.allclose(two("mmu")(a, b[:, 0]), a @ b[:, 0])
    assert two("mmu")(a[0], b[:, 0]) == pytest.approx(float(a[0] @ b[:, 0]))
    square = rng.standard_normal((n, n)) + 3 * np.eye(n)
    assert np.allclose(one("inv")(square), np.linalg.inv(square))
    wide = rng.standard_normal((2, k + 3))
    over = rng.standard_normal((m, k + 3))[:k + 3]
    want = np.linalg.lstsq(over.T, wide.T, rcond=None)[0].T if m <= k + 3 else None
    if want is not None:
        assert np.allclose(two("lsq")(wide, over), want, atol=1e-6)


def test_large_matrices():
    rng = np.random.default_rng(0)
    a = rng.standard_normal((40, 40))
    assert np.allclose(two("mmu")(one("inv")(a), a), np.eye(40), atol=1e-8)
    assert np.allclose(two("mmu")(two("lsq")(a[:3], a), a), a[:3], atol=1e-8)


def test_matrix_arguments():
    with pytest.raises(QError, match="length"):
        q("1 2f mmu 1 2 3f")
    for source in ("1 2 mmu 3 4", "inv 1 2f", "inv `a"):
        with pytest.raises(QError, match="type"):
            q(source)
    with pytest.raises(QError, match="length"):
        q("inv (1 2f;3 4f;5 6f)")


# ---------------------------------------------------------------- random values

def test_a_seed_repeats_its_values():
    for draw in ("10?100", "5?1f", "-5?20", "3?`4", "0N?10", "2?0Ng", "5?2012.09m"):
        q("\\S 7")
        first = q.console(draw)
        assert q.console(draw) != first
        q("\\S 7")
        assert q.console(draw) == first


@pytest.mark.parametrize("source, letter", [
    ("1000?10", "j"), ("1000?10i", "i"), ("1000?10h", "h"), ("1000?0b", "b"), ("1000?0x0", "x"),
    ("1000?2.5", "f"), ("1000?2.5e", "e"), ("1000?\" \"", "c"), ("1000?`3", "s"),
    ("1000?2001.01.01", "d"), ("1000?00:10:00", "v"), ("1000?0Ng", "g"), ("1000?0", "j")])
def test_rolls_have_the_type_of_their_bound(source, letter):
    x = q(source)
    assert letter_of(x) == letter and len(x) == 1000
    assert len(np.unique(x)) > 1


def test_rolls_stay_below_their_bound():
    assert set(q("1000?10").tolist()) == set(range(10))
    assert q("min 1000?2.5") >= 0 and q("max 1000?2.5") < 2.5
    assert q("all (1000?2000.02.01) within 2000.01.01 2000.01.31") is True
    assert q('all (1000?" ") within "az"') is True


def test_deals_do_not_repeat():
    assert sorted(q("-10?10").tolist()) == list(range(10))
    assert q("count distinct -50?100") == 50 and q("count distinct -16?`1") == 16
    assert sorted(q("0N?5 4 2").tolist()) == [2, 4, 5]
    for source in ("-11?10", "-4?`a`b`c", "-17?`1"):
        with pytest.raises(QError, match="length"):
            q(source)
    with pytest.raises(QError, match="type"):
        q("-2?1.5")


def test_rand_gives_one_item():
    assert 0 <= q("rand 100") < 100 and q("rand `a`b") in ("a", "b")
    assert q("count rand (1 2;3 4)") == 2


# ---------------------------------------------------------------- lists of lists

@pytest.mark.parametrize("name", ["sums", "prds", "maxs", "mins", "avgs", "deltas", "ratios"])
def test_uniform_functions_of_rectangles_go_down_the_columns(name):
    rect = np.array([[3, 1, 4], [1, 5, 9], [2, 6, 5]])
    want = np.stack([one(name)(c) for c in rect.T], axis=1)
    assert np.allclose(one(name)(rect), want)


@pytest.mark.parametrize("name", ["msum", "mavg", "mcount", "mdev", "mmax", "mmin"])
def test_moving_functions_of_lists_go_down_the_columns(name):
    rect = np.array([[3, 1, 4], [1, 5, 9], [2, 6, 5]])
    want = np.stack([two(name)(2, c) for c in rect.T], axis=1)
    assert np.allclose(two(name)(2, rect), want)
    assert np.allclose(np.array([list(r) for r in two(name)(2, List(rect))]), want)


@pytest.mark.parametrize("name", ["var", "dev", "svar", "sdev"])
def test_deviations_of_lists_skip_nulls_by_column(name):
    rect = np.array([[2.0, 3], [4, NAN], [1, 7]])
    want = [one(name)(rect[:, 0]), one(name)(np.array([3.0, 7]))]
    assert np.allclose(one(name)(rect), want)
    with pytest.raises(QError, match="length"):
        one(name)(List([np.array([1, 2]), np.array([1.0])]))


def test_running_means_of_mixed_lists():
    assert q("avgs (1;0n;2)").tolist() == [1.0, 0.5, 1.0]
    with pytest.raises(QError, match="type"):
        q("2 msum (1;2.5)")
