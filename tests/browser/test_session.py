"""A person at work in JupyterLab and in Notebook: types, completes, asks, stops, reads, exports."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from .front_end import Notebook, Server

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(300)]

CELLS = [
    "",  # typed by the test
    "price:1.5 2.5\nprice",
    "while[1b;]",
    "",
    "f:{x+`a}\nsystem\"sleep 1\";\nf 1",  # the cells after it are sent meanwhile
    "never:1",
    "%%py\nimport math\nmath.pi",
    "t:2024.01.02 12:30;s:`abc;kuniform[t] / words",
]
KERNEL = "window.__notebook.sessionContext.session.kernel"


@pytest.fixture(scope="module", params=["lab", "notebooks"])
def notebook(request: pytest.FixtureRequest, browser: Any, server: Server) -> Iterator[Notebook]:
    name = f"session-{request.param}.ipynb"
    server.write(name, CELLS, kernel="kkernel")
    opened = Notebook(browser, server, name, app=request.param)
    yield opened
    assert opened.errors == []
    opened.close()


def cell(notebook: Notebook, index: int) -> Any:
    return notebook.page.locator(".jp-CodeCell").nth(index)


def outputs(notebook: Notebook, index: int) -> list[str]:
    found = cell(notebook, index).locator(".jp-OutputArea-output")
    return [text.strip("\n").rstrip() for text in found.all_inner_texts()]


def edit(notebook: Notebook, index: int, text: str) -> None:
    """Click into a cell and type."""
    cell(notebook, index).locator(".cm-content").click()
    notebook.page.keyboard.type(text)


def complete(notebook: Notebook, index: int, text: str) -> None:
    """Press Tab and take the first candidate, which makes the cell this text."""
    page = notebook.page
    page.locator(".jp-Notebook .jp-mod-completer-enabled.jp-mod-focused").wait_for()
    for _ in range(10):  # the completer of a cell that was just entered may not be there yet
        page.keyboard.press("Tab")
        with suppress(Exception):
            page.locator(".jp-Completer:not(.lm-mod-hidden)").wait_for(timeout=3000)
            break
    page.keyboard.press("Enter")
    page.wait_for_function(
        "([i, text]) => window.__notebook.content.widgets[i].model.sharedModel.source === text",
        arg=[index, text])


def idle(notebook: Notebook) -> None:
    notebook.page.wait_for_function(f"() => {KERNEL}.status === 'idle'", timeout=60_000)


def colours(notebook: Notebook, index: int, word: str) -> dict[str, str]:
    """The colour of every coloured word of a cell; waits for one of them."""
    cell(notebook, index).scroll_into_view_if_needed()
    cell(notebook, index).locator(".cm-line span").get_by_text(word, exact=True).wait_for()
    words = cell(notebook, index).locator(".cm-line span").evaluate_all(
        "spans => spans.map(s => [s.textContent.trim(), getComputedStyle(s).color])")
    return dict(words)


def test_every_kind_of_word_has_its_colour(notebook: Notebook) -> None:
    found = colours(notebook, 7, "kuniform")
    kinds = [found[word] for word in ("2024.01.02", "`abc", "kuniform", "/ words")]
    assert len(set(kinds)) == 4
    assert found["2024.01.02"] == found["12:30"]


def test_a_python_cell_is_coloured_as_python(notebook: Notebook) -> None:
    assert "import" in colours(notebook, 6, "import")


def test_typing_completing_and_running(notebook: Notebook) -> None:
    page = notebook.page
    idle(notebook)
    edit(notebook, 0, "delt")
    complete(notebook, 0, "deltas")
    page.keyboard.type(" 1 3 9")
    page.keyboard.press("Shift+Enter")
    cell(notebook, 0).locator(".jp-OutputArea-executeResult").wait_for()
    assert outputs(notebook, 0) == ["1 2 6"]


def test_brackets_close_and_continued_lines_are_indented(notebook: Notebook) -> None:
    edit(notebook, 0, "")
    notebook.page.keyboard.press("Control+a")
    notebook.page.keyboard.type("g:{[x]")
    notebook.page.keyboard.press("Enter")
    notebook.page.keyboard.type("x+1")
    source = notebook.page.evaluate(
        "() => window.__notebook.content.widgets[0].model.sharedModel.source")
    first, second, *_ = source.split("\n")
    assert first == "g:{[x]" and second.startswith(" ") and second.strip() == "x+1"


def test_tooltips_and_completion_while_a_cell_runs_and_stop(notebook: Notebook) -> None:
    page = notebook.page
    notebook.run_cell(1)
    page.evaluate("""() => {
        window.__notebook.content.activeCellIndex = 2;
        window.jupyterapp.commands.execute('notebook:run-cell');
    }""")
    page.wait_for_function(f"() => {KERNEL}.status === 'busy'")
    edit(notebook, 3, "pric")
    complete(notebook, 3, "price")
    page.keyboard.press("Shift+Tab")
    tooltip = page.locator(".jp-Tooltip")
    tooltip.wait_for()
    assert "float vector" in tooltip.inner_text()
    page.keyboard.press("Escape")
    page.locator("[data-command='notebook:interrupt-kernel'], "
                 "jp-button[title*='Interrupt']").first.click()
    idle(notebook)
    assert outputs(notebook, 2)[0] == "'stop"
    notebook.run_cell(3)
    assert "1.5 2.5" in outputs(notebook, 3)[0]


def test_an_error_is_read_and_ends_run_all(notebook: Notebook) -> None:
    page = notebook.page
    page.evaluate("""() => {
        window.__notebook.content.activeCellIndex = 4;
        window.jupyterapp.commands.execute('notebook:run-all-below');
    }""")
    cell(notebook, 4).locator(".jp-OutputArea-output").first.wait_for()
    idle(notebook)
    text = outputs(notebook, 4)[0]
    assert text.startswith("'type") and "x+`a" in text and "^" in text
    assert page.evaluate(
        f"() => {KERNEL}.requestExecute({{code: 'never', store_history: false}})"
        ".done.then(r => r.content.status)") == "error"


@pytest.mark.parametrize(("form", "words"), [
    ("html", ('<span class="ss">`abc</span>', '<span class="kn">import</span>')),
    ("latex", (r"\PY{k+kt}{kuniform}",)), ("script", ("price:1.5 2.5",))])
def test_exports(notebook: Notebook, form: str, words: tuple[str, ...]) -> None:
    notebook.save()
    server = notebook.server
    address = f"{server.url}/nbconvert/{form}/{notebook.name}?download=false&token={server.token}"
    with urllib.request.urlopen(address, timeout=60) as answer:
        page = answer.read().decode()
    assert all(word in page for word in words)
