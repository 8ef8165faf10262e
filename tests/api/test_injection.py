"""Failures inside torch, injected at every function of the k api.

From its k-th call on every operation of torch raises.  The function signals a q error, and every
pointer that was there still is, with the same object behind it.
"""

from __future__ import annotations

from typing import Any

import pytest
from torch.utils._python_dispatch import TorchDispatchMode

from kkernel.api.declare import FUNCTIONS
from kkernel.api.objects import free_all, live
from kkernel.session import Session

CALLS = (1, 3)


class Failing(TorchDispatchMode):
    """Raises from the k-th operation on."""

    def __init__(self, k: int, error: Exception) -> None:
        super().__init__()
        self.left, self.error = k, error

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.left -= 1
        if self.left <= 0:
            raise self.error
        return func(*args, **(kwargs or {}))


@pytest.fixture(scope="module")
def session() -> Session:
    made = Session(lambda _: None, lambda _: None)
    made.load_api()
    return made


def held() -> dict[int, tuple[str, int]]:
    return {handle.ptr: (handle.kind, id(handle.obj)) for handle in live()}


def failure(session: Session, lines: list[str], k: int, error: Exception) -> tuple[bool, str]:
    """Run an example, its last line with failures: did one strike, and what is wrong then."""
    free_all()
    for line in lines[:-1]:
        session.execute(line)
    before = held()
    with Failing(k, error) as mode:
        found = session.execute(lines[-1])
    if mode.left > 0:
        return False, ""
    expected = "wsfull" if isinstance(error, MemoryError) else "injected"
    if found is None or found.message != expected:
        return True, f"{lines[-1]}: {found.message if found else 'no error'} at operation {k}"
    lost = before.items() - held().items()
    return True, f"{lines[-1]}: lost {lost} at operation {k}" if lost else ""


@pytest.mark.parametrize("error", [RuntimeError("injected"), MemoryError()], ids=repr)
def test_every_function_survives(session: Session, error: Exception) -> None:
    wrong, struck = [], 0
    for name, function in FUNCTIONS.items():
        lines = list(function.examples)
        asked = next((i for i, line in enumerate(lines) if name in line), len(lines) - 1)
        for k in CALLS:
            hit, words = failure(session, lines[:asked + 1], k, error)
            struck += hit
            if words:
                wrong.append(f"{name}: {words}")
            if not hit:
                break
    free_all()
    assert wrong == []
    assert struck > len(FUNCTIONS)
