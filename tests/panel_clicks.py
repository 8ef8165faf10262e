"""A small model, its panels, and what a panel sends to the browser when it is clicked."""

from __future__ import annotations

from typing import Any

import pytest
from kkernel_widgets import (
    InitializerPanel,
    ParameterHistograms,
    SpecTable,
    StatePanel,
)
from kkernel_widgets.panel import Panel
from torch import nn

PANELS: list[type[Panel]] = [SpecTable, ParameterHistograms, StatePanel, InitializerPanel]


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
