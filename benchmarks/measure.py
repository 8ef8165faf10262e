"""Timing of alternatives in one run: interleaved, the median of the ratios is what counts.

Time is the processor time of this process, so that other programs on the machine, waiting for
their turn, do not count; what they do to caches and memory still does.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Thunk = Callable[[], object]
Clock = Callable[[], float]


@dataclass
class Ratio:
    """Our time against a peer's, for one task."""

    task: str
    ours: float  # seconds, median
    peer: float
    ratio: float  # median of the ratios of neighbouring rounds
    target: float  # the most that is wanted
    over: float = 0.0  # seconds between the fastest rounds of both

    def row(self) -> str:
        mark = "ok" if self.ratio <= self.target else "OVER"
        return (f"{self.task:<44} {self.ours * 1e6:>12.1f} {self.peer * 1e6:>12.1f} "
                f"{self.ratio:>8.2f} {self.target:>8.2f}  {mark}")


HEADER = f"{'task':<44} {'ours us':>12} {'peer us':>12} {'ratio':>8} {'target':>8}"


def compare(task: str, ours: Thunk, peer: Thunk, target: float, rounds: int = 25,
            seconds: float = 0.02, clock: Clock = time.process_time) -> Ratio:
    """Time both in turns; each round repeats a thunk for about `seconds`."""
    repeat_ours, repeat_peer = _repeats(ours, seconds, clock), _repeats(peer, seconds, clock)
    if repeat_ours == repeat_peer == 1:  # slow, and so less shaken by single interruptions
        rounds = min(rounds, 7)
    mine, theirs = [], []
    gc.collect()
    for i in range(rounds):
        if i % 2:  # who comes second finds the caches as the other left them
            theirs.append(_timed(peer, repeat_peer, clock))
        mine.append(_timed(ours, repeat_ours, clock))
        if not i % 2:
            theirs.append(_timed(peer, repeat_peer, clock))
    median = statistics.median
    return Ratio(task, median(mine), median(theirs), median(a / b for a, b in zip(mine, theirs)),
                 target, min(mine) - min(theirs))


def _repeats(thunk: Thunk, seconds: float, clock: Clock) -> int:
    """How often a thunk fits into `seconds`, after a warm-up that lets hot code be compiled."""
    thunk()
    n, took = 1, _timed(thunk, 1, clock)
    while took * n < seconds / 4:
        n *= 4
        took = _timed(thunk, n, clock)
    return max(1, round(seconds / max(took, 1e-9)))


def _timed(thunk: Thunk, repeats: int, clock: Clock) -> float:
    start = clock()
    for _ in range(repeats):
        thunk()
    return (clock() - start) / repeats
