"""q cells in JupyterLab, as a person meets them: colours, results, errors, Stop, completion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .front_end import Notebook, Server

CELLS = ["a:til 3\na\nselect from([]b:1 2)", "1+`x", "while[1b;]", "a"]


@pytest.fixture(scope="module")
def notebook(browser: Any, server: Server) -> Iterator[Notebook]:
    server.write("cells.ipynb", CELLS, kernel="kkernel")
    opened = Notebook(browser, server, "cells.ipynb")
    yield opened
    opened.close()


def outputs(notebook: Notebook, index: int) -> list[str]:
    """The texts below a cell."""
    found = notebook.page.locator(".jp-CodeCell").nth(index).locator(".jp-OutputArea-output")
    return [text.strip("\n").rstrip() for text in found.all_inner_texts()]


def test_results_and_colours(notebook: Notebook) -> None:
    notebook.run_cell(0)
    assert outputs(notebook, 0) == ["0 1 2", "blong\n1\n2"]  # the table as HTML, with types
    coloured = notebook.page.locator(".jp-CodeCell").nth(0).locator(".cm-line span")
    assert "til" in coloured.all_inner_texts()  # the editor knows the language


def test_an_error_shows_the_line_and_a_caret(notebook: Notebook) -> None:
    notebook.run_cell(1)
    assert outputs(notebook, 1) == ["'type\n  [0]  1+`x\n        ^"]


def test_stop_and_completion_while_a_cell_runs(notebook: Notebook) -> None:
    page = notebook.page
    page.evaluate("""() => {
        window.__notebook.content.activeCellIndex = 2;
        window.jupyterapp.commands.execute('notebook:run-cell');
    }""")
    kernel = "window.__notebook.sessionContext.session.kernel"
    page.wait_for_function(f"() => {kernel}.status === 'busy'")
    found = page.evaluate(f"() => {kernel}.requestComplete({{code: 'xas', cursor_pos: 3}})"
                          ".then(r => r.content.matches)")
    assert found == ["xasc"]
    page.wait_for_function(f"() => {kernel}.status === 'busy'")  # said again after the answer
    page.locator("[data-command='notebook:interrupt-kernel'], "
                 "jp-button[title*='Interrupt']").first.click()
    page.wait_for_function(f"() => {kernel}.status === 'idle'")
    assert outputs(notebook, 2) == ["'stop"]
    notebook.run_cell(3)
    assert outputs(notebook, 3) == ["0 1 2"]
