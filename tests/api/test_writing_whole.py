"""A save that fails or is killed leaves the old file or the new one, whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import nn

from kkernel.api import view
from kkernel.api.states import tensor_file
from kkernel.q.files import atomic_file

pytestmark = pytest.mark.usefixtures("seeded")


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
