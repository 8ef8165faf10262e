"""Calls that fail leave the tensors and vectors that would have received results as they were."""

from __future__ import annotations

import pytest

from kkernel.api import objects
from kkernel.q.errors import QError
from kkernel.session import Session

# an output of this size and type, and calls that resize it before they fail
CALLS = (
    ("1 2 3", "matmul(2 2#1 2 3 4f;2 2#1 2 3 4e;o)"),
    ("1 2 3f", "dot(1 2;tensor 2 2#1 2 3 4;o)"),
    ("1 2 3f", "add(tensor 1010b;tensor 0x01020304;0n;o)"),
    ("2 3#til 6", "trisolve(2 2#1 2 3 4e;2 2#1 2 3 4f;1b;o)"),
    ("101b", "std(tensor 3 3#til 9;0;o)"),
    ("1 2f", "fmod(tensor 4 3 2 1;0;o)"),
    ("1 2 3f", "nansum(tensor 2 2#1 2 3 4e;0;`nosuch;o)"),
    ("1 2 3", "gt(tensor 1 2;tensor(`complex;1 2f);o)"),
)
VECTORS = (
    "Max(2 2#1 2 3 4f;0;v)", "sort(tensor 3 1 2f;v)", "eigh(2 2#4 1 1 3f;v)",
    "svd(3 2#1 2 3 4 5 7f;v)", "kthvalue(3 1 2f;9;v)", "lstsq(2 2#1 2 3 4f;1 2 3f;v)",
)


@pytest.fixture
def q() -> Session:
    return Session(write=lambda text: None)


@pytest.fixture(autouse=True)
def nothing_left() -> object:
    yield
    objects.free_all()


def row(q: Session, name: str) -> str:
    """What `obj[]` shows of one object."""
    return q.interpreter.console(f"select from obj[] where ptr=first {name}")


def failing(q: Session, call: str) -> None:
    with pytest.raises(QError):
        q.interpreter(call)


@pytest.mark.parametrize(("value", "call"), CALLS)
def test_output_tensor(value: str, call: str, q: Session) -> None:
    q.interpreter(f"o:tensor {value}")
    t = objects.need(q.interpreter("o"), "tensor", name="o").obj
    size, stride, shown = t.shape, t.stride(), row(q, "o")
    for _ in range(3):
        failing(q, call)
        assert (t.shape, t.stride()) == (size, stride)
        assert row(q, "o") == shown


@pytest.mark.parametrize("call", VECTORS)
def test_output_vector(call: str, q: Session) -> None:
    """The first entry could take its result, the second could not."""
    q.interpreter("v:vector(0 0f;0 0x;0 0i)")
    before = [q.interpreter.console(f"{f} v") for f in ("size", "dtype")], row(q, "v")
    for _ in range(3):
        failing(q, call)
        assert ([q.interpreter.console(f"{f} v") for f in ("size", "dtype")], row(q, "v")) == before


def test_after_the_form_was_learnt(q: Session) -> None:
    """The same form of a call that worked before, with sizes that do not fit."""
    q.interpreter("o:tensor 2 2#0f; a:tensor 2 2#1 2 3 4f; b:tensor 2 2#1 2 3 4e")
    for name in ("matmul", "mm"):
        q.interpreter(f"{name}(a;a;o); {name}(a;a;o); use[o]1 2 3f")
        for _ in range(2):
            failing(q, f"{name}(a;b;o)")
            assert q.interpreter.console("tensor o") == "1 2 3f\n"
        q.interpreter("use[o]2 2#0f")


def test_part_of_a_larger_tensor(q: Session) -> None:
    """An output that shares memory keeps its strides."""
    q.interpreter("w:tensor 3 4#til 12; o:transpose w")
    failing(q, "matmul(2 2#1 2 3 4f;2 2#1 2 3 4e;o)")
    assert q.interpreter.console("stride o") == "1 4\n"
    assert q.interpreter.console("tensor o") == q.interpreter.console("flip 3 4#til 12")


KEPT = (
    "vector(v;0 9;(t;u))", "vector(v;0 -1 7;(t;1 2;u))", "dict(d;`a`b;(t;u))", "dict(d;`b;u)",
    "vector(t;`nosuch;u)", "dict(`a`b;(t;`nosuch))", "tensor(d;`a`nosuch)", "tensor(v;0 9)",
    "use[v](t;`nosuch)", "free(t;u;1 2)", "to(d;`nosuch)",
)


@pytest.mark.parametrize("call", KEPT)
def test_nothing_half_done(call: str, q: Session) -> None:
    """No pointer is freed or made, no entry replaced, where the rest of a list does not fit."""
    q.interpreter("v:vector(0 0f;1 2); d:dict`a`b!(tensor 1 2 3;tensor(1 2f;`grad))")
    q.interpreter("t:tensor 4 5; u:tensor 6 7 8f")
    show = ("obj[]", "vector v", "dict d", "tensor t", "tensor u")
    before = [q.interpreter.console(s) for s in show]
    failing(q, call)
    assert [q.interpreter.console(s) for s in show] == before
