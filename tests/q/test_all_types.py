"""What holds of every simple type, against numpy, struct and datetime.

Sorting and searching, q's binary form, text and back, and the casts between temporal types.
"""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from q_values import NAMES, RAW, same, values

from kkernel.q import Interpreter
from kkernel.q.symbols import symbols
from kkernel.q.types import BY_CODE, EPOCH
from kkernel.q.values import Dict, List, Table, at, collapse, count, items, qtype

q = Interpreter()
quick = settings(deadline=None, max_examples=25)

pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")


def vectors(code: int, size: int = 12) -> st.SearchStrategy[Any]:
    """Vectors of a type with repeats; of guids and symbols too."""
    if code == 11:
        names = st.sampled_from(["", "a", "ab", "B", "é", "z9"])
        return st.lists(names, max_size=size).map(symbols)
    if code == 2:
        guids = st.sampled_from([bytes(16), bytes(range(16)), b"\xff" * 16, b"\x01" + bytes(15)])
        return st.lists(guids, max_size=size).map(
            lambda v: np.array([np.void(g) for g in v], "V16"))
    t = BY_CODE[code]
    raw = _CLOCK.get(code) or RAW.get(code) or _MILLISECONDS
    return st.lists(raw, max_size=4).flatmap(
        lambda few: st.lists(st.sampled_from(few), max_size=size) if few else st.just([])).map(
        lambda v: np.array(v, t.raw).view(t.dtype))


_CLOCK = {17: st.integers(-90_000, 90_000), 18: st.integers(-359_999, 359_999)}
_MILLISECONDS = st.integers(-10**12, 10**12).map(lambda v: v + EPOCH[15])
ALL = sorted(BY_CODE)


def call(source: str, *args: Any) -> Any:
    """The value of a function given as text, at these arguments."""
    q.globals.set("args", List(args))
    return q(f"({source}) . args")


def order_of(x: Any) -> list[Any]:
    """Items as Python values that order and equal as q's do: nulls first and equal."""
    if x.dtype.kind == "f":
        return [(0, 0.0) if v != v else (1, v) for v in x.tolist()]
    if x.dtype.char == "I":
        return [s.encode() for s in items(x)]
    if x.dtype.kind in "mM":
        return x.view("i8").tolist()
    return [bytes(v) for v in x] if x.dtype.kind in "VS" else x.tolist()


# ---------------------------------------------------------------- sort and search

@pytest.mark.parametrize("code", ALL)
@quick
@given(data=st.data())
def test_sorts_are_stable_and_nulls_are_first(code: int, data: st.DataObject) -> None:
    x = data.draw(vectors(code))
    keys = order_of(x)
    up = sorted(range(len(keys)), key=keys.__getitem__)
    down = sorted(range(len(keys)), key=keys.__getitem__, reverse=True)
    assert call("iasc", x).tolist() == up
    assert call("idesc", x).tolist() == down
    assert order_of(call("asc", x)) == sorted(keys)
    assert order_of(call("desc", x)) == sorted(keys, reverse=True)
    assert call("rank", x).tolist() == [up.index(i) for i in range(len(keys))]


@pytest.mark.parametrize("code", ALL)
@quick
@given(data=st.data())
def test_first_places(code: int, data: st.DataObject) -> None:
    """distinct, group, ?, in, except, inter and bin by Python's own loops."""
    x, y = data.draw(vectors(code)), data.draw(vectors(code))
    keys, wanted = order_of(x), order_of(y)
    places: dict[Any, list[int]] = {}
    for i, k in enumerate(keys):
        places.setdefault(k, []).append(i)
    assert order_of(call("distinct", x)) == list(places)
    grouped = call("group", x)
    assert order_of(grouped.keys) == list(places) if places else not len(grouped.keys)
    assert [list(v) for v in items(grouped.values)] == list(places.values())
    assert call("?", x, y).tolist() == [places.get(k, [len(keys)])[0] for k in wanted]
    assert call("in", y, x).tolist() == [k in places for k in wanted]
    assert order_of(call("except", y, x)) == [k for k in wanted if k not in places]
    assert order_of(call("inter", y, x)) == [k for k in wanted if k in places]
    ascending = sorted(keys)
    assert call("{asc[x] bin y}", x, y).tolist() == [
        sum(k <= w for k in ascending) - 1 for w in wanted]


# ---------------------------------------------------------------- the binary form

@pytest.mark.parametrize("code", ALL)
@quick
@given(data=st.data())
def test_bytes_of_a_vector(code: int, data: st.DataObject) -> None:
    """Header, type, attribute, count and items, packed by Python's struct."""
    x = data.draw(vectors(code))
    payload = struct.pack("<BBi", code, 0, len(x)) + b"".join(_packed(code, x))
    assert bytes(call("-8!", x)) == struct.pack("<BBHi", 1, 0, 0, len(payload) + 8) + payload


def _packed(code: int, x: Any) -> list[bytes]:
    """The bytes of every item: temporals count from 2000, most of them in four bytes."""
    if code == 11:
        return [s.encode() + b"\0" for s in items(x)]
    if code not in EPOCH:
        return [x.tobytes()]
    row, form = BY_CODE[code], "<q" if code in (12, 16) else "<i"
    limit = 2**63 - 1 if form == "<q" else 2**31 - 1
    special = {row.null: -limit - 1, row.inf: limit, -row.inf: -limit}
    numbers = [special.get(v, v - EPOCH[code]) for v in x.view("i8").tolist()]
    if code == 15:
        return [struct.pack("<d", n / 86_400_000) for n in numbers]
    return [struct.pack(form, n) for n in numbers]


rows = st.integers(0, 4)


@st.composite
def tables(draw: st.DrawFn, keyed: bool = True) -> Any:
    """Tables of one to three columns, keyed or not."""
    n = draw(rows)
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    columns = [draw(vectors(draw(st.sampled_from(ALL)), n).filter(lambda v: len(v) == n))
               if n == 0 else _resized(draw(vectors(draw(st.sampled_from(ALL)))), n)
               for _ in names]
    table = Table(names, columns)
    if keyed and len(names) > 1 and draw(st.booleans()):
        return Dict(Table(names[:1], columns[:1]), Table(names[1:], columns[1:]))
    return table


def _resized(x: Any, n: int) -> Any:
    return np.resize(x, n) if len(x) else np.zeros(n, x.dtype)


def equal(x: Any, y: Any) -> bool:
    if isinstance(x, Table):
        return isinstance(y, Table) and x.columns == y.columns and all(
            map(equal, x.data, y.data))
    if isinstance(x, Dict):
        return isinstance(y, Dict) and equal(x.keys, y.keys) and equal(x.values, y.values)
    if isinstance(x, (List, np.ndarray)) and qtype(x) == 0:
        return qtype(y) == 0 and count(x) == count(y) and all(
            equal(at(x, i), at(y, i)) for i in range(count(x)))
    return same(x, y)


@settings(deadline=None, max_examples=60)
@given(st.one_of(values, tables(), st.lists(st.one_of(values, tables()), min_size=1, max_size=3)
                 .map(collapse)))
def test_the_binary_form_reads_back(x: Any) -> None:
    assert equal(x, call("{-9!-8!x}", x))
    assert call("{-22!x}", x) == count(call("{-8!x}", x))


# ---------------------------------------------------------------- text and back

@pytest.mark.parametrize("code", [c for c in ALL if c not in (10, 11)])
@quick
@given(data=st.data())
def test_tok_reads_what_string_writes(code: int, data: st.DataObject) -> None:
    x = data.draw(vectors(code))
    q.settings.precision = 17
    try:
        assert same(call(f'{{"{BY_CODE[code].char.upper()}"$string x}}', x), x)
    finally:
        q.settings.precision = 7


@pytest.mark.parametrize("text", [
    "{x+y}", "{[a;b]a*b}[2;]", "+[1;]", "(+/)", "{x}each", "(count each)", "1+",
    "{[x]\n y:x+1;\n y*2}", "{`a`b!(x;enlist x)}", "@[;0;neg]", "{select a from x where b>1}",
    "(`a;{x};1 2)", "`f`g!({x};{y})", "{\"q\\\"uote\"}", "{x+y*z}[1;;3]", "$[`int]",
    "like[;\"a*\"]",
])
def test_functions_read_back(text: str) -> None:
    f = q(text)
    again = call("{value -3!x}", f)
    assert call("~", f, again) and q.line(f) == q.line(again)


# ---------------------------------------------------------------- temporal casts

_moments = st.datetimes(dt.datetime(1880, 1, 1), dt.datetime(2150, 1, 1))
_START = dt.datetime(2000, 1, 1)


def _nanos(d: dt.timedelta) -> int:
    return ((d.days * 86400 + d.seconds) * 10**6 + d.microseconds) * 1000


PARTS: dict[str, Callable[[dt.datetime], int]] = {
    "year": lambda t: t.year, "mm": lambda t: t.month, "dd": lambda t: t.day,
    "hh": lambda t: t.hour, "uu": lambda t: t.minute, "ss": lambda t: t.second,
    "date": lambda t: (t - _START).days,
    "month": lambda t: (t.year - 2000) * 12 + t.month - 1,
    "week": lambda t: (t - _START - dt.timedelta(t.weekday())).days,
    "minute": lambda t: t.hour * 60 + t.minute,
    "second": lambda t: t.hour * 3600 + t.minute * 60 + t.second,
    "time": lambda t: (t.hour * 3600 + t.minute * 60 + t.second) * 1000 + t.microsecond // 1000,
    "timespan": lambda t: _nanos(t - t.replace(hour=0, minute=0, second=0, microsecond=0)),
}


@settings(deadline=None, max_examples=40)
@given(st.lists(_moments, min_size=1, max_size=8))
def test_parts_of_timestamps_against_datetime(moments: list[dt.datetime]) -> None:
    at_ns = np.array([_nanos(t - _START) for t in moments])
    x = call("{`timestamp$x}", at_ns)
    assert call("{`long$x}", x).tolist() == at_ns.tolist()
    for part, expected in PARTS.items():
        wanted = [expected(t) for t in moments]
        assert call(f"{{`long$`{part}$x}}", x).tolist() == wanted, part
    assert call("string", x) is not None
    assert [bytes(s).decode()[:26] for s in map(np.ndarray.tobytes, call("string", x))] == [
        t.strftime("%Y.%m.%dD%H:%M:%S.%f") for t in moments]
    days = call("{`date$x}", x)
    assert [d.tobytes().decode() for d in call("string", days)] == [
        t.strftime("%Y.%m.%d") for t in moments]
    assert call("{(`timestamp$`date$x)+`timespan$x}", x).tolist() == x.tolist()
    assert call("{(`month$x)+1}", x).tolist() == call("{1+`month$x}", x).tolist()


@settings(deadline=None, max_examples=40)
@given(_moments, _moments, st.integers(-10**6, 10**6))
def test_differences_and_sums_of_times(a: dt.datetime, b: dt.datetime, ms: int) -> None:
    x, y = (call("{`timestamp$x}", _nanos(t - _START)) for t in (a, b))
    assert call("{`long$x-y}", x, y) == _nanos(a - b)
    assert call("{(`date$x)-`date$y}", x, y) == (a.date() - b.date()).days
    assert call("{`long$y-x}", call("{`minute$x}", x), call("{`second$x}", x)) == a.second
    later = call("{x+`time$y}", x, ms)
    assert call("{`long$x-y}", later, x) == ms * 10**6
