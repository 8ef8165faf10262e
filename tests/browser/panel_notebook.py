"""A notebook with every panel of one model, and where its parts stand in the page.

The model has names that try to inject HTML.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from .front_end import Notebook

EVIL = "<img src=x onerror=alert(1)>"
SETUP = f'''
import torch
from torch import nn
from kkernel_widgets import SpecTable, ParameterHistograms, StatePanel, InitializerPanel
torch.manual_seed(3)
blocks = [nn.Sequential(nn.Linear(16, 16), nn.ReLU()) for _ in range(3)]
m = nn.Sequential(nn.Linear(16, 16), *blocks, nn.Linear(16, 4))
m.add_module({EVIL!r}, nn.Identity())
o = torch.optim.Adam(m.parameters())
x = torch.randn(32, 16)
def train(n):
    for _ in range(n):
        o.zero_grad(); m(x).square().mean().backward(); o.step()
'''
CELLS = [SETUP, "SpecTable(m, x, o)", "ParameterHistograms(m)", "StatePanel(m, o)",
         f"s = StatePanel(m, o); s.snapshots.take({EVIL!r}, note={EVIL!r}); train(1)", ""]


def panel(notebook: Notebook, kind: str) -> Any:
    return notebook.page.locator(f".kt-live.kt-{kind}").first


def spec(notebook: Notebook) -> Any:
    return panel(notebook, "specification")


def names(table: Any) -> list[str]:
    return table.locator("tbody th").all_inner_texts()


def expect_text(locator: Any, text: str) -> None:
    expect(locator).to_contain_text(text, timeout=20_000)


def expect_visible(locator: Any) -> None:
    expect(locator).to_be_visible(timeout=20_000)
