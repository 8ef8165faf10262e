"""Panels follow training and let go: changes, closing, memory, clicks while a cell runs."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
import torch
from kkernel_widgets import (
    ParameterHistograms,
    SpecTable,
    cells,
    safe_point,
)
from kkernel_widgets.panel import Panel
from panel_clicks import PANELS, net

from kkernel.api import events
from kkernel.api.look import laws


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
