"""State files: the same in every process and version, to the last bit; readable by others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn
from trained_net import bits, net, train

from kkernel.api import view
from kkernel.api.states import statefile, tensor_file
from kkernel.api.states.digest import digest
from kkernel.api.states.record import StateError

pytestmark = pytest.mark.usefixtures("seeded")

DATA = Path(__file__).parents[1] / "data"


def test_training_goes_on_in_another_process_to_the_last_bit(tmp_path: Path) -> None:
    model, optimizer = net()
    train(model, optimizer, 3)
    path = tmp_path / "m.safetensors"
    view.save(path, model, optimizer, note="after three")
    expected = train(model, optimizer, 4)
    program = (
        "import sys; sys.path.insert(0, sys.argv[2]); import torch\n"
        "from trained_net import net, train; from kkernel.api import view\n"
        "model, optimizer = net(); found = view.load(sys.argv[1], model, optimizer)\n"
        "assert found.same == found.tensors; print(train(model, optimizer, 4))"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path), str(DATA.parent)],
                          capture_output=True, text=True, check=True,
                          env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert json.loads(done.stdout) == expected


def test_a_file_says_what_it_is(tmp_path: Path) -> None:
    model, optimizer = net()
    train(model, optimizer, 2)
    path = tmp_path / "m.safetensors"
    size = view.save(path, model, optimizer, note="ü — two steps")
    info = view.inspect(path)
    assert (info.version, info.note, info.step, info.size) == (1, "ü — two steps", 2, size)
    assert info.modules[1] == (1, "linear", "0", (("in", "5"), ("out", "7"), ("bias", "1b")))
    assert abs(info.time - time.time()) < 60


def test_plain_pytorch_reads_it(tmp_path: Path) -> None:
    model, optimizer = net()
    train(model, optimizer, 1)
    path = tmp_path / "m.safetensors"
    view.save(path, model, optimizer)
    tensors = load_file(path)
    with safe_open(path, "pt") as file:
        assert file.metadata()["format"] == "pt"
    for name, tensor in model.state_dict().items():
        if name != "tied.weight":
            assert torch.equal(tensors[name], tensor), name
    other, _ = net()
    other.load_state_dict(tensors, strict=False)
    assert torch.equal(other[0].weight, model[0].weight)  # type: ignore[index]


@pytest.mark.parametrize("tensor", [
    torch.tensor(2.5), torch.empty(0, 3), torch.tensor([True, False, True]), torch.randn(3).half(),
    torch.randn(3).to(torch.bfloat16), torch.arange(5, dtype=torch.int8), torch.randn(4, 6).t(),
    torch.tensor([1 << 62]), torch.randn(2, dtype=torch.float64), torch.tensor([1 + 2j]),
    torch.randn(2, 1).expand(2, 5), torch.tensor([float("nan"), -0.0]),
])
def test_every_type_and_layout_survives(tensor: torch.Tensor, tmp_path: Path) -> None:
    path = tmp_path / "t.safetensors"
    tensor_file.write(path, {"a": tensor, "b": torch.ones(3, dtype=torch.uint8)}, {})
    with tensor_file.opened(path) as file:
        assert digest(file.tensors["a"]) == digest(tensor)


@pytest.mark.parametrize("name", ["__metadata__", "a:b", "optimizer:weight:step", "ü", '"', "'"])
def test_odd_parameter_names_survive(name: str, tmp_path: Path) -> None:
    model = nn.Module()
    model.register_parameter(name, nn.Parameter(torch.randn(3)))
    twin = nn.Module()
    twin.register_parameter(name, nn.Parameter(torch.zeros(3)))
    view.save(tmp_path / "m", model)
    view.load(tmp_path / "m", twin)
    assert bits(twin)[name] == bits(model)[name]


def test_slots_of_the_optimizer_are_written_in_place(tmp_path: Path) -> None:
    model, optimizer = net()
    train(model, optimizer, 3)
    view.save(tmp_path / "m", model, optimizer)
    wanted, slots = bits(model, optimizer), optimizer.state[model[0].weight]
    average, address = slots["exp_avg"], model[0].weight.data_ptr()
    version = model[0].weight._version
    train(model, optimizer, 2)
    found = view.load(tmp_path / "m", model, optimizer)
    assert bits(model, optimizer) == wanted and found.same == found.tensors == len(wanted)
    assert slots["exp_avg"] is average and model[0].weight.data_ptr() == address
    assert model[0].weight._version > version  # autograd knows


def test_a_file_that_changes_while_it_is_loaded_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, model, real = tmp_path / "m", nn.Linear(300, 300), statefile.apply

    def after_damage(*args: Any, **named: Any) -> Any:
        with open(path, "r+b") as file:  # in place: the digests were compared before
            file.seek(-5, os.SEEK_END)
            file.write(b"!")
        os.utime(path, (1, 1))
        return real(*args, **named)

    view.save(path, model)
    with tensor_file.opened(path) as file:
        assert file.unchanged()
    monkeypatch.setattr(statefile, "apply", after_damage)
    found = view.load(path, model)
    assert found.same == found.tensors - 1


def test_a_state_that_does_not_fit_changes_nothing(tmp_path: Path) -> None:
    model, optimizer = net()
    train(model, optimizer, 1)
    view.save(tmp_path / "m", model, optimizer)
    other = nn.Sequential(nn.Linear(5, 7))
    before = bits(other)
    with pytest.raises(StateError, match="the model has no"):
        view.load(tmp_path / "m", other)
    assert bits(other) == before


def test_files_of_every_released_version_load() -> None:
    files = sorted(DATA.glob("state_v*.safetensors"))
    assert len(files) == tensor_file.VERSION
    for path in files:
        model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
        optimizer = torch.optim.Adam(model.parameters(), 0.01)
        found = view.load(path, model, optimizer)
        assert found.same == found.tensors
        assert model[0].weight.tolist() == [[0.0, 0.25, 0.5], [0.75, 1.0, 1.25]]
        assert optimizer.param_groups[0]["lr"] == 0.5


if __name__ == "__main__":  # writes the golden file of this version; never overwrite a released one
    golden = DATA / f"state_v{tensor_file.VERSION}.safetensors"
    golden.parent.mkdir(exist_ok=True)
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    with torch.no_grad():
        model[0].weight.copy_(torch.arange(6.0).view(2, 3) / 4)
        model[0].bias.zero_()
    optimizer = torch.optim.Adam(model.parameters(), 0.5)
    statefile.save(golden, model, optimizer, note="golden")
