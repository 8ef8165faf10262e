"""What panels and state files cost: against torch, against safetensors, and in seconds."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from kkernel_widgets import InitializerPanel, ParameterHistograms, SpecTable
from measure import HEADER, Ratio, compare
from safetensors.torch import save_file
from torch import nn

from kkernel.api import view

MANY = 100_000_000  # numbers in the large histogram


def histogram() -> Ratio:
    """Bins, mean, standard deviation, range, zeros and a law's test of many numbers."""
    values = torch.randn(MANY)

    def peer() -> None:
        low, high = torch.aminmax(values)
        torch.histc(values, 64, low.item(), high.item())
        values.mean()
        values.std()

    return compare(f"histogram of {MANY // 10**6}M", lambda: view.histogram(values), peer, 0.55, 5)


def files(folder: Path) -> list[Ratio]:
    """A state of 400 MB: saved with digests, restored into a live model with every byte checked.

    Both without fsync, which waits for the disk; by the wall clock, since several threads work.
    """
    model = nn.ModuleList([nn.Linear(2048, 2048, bias=False) for _ in range(24)])
    ours, theirs, torchs = (folder / name for name in ("ours", "theirs", "torchs"))
    tensors = dict(model.state_dict())
    torch.save(tensors, torchs)
    real, os.fsync = os.fsync, lambda _: None
    try:
        saved = compare("save 400 MB (safetensors)", lambda: view.save(ours, model),
                        lambda: save_file(tensors, theirs), 1.2, 7, clock=time.perf_counter)
    finally:
        os.fsync = real
    loaded = compare("restore 400 MB (torch.load)", lambda: view.load(ours, model),
                     lambda: model.load_state_dict(torch.load(torchs, weights_only=True)), 0.2, 7,
                     clock=time.perf_counter)
    return [saved, loaded]


def seconds(act: Callable[[], Any]) -> float:
    """Processor time, the best of five."""
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        act()
        best = min(best, time.process_time() - start)
    return best


def panels() -> list[tuple[str, float, float]]:
    """(what, seconds, the most that is wanted)."""
    layer = nn.TransformerEncoderLayer(64, 4, 128, batch_first=True)
    model = nn.TransformerEncoder(layer, 100)
    x = torch.zeros(2, 9, 64)

    def open_spec() -> None:
        panel = SpecTable(model, x)
        panel._repr_html_()
        panel.widget.close()
        panel.close()

    small = ParameterHistograms(nn.Sequential(*[nn.Linear(64, 64) for _ in range(10)]))
    assert small.widget is not None
    rows = [("open a table of 1,002 modules", seconds(open_spec), 0.5),
            ("set the bins of 20 histograms", seconds(lambda: small._set_bins(20)), 0.05)]
    small.close()
    return rows


class Language(nn.Module):
    """A language model of 95 million parameters, its head tied to its embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(13000, 768), nn.Embedding(64, 768)
        layer = nn.TransformerEncoderLayer(768, 12, 3072, batch_first=True)
        self.body = nn.TransformerEncoder(layer, 12)
        self.head = nn.Linear(768, 13000, bias=False)
        self.head.weight = self.words.weight

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(self.words(words) + self.places(torch.arange(words.shape[1]))))


def large(folder: Path) -> list[tuple[str, float, float]]:
    """What panels take on a large model: (what, seconds by the wall, of the processor)."""
    model, words = Language(), torch.zeros(1, 10, dtype=torch.long)
    states = view.snapshots_of(model)
    names = iter(range(10**6))

    def opened(panel: Any) -> None:
        assert panel.widget is not None
        panel.close()

    acts: list[tuple[str, Callable[[], Any]]] = [
        ("open its table", lambda: opened(SpecTable(model, words))),
        ("open its histograms, all parameters", lambda: opened(ParameterHistograms(model))),
        ("open its initializers", lambda: opened(InitializerPanel(model, words))),
        ("take a snapshot", lambda: states.take(str(next(names)))),
        ("save it (safetensors, fsync)", lambda: view.save(folder / "large", model)),
        ("load it, verified", lambda: view.load(folder / "large", model)),
        ("save it (kdb+)", lambda: view.save_kdb(folder / "k", view.capture(model), model)),
    ]
    return [(what, *twice(act)) for what, act in acts]


def twice(act: Callable[[], Any]) -> tuple[float, float]:
    """The better of two: seconds by the wall, and of the processor."""
    walls, works = [], []
    for _ in range(2):
        wall, work = time.perf_counter(), time.process_time()
        act()
        walls.append(time.perf_counter() - wall)
        works.append(time.process_time() - work)
    return min(walls), min(works)


def main() -> None:
    torch.set_num_threads(1)
    print(HEADER)
    with tempfile.TemporaryDirectory() as folder:
        for row in [histogram(), *files(Path(folder))]:
            print(row.row())
    for what, took, most in panels():
        print(f"{what:<44} {took * 1e3:>9.1f} ms {most * 1e3:>9.0f} ms  "
              f"{'ok' if took <= most else 'OVER'}")
    print(f"{'a transformer of 95M parameters':<44} {'wall ms':>12} {'cpu ms':>12}")
    with tempfile.TemporaryDirectory() as folder:
        for what, wall, work in large(Path(folder)):
            print(f"{what:<44} {wall * 1e3:>12.0f} {work * 1e3:>12.0f}")


if __name__ == "__main__":
    main()
