"""Any q value: strategies for hypothesis, and equality bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from kkernel.q.symbols import symbols
from kkernel.q.types import BY_CODE, EPOCH
from kkernel.q.values import Dict, List, Table, at, char_code, collapse, count, qtype

Fits = Callable[[list[Any]], bool]

NAMES = st.text("abcXYZ012", min_size=1, max_size=5).filter(lambda s: s[0].isalpha())
DAYS = st.integers(-300_000, 2_900_000)
CLOCK = st.integers(-10**8, 10**8)


def special(code: int) -> st.SearchStrategy[int]:
    inf = BY_CODE[code].inf
    return st.sampled_from([BY_CODE[code].null, inf, -inf])


def integers(code: int) -> st.SearchStrategy[int]:
    limit = BY_CODE[code].inf
    return st.one_of(st.integers(-limit, limit), special(code))


def since_2000(code: int, numbers: st.SearchStrategy[int]) -> st.SearchStrategy[int]:
    return st.one_of(numbers.map(lambda v: v + EPOCH[code]), special(code))


RAW: dict[int, st.SearchStrategy[Any]] = {
    1: st.booleans(), 4: st.integers(0, 255), 5: integers(5), 6: integers(6), 7: integers(7),
    8: st.floats(width=32), 9: st.floats(), 10: st.integers(0, 255),
    12: since_2000(12, st.integers(-10**18, 10**18)), 13: since_2000(13, st.integers(-9999, 9999)),
    14: since_2000(14, DAYS), 16: since_2000(16, st.integers(-10**18, 10**18)),
    17: since_2000(17, CLOCK), 18: since_2000(18, CLOCK), 19: since_2000(19, CLOCK),
}


def any_count(x: list[Any]) -> bool:
    return True


def not_one(x: list[Any]) -> bool:
    return len(x) != 1


def vectors(code: int, fits: Fits) -> st.SearchStrategy[Any]:
    t = BY_CODE[code]
    return st.lists(RAW[code], max_size=6).filter(fits).map(
        lambda raw: np.array(raw, t.raw).view(t.dtype))


def symbol_vectors(fits: Fits) -> st.SearchStrategy[Any]:
    return st.lists(NAMES, max_size=4).filter(fits).map(symbols)


def dictionaries(inner: st.SearchStrategy[Any], fits: Fits) -> st.SearchStrategy[Any]:
    entries = st.lists(st.tuples(NAMES, inner), max_size=3, unique_by=lambda p: p[0])
    return entries.filter(fits).map(
        lambda pairs: Dict(symbols(k for k, _ in pairs), collapse([v for _, v in pairs])))


def lists(inner: st.SearchStrategy[Any], fits: Fits) -> st.SearchStrategy[Any]:
    """General lists and what collapses from them."""
    return st.lists(inner, max_size=4).filter(fits).map(collapse)


@st.composite
def tables(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> Table:
    """Tables of columns of any type, of one column and of one row too."""
    rows = draw(st.integers(1, 3))
    simple = st.sampled_from(sorted(RAW)).flatmap(
        lambda code: st.lists(RAW[code], min_size=rows, max_size=rows).map(
            lambda raw: np.array(raw, BY_CODE[code].raw).view(BY_CODE[code].dtype)))
    nested = st.lists(inner, min_size=rows, max_size=rows).map(collapse)
    columns = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    return Table(columns, [draw(st.one_of(simple, nested)) for _ in columns])


@st.composite
def keyed(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> Any:
    x = draw(tables(inner).filter(lambda t: len(t.columns) > 1))
    return Dict(Table(x.columns[:1], x.data[:1]), Table(x.columns[1:], x.data[1:]))


def values_with(fits: Fits, whole: bool) -> st.SearchStrategy[Any]:
    """Values of all types; `whole`: tables too."""
    simple = st.one_of(*[vectors(code, fits) for code in RAW], symbol_vectors(fits))
    atoms = simple.filter(len).map(lambda x: at(x, 0))

    def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        found = [lists(inner, fits), dictionaries(inner, fits)]
        if whole:
            return st.one_of(*found, tables(inner), keyed(inner))
        return st.one_of(*found).filter(lambda x: not isinstance(x, Table))

    return st.recursive(st.one_of(atoms, simple), nested, max_leaves=12)


values = values_with(not_one, whole=False)


def same(x: Any, y: Any) -> bool:
    """Equal in type and content, bit for bit but for the kind of NaN."""
    if isinstance(x, (List, np.ndarray)) and (qtype(x) == 0):
        return qtype(y) == 0 and count(x) == count(y) and all(
            same(at(x, i), at(y, i)) for i in range(count(x)))
    if isinstance(x, Dict):
        return isinstance(y, Dict) and same(x.keys, y.keys) and same(x.values, y.values)
    if isinstance(x, Table):
        return isinstance(y, Table) and x.columns == y.columns and all(
            map(same, x.data, y.data))
    if isinstance(x, np.ndarray):
        return x.dtype == y.dtype and (np.array_equal(x, y, equal_nan=x.dtype.kind == "f")
                                       or x.view("u1").tobytes() == y.view("u1").tobytes())
    if qtype(x) == -10:
        return qtype(y) == -10 and char_code(x) == char_code(y)
    return qtype(x) == qtype(y) and (x == y or (x != x and y != y))
