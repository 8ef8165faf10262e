"""Clicks in the state panel: states, files, notes; and no message that does harm."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from kkernel_widgets import (
    StatePanel,
)
from panel_clicks import Sent, net
from torch import nn

from kkernel.api import view


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
