"""Joins against pandas, and the rules that pandas does not share."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kkernel.q import Interpreter
from kkernel.q.errors import QError
from kkernel.q.symbols import sym, symbols
from kkernel.q.tables import joins
from kkernel.q.types import LONG_NULL
from kkernel.q.values import Table, items

SYMBOLS = ["b", "a", "c", "d"]


Q = Interpreter()  # one for all tests: each defines the tables that it uses


@pytest.fixture(scope="module")
def q() -> Interpreter:
    return Q


def table_of(frame: pd.DataFrame) -> Table:
    data = [symbols(frame[c]) if frame[c].dtype.kind not in "iufbmM" else frame[c].to_numpy()
            for c in frame]
    return Table(list(frame), data)


def rows(draw: st.DrawFn, low: int = 0) -> tuple[int, st.SearchStrategy[int]]:
    return draw(st.integers(low, 25)), st.integers(-3, 12)


@st.composite
def two_frames(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables with a symbol, a time and a value each; times may repeat."""
    out = []
    for name in ("v", "w"):
        n, times = rows(draw, 1)
        out.append(pd.DataFrame({
            "s": draw(st.lists(st.sampled_from(SYMBOLS), min_size=n, max_size=n)),
            "time": sorted(draw(st.lists(times, min_size=n, max_size=n))),
            name: range(n)}))
    return out[0], out[1]


def longs(values: pd.Series) -> list[int]:
    return [LONG_NULL if pd.isna(v) else int(v) for v in values]


@settings(max_examples=60, deadline=None)
@given(frames=two_frames())
def test_aj(frames: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    left, right = frames
    q = Q
    q.globals.set("a", table_of(left))
    q.globals.set("b", table_of(right))
    want = pd.merge_asof(left, right, on="time", by="s")
    assert items(q("aj[`s`time;a;b]").column("w")) == longs(want.w)
    times = pd.merge_asof(left, right.assign(t0=right.time), on="time", by="s")
    assert items(q("aj0[`s`time;a;b]").column("time")) == [
        int(own if pd.isna(found) else found) for own, found in zip(left.time, times.t0)]
    shuffled = q("aj[`s`time;a neg[n]?n:count a;b]")  # takes the other way through
    assert sorted(zip(items(shuffled.column("v")), items(shuffled.column("w")))) == list(
        zip(left.v, longs(want.w)))
    alone = pd.merge_asof(left, right.drop(columns="s"), on="time")
    assert items(q("aj[`time;a;delete s from b]").column("w")) == longs(alone.w)


@settings(max_examples=60, deadline=None)
@given(frames=two_frames(), cells=st.integers(1, 60))
def test_as_of_by_blocks_of_any_size(frames: tuple[pd.DataFrame, pd.DataFrame],
                                     cells: int) -> None:
    left, right = (table_of(f) for f in frames)
    columns = [sym("s"), sym("time")]
    times, other = left.column("time"), right.column("time")
    equal = joins.Equals(columns[:1], left, right)
    with mock.patch.object(joins, "BLOCK_CELLS", cells):
        found = joins.last_in_step(equal, times, other)
    assert found.tolist() == joins.Timeline(equal, other).as_of(times).tolist()


@pytest.mark.parametrize(("x", "y"), [
    ([1, -2, 3], [3, 250]), ([0, 300], [-200, 7, 300]), ([5], [10**9]), ([LONG_NULL, 1], [1]),
    ([], [1]), ([2], [])])
def test_codes_are_equal_for_equal_items(x: list[int], y: list[int]) -> None:
    equal = joins.Equals([sym("k")], Table(["k"], [np.array(x, "i8")]),
                         Table(["k"], [np.array(y, "i8")]))
    for a, code in zip(x, equal.left.tolist()):
        assert [a == b for b in y] == [code == c for c in equal.right.tolist()]


@settings(max_examples=40, deadline=None)
@given(frames=two_frames())
def test_wj_is_a_slice_of_each_group(frames: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    left, right = frames
    q = Q
    q.globals.set("a", table_of(left))
    q.globals.set("b", table_of(right))
    inside = q("wj1[-2 1+\\:a`time;`s`time;a;(b;(sum;`w);(count;`time))]")
    prevailing = q("wj[-2 1+\\:a`time;`s`time;a;(b;(sum;`w))]")
    for k, row in enumerate(left.itertuples()):
        same = right[right.s == row.s]
        window = same[(same.time >= row.time - 2) & (same.time <= row.time + 1)]
        before = same[same.time <= row.time - 2]
        first = before.index.max() if len(before) else -1
        entered = same[(same.index >= first) & (same.time <= row.time + 1)]
        assert items(inside.column("w"))[k] == window.w.sum()
        assert items(prevailing.column("w"))[k] == entered.w.sum()


@settings(max_examples=40, deadline=None)
@given(frames=two_frames())
def test_joins_by_key(frames: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    left, right = frames
    q = Q
    q.globals.set("a", table_of(left))
    q.globals.set("b", table_of(right))
    firsts = right.drop_duplicates(["s", "time"])
    want = left.merge(firsts, on=["s", "time"], how="left")
    assert items(q("(a lj `s`time xkey b)`w")) == longs(want.w)
    assert items(q("(a ij `s`time xkey b)`w")) == longs(want.w.dropna())
    assert items(q("(a pj `s`time xkey b)`w")) == [int(v) for v in want.w.fillna(0)]
    pairs = left.merge(right.drop(columns="time"), on="s").sort_values(["v", "w"])
    got = q("ej[`s;a;delete time from b]")
    assert list(zip(items(got.column("v")), items(got.column("w")))) == list(
        zip(pairs.v, pairs.w))


@settings(max_examples=40, deadline=None)
@given(frames=two_frames())
def test_uj(frames: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    left, right = frames
    q = Q
    q.globals.set("a", table_of(left))
    q.globals.set("b", table_of(right))
    want = pd.concat([left, right])
    got = q("a uj b")
    for name in ("v", "w"):
        assert items(got.column(name)) == longs(want[name])
    q("x:select last v by s from a;y:select last w by s from b")
    keyed = q("0!x uj y")
    last_v, last_w = left.groupby("s").v.last(), right.groupby("s").w.last()
    order = [*last_v.index, *[s for s in last_w.index if s not in last_v.index]]
    assert items(keyed.column("s")) == order
    assert items(keyed.column("v")) == longs(last_v.reindex(order))
    assert items(keyed.column("w")) == longs(last_w.reindex(order))


# ---------------------------------------------------------------- rules

@pytest.mark.parametrize("source", [
    # nulls of the right table replace, except in the f forms
    "(([]a:1 2;b:`x`y;c:10 20)lj([a:1 2]b:``z;c:1 0N))~([]a:1 2;b:``z;c:1 0N)",
    "(([]a:1 2;b:`x`y;c:10 20)ljf([a:1 2]b:``z;c:1 0N))~([]a:1 2;b:`x`z;c:1 20)",
    "(([]a:1 2;b:`x`y;c:10 20)ij([a:1 2]b:``z;c:1 0N))~([]a:1 2;b:``z;c:1 0N)",
    "(([]a:1 2;b:`x`y;c:10 20)ijf([a:1 2]b:``z;c:1 0N))~([]a:1 2;b:`x`z;c:1 20)",
    # a keyed left table stays keyed
    "((1!([]a:1 2 3;b:10 20 30))lj 1!([]a:1 3;b:100 300))~1!([]a:1 2 3;b:100 20 300)",
    "(t lj())~t:([]a:1 2)",
    # as-of: unmatched rows keep their values, new columns are null
    "(aj[`t;([]t:1 5;p:7 8);([]t:2 3;p:1 2;n:`a`b)])~([]t:1 5;p:7 2;n:``b)",
    "(ajf[`t;([]t:1 5;p:7 8);([]t:2 3;p:1 0N;n:`a`b)])~([]t:1 5;p:7 8;n:``b)",
    "(([]t:1 2 3;v:10 20 30)asof enlist[`t]!enlist 2)~enlist[`v]!enlist 20",
    "(2!([]a:1 2;b:2 3;c:5 7))uj 2!([]a:1 3;b:2 7;c:10 30;d:\"AC\")",
])
def test_rules(q: Interpreter, source: str) -> None:
    found = q(source)
    assert found if isinstance(found, bool) else len(found) == 3


@pytest.mark.parametrize(("source", "message"), [
    ("([]a:1 2)lj([]a:1 2)", "type"),
    ("([]a:1 2)lj([z:1 2]a:3 4)", "z"),
    ("wj[1 2;`t;([]t:1 2 3);(([]t:1 2 3);(sum;`t))]", "length"),
])
def test_errors(q: Interpreter, source: str, message: str) -> None:
    with pytest.raises(QError) as e:
        q(source)
    assert e.value.message == message


def test_insert_and_upsert(q: Interpreter) -> None:
    q("x:([a:`x`y]b:10 20)")
    assert q("`x insert(`z;30)").tolist() == [2]
    with pytest.raises(QError, match="insert"):
        q("`x insert(`z;30)")
    assert q("`x insert(`s`t;40 50)").tolist() == [3, 4]
    assert q("(`x upsert(`z;31);x[`z;`b])") is not None
    assert q("x[`z;`b]") == 31
    q("u:([]name:();age:())")
    q("`u insert(`tom`dick;30 40)")
    assert q("(exec t from meta u)~\"sj\"")
    with pytest.raises(QError, match="type"):
        q("`u insert(`ann;3.5)")
    assert q("`new insert([]a:1 2)").tolist() == [0, 1]
    assert q("((`a`b!1 2)upsert`b`c!3 4)~`a`b`c!1 3 4")


def test_times_of_any_span(q: Interpreter) -> None:
    """Nanosecond times over centuries do not fit one integer with the group: another way."""
    rng = np.random.default_rng(5)
    n = 500
    left = pd.DataFrame({"s": rng.choice(SYMBOLS, n), "time": np.sort(rng.integers(
        -2**62, 2**62, n))})
    right = pd.DataFrame({"s": rng.choice(SYMBOLS, n), "time": np.sort(rng.integers(
        -2**62, 2**62, n)), "w": range(n)})
    q.globals.set("a", table_of(left))
    q.globals.set("b", table_of(right))
    want = pd.merge_asof(left, right, on="time", by="s")
    assert items(q("aj[`s`time;a;b]").column("w")) == longs(want.w)
    q("c:b neg[n]?n:count b")
    assert items(q("aj[`s`time;a;b]").column("w")) == items(q("aj[`s`time;a;c]").column("w"))
