"""Stop pressed at random moments, and what must be whole afterwards.

tests/live/test_stops.py presses a few times, benchmarks/reliability.py as often as is asked for.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kernel_client import Kernel, Outcome

LIVE = Path(__file__).parent / "live_kernel.py"
MODEL = """\
seed 1
q:module seq(`sequential;(`linear;`a;8;16);`relu;(`linear;`b;16;1))
m:model(addref q;loss`mse;opt(`adam;q;.01))
X:tensor(`randn;512 8)
Y:tensor(`randn;512 1)
X0:tensor X
train(m;`batchsize`shuffle;(16;1b));
train(m;X;Y);
held:count obj[]
run m;
"""
# all pointers are there, the data has its size and, in its first order, its values; and it trains
TRAINED = """\
held=count obj[]
512=count tensor X
{unshuffle m;X0~first data m}[]
0w>run m"""


@dataclass(frozen=True)
class Scenario:
    """A cell that runs until it is stopped, and lines that must all give 1b afterwards."""

    name: str
    cell: str
    whole: str = "1b"
    before: str = ""


SCENARIOS = (
    Scenario("training", "while[1b;run m]", TRAINED, MODEL),
    Scenario("batches by hand", "while[1b;while[batch(v;16);n+:1]]",
             "512=restore v\n(2#512)~count each vector v",
             MODEL + "n:0;v:vector(X;Y);"),
    Scenario("printing", 'while[1b;-1"some text"]'),
    Scenario("showing", "while[1b;show kept]"),
    Scenario("both streams", 'while[1b;-1"out";-2"err"]'),
    Scenario("growing a table", "while[1b;`t insert(1;2.5;`a);t,:(2;0n;`b)]",
             "1=count distinct count each flip t", "t:([]a:0#0;b:0#0f;c:0#`)"),
    Scenario("growing a dictionary", "while[1b;d[n]:n;n+:1]",
             "(key d)~value d", "d:(0#0)!0#0;n:0"),
    Scenario("growing a keyed table", "while[1b;`k upsert(n;n);n+:1]",
             "(exec n from k)~exec v from k", "k:([n:0#0]v:0#0);n:0"),
    Scenario("new symbols", "while[1b;s,:`$\"stop\",string count s]",
             "s~`$\"stop\",/:string til count s", "s:0#`"),
    Scenario("writing a file", "while[1b;`:v set n#n;n+:1]",
             "1=count distinct get`:v", "n:1;`:v set 1#1"),
    Scenario("saving states", "while[1b;run m;.ui.save[m;`:m;`now]]",
             "{.ui.load[m;`:m;`read];.ui.drop[m;`read];1b}[]",
             MODEL + ".ui.save[m;`:m;`now];"),
    Scenario("restoring states", "while[1b;run m;.ui.restore[m;`start]]",
             "{.ui.restore[m;`start];w~tensor parm(q;`a.weight)}[]",
             MODEL + ".ui.take[m;`start];w:tensor parm(q;`a.weight);"),
    Scenario("making and freeing", "while[1b;v:vector(tensor 1 2 3;tensor 4 5f);free v]",
             "all mapped each obj[]`ptr"),
    Scenario("catching all errors", "while[1b;@[{while[1b;x+:1]};0;{`caught}]]"),
)


@dataclass
class Report:
    """How one storm went."""

    name: str
    seconds: list[float] = field(default_factory=list)  # from Stop to the end of the cell
    failures: list[str] = field(default_factory=list)

    def expect(self, what: str, found: object, wanted: object) -> None:
        if found != wanted:
            self.failures.append(f"{what}: {found!r} instead of {wanted!r}")


class Storm:
    """Presses Stop in a kernel; one seed gives the same moments."""

    def __init__(self, kernel: Kernel, folder: Path, seed: int = 1) -> None:
        self.kernel = kernel
        self.folder = folder  # where the kernel was started
        self.moments = random.Random(seed)
        kernel.run("kept:til 3")
        self.process = kernel.run(".z.i").result

    def run(self, scenario: Scenario, presses: int) -> Report:
        """Start the cell and stop it, again and again."""
        report = Report(scenario.name)
        report.expect("setup", self.kernel.run(scenario.before).error, None)
        for _ in range(presses):
            request = self.kernel.send(scenario.cell)
            self.kernel.until_busy(request)
            time.sleep(self.moments.uniform(0, 0.08))
            outcome = self._stop(request, report)
            report.expect("the stopped cell", outcome.error, "'stop")
            self._check(report, scenario.whole)
        self._end(report)
        return report

    def _stop(self, request: str, report: Report) -> Outcome:
        start = time.perf_counter()
        self.kernel.manager.interrupt_kernel()
        outcome = self.kernel.wait(request)
        report.seconds.append(time.perf_counter() - start)
        return outcome

    def _check(self, report: Report, whole: str) -> None:
        for line in whole.split("\n"):
            outcome = self.kernel.run(line)
            report.expect(line, outcome.error or outcome.result, "1b")

    def _end(self, report: Report) -> None:
        """The same process, its variables, no second reply, no file left behind."""
        report.expect("variables", self.kernel.run("kept").result, "0 1 2")
        report.expect("process", self.kernel.run(".z.i").result, self.process)
        self.kernel.drain()
        report.expect("more replies", self.kernel.client.shell_channel.msg_ready(), False)
        left = [p.name for p in self.folder.iterdir() if "tmp" in p.name]
        report.expect("temporary files", left, [])

    def short_cells(self, presses: int) -> Report:
        """Stop races with the end of the cell: either wins, and there is one reply."""
        report = Report("short cells")
        for i in range(presses):
            request = self.kernel.send(f"sum til 100000+0*{i}")
            time.sleep(self.moments.uniform(0, 0.004))
            outcome = self._stop(request, report)
            report.expect("a short cell", (outcome.result, outcome.error) in (
                ("4999950000", None), (None, "'stop")), True)
        self._end(report)
        return report

    def idle(self, presses: int) -> Report:
        """Stop without a cell does nothing."""
        report = Report("idle")
        for _ in range(presses):
            self.kernel.manager.interrupt_kernel()
            time.sleep(self.moments.uniform(0, 0.004))
        self._end(report)
        return report

    def callback(self, presses: int) -> Report:
        """Stop during a widget's callback, which ends as if nothing had been; LIVE kernels only."""
        report = Report("widget callback")
        shown = self.kernel.run(".test.button[]")
        button = next(c["comm_id"] for c in shown.of("comm_open")
                      if c["data"]["state"].get("description") == "Stop")
        before = int(self.kernel.run(".test.clicks[]").result or 0)
        for _ in range(presses):
            click(self.kernel, button)
            time.sleep(self.moments.uniform(0, 0.03))
            self.kernel.manager.interrupt_kernel()
        report.expect("clicks", self.kernel.run(".test.clicks[]").result, str(before + presses))
        self._end(report)
        return report

    def all(self, training: int, printing: int, short: int, idle: int, other: int,
            ) -> Iterator[Report]:
        """Every storm, with these numbers of presses."""
        presses = {"training": training, "printing": printing}
        for scenario in SCENARIOS:
            yield self.run(scenario, presses.get(scenario.name, other))
        yield self.short_cells(short)
        yield self.idle(idle)
        yield self.callback(other)


def click(kernel: Kernel, button: str, subshell: str | None = None) -> None:
    """What a front end sends when a button is clicked."""
    message = kernel.client.session.msg("comm_msg", {
        "comm_id": button, "data": {"method": "custom", "content": {"event": "click"}}})
    if subshell is not None:
        message["header"]["subshell_id"] = subshell
    kernel.client.shell_channel.send(message)
