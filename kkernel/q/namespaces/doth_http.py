"""`.h` functions that make HTTP responses, and characters of addresses."""

from __future__ import annotations

import re

from .. import context
from ..errors import type_error
from ..functions import PyFunction
from ..registry import KEYWORDS
from ..symbols import Symbol, symbols
from ..tables.columns import unkey
from ..text.show import table_lines
from ..values import Dict, List, Value, qtype, string, text, vector
from .doth_markup import anchor, document, element, joined, lines, plain

PAGE = 32  # rows of a page of .h.jx

MIME = {
    "htm": "text/html", "html": "text/html", "csv": "text/comma-separated-values",
    "txt": "text/plain", "xml": "text/plain", "xls": "application/msexcel", "gif": "image/gif",
    "png": "image/png", "ico": "image/x-icon", "jpg": "image/jpeg",
    "js": "application/javascript", "css": "text/css", "json": "application/json",
    "zip": "application/zip",
}
SAFE = ("$-.+!*'(),abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")


# ---------------------------------------------------------------- responses

def _response(status: str, kind: str, content: str) -> Value:
    size = len(content.encode("utf-8", "surrogateescape"))
    head = (f"HTTP/1.1 {status}\r\nContent-Type: {_mime(kind)}\r\nConnection: close\r\n"
            f"Content-Length: {size}\r\n\r\n")
    return string(head + content)


def _mime(kind: str) -> str:
    """The media type that `.h.ty` has for a kind of file."""
    known = context.active.globals.find(".h.ty")
    found = known.get(kind) if isinstance(known, Dict) else None
    return "application/octet-stream" if found is None else text(found)


def _content(x: Value) -> str:
    return bytes(x).decode("utf-8", "surrogateescape") if qtype(x) == 4 else plain(x)


def hn(status: Value, kind: Value, content: Value) -> Value:
    """.h.hn: a response with this status line, kind of content (a key of `.h.ty`) and content."""
    if not isinstance(kind, Symbol):
        raise type_error()
    return _response(plain(status), kind, _content(content))


def hy(kind: Value, content: Value) -> Value:
    """.h.hy: a successful response."""
    return _response("200 OK", plain(kind), _content(content))


def hp(x: Value) -> Value:
    """.h.hp: lines as a page of preformatted text, in a response."""
    return _response("200 OK", "htm", document(element("pre", joined(lines(x)))))


def he(x: Value) -> Value:
    """.h.he: an error message as the response 400."""
    return _response("400 Bad Request", "txt", "'" + plain(x).replace("<", "&lt;"))


def ka(x: Value) -> Value:
    """.h.ka: the Connection header; there is no server here, so always close."""
    return string("close")


def jx(start: Value, name: Value) -> Value:
    """.h.jx: links to walk a table, and its lines from a row on."""
    table = unkey(context.active.globals.get(plain(name)))
    n, first = len(table), int(start)
    places = (("home", 0), ("up", first - PAGE), ("down", first + PAGE), ("end", n - PAGE))
    links = [anchor(string(f"?[{max(0, min(to, n - PAGE))}"), word) for word, to in places]
    shown = KEYWORDS["sublist"].by_rank[2](vector(7, [first, PAGE]), table)
    settings = context.active.settings
    rows = table_lines(shown, settings.precision, settings.columns, PAGE + 2)
    return List([string(" ".join(links) + f" {n}[{first}]"), string(""), *map(string, rows)])


# ---------------------------------------------------------------- addresses

def _escape(byte: int, safe: bytes) -> bytes:
    return bytes([byte]) if byte in safe else b"%%%02x" % byte


def hug(x: Value) -> Value:
    """.h.hug: all chars with what stands for them in an address; those of x for themselves."""
    safe = plain(x).encode("latin-1", "replace")
    return Dict(string(bytes(range(256))), List([string(_escape(b, safe)) for b in range(256)]))


def hu(x: Value) -> Value:
    """.h.hu: text with the chars that are not in `.h.sc` escaped."""
    safe = text(context.active.globals.get(".h.sc")).encode()
    raw = plain(x).encode("utf-8", "surrogateescape")
    return string(b"".join(_escape(b, safe) for b in raw))


_ESCAPED = re.compile(rb"%([0-9A-Fa-f]{2})")


def uh(x: Value) -> Value:
    """.h.uh: text with its escapes resolved."""
    raw = plain(x).encode("utf-8", "surrogateescape")
    return string(_ESCAPED.sub(lambda m: bytes([int(m[1], 16)]), raw))


FUNCTIONS: dict[str, tuple[int, PyFunction]] = {
    "hn": (3, hn), "hy": (2, hy), "hp": (1, hp), "he": (1, he), "ka": (1, ka), "jx": (2, jx),
    "hug": (1, hug), "hu": (1, hu), "uh": (1, uh),
}
VALUES: dict[str, Value] = {
    "ty": Dict(symbols(MIME), List([string(v) for v in MIME.values()])),
    "sc": string(SAFE), "val": KEYWORDS["value"],
}
