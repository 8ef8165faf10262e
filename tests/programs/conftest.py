"""Programs in q files, run as scripts and as cells."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from kkernel.session import Session

ROOT = Path(__file__).resolve().parents[2]


def as_script(folder: Path, file: str) -> str:
    """What `kkernel file.q` prints, started in the folder above."""
    done = subprocess.run(
        [sys.executable, "-m", "kkernel", f"{folder.name}/{file}"], cwd=folder.parent, text=True,
        capture_output=True, timeout=240, stdin=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def as_cell(folder: Path, file: str) -> str:
    """What the text prints as one cell of a notebook in the folder."""
    before = Path.cwd()
    written: list[str] = []
    session = Session(written.append, written.append)
    os.chdir(folder)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        session.run((folder / file).read_text())
    finally:
        torch.set_num_threads(threads)
        os.chdir(before)
    return "".join(written)


@pytest.fixture(params=[as_script, as_cell], ids=["script", "cell"])
def printed(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., str]:
    """What a program prints, as a script and as a cell."""

    def run(files: dict[str, str | bytes]) -> str:
        """The text that the first of these files prints."""
        folder = tmp_path / "programs"
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        text: str = request.param(folder, next(iter(files)))
        return text

    return run
