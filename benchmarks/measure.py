"""Timing of alternatives in one run: interleaved, the median of the ratios is what counts."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Thunk = Callable[[], object]


@dataclass
class Ratio:
    """Our time against a peer's, for one task."""

    task: str
    ours: float  # seconds, median
    peer: float
    ratio: float  # median of the ratios of neighbouring rounds
    target: float  # the most that is wanted

    def row(self) -> str:
        mark = "ok" if self.ratio <= self.target else "OVER"
        return (f"{self.task:<44} {self.ours * 1e6:>12.1f} {self.peer * 1e6:>12.1f} "
                f"{self.ratio:>8.2f} {self.target:>8.2f}  {mark}")


HEADER = f"{'task':<44} {'ours us':>12} {'peer us':>12} {'ratio':>8} {'target':>8}"


def compare(task: str, ours: Thunk, peer: Thunk, target: float, rounds: int = 15,
            seconds: float = 0.05) -> Ratio:
    """Time both in turns; each round repeats a thunk for about `seconds`."""
    repeat_ours, repeat_peer = _repeats(ours, seconds), _repeats(peer, seconds)
    mine, theirs = [], []
    for _ in range(rounds):
        mine.append(_timed(ours, repeat_ours))
        theirs.append(_timed(peer, repeat_peer))
    ratio = statistics.median(a / b for a, b in zip(mine, theirs))
    return Ratio(task, statistics.median(mine), statistics.median(theirs), ratio, target)


def _repeats(thunk: Thunk, seconds: float) -> int:
    thunk()
    start = time.perf_counter()
    thunk()
    return max(1, int(seconds / max(1e-9, time.perf_counter() - start)))


def _timed(thunk: Thunk, repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        thunk()
    return (time.perf_counter() - start) / repeats
