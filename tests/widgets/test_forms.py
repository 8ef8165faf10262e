"""The forms of a panel: live, HTML, text; tables and numbers as people read them."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from kkernel_widgets import (
    InitializerPanel,
    ParameterHistograms,
    SpecTable,
)
from kkernel_widgets.numbers import byte_size, ends, percent, short
from kkernel_widgets.panel import Panel
from kkernel_widgets.text_table import text_table
from panel_clicks import PANELS, net
from torch import nn

from kkernel.api.look import laws


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
