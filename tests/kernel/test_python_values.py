"""Values between q and Python: both ways, without copies where that is safe."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import numpy as np
import pytest

from kkernel.kernel.python.names import Names
from kkernel.kernel.python.values import Function
from kkernel.q.errors import QError
from kkernel.session import Session


@pytest.fixture(scope="module")
def session() -> Session:
    return Session()


@pytest.fixture(scope="module")
def q(session: Session) -> Names:
    return Names(session)


@pytest.mark.parametrize("source", [
    "1", "1b", "2.5", "`a", '"text"', "1 2 3", "101b", "0x0102", "1 2h", "1 0Ni", "1 0n", "1 2e",
    "`a`b", "2024.01.02 2024.01.03", "2024.01 2024.02m", "12:00 13:00", "0D01 0D02",
    "2024.01.02D10 0Np", "10:00:00.000 0Nt", "2 3#til 6", "2 2#1 2 3 4f", "(1;`a;2 3)", "()",
    "`a`b!1 2", "`a`b!(1;`x)", "(`a`b;1)", "::", "0#0", "0x01", "1?0Ng", "3h", "2i", "2024.01.02",
    "2024.01.02D10", "2291.01.02D10:00:00.000001", "2291.01.02D10 0Np 1990.01.01D0 0Wp",
    '("ab";"cd")', "`$()", "1 2!3 4",
])
def test_values_come_back_as_they_were(session: Session, q: Names, source: str) -> None:
    q["x"] = None
    session.execute(f"was:{source}")
    q["back"] = q["was"]
    assert session.interpreter.console("was~back") == "1b\n"


@pytest.mark.parametrize("source", [
    "([]s:`a`b;d:2024.01.02 0Nd;n:1 0N;c:\"xy\";f:1.5 0n;l:(1 2;3 4);st:(\"ab\";\"cd\"))",
    "([]t:10:00 11:00;p:2024.01.02D10 0Np;m:2024.01 2024.02m;h:1 2h;i:1 0Ni;b:10b;e:1 2e)",
    "([k:1 2]v:`a`b)", "([k:`a`b;j:1 2]v:1.5 2.5)", "([]a:0#0)", "([]n:0D01 0D02;x:0x0102)"])
def test_tables_come_back_as_they_were(session: Session, q: Names, source: str) -> None:
    pytest.importorskip("pandas")
    session.execute(f"was:{source}")
    q["back"] = q["was"]
    assert session.interpreter.console("was~back") == "1b\n", q["back"]


@pytest.mark.parametrize(("value", "text"), [
    ("text", '"text"'), (b"text", '"text"'), (bytearray(b"\1\2"), "0x0102"), ([1, 2], "1 2"),
    ((1, "ab"), '1\n"ab"'), ({"a": 1, "b": 2.5}, "a| 1\nb| 2.5"),
    (np.arange(3, dtype="i4"), "0 1 2i"),
    (np.array(["x", "y"]), "`x`y"), (np.int8([1, 2]), "1 2h"), (np.float16([1, 2]), "1 2e"),
    (np.float32(1.5), "1.5e"), (np.bool_(True), "1b"), (datetime.date(2024, 1, 2), "2024.01.02"),
    (datetime.datetime(2024, 1, 2, 3), "2024.01.02D03:00:00.000000000"),
    (datetime.timedelta(hours=1), "0D01:00:00.000000000"),
    (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (np.array(["2024-01-02"], "M8[s]"), ",2024.01.02D00:00:00.000000000"),
    (np.datetime64("2024-01-02T03:00:00.000000001"), "2024.01.02D03:00:00.000000001"),
    (datetime.datetime(2290, 1, 2), "2290.01.02D00:00:00.000000000"),
    (datetime.datetime(2300, 1, 2), "0Wp"), (datetime.datetime(1600, 1, 2), "-0Wp"),
    (np.array(["1700-01-02"], "M8[ns]"), ",-0Wp"), (np.datetime64("NaT", "ns"), "0Np"),
    ([], "()"), (np.array(5), "5"), (np.array([[1, 2], [3, 4]]).T, "1 3\n2 4"),
])
def test_values_of_python(session: Session, q: Names, value: Any, text: str) -> None:
    q["v"] = value
    assert session.interpreter.console("v").rstrip("\n") == text


@pytest.mark.parametrize(("value", "error"), [
    (2**63, OverflowError), (object(), TypeError), (1j, TypeError),
    (np.array([1j]), TypeError), (np.array([object()]), TypeError)])
def test_what_q_has_no_value_for(q: Names, value: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        q["v"] = value


def test_timestamps_are_seen_as_numpy_counts_them(session: Session, q: Names) -> None:
    session.execute("p:2024.01.02D10;ps:2024.01.02D10 0Np;late:2290.01.02D0 0Np")
    assert q["p"] == np.datetime64("2024-01-02T10") and q["p"].dtype == "M8[ns]"
    assert q["ps"][0] == q["p"] and np.isnat(q["ps"][1])
    assert q["late"][0] == np.datetime64("2290-01-02") and np.isnat(q["late"][1])


def test_arrays_are_seen_without_a_copy_and_cannot_be_written(session: Session, q: Names) -> None:
    session.execute("big:til 1000")
    seen = q["big"]
    assert np.shares_memory(seen, session.interpreter.globals.get("big"))
    with pytest.raises(ValueError, match="read-only"):
        seen[0] = 1


def test_an_array_that_is_given_stays_the_givers(session: Session, q: Names) -> None:
    mine = np.arange(3)
    q["mine"] = mine
    mine[0] = 7
    assert session.interpreter.console("mine") == "0 1 2\n"


def test_functions_both_ways(session: Session, q: Names) -> None:
    session.execute("f:{x+y}")
    assert q["f"](1, 2) == 3 and isinstance(q["f"], Function)
    assert q("{x*y}", 2, 3) == 6 and q["sum"]([1, 2]) == 3
    q["minus"] = lambda a, b: a - b
    assert session.interpreter.console("minus[5;3]\nminus[;1] each 5 6") == "2\n4 5\n"
    q["fails"] = lambda a: 1 / 0
    assert session.interpreter.console("@[fails;1;{x}]") == \
        '"<lambda>: ZeroDivisionError: division by zero"\n'


def test_names(session: Session, q: Names) -> None:
    q.level = 3
    assert q.level == 3 and "level" in q and "level" in dir(q)
    q[".my.level"] = 4
    assert q(".my.level+level") == 7 and q[".my.level"] == 4
    del q.level
    assert "level" not in q
    with pytest.raises(AttributeError):
        _ = q.level
    with pytest.raises(KeyError):
        _ = q["level"]
    with pytest.raises(QError):
        q["til"] = 1
    with pytest.raises(QError, match="type"):
        q("1+`a")


def test_tensors_and_modules_are_the_same_objects(session: Session, q: Names) -> None:
    torch = pytest.importorskip("torch")
    session.load_api()
    session.execute("t:tensor 2 3#1e;m:module enlist(`linear;3;2);v:vector(1 2;3 4)\n"
                    "o:opt(`sgd;m;.1);d:dict`a`b!(1 2;3 4)")
    q["t"].add_(1)
    assert session.interpreter.console("tensor t") == "2 2 2\n2 2 2\n"
    q["same"] = q["t"]
    assert session.interpreter.console("same~t") == "1b\n"
    net = torch.nn.Linear(3, 2)
    q["net"] = net
    assert q["net"] is net
    q["y"] = net(q["t"])
    assert session.interpreter.console("tensor[y]~tensor forward(net;t)") == "1b\n"
    assert type(q["o"]).__name__ == "SGD" and list(q["d"]) == ["a", "b"] and len(q["v"]) == 2
    q["l"] = torch.nn.MSELoss()
    assert session.interpreter.console("class l") == "`loss\n"
    assert q["matmul"](q["t"], torch.ones(3)).tolist() == [6.0, 6.0]
