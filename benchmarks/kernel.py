"""The Jupyter kernel against ipykernel: start to first reply, a trivial cell, much output.

Processor time of the kernel's process is compared, which does not depend on what else the
machine does; the wall times stand beside it.
"""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from jupyter_client.manager import KernelManager
from measure import HEADER, Ratio

STARTS = 5
CELLS = 200  # in a row: the kernel's clock of processor time ticks every 10 ms
LINES = {"kkernel": "-1 string til 100000;", "python3": "for i in range(100000): print(i)"}


@dataclass
class Took:
    """Seconds of the wall clock, and of the processor in the kernel's process."""

    wall: float
    processor: float


class Running:
    """A kernel and its client, after its first reply."""

    def __init__(self, name: str, *options: str) -> None:
        self.manager = KernelManager(kernel_name=name)
        start = time.perf_counter()
        self.manager.start_kernel(extra_arguments=list(options))
        self.pid = self.manager.provisioner.process.pid  # type: ignore[union-attr]
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)
        self.run("1+1")
        self.start = Took(time.perf_counter() - start, self.processor())

    def processor(self) -> float:
        """Seconds of processor time that the process has had."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def run(self, code: str) -> float:
        """Seconds until the kernel is idle again after a cell."""
        start = time.perf_counter()
        asked = self.client.execute(code)
        while True:
            message = self.client.get_iopub_msg(timeout=120)
            if (message["parent_header"].get("msg_id") == asked
                    and message["content"].get("execution_state") == "idle"):
                return time.perf_counter() - start

    def cells(self, code: str, count: int) -> Took:
        """The median cell of several."""
        before = self.processor()
        walls = [self.run(code) for _ in range(count)]
        return Took(statistics.median(walls), (self.processor() - before) / count)

    def wait_until_idle(self) -> None:
        """Until what loads in the background is loaded."""
        before = -1.0
        while self.processor() - before > .02:
            before = self.processor()
            time.sleep(5)

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def _rows(task: str, ours: list[Took], peer: list[Took], target: float) -> list[Ratio]:
    """One row for each clock."""
    rows = []
    for clock in ("processor", "wall"):
        a, b = ([getattr(t, clock) for t in side] for side in (ours, peer))
        ratio = statistics.median(x / y for x, y in zip(a, b, strict=True))
        rows.append(Ratio(f"{task}, {clock}", statistics.median(a), statistics.median(b), ratio,
                          target))
    return rows


def starts() -> list[Ratio]:
    for name in LINES:
        Running(name).stop()  # both have compiled their modules then, as an installation has
    times: dict[str, list[Took]] = {"kkernel": [], "python3": []}
    for _ in range(STARTS):
        for name, found in times.items():
            kernel = Running(name)
            kernel.stop()
            found.append(kernel.start)
    return _rows("start to first reply", times["kkernel"], times["python3"], 1.1)


def cells() -> list[Ratio]:
    kernels = {name: Running(name) for name in LINES}
    trivial: dict[str, list[Took]] = {name: [] for name in LINES}
    much: dict[str, list[Took]] = {name: [] for name in LINES}
    for kernel in kernels.values():
        kernel.wait_until_idle()
    for _ in range(5):
        for name, kernel in kernels.items():
            trivial[name].append(kernel.cells("1+1", CELLS))
    for _ in range(3):
        for name, kernel in kernels.items():
            much[name].append(kernel.cells(LINES[name], 1))
    for kernel in kernels.values():
        kernel.stop()
    return [*_rows("trivial cell", trivial["kkernel"], trivial["python3"], 1.1),
            *_rows("100,000 lines of output", much["kkernel"], much["python3"], 1.0)]


def main() -> None:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    print(HEADER)
    for r in [*starts(), *cells()]:
        print(r.row())


if __name__ == "__main__":
    main()
