"""Names and notes reach the page as text, whatever is in them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from kkernel_widgets import (
    StatePanel,
)
from kkernel_widgets.html import Markup, escape, join, tag, visible
from kkernel_widgets.panel import Panel
from panel_clicks import PANELS
from torch import nn

from kkernel.api import view

EVIL = [
    "<img src=x onerror=alert(1)>", "\"><script>alert(1)</script>", "' onmouseover='alert(1)",
    "javascript:alert(1)", "</table><svg onload=alert(1)>", "&lt;b&gt;", "\u202etxt.exe", "a\x00b",
    "{{7*7}}", "<!--", "]]>", "\ud800", "`;exit 0;",
]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.words = ""

    def handle_starttag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((name, attrs))

    def handle_data(self, data: str) -> None:
        self.words += data


def read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader


@pytest.mark.parametrize("text", EVIL)
def test_text_reaches_html_as_text(text: str) -> None:
    reader = read(tag("b", text, title=text))
    assert [name for name, _ in reader.tags] == ["b"]
    assert reader.tags[0][1] == [("title", visible(text))]
    assert reader.words == visible(text)


def test_markup_is_not_escaped_twice() -> None:
    assert join(Markup("<i>"), "<") == "<i>&lt;"
    assert escape(tag("b", "x")) == "<b>x</b>"


def test_hidden_characters_are_written_out() -> None:
    assert visible("a\u202eb\x07c") == "a\\u202eb\\u0007c"
    assert visible("Größe ∂ 模型") == "Größe ∂ 模型"


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("panel", PANELS)
def test_no_name_can_inject_html(panel: type[Panel], evil: str) -> None:
    model = nn.Sequential()
    model.add_module(evil.replace(".", ""), nn.Linear(2, 2))
    Named = type(evil.replace("\x00", "").replace("\ud800", ""), (nn.Module,), {})
    model.add_module("x", Named())
    made = panel(model, name=evil)
    if isinstance(made, StatePanel):
        made.snapshots.take(evil, note=evil)
    html = made._repr_html_()
    reader = read(html)
    allowed = {"style", "div", "table", "thead", "tbody", "tr", "th", "td", "img", "details",
               "summary"}
    assert {name for name, _ in reader.tags} <= allowed
    for name, attributes in reader.tags:
        assert not [key for key, _ in attributes if key.startswith("on")]
        if name == "img":
            assert dict(attributes)["src"].startswith("data:image/png;base64,")  # type: ignore[union-attr]


def test_no_script_makes_html_from_text() -> None:
    folder = Path(view.__file__).parents[2] / "widgets" / "kkernel_widgets"
    scripts = list(folder.glob("*.js"))
    assert len(scripts) >= 5
    for script in scripts:
        text = script.read_text()
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", text)
