"""Undefined tensors: `::` in a vector or dictionary, and a pointer to one, given to everything."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from kkernel import api
from kkernel.api import objects
from kkernel.api.declare import FUNCTIONS
from kkernel.q.errors import QError
from kkernel.session import Session

api.load()
# u: undefined, t: a matrix, v, d: a vector and a dictionary with one undefined, m: a module
SET = ("u:tensor(::);t:tensor(1 2f;3 4f);v:vector(1 2f;(::));d:dict`a`b!(1 2f;(::));"
       "m:module enlist(`linear;2;2)")
CALLS = ("[u]", "[enlist u]", "(u;0)", "(u;u)", "(t;u)", "(u;t)", "(u;0;1)", "(t;0;u)", "(u;2 2)",
         "(u;`double)", "(t;t;u)", "(u;u;u)", "(v;0)", "[v]", "(v;v)", "[d]", "(d;`b)", "(1 2f;u)",
         "(u;1b)", "(u;0;1;2)", "(u;::)", "(m;u)", "(u;m)", "[m]", "(t;m)", "(t;t;m)")
ALONE = ("free", "png", "seed", "use")  # what these do outlasts the call
PYTHON = re.compile(r"NoneType|object has no|must be Tensor|not iterable|not subscriptable|"
                    r"unhashable|not callable|unexpected keyword|Traceback")


@pytest.fixture(scope="module")
def q() -> Iterator[Session]:
    session = Session(write=lambda text: None, write_error=lambda text: None)
    session.load_api()
    yield session
    objects.free_all()


@pytest.mark.parametrize("name", [n for n in FUNCTIONS if n not in ALONE])
def test_undefined_and_other_objects_are_refused_in_words(name: str, q: Session) -> None:
    for call in CALLS:
        objects.free_all()
        q.interpreter(SET)
        before = set(objects.pointers())
        try:
            q.interpreter(name + call)
        except QError as e:
            assert not PYTHON.search(e.message), f"{name}{call}: {e.message}"
            assert set(objects.pointers()) <= before, f"{name}{call} leaves an object"


def test_undefined_tensors_are_items_and_values(q: Session) -> None:
    run = q.interpreter
    run(SET)
    assert run("defined v").tolist() == [True, False]
    assert q.interpreter.console("dict d") == "a| 1 2f\nb| ::\n"
    assert run("(::)~tensor u") is True
    run("use[t](::)")
    assert run("defined t") is False
    run("use[t]1 2")
    assert run("tensor t").tolist() == [1, 2]
