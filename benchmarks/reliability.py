"""Stop pressed hundreds of times: one reply each, the same process, nothing lost. Saves killed
hundreds of times: the old state or the new one, whole.

    python benchmarks/reliability.py [--seed N] [--part 0.1] [--only stops|kills]

presses 200 times in training and in printing, 400 times against short cells, 100 times while idle,
50 times in each of the others; kills (-9) 300 saves of a panel and of `set`.  Exits with 1 if
anything was not as it should be.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from kernel_client import Kernel  # noqa: E402
from kills import FILES, Killed, campaign  # noqa: E402
from stops import LIVE, Report, Storm  # noqa: E402

KILLS = 100  # of each way to save
PRESSES = {"training": 200, "printing": 200, "short": 400, "idle": 100, "other": 50}
TARGET = 0.25  # s, the 95th percentile from Stop to the end of the cell
HEADER = f"{'storm':<26} {'presses':>7} {'median ms':>10} {'p95 ms':>8} {'worst ms':>9}  failures"


def row(report: Report, presses: int) -> str:
    """One line of the table; its failures below it."""
    times = "".rjust(29)
    if report.seconds:
        middle, late, worst = (1000 * t for t in (
            statistics.median(report.seconds), percentile(report.seconds), max(report.seconds)))
        times = f"{middle:>10.1f} {late:>8.1f} {worst:>9.1f}"
    lines = [f"{report.name:<26} {presses:>7} {times}  {len(report.failures)}"]
    return "\n".join(lines + [f"    {f}" for f in report.failures[:5]])


def percentile(seconds: list[float]) -> float:
    """The 95th percentile."""
    return sorted(seconds)[int(0.95 * (len(seconds) - 1))]


def killed_row(report: Killed) -> str:
    """One line of the table of kills; its failures below it."""
    line = (f"{report.way:<26} {report.kills:>7} {report.saving:>14} {report.old:>5} "
            f"{report.new:>5}  {len(report.failures)}")
    return "\n".join([line, *(f"    {f}" for f in report.failures[:5])])


def kills(seed: int, part: float) -> int:
    """Kill saves of every way; how many ways failed."""
    print(f"{'killed saves':<26} {'kills':>7} {'while saving':>14} {'old':>5} {'new':>5}  failures")
    bad = 0
    for way in FILES:
        with tempfile.TemporaryDirectory() as folder:
            report = campaign(way, Path(folder), max(1, int(KILLS * part)), seed)
        print(killed_row(report), flush=True)
        bad += bool(report.failures)
    return bad


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--part", type=float, default=1.0, help="of the presses and kills")
    options.add_argument("--only", choices=["stops", "kills"])
    given = options.parse_args()
    bad = 0
    if given.only != "stops":
        bad += kills(given.seed, given.part)
    if given.only != "kills":
        bad += stops(given.seed, given.part)
    return bad > 0


def stops(seed: int, part: float) -> int:
    """Press Stop in every kind of cell; how many kinds failed."""
    presses = {name: max(1, int(n * part)) for name, n in PRESSES.items()}
    with tempfile.TemporaryDirectory() as folder:
        kernel = Kernel(script=LIVE, cwd=Path(folder))
        try:
            print(HEADER)
            bad = 0
            for report in Storm(kernel, Path(folder), seed).all(**presses):
                print(row(report, len(report.seconds) or presses["idle"]), flush=True)
                slow = bool(report.seconds) and percentile(report.seconds) > TARGET
                bad += bool(report.failures) or slow
        finally:
            kernel.close()
    return bad


if __name__ == "__main__":
    raise SystemExit(main())
