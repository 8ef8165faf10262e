"""The panels as a person meets them: JupyterLab and Notebook, mouse and keyboard, themes, reload.

The notebook's model has names that try to inject HTML; no dialog may ever open.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from .front_end import Notebook, Server
from .panel_notebook import CELLS, EVIL, expect_text, expect_visible, names, panel, spec

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module", params=["lab", "notebooks"])
def notebook(request: pytest.FixtureRequest, browser: Any, server: Server) -> Iterator[Notebook]:
    name = f"{request.param}.ipynb"
    server.write(name, CELLS)
    opened = Notebook(browser, server, name, app=request.param)
    opened.run_all()
    opened.page.wait_for_selector(".kt-states", timeout=60_000)
    yield opened
    opened.close()


# --------------------------------------------------------------------------- live


def test_the_live_form_stands_and_the_static_one_hides(notebook: Notebook) -> None:
    for kind in ("specification", "histograms", "states"):
        expect_visible(panel(notebook, kind))
    for static in notebook.page.locator(".kt-static").all():
        expect(static).not_to_be_visible(timeout=20_000)


def test_the_tree_folds_unrolls_and_filters(notebook: Notebook) -> None:
    table = spec(notebook)
    rows = table.locator("tbody tr")
    before = rows.count()
    badge = table.get_by_role("button", name="×3")
    badge.click()
    assert rows.count() == before + 6
    table.get_by_role("button", name="×3").click()
    assert rows.count() == before
    table.get_by_label("fold model", exact=True).click()
    assert rows.count() == 1
    table.get_by_label("unfold model").click()
    table.get_by_label("filter modules").fill("relu")
    assert rows.count() == 3
    table.get_by_label("filter modules").fill("")
    assert rows.count() == before


def test_languages_options_and_the_line_of_code(notebook: Notebook) -> None:
    table = spec(notebook)
    line = table.locator(".kt-line")
    assert line.inner_text() == "SpecTable(m)"
    table.get_by_role("button", name="k", exact=True).click()
    assert line.inner_text() == ".ui.spec m"
    assert "linear" in names(table)[1]
    assert "in 16" in table.locator(".kt-options").nth(1).inner_text()
    table.get_by_text("all options").click()
    assert line.inner_text() == "module(m;1b)"
    assert "bias 1b" in table.locator(".kt-options").nth(1).inner_text()
    table.get_by_text("all options").click()
    table.get_by_role("button", name="PyTorch").click()
    table.locator("tbody tr").nth(1).click()
    assert line.inner_text() == 'm.get_submodule("0")'
    assert "Linear" in names(table)[1]


def test_columns_sort(notebook: Notebook) -> None:
    table = spec(notebook)
    table.get_by_role("button", name="parameters").click()
    counts = [int(text.replace(",", "")) for text in
              table.locator("tbody .kt-count .kt-number").all_inner_texts()]
    assert counts == sorted(counts, reverse=True) and counts[0] == 272
    table.get_by_role("button", name="parameters").click()
    heads = table.locator("thead th").count()
    table.get_by_text("memory", exact=True).first.click()
    assert table.locator("thead th").count() == heads + 3  # gradients, optimizer, activations
    table.get_by_text("memory", exact=True).first.click()


def test_the_code_that_is_copied_makes_the_model_again(notebook: Notebook) -> None:
    page, table = notebook.page, spec(notebook)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    table.get_by_role("button", name="copy code").click()
    expect_text(table.locator(".kt-said"), "copied")
    code = page.evaluate("() => navigator.clipboard.readText()")
    assert "nn.Sequential(nn.Linear(16, 16), nn.ReLU())" in code and EVIL in code
    names: dict[str, Any] = {}
    exec(code, names)
    assert [tuple(p.shape) for p in names["m"].parameters()][:2] == [(16, 16), (16,)]


def test_the_keyboard_reaches_everything(notebook: Notebook) -> None:
    page, table = notebook.page, spec(notebook)
    table.locator("tbody tr[tabindex='0']").focus()
    page.keyboard.press("Home")
    before = table.locator("tbody tr").count()
    page.keyboard.press("ArrowLeft")
    assert table.locator("tbody tr").count() == 1
    page.keyboard.press("ArrowRight")
    assert table.locator("tbody tr").count() == before
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert table.locator("tr[aria-selected=true]").count() == 1
    assert page.evaluate("() => document.activeElement.closest('tr')?.dataset.path") == "0"
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    for key in ("a", "b", "d", "d", "m", "x"):  # the notebook's own shortcuts stay quiet
        page.keyboard.press(key)
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells


def test_histograms_open_and_change_their_bins(notebook: Notebook) -> None:
    charts = panel(notebook, "histograms")
    cards = charts.locator(".kt-card")
    assert cards.count() == 10
    assert charts.locator("svg[role=img]").first.get_attribute("aria-label").startswith("0.weight")
    cards.first.click()
    assert charts.locator(".kt-close").count() == 1
    assert "within ±0.25" in charts.locator(".kt-closeup").inner_text()
    assert charts.locator(".kt-line").inner_text() == 'm.get_parameter("0.weight")'
    charts.get_by_label("bins", exact=True).fill("20")
    notebook.page.wait_for_function(
        "() => (document.querySelector('.kt-histograms .kt-close .kt-bars')"
        ".getAttribute('d').match(/H/g) || []).length === 20")
    expect_text(charts.locator(".kt-line"), "ParameterHistograms(m, bins=20)")
    charts.get_by_text("log", exact=True).click()
    charts.get_by_text("table", exact=True).click()
    assert "0.weight" in charts.locator("table tbody").inner_text()
    charts.get_by_text("table", exact=True).click()
    charts.get_by_role("button", name="close").click()
    assert charts.locator(".kt-close").count() == 0
    charts.get_by_label("tensors to show").select_option("activations")
    expect_text(charts.locator(".kt-line"), "show='activations', bins=20")
    notebook.page.wait_for_function(
        "() => document.querySelectorAll('.kt-histograms .kt-card').length === 9"
        " && document.querySelector('.kt-histograms .kt-card').dataset.name === '0'")
    charts.get_by_label("tensors to show").select_option("parameters")
    notebook.page.wait_for_function(
        "() => document.querySelector('.kt-histograms .kt-card').dataset.name === '0.weight'")


def test_cards_move_with_the_arrow_keys(notebook: Notebook) -> None:
    page, charts = notebook.page, panel(notebook, "histograms")
    charts.locator(".kt-card[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("() => document.activeElement.dataset.name") == "0.bias"
    page.keyboard.press("Enter")
    assert charts.locator(".kt-closeup").count() == 1
    page.keyboard.press("Enter")


def test_charts_are_read_by_pointer_and_keyboard_and_tables_copied(notebook: Notebook) -> None:
    page, charts = notebook.page, panel(notebook, "histograms")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    charts.locator(".kt-card").first.click()
    chart = charts.get_by_role("slider", name="bins of 0.weight")
    chart.focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    last = int(chart.get_attribute("aria-valuemax"))
    assert chart.get_attribute("aria-valuenow") == str(last - 1)
    assert " numbers (" in chart.get_attribute("aria-valuetext")
    expect_text(charts.locator(".kt-reading"), "expected ")
    chart.hover(position={"x": 60, "y": 50})
    assert int(chart.get_attribute("aria-valuenow")) < last / 2
    page.keyboard.press("Escape")
    assert not charts.locator(".kt-reading").is_visible()
    charts.get_by_role("button", name="close").click()
    charts.get_by_text("table", exact=True).click()
    charts.get_by_role("button", name="copy table").click()
    expect_text(charts.locator(".kt-said"), "copied")
    cells = page.evaluate("() => navigator.clipboard.readText()").splitlines()
    assert cells[0].startswith("parameter\tshape\tn")
    assert cells[1].startswith("0.weight\t16 16\t256")
    charts.get_by_text("table", exact=True).click()


def test_the_arrow_keys_walk_the_tree(notebook: Notebook) -> None:
    page, table = notebook.page, spec(notebook)
    at = "() => document.activeElement.closest('tr')?.dataset.path"
    table.locator("tbody tr[data-path='1']").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(at) == "1.0"
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(at) == "1"
    page.keyboard.press("ArrowLeft")
    assert table.locator("tbody tr[data-path='1.0']").count() == 0
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(at) == ""
    page.keyboard.press("PageDown")
    page.keyboard.press("Home")
    assert page.evaluate(at) == ""
    table.get_by_label("unfold 1", exact=True).click()


def test_states_are_taken_restored_and_compared(notebook: Notebook) -> None:
    states = panel(notebook, "states")
    states.get_by_label("name of state").fill("good")
    states.get_by_label("note").fill("by hand")
    states.get_by_role("button", name="take snapshot").click()
    expect_text(states.locator(".kt-said"), "kept as good")
    row = states.locator("tr[data-state=good]")
    expect_text(row, "same as now")
    notebook.page.evaluate(
        "() => window.__notebook.sessionContext.session.kernel.requestExecute("
        "{code: 'train(2)'}).done.then(() => true)")
    expect_text(row, "tensors differ")
    states.get_by_label("A: good").check()
    expect_text(states.locator(".kt-caption"), "now against good")
    assert states.locator(".kt-compared svg").count() >= 10
    row.get_by_role("button", name="restore").click()
    expect_text(states.locator(".kt-said"), "same bits")
    expect_text(row, "same as now")
    assert states.locator(".kt-line").inner_text() == "snapshots_of(m).restore('good')"
    states.get_by_role("button", name="undo").click()
    expect_text(row, "tensors differ")
    differing = states.locator(".kt-compared tbody tr").count()
    states.get_by_text("all tensors").click()
    expect_text(states.locator(".kt-compared"), "✓ same")
    assert states.locator(".kt-compared tbody tr").count() > differing
    states.get_by_label("edit good").click()
    states.get_by_label("new note of good").fill("by the keyboard")
    notebook.page.keyboard.press("Enter")
    expect_text(row, "by the keyboard")
    assert states.locator(".kt-line").inner_text() == (
        "snapshots_of(m).annotate('good', 'by the keyboard')")


def test_files_and_what_goes_wrong_with_them(notebook: Notebook) -> None:
    states = panel(notebook, "states")
    states.get_by_label("file", exact=True).fill("run")
    states.get_by_role("button", name="save").click()
    expect_text(states.locator(".kt-said"), "saved now")
    states.get_by_role("button", name="load").click()
    expect_text(states.locator("tr[data-state=run]"), "run")
    states.get_by_role("button", name="kdb+").click()
    states.get_by_role("button", name="save").click()
    expect_text(states.locator(".kt-said"), "parameters and buffers of now")
    assert "save_kdb('run.kdb'" in states.locator(".kt-line").inner_text()
    states.get_by_label("file", exact=True).fill(EVIL)
    states.get_by_role("button", name="load").click()
    expect_text(states.locator(".kt-said"), "No such file")
    assert "kt-error" in states.locator(".kt-said").get_attribute("class")


def test_initializers_are_drawn_compared_and_undone(notebook: Notebook) -> None:
    page = notebook.page
    page.evaluate(
        "() => { const c = window.__notebook.content; c.activeCellIndex = 5; "
        "c.widgets[5].model.sharedModel.setSource('InitializerPanel(m)'); }")
    notebook.run_cell(5)
    page.wait_for_selector(".kt-initializers")
    shown = panel(notebook, "initializers")
    expect(shown.locator("svg.kt-close")).to_have_count(3, timeout=20_000)
    assert [words.split(" through")[0].split(":")[0] for words in (
        chart.get_attribute("aria-label") for chart in shown.locator("svg.kt-close").all())] == [
        "mean square of activations", "units", "mean square of gradients"]
    shown.get_by_label("seed").fill("7")
    shown.get_by_label("initializer", exact=True).select_option("orthogonal")
    shown.get_by_role("button", name="draw all").click()
    expect_text(shown.locator(".kt-said"), "drawn by orthogonal")
    expect_text(shown.locator(".kt-line"), "torch.manual_seed(7); [nn.init.orthogonal_")
    expect_text(shown.locator(".kt-weights tbody tr").first, "orthogonal entries")
    expect_text(shown.locator(".kt-weights tbody tr").first, "consistent")
    shown.get_by_role("button", name="undo").click()
    expect_text(shown.locator(".kt-said"), "as they were")
    expect_text(shown.locator(".kt-line"), "snapshots_of(m).undo()")
    shown.get_by_role("button", name="compare all").click()
    page.wait_for_function(
        "() => document.querySelectorAll('.kt-initializers .kt-comparedline').length === 16")
    expect_text(shown.locator(".kt-line"), "InitializerPanel(m).compare(")
    shown.get_by_role("button", name="back to the model").click()
    page.wait_for_function(
        "() => !document.querySelector('.kt-initializers .kt-comparedline')")
    shown.get_by_text("table", exact=True).click()
    expect_text(shown.locator(".kt-signal thead"), "E[h²]")


def test_panels_follow_training_while_a_cell_runs(notebook: Notebook) -> None:
    page = notebook.page
    seen = panel(notebook, "histograms").locator(".kt-cardfoot").first.inner_text()
    page.evaluate(
        "() => { window.__done = false; window.__notebook.sessionContext.session.kernel"
        ".requestExecute({code: 'import time\\nfor _ in range(160): train(1); time.sleep(.05)'})"
        ".done.then(() => { window.__done = true; }); }")
    page.wait_for_function(
        "(seen) => !window.__done && document.querySelector('.kt-histograms .kt-cardfoot')"
        ".innerText !== seen", arg=seen, timeout=40_000)
    page.wait_for_function("() => window.__done", timeout=60_000)


def test_two_views_show_the_same(notebook: Notebook) -> None:
    page = notebook.page
    page.evaluate(
        "() => { const c = window.__notebook.content; c.activeCellIndex = 4; "
        "c.widgets[4].model.sharedModel.setSource('h = ParameterHistograms(m)\\n"
        "from IPython.display import display\\ndisplay(h.widget); display(h.widget)'); }")
    notebook.run_cell(4)
    page.wait_for_function("() => document.querySelectorAll('.kt-histograms').length === 3")
    views = page.locator(".jp-Cell").nth(4).locator(".kt-histograms")
    views.first.get_by_label("bins", exact=True).fill("10")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.kt-histograms')].slice(1).every(v => "
        "v.querySelector('input[aria-label=bins]').value === '10')")


def test_themes(notebook: Notebook) -> None:
    if notebook.app != "lab":
        pytest.skip("one front end is enough")
    colours = {}
    for theme in ("JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"):
        notebook.theme(theme)
        colours[theme] = notebook.page.evaluate(
            """() => {
                const luminance = (text) => {
                    const [r, g, b] = text.match(/[\\d.]+/g).slice(0, 3).map((c) => {
                        c /= 255;
                        return c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
                    });
                    return .2126 * r + .7152 * g + .0722 * b;
                };
                const root = getComputedStyle(document.querySelector('.kt-live'));
                const soft = getComputedStyle(document.querySelector('.kt-figures'));
                const ground = luminance(root.backgroundColor);
                const contrast = (l) => (Math.max(l, ground) + .05) / (Math.min(l, ground) + .05);
                return [contrast(luminance(root.color)), contrast(luminance(soft.color))];
            }""")
    notebook.theme("JupyterLab Light")
    for theme, (ink, soft) in colours.items():
        assert ink >= 7 and soft >= 4.5, (theme, ink, soft)


# --------------------------------------------------------------------------- when it is over


def test_running_a_cell_again_leaves_no_old_panel(notebook: Notebook) -> None:
    count = "len(__import__('kkernel_widgets.cells', fromlist=['x']).live_panels())"
    ask = (
        "() => new Promise((done) => { const f = window.__notebook.sessionContext.session.kernel"
        f".requestExecute({{code: \"print({count})\"}}); f.onIOPub = (m) => {{ "
        "if (m.header.msg_type === 'stream') done(Number(m.content.text)); }; })")
    notebook.run_cell(1)
    notebook.page.wait_for_selector(".kt-specification")
    before = notebook.page.evaluate(ask)
    for _ in range(3):
        notebook.run_cell(1)
    notebook.page.wait_for_selector(".kt-specification")
    assert notebook.page.evaluate(ask) == before


def test_after_a_reload_and_without_a_kernel(notebook: Notebook) -> None:
    page = notebook.page
    notebook.ready()
    notebook.run_all()
    page.wait_for_selector(".kt-states", timeout=60_000)
    notebook.save()
    page.reload()
    notebook.ready()
    page.wait_for_selector(".kt-live", timeout=60_000)
    expect(page.locator(".kt-static").first).not_to_be_visible(timeout=20_000)
    page.evaluate("() => window.__notebook.sessionContext.shutdown().then(() => true)")
    page.reload()
    page.wait_for_selector(".jp-Notebook .kt-static", timeout=60_000)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.kt-static')].some((s) => s.offsetHeight > 0)",
        timeout=60_000)
    expect_visible(page.locator(".kt-static").first)
    expect_text(page.locator(".kt-static").first, "sequential")
    expect_visible(page.locator(".kt-static img").first)
    shown = page.locator(".jp-Notebook").inner_text()
    assert "Error displaying widget" not in shown and "model not found" not in shown


def test_an_untrusted_copy_shows_the_static_form(
    notebook: Notebook, browser: Any, server: Server
) -> None:
    if notebook.app != "lab":
        pytest.skip("one front end is enough")
    work = server.folder / "work"
    text = (work / notebook.name).read_text()
    (work / "copy.ipynb").write_text(text.replace("kt-static", "kt-static copied"))
    copy = Notebook(browser, server, "copy.ipynb")
    try:
        expect_text(copy.page.locator(".jp-Notebook table").first, "272")
        expect_visible(copy.page.locator(".jp-Notebook table").first)
        expect_visible(copy.page.locator(".jp-OutputArea-output img").first)
        assert "Error displaying widget" not in copy.page.locator(".jp-Notebook").inner_text()
        assert copy.fired == []
    finally:
        copy.close()


def test_exported_html_shows_the_static_form(
    notebook: Notebook, browser: Any, server: Server, tmp_path: Path
) -> None:
    if notebook.app != "lab":
        pytest.skip("one front end is enough")
    source = server.folder / "work" / notebook.name
    subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", "--output-dir", str(tmp_path),
         "--output", "out.html", str(source)], check=True, capture_output=True)
    page = browser.new_page()
    fired: list[str] = []
    page.on("dialog", lambda d: (fired.append(d.message), d.dismiss()))
    page.goto((tmp_path / "out.html").as_uri(), wait_until="domcontentloaded")
    assert page.locator(".kt-static").first.is_visible()
    assert re.search(r"58\d|1,\d\d\d parameters", page.locator(".kt-static").first.inner_text())
    assert fired == []
    page.close()


def test_nothing_was_injected_and_no_script_failed(notebook: Notebook) -> None:
    assert notebook.fired == []
    assert notebook.errors == []
