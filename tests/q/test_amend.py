"""Amending against a plain Python loop, and the rules on types, counts and ranges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kkernel.q import Interpreter
from kkernel.q.errors import QError
from kkernel.q.lists.assign import assign_indexed
from kkernel.q.registry import OPERATORS
from kkernel.q.values import vector

q = Interpreter()
ADD, TIMES, JOIN = OPERATORS["+"], OPERATORS["*"], OPERATORS[","]


def shown(*lines: str) -> str:
    for line in lines[:-1]:
        q.console(line)
    return "".join(line.rstrip() + "\n" for line in q.console(lines[-1]).splitlines())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-9, 9), min_size=1, max_size=6), st.data())
def test_repeated_indices_accumulate_in_order(values: list[int], data: st.DataObject) -> None:
    where = data.draw(st.lists(st.integers(0, len(values) - 1), max_size=8))
    more = data.draw(st.lists(st.integers(-9, 9), min_size=len(where), max_size=len(where)))
    for operator, python in ((ADD, int.__add__), (TIMES, int.__mul__)):
        wanted = list(values)
        for k, v in zip(where, more, strict=True):
            wanted[k] = python(wanted[k], v)
        got = assign_indexed(vector(7, values), [vector(7, where)], operator, vector(7, more))
        assert got.tolist() == wanted
    joined = [[v] for v in values]
    for k, v in zip(where, more, strict=True):
        joined[k] = [*joined[k], v]
    got = assign_indexed(np.array(values).reshape(-1, 1), [vector(7, where)], JOIN,
                         vector(7, more))
    assert [list(row) for row in got] == joined


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_cross_section_is_written_path_by_path(data: st.DataObject) -> None:
    matrix = np.arange(12).reshape(3, 4)
    rows = data.draw(st.lists(st.integers(0, 2), min_size=1, max_size=3))
    columns = data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    more = data.draw(st.lists(st.integers(100, 999), min_size=len(rows) * len(columns),
                              max_size=len(rows) * len(columns)))
    y = np.array(more).reshape(len(rows), len(columns))
    wanted = matrix.copy()
    for i, r in enumerate(rows):
        for j, c in enumerate(columns):
            wanted[r, c] += y[i, j]
    got = assign_indexed(matrix, [vector(7, rows), vector(7, columns)], ADD, y)
    assert np.array_equal(np.stack(list(got)), wanted)
    assert np.array_equal(matrix, np.arange(12).reshape(3, 4)), "the original is untouched"


@pytest.mark.parametrize(("lines", "wanted"), [
    (["@[1 2 3;1;:;9]"], "1 9 3\n"),
    (["@[1 2 3;0 2;neg]"], "-1 2 -3\n"),
    (["@[(0 1 2;1 2 3 4;7 8 9);0 1 2 1;{x*y};100]"],
     "0 100 200\n10000 20000 30000 40000\n700 800 900\n"),
    (["@[1 2;::;*;3 4]"], "3 8\n"),
    ([".[1 2;();,;3 4 5]"], "1 2 3 4 5\n"),
    ([".[1 2;();:;3 4 5]"], "3 4 5\n"),
    ([".[(5 2.14;\"abc\");1 2;:;\"x\"]"], "5 2.14\n\"abx\"\n"),
    (["d:(((1 2 3;4 5 6 7);(8 9;10;11 12);(13 14;15 16 17 18;19 20)))",
      ".[d;(2 0;0 1 0);,;(100 200 300;400 500 600)]"],
     "(1 2 3 400 600;4 5 6 7 500)\n(8 9;10;11 12)\n(13 14 100 300;15 16 17 18 200;19 20)\n"),
    (["m:3 4#til 12", "m[;1]:0", "m"], "0 0 2  3\n4 0 6  7\n8 0 10 11\n"),
    (["m:3 4#til 12", "m[1]:5", "m"], "0 1 2 3\n5\n8 9 10 11\n"),
    (["m:2 2#til 4", "m[0]:10 20", "m[1;0]+:5", "m"], "10 20\n7  3\n"),
    (["x:(1;2f;3)", "x[1]:4", "x"], "1 4 3\n"),
    (["x:1 2 3", "x[0 1]:9", "x"], "9 9 3\n"),
    (["x:1 2 3", "x[1]+:10", "x"], "1 12 3\n"),
    (["s:\"abc\"", "s[1]:\"z\"", "s"], "\"azc\"\n"),
    (["s:`a`b", "s[0]:`q", "s"], "`q`b\n"),
])
def test_lists(lines: list[str], wanted: str) -> None:
    assert shown(*lines) == wanted


@pytest.mark.parametrize(("lines", "wanted"), [
    (["d:`a`b!1 2", "d[`c]:3", "d"], "a| 1\nb| 2\nc| 3\n"),
    (["d:`a`b!1 2", "d[`b`c]+:10 20", "d"], "a| 1\nb| 12\nc| 20\n"),
    (["d:`a`b!(1 2;3 4)", "d[`a],:5", "d"], "a| 1 2 5\nb| 3 4\n"),
    (["d:`a`b!(1 2;3 4)", "d[`a;1]:9", "d"], "a| 1 9\nb| 3 4\n"),
    (["d:`a`b!(1 2;3 4)", "d[;0]:9", "d"], "a| 9 2\nb| 9 4\n"),
    (["d:()!()", "d[`k]:1 2", "d"], "k| 1 2\n"),
    (["d:(\"ab\";\"cd\")!1 2", "d[\"cd\"]:5", "d"], "\"ab\"| 1\n\"cd\"| 5\n"),
    (["t:([]a:1 2 3;b:`x`y`z)", "t[1;`a]:9", "t"], "a b\n---\n1 x\n9 y\n3 z\n"),
    (["t:([]a:1 2 3;b:`x`y`z)", "t[`a]:7 8 9", "t"], "a b\n---\n7 x\n8 y\n9 z\n"),
    (["t:([]a:1 2 3;b:`x`y`z)", "t[0 2;`a]+:1", "t"], "a b\n---\n2 x\n2 y\n4 z\n"),
    (["t:([]a:1 2 3)", "t[`b]:\"xyz\"", "t"], "a b\n---\n1 x\n2 y\n3 z\n"),
    (["t:([]a:1 2;b:`x`y)", "t[1]:(5;`q)", "t"], "a b\n---\n1 x\n5 q\n"),
    (["t:([]a:1 2;b:`x`y)", "t[0]:`b`a!(`w;4)", "t"], "a b\n---\n4 w\n2 y\n"),
    (["k:([b:`x`y]a:1 2)", "k[`y]:5", "k"], "b| a\n-| -\nx| 1\ny| 5\n"),
    (["k:([b:`x`y]a:1 2)", "k[`z;`a]:5", "k"], "b| a\n-| -\nx| 1\ny| 2\nz| 5\n"),
    (["@[([]a:1 2 3;b:4 5 6);`a;2*]"], "a b\n---\n2 4\n4 5\n6 6\n"),
    (["g:1 2 3", "@[`g;1;:;7]", "g"], "1 7 3\n"),
    (["g:1 2 3", "@[`g;1;:;7]"], "`g\n"),
    (["g:1 2 3", ".[`g;();,;4]", "g"], "1 2 3 4\n"),
])
def test_dictionaries_tables_and_names(lines: list[str], wanted: str) -> None:
    assert shown(*lines) == wanted


@pytest.mark.parametrize(("message", "lines"), [
    ("length", ["v:1 2 3", "v[5]:1"]),
    ("length", ["v:1 2 3", "v[5 1]:42 100"]),
    ("length", ["v:1 2 3", "v[0 1]:1 2 3"]),
    ("type", ["v:1 2 3", "v[0]:2f"]),
    ("type", ["v:1 2 3", "v[0]:1 2"]),
    ("type", ["v:1 2 3", "v[0 1]:2 3f"]),
    ("type", ["v:1 2 3", "v[`a]:1"]),
    ("type", ["v:1 2 3;v[0]%:2"]),
    ("type", ["@[1 2;::;3 4*]"]),
    ("type", ["v:(1;2f;3);v[1]:4;v[1]:5f"]),
    ("index", [".[(1 2;3);0 5;:;9]"]),
    ("type", ["d:`a`b!1 2", "d[`a]:1f"]),
    ("type", ["d:`a`b!1 2", "d[1]:3"]),
    ("length", ["t:([]a:1 2)", "t[`a]:1 2 3"]),
    ("type", ["t:([]a:1 2)", "t[0;`a]:1f"]),
    ("type", ["v:1 2 3", "v,:4f"]),
])
def test_what_does_not_fit_is_an_error(message: str, lines: list[str]) -> None:
    with pytest.raises(QError, match=message):
        for line in lines:
            q(line)


def test_append_keeps_types_and_takes_rows() -> None:
    assert shown("s:enlist 1 2 3", "s,:4 5 6", "s") == "1 2 3\n4 5 6\n"
    assert shown("s:(`a;1)", "s,:2f", "s") == "`a\n1\n2f\n"
    assert shown("t:([]a:1 2;b:3 4)", "t,:5 6", "t,:(7 8;9 10)", "t") == \
        "a b\n----\n1 3\n2 4\n5 6\n7 8\n9 10\n"
    assert shown("t:([]a:1 2;b:3 4)", "t,:enlist[`a]!enlist 5", "t") == "a b\n---\n1 3\n2 4\n5\n"
    assert shown("k:([k:`a`b]a:1 2;b:3 4)", "k,:([k:`b`c]a:8 9)", "k") == \
        "k| a b\n-| ---\na| 1 3\nb| 8 4\nc| 9\n"


def test_many_amends_in_one_call_make_one_copy() -> None:
    """Counting by amend is a single numpy operation, whatever the number of indices."""
    where = np.arange(100_000) % 7
    got = assign_indexed(np.zeros(7, np.int64), [where], ADD, 1)
    assert got.tolist() == np.bincount(where).tolist()


def test_appends_share_a_buffer_and_never_change_what_was_there() -> None:
    """Values taken between appends keep their items, also when two appends start from one."""
    q("v:0#0")
    kept = []
    for k in range(100):
        q(f"v,:{k}")
        kept.append(q("v"))
    assert [v.tolist() for v in kept] == [list(range(k + 1)) for k in range(100)]
    assert q("v").base is kept[-2].base, "the last append wrote into the buffer of the one before"
    assert q("a:b:1_v;a,:1;b,:2;(last a;last b;last v)").tolist() == [1, 2, 99]
    assert q("a:b:v;a,:1;b,:2;(last a;last b;last v)").tolist() == [1, 2, 99]
    assert q("a:reverse v;a,:7;(last a;last v)").tolist() == [7, 99]


@pytest.mark.parametrize("write", ["v[1]:9", "v[0 1]:9", "v[1]+:9", "v[0 1]:7 8"])
def test_writing_into_a_variable_in_place_shows_in_no_other_value(write: str) -> None:
    q("v:1 2 3;w:v;f:{v}")
    assert q(write + ";w").tolist() == [1, 2, 3]
    kept = q("v:4 5 6;v")
    q(write)
    assert kept.tolist() == [4, 5, 6]
    q("v:4 5 6;d:`a`b!(v;v);l:(v;`x);e:1_v;r:reverse v")
    q(write)
    assert q("(d`a;l 0;e;r)")[0].tolist() == [4, 5, 6]
    assert [x.tolist() for x in q("(d`a;l 0;e;r)")] == [[4, 5, 6], [4, 5, 6], [5, 6], [6, 5, 4]]
    assert q("{v:1 2 3;w:v;" + write + ";w}[]").tolist() == [1, 2, 3]
    assert q("g:{v:1 2 3;" + write + ";v};g[];g[]~g[]")
    assert q("h:{v:x;" + write + ";v};a:5 6 7;h a;a").tolist() == [5, 6, 7]


def test_a_loop_of_assignments_writes_into_one_array() -> None:
    q("v:10#0")
    q("v[0]:1")
    before = q("v").__array_interface__["data"]
    q("v[1]:2")
    assert q("v").__array_interface__["data"] == before
    with pytest.raises(QError):
        q("v[0 11]:5")
    assert q("v").tolist() == [1, 2] + 8 * [0]


def test_folding_an_amend_over_many_paths() -> None:
    assert shown("./[2 2#0;(0 0;1 1);:;5 6]") == "5 0\n0 6\n"
