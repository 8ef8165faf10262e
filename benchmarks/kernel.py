"""The Jupyter kernel against ipykernel: start to first reply, a trivial cell, much output."""

from __future__ import annotations

import statistics
import time

from jupyter_client.manager import KernelManager
from measure import HEADER, Ratio

STARTS = 5
CELLS = 40
LINES = {"kkernel": "-1 string til 100000;", "python3": "for i in range(100000): print(i)"}


class Running:
    """A kernel and its client."""

    def __init__(self, name: str) -> None:
        self.manager = KernelManager(kernel_name=name)
        start = time.perf_counter()
        self.manager.start_kernel()
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)
        self.run("1+1")
        self.start = time.perf_counter() - start

    def run(self, code: str) -> float:
        """Seconds until the kernel is idle again after a cell."""
        start = time.perf_counter()
        asked = self.client.execute(code)
        while True:
            message = self.client.get_iopub_msg(timeout=120)
            if (message["parent_header"].get("msg_id") == asked
                    and message["content"].get("execution_state") == "idle"):
                return time.perf_counter() - start

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def _ratio(task: str, ours: list[float], peer: list[float], target: float) -> Ratio:
    ratio = statistics.median(a / b for a, b in zip(ours, peer, strict=True))
    return Ratio(task, statistics.median(ours), statistics.median(peer), ratio, target)


def starts() -> Ratio:
    times: dict[str, list[float]] = {"kkernel": [], "python3": []}
    for _ in range(STARTS):
        for name, found in times.items():
            kernel = Running(name)
            kernel.stop()
            found.append(kernel.start)
    return _ratio("start to first reply", times["kkernel"], times["python3"], 1.2)


def cells() -> list[Ratio]:
    kernels = {name: Running(name) for name in LINES}
    time.sleep(10)  # torch is loaded in the background after the start
    trivial: dict[str, list[float]] = {name: [] for name in LINES}
    much: dict[str, list[float]] = {name: [] for name in LINES}
    for _ in range(CELLS):
        for name, kernel in kernels.items():
            trivial[name].append(kernel.run("1+1"))
    for _ in range(3):
        for name, kernel in kernels.items():
            much[name].append(kernel.run(LINES[name]))
    for kernel in kernels.values():
        kernel.stop()
    return [_ratio("trivial cell", trivial["kkernel"], trivial["python3"], 1.1),
            _ratio("100,000 lines of output", much["kkernel"], much["python3"], 1.0)]


def main() -> None:
    print(HEADER)
    for r in [starts(), *cells()]:
        print(r.row())


if __name__ == "__main__":
    main()
