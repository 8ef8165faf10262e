"""The static picture of histograms, as a PNG in a data URI; drawn once, never in a callback."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

from kkernel.api import view

from .html import visible
from .numbers import significant

MOST = 24  # pictures in a saved notebook
COLUMNS = 4
INK, BARS, LAW = "#7d8590", "#4c8dd6", "#d9822b"  # readable on light and on dark pages


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
    figure.tight_layout(pad=0.6)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", transparent=True)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


def _draw(axes: Any, histogram: view.Histogram) -> None:
    edges, counts = histogram.edges, histogram.counts
    axes.stairs(counts, edges, fill=True, color=BARS, alpha=0.55)
    if histogram.law:
        axes.stairs(histogram.law.curve, edges, color=LAW, linewidth=1.3, baseline=None)
    axes.set_title(visible(histogram.name)[-30:], fontsize=8, color=INK, loc="left", pad=3,
                   parse_math=False)
    axes.set_yticks([])
    axes.set_xticks([edges[0], edges[-1]], [significant(edges[0], 2), significant(edges[-1], 2)])
    axes.tick_params(labelsize=7, colors=INK, length=2)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(INK)
    for label, side in zip(axes.get_xticklabels(), ("left", "right"), strict=True):
        label.set_horizontalalignment(side)
