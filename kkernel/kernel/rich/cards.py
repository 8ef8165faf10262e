"""The card of a pointer as HTML: what it is, its facts, its numbers, its parts."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from kkernel_widgets.html import Markup, tag

from .page import note, page, rows_of

WIDTH, HEIGHT = 264, 40
BARS = "#4c8dd6"  # to be seen on light and on dark pages


def card_html(card: Any, text: str) -> str:
    """`card` is an `api.look.card.Card`, `text` the console's text of the pointer."""
    title = card.kind if card.title == card.kind else f"{card.kind} {card.title}"
    head = tag("div", tag("span", title, class_="h"), tag("small", text.strip()))
    parts = tag("div", tag("table", tag("tbody", *map(_line, card.lines))),
                class_="kq-box") if card.lines else None
    more = note(f"{card.cut:,} more") if card.cut else None
    return page(head, tag("div", rows_of(card.facts), class_="kq-box"), _numbers(card.numbers),
                parts and tag("div", parts), more)


def _line(line: Any) -> Markup:
    indent = "\u00a0\u00a0" * line.depth
    return tag("tr", tag("td", indent + line.name, class_="l"), tag("td", line.kind, class_="l"),
               tag("td", line.words, class_="l"), tag("td", line.size))


def _numbers(numbers: Any) -> Markup | None:
    """The histogram with its range below."""
    if numbers is None:
        return None
    words = f"{numbers.low:.4g} to {numbers.high:.4g}, mean {numbers.mean:.4g}, " \
            f"deviation {numbers.sd:.4g}"
    if numbers.odd:
        words += f", {numbers.odd:,} not finite"
    if numbers.n < numbers.of:
        words += f" (of {numbers.n:,} numbers looked at)"
    return tag("div", tag("img", src=bars(numbers.counts), width=WIDTH, height=HEIGHT,
                          alt=f"histogram: {words}"), note(words))


def bars(counts: tuple[int, ...]) -> str:
    """Bars of these heights as an image, a data URI."""
    highest = max(counts, default=0) or 1
    width = WIDTH / len(counts)
    path = "".join(
        f"M{i * width:.1f} {HEIGHT}v-{max(1.0, c / highest * HEIGHT):.1f}h{width - 1:.1f}V{HEIGHT}"
        for i, c in enumerate(counts) if c)
    svg = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">'
           f'<path d="{path}" fill="{BARS}"/></svg>')
    return "data:image/svg+xml;base64," + b64encode(svg.encode()).decode("ascii")
