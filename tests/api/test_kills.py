"""Saves that are killed at random moments leave the old state or the new one, whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from kills import FILES, campaign


@pytest.mark.parametrize("way", FILES)
def test_a_killed_save_leaves_a_whole_state(way: str, tmp_path: Path) -> None:
    report = campaign(way, tmp_path, kills=8, seed=1)
    assert report.failures == [] and report.kills == 8
