"""Lists of strings that share one text, against lists of the same strings."""

from __future__ import annotations

from unittest import mock

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kkernel.q import Interpreter
from kkernel.q.lists import strings
from kkernel.q.lists.strings import LONGEST, Strings, equal_ones, raw_strings, texts_of
from kkernel.q.operators import cast
from kkernel.q.values import List

Q = Interpreter()
WORDS = st.binary(max_size=12) | st.sampled_from(
    [b"", b"name17", b"name1", b" a ", b"12", b"-3.5", b"2000.01.02", b"a\0", b"a", b"\xc3\xa9",
     b"x" * 9, b"x" * 8, b"x" * LONGEST, b"1b"])
LISTS = st.lists(WORDS, max_size=8).flatmap(lambda some: st.lists(
    st.sampled_from(some or [b""]), max_size=30))


def string_list(parts: list[bytes]) -> Strings:
    with mock.patch.object(strings, "MANY", 0):
        found = strings.string_list(parts)
    assert isinstance(found, Strings)
    return found


@settings(max_examples=200, deadline=None)
@given(parts=LISTS)
def test_equal_ones_are_equal(parts: list[bytes]) -> None:
    x = string_list(parts)
    assert raw_strings(x) == parts == [v.tobytes() for v in x]
    assert texts_of(x) == [p.decode("utf-8", "surrogateescape") for p in parts]
    same = equal_ones(x)
    if same is not None:
        assert [parts[k] for k in same.tolist()] == parts
        assert (same[same] == same).all()


def test_most_equal_strings_are_found() -> None:
    parts = [b"name%d" % (k % 500) for k in range(20_000)]
    same = equal_ones(string_list(parts))
    assert same is not None and len(np.unique(same)) < 600
    assert equal_ones(string_list([b"x" * (LONGEST + 1)])) is None


@settings(max_examples=200, deadline=None)
@given(parts=LISTS, letter=st.sampled_from(["`", '"J"', '"F"', '"D"', '"B"', '"S"', '"C"', '"N"']))
def test_they_read_as_other_lists_do(parts: list[bytes], letter: str) -> None:
    shared = string_list(parts)
    Q.globals.set("x", shared)
    Q.globals.set("y", List([v.copy() for v in shared]))
    with mock.patch.object(cast, "SAMPLE", 4):
        assert Q(f"({letter}$x)~{letter}$y")


def test_changes_leave_no_text_behind() -> None:
    for change in ("x[1]:\"new\"", "x,:enlist\"new\"", "x:1_x", "x:x 2 0", "x[0;0]:\"z\"",
                   "x[1],:\"s\"", "x:x,\\:\"!\"", "x:reverse x", "x:upper x", "x:-1_x"):
        with mock.patch.object(strings, "MANY", 0):
            Q('x:" " vs "one two three"')
        Q(f"y:(x 0;x 1;x 2)\n{change}; {change.replace('x', 'y')}")
        assert Q("x~y") and Q("(`$x)~`$y") and Q("(count each x)~count each y"), change


def test_what_makes_strings_knows_their_text() -> None:
    for text in ("string til 200", '"," vs 99#"ab,"', "string 99?`4", '(99#("ab";"cd")),\\:"x"'):
        assert isinstance(Q(text), Strings), text
