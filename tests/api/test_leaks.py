"""No leaks: what is made and freed, and what fails, leaves neither objects nor memory behind."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from kkernel.api import objects
from kkernel.session import Session

STATM = Path("/proc/self/statm")
BATCH = 4000  # calls; a leak of one tensor a call would show as more than a megabyte
ROUNDS = 6

# what is made and freed again, and what fails
CYCLES = {
    "tensor": "free tensor x",
    "result": "free mul(t;x)",
    "several": "{v:vector(x;x);free tensor v;free v}x",
    "vector": "free vector(x;x)",
    "dictionary": "free dict`a`b!(x;x)",
    "return": "return add(t;x)",
    "use": "use[t]x",
    "output": "mul(x;x;t)",
    "gradient": "{m:mul(w;w);backward g:Sum m;free(g;m);zerograd w}[]",
    "view": "free reshape(t;10 10)",
    "random": "free tensor(`randn;100)",
    "sparse": "free sparse t",
    "module": "free module enlist(`linear;3;2)",
    "ragged": "@[tensor;(1 2;3 4 5);{}]",
    "refused": "@[mul;(t;2;3);{}]",
    "sizes": "@[mm;(t;t);{}]",
    "stale": "@[tensor;p;{}]",
    "output refused": "@[mul;(x;x;i);{}]",
}


@pytest.fixture
def q() -> Iterator[Session]:
    session = Session(write=lambda text: None)
    run = session.interpreter
    run("x:til 100;t:tensor x;i:tensor 1b;w:tensor(1 2 3f;`grad);p:tensor 1;free p")
    yield session
    objects.free_all()


def resident() -> int:
    """Bytes of memory that this process holds."""
    return int(STATM.read_text().split()[1]) * 4096


@pytest.mark.parametrize("cycle", CYCLES)
def test_the_table_of_objects_is_as_before(cycle: str, q: Session) -> None:
    source = CYCLES[cycle]
    before = q.interpreter.console("obj[]")
    q.interpreter(source)
    assert q.interpreter.console("obj[]") == before


@pytest.mark.parametrize("cycle", CYCLES)
def test_tensors_go_with_their_pointers(cycle: str, q: Session) -> None:
    q.interpreter(CYCLES[cycle])
    gc.collect()
    before = living()
    q.interpreter(f"do[20;{CYCLES[cycle]}]")
    gc.collect()
    assert living() == before


def living() -> int:
    return sum(isinstance(o, torch.Tensor) for o in gc.get_objects())


@pytest.mark.skipif(not STATM.exists(), reason="no /proc")
def test_memory_stays_flat(q: Session) -> None:
    run = q.interpreter
    every = ";".join(CYCLES[c] for c in ("tensor", "result", "vector", "dictionary", "ragged",
                                         "refused", "sizes"))
    run(f"cycle:{{[x;t]{every}}}")
    run(f"do[{BATCH};cycle[x;t]]")
    gc.collect()
    before, grown = resident(), []
    for _ in range(ROUNDS):
        run(f"do[{BATCH};cycle[x;t]]")
        gc.collect()
        grown.append(resident() - before)
    assert min(grown[ROUNDS // 2:]) < 1 << 20, grown
