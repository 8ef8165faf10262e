"""`+ - * %` and other atomic operators: types, nulls, wrapping, temporals, structure."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import operator as op

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from q_numbers import (
    DIFFERENCE,
    EXTREME,
    LETTERS,
    LONG_INF,
    LONG_NULL,
    PRODUCT,
    QUOTIENT,
    REMAINDER,
    SUM,
    WHOLE,
    is_null,
    letter_of,
    null_of,
    same,
    vector,
    wrap,
)

from kkernel.q import Interpreter, QError
from kkernel.q.keywords.powers import div, mod, xbar
from kkernel.q.operators.arithmetic import add, divide, multiply, negate, subtract
from kkernel.q.operators.extrema import fill, greater_of, lesser
from kkernel.q.values import Dict, List, Table, at, items, qtype

q = Interpreter()
NAN = math.nan

OPERATORS = {add: SUM, subtract: DIFFERENCE, multiply: PRODUCT, divide: QUOTIENT, div: WHOLE,
             mod: REMAINDER, lesser: EXTREME, greater_of: EXTREME}


@pytest.fixture(autouse=True)
def _quiet():
    """As the interpreter does: no numpy warnings for what is null or infinite in q."""
    with np.errstate(all="ignore"):
        yield


# ---------------------------------------------------------------- types of results

@pytest.mark.parametrize("fn", OPERATORS, ids=lambda f: f.__name__)
def test_type_of_every_pair(fn):
    wrong = []
    for x, y in itertools.product(LETTERS, LETTERS):
        want = OPERATORS[fn][x, y]
        try:
            got = letter_of(fn(vector(x, [1, 1]), vector(y, [1, 1])))
        except QError as e:
            got = "." if e.message == "type" else e.message
        if got != want:
            wrong.append((x, y, want, got))
    assert not wrong


@pytest.mark.parametrize("fn", OPERATORS, ids=lambda f: f.__name__)
def test_atoms_have_the_types_of_vectors(fn):
    wrong = []
    for x, y in itertools.product(LETTERS, LETTERS):
        if OPERATORS[fn][x, y] == ".":
            continue
        a, b = vector(x, [1, 1]), vector(y, [1, 1])
        together = fn(a, b)
        if qtype(fn(at(a, 0), at(b, 0))) != -qtype(together):
            wrong.append((x, y))
        for mixed in (fn(at(a, 0), b), fn(a, at(b, 0))):
            if qtype(mixed) != qtype(together) or len(mixed) != 2:
                wrong.append((x, y, mixed))
    assert not wrong


def test_fill_keeps_symbols_and_guids():
    for letter in "sg":
        assert letter_of(fill(vector(letter, [1, 2]), vector(letter, [1, 2]))) == letter
    with pytest.raises(QError, match="type"):
        fill(vector("s", [1]), vector("j", [1]))


# ---------------------------------------------------------------- numbers

_EDGES = {"b": [0, 1], "x": [0, 1, 255], "h": [0, -3, 32767, -32767, -32768],
          "i": [0, 7, -7, 2**31 - 1, -(2**31) + 1, -(2**31)],
          "j": [0, 5, -5, 2**53, LONG_INF, -LONG_INF, LONG_NULL],
          "e": [0.0, 1.5, -2.25, NAN], "f": [0.0, -1.5, 1e300, math.inf, -math.inf, NAN]}
_PYTHON = {add: op.add, subtract: op.sub, multiply: op.mul}


def _real(v: float) -> float:
    return float(np.float32(v))


def _as_float(n: float, letter: str) -> float:
    return NAN if is_null(n, letter) else float(n)


def _expected(fn, a, x: str, b, y: str) -> float:
    """One item of x op y by Python's integers and floats."""
    target = OPERATORS[fn][x, y]
    if target in "ij":
        if is_null(a, x) or is_null(b, y):
            return null_of(target)
        return wrap(_PYTHON[fn](int(a), int(b)), target)
    a, b = _as_float(a, x), _as_float(b, y)
    if target == "e":
        a, b = _real(a), _real(b)
    result = _PYTHON[fn](a, b) if not math.isnan(a + b) or math.isinf(a) else NAN
    return _real(result) if target == "e" else result


@pytest.mark.parametrize("fn", _PYTHON, ids=lambda f: f.__name__)
def test_numbers_against_python(fn):
    for x, y in itertools.product(_EDGES, _EDGES):
        pairs = list(itertools.product(_EDGES[x], _EDGES[y]))
        left, right = ([p[k] for p in pairs] for k in (0, 1))
        want = [_expected(fn, a, x, b, y) for a, b in pairs]
        assert same(fn(vector(x, left), vector(y, right)), want), (x, y)
        for a, b, w in zip(left, right, want, strict=True):
            assert same([fn(at(vector(x, [a]), 0), at(vector(y, [b]), 0))], [w]), (x, a, y, b)


longs = st.one_of(st.integers(-(2**63), LONG_INF), st.integers(-9, 9),
                  st.sampled_from([LONG_NULL, LONG_INF, -LONG_INF]))


@given(st.lists(st.tuples(longs, longs), max_size=40))
@settings(max_examples=60, deadline=None)
def test_longs_wrap_and_nulls_stick(pairs):
    x, y = (vector("j", [p[k] for p in pairs]) for k in (0, 1))
    with np.errstate(all="ignore"):
        for fn in _PYTHON:
            assert fn(x, y).tolist() == [_expected(fn, a, "j", b, "j") for a, b in pairs]


@given(st.lists(longs, min_size=1, max_size=9), longs)
@settings(max_examples=60, deadline=None)
def test_div_and_mod_floor(values, by):
    with np.errstate(all="ignore"):
        whole, rest = div(vector("j", values), by), mod(vector("j", values), by)
    for v, w, r in zip(values, whole.tolist(), rest.tolist(), strict=True):
        if LONG_NULL in (v, by) or by == 0:
            assert w == r == LONG_NULL
        else:
            assert (w, r) == divmod(v, by)


def test_long_vectors_have_the_nulls_of_short_ones():
    x = np.arange(10_000)
    x[[3, 9_999]] = LONG_NULL
    y = np.arange(10_000)[::-1].copy()
    y[5] = LONG_NULL
    want = x + y
    want[[3, 5, 9_999]] = LONG_NULL
    assert np.array_equal(add(x, y), want)
    assert add(x, 1)[3] == LONG_NULL and add(x, 1)[4] == 5


def test_quotients_of_zero():
    assert divide(1, 0) == math.inf and divide(-1, 0) == -math.inf
    assert math.isnan(divide(0, 0)) and math.isnan(divide(LONG_NULL, 2))
    assert divide(np.array([1, 0]), 0).tolist()[0] == math.inf


def test_div_keeps_the_type_of_its_left_side():
    assert div(7.0, 2) == 3.0 and type(div(7.0, 2)) is float
    assert div(-7, 2.5) == -3 and div(vector("d", [5399]), 365).tolist() == \
        [dt.date(2000, 1, 15)]


def test_xbar_rounds_down():
    assert xbar(3, np.arange(8)).tolist() == [0, 0, 0, 3, 3, 3, 6, 6]
    assert xbar(2.5, np.array([1, 3, 5])).tolist() == [0, 2.5, 5]
    assert xbar(5, vector("u", [664, 665])).tolist() == vector("u", [660, 665]).tolist()
    got = xbar(vector("n", [2])[0], vector("p", [5]))
    assert letter_of(got) == "p" and np.array_equal(got, vector("p", [4]))


# ---------------------------------------------------------------- temporals

def stamp(moment):
    """A timestamp, which counts nanoseconds from 2000."""
    count = (moment - dt.datetime(2000, 1, 1)) // dt.timedelta(microseconds=1) * 1000
    return vector("p", [count])[0]


@given(st.dates(dt.date(1800, 1, 1), dt.date(2230, 1, 1)), st.integers(-20_000, 20_000),
       st.integers(0, 86_399_999))
@settings(max_examples=60, deadline=None)
def test_dates_and_times_against_datetime(day, days, ms):
    date = np.datetime64(day, "D")
    assert add(date, days) == np.datetime64(day + dt.timedelta(days), "D")
    assert subtract(add(date, days), date) == days
    moment = dt.datetime.combine(day, dt.time()) + dt.timedelta(milliseconds=ms)
    assert add(date, np.timedelta64(ms, "ms")) == stamp(moment)
    assert subtract(stamp(moment), stamp(dt.datetime.combine(day, dt.time()))) == \
        np.timedelta64(ms * 1_000_000, "ns")


FIRST, LAST = dt.datetime(1707, 9, 23), dt.datetime(2292, 4, 10, 23)


@given(st.datetimes(FIRST, LAST), st.datetimes(FIRST, LAST))
@settings(max_examples=100, deadline=None)
def test_timestamps_of_q_against_datetime(one, other):
    text = [f"{m:%Y.%m.%dD%H:%M:%S.%f}".zfill(26) for m in (one, other)]
    assert q(text[0]) == q(f'"P"$"{text[0]}"') == stamp(one)
    assert q.console(text[0]) == f"{text[0]}000\n"
    assert q(f"`date${text[0]}") == np.datetime64(one.date(), "D")
    assert q(f"(`timestamp$`date${text[0]})+`timespan${text[0]}") == stamp(one)
    assert q(f"{text[0]}<{text[1]}") == (one < other)
    assert q(f"asc {text[0]} {text[1]}").tolist() == sorted(map(int, map(np.int64, (
        stamp(one).view("i8"), stamp(other).view("i8")))))
    assert q(f"-9!-8!{text[0]}") == stamp(one)


def test_what_is_no_timestamp_is_infinite():
    assert q("`timestamp$1707.09.21 2292.04.11 9999.12.31 0Nd 0Wd").view("i8").tolist() == [
        -LONG_INF, LONG_INF, LONG_INF, LONG_NULL, LONG_INF]
    assert q("2290.01.01D0<9999.12.31") is True
    assert q("`timestamp$1600.01m").view("i8") == -LONG_INF


def test_spans_take_the_finer_unit():
    assert add(np.timedelta64(5, "m"), np.timedelta64(7, "s")) == np.timedelta64(307, "s")
    assert subtract(np.timedelta64(1, "s"), np.timedelta64(1, "ms")) == np.timedelta64(999, "ms")


def test_temporal_nulls_and_infinities_survive():
    days = np.array([LONG_NULL, LONG_INF, -LONG_INF, 0]).view("M8[D]")
    got = add(days, np.timedelta64(1, "ms")).view("i8").tolist()
    assert got[0] == LONG_NULL and got[3] == 1_000_000 - 10957 * 86_400 * 10**9
    assert np.isnat(add(np.datetime64("2000-01-01", "D"), LONG_NULL))


def test_numbers_are_taken_from_a_temporal_around_2000():
    assert negate(np.datetime64("2012-01-01", "D")) == np.datetime64("1988-01-01", "D")
    assert subtract(0, np.datetime64("2000-01-03", "D")) == np.datetime64("1999-12-30", "D")
    assert multiply(np.datetime64("2017-12", "M"), 2) == np.datetime64("2035-11", "M")
    assert divide(np.datetime64("2000-01-11", "D"), 4) == 2.5


def test_floats_move_dates_by_parts_of_a_day():
    assert add(np.datetime64("2000-01-01", "D"), 1.5) == np.datetime64("2000-01-02T12:00", "ms")
    assert subtract(vector("z", [2.5]), vector("z", [1.0])).tolist() == [1.5]


# ---------------------------------------------------------------- structure

def test_rectangles_pair_items_with_items():
    rect = np.arange(6).reshape(2, 3)
    assert add(rect, np.array([10, 20])).tolist() == [[10, 11, 12], [23, 24, 25]]
    assert add(1, rect).tolist() == (rect + 1).tolist()
    assert add(rect, rect.reshape(2, 3)[::-1]).tolist() == (rect + rect[::-1]).tolist()
    cube = np.arange(24.0).reshape(2, 3, 4)
    assert multiply(cube, rect).tolist() == (cube * rect[:, :, None]).tolist()


def test_unequal_counts_signal_length():
    for x, y in ((np.arange(2), np.arange(3)), (np.ones((2, 3)), np.arange(3)),
                 (List([1, np.arange(2)]), np.arange(3))):
        with pytest.raises(QError, match="length"):
            add(x, y)


def test_lists_are_taken_apart():
    got = add(List([10, np.array([20, 30])]), List([2, np.array([3, 4])]))
    assert isinstance(got, List) and got[0] == 12 and got[1].tolist() == [23, 34]
    assert add(List([1, 2.5]), np.array([1, 2])).__class__ is List


def test_deep_lists_do_not_overflow_the_stack():
    nested = 1
    for _ in range(3000):
        nested = List([nested, 2])
    got = add(nested, 1)
    for _ in range(3000):
        got = items(got)[0]
    assert got == 2


def test_dictionaries_join_by_key():
    got = q("(`a`b!1 2)-`b`c!10 20")
    assert q.console("(`a`b!1 2)-`b`c!10 20") == "a| 1\nb| -8\nc| -20\n"
    assert isinstance(got, Dict)
    assert q.console("(`a`b!1 2)%`b`c!4 20") == "a| 1\nb| 0.5\nc| 20\n"


small = st.dictionaries(st.integers(0, 9), st.integers(-50, 50), max_size=8)


@given(small, small)
@settings(max_examples=60, deadline=None)
def test_dictionaries_against_python(left, right):
    x, y = (Dict(np.array(list(d), "i8"), np.array(list(d.values()), "i8")) for d in (left, right))
    for fn, alone in ((add, 1), (subtract, -1), (greater_of, 1)):
        got = fn(x, y)
        python = max if fn is greater_of else _PYTHON[fn]
        want = {k: python(v, right[k]) if k in right else v for k, v in left.items()}
        want |= {k: alone * v for k, v in right.items() if k not in left}
        assert list(items(got.keys)) == list(want), "keys in order of appearance"
        assert items(got.values) == list(want.values())


def test_tables_work_by_column_and_keyed_tables_by_key():
    got = q("([]a:1 2;b:3 4)+10")
    assert isinstance(got, Table) and got.column("b").tolist() == [13, 14]
    assert q.console("([k:`x`y]v:1 2)+([k:`y`z]v:10 20)") == \
        "k| v \n-| --\nx| 1 \ny| 12\nz| 20\n"
    with pytest.raises(QError, match="type"):
        q("([]a:1 2)+`")


@pytest.mark.parametrize("source", ["1+`a", "`a+`b", "{x}+1", "\"a\"+1", "neg `a", "(+)-1"])
def test_what_has_no_sum_signals_type(source):
    with pytest.raises(QError, match="type"):
        q(source)


# ---------------------------------------------------------------- extremes and fill

def test_nulls_are_least():
    assert lesser(LONG_NULL, -5) == LONG_NULL and greater_of(LONG_NULL, -5) == -5
    assert math.isnan(lesser(NAN, 1.0)) and greater_of(NAN, 1.0) == 1.0
    assert greater_of(vector("f", [NAN, 1]), vector("f", [2, NAN])).tolist() == [2, 1]


@given(st.lists(st.tuples(longs, longs), max_size=30))
@settings(max_examples=40, deadline=None)
def test_extremes_of_longs(pairs):
    x, y = (vector("j", [p[k] for p in pairs]) for k in (0, 1))
    assert lesser(x, y).tolist() == [min(p) for p in pairs]
    assert greater_of(x, y).tolist() == [max(p) for p in pairs]
    assert fill(x, y).tolist() == [a if b == LONG_NULL else b for a, b in pairs]


def test_mixed_extremes_take_the_higher_type():
    assert greater_of(98, np.bytes_(b"a")) == b"b"
    assert lesser(vector("p", [86_400_000_000_000]), vector("d", [5])).tolist() == \
        vector("p", [86_400_000_000_000]).tolist()


def test_fill_extends_and_promotes():
    assert fill(np.array([1, 2, 3]), 5).tolist() == [5, 5, 5]
    assert fill(np.array([1, 2, 3]), LONG_NULL).tolist() == [1, 2, 3]
    assert fill(10, vector("f", [1, NAN])).tolist() == [1.0, 10.0]
    assert q.console("`nobody^`tom``harry") == "`tom`nobody`harry\n"
