"""Clicks in histograms and initializers, and the line of code that does the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from kkernel_widgets import (
    InitializerPanel,
    ParameterHistograms,
)
from panel_clicks import Sent, net
from torch import nn

from kkernel.api import view


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
