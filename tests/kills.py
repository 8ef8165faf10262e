"""Saves killed at random moments (`kill -9`), and what must then be in the file.

tests/api/test_kills.py kills a few times, benchmarks/reliability.py as often as is asked for.

    python tests/kills.py WAY FOLDER KILLS SEED

forks a process for each kill, which saves one of two states after the other for ever.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FILES = {"panel": "state.safetensors", "panel, kdb+": "state.kdb", "set state": "state"}
WIDTH = 400  # units of the model: with the optimizer's buffers 2 MB


@dataclass
class Killed:
    """How many kills there were, how many met a save on its way, and which state was found."""

    way: str
    kills: int = 0
    saving: int = 0
    old: int = 0
    new: int = 0
    failures: list[str] = field(default_factory=list)


def campaign(way: str, folder: Path, kills: int, seed: int) -> Killed:
    """Kill saves of one way, in a process of its own that has what it needs imported."""
    done = subprocess.run(
        [sys.executable, __file__, way, str(folder), str(kills), str(seed)],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False)
    if done.returncode:
        return Killed(way, failures=[done.stderr[-500:]])
    return Killed(**json.loads(done.stdout.splitlines()[-1]))


# --------------------------------------------------------------------------- in that process


class Saver:
    """A model of the k api, and a way to save it."""

    def __init__(self, way: str, path: Path) -> None:
        from kkernel_widgets import StatePanel

        from kkernel.api import view
        from kkernel.session import Session

        self.path, self._view = path, view
        self._session = Session(lambda _: None, lambda _: None)
        self._session.run(
            f"q:module seq(`sequential;(`linear;{WIDTH};{WIDTH});(`linear;{WIDTH};1))\n"
            "m:model(q;loss`mse;opt(`adam;q;.01))\n"
            f"backward(m;tensor(`randn;8 {WIDTH});tensor(`randn;8 1)); step m;")
        _, self.model = self._session.torch_object(self._session.interpreter.evaluate("m"))
        self._panel = StatePanel(self.model, name="m", language="k")
        self.save: Callable[[], Any] = self._set if way == "set state" else self._click

    def _set(self) -> None:
        self._session.run(f"(hsym`$\"{self.path}\")set state m")

    def _click(self) -> None:
        self._panel._message(None, {"do": "save", "path": str(self.path)}, [])

    def fill(self, value: float) -> None:
        """Make every number of the model and of the optimizer's buffers this one."""
        import torch

        with torch.no_grad():
            for key, tensor in self._view.capture(self.model).tensors.items():
                if key.part != "random" and tensor.is_floating_point():
                    tensor.fill_(value)

    def found(self) -> float:
        """The number that the file holds everywhere; raises if it holds others too."""
        state, _ = self._view.read_any(self.path, self.model)
        live = self._view.capture(self.model)
        wanted = {key for key in live.tensors if key.part != "random"}
        if missing := wanted - set(state.tensors):
            raise ValueError(f"{len(missing)} tensors are missing")
        values = {float(v) for key in wanted if state.tensors[key].is_floating_point()
                  for v in state.tensors[key].unique()}
        if len(values) != 1:
            raise ValueError(f"{len(values)} numbers of {len(wanted)} tensors")
        return values.pop()


def save_for_ever(saver: Saver, told: int) -> None:
    """Say which state comes, save it, say that it is there."""
    value = 0
    while True:
        value = 1 - value
        saver.fill(value)
        os.write(told, b"ab"[value : value + 1])
        saver.save()
        os.write(told, b"AB"[value : value + 1])


def kill_once(saver: Saver, after: float, report: Killed) -> None:
    """Let a process save, kill it after so many seconds, and look at the file."""
    saver.fill(0)
    saver.save()
    hear, told = os.pipe()
    child = os.fork()
    if not child:
        try:
            save_for_ever(saver, told)
        finally:
            os._exit(1)
    os.close(told)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with os.fdopen(hear, "rb") as pipe:
        events = pipe.read().decode()
    report.kills += 1
    if not os.WIFSIGNALED(status):
        report.failures.append("the saving process ended by itself")
    _judge(saver, events, report)


def _judge(saver: Saver, events: str, report: Killed) -> None:
    last = events[-1:] or "A"
    saving = last.islower()
    done = 1 - "ab".index(last) if saving else "AB".index(last)
    report.saving += saving
    try:
        found = saver.found()
    except (ValueError, OSError) as error:
        report.failures.append(f"{events[-3:]}: {error}")
        return
    if found == done:
        report.old += saving
    elif saving and found == 1 - done:
        report.new += 1
    else:
        report.failures.append(f"{events[-3:]}: found {found}")


def main(way: str, folder: str, kills: str, seed: str) -> None:
    path = Path(folder) / FILES[way]
    saver, report, chance = Saver(way, path), Killed(way), random.Random(int(seed))
    saver.save()
    began = time.monotonic()
    saver.save()
    span = 6 * (time.monotonic() - began) + 0.01
    for _ in range(int(kills)):
        kill_once(saver, chance.uniform(0, span), report)
    saver.save()
    rest = sorted(set(os.listdir(folder)) - {path.name})
    if rest:
        report.failures.append(f"left behind: {', '.join(rest[:3])}")
    print(json.dumps(asdict(report)))


if __name__ == "__main__":
    sys.path[:0] = [str(HERE.parent), str(HERE.parent / "widgets")]
    main(*sys.argv[1:])
