"""Whatever is typed: a value or a q error that says what was wrong, and a whole session.

The generators are in `fuzz/`; `python -m fuzz.child KIND FIRST COUNT` there runs as many inputs
as one likes. Here run the first of each kind, and every function of the k api on odd values.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fuzz.call_oracle import ApiSession, spied
from fuzz.calls import NAMES

from kkernel.api import objects
from kkernel.q.errors import QError

HERE = Path(__file__).parent
ODD = ("()", "(::)", '"text"', "0Ng", "(1;`a;2f)", "([]a:1 2)", "{x+y}", "fs", "fu", "fk", "fo",
       "fx", "(fr;fr;fr;fr;fr;fr;fr)", "(fm;`nosuch;0N)")


@pytest.mark.parametrize(("kind", "count"), [
    ("programs", 300), ("mutations", 300), ("extremes", 25), ("calls", 60)])
def test_generated_inputs(kind: str, count: int) -> None:
    """In a process of its own, without rights and with little memory."""
    done = subprocess.run([sys.executable, "-m", "fuzz.child", kind, "0", str(count)], cwd=HERE,
                          capture_output=True, text=True, timeout=600)
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr[-2000:]
    assert [r for r in reports if r.get("wrong")] == []
    assert reports[-1]["done"] == count


@pytest.fixture
def session() -> Iterator[ApiSession]:
    yield ApiSession()
    objects.free_all()


def standing() -> list[Any]:
    """Every object, and of tensors what `obj[]` shows."""
    return [(h.ptr, id(h.obj), getattr(h.obj, "shape", None), getattr(h.obj, "dtype", None),
             len(h.obj) if isinstance(h.obj, (list, dict)) else 0) for h in objects.live()]


@pytest.mark.parametrize("odd", ODD)
def test_every_function_of_the_api_on_odd_values(odd: str, session: ApiSession) -> None:
    run, wrong = session.interpreter, []
    for name in NAMES:
        before = standing()
        with spied() as careless:
            try:
                run(f"{name}[{odd}]")
                continue
            except QError as e:
                message = e.message
        wrong += [f"{name}: {c}" for c in careless]
        if not message.strip():
            wrong.append(f"{name}: an error without words")
        if standing() != before:
            wrong.append(f"{name}: objects changed")
    assert not wrong
