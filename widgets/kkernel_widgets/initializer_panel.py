"""Choose initializers, and see what they do to activations and gradients through the depth."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kkernel.api import view

from .draw_lines import draw_line
from .html import Markup, join, tag, visible
from .numbers import percent, significant, thousands
from .panel import Panel, Refused
from .picture import signal_picture
from .text_table import text_table

COLUMNS = ("layer", "module", "E[h^2]", "expected", "E[g^2]", "expected", "dead", "saturated")
COMPARED_COLUMNS = ("initializer", "last E[h^2]", "expected", "first E[g^2]", "expected", "dead",
                    "saturated")
COMPARED = ("default", "kuniform", "knormal", "xuniform", "xnormal", "orthogonal", "normal",
            "snormal")
ALL = "*"  # stands for every weight
LARGEST_SEED = 2**53
BINS = 30  # of the small histograms
MOST_WEIGHTS = 300  # rows of weights, each with its choice of initializers


class InitializerPanel(Panel):
    """Mean squares of activations and gradients by depth, beside what theory lets expect.

    Weights are drawn anew by the k api's initializers, each or all together, and put back with
    undo. `example_input` is a tensor or a tuple of them; without it some samples of the model's
    data are taken, else standard normal numbers.
    """

    script = "initializer_panel.js"
    static_follows = False

    def __init__(
        self, model: Any, example_input: Any = None, *, name: str = "m", language: str = "python"
    ) -> None:
        super().__init__(name, language)
        self.model = model
        self.module, _ = view.parts(model)
        given = example_input
        self._inputs = (given,) if given is not None and not isinstance(given, tuple) else given
        self._compared: list[view.Signal] = []
        self._before: dict[str, view.Histogram] = {}
        self.signal = self._measure()
        self.histograms = self._sketches()

    def _measure(self) -> view.Signal:
        return view.signal(self.module, self._inputs, self.model)

    def _weights(self) -> dict[str, Any]:
        """Weights and biases, those that a panel shows."""
        found = view.weights(self.module, 1)
        return dict(list(found.items())[:MOST_WEIGHTS])

    def _sketches(self) -> dict[str, view.Histogram]:
        laws = view.parameter_laws(self.module)
        return {name: view.sketch(tensor, name, BINS, laws.get(name))
                for name, tensor in self._weights().items()}

    def state(self) -> Any:
        return view.tensors_state(self.module), view.snapshots_of(self.model).can_undo

    def refresh(self) -> None:
        self.signal = self._measure()
        self.histograms = self._sketches()
        super().refresh()

    # ------------------------------------------------------------------- clicks

    def actions(self) -> dict[str, Any]:
        return {"draw": self._draw, "undo": self._undo, "compare": self._compare,
                "forget": self._forget}

    def _draw(
        self, weight: Any = None, by: Any = None, function: Any = "relu", fan: Any = "fanin",
        seed: Any = None,
    ) -> None:
        """Draw one weight or all of them anew."""
        options = self._options(by, function, fan)
        weights = view.weights(self.module, 1)
        names = [n for n, t in weights.items() if t.dim() > 1 and view.suits(t, by)] \
            if weight == ALL else [weight]
        if any(not isinstance(n, str) or n not in weights for n in names):
            raise Refused("there is no such weight")
        if not names or any(not view.suits(weights[n], by) for n in names):
            raise Refused(f"{by} suits no tensor of this shape")
        if seed is not None and (type(seed) is not int or not 0 <= seed < LARGEST_SEED):
            raise Refused("seed: expected a whole number")
        view.snapshots_of(self.model).about_to("drawing")
        self._before = self.histograms
        if seed is not None:
            view.seed(seed)
        for name in names:
            view.draw(weights[name], by, *options)
        view.changed(self.module)
        self.refresh()
        chosen = "all weights" if weight == ALL else weight
        self.say(f"{chosen} drawn by {by}", self.line(names, by, options, seed))

    def _options(self, by: Any, function: Any, fan: Any) -> tuple[Any, ...]:
        if not all(isinstance(word, str) for word in (by, function, fan)) or (
                by not in view.DRAWS or function not in view.FUNCTIONS or fan not in view.FANS):
            raise Refused("an initializer that is not known")
        return view.options_for(by, function, fan)

    def _undo(self) -> None:
        shelf = view.snapshots_of(self.model)
        if not shelf.can_undo:
            raise Refused("there is nothing to undo")
        shelf.undo()
        self._before = {}
        view.changed(self.module)
        self.refresh()
        self.say("the weights are as they were",
                 f".ui.undo {self.name}" if self.language == "k"
                 else f"snapshots_of({self.name}).undo()")

    def _compare(self, function: Any = "relu", fan: Any = "fanin") -> None:
        """Show what each initializer would do, on a copy."""
        self.compare(function, fan)
        self.refresh()
        line = f".ui.compareinit[{self.name};`{function};`{fan}]" if self.language == "k" \
            else f"print(InitializerPanel({self.name}).compare({function!r}, {fan!r}))"
        self.say("each drew the weights of a copy", line)

    def compare(self, function: str = "relu", fan: str = "fanin") -> str:
        """Draw the weights of copies by every initializer; returns a table of what came of it."""
        self._options(COMPARED[1], function, fan)
        rules = [(by, () if by == "default" else self._options(by, function, fan))
                 for by in COMPARED]
        self._compared = view.compare_initializers(self.module, rules, self._inputs, self.model)
        rows = [_compared_cells(signal) for signal in self._compared]
        return text_table(COMPARED_COLUMNS, rows, " rrrrrr")

    def _forget(self) -> None:
        self._compared = []
        self.refresh()
        self.say("", f".ui.init {self.name}" if self.language == "k"
                 else f"InitializerPanel({self.name})")

    def line(
        self, names: list[str], by: str, options: tuple[Any, ...], seed: int | None = None
    ) -> str:
        """The line of code that draws these weights."""
        return draw_line(self.language, self.name, names, by, options, seed)

    # ------------------------------------------------------------------- browser

    def content(self) -> dict[str, Any]:
        hidden = len(view.weights(self.module, 1)) - len(self.histograms)
        return {
            "source": visible(self.signal.source),
            "failure": visible(self.signal.failure),
            "layers": [_layer(layer) for layer in self.signal.layers],
            "compared": [_compared(signal) for signal in self._compared],
            "weights": [self._weight(*item) for item in self._weights().items()],
            "hidden": hidden,
            "initializers": list(view.DRAWS),
            "functions": list(view.FUNCTIONS),
            "fans": list(view.FANS),
            "undo": visible(view.snapshots_of(self.model).can_undo),
        }

    def _weight(self, name: str, tensor: Any) -> dict[str, Any]:
        h = self.histograms[name]
        before = self._changed_from(h)
        known = h.law
        return {
            "name": visible(name),
            "shape": " ".join(map(str, tensor.shape)),
            "bias": tensor.dim() < 2,
            "by": [by for by in view.DRAWS if view.suits(tensor, by)],
            "low": h.edges[0],
            "high": h.edges[-1],
            "bins": len(h.counts),
            "sd": _number(h.moments.sd),
            "law": visible(known.words) if known else "",
            "sdExpected": _number(known.sd) if known else None,
            "odd": _not_finite(h),
            "fits": bool(known and known.consistent),
            "changed": bool(known and known.changed),
            "words": visible(_words(h)),
            "before": [before.edges[0], before.edges[-1], len(before.counts)] if before else [],
        }

    def _changed_from(self, h: view.Histogram) -> view.Histogram | None:
        """What was there before the last draw, if it looked different."""
        before = self._before.get(h.name)
        same = before is None or (before.counts == h.counts and before.edges == h.edges)
        return None if same else before

    def bins(self) -> bytes:
        """Per weight: counts, expected counts if a law is known, and counts before."""
        parts: list[Any] = []
        for name in self._weights():
            h = self.histograms[name]
            before = self._changed_from(h)
            parts += [h.counts, h.law.curve if h.law else (), before.counts if before else ()]
        return b"".join(np.asarray(part, dtype="<f8").tobytes() for part in parts)

    # ------------------------------------------------------------------- other forms

    def text(self) -> str:
        table = text_table(COLUMNS, [_cells(layer) for layer in self.signal.layers], "  rrrrrr")
        return f"{table}\n{self._source()}\n"

    def static(self) -> Markup:
        def cells(name: str, texts: tuple[str, ...] | list[str]) -> Markup:
            return tag("tr", *(tag(name, text, style=_side(i)) for i, text in enumerate(texts)))

        rows = [cells("td", _cells(layer)) for layer in self.signal.layers]
        table = tag("table", tag("thead", cells("th", COLUMNS)), tag("tbody", *rows))
        words = self._source()
        image = tag("img", src=signal_picture(self.signal), alt=visible(_told(self.signal)),
                    style="max-width:100%") if self.signal.layers else None
        summary = tag("summary", f"{len(self.signal.layers)} layers as a table")
        return join(image, tag("details", summary, table), tag("div", words))

    def _source(self) -> str:
        failed = f"; the forward failed: {self.signal.failure}" if self.signal.failure else ""
        return f"with {self.signal.source or 'no input'}{failed}"


def _side(column: int) -> str:
    return f"text-align:{'right' if column > 1 else 'left'}"


def _not_finite(h: view.Histogram) -> str:
    """How many numbers are none."""
    m = h.moments
    counts = ((m.nan, "NaN"), (m.plus_inf + m.minus_inf, "Inf"))
    return ", ".join(f"{thousands(count)} {word}" for count, word in counts if count)


def _words(h: view.Histogram) -> str:
    """A small histogram in words."""
    sd = f"standard deviation {significant(h.moments.sd, 3)}" if h.moments.finite else "no numbers"
    if h.law is None:
        return f"{h.name}: {sd}"
    changed = ", changed since" if h.law.changed else ""
    return f"{h.name}: {sd}, {h.law.verdict} {h.law.words}{changed}"


def _told(signal: view.Signal) -> str:
    """Signals through depth in words."""
    if not signal.layers:
        return "no layers"
    first, last = signal.layers[0], signal.layers[-1]
    told = [f"mean square of activations through {len(signal.layers)} layers: from "
            f"{_figure(first.square)} to {_figure(last.square)}"]
    if math.isfinite(last.theory):
        told.append(f"expected {_figure(last.theory)}")
    told.append(f"gradients from {_figure(last.gradient)} at the end to "
                f"{_figure(first.gradient)} at the start")
    return ", ".join(told)


def _figure(value: float) -> str:
    return significant(value, 3) if math.isfinite(value) else "inf" if math.isinf(value) else "?"


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _layer(layer: view.Layer) -> dict[str, Any]:
    return {
        "path": visible(layer.path),
        "kind": visible(layer.kind),
        "square": _number(layer.square),
        "theory": _number(layer.theory),
        "spread": _number(layer.spread),
        "gradient": _number(layer.gradient),
        "gradientTheory": _number(layer.gradient_theory),
        "gradientSpread": _number(layer.gradient_spread),
        "dead": _number(layer.dead),
        "saturated": _number(layer.saturated),
        "overflow": not math.isfinite(layer.square),
    }


def _compared(signal: view.Signal) -> dict[str, Any]:
    return {"name": visible(signal.source), "cells": _compared_cells(signal),
            "squares": [_number(layer.square) for layer in signal.layers],
            "gradients": [_number(layer.gradient) for layer in signal.layers]}


def _cells(layer: view.Layer) -> list[str]:
    numbers = ["" if math.isnan(v) else _figure(v) for v in
               (layer.square, layer.theory, layer.gradient, layer.gradient_theory)]
    return [layer.path, layer.kind, *numbers, _share([layer.dead]), _share([layer.saturated])]


def _compared_cells(signal: view.Signal) -> list[str]:
    """One initializer: what is left at the end of the way, forth and back."""
    if not signal.layers:
        return [signal.source, *[""] * 6]
    first, last = signal.layers[0], signal.layers[-1]
    numbers = ["" if math.isnan(v) else _figure(v) for v in
               (last.square, last.theory, first.gradient, first.gradient_theory)]
    return [signal.source, *numbers, _share([layer.dead for layer in signal.layers]),
            _share([layer.saturated for layer in signal.layers])]


def _share(values: list[float]) -> str:
    """The largest of some shares, nothing if none is known."""
    known = [v for v in values if not math.isnan(v)]
    return (percent(max(known)) or "0%") if known else ""
