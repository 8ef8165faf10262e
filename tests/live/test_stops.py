"""Stop loses nothing: a few presses of each kind; benchmarks/reliability.py does hundreds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kernel_client import Kernel
from stops import LIVE, SCENARIOS, Scenario, Storm

PRESSES = 5


@pytest.fixture(scope="module")
def storm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storm]:
    folder = tmp_path_factory.mktemp("files")
    kernel = Kernel(script=LIVE, cwd=folder)
    yield Storm(kernel, folder)
    kernel.close()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_a_stopped_cell_leaves_everything_whole(storm: Storm, scenario: Scenario) -> None:
    assert storm.run(scenario, PRESSES).failures == []


def test_short_cells(storm: Storm) -> None:
    assert storm.short_cells(20).failures == []


def test_idle(storm: Storm) -> None:
    assert storm.idle(10).failures == []


def test_a_widget_callback(storm: Storm) -> None:
    assert storm.callback(PRESSES).failures == []
