"""Static pictures, as a PNG in a data URI; drawn once, never in a callback."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from typing import Any

from kkernel.api import view

from .html import visible
from .numbers import ends

MOST = 24  # pictures in a saved notebook
COLUMNS = 4
MOST_DOTS = 150  # layers
INK, BARS, LAW, BACK = "#7d8590", "#4c8dd6", "#d9822b", "#3a9a76"  # for light and dark pages


def histogram_picture(histograms: Sequence[view.Histogram]) -> str:
    """Small multiples with the law's line over the bars."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = histograms[:MOST]
    rows = max(1, -(-len(shown) // COLUMNS))
    figure = Figure(figsize=(10, 0.25 + 1.35 * rows), dpi=110)
    FigureCanvasAgg(figure)
    for i, histogram in enumerate(shown):
        axes = figure.add_subplot(rows, COLUMNS, i + 1)
        _draw(axes, histogram)
    return _png(figure)


def signal_picture(signal: view.Signal) -> str:
    """Mean squares of activations and of gradients through the layers, with the expected band."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 2.6), dpi=110)
    FigureCanvasAgg(figure)
    parts = (("activations, mean square", BARS, "square", "theory", "spread"),
             ("gradients, mean square", BACK, "gradient", "gradient_theory", "gradient_spread"))
    for i, (title, colour, *fields) in enumerate(parts):
        columns = [[getattr(layer, field) for layer in signal.layers] for field in fields]
        _draw_depth(figure.add_subplot(1, 2, i + 1), title, colour, *columns)
    return _png(figure)


def _png(figure: Any) -> str:
    figure.tight_layout(pad=0.6)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", transparent=True)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


def _draw_depth(
    axes: Any, title: str, colour: str, found: list[float], theory: list[float],
    spread: list[float],
) -> None:
    depth = range(1, len(found) + 1)
    expected = [t if 0 < t < math.inf else math.nan for t in theory]
    near = [(t * math.exp(-2 * s), t * math.exp(2 * s)) for t, s in zip(expected, spread,
                                                                    strict=True)]
    axes.fill_between(depth, [low for low, _ in near], [high for _, high in near], color=LAW,
                      alpha=0.2, linewidth=0)
    axes.plot(depth, expected, color=LAW, linewidth=1.3)
    shown = [v if 1e-40 < v < 1e40 else math.nan for v in found]
    dots = {"marker": "o", "markersize": 3} if len(shown) <= MOST_DOTS else {}
    axes.plot(depth, shown, color=colour, linewidth=1.5 if dots else 0.8, **dots)
    if any(not math.isnan(v) for v in (*shown, *expected)):
        axes.set_yscale("log")
    axes.set_title(title, fontsize=8, color=INK, loc="left", pad=3)
    axes.set_xlabel("layer", fontsize=7, color=INK)
    axes.tick_params(labelsize=7, colors=INK, length=2)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("bottom", "left"))
        spine.set_color(INK)


def _draw(axes: Any, histogram: view.Histogram) -> None:
    edges, counts = histogram.edges, histogram.counts
    axes.stairs(counts, edges, fill=True, color=BARS, alpha=0.55)
    if histogram.law:
        axes.stairs(histogram.law.curve, edges, color=LAW, linewidth=1.3, baseline=None)
    axes.set_title(visible(histogram.name)[-30:], fontsize=8, color=INK, loc="left", pad=3,
                   parse_math=False)
    axes.set_yticks([])
    axes.set_xticks([edges[0], edges[-1]], ends(edges[0], edges[-1]))
    axes.tick_params(labelsize=7, colors=INK, length=2)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(INK)
    for label, side in zip(axes.get_xticklabels(), ("left", "right"), strict=True):
        label.set_horizontalalignment(side)
