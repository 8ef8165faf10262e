"""The one-line form of a value, evaluated, gives the value back.

Lists of one item (`,1`) and tables (`+`a`b!...`) print in k: they read back behind `k)`, as
everything else does, and are left out where the text is read as q.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from q_values import any_count, same, values, values_with

from kkernel.q import Interpreter
from kkernel.q.text import show

q = Interpreter()

pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")


@settings(deadline=None, max_examples=300)
@given(values)
def test_the_one_line_form_reads_back(x: Any) -> None:
    assert same(x, q(show.line(x, 17)))


@settings(deadline=None, max_examples=300)
@given(values_with(any_count, whole=True))
def test_the_one_line_form_reads_back_as_k(x: Any) -> None:
    assert same(x, q("k)" + show.line(x, 17)))


@pytest.mark.parametrize("text", [
    "(+/)", "{x*x}", "+[;2]", "{x+y}[1;]", "(-':)", "til", "(til;+;{x})", "(::;1)", "`s#1 2 3",
    "(`u#`a`b)!1 2", "`a`b!(1 2;{x})", "`:file", "0x", "0#0p",
])
def test_functions_and_attributes_read_back(text: str) -> None:
    once = show.line(q(text))
    assert show.line(q(once)) == once
