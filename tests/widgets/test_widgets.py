"""Panels without a browser: their forms, their clicks, what they send, and that they let go."""

from __future__ import annotations

import gc
import re
import weakref
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from kkernel_widgets import (
    InitializerPanel,
    ParameterHistograms,
    SpecTable,
    StatePanel,
    cells,
    safe_point,
)
from kkernel_widgets.html import Markup, escape, join, tag, visible
from kkernel_widgets.numbers import byte_size, ends, percent, short
from kkernel_widgets.panel import Panel
from kkernel_widgets.text_table import text_table
from torch import nn

from kkernel.api import events, view
from kkernel.api.look import laws

EVIL = [
    "<img src=x onerror=alert(1)>", "\"><script>alert(1)</script>", "' onmouseover='alert(1)",
    "javascript:alert(1)", "</table><svg onload=alert(1)>", "&lt;b&gt;", "\u202etxt.exe", "a\x00b",
    "{{7*7}}", "<!--", "]]>", "\ud800", "`;exit 0;",
]
PANELS: list[type[Panel]] = [SpecTable, ParameterHistograms, StatePanel, InitializerPanel]


@pytest.fixture(autouse=True)
def closed() -> Any:
    """No test leaves a live panel."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        yield
    for panel in cells.live_panels():
        panel.close()


def net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))


class Sent(list[dict[str, Any]]):
    """What a panel's live form sends to the browser."""

    def __init__(self, panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(type(panel.widget), "send", lambda _, message, *a: self.append(message))
        self.panel = panel

    def click(self, **message: Any) -> dict[str, Any]:
        self.panel._message(self.panel.widget, message, [])
        return self[-1]


# --------------------------------------------------------------------------- escaping


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.words = ""

    def handle_starttag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((name, attrs))

    def handle_data(self, data: str) -> None:
        self.words += data


def read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader


@pytest.mark.parametrize("text", EVIL)
def test_text_reaches_html_as_text(text: str) -> None:
    reader = read(tag("b", text, title=text))
    assert [name for name, _ in reader.tags] == ["b"]
    assert reader.tags[0][1] == [("title", visible(text))]
    assert reader.words == visible(text)


def test_markup_is_not_escaped_twice() -> None:
    assert join(Markup("<i>"), "<") == "<i>&lt;"
    assert escape(tag("b", "x")) == "<b>x</b>"


def test_hidden_characters_are_written_out() -> None:
    assert visible("a\u202eb\x07c") == "a\\u202eb\\u0007c"
    assert visible("Größe ∂ 模型") == "Größe ∂ 模型"


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("panel", PANELS)
def test_no_name_can_inject_html(panel: type[Panel], evil: str) -> None:
    model = nn.Sequential()
    model.add_module(evil.replace(".", ""), nn.Linear(2, 2))
    Named = type(evil.replace("\x00", "").replace("\ud800", ""), (nn.Module,), {})
    model.add_module("x", Named())
    made = panel(model, name=evil)
    if isinstance(made, StatePanel):
        made.snapshots.take(evil, note=evil)
    html = made._repr_html_()
    reader = read(html)
    allowed = {"style", "div", "table", "thead", "tbody", "tr", "th", "td", "img", "details",
               "summary"}
    assert {name for name, _ in reader.tags} <= allowed
    for name, attributes in reader.tags:
        assert not [key for key, _ in attributes if key.startswith("on")]
        if name == "img":
            assert dict(attributes)["src"].startswith("data:image/png;base64,")  # type: ignore[union-attr]


def test_no_script_makes_html_from_text() -> None:
    folder = Path(view.__file__).parents[2] / "widgets" / "kkernel_widgets"
    scripts = list(folder.glob("*.js"))
    assert len(scripts) >= 5
    for script in scripts:
        text = script.read_text()
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", text)


# --------------------------------------------------------------------------- forms


@pytest.mark.parametrize("panel", PANELS)
def test_every_panel_has_every_form(panel: type[Panel]) -> None:
    made = panel(net())
    assert made.text().endswith("\n")
    assert repr(made) == made.text()
    html = made._repr_html_()
    assert 'class="kt-static"' in html and ".kt-live" in html
    content = made.widget.get_state()["view"]
    assert content["language"] == "python"


def test_the_text_of_a_spec() -> None:
    lines = SpecTable(net(), torch.zeros(3, 4), language="k").text().splitlines()
    assert lines[0].split() == ["module", "options", "in", "out", "parms", "bytes", "train"]
    assert lines[2].split() == ["sequential", "3", "4", "3", "2", "58", "232", "B", "yes"]
    assert lines[3].split() == ["0", "linear", "in", "4", "out", "8", "3", "4", "3", "8", "40",
                                "160", "B", "yes"]
    assert lines[-2] == "58 parameters"
    assert "multiply-accumulates 144" in lines[-1]


def test_a_spec_tells_of_a_failing_forward_and_of_an_assumed_input() -> None:
    assert "shapes are known up to the failure at 0" in SpecTable(net(), torch.zeros(3, 5)).text()
    assert "input assumed" not in SpecTable(net(), torch.zeros(3, 4)).text()
    assert "input assumed: images of 28 x 28" in SpecTable(
        nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(1352, 2))).text()


def test_the_text_of_histograms() -> None:
    model = net()
    laws.record(model[0].bias, laws.initializer("uniform", (8,), 5.0, 6.0))
    text = ParameterHistograms(model).text()
    assert "0.weight" in text and "uniform within ±0.5" in text
    assert re.search(r"0\.bias.*uniform from 5 to 6.*not consistent", text)


def test_tensors_in_a_dictionary_have_histograms_too() -> None:
    assert "noise" in ParameterHistograms({"noise": torch.randn(50)}).text()


def test_text_tables_align_and_cut() -> None:
    table = text_table(("name", "n"), [["a", "1"], ["long", "1000"]], " r")
    assert table.splitlines() == ["name     n", "----------", "a        1", "long  1000"]
    assert text_table(("name",), [["abcdefghij"]], width=6).splitlines()[-1] == "abcd.."


def test_numbers_as_people_read_them() -> None:
    assert [byte_size(n) for n in (0, 999, 1000, 407_080, 999_600, 10**9)] == [
        "0 B", "999 B", "1.00 kB", "407 kB", "1.00 MB", "1.00 GB"]
    assert [short(n) for n in (5, 101_770, 2_320_000)] == ["5", "102k", "2.32M"]
    assert [percent(s) for s in (0, 0.001, 0.5, 1)] == ["", "<1%", "50%", "100%"]


def test_bins_go_over_the_wire_and_weights_do_not() -> None:
    model = nn.Linear(300, 200)
    panel = ParameterHistograms(model)
    state = panel.widget.get_state()
    rows = state["view"]["rows"]
    numbers = np.frombuffer(state["bins"], "<f8")
    expected = [n for h in panel.histograms for n in (*h.counts, *(h.law.curve if h.law else ()))]
    assert numbers.tolist() == expected
    assert sum(row["n"] for row in rows) == 60_200
    assert len(state["bins"]) < 4000


# --------------------------------------------------------------------------- clicks


@pytest.mark.parametrize("message", [
    None, [], "take", 3, {}, {"do": None}, {"do": 3}, {"do": "__init__"}, {"do": "close"},
    {"do": "refresh"}, {"do": ["take"]}, {"do": "take", "name": {}}, {"do": "take", "name": 3},
    {"do": "take", "name": "a", "self": 1}, {"do": "take", "name": "x" * 10_000},
    {"do": "take", "name": "a\nb"}, {"do": "restore"}, {"do": "restore", "name": "none"},
    {"do": "undo", "extra": 1}, {"do": "save"}, {"do": "save", "path": ""}, {"do": "load"},
    {"do": "save", "path": 5}, {"do": "save", "path": "a\0b"}, {"do": "load", "path": "/dev/zero"},
    {"do": "load", "path": "/etc/passwd"}, {"do": "rename", "name": "now", "to": "x"},
    {"do": "compare", "a": "none"}, {"do": "compare", "a": "\ud800"}, {"do": "drop", "name": "now"},
    {"do": "bins", "bins": 10**9}, {"do": "save", "path": "/nowhere/at/all"},
])
def test_no_message_of_a_browser_does_harm(
    message: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model = net()
    panel = StatePanel(model)
    sent = Sent(panel, monkeypatch)
    before = view.tensors_state(model)
    panel._message(panel.widget, message, [])
    assert sent[-1]["error"] is True, sent
    assert view.tensors_state(model) == before
    assert len(panel.snapshots) == 0
    assert list(tmp_path.iterdir()) == []


def test_the_browser_cannot_set_what_a_panel_shows() -> None:
    panel = ParameterHistograms(net())
    before = panel.widget.get_state()
    panel.widget.set_state({"view": {"rows": []}, "bins": b"x", "_esm": "alert(1)", "_css": ""})
    assert panel.widget.get_state() == before


@pytest.mark.parametrize("bins", [-1, 63, True, 2.0, "10", None, [1]])
def test_bins_are_checked(bins: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = Sent(ParameterHistograms(net()), monkeypatch)
    assert sent.click(do="bins", bins=bins) == {
        "say": "bins: expected 0 (automatic) to 62", "line": "", "error": True}


def test_other_sorts_of_tensors_can_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8))
    optimizer = torch.optim.Adam(model.parameters())
    panel = ParameterHistograms(model, optimizer)
    sent = Sent(panel, monkeypatch)
    assert panel.widget.view["sorts"] == ["parameters", "buffers", "activations"]
    model(torch.randn(3, 4)).sum().backward()
    optimizer.step()
    panel.refresh()
    assert panel.widget.view["sorts"] == ["parameters", "buffers", "gradients", "optimizer",
                                          "activations"]
    panel._message(panel.widget, {"do": "show", "sort": "optimizer"}, [])
    assert panel.widget.view["rows"][0]["name"] == "0.weight: exp_avg"
    assert sent.click(do="show", sort="weights")["error"] is True
    assert sent.click(do="show", sort=["x"])["error"] is True


def test_activations_are_shown_and_lines_say_what_is(monkeypatch: pytest.MonkeyPatch) -> None:
    model, x = net(), torch.randn(7, 4)
    panel = ParameterHistograms(model, example_input=x, language="k")
    sent = Sent(panel, monkeypatch)
    assert sent.click(do="show", sort="activations")["line"] == ".ui.hist(m;`activations)"
    rows = panel.widget.view["rows"]
    assert [row["name"] for row in rows] == ["0", "1", "2"]
    out = model[:2](x).double()
    assert rows[1]["n"] == 56 and rows[1]["mean"] == pytest.approx(out.mean().item(), rel=1e-5)
    assert rows[1]["zeros"] == int((out == 0).sum())
    assert sent.click(do="bins", bins=9)["line"] == ".ui.hist(m;`activations;9)"
    assert panel.widget.view["line"] == ".ui.hist(m;`activations;9)"
    again = ParameterHistograms(model, example_input=x, show="activations", bins=9)
    assert again.line() == "ParameterHistograms(m, show='activations', bins=9)"
    assert [h.counts for h in again.histograms] == [h.counts for h in panel.histograms]
    with torch.no_grad():
        model[0].weight.mul_(2)
    assert panel.refresh_if_changed() and panel.widget.view["before"][0]
    with pytest.raises(ValueError, match="expected one of parameters"):
        ParameterHistograms(model, show="x")


def test_bins_are_set() -> None:
    panel = ParameterHistograms(net())
    panel._message(panel.widget, {"do": "bins", "bins": 17}, [])
    assert {row["bins"] for row in panel.widget.view["rows"]} == {17}


def test_a_state_is_taken_restored_undone_and_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    model = net()
    panel = StatePanel(model, language="k")
    sent = Sent(panel, monkeypatch)
    assert sent.click(do="take", name="good", note="first") == {
        "say": "kept as good", "line": ".ui.take[m;`good]", "error": False}
    with torch.no_grad():
        model[0].weight.add_(1)
    panel.refresh_if_changed()
    assert panel.widget.view["states"][0]["changed"] == 1
    sent.click(do="compare", a="good", b="now")
    assert [d["name"] for d in panel.widget.view["differences"]] == ["0.weight"]
    answer = sent.click(do="restore", name="good")
    assert re.fullmatch(r"(\d+)/\1 tensors, same bits", answer["say"])
    assert answer["line"] == ".ui.restore[m;`good]"
    assert panel.widget.view["states"][0]["changed"] == 0
    assert sent.click(do="undo")["line"] == ".ui.undo m"
    assert panel.widget.view["states"][0]["changed"] == 1


def test_files_are_saved_and_loaded_but_foreign_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    panel = StatePanel(net(), language="k")
    sent = Sent(panel, monkeypatch)
    answer = sent.click(do="save", path="run/1")
    assert answer["error"] is True and "No such file" in answer["say"]
    answer = sent.click(do="save", path="run")
    assert answer["line"] == ".ui.save[m;`:run.safetensors;`now]"
    assert sent.click(do="save", path="run.safetensors")["error"] is False, "our own is replaced"
    (tmp_path / "data.safetensors").write_text("precious")
    answer = sent.click(do="save", path="data")
    assert answer["error"] is True
    assert (tmp_path / "data.safetensors").read_text() == "precious"
    answer = sent.click(do="load", path="data")
    assert answer["error"] is True and "not a tensor file" in answer["say"]
    sent.click(do="load", path="run")
    assert [s["name"] for s in panel.widget.view["states"]] == ["run"]
    assert sent.click(do="load", path="run")["line"] == ".ui.load[m;`:run.safetensors;`$\"run-2\"]"


def test_q_files_and_weights_of_pytorch_become_states(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model = net()
    panel = StatePanel(model, language="k")
    sent = Sent(panel, monkeypatch)
    torch.save(model.state_dict(), "old.pt")
    before = {k: v.clone() for k, v in model.state_dict().items()}
    answer = sent.click(do="save", path="run.kdb")
    assert answer["line"] == ".ui.save[m;`:run.kdb;`now]" and "parameters" in answer["say"]
    with torch.no_grad():
        model[0].weight.zero_()
    for file, name in (("run.kdb", "run"), ("old.pt", "old.pt")):
        answer = sent.click(do="load", path=file)
        assert answer["line"] == f".ui.load[m;`:{file};`{name}]", answer
        assert "same bits" in sent.click(do="restore", name=name)["say"]
        assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
        sent.click(do="undo")
    (tmp_path / "data.kdb").write_bytes(b"precious")
    assert sent.click(do="save", path="data.kdb")["error"] is True
    assert (tmp_path / "data.kdb").read_bytes() == b"precious"
    other = StatePanel(nn.Linear(2, 2))
    assert Sent(other, monkeypatch).click(do="load", path="run.kdb")["error"] is True


def test_names_and_notes_are_edited_and_all_tensors_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    model = net()
    panel = StatePanel(model, language="k")
    sent = Sent(panel, monkeypatch)
    sent.click(do="take", name="a", note="")
    assert sent.click(do="note", name="a", note="the \"best\"")["line"] == (
        '.ui.note[m;`a;"the \\"best\\""]')
    assert panel.widget.view["states"][0]["note"] == 'the "best"'
    assert sent.click(do="rename", name="a", to="b")["line"] == ".ui.rename[m;`a;`b]"
    with torch.no_grad():
        model[0].bias.add_(1)
    sent.click(do="compare", a="b", b="now", all=True)
    statuses = [d["status"] for d in panel.widget.view["differences"]]
    assert statuses.count("differs") == 1 and "same" in statuses
    sent.click(do="compare", a="b", b="now", all="yes")
    assert len(panel.widget.view["differences"]) == 1


def test_weights_are_drawn_and_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    model = net()
    panel = InitializerPanel(model, language="k")
    sent = Sent(panel, monkeypatch)
    before = view.tensors_state(model)
    answer = sent.click(do="draw", weight="0.weight", by="kuniform", function="relu",
                        fan="fanin", seed=3)
    assert answer["line"] == "seed 3; kuniform(m;`0.weight;`relu;`fanin)"
    assert panel.widget.view["weights"][0]["law"].startswith("uniform within ±1.22")
    assert panel.widget.view["weights"][0]["before"] and panel.widget.view["undo"] == "drawing"
    first = model[0].weight.detach().clone()
    sent.click(do="draw", weight="*", by="orthogonal", function="tanh", fan="fanin", seed=None)
    assert sent[-1]["line"] == "orthogonal(m;`0.weight`2.weight;1.666667)"
    assert sent.click(do="undo")["line"] == ".ui.undo m"
    assert torch.equal(first, model[0].weight)
    sent.click(do="draw", weight="0.bias", by="ones", function="relu", fan="fanin", seed=None)
    assert sent[-1]["line"] == "ones(m;`0.bias)" and bool((model[0].bias == 1).all())
    assert sent.click(do="undo")["error"] is False
    assert sent.click(do="undo")["error"] is False
    assert sent.click(do="undo")["error"] is True
    assert view.tensors_state(model) != before


def test_every_click_of_the_initializer_panel_shows_its_line(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = InitializerPanel(net(), language="k")
    sent = Sent(panel, monkeypatch)
    line = sent.click(do="compare", function="tanh", fan="fanout")["line"]
    assert line == ".ui.compareinit[m;`tanh;`fanout]"
    assert sent.click(do="forget")["line"] == ".ui.init m"
    assert "orthogonal 1.6666667 " in InitializerPanel(net()).compare("tanh")


@pytest.mark.parametrize("message", [
    {"weight": "none", "by": "kuniform"}, {"weight": None, "by": "kuniform"},
    {"weight": "0.bias", "by": "kuniform"}, {"weight": "*", "by": "dirac"},
    {"weight": "*", "by": "system"}, {"weight": "*", "by": ["kuniform"]},
    {"weight": "*", "by": "kuniform", "function": "exec"},
    {"weight": "*", "by": "kuniform", "fan": 3},
    {"weight": "*", "by": "kuniform", "seed": -1}, {"weight": "*", "by": "kuniform", "seed": 2.5},
    {"weight": "*", "by": "kuniform", "seed": "1"}, {"weight": "*", "by": "kuniform", "x": 1}, {},
])
def test_draws_are_checked(message: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    model = net()
    panel = InitializerPanel(model)
    sent = Sent(panel, monkeypatch)
    before = view.tensors_state(model)
    assert sent.click(do="draw", **message)["error"] is True
    assert view.tensors_state(model) == before


def test_initializers_are_compared_on_copies() -> None:
    model = net()
    panel = InitializerPanel(model)
    before = view.tensors_state(model)
    panel._message(panel.widget, {"do": "compare", "function": "relu", "fan": "fanin"}, [])
    assert [c["name"].split()[0] for c in panel.widget.view["compared"]][:2] == [
        "default", "kuniform"]
    assert view.tensors_state(model) == before
    panel._message(panel.widget, {"do": "forget"}, [])
    assert panel.widget.view["compared"] == []


@pytest.mark.parametrize("by", view.DRAWS)
def test_the_python_line_of_a_draw_draws_the_same(by: str) -> None:
    model = net() if by != "dirac" else nn.Sequential(
        nn.Conv1d(2, 3, 3), nn.ReLU(), nn.Conv1d(3, 3, 3))
    panel = InitializerPanel(model)
    options = view.options_for(by, "relu", "fanout")
    weights = view.weights(model)
    torch.manual_seed(5)
    for tensor in weights.values():
        view.draw(tensor, by, *options)
    expected = model[2].weight.detach().clone()
    line = panel.line(list(weights), by, options, seed=5)
    exec(line, {"torch": torch, "nn": nn, "m": model})
    assert torch.allclose(model[2].weight, expected, atol=1e-6)


def test_snapshots_outlive_the_panel() -> None:
    model = net()
    first = StatePanel(model)
    first._take(name="kept")
    first.close()
    assert StatePanel(model).snapshots.names == ["kept"]


@pytest.mark.parametrize(("act", "arguments", "line"), [
    ("take", ("good",), "snapshots_of(m).take('good')"),
    ("undo", (), "snapshots_of(m).undo()"),
    ("save", ("a.safetensors", "now"), "save('a.safetensors', m)"),
    ("save", ("a.safetensors", "b"), "save_state('a.safetensors', snapshots_of(m).state('b'), m)"),
    ("save", ("a.kdb", "b"), "save_kdb('a.kdb', snapshots_of(m).state('b'), m)"),
    ("note", ("b", "why"), "snapshots_of(m).annotate('b', 'why')"),
])
def test_the_python_line_of_a_click_runs(
    act: str, arguments: tuple[str, ...], line: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import kkernel_widgets

    monkeypatch.chdir(tmp_path)
    model = net()
    panel = StatePanel(model)
    panel.snapshots.take("b")
    panel.snapshots.restore("b")
    assert panel.line(act, *arguments) == line
    names = {name: getattr(kkernel_widgets, name) for name in kkernel_widgets.__all__}
    eval(line, {**names, "m": model})


@pytest.mark.parametrize(("word", "line"), [
    ("good", "`good"), ("a b", '`$"a b"'), ("3", "`3"),
    ('x"y', '`$"x\\"y"'), ("ü", '`$"\\303\\274"'),
])
def test_names_are_written_as_q_symbols(word: str, line: str) -> None:
    assert StatePanel(net(), language="k").line("restore", word) == f".ui.restore[m;{line}]"


# --------------------------------------------------------------------------- following changes


def test_a_panel_follows_initializers_and_training() -> None:
    model = net()
    panel = ParameterHistograms(model)
    first = panel.widget.view["rows"][0]["mean"]
    panel._next_update = 0
    with torch.no_grad():
        model[0].weight.fill_(3)
    laws.record(model[0].weight, laws.initializer("fill", (8, 4), 3))
    events.changed(model)
    row = panel.widget.view["rows"][0]
    assert (row["mean"], row["law"]["words"]) == (3, "all 3") != (first, "")
    panel._next_update = 0
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    model(torch.ones(1, 4)).sum().backward()
    optimizer.step()
    assert panel.widget.view["rows"][0]["law"]["changed"] is True


def test_following_takes_little_time(monkeypatch: pytest.MonkeyPatch) -> None:
    model = net()
    panel = ParameterHistograms(model)
    panel.refresh()
    calls: list[int] = []
    monkeypatch.setattr(panel, "refresh_if_changed", lambda: calls.append(1))
    for _ in range(1000):
        events.changed(model)
    assert len(calls) == 0


def test_changes_cost_nothing_when_nobody_looks() -> None:
    assert events._listeners == []
    assert events._optimizer_hook is None
    events.changed(None)


def test_a_failing_watcher_does_not_end_training(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: Any) -> None:
        raise RuntimeError("broken")

    stop = events.subscribe(fail)
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    model(torch.ones(1, 4)).sum().backward()
    optimizer.step()
    stop()
    assert "broken" in caplog.text
    stop()


def test_the_spec_follows_frozen_parameters() -> None:
    model = net()
    panel = SpecTable(model)
    assert panel.widget.view["trainable"] == 58
    model[0].requires_grad_(False)
    panel.refresh_if_changed()
    assert panel.widget.view["trainable"] == 18


# --------------------------------------------------------------------------- letting go


@pytest.mark.parametrize("panel", PANELS)
def test_closed_panels_and_their_models_are_freed(panel: type[Panel]) -> None:
    from ipywidgets import Widget
    from ipywidgets.widgets import widget as widgets

    live = widgets._instances
    before = len(live)
    model = net()
    gone = weakref.ref(model)
    for _ in range(20):
        made = panel(model)
        assert made.widget.comm is not None
        made.close()
    assert len(live) == before
    assert cells.live_panels() == [] and events._listeners == []
    del made, model
    gc.collect()
    assert gone() is None
    assert Widget is not None


def test_the_oldest_panels_are_closed() -> None:
    model = net()
    panels = [SpecTable(model) for _ in range(cells.MOST_LIVE + 3)]
    for panel in panels:
        assert panel.widget is not None
    assert len(cells.live_panels()) == cells.MOST_LIVE
    assert panels[0]._live is None


def test_a_cell_that_runs_again_closes_what_it_showed(monkeypatch: pytest.MonkeyPatch) -> None:
    running = ["cell", "run 1"]
    monkeypatch.setattr(cells, "_running_cell", lambda: tuple(running))
    model = net()
    first, second = SpecTable(model), SpecTable(model)
    for panel in (first, second):
        cells.adopt(panel)
        assert panel.widget is not None
    running[1] = "run 2"
    third = SpecTable(model)
    cells.adopt(third)
    assert third.widget is not None
    assert cells.live_panels() == [third]


# --------------------------------------------------------------------------- safe points


def test_clicks_wait_for_the_running_cell() -> None:
    import threading

    done: list[str] = []
    safe_point._cell_starts()
    try:
        clicker = threading.Thread(target=lambda: safe_point.run(lambda: done.append("click")))
        clicker.start()
        clicker.join()
        assert done == []
        safe_point.reached()
        assert done == ["click"]
    finally:
        safe_point._cell_ends()
    assert safe_point.run(lambda: done.append("now")) and done[-1] == "now"


def test_events_around_clicks_are_not_taken_for_cells() -> None:
    """Notebooks tell of executions around each click too, on the click's thread."""
    import threading

    done: list[str] = []

    def click() -> None:
        safe_point._cell_starts()
        done.append("ran" if safe_point.run(lambda: None) else "waits")
        safe_point._cell_ends()

    for busy, expected in ((False, "ran"), (True, "waits")):
        if busy:
            safe_point._cell_starts()
        clicker = threading.Thread(target=click)
        clicker.start()
        clicker.join()
        assert done[-1] == expected and safe_point._busy is busy
    safe_point._cell_ends()


def test_the_filter_reaches_tensors_beyond_those_that_are_shown(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kkernel_widgets.parameter_histograms.MOST_SHOWN", 3)
    panel = ParameterHistograms(nn.Sequential(*[nn.Linear(2, 2) for _ in range(12)]))
    sent = Sent(panel, monkeypatch)
    view = panel.widget.view
    assert [row["name"] for row in view["rows"]] == ["0.weight", "0.bias", "1.weight"]
    assert view["hidden"] == 21
    panel._message(panel.widget, {"do": "filter", "text": " 11.W"}, [])
    assert [row["name"] for row in panel.widget.view["rows"]] == ["11.weight"]
    assert panel.widget.view["hidden"] == 0 and not sent
    counts = np.frombuffer(panel.widget.bins)
    assert counts[: panel.widget.view["rows"][0]["bins"]].sum() == 4
    assert sent.click(do="filter", text=7)["error"] is True
    assert sent.click(do="filter", text="x" * 999)["error"] is True


@pytest.mark.parametrize(("low", "high", "texts"), [
    (-0.0866, 0.0879, ("-0.087", "0.088")), (0.9951, 1.0042, ("0.995", "1")),
    (1.0, 1.0, ("1", "1")), (1.00012, 1.00013, ("1.00012", "1.00013")),
])
def test_ends_of_a_range_are_told_apart(low: float, high: float, texts: tuple[str, str]) -> None:
    assert ends(low, high) == texts


def test_initializers_say_which_weights_hold_no_numbers() -> None:
    model = nn.Linear(3, 3)
    with torch.no_grad():
        model.weight[0] = float("nan")
        model.weight[1, 1] = float("-inf")
    weight, bias = InitializerPanel(model).widget.view["weights"]
    assert weight["odd"] == "3 NaN, 1 Inf" and bias["odd"] == ""
