"""The one way to make HTML: every text and attribute that is not Markup already is escaped."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Any


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, *children: Any, **attributes: Any) -> Markup:
    """An element; `style`, `class_`, `scope` ... become attributes, None leaves one out."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in ("img", "br", "hr"):
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{join(*children)}</{name}>")


def join(*children: Any) -> Markup:
    """The children one after the other, what is not Markup escaped; None is nothing."""
    return Markup("".join(escape(child) for child in children if child is not None))


def escape(value: Any) -> str:
    """Markup as it is, anything else as text that no browser reads as HTML."""
    return value if isinstance(value, Markup) else html.escape(visible(value), quote=True)


def preformatted(text: str) -> Markup:
    """Text whose line breaks and tabs stand as they are."""
    return Markup("".join(part if part in "\n\t" else escape(part)
                          for part in re.split(r"([\n\t])", text)))


def visible(value: Any) -> str:
    """Text with control and direction-changing characters written out as escapes."""
    text = str(value)
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_visible, text))


def _visible(char: str) -> str:
    hidden = unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    return f"\\u{ord(char):04x}" if hidden else char
