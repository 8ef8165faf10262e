"""List operators and keywords against Python's own lists, sets and sorts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kkernel.q import Interpreter
from kkernel.q.errors import QError
from kkernel.q.operators.match import match
from kkernel.q.registry import KEYWORDS, OPERATORS
from kkernel.q.symbols import symbols
from kkernel.q.values import List, collapse, items, string, vector

q = Interpreter()
quick = settings(max_examples=60, deadline=None)


def shown(*lines: str) -> str:
    for line in lines[:-1]:
        q.console(line)
    return "".join(line.rstrip() + "\n" for line in q.console(lines[-1]).splitlines())


def op(glyph: str, x: Any, y: Any) -> Any:
    return OPERATORS[glyph].by_rank[2](x, y)


def word(name: str, *args: Any) -> Any:
    return KEYWORDS[name].by_rank[len(args)](*args)


def vectors(max_size: int = 12) -> st.SearchStrategy[Any]:
    """Vectors of several types with many repeats, nulls among them."""
    return st.one_of(
        st.lists(st.sampled_from([-(2**63), -5, 0, 1, 2, 10**15]), max_size=max_size)
        .map(lambda v: vector(7, v)),
        st.lists(st.sampled_from([math.nan, -math.inf, -1.5, -0.0, 0.0, 2.5, math.inf]),
                 max_size=max_size).map(lambda v: vector(9, v)),
        st.lists(st.sampled_from(["", "a", "ab", "b", "Z", "é"]), max_size=max_size)
        .map(symbols),
        st.text("abc ", max_size=max_size).map(string),
        st.lists(st.booleans(), max_size=max_size).map(lambda v: vector(1, v)),
        st.lists(st.sampled_from([-(2**63), 0, 7]), max_size=max_size)
        .map(lambda v: vector(14, v)),
    )


def plain(x: Any) -> list[Any]:
    """Items as Python values whose order and equality are q's: null first, NaN equal to NaN."""
    if x.dtype.kind == "f":
        return [(0, 0.0) if v != v else (1, v) for v in x.tolist()]
    if x.dtype.char == "I":
        return [str(s) for s in items(x)]
    return x.view(np.int64).tolist() if x.dtype.kind in "mM" else x.tolist()


# ---------------------------------------------------------------- search

@quick
@given(vectors(), vectors())
def test_find_gives_the_first_position_or_the_count(x: Any, y: Any) -> None:
    if x.dtype != y.dtype:
        return
    have = plain(x)
    wanted = [have.index(v) if v in have else len(have) for v in plain(y)]
    assert op("?", x, y).tolist() == wanted
    assert [op("?", x, v) for v in items(y)] == wanted
    assert word("in", y, x).tolist() == [v in have for v in plain(y)]


@quick
@given(vectors())
def test_distinct_and_group_keep_the_first_seen_order(x: Any) -> None:
    values = plain(x)
    first_seen = list(dict.fromkeys(values))
    assert plain(word("distinct", x)) == first_seen
    grouped = word("group", x)
    assert plain(grouped.keys) == first_seen
    assert [r.tolist() for r in items(grouped.values)] == \
        [[i for i, v in enumerate(values) if v == key] for key in first_seen]


@quick
@given(vectors())
def test_sorts_are_stable_with_nulls_first(x: Any) -> None:
    values = plain(x)
    places = range(len(values))
    assert word("iasc", x).tolist() == sorted(places, key=values.__getitem__)
    assert word("idesc", x).tolist() == sorted(places, key=values.__getitem__, reverse=True)
    assert plain(word("asc", x)) == sorted(values)
    assert plain(word("desc", x)) == sorted(values, reverse=True)
    assert word("rank", x).tolist() == word("iasc", word("iasc", x)).tolist()


@quick
@given(vectors(), vectors())
def test_set_words(x: Any, y: Any) -> None:
    if x.dtype != y.dtype:
        return
    a, b = plain(x), plain(y)
    assert plain(word("except", x, y)) == [v for v in a if v not in b]
    assert plain(word("inter", x, y)) == [v for v in a if v in b]
    assert plain(word("union", x, y)) == list(dict.fromkeys(a + b))


@quick
@given(vectors(), vectors())
def test_bin_is_the_last_item_not_above(x: Any, y: Any) -> None:
    if x.dtype != y.dtype:
        return
    ordered = word("asc", x)
    have = plain(ordered)
    assert word("bin", ordered, y).tolist() == [sum(h <= v for h in have) - 1 for v in plain(y)]
    assert word("binr", ordered, y).tolist() == [sum(h < v for h in have) for v in plain(y)]


@pytest.mark.parametrize("span", [3, 300, 70_000, 2**34, 2**62])
@pytest.mark.parametrize("n", [10, 5_000])
def test_large_vectors_take_other_paths_to_the_same_result(span: int, n: int) -> None:
    rng = np.random.default_rng(span % 1000 + n)
    x, y = rng.integers(-span, span, n), rng.integers(-span, span, n)
    first: dict[int, int] = {}
    for i, v in enumerate(x.tolist()):
        first.setdefault(v, i)
    assert op("?", x, y).tolist() == [first.get(v, n) for v in y.tolist()]
    assert word("distinct", x).tolist() == list(first)
    assert word("iasc", x).tolist() == np.argsort(x, kind="stable").tolist()
    assert word("idesc", x).tolist() == np.argsort(-x, kind="stable").tolist()
    assert word("in", y, x).tolist() == [v in first for v in y.tolist()]


# ---------------------------------------------------------------- take, drop, cut, join

@quick
@given(st.integers(-9, 9), vectors(6))
def test_take_goes_round_and_drop_does_not(n: int, x: Any) -> None:
    values, size = plain(x), len(x)
    dropped = values[n:] if n >= 0 else values[:max(size + n, 0)]
    assert plain(op("_", n, x)) == dropped
    if size:
        where = range(n) if n >= 0 else range(size * 9 + n, size * 9)
        assert plain(op("#", n, x)) == [values[k % size] for k in where]
    limited = values[:n] if n >= 0 else values[max(size + n, 0):]
    assert plain(word("sublist", n, x)) == limited


@quick
@given(st.integers(1, 4), st.integers(1, 4), vectors(6))
def test_reshape_and_raze_are_inverse(n: int, m: int, x: Any) -> None:
    if not len(x):
        return
    shaped = op("#", vector(7, [n, m]), x)
    assert [len(row) for row in items(shaped)] == [m] * n
    assert match(word("raze", shaped), op("#", n * m, x))
    assert match(word("flip", word("flip", shaped)), shaped)


@quick
@given(vectors(), st.integers(1, 5))
def test_the_parts_of_a_cut_join_to_the_whole(x: Any, n: int) -> None:
    parts = word("cut", n, x)
    assert all(len(p) <= n for p in items(parts))
    if len(x):
        assert match(word("raze", parts), x)
        assert match(op("#", vector(7, [-(2**63), n]), x), parts)


@quick
@given(vectors(), vectors())
def test_join_keeps_every_item(x: Any, y: Any) -> None:
    joined = op(",", x, y)
    assert [str(v) for v in items(joined)] == [str(v) for v in [*items(x), *items(y)]]
    if x.dtype == y.dtype:
        assert joined.dtype == x.dtype


@quick
@given(vectors(), st.integers(-8, 8))
def test_shifts(x: Any, n: int) -> None:
    size = len(x)
    moved = items(word("xprev", n, x))
    for k in range(size):
        if 0 <= k - n < size:
            assert match(moved[k], items(x)[k - n])
    if size:
        assert match(word("rotate", -n, word("rotate", n, x)), x)
    assert match(word("reverse", word("reverse", x)), x)


def test_where_repeats_positions() -> None:
    assert word("where", vector(7, [2, 3, 0, 1])).tolist() == [0, 0, 1, 1, 1, 3]
    assert word("where", vector(1, [0, 1, 1])).tolist() == [1, 2]
    with pytest.raises(QError, match="type"):
        word("where", vector(9, [1.0]))


# ---------------------------------------------------------------- match

@quick
@given(vectors(), vectors())
def test_match_agrees_with_equal_text(x: Any, y: Any) -> None:
    assert match(x, x)
    assert match(List(items(x)), List(items(x)))
    assert match(x, y) == (x.dtype == y.dtype and plain(x) == plain(y))


def test_a_rectangle_matches_the_list_of_its_rows() -> None:
    rectangle = np.arange(6).reshape(2, 3)
    rows = List([vector(7, [0, 1, 2]), vector(7, [3, 4, 5])])
    assert match(rectangle, rows)
    assert match(rows, rectangle)
    assert not match(rectangle, rectangle.astype(float))
    deep: Any = 1
    for _ in range(50_000):
        deep = List([deep])
    assert match(List([deep]), List([deep]))


# ---------------------------------------------------------------- console forms

@pytest.mark.parametrize(("lines", "wanted"), [
    (["3 0N#til 10"], "0 1 2\n3 4 5\n6 7 8 9\n"),
    (["0N 3#til 10"], "0 1 2\n3 4 5\n6 7 8\n,9\n"),
    (["2 4#`Arthur`Steve`Dennis"], "Arthur Steve  Dennis Arthur\nSteve  Dennis Arthur Steve\n"),
    (["3#9"], "9 9 9\n"),
    (["2#`a`b`c!1 2 3"], "a| 1\nb| 2\n"),
    (["`c`a#`a`b`c!1 2 3"], "c| 3\na| 1\n"),
    (["5#0#0"], "0N 0N 0N 0N 0N\n"),
    (["2 4 9 _ til 10"], "2 3\n4 5 6 7 8\n,9\n"),
    (["0 1 2 3 _ 2"], "0 1 3\n"),
    (["`a`b _ `a`b`c!1 2 3"], "c| 3\n"),
    (["(1 2!3 4)_1"], "2| 4\n"),
    (["enlist[`b]_([]a:1 2;b:3 4)"], "a\n-\n1\n2\n"),
    (["1 2.4 5,-7.9 10e"], "1f\n2.4\n5f\n-7.9e\n10e\n"),
    (["(),1"], ",1\n"),
    (["(`a`b!1 2),`b`c!30 40"], "a| 1\nb| 30\nc| 40\n"),
    (["([]a:1 2),([]a:3 4)"], "a\n-\n1\n2\n3\n4\n"),
    (["([]a:1 2),enlist[`a]!enlist 9"], "a\n-\n1\n2\n9\n"),
    (["d:`sym`price!(`IBM`MSFT;10.2)", "flip d"], "sym  price\n----------\nIBM  10.2\nMSFT 10.2\n"),
    (["flip (1 2 3;4)"], "1 4\n2 4\n3 4\n"),
    (["(1 2;\"abc\")?\"abc\""], "1\n"),
    (["1 2 in (1 2;9)"], "1b\n"),
    (["1 2 in (9;(1 2;3 4))"], "00b\n"),
    (["3 in (1 2;3)"], "0b\n"),
    (["(`a`b`c!10 20 30)?20"], "`b\n"),
    (["t:([]a:1 2 3;b:`x`y`z)", "t?(2;`y)"], "1\n"),
    (["?[110b;1 2 3;0N]"], "1 2 0N\n"),
    (["?[10b;`a;`b`c]"], "`a`c\n"),
    (["2!([]a:1 2;b:3 4;c:5 6)"], "a b| c\n---| -\n1 3| 5\n2 4| 6\n"),
    (["0!([a:1 2]b:3 4)"], "a b\n---\n1 3\n2 4\n"),
    (["asc `a`b`c!2 1 3"], "b| 1\na| 2\nc| 3\n"),
    (["asc (1;1b;\"b\";2009.01.01;\"a\";0)"], "1b\n0\n1\n\"a\"\n\"b\"\n2009.01.01\n"),
    (["4 xrank til 9"], "0 0 0 1 1 2 2 3 3\n"),
    (["fills 0N 2 3 0N 0N 7 0N"], "0N 2 3 3 3 7 7\n"),
    (["next (1 2;\"abc\";`ibm)"], "\"abc\"\n`ibm\n`long$()\n"),
    (["1 2 3 cross 10 20"], "1 10\n1 20\n2 10\n2 20\n3 10\n3 20\n"),
    (["raze 42"], ",42\n"),
    (["raze (1 2;(3 4;5 6);7)"], "1\n2\n3 4\n5 6\n7\n"),
    (["1 2 3~`s#1 2 3"], "1b\n"),
    (["1~1h"], "0b\n"),
    (["(`s#1 2 3),4"], "`s#1 2 3 4\n"),
    (["(`s#1 2 3),0"], "1 2 3 0\n"),
    (["attr `u#1 2 3"], "`u\n"),
    (["@[{1+`a};0;{x}]"], "\"type\"\n"),
    ([".[+;(1;`a);`caught]"], "`caught\n"),
    (["@[neg;3;`caught]"], "-3\n"),
    (["0N!1 2 3;"], "1 2 3\n"),
    (["-3!`a`b!1 2"], "\"`a`b!1 2\"\n"),
    (["-9!-8!(1;`a;\"xyz\")"], "1\n`a\n\"xyz\"\n"),
])
def test_console(lines: list[str], wanted: str) -> None:
    assert shown(*lines) == wanted


@pytest.mark.parametrize(("message", "line"), [
    ("domain", "til -1"), ("type", "til 2.2"), ("domain", "1 0 2#til 9"), ("type", "distinct 5"),
    ("rank", "iasc 7"), ("s-fail", "`s#3 2 1"), ("u-fail", "`u#2 2"), ("u-fail", "`p#1 2 1"),
    ("length", "1 2!1 2 3"), ("length", "flip (1 2;3 4 5)"), ("rank", "flip 1 2 3"),
    ("type", "1 2 3?2f"), ("type", "`a _ ([]a:1 2)"), ("mismatch", "([]a:1 2),([]b:3 4)"),
    ("type", "10,`a`b!1 2"), ("length", "?[101b;1 2;3]"), ("length", "5!([]a:1 2)"),
    ("type", "1 2. in 0#2"),
])
def test_errors(message: str, line: str) -> None:
    with pytest.raises(QError, match=message):
        q(line)


def test_collapse_makes_the_simplest_list() -> None:
    assert collapse([1, 2]).dtype == np.int64
    assert collapse([vector(7, [1]), vector(7, [2])]).shape == (2, 1)
    assert isinstance(collapse([1, 2.0]), List)


@pytest.mark.parametrize("line", [
    "1 2 3,'4 5 6", "(2 2#til 4),'(2 3#til 6)", "(2 2#til 4),'10 20", "0,'2 2#til 4", "1 2,'0",
    "1 2,/:3 4", "1 2,/:2 2#til 4", "(2 2#til 4),\\:9", "(2 2#til 4),\\:9 8", "0,/:2 2#til 4",
    "(2 2 2#til 8),'(2 1 2#til 4)", "1.5 2.5,'1 2", "(2 2#til 4),'1.5 2.5", "1b,'10b",
])
def test_joining_rows_in_one_step_is_joining_them_one_by_one(line: str) -> None:
    assert match(q(line), q(_each_as_lambda(line)))


def _each_as_lambda(line: str) -> str:
    """`x,'y` as `{x,y}'[x;y]`."""
    for each in (",'", ",/:", ",\\:"):
        left, found, right = line.partition(each)
        if found:
            return f"{{x,y}}{each[1:]}[{left};{right}]"
    raise AssertionError(line)


def test_bin_of_tables_searches_the_last_column_among_equal_rows() -> None:
    q("t:([]a:`p`p`p`q`q`q;b:0 2 4 0 2 4)")
    assert shown("t bin `a`b!(`p;3)") == "1\n"
    assert shown("t bin ([]a:`q;b:-1 1 3 5)") == "0N 3 4 5\n"
    assert shown("t bin `a`b!(`r;2)") == "0N\n"
    assert shown("(0#t) bin t") == "0N 0N 0N 0N 0N 0N\n"


def test_records_in_records_make_tables_in_tables() -> None:
    q = Interpreter()
    q("n:`a`b!(`c`d!1 2;`c`d!3 4); m:`a`b!(`c`d!5 6;`c`d!(7;`x)); k:`a`b!(`c`d!1 2;`c`e!3 4)")
    q("deep:{(enlist`a)!enlist x}/[300;1]")
    assert q("((n;m)0)~n") and q("((n;m)1)~m") and q("(n;m)[`a;`c]~1 5") and q("98h=type (n;m)`b")
    assert q("((n;k)1)~k") and q("0h=type (n;k)`b") and q("98h=type(n;k)`a")
    assert q("((deep;deep)1)~deep") and q("(group(deep;deep))[deep]~0 1")
