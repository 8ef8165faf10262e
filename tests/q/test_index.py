"""Indexing against Python's own lists: positions, nulls beyond the ends, cross sections."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kkernel.q import Interpreter
from kkernel.q.errors import QError
from kkernel.q.functions import NULL
from kkernel.q.lists.index import index, index_at_depth
from kkernel.q.operators.match import match
from kkernel.q.values import collapse, items, null, vector

q = Interpreter()
LONG_NULL = -(2**63)


def shown(source: str) -> str:
    return "".join(line.rstrip() + "\n" for line in q.console(source).splitlines())


longs = st.lists(st.integers(-9, 9), max_size=8)


@settings(max_examples=60, deadline=None)
@given(longs, st.lists(st.integers(-3, 10), max_size=8))
def test_a_vector_of_positions_reads_items_and_nulls(values: list[int], where: list[int]) -> None:
    got = index(vector(7, values), vector(7, where))
    assert got.tolist() == [values[k] if 0 <= k < len(values) else LONG_NULL for k in where]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 4), st.integers(1, 4), st.data())
def test_a_cross_section_is_a_loop_over_all_paths(n: int, m: int, data: st.DataObject) -> None:
    matrix = np.arange(n * m).reshape(n, m)
    rows = data.draw(st.lists(st.integers(0, n), min_size=1, max_size=3))
    columns = data.draw(st.lists(st.integers(0, m), min_size=1, max_size=3))
    got = index_at_depth(matrix, [vector(7, rows), vector(7, columns)])
    wanted = [[int(matrix[r, c]) if r < n and c < m else LONG_NULL for c in columns] for r in rows]
    assert [list(items(row)) for row in items(got)] == wanted


@pytest.mark.parametrize("code", [1, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17, 18, 19])
def test_out_of_range_is_the_null_of_the_type(code: int) -> None:
    values = vector(code, [1, 2, 3])
    assert match(index(values, 5), null(code))
    assert match(index(values, -1), null(code))
    assert match(index(values, vector(7, [0, 9])), collapse([index(values, 0), null(code)]))


def test_elided_axes_select_everything() -> None:
    cube = np.arange(24).reshape(2, 3, 4)
    assert np.array_equal(index_at_depth(cube, [NULL, 1]), cube[:, 1])
    assert np.array_equal(index_at_depth(cube, [1, NULL, 2]), cube[1, :, 2])
    assert index(cube, NULL) is cube


@pytest.mark.parametrize(("source", "wanted"), [
    ("(1 2;\"abc\";`ibm) 5", "`long$()\n"),
    ("(`a;1 2) 5", "`\n"),
    ("() 3", "()\n"),
    ("(til 10)(1 2;3)", "1 2\n3\n"),
    ("\"abc\"(0 1;5)", "\"ab\"\n\" \"\n"),
    ("1 2 3 01b", "1 2\n"),
    ("((1 2;3 4);5)[0;1;0]", "3\n"),
    ("((1 2 3;4 5 6);7 8 9)[;1]", "4 5 6\n8\n"),
    ("(1;`a`b!(2 3 4;10 20 30 40)) . (1;`b;2)", "30\n"),
    ("(`a`b!(1 2 3;4 5 6))[`b;0 2]", "4 6\n"),
    ("(`a`b!(1 2 3;4 5 6))[;1]", "a| 2\nb| 5\n"),
    ("(`a`b!1 2)`a`z", "1 0N\n"),
    ("(1 2!`x`y)(1 2;1)", "`x`y\n`x\n"),
    ("((1 2;3 4)!`x`y)1 2", "`x\n"),
    ("((1 2;3 4)!`x`y)(3 4;1 2)", "`y`x\n"),
    ("((\"ab\";\"c\")!1 2)\"ab\"", "1\n"),
    ("(`s#10 20 30!1 2 3)5 10 25 99", "0N 1 2 3\n"),
])
def test_index_of_lists_and_dictionaries(source: str, wanted: str) -> None:
    assert shown(source) == wanted


@pytest.mark.parametrize(("source", "wanted"), [
    ("t 1", "a| 2\nb| `y\n"),
    ("t 1 0", "a b\n---\n2 y\n1 x\n"),
    ("t`a", "1 2 3\n"),
    ("t`b`a", "x y z\n1 2 3\n"),
    ("t[1;`b]", "`y\n"),
    ("t[0 2;`a]", "1 3\n"),
    ("t[;`a]", "1 2 3\n"),
    ("t[`a;1]", "2\n"),
    ("t[0 1;`a`b]", "1 `x\n2 `y\n"),
    ("t 7", "a| 0N\nb| `\n"),
    ("t 0 7", "a b\n---\n1 x\n\n"),
    ("kt`y", "a| 2\nc| 20\n"),
    ("kt[`y;`c]", "20\n"),
    ("kt([]b:`z`q)", "a c\n----\n3 30\n\n"),
    ("kt`q", "a|\nc|\n"),
])
def test_tables_index_by_row_and_column(source: str, wanted: str) -> None:
    q.console("t:([]a:1 2 3;b:`x`y`z)")
    q.console("kt:([b:`x`y`z]a:1 2 3;c:10 20 30)")
    assert shown(source) == wanted


@pytest.mark.parametrize("source", [
    "(1 2 3)1.5", "1 2 3`a", "(`a`b!1 2)5", "(1 2!3 4)`a", "(1 2 3)2000.01.01",
])
def test_an_index_of_the_wrong_type_is_an_error(source: str) -> None:
    with pytest.raises(QError, match="type"):
        q(source)


def test_an_unknown_column_is_signalled_by_name() -> None:
    with pytest.raises(QError, match="zz"):
        q("([]a:1 2)`zz")
