"""Every notebook of the course runs from top to bottom, and prints what is stored in it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
ADDRESS = re.compile(r"\b\d{11,}\b|\b\d+\.\.$", re.M)  # whole, or cut at the console's width
PANELS = (".ui.spec", ".ui.hist", ".ui.init", ".ui.state")
NUMBER = re.compile(r"-?\d+\.\d+(?:e[-+]\d+)?")


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A copy of the notebooks with their data, so that a run changes nothing here."""
    return Path(shutil.copytree(FOLDER, tmp_path / "notebooks"))


@pytest.mark.parametrize("name", [n.name for n in NOTEBOOKS])
def test_notebook(name: str, course: Path) -> None:
    """Runs without an error that is not meant, and prints the stored text.

    Addresses differ from run to run; decimals may differ in the third digit between processors
    after training.
    """
    stored = nbformat.read(course / name, as_version=4)
    fresh = nbformat.read(course / name, as_version=4)
    NotebookClient(fresh, timeout=300, kernel_name="kkernel",
                   resources={"metadata": {"path": str(course)}}).execute()
    for before, after in zip(stored.cells, fresh.cells, strict=True):
        if before.cell_type == "code":
            _same(_console(before), _console(after), before.source)


def test_course_is_there() -> None:
    assert [n.stem[:2] for n in NOTEBOOKS] == ["00", "01", "02", "03"]


def test_stored_notebooks_show_panels_without_a_kernel() -> None:
    """Each panel is stored as static HTML too, without scripts; the live form is not stored, which
    would stand in its place, of an old version and without a kernel."""
    for path in NOTEBOOKS:
        notebook = nbformat.read(path, as_version=4)
        assert "widgets" not in notebook.metadata, path.name
        cells = notebook.cells
        panels = [c for c in cells if c.cell_type == "code" and c.source.startswith(PANELS)]
        assert panels, path.name
        for cell in panels:
            html = [o.data["text/html"] for o in cell.outputs if "text/html" in o.get("data", {})]
            assert html and "<table" in html[0] and "<script" not in html[0], path.name


def _console(cell: Any) -> str:
    """The console text of a cell; panels are left out (their text has times and sizes)."""
    if cell.source.startswith(".ui."):
        return ""
    parts = []
    for out in cell.outputs:
        if out.output_type == "stream":
            parts.append(out.text)
        elif out.output_type == "error":
            parts.append("\n".join(out.traceback))
        elif "text/plain" in out.data:  # the others, such as progress, come as time demands
            parts.append(out.data["text/plain"] + "\n")
    return ADDRESS.sub("<address>", "".join(parts))


def _same(expected: str, printed: str, source: str) -> None:
    assert NUMBER.sub("#", _squeezed(printed)) == NUMBER.sub("#", _squeezed(expected)), source
    for a, b in zip(NUMBER.findall(expected), NUMBER.findall(printed), strict=True):
        assert float(b) == pytest.approx(float(a), rel=0.02, abs=0.02), source


def _squeezed(text: str) -> str:
    """Blanks and rules as one blank: the widths of columns follow the numbers in them."""
    return "\n".join(re.sub(r"[ -]+", " ", line).strip() for line in text.split("\n"))
