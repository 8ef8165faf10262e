"""Calls of the api in forms that no page shows, each beside what torch gives.

The tables in `tests/data` hold a q call and a Python expression a line: a tensor stands for a
pointer to it (with its type, shape, values and gradient flag), a tuple for a vector of tensors,
`k(..)` for the k value of tensors, anything else for itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from samples import same
from torch.nn import functional

from kkernel.api import objects
from kkernel.api.convert import list_to_q, to_q
from kkernel.q.functions import NULL
from kkernel.q.values import Value
from kkernel.session import Session

DATA = Path(__file__).parents[1] / "data"
TABLES = ("tensor_calls.tsv", "math_calls.tsv", "functional_calls.tsv")


def rows() -> Iterator[tuple[str, str]]:
    for name in TABLES:
        for line in (DATA / name).read_text().splitlines():
            if line and not line.startswith("# "):
                source, _, expression = line.partition("\t")
                yield source, expression


class KValue:
    """What a k value must be: that of a tensor, or of a list of them."""

    def __init__(self, wanted: Any) -> None:
        self.value = list_to_q(wanted) if isinstance(wanted, list) else to_q(wanted)


NAMES = {"T": torch, "F": functional, "k": KValue, "null": NULL, "inf": float("inf"),
         "nan": float("nan")}


@pytest.fixture(scope="module")
def q() -> Session:
    return Session(write=lambda text: None)


@pytest.mark.parametrize(("source", "expression"), rows())
def test_calls(source: str, expression: str, q: Session) -> None:
    torch.manual_seed(7)
    wanted = eval(expression, dict(NAMES))  # our own table
    torch.manual_seed(7)
    try:
        check(q.interpreter(source), wanted)
    finally:
        objects.free_all()


def check(got: Value, wanted: Any) -> None:
    if isinstance(wanted, torch.Tensor):
        agree(objects.need(got, "tensor", name="result").obj, wanted)
    elif isinstance(wanted, tuple):
        for a, b in zip(objects.need(got, "vector", name="result").obj, wanted, strict=True):
            agree(a, b)
    elif isinstance(wanted, KValue):
        assert same(got, wanted.value), f"{got!r} is not {wanted.value!r}"
    else:
        assert type(got) is type(wanted) and got == wanted


def agree(a: torch.Tensor, b: torch.Tensor) -> None:
    assert a.dtype == b.dtype and a.shape == b.shape and a.requires_grad == b.requires_grad
    torch.testing.assert_close(a.detach(), b.detach(), equal_nan=True)
