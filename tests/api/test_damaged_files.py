"""State files that are damaged, hostile or of others: refused in words, never executed."""

from __future__ import annotations

import json
import os
import random
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from trained_net import bits, net, train

from kkernel.api import view
from kkernel.api.states import tensor_file
from kkernel.api.states.digest import raw_digest
from kkernel.api.states.record import StateError
from kkernel.api.states.state_record import capture

pytestmark = pytest.mark.usefixtures("seeded")


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
