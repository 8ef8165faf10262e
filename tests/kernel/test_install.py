"""The kernelspec: shipped with the package, and written by the install command."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from kkernel.__main__ import main
from kkernel.kernel.install import install, shipped_spec

FILES = {"kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"}


def test_the_shipped_spec_is_whole() -> None:
    folder = shipped_spec()
    assert {f.name for f in folder.iterdir()} >= FILES
    spec = json.loads((folder / "kernel.json").read_text())
    assert (spec["display_name"], spec["language"]) == ("K (PyTorch)", "q")
    assert (folder / "logo-64x64.png").read_bytes()[16:24] == (64).to_bytes(4) * 2


def test_install_writes_this_interpreter(tmp_path: Path) -> None:
    place = Path(install("other", "Another", str(tmp_path)))
    assert place == tmp_path / "share" / "jupyter" / "kernels" / "other"
    assert {f.name for f in place.iterdir()} >= FILES
    spec = json.loads((place / "kernel.json").read_text())
    assert spec["argv"] == [sys.executable, "-m", "kkernel.kernel", "-f", "{connection_file}"]
    assert spec["display_name"] == "Another"


def test_install_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["install", "--prefix", str(tmp_path)]) == 0
    assert str(tmp_path) in capsys.readouterr().out
    assert (tmp_path / "share/jupyter/kernels/kkernel/kernel.json").is_file()


def test_install_for_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    assert main(["install", "--user", "--name", "mine"]) == 0
    assert (tmp_path / "kernels" / "mine" / "kernel.json").is_file()


@pytest.mark.parametrize("name", ["a/b", "../x", "a b"])
def test_impossible_names_are_refused(name: str, tmp_path: Path,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["install", "--prefix", str(tmp_path), "--name", name]) == 1
    assert "kkernel install:" in capsys.readouterr().err


def test_a_place_that_cannot_be_written(tmp_path: Path,
                                        capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "share").write_text("a file")
    assert main(["install", "--prefix", str(tmp_path)]) == 1
    assert "kkernel install:" in capsys.readouterr().err
