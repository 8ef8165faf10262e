"""Calls that no page shows: every sample in every data type, as k values, pointers and both.

What PyTorch gives for the arguments decides: its value, type, shape and gradient flag, or its
error with the same words.  No call that fails leaves an object behind.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from samples import COMPARED, arguments, as_value, is_tensor, plain, same
from torch_reference import REFERENCE

from kkernel.api import objects
from kkernel.api.convert import to_q, to_tensor
from kkernel.api.declare import Function
from kkernel.q.errors import QError
from kkernel.q.values import Value, collapse, qtype
from kkernel.session import Session

Tensor = torch.Tensor
KTYPES = (torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64,
          torch.float32, torch.float64)
TYPES = (*KTYPES, torch.float16, torch.bfloat16, torch.complex64, torch.complex128)
MIXED = (torch.bool, torch.int32, torch.float64)
SOME = (*MIXED, torch.float16, torch.complex64)  # for further samples of a function
SAMPLES: dict[str, list[tuple[Function, str]]] = defaultdict(list)
for _f, _source in COMPARED:
    SAMPLES[_f.name].append((_f, _source))


class Call:
    """One call: the arguments as Python for torch, and as q values."""

    def __init__(self, f: Function, args: list[Value], dtype: torch.dtype, empty: bool) -> None:
        self.f, self.args = f, args
        self.tensors = {i: _converted(a, dtype, empty) for i, a in enumerate(args)
                        if is_tensor(f, i, a) and not _stays_number(f, i, a)}

    def expected(self) -> Any:
        given = [self.tensors[i].clone() if i in self.tensors else
                 a if _stays_number(self.f, i, a) else plain(a) for i, a in enumerate(self.args)]
        return REFERENCE[self.f.name](*given)

    def value(self, pointers: set[int]) -> Value:
        """The q value to call with: pointers at these places, k values elsewhere."""
        given = [objects.register("tensor", self.tensors[i].clone()) if i in pointers else
                 to_q(self.tensors[i]) if i in self.tensors else a
                 for i, a in enumerate(self.args)]
        return collapse(given) if len(given) > 1 else given[0]


def _converted(x: Value, dtype: torch.dtype, empty: bool) -> Tensor:
    t = to_tensor(x, own=True).to(dtype)
    return t[:0] if empty and t.ndim else t


def _stays_number(f: Function, i: int, x: Value) -> bool:
    return (f.name != "multidot" and qtype(x) < 0
            and f.params[min(i, len(f.params) - 1)].kind.word.endswith("number"))


def outcome(run: Callable[[], Any]) -> tuple[Any, str]:
    """(result, "") or (None, message)."""
    torch.manual_seed(7)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return run(), ""
    except QError as e:
        return None, e.message
    except Exception as e:
        return None, str(e).strip()


def calls(f: Function, source: str, types: Iterable[torch.dtype],
          q: Session) -> Iterator[tuple[str, Call, set[int]]]:
    """Every call that a sample gives: what it is, the call, and which arguments are pointers."""
    args = arguments(f, q.interpreter(source))
    for dtype in types:
        call = Call(f, args, dtype, False)
        everywhere = set(call.tensors)
        if dtype in KTYPES:
            yield f"{dtype} k values", call, set()
        yield f"{dtype} pointers", call, everywhere
        if dtype in MIXED and len(everywhere) > 1 and all(t.ndim for t in call.tensors.values()):
            yield from ((f"{dtype} pointer at {i}", call, {i}) for i in everywhere)
        if dtype in MIXED:
            yield f"{dtype} empty", Call(f, args, dtype, True), everywhere


def difference(call: Call, pointers: set[int]) -> str:
    """What differs from torch; empty if nothing does."""
    wanted, failure = outcome(call.expected)
    x = call.value(pointers)
    before = set(objects.pointers())
    got, message = outcome(lambda: call.f.call(x))
    if failure or message:
        left = set(objects.pointers()) - before
        return f"torch: {failure!r}, here: {message!r}" if failure != message else \
            "objects left after an error" if left else ""
    try:
        _check(call.f, got, wanted, bool(pointers))
    except AssertionError as e:
        return f"{got!r} is not {wanted!r} {e}"
    return ""


def agree(a: Tensor, b: Tensor) -> None:
    """Equal but for the noise that sums in another order leave."""
    assert a.dtype == b.dtype and a.shape == b.shape and a.requires_grad == b.requires_grad
    torch.testing.assert_close(a, b, equal_nan=True)


def nearly(x: Any, y: Any) -> bool:
    """Equal arrays, but for that noise."""
    near = {"f4": 1e-5, "f8": 1e-9}.get(x.dtype.str[1:])
    return np.array_equal(x, y) if near is None else bool(
        np.allclose(x, y, rtol=near, atol=near, equal_nan=True))


def _check(f: Function, got: Value, wanted: Any, pointer: bool) -> None:
    if not pointer or isinstance(wanted, bool):
        assert same(got, as_value(wanted), nearly)
    elif isinstance(wanted, Tensor):
        agree(objects.need(got, "tensor", name=f.name).obj, wanted)
    else:
        for a, b in zip(objects.need(got, "vector", name=f.name).obj, wanted, strict=True):
            agree(a, b)


@pytest.fixture(scope="module")
def q() -> Session:
    return Session()


@pytest.mark.parametrize("name", SAMPLES)
def test_every_form_and_type_gives_what_torch_gives(name: str, q: Session) -> None:
    wrong = []
    for n, (f, source) in enumerate(SAMPLES[name]):
        for what, call, pointers in calls(f, source, SOME if n else TYPES, q):
            found = difference(call, pointers)
            if found:
                wrong.append(f"{name}{source} {what}: {found}")
            objects.free_all()
    assert not wrong, "\n".join(wrong)
