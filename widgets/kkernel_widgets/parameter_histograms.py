"""Histograms of every parameter, each with the law it was drawn from and whether it looks like it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kkernel.api import view

from .html import Markup, join, tag, visible
from .numbers import significant, thousands
from .panel import Panel, Refused
from .picture import histogram_picture
from .text_table import text_table

ACTIVATIONS = "activations"
MOST_BINS = 62
MOST_SHOWN = 400  # more pictures than anybody looks at
LONGEST_FILTER = 200

COLUMNS = ("parameter", "n", "mean", "sd", "theory", "min", "max", "odd", "law", "test", "verdict")


class ParameterHistograms(Panel):
    """Histograms of a module's parameters, or of the tensors in a dictionary.

    Buffers, gradients, the optimizer's buffers and activations can be chosen in the panel, or as
    `show`; `bins` from 1 to 62 sets their number. It follows initializers and training by itself;
    what it showed first stays as an outline. `example_input` is what activations are computed of:
    a tensor or a tuple of them; without it samples of the model's data, else random numbers.
    """

    script = "parameter_histograms.js"
    static_follows = False  # a picture takes a quarter of a second

    def __init__(
        self, source: Any, optimizer: Any = None, example_input: Any = None, *, show: str = "",
        bins: int = 0, name: str = "m", language: str = "python",
    ) -> None:
        super().__init__(name, language)
        self.model = source
        self.tensors: Mapping[str, Any] = source if isinstance(source, Mapping) else {}
        self.module: Any = None
        self.optimizer: Any = None
        if not isinstance(source, Mapping):
            self.module, self.optimizer = view.parts(source, optimizer)
        given = example_input
        self._inputs = (given,) if given is not None and not isinstance(given, tuple) else given
        self._sort = show or self._sorts()[0]
        if self._sort not in self._sorts():
            raise ValueError(f"show: expected one of {', '.join(self._sorts())}, given {show}")
        self._bins = _checked_bins(bins)
        self._before: dict[str, view.Histogram] = {}
        self._filter = ""
        self.histograms = self._made()

    def _sorts(self) -> list[str]:
        """What can be shown."""
        if self.module is None:
            return ["tensors"]
        return [*view.tensors_of(self.module, self.optimizer), ACTIVATIONS]

    def _source(self) -> Any:
        """The module for its parameters, whose laws it knows; else the tensors of the sort."""
        if self.module is None:
            return self.tensors
        if self._sort in ("parameters", ACTIVATIONS):
            return self.module
        return view.tensors_of(self.module, self.optimizer).get(self._sort, {})

    def _made(self) -> list[view.Histogram]:
        if self._sort == ACTIVATIONS:
            return view.activations(self.module, self._inputs, self.model, self._bins)
        return view.histograms(self._source(), self._bins)

    def state(self) -> Any:
        return view.tensors_state(self._source()), tuple(self._sorts())

    def refresh(self) -> None:
        self._before = self._before or {h.name: h for h in self.histograms}
        self.histograms = self._made()
        super().refresh()

    # ------------------------------------------------------------------- clicks

    def actions(self) -> dict[str, Any]:
        return {"bins": self._set_bins, "mark": self._mark, "show": self._show,
                "filter": self._set_filter}

    def _show(self, sort: Any = None) -> None:
        if not isinstance(sort, str) or sort not in self._sorts():
            raise Refused("there is nothing of this sort")
        self._sort = sort
        self._before = {}
        self.histograms = self._made()
        self.refresh()
        self.say("", self.line())

    def _set_bins(self, bins: Any = None) -> None:
        try:
            self._bins = _checked_bins(bins)
        except ValueError as error:
            raise Refused(str(error)) from None
        self.refresh()
        self.say("", self.line())

    def _set_filter(self, text: Any = None) -> None:
        """Show tensors with this in their names, of more than are shown otherwise."""
        if not isinstance(text, str) or len(text) > LONGEST_FILTER:
            raise Refused(f"filter: expected text of at most {LONGEST_FILTER} characters")
        self._filter = text.strip().lower()
        self.refresh()

    def _matching(self) -> list[view.Histogram]:
        return [h for h in self.histograms if self._filter in visible(h.name).lower()]

    def _mark(self) -> None:
        """From now on, compare with the present contents."""
        self._before = {h.name: h for h in self.histograms}
        self.refresh()
        self.say("what is shown now stays as an outline")

    def line(self) -> str:
        """The line of code that shows what is shown."""
        sort = "" if self._sort == self._sorts()[0] else self._sort
        if self.language == "k":
            given = [f"`{sort}"] * bool(sort) + [str(self._bins)] * bool(self._bins)
            return f".ui.hist({';'.join([self.name, *given])})" if given \
                else f".ui.hist {self.name}"
        given = [f"show={sort!r}"] * bool(sort) + [f"bins={self._bins}"] * bool(self._bins)
        return f"ParameterHistograms({', '.join([self.name, *given])})"

    # ------------------------------------------------------------------- browser

    def content(self) -> dict[str, Any]:
        matching = self._matching()
        shown = matching[:MOST_SHOWN]
        return {
            "title": self._sort,
            "sorts": self._sorts(),
            "line": visible(self.line()),
            "rows": [_row(h) for h in shown],
            "before": [self._outline(h) for h in shown],
            "bins": self._bins,
            "filter": self._filter,
            "hidden": len(matching) - len(shown),
        }

    def bins(self) -> bytes:
        """Per tensor: counts, expected counts if a law is known, and counts before."""
        parts: list[Any] = []
        for h in self._matching()[:MOST_SHOWN]:
            parts.append(h.counts)
            parts.append(h.law.curve if h.law else ())
            before = self._changed_from(h)
            parts.append(before.counts if before else ())
        arrays = [np.asarray(part, dtype="<f8") for part in parts]
        return b"".join(array.tobytes() for array in arrays)

    def _outline(self, h: view.Histogram) -> list[float]:
        before = self._changed_from(h)
        return [before.edges[0], before.edges[-1], len(before.counts)] if before else []

    def _changed_from(self, h: view.Histogram) -> view.Histogram | None:
        """What was there before, if it looked different."""
        before = self._before.get(h.name)
        same = before is None or (before.counts == h.counts and before.edges == h.edges)
        return None if same else before

    # ------------------------------------------------------------------- other forms

    def text(self) -> str:
        return text_table(COLUMNS, [_cells(h) for h in self.histograms], " rrrrrr") + "\n"

    def static(self) -> Markup:
        picture = histogram_picture(self.histograms)
        words = "; ".join(sentence(h) for h in self.histograms[:12]) or "nothing to show"
        image = tag("img", src=picture, alt=visible(words), style="max-width:100%")
        table = _static_table(self.histograms)
        summary = tag("summary", f"{len(self.histograms)} {self._sort} as a table")
        return join(image, tag("details", summary, table))


def _checked_bins(bins: Any) -> int:
    if isinstance(bins, bool) or not isinstance(bins, int) or not 0 <= bins <= MOST_BINS:
        raise ValueError(f"bins: expected 0 (automatic) to {MOST_BINS}")
    return bins


def sentence(h: view.Histogram) -> str:
    """A histogram in words, for those who do not see it."""
    m = h.moments
    words = [f"{h.name}: {thousands(m.n)} numbers"]
    if m.finite:
        words.append(
            f"from {significant(m.low)} to {significant(m.high)}, mean {significant(m.mean)}, "
            f"standard deviation {significant(m.sd)}"
        )
    words.extend(_odd(h))
    if h.law:
        changed = ", changed since" if h.law.changed else ""
        words.append(f"{h.law.verdict} {h.law.words}, p {significant(h.law.p, 2)}{changed}")
    return ", ".join(words)


def _row(h: view.Histogram) -> dict[str, Any]:
    m = h.moments
    row = {
        "name": visible(h.name),
        "shape": " ".join(map(str, h.shape)) or "scalar",
        "dtype": h.dtype,
        "low": h.edges[0],
        "high": h.edges[-1],
        "bins": len(h.counts),
        "below": h.below,
        "above": h.above,
        "n": m.n,
        "finite": m.finite,
        "mean": _finite(m.mean),
        "sd": _finite(m.sd),
        "min": _finite(m.low),
        "max": _finite(m.high),
        "zeros": m.zeros,
        "odd": _odd(h),
        "words": visible(sentence(h)),
        "law": None,
    }
    if h.law:
        row["law"] = {
            "by": visible(h.law.by),
            "words": visible(h.law.words),
            "mean": _finite(h.law.mean),
            "sd": _finite(h.law.sd),
            "statistic": _finite(h.law.statistic),
            "p": _finite(h.law.p),
            "test": h.law.test,
            "consistent": h.law.consistent,
            "verdict": h.law.verdict,
            "changed": h.law.changed,
        }
    return row


def _finite(value: float) -> float | None:
    """JSON knows neither NaN nor infinity."""
    return value if np.isfinite(value) else None


def _odd(h: view.Histogram) -> list[str]:
    """What deserves attention: numbers that are none, exact zeros, numbers out of the picture."""
    m = h.moments
    counts = (
        (m.nan, "NaN"), (m.plus_inf, "+Inf"), (m.minus_inf, "-Inf"), (m.zeros, "zero"),
        (h.below, "below"), (h.above, "above"),
    )
    return [f"{thousands(count)} {word}" for count, word in counts if count]


def _cells(h: view.Histogram) -> list[str]:
    m, law = h.moments, h.law
    measured = [m.mean, m.sd, law.sd if law else float("nan"), m.low, m.high]
    numbers = [significant(v) if np.isfinite(v) else "" for v in measured]
    fit = f"{law.test} {significant(law.statistic, 2)} p {significant(law.p, 2)}" if law else ""
    verdict = "" if law is None else law.verdict.removesuffix(" with")
    if law and law.changed:
        verdict += ", changed since"
    words = law.words if law else ""
    return [h.name, thousands(m.n), *numbers, " ".join(_odd(h)), words, fit, verdict]


def _static_table(histograms: list[view.Histogram]) -> Markup:
    def cell(name: str, i: int, text: str, **more: Any) -> Markup:
        return tag(name, text, style=f"text-align:{'right' if 1 <= i <= 6 else 'left'}", **more)

    head = tag("tr", *(cell("th", i, text, scope="col") for i, text in enumerate(COLUMNS)))
    rows = (
        tag("tr", *(cell("td", i, text) for i, text in enumerate(_cells(h))))
        for h in histograms[:MOST_SHOWN]
    )
    return tag("table", tag("thead", head), tag("tbody", *rows))
