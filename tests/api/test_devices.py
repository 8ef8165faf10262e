"""Devices: where none is, clear refusals; where one is, everything moves and stays there.

No test machine needs a GPU: torch's `meta` device, which keeps shapes and types only, stands in
for a second device.  The tests of real ones run where there is one.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from kkernel.api import objects
from kkernel.api.tensor import tensor_options
from kkernel.q.errors import QError
from kkernel.session import Session

META = torch.device("meta")
real = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
without = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")


@pytest.fixture
def q() -> Iterator[Session]:
    yield Session(write=lambda text: None)
    objects.free_all()


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second device under the symbol `cuda:9."""
    monkeypatch.setitem(tensor_options.DEVICES, "cuda:9", META)
    monkeypatch.setitem(tensor_options.OPTION_SYMBOLS, "cuda:9", ("device", META))


def tensor(q: Session, source: str) -> torch.Tensor:
    return objects.need(q.interpreter(source), "tensor", name="test").obj


# ---------------------------------------------------------------- no device

@without
@pytest.mark.parametrize(("source", "message"), [
    ("tensor(1 2;`cuda)", "unrecognized tensor option: `cuda, the devices here are `cpu"),
    ("tensor(`zeros;2;`cuda:0)", "unrecognized tensor option: `cuda:0, the devices here are `cpu"),
    ("to(tensor 1 2;`cuda`double)", "unrecognized tensor option: `cuda, the devices here are `cpu"),
    ("copyto(tensor 1 2;`cuda:1)",
     "unrecognized tensor option: `cuda:1, the devices here are `cpu"),
    ("to(module enlist(`linear;1;1);`cuda)",
     "unrecognized tensor option: `cuda, the devices here are `cpu"),
    ("cudadevice[]", "no CUDA device available"),
    ("cudadevice`cuda:0", "no CUDA device available"),
    ("sync 0", "sync: device index 0 not valid, 0 CUDA device(s) available"),
    ("seed(`cuda;42)",
     "unrecognized arg(s) for seed, expected one of: device, seed or (device;seed)"),
])
def test_an_absent_device_is_named(source: str, message: str, q: Session) -> None:
    if torch.backends.mps.is_available():
        message = message.replace("`cpu", "`cpu `mps `mps:0")
    with pytest.raises(QError) as e:
        q.interpreter(source)
    assert e.value.message == message


@without
def test_without_cuda_there_is_nothing_to_list_or_wait_for(q: Session) -> None:
    assert q.interpreter("cudadevices[]") == 0 and len(q.interpreter("cudadevices()")) == 0
    assert q.interpreter.console("sync[];sync`cpu;sync`cuda") == ""


# ---------------------------------------------------------------- a second device

@pytest.mark.parametrize("source", [
    "tensor(1 2 3;`cuda:9)", "tensor(`zeros;2 3;`cuda:9)", "tensor(`arange;5;`cuda:9)",
    "copyto(tensor 1 2;`cuda:9`double)", "{to(x;`cuda:9);x}tensor 1 2",
    "{to(x;tensor(1 2;`cuda:9));x}tensor 1 2e", "tensor(`ones;tensor(1 2f;`cuda:9))",
])
def test_tensors_are_made_and_moved_there(source: str, q: Session, second: None) -> None:
    assert tensor(q, source).device == META


@pytest.mark.parametrize("source", [
    "mul(tensor(1 2f;`cuda:9);3 4f)", "mul(1 2f;tensor(3 4f;`cuda:9))",
    "mul(tensor(1 2f;`cuda:9);2)", "atan2(tensor(1 2f;`cuda:9);1)",
    "addmm(2 2#1f;2 2#1f;tensor(2 2#1f;`cuda:9))", "lerp(1 2f;tensor(3 4f;`cuda:9);.5)",
    "cat(tensor(1 2;`cuda:9);3 4)", "cat(1 2;tensor(3 4;`cuda:9))",
    "stack enlist(tensor(1 2;`cuda:9);3 4)", "pow(2;tensor(1 2f;`cuda:9))",
    "clamp(tensor(1 2f;`cuda:9);0;1)", "Sum(tensor(2 2#1f;`cuda:9);0)",
    "index(tensor(2 2#1f;`cuda:9);0;1 0)", "reshape(tensor(til 6;`cuda:9);2 3)",
    "linear(tensor(1 2f;`cuda:9);2 2#1f)", "softmax(tensor(2 2#1f;`cuda:9);1)",
    "zscore(tensor(1 2f;`cuda:9);1f;2f)", "pairwise(2 2#1f;tensor(2 2#2f;`cuda:9))",
    "lusolve(tensor(2 1#1f;`cuda:9);tensor(2 2#1f;`cuda:9);1 2i)",
])
def test_arrays_follow_the_first_tensor(source: str, q: Session, second: None) -> None:
    assert tensor(q, source).device == META


def test_objects_tell_their_device(q: Session, second: None) -> None:
    run = q.interpreter
    assert run("device tensor(1 2;`cuda:9)") == "meta"
    run("v:vector(1 2;3 4);d:dict`a`b!(1 2;3 4);m:module enlist(`linear;2;1)")
    run("to(v;`cuda:9);to(d;`cuda:9);to(m;`cuda:9)")
    assert run("(all`meta=device v;all`meta=value device d;device m)")[2] == "meta"
    assert all(t.device == META for t in objects.need(run("v"), name="").obj)


def test_a_copy_back_that_fails_changes_nothing(q: Session, second: None) -> None:
    run = q.interpreter
    run("t:tensor(1 2f;`cuda:9)")
    before = run.console("obj[]")
    with pytest.raises(QError):
        run("tensor t")
    assert run.console("obj[]") == before


# ---------------------------------------------------------------- CUDA

@real
def test_cuda_calculates_what_the_cpu_does(q: Session) -> None:
    run = q.interpreter
    run("t:tensor(x:3 4#til 12;`cuda`double)")
    assert str(run("device t")).startswith("cuda") and run("(tensor t)~x")
    assert run("allclose(mm(x:4 4#\"f\"$til 16;x);tensor mm(tensor(x;`cuda);x))")
    assert run("cudadevices[]") >= 1 and run("cudadevice`cuda:0;cudadevice[]") == "cuda:0"
    assert run.console("sync[];sync t;sync 0;sync`cuda") == ""
    run("seed(`cuda;42)")
    assert run("seed`cuda") == 42


@real
@pytest.mark.parametrize("dtype", ["bool", "byte", "char", "short", "int", "long", "half", "float",
                                   "double", "cfloat"])
def test_values_come_back_from_cuda(dtype: str, q: Session) -> None:
    assert q.interpreter(f"(tensor tensor(0 1 1;`{dtype}`cuda))~tensor tensor(0 1 1;`{dtype})")
