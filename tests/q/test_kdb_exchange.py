"""q's binary form, exchanged with aiokdb, a reader and writer of it that others wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kkernel.q import Interpreter
from kkernel.q.files.serialize import encode, message, read_message
from kkernel.q.values import List, Value
from kkernel.session import Session

aiokdb = pytest.importorskip("aiokdb")
extras = pytest.importorskip("aiokdb.extras")
files = pytest.importorskip("aiokdb.files")

SOURCES = """
1|0N|-0W|0W|1b|0x0a|1h|0Nh|1i|0Ni|1.5|0n|0w|-0w|1.5e|0Ne|"a"|" "|`abc|`
2020.01.02|2020.01m|2020.01.02D03:04:05.000000006|1D00:00:01|12:34|12:34:56|12:34:56.789
2020.01.02T03:04:05.678|0Nd|0Np|0Nn|0Nu|0Nv|0Nt|0Nm|0Nz|0Wp|0Wn|0Wd
0Ng|"G"$"8c680a01-5a49-5aab-5a65-d4bfddb6a661"|3?0Ng
til 3|0#0|101b|0x0102|1 2h|1 2i|1 0n 0w|1 2e|"abc"|""|`a`b|`$()|0#0Np
2020.01.02 2020.01.03|2020.01 2020.02m|2#2020.01.01D|2#1D|12:34 12:35|12:34:56 12:34:57
2#12:34:56.789|2#2020.01.02T03:04:05.678|()|(1;`a;"xyz";2 3)|(();())|`a`b!1 2
(`a`b!1 2;3)|()!()|([]a:1 2;b:1.5 2.5)|([]a:`x`y;b:(1 2;`c))|([k:1 2]v:`a`b)|([]a:0#0;b:0#`)
`s#1 2 3|`u#1 2 3|`p#1 1 2|`g#1 2 1|`s#`a`b!1 2|(::)|{x+y}|{[a;b] a*b}|(+)|(+;-)|1000?100
([a:1 2;b:3 4]c:5 6)|enlist`a|enlist 1|`$"a b"|"\\n\\t\\"\\\\"
"""
VALUES = [source for line in SOURCES.split("\n") for source in line.split("|") if source]


@pytest.fixture(scope="module")
def q() -> Interpreter:
    return Interpreter()


@pytest.mark.parametrize("source", VALUES)
def test_another_reader_and_writer_gives_the_same_bytes(q: Interpreter, source: str) -> None:
    ours = bytes(q(f"-8!({source})"))
    theirs = aiokdb.b9(aiokdb.d9(ours))
    assert theirs == ours
    assert message(read_message(theirs)) == ours


scalars = st.one_of(
    st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.booleans(),
    st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=6))


def built(x: Any) -> Any:
    """The value in aiokdb's objects."""
    if isinstance(x, bool):
        return aiokdb.kb(x)
    if isinstance(x, int):
        return aiokdb.kj(x)
    if isinstance(x, float):
        return aiokdb.kf(x)
    if isinstance(x, str):
        return aiokdb.ks(x)
    return aiokdb.kk(*map(built, x))


def same(x: Any, value: Value) -> bool:
    if isinstance(x, list):
        found = list(value) if not isinstance(value, np.ndarray) else value.tolist()
        return len(found) == len(x) and all(map(same, x, found))
    return type(x) is type(value) and x == value or (isinstance(x, str) and str(value) == x)


@settings(max_examples=150, deadline=None)
@given(st.recursive(scalars, lambda inner: st.lists(inner, min_size=2, max_size=5).filter(
    lambda xs: len({type(x) for x in xs}) > 1), max_leaves=20))
def test_what_another_writer_wrote_is_read(x: Any) -> None:
    Interpreter()  # symbols need a session
    assert same(x, read_message(aiokdb.b9(built(x))))


def test_a_saved_state_is_read_by_others(tmp_path: Path) -> None:
    said: list[str] = []
    session = Session(said.append, said.append)
    session.run("m:module seq(`sequential;(`linear;`fc;4;3);`relu;(`batchnorm1d;`bn;3))")
    session.run(f'(`$":{tmp_path}/state") set state m; w:tensor parm(m;`fc.weight)')
    table = files.kfromfile(str(tmp_path / "state"))
    assert list(table["name"].kS()) == ["", "fc", "1", "bn"]
    parms = table["parms"].kK()
    weight = np.array([list(row.kE()) for row in parms[1]["weight"].kK()])
    assert weight.shape == (3, 4)
    assert np.array_equal(weight.astype("f4"), session.interpreter.globals.get("w"))
    assert list(parms[3]["weight"].kE()) == [1.0, 1.0, 1.0]


def test_files_of_another_writer_are_read(q: Interpreter, tmp_path: Path) -> None:
    kinds = aiokdb.TypeEnum
    table = aiokdb.xt(aiokdb.xd(extras.ktns("a", "b"), aiokdb.kk(
        extras.ktni(kinds.KJ, 1, 2, 3), extras.ktnf(kinds.KF, 1.5, 2.5, 3.5))))
    files.ktofile(table, str(tmp_path / "t"))
    assert q.console(f'get`$":{tmp_path}/t"') == q.console("([]a:1 2 3;b:1.5 2.5 3.5)")


@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (2, 3, 4), (5, 1, 2, 3)])
@pytest.mark.parametrize("kind", ["?", "u1", "i2", "i4", "i8", "f4", "f8"])
def test_arrays_are_written_as_the_lists_that_they_stand_for(
    shape: tuple[int, ...], kind: str
) -> None:
    numbers = np.arange(np.prod(shape)).reshape(shape).astype(kind)

    def lists(x: np.ndarray) -> Any:
        return x if x.ndim == 1 else List(map(lists, x))

    assert encode(numbers) == encode(lists(numbers))
