"""No live panel is left by a test."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from kkernel_widgets import (
    cells,
)


@pytest.fixture(autouse=True)
def closed() -> Any:
    """No test leaves a live panel."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        yield
    for panel in cells.live_panels():
        panel.close()
