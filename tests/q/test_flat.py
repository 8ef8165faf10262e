"""Operations on lists of vectors in one call, against the same for each item."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from q_values import any_count, same, vectors

from kkernel.q import Interpreter, QError
from kkernel.q.registry import KEYWORDS, OPERATORS
from kkernel.q.values import List, at, collapse, empty, items, null, vector

session = Interpreter()  # the functions use its settings
DYADS = ["+", "-", "*", "%", "&", "|", "=", "<", ">", "<=", "<>", "^"]
WORDS = ["mod", "div", "xexp"]
MONADS = ["neg", "abs", "not", "null", "floor", "sqrt", "signum"]
AGGREGATES = ["sum", "avg", "min", "max", "any", "all", "first", "last", "count", "prd"]
TYPES = [1, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 17, 19]

pytestmark = pytest.mark.filterwarnings("ignore")


def result(make: Any) -> Any:
    try:
        return make()
    except QError as e:
        return str(e)


def agree(found: Any, expected: Any) -> bool:
    return found == expected if isinstance(expected, str) else same(found, expected)


@st.composite
def rows(draw: st.DrawFn) -> List:
    """A list of vectors of one type, some empty, sometimes all of one count."""
    code = draw(st.sampled_from(TYPES))
    whole = draw(st.booleans())
    count = draw(st.integers(1, 4))
    return List(draw(st.lists(vectors(code, (lambda x: len(x) == count) if whole else any_count),
                              min_size=4, max_size=7)))


@settings(deadline=None, max_examples=250)
@given(rows(), rows(), st.sampled_from(DYADS + WORDS))
def test_two_arguments(x: List, y: List, name: str) -> None:
    f = (OPERATORS.get(name) or KEYWORDS[name]).by_rank[2]
    atoms = [at(v, 0) for v in y if len(v)]
    for atom in atoms[:1]:
        assert agree(result(lambda a=atom: f(x, a)), result(
            lambda a=atom: collapse([f(v, a) for v in x])))
        assert agree(result(lambda a=atom: f(a, x)), result(
            lambda a=atom: collapse([f(a, v) for v in x])))
    n = min(len(x), len(y))
    a, b = List(x[:n]), List(y[:n])
    assert agree(result(lambda: f(a, b)), result(
        lambda: collapse([f(v, w) for v, w in zip(a, b, strict=True)])))
    if len(atoms) >= len(x):
        column = collapse(atoms[:len(x)])
        assert agree(result(lambda: f(x, column)), result(
            lambda: collapse([f(v, w) for v, w in zip(x, items(column), strict=True)])))


@settings(deadline=None, max_examples=150)
@given(rows(), st.sampled_from(MONADS))
def test_one_argument(x: List, name: str) -> None:
    f = KEYWORDS[name].by_rank[1]
    assert agree(result(lambda: f(x)), result(lambda: collapse([f(v) for v in x])))


@pytest.mark.parametrize("name", AGGREGATES)
@pytest.mark.parametrize("code", [1, 5, 6, 7, 8, 9, 16])
def test_aggregates_of_each(code: int, name: str) -> None:
    each, f = KEYWORDS["each"].by_rank[2], KEYWORDS[name]
    draw = random.Random(f"{code}{name}")
    for trial in range(24):
        counts = [draw.randint(trial % 3 == 0, 9) for _ in range(6)]
        if trial % 2:
            counts = [counts[0]] * 6
        odd = {1: [null(code)], 2: [2**61] if code == 7 else []}.get(trial % 5, [])
        x = collapse([collapse([_number(draw, code, odd)
                                for _ in range(n)]) if n else empty(code) for n in counts])
        expected = result(lambda x=x: collapse([f.by_rank[1](v) for v in items(x)]))
        assert agree(result(lambda x=x: each(f, x)), expected)


def _number(draw: random.Random, code: int, odd: list[Any]) -> Any:
    if odd and draw.random() < .2:
        return draw.choice(odd)
    raw = draw.uniform(-9, 9) if code in (8, 9) else draw.randint(0, 1 if code == 1 else 99)
    return at(vector(code, [raw]), 0)
