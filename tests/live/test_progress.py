"""Progress of long passes: what it says and when, in a cell and in a terminal; images in a cell."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from kernel_client import Kernel

from kkernel.kernel import progress
from kkernel.kernel.progress import DELAY, INTERVAL, Progress, TerminalLine


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Watched:
    """A progress, its clock, and what it has said."""

    def __init__(self) -> None:
        self.said: list[tuple[str, float]] = []
        self.clock = Clock()
        self.progress = Progress(lambda words, part: self.said.append((words, part)), self.clock)

    def passes(self, name: str, batches: int, seconds: float) -> None:
        """A pass over so many batches that takes so long each."""
        self.progress.report(name, 0, batches)
        for i in range(batches):
            self.clock.now += seconds
            self.progress.report(name, i + 1, batches)


def test_short_passes_show_nothing() -> None:
    w = Watched()
    w.passes("run", 10, DELAY / 20)
    w.progress.end()
    assert not w.said


def test_long_passes_show_now_and_then() -> None:
    w = Watched()
    w.passes("run", 1000, .01)  # 10 s
    assert 2 < len(w.said) <= 1 + (10 - DELAY) / INTERVAL
    words, part = w.said[-1]
    assert words.startswith("run 1: ") and " of 1000 batches" in words and "left" in words
    assert part == pytest.approx(int(words.split()[2]) / 1000)
    assert "left" not in w.said[0][0]


def test_many_short_passes_count_together() -> None:
    w = Watched()
    for _ in range(30):
        w.passes("run", 4, .02)
        w.passes("testrun", 1, .02)
    w.progress.end()
    assert w.said[-1] == ("30 × run, 30 × testrun, 150 batches, 3 s", 1.0)


def test_a_pass_that_was_stopped_says_where() -> None:
    w = Watched()
    w.progress.report("run", 0, 5)
    w.clock.now += 90
    w.progress.report("run", 2, 5)
    assert w.said == [("run 1: 2 of 5 batches, 1 min 30 s, about 2 min 15 s left", .4)]
    w.progress.end()
    assert w.said[-1] == ("stopped in run 1: 2 of 5 batches, 1 min 30 s", .4)
    w.progress.begin()
    w.progress.end()
    assert len(w.said) == 2


def test_other_text_erases_the_line_of_a_terminal(monkeypatch: pytest.MonkeyPatch,
                                                  capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress, "DELAY", 0.0)
    line = TerminalLine()
    line.progress("run", 0, 4)
    line.progress("run", 1, 4)
    line.clear()
    line.clear()
    assert capsys.readouterr().err == "\r\x1b[K  0% run 1: 0 of 4 batches, 0 s\r\x1b[K"


def test_scripts_print_what_they_did_before(q: Any) -> None:
    """No host, no progress: passes run without one."""
    q("m:model(module enlist(`linear;2;1);loss`mse;opt`sgd);r:run(m;6 2#1e;6 1#1e)")
    assert q("-8h=type r")


# ------------------------------------------------------------------ in a notebook

@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    k = Kernel()
    yield k
    k.close()


SLOW = """\
slow:{[m;x] system"sleep 1.2"; kforward(m;`a;x)}
q:module((`callback;`cb;`slow);enlist(`linear;`a;2;1))
m:model(q;loss`mse;opt(`sgd;q;.1))
train(m;`batchsize;2)"""


def test_a_long_run_shows_one_bar_that_is_changed(kernel: Kernel) -> None:
    kernel.run(SLOW)
    cell = kernel.run("-1\"before\";r:run(m;6 2#1e;6 1#1e);-1\"after\";count r")
    assert cell.stdout == "before\nafter\n" and cell.result == "1"
    assert cell.kinds.count("display_data") == 1 and "update_display_data" in cell.kinds
    bar, *_, last = cell.of("display_data") + cell.of("update_display_data")
    assert bar["data"].keys() == {"text/html"}  # the text of the cell stays the console's
    assert "run 1: 2 of 3 batches" in bar["data"]["text/html"]
    assert "1 × run, 3 batches" in last["data"]["text/html"]
    assert bar["transient"] == last["transient"]


def test_a_short_run_shows_no_bar(kernel: Kernel) -> None:
    kernel.run(SLOW)
    assert "display_data" not in kernel.run("slow:{[m;x]kforward(m;`a;x)};run(m;6 2#1e;6 1#1e)"
                                            ).kinds


def pixels(png: bytes) -> Any:
    import io

    from matplotlib.image import imread

    return np.round(255 * imread(io.BytesIO(png), format="png")).astype(int)


def test_images_show_in_the_notebook(kernel: Kernel) -> None:
    cell = kernel.run("x:3 1 2 2#`short$20*til 12\nhdel png(`:shown.png;g:makegrid(x;1;3;1;9))\ng")
    file, = cell.of("display_data")
    grid, = cell.of("execute_result")
    assert grid["data"]["text/plain"].startswith("9 9  9  9 9")
    assert file["data"]["image/png"] == grid["data"]["image/png"]
    shown = pixels(b64decode(grid["data"]["image/png"]))
    assert shown.shape[:2] == (4, 10)
    assert shown[:, :, 0].tolist() == [[9] * 10, [9, 0, 20, 9, 80, 100, 9, 160, 180, 9],
                                       [9, 40, 60, 9, 120, 140, 9, 200, 220, 9], [9] * 10]


def test_only_the_image_itself_shows(kernel: Kernel) -> None:
    assert kernel.run("g:makegrid(x;1;3);1+g").of("execute_result")[0]["data"].keys() \
        == {"text/plain"}
    assert "image/png" in kernel.run("makegrid(tensor x;1;3)").of("execute_result")[0]["data"]


def test_floats_within_one_are_stretched(kernel: Kernel) -> None:
    cell = kernel.run("makegrid(1 1 1 3#-1 0 1e;1;1;0)")
    png = b64decode(cell.of("execute_result")[0]["data"]["image/png"])
    assert pixels(png)[0, :, 0].tolist() == [0, 127, 255]


def test_stop_in_a_run_keeps_whole_steps_and_all_data(kernel: Kernel) -> None:
    kernel.run(SLOW.replace("kforward", '-1"batch"; kforward')
               + "\ntrain(m;`shuffle;1b)\ntrain(m;12 2#\"e\"$til 24;12 1#\"e\"$2*til 12);"
               + "\nbefore:tensor parm(m;`a.weight)")
    request = kernel.send("run m")
    texts: list[str] = []
    kernel.collect(request, lambda m: m["msg_type"] == "stream"
                   and (texts.append(m["content"]["text"]) or "".join(texts).count("batch") > 1))
    kernel.manager.interrupt_kernel()
    stopped = kernel.wait(request)
    assert stopped.error is not None and stopped.error.startswith("'stop")
    assert kernel.run("datasize m").result == "12"
    assert kernel.run("(asc[first d]~12 2#\"e\"$til 24)&all raze[last d]=first each first d:data m"
                      ).result == "1b"
    assert kernel.run("before~tensor parm(m;`a.weight)").result == "0b"
    assert kernel.run("slow:{[m;x]kforward(m;`a;x)};0n<run m").result == "1b"
