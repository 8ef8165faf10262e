"""What several tests of the k api use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture
def seeded() -> Iterator[None]:
    """Draws start at the same number, and the generator is afterwards where it was."""
    with torch.random.fork_rng():
        torch.manual_seed(9)
        yield
