"""`.h` functions that put text into HTML and XML elements, and its constants."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..errors import nyi, type_error
from ..functions import PyFunction
from ..symbols import Symbol, sym
from ..values import Dict, Value, is_list, is_string, items, qtype, string, text

LINK, ACTIVE = "024C7E", "958600"
ANCHOR_STYLE = (f"a{{text-decoration:none}}a:link{{color:{LINK}}}a:visited{{color:{LINK}}}"
                f"a:active{{color:{ACTIVE}}}")
BODY_STYLE = "body{font:10pt verdana;text-align:justify}"
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


def plain(x: Value) -> str:
    """The text of a string, char or symbol."""
    if is_string(x) or isinstance(x, Symbol) or qtype(x) == -10:
        return text(x)
    raise type_error()


def lines(x: Value) -> list[str]:
    """The texts of a list of strings."""
    if not is_list(x) or is_string(x):
        raise type_error()
    return [plain(v) for v in items(x)]


def element(tag: str, content: str) -> str:
    return f"<{tag}>{content}</{tag}>"


def start_tag(tag: str, attributes: Dict) -> str:
    """`<tag name="value">` from a dictionary of attributes; 'type for anything else."""
    if not isinstance(attributes, Dict):
        raise type_error()
    pairs = zip(items(attributes.keys), items(attributes.values), strict=True)
    return f"<{tag}" + "".join(f' {plain(k)}="{plain(v)}"' for k, v in pairs) + ">"


def escaped(content: str) -> str:
    """Text that XML reads as these characters."""
    return "".join(_ESCAPES.get(c, c) for c in content)


def document(body: str) -> str:
    """An HTML document with the style rules of the web console."""
    style = element("style", ANCHOR_STYLE + BODY_STYLE)
    return element("html", element("head", style) + element("body", body))


def joined(rows: Iterable[str]) -> str:
    """Lines, each ended."""
    return "".join(row + "\n" for row in rows)


# ---------------------------------------------------------------- elements

def htc(tag: Value, content: Value) -> Value:
    """.h.htc: the content as an element."""
    return string(element(plain(tag), plain(content)))


def hta(tag: Value, attributes: Value) -> Value:
    """.h.hta: the start tag of an element with attributes."""
    return string(start_tag(plain(tag), attributes))


def htac(tag: Value, attributes: Value, content: Value) -> Value:
    """.h.htac: the content as an element with attributes."""
    return string(f"{start_tag(plain(tag), attributes)}{plain(content)}</{plain(tag)}>")


def anchor(href: Value, content: str, more: str = "") -> str:
    """A link; a string as target is quoted, a symbol is not."""
    target = plain(href) if isinstance(href, Symbol) else f'"{plain(href)}"'
    return f"<a{more} href={target}>{content}</a>"


def ha(href: Value, content: Value) -> Value:
    """.h.ha: a link."""
    return string(anchor(href, plain(content)))


def hb(href: Value, content: Value) -> Value:
    """.h.hb: a link that opens in the frame v."""
    return string(anchor(href, plain(content), " target=v"))


def hc(x: Value) -> Value:
    """.h.hc: text with < escaped."""
    return string(plain(x).replace("<", "&lt;"))


def xs(x: Value) -> Value:
    """.h.xs: text escaped for XML."""
    return string(escaped(plain(x)))


def hr(x: Value) -> Value:
    """.h.hr: as many dashes as x has chars."""
    return string("-" * len(plain(x)))


def nbr(x: Value) -> Value:
    """.h.nbr: text that is not broken into lines."""
    return string(element("nobr", plain(x)))


def pre(x: Value) -> Value:
    """.h.pre: lines as preformatted text."""
    return string(element("pre", joined(lines(x))))


def xmp(x: Value) -> Value:
    """.h.xmp: lines as an example."""
    return string(element("xmp", joined(lines(x))))


def paragraphs(x: Value) -> Value:
    """.h.text: lines as paragraphs."""
    return string(joined(element("p", row) for row in lines(x)))


def code(x: Value) -> Value:
    """.h.code: what stands between tabs, every second part, as code."""
    parts = plain(x).split("\t")
    return string(" ".join(element("code", element("nobr", p)) if i % 2 else p
                           for i, p in enumerate(parts)))


def html(x: Value) -> Value:
    """.h.html: a document with this body."""
    return string(document(plain(x)))


_URL = re.compile(r"http://[^\s<>\"]*")


def http(x: Value) -> Value:
    """.h.http: text with its http addresses as links."""
    return string(_URL.sub(lambda m: anchor(string(m[0]), m[0]), plain(x)))


def fram(title: Value, rows: Value, sources: Value) -> Value:
    """.h.fram: a page of two frames, the left one wide enough for these lines."""
    left, right = lines(sources)
    width = 26 + 10 * max((len(r) for r in lines(rows)), default=0)
    frames = (f'<frameset cols="{width},*"><frame src="{left}">'
              f'<frame name=v src="{right}"></frameset>')
    return string(element("html", element("head", element("title", plain(title)) + frames)))


def ht(x: Value) -> Value:
    """.h.ht: not made here."""
    raise nyi(".h.ht, pages from marqdown files")


FUNCTIONS: dict[str, tuple[int, PyFunction]] = {
    "htc": (2, htc), "hta": (2, hta), "htac": (3, htac), "ha": (2, ha), "hb": (2, hb),
    "hc": (1, hc), "xs": (1, xs), "hr": (1, hr), "nbr": (1, nbr), "pre": (1, pre),
    "xmp": (1, xmp), "text": (1, paragraphs), "code": (1, code), "html": (1, html),
    "http": (1, http), "fram": (3, fram), "ht": (1, ht),
}
VALUES: dict[str, Value] = {
    "br": string("<br>"), "c0": sym(LINK), "c1": sym(ACTIVE), "sa": string(ANCHOR_STYLE),
    "sb": string(BODY_STYLE), "HOME": string("html"), "logo": string("<b>q</b>"),
}
