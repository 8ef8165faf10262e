"""Timing of two programs, each in a process of its own, in turns: what they keep between passes,
pages of memory above all, is theirs alone.  Their peak memory is compared too."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from measure import Ratio, Thunk

HERE = Path(__file__).parent
WARM = 2  # passes that do not count
ROUNDS, SECONDS = 9, 2.5  # the least of both that count


def serve(thunk: Thunk) -> None:
    """Run the thunk for each line of stdin; tell processor seconds, and the peak memory in MB."""
    for _ in sys.stdin:
        start = time.process_time()
        thunk()
        seconds = time.process_time() - start
        print(seconds, peak(), flush=True)


def peak() -> float:
    """The most memory of this process in MB.  `getrusage` would count that of the process which
    started this one."""
    with open("/proc/self/status", encoding="ascii") as f:
        return next(int(line.split()[1]) / 1024 for line in f if line.startswith("VmHWM:"))


class Worker:
    """A process that runs `file name` and serves."""

    def __init__(self, file: str, name: str) -> None:
        self.process = subprocess.Popen([sys.executable, str(HERE / file), name], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.peak = 0.0

    def turn(self) -> float:
        """The seconds of one pass."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        seconds, self.peak = map(float, self.process.stdout.readline().split())
        return seconds

    def close(self) -> None:
        self.process.communicate()


def compare_apart(task: str, name: str, target: float, most: float) -> tuple[Ratio, str]:
    """Times of a program against its plain form, and a row of their peak memory."""
    workers = Worker("programs.py", name), Worker("plain.py", name)
    for _ in range(WARM):
        warm = [w.turn() for w in workers]
    rounds = max(ROUNDS, round(SECONDS / min(warm)))
    mine: list[float] = []
    theirs: list[float] = []
    for i in range(rounds):
        for k in (0, 1) if i % 2 else (1, 0):
            (theirs if k else mine).append(workers[k].turn())
    for w in workers:
        w.close()
    median = statistics.median
    ratio = Ratio(task, median(mine), median(theirs),
                  median(a / b for a, b in zip(mine, theirs, strict=True)), target)
    return ratio, memory_row(f"{task}: peak MB", workers[0].peak, workers[1].peak, most)


def memory_row(task: str, ours: float, peer: float, most: float) -> str:
    mark = "ok" if ours / peer <= most else "OVER"
    return f"{task:<44} {ours:>12.1f} {peer:>12.1f} {ours / peer:>8.2f} {most:>8.2f}  {mark}"
