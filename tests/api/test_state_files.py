"""State files: whole or not there, checked to the last bit, readable by others, never executed."""

from __future__ import annotations

import json
import os
import random
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from kkernel.api import view
from kkernel.api.states import statefile, tensor_file
from kkernel.api.states.digest import digest, raw_digest
from kkernel.api.states.record import StateError
from kkernel.api.states.state_record import capture
from kkernel.q.files import atomic_file

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(9)
        yield


def net() -> tuple[nn.Module, torch.optim.Optimizer]:
    model = nn.Sequential(nn.Linear(5, 7), nn.BatchNorm1d(7), nn.Tanh(), nn.Dropout(0.2),
                          nn.Linear(7, 5), nn.Linear(5, 5))
    model[4].register_buffer("passing", torch.ones(2), persistent=False)
    model.add_module("tied", nn.Linear(5, 5))
    model.tied.weight = model[5].weight  # type: ignore[union-attr]
    return model, torch.optim.Adam(model.parameters(), 0.01)


def train(model: nn.Module, optimizer: Any, steps: int) -> list[float]:
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = model(torch.randn(8, 5)).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def bits(model: nn.Module, optimizer: Any = None) -> dict[str, str]:
    return {str(key): digest(t) for key, t in capture(model, optimizer).tensors.items()}


# --------------------------------------------------------------------------- round trip


def test_training_goes_on_in_another_process_to_the_last_bit(tmp_path: Path) -> None:
    model, optimizer = net()
    train(model, optimizer, 3)
    path = tmp_path / "m.safetensors"
    view.save(path, model, optimizer, note="after three")
    expected = train(model, optimizer, 4)
    program = (
        "import sys; sys.path.insert(0, sys.argv[2]); import torch\n"
        "from test_state_files import net, train; from kkernel.api import view\n"
        "model, optimizer = net(); found = view.load(sys.argv[1], model, optimizer)\n"
        "assert found.same == found.tensors; print(train(model, optimizer, 4))"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path), str(Path(__file__).parent)],
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


# --------------------------------------------------------------------------- damage


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    model, optimizer = net()
    train(model, optimizer, 1)
    path = tmp_path / "m.safetensors"
    view.save(path, model, optimizer)
    return path


def refused(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(StateError) as error:
        view.read_state(path)
    return str(error.value)


def test_every_flipped_bit_is_found(saved: Path) -> None:
    data = saved.read_bytes()
    choose = random.Random(1)
    places = {*range(256), *(choose.randrange(8 * len(data)) for _ in range(700))}
    for place in places:
        damaged = bytearray(data)
        damaged[place // 8] ^= 1 << place % 8
        refused(saved, bytes(damaged))


def test_every_cut_and_every_addition_is_found(saved: Path) -> None:
    data = saved.read_bytes()
    choose = random.Random(2)
    for length in {*range(20), len(data) - 1, *(choose.randrange(len(data)) for _ in range(200))}:
        assert "cut off" in refused(saved, data[:length])
    for more in (b"\0", b"x" * 100, data):
        assert "more than were written" in refused(saved, data + more)


def test_zeroed_runs_are_found(saved: Path) -> None:
    data = saved.read_bytes()
    choose = random.Random(3)
    for _ in range(200):
        start = choose.randrange(len(data))
        run = data[start : start + choose.randrange(1, 4096)]
        if any(run):
            refused(saved, data[:start] + bytes(len(run)) + data[start + len(run) :])


def with_header(header: dict[str, Any] | bytes, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def sealed(entries: dict[str, Any], manifest: dict[str, Any], body: bytes = b"") -> bytes:
    """A file with a right digest of its header, whatever the header says."""
    metadata = {"kkernel": json.dumps(manifest), "kkernel.header": tensor_file.ZEROS}
    text = json.dumps({"__metadata__": metadata, **entries}, separators=(",", ":")).encode()
    text = text.replace(tensor_file.ZEROS.encode(), raw_digest(text).encode())
    return with_header(text, body)


F32 = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
MANIFEST = {"version": 1, "digests": {}, "places": {}, "ties": {}, "optimizer": None, "step": None,
            "note": "", "time": 0.0, "modules": []}

HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "text": b"hello, I am no tensor file at all",
    "a pickle": b"\x80\x04\x95" + b"cos\nsystem\n(S'touch /tmp/pwned'\ntR." * 3,
    "a zip": b"PK\x03\x04" + bytes(100),
    "length 2^63": struct.pack("<Q", 1 << 63) + b"{}",
    "length -1": b"\xff" * 8 + b"{}",
    "header longer than the file": struct.pack("<Q", 5000) + b"{}",
    "no json": with_header(b"{{{{"),
    "not a dictionary": with_header(b"[]"),
    "bad utf-8": with_header(b'{"\xff\xfe": 1}'),
    "deep": with_header(b"[" * 200_000),
    "deep dictionaries": with_header(b'{"a":' * 100_000),
    "a long number": with_header(b'{"a":' + b"9" * 100_000 + b"}"),
    "infinity": with_header(b'{"a":Infinity}'),
    "nan": with_header(b'{"a":NaN}'),
    "a name twice": with_header(b'{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},'
                                b'"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
    "overlap": with_header({"a": F32, "b": F32}, bytes(4)),
    "gap": with_header({"a": F32, "b": {**F32, "data_offsets": [8, 12]}}, bytes(12)),
    "beyond the end": with_header({"a": {**F32, "shape": [100], "data_offsets": [0, 400]}}),
    "backwards": with_header({"a": {**F32, "data_offsets": [4, 0]}}, bytes(4)),
    "negative": with_header({"a": {**F32, "shape": [-1], "data_offsets": [0, -4]}}, bytes(4)),
    "a shape of 2^70": with_header({"a": {**F32, "shape": [1 << 35, 1 << 35]}}, bytes(4)),
    "a shape with 2^62 twice": with_header({"a": {**F32, "shape": [1 << 61, 4]}}, bytes(4)),
    "shape of text": with_header({"a": {**F32, "shape": ["1"]}}, bytes(4)),
    "shape of booleans": with_header({"a": {**F32, "shape": [True]}}, bytes(4)),
    "shape of floats": with_header({"a": {**F32, "shape": [1.0]}}, bytes(4)),
    "a thousand dimensions": with_header({"a": {**F32, "shape": [1] * 1000}}, bytes(4)),
    "unknown type": with_header({"a": {**F32, "dtype": "PICKLE"}}, bytes(4)),
    "type of number": with_header({"a": {**F32, "dtype": 3}}, bytes(4)),
    "offsets of three": with_header({"a": {**F32, "data_offsets": [0, 4, 8]}}, bytes(4)),
    "entry is a list": with_header({"a": [1, 2]}),
    "entry is null": with_header({"a": None}),
    "metadata is a list": with_header({"__metadata__": [1]}),
    "metadata of numbers": with_header({"__metadata__": {"a": 1}}),
    "ours without a digest": with_header({"__metadata__": {"kkernel": json.dumps(MANIFEST)}}),
    "ours with a wrong digest": with_header(
        {"__metadata__": {"kkernel": "{}", "kkernel.header": "0" * 32}}),
    "manifest no json": sealed({}, {}).replace(b"{}", b"{,"),
    "manifest empty": sealed({}, {}),
    "version text": sealed({}, {**MANIFEST, "version": "1"}),
    "version 0": sealed({}, {**MANIFEST, "version": 0}),
    "version true": sealed({}, {**MANIFEST, "version": True}),
    "from the future": sealed({}, {**MANIFEST, "version": 2}),
    "no digests": sealed({"a": F32}, MANIFEST, bytes(4)),
    "a wrong digest": sealed({"a": F32}, {**MANIFEST, "digests": {"a": "0" * 32}}, bytes(4)),
    "digests a list": sealed({}, {**MANIFEST, "digests": []}),
    "no places": sealed({}, {k: v for k, v in MANIFEST.items() if k != "places"}),
    "places elsewhere": sealed({}, {**MANIFEST, "places": {"b": ["module", "b", ""]}}),
    "ties a list": sealed({}, {**MANIFEST, "ties": [1]}),
    "ties of numbers": sealed({}, {**MANIFEST, "ties": {"a": 1}}),
    "optimizer a number": sealed({}, {**MANIFEST, "optimizer": 3}),
    "optimizer half": sealed({}, {**MANIFEST, "optimizer": {"type": "Adam"}}),
    "time text": sealed({}, {**MANIFEST, "time": "soon"}),
    "step text": sealed({}, {**MANIFEST, "step": "1"}),
    "modules odd": sealed({}, {**MANIFEST, "modules": [[1, 2]]}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_in_words(name: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile.safetensors"
    message = refused(path, HOSTILE[name])
    assert message.startswith(str(path))
    assert len(message) - len(str(path)) < 250
    assert not os.path.exists("/tmp/pwned")


def test_hostile_settings_of_an_optimizer_change_nothing(tmp_path: Path) -> None:
    model, optimizer = net()
    train(model, optimizer, 1)
    state = capture(model, optimizer)
    assert state.optimizer is not None
    state.optimizer["groups"][0]["settings"]["lr"] = {"tensor": "not there"}
    view.save_state(tmp_path / "m", state)
    before = bits(model, optimizer)
    train(model, optimizer, 1)
    middle = bits(model, optimizer)
    with pytest.raises(StateError, match="lr"):
        view.load(tmp_path / "m", model, optimizer)
    assert bits(model, optimizer) == middle != before


def test_folders_pipes_and_missing_files(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        view.read_state(tmp_path)
    with pytest.raises(FileNotFoundError):
        view.read_state(tmp_path / "none")
    with pytest.raises(StateError, match="not a regular file"):
        view.read_state(Path("/dev/zero"))
    with pytest.raises(OSError):
        view.save(tmp_path / "no" / "folder", nn.Linear(1, 1))


def test_another_programs_file_is_no_state_but_its_weights_can_be_imported(tmp_path: Path) -> None:
    model = nn.Linear(3, 2)
    save_file(dict(model.state_dict()), tmp_path / "w.safetensors")
    with pytest.raises(StateError, match="can be imported"):
        view.read_state(tmp_path / "w.safetensors")
    twin = nn.Linear(3, 2)
    view.import_weights(tmp_path / "w.safetensors", twin)
    assert torch.equal(twin.weight, model.weight)


def test_weights_of_pytorch_files_are_imported_without_running_anything(tmp_path: Path) -> None:
    model, _ = net()
    torch.save(model.state_dict(), tmp_path / "w.pt")
    twin, _ = net()
    view.import_weights(tmp_path / "w.pt", twin)
    assert bits(twin) == bits(model)

    class Bad:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {tmp_path}/ran",)

    torch.save({"a": Bad()}, tmp_path / "bad.pt")
    with pytest.raises(StateError):
        view.import_weights(tmp_path / "bad.pt", twin)
    assert not (tmp_path / "ran").exists()


# --------------------------------------------------------------------------- writing whole


def test_an_existing_files_mode_and_link_are_kept(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    view.save(real, nn.Linear(1, 1))
    os.chmod(real, 0o640)
    link.symlink_to(real)
    view.save(link, nn.Linear(2, 2))
    assert link.is_symlink() and real.stat().st_mode & 0o777 == 0o640
    view.load(real, nn.Linear(2, 2))


def test_a_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        view.save(tmp_path / "m", nn.Linear(1, 1))
    finally:
        os.umask(old)
    assert (tmp_path / "m").stat().st_mode & 0o777 == 0o640


class Failing:
    """Counts the calls of the operating system that a save makes, and fails one of them."""

    def __init__(self, at: int, error: int) -> None:
        self.calls, self.at, self.error = 0, at, error

    def __call__(self, real: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            if self.calls == self.at:
                raise OSError(self.error, os.strerror(self.error))
            return real(*args, **kwargs)

        return call


@pytest.mark.parametrize("error", [28, 5])  # no space left; input/output error
def test_an_error_at_any_moment_leaves_the_old_file(
    error: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.safetensors"
    view.save(path, nn.Linear(3, 3), note="old")
    old = path.read_bytes()
    for at in range(1, 30):
        failing = Failing(at, error)
        with monkeypatch.context() as patch:
            patch.setattr(atomic_file, "write_all", failing(atomic_file.write_all))
            patch.setattr(tensor_file, "write_all", failing(tensor_file.write_all))
            patch.setattr(os, "fsync", failing(os.fsync))
            patch.setattr(os, "replace", failing(os.replace))
            try:
                view.save(path, nn.Linear(3, 3), note="new")
            except OSError:
                assert path.read_bytes() == old or view.inspect(path).note == "new"
            else:
                break
        assert os.listdir(tmp_path) == [path.name]
    assert view.inspect(path).note == "new" and at > 4


def test_short_writes_are_completed() -> None:
    class Slow:
        def __init__(self) -> None:
            self.data = b""

        def write(self, view: memoryview) -> int:
            part = bytes(view[:3])
            self.data += part
            return len(part)

    file = Slow()
    atomic_file.write_all(file, memoryview(np.arange(10, dtype="i4")))  # type: ignore[arg-type]
    assert file.data == np.arange(10, dtype="i4").tobytes()


KILLER = """
import os, signal, sys
import torch
from torch import nn
from kkernel.api import view
from kkernel.api.states import tensor_file
from kkernel.q.files import storage

path = sys.argv[1]
save = view.save if path.endswith("safetensors") else lambda p, m: view.save_kdb(
    p, view.capture(m), m)
models = [nn.Linear(400, 400) for _ in range(2)]
for value, model in enumerate(models):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(value)

def found():
    live = nn.Linear(400, 400)
    shelf = view.snapshots_of(live)
    shelf.add("x", view.read_any(path, live)[0])
    assert shelf.restore("x").same == len(view.read_any(path, live)[0].tensors)
    values = {float(v) for p in live.parameters() for v in p.detach().unique()}
    assert len(values) == 1, values
    return values.pop()

def dying(at):
    calls = 0
    def counted(real):
        def call(*args, **kwargs):
            nonlocal calls
            calls += 1
            if calls == at:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)
        return call
    for name in ("open", "write", "fsync", "replace", "rename", "close", "fchmod", "chmod", "stat"):
        setattr(os, name, counted(getattr(os, name)))
    for module in (storage, tensor_file):  # each write, and after each
        module.write_all = counted(lambda f, data, real=module.write_all: (
            real(f, data[: len(data) // 2]), counted(real)(f, data[len(data) // 2 :])))

save(path, models[0])
outcomes, at = [], 0
while True:
    at += 1
    save(path, models[0])
    child = os.fork()
    if not child:
        dying(at)
        save(path, models[1])
        os._exit(0)
    _, status = os.waitpid(child, 0)
    outcomes.append(found())
    if os.WIFEXITED(status):
        break
save(path, models[0])
assert os.listdir(os.path.dirname(path)) == [os.path.basename(path)], os.listdir(
    os.path.dirname(path))
print(at, *outcomes)
"""


@pytest.mark.parametrize("name", ["m.safetensors", "m.kdb"])
def test_a_save_killed_at_any_moment_leaves_the_old_or_the_new_file(
    name: str, tmp_path: Path
) -> None:
    """The process is killed before its first, second, third ... call of the system, until none is
    left; what it leaves is one of the two states, whole."""
    folder = tmp_path / "only"
    folder.mkdir()
    done = subprocess.run([sys.executable, "-c", KILLER, str(folder / name)], check=True,
                          capture_output=True, text=True, env={**os.environ,
                                                               "OMP_NUM_THREADS": "1"})
    at, *outcomes = map(float, done.stdout.split())
    assert at > 5 and outcomes[0] == 0 and outcomes[-1] == 1
    assert outcomes == sorted(outcomes), "old until a moment, new from then on"


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    size = view.save(tmp_path / "m", nn.Linear(10, 10), progress=lambda *a: told.append(a))
    assert told[-1] == (size, size)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


if __name__ == "__main__":  # writes the golden file of this version; never overwrite a released one
    golden = DATA / f"state_v{tensor_file.VERSION}.safetensors"
    golden.parent.mkdir(exist_ok=True)
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    with torch.no_grad():
        model[0].weight.copy_(torch.arange(6.0).view(2, 3) / 4)
        model[0].bias.zero_()
    optimizer = torch.optim.Adam(model.parameters(), 0.5)
    statefile.save(golden, model, optimizer, note="golden")
