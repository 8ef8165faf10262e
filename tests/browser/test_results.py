"""What stands beside the text, in JupyterLab: tables, cards, errors, tooltips, Python cells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .front_end import Notebook, Server

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(300)]

EVIL = '`$"<img src=x onerror=alert(1)>"'
CELLS = [
    f"m:module seq(`sequential;(`linear;{EVIL};4;3);`relu)\nf:{{[size;depth]size+depth}}\nm",
    f"t:flip(`a,{EVIL})!(1 2;1.5 0n)\nt",
    "g:{x+`a}\nh:{g x}\nh 1",
    "forward(m;tensor 2 5#1e)",
    "%%py\nimport matplotlib.pyplot as plt\nplt.figure(); plt.plot(q.t['a'])\nq.t",
    "tensor(`randn;50 50)",
    "module enlist(`linear;784;",
]
LUMINANCE = """() => {
    const luminance = (text) => {
        const [r, g, b] = text.match(/[\\d.]+/g).slice(0, 3).map((c) => {
            c /= 255;
            return c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
        });
        return .2126 * r + .7152 * g + .0722 * b;
    };
    const cell = document.querySelector('.kq td');
    let ground = cell;
    while (getComputedStyle(ground).backgroundColor.match(/, 0\\)$|transparent/))
        ground = ground.parentElement;
    const [a, b] = [getComputedStyle(cell).color, getComputedStyle(ground).backgroundColor]
        .map(luminance);
    return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
}"""


@pytest.fixture(scope="module")
def notebook(browser: Any, server: Server) -> Iterator[Notebook]:
    server.write("results.ipynb", CELLS, kernel="kkernel")
    opened = Notebook(browser, server, "results.ipynb")
    for i in range(len(CELLS) - 1):
        opened.run_cell(i)
    yield opened
    opened.close()


def below(notebook: Notebook, index: int) -> Any:
    return notebook.page.locator(".jp-CodeCell").nth(index).locator(".jp-OutputArea")


def test_a_table_with_types(notebook: Notebook) -> None:
    table = below(notebook, 1).locator(".kq table")
    assert table.locator("thead th").first.inner_text() == "along"
    assert table.locator("tbody td").all_inner_texts() == ["1", "1.5", "2", ""]


def test_the_card_of_a_module_and_of_a_tensor(notebook: Notebook) -> None:
    assert "module sequential" in below(notebook, 0).locator(".kq").inner_text()
    picture = below(notebook, 5).locator(".kq img")
    assert picture.is_visible() and "histogram" in picture.get_attribute("alt")


def test_an_error_folds_its_backtrace(notebook: Notebook) -> None:
    shown = below(notebook, 2)
    assert shown.locator(".kq summary").first.inner_text().startswith("'type")
    assert not shown.locator(".kq mark").first.is_visible()
    shown.locator(".kq summary").first.click()
    assert shown.locator(".kq mark").first.inner_text() == "h"


def test_an_error_of_torch_shows_what_met(notebook: Notebook) -> None:
    facts = below(notebook, 3).locator(".kq table").inner_text()
    assert "size 2 5" in facts and "Linear(in_features=4" in facts


def test_python_beside_q(notebook: Notebook) -> None:
    shown = below(notebook, 4)
    shown.locator("img").wait_for(timeout=60_000)
    assert shown.locator("table.dataframe").count() == 1


def test_options_complete_and_tooltips_mark_the_argument(notebook: Notebook) -> None:
    page = notebook.page
    editor = page.locator(".jp-CodeCell").nth(6).locator(".cm-content")
    editor.click()
    page.keyboard.press("Control+End")
    page.keyboard.press("Shift+Tab")
    tooltip = page.locator(".jp-Tooltip")
    tooltip.wait_for(timeout=30_000)
    assert tooltip.locator("u").inner_text() == "out"
    editor.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("`bi")
    page.keyboard.press("Tab")
    offered = page.locator(".jp-Completer-item")
    offered.wait_for(timeout=30_000)
    assert offered.inner_text().split() == ["o", "bias", "option"]
    page.keyboard.press("Enter")
    page.wait_for_function("() => window.__notebook.content.widgets[6].model.sharedModel"
                           ".getSource().endsWith('`bias')", timeout=30_000)


def test_every_theme_is_readable(notebook: Notebook) -> None:
    for theme in ("JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"):
        notebook.theme(theme)
        assert notebook.page.evaluate(LUMINANCE) >= 7, theme
    notebook.theme("JupyterLab Light")


def test_an_untrusted_copy_still_shows_tables(
        notebook: Notebook, browser: Any, server: Server) -> None:
    notebook.save()
    work = server.folder / "work"
    (work / "untrusted.ipynb").write_text(
        (work / "results.ipynb").read_text().replace("kq-box", "kq-box copied"))
    copy = Notebook(browser, server, "untrusted.ipynb")
    try:
        cell = copy.page.locator(".jp-CodeCell").nth(1)
        assert cell.locator("td").all_inner_texts() == ["1", "1.5", "2", ""]
        assert copy.page.locator(".jp-CodeCell").nth(5).locator("img").first.is_visible()
        assert copy.fired == []
    finally:
        copy.close()


def test_nothing_was_injected(notebook: Notebook) -> None:
    assert notebook.fired == []
