"""Source text to tokens with positions.

Whitespace carries meaning in q and the scanner settles all of it: ``/`` is a comment only at a
line start, after a blank or as the first thing in a lambda, ``-`` belongs to a number unless a
noun touches it on the left, and numbers separated by blanks form one vector literal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ..errors import QError, QParseError
from ..registry import KEYWORDS
from ..symbols import sym, symbols
from ..values import Value, char, string
from .literals import number_vector

# kinds of token
NUMBER, STRING, SYMBOL, NAME, OPERATOR, ITERATOR, PUNCTUATION, END = (
    "number", "string", "symbol", "name", "operator", "iterator", "punctuation", "end")


@dataclass(slots=True)
class Token:
    """A token with its place in the source; `value` is what a literal stands for."""

    kind: str
    text: str
    start: int
    end: int
    value: Any = None
    spaced: bool = False  # a blank stands before it


_BLANKS = re.compile(r"[ \t\r\n]+")
_NAME = re.compile(r"\.?[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*")
_SYMBOLS = re.compile(r"(?:`(?:[A-Za-z0-9.][\w.]*)?(?::[\w.:/]*)?)+", re.A)  # / only after :
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.S)
_ESCAPE = re.compile(r"\\([0-7]{3}|.)", re.S)
_ITERATOR = re.compile(r"/:|\\:|':|/|\\|'")
_OPERATOR = re.compile(r"::|[012]:(?!:)|<=:?|>=:?|<>:?|[-+*%&|^=<>~!@#$?_,.]:?|:")
_NUMBER = re.compile(
    r"-?(?:0x[0-9a-fA-F]*|"
    r"(?:\d|\.\d)(?:[eE][-+]\d|[0-9A-Za-z.]|:(?=\d\d))*)", re.ASCII)
_STARTS_NUMBER = re.compile(r"-?\.?\d", re.ASCII)
_OPENING_REMARK = re.compile(r"\{/\s")  # a remark that begins a lambda needs no blank before it
_FILE_OPERATOR = re.compile(r"[012]:\d\d", re.ASCII)
_NOUNS = frozenset([NUMBER, STRING, SYMBOL, NAME])
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "/": "/"}


def scan(source: str) -> list[Token]:
    """The tokens of one statement line (which may hold line breaks), ending with an END token."""
    tokens: list[Token] = []
    at, end = 0, len(source)
    while at < end:
        start = _skip(source, at)
        if start >= end:
            break
        token = _token(source, start, tokens[-1] if tokens else None)
        token.spaced = start > at or start == 0
        if not _merge(tokens, token):
            tokens.append(token)
        at = token.end
    for t in tokens:
        if t.kind == NUMBER:
            t.text = " ".join(t.value)
            t.value = _number(t)
    tokens.append(Token(END, "", end, end))
    return tokens


def _skip(source: str, at: int) -> int:
    """The position after blanks and comments."""
    end = len(source)
    while at < end:
        blanks = _BLANKS.match(source, at)
        start = blanks.end() if blanks else at
        if start < end and source[start] == "/" and (
                blanks or start == 0 or _OPENING_REMARK.match(source, start - 1)):
            newline = source.find("\n", start)
            at = end if newline < 0 else newline
            continue
        return start
    return at


def _token(source: str, at: int, last: Token | None) -> Token:
    c = source[at]
    if c == '"':
        return _string(source, at)
    if c == "`":
        m = _SYMBOLS.match(source, at)
        assert m is not None
        return Token(SYMBOL, m.group(), at, m.end(), _symbol(m.group()))
    if _starts_number(source, at, c, last):
        m = _NUMBER.match(source, at)
        assert m is not None
        if m.group() in "012" and source.startswith(":", m.end()) \
                and not source.startswith("::", m.end()):
            return Token(OPERATOR, m.group() + ":", at, m.end() + 1)
        if _FILE_OPERATOR.match(m.group()) and _ends_noun(last):
            return Token(OPERATOR, m.group()[:2], at, at + 2)  # ","0:10 20 prepares text
        return Token(NUMBER, m.group(), at, m.end())
    if c.isascii() and (c.isalpha() or c == "."):
        m = _NAME.match(source, at)
        if m and not _applies_keyword(m.group(), at, last):
            return Token(NAME, m.group(), at, m.end())
    if c in "/\\'":
        m = _ITERATOR.match(source, at)
        assert m is not None
        return Token(ITERATOR, m.group(), at, m.end())
    if c in "()[]{};":
        return Token(PUNCTUATION, c, at, at + 1)
    m = _OPERATOR.match(source, at)
    if m:
        return Token(OPERATOR, m.group(), at, m.end())
    raise QParseError("char" if c.isascii() else c, at)


def _starts_number(source: str, at: int, c: str, last: Token | None) -> bool:
    if "0" <= c <= "9":
        return True
    if c not in "-." or not _STARTS_NUMBER.match(source, at):
        return False
    return c == "." or last is None or last.end < at or not _ends_noun(last)


def _applies_keyword(name: str, at: int, last: Token | None) -> bool:
    """`(!).flip x`: after a bracket the dot before a keyword is Apply, not part of a name."""
    return name[0] == "." and name[1:] in KEYWORDS \
        and last is not None and last.end == at and last.text in (")", "]", "}")


def _ends_noun(token: Token | None) -> bool:
    """Could an operator between two nouns stand after this token?"""
    return token is not None and (token.kind in _NOUNS or token.text in (")", "]", "}"))


def _merge(tokens: list[Token], token: Token) -> bool:
    """Join a number to the number before it: blanks between numbers make one vector.

    Until all are joined the value of a number is the list of its parts.
    """
    if token.kind == NUMBER:
        token.value = [token.text]
    if token.kind != NUMBER or not tokens or tokens[-1].kind != NUMBER:
        return False
    last = tokens[-1]
    if not token.spaced or _closed(token.text) or _closed(last.value[-1]):
        return False
    last.value.append(token.text)
    last.end = token.end
    return True


def _closed(text: str) -> bool:
    """A literal that is a vector by itself: 0x0102, 0101b."""
    return text.startswith("0x") or (text.endswith("b") and len(text) > 2)


def _number(token: Token) -> Value:
    try:
        return number_vector(token.text)
    except QError as e:
        raise QParseError(e.message, token.start) from None


def _string(source: str, at: int) -> Token:
    m = _STRING.match(source, at)
    if m is None:
        raise QParseError('"', at, incomplete=True)
    raw = _unescape(m.group(1))
    value = char(raw[0]) if len(raw) == 1 else string(raw)
    return Token(STRING, m.group(), at, m.end(), value)


def _unescape(text: str) -> bytes:
    if "\\" not in text:
        return _encoded(text)
    out = bytearray()
    last = 0
    for m in _ESCAPE.finditer(text):
        out += _encoded(text[last:m.start()])
        e = m.group(1)
        out += bytes([int(e, 8) & 255]) if len(e) == 3 else _encoded(_ESCAPES.get(e, e))
        last = m.end()
    return bytes(out + _encoded(text[last:]))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _symbol(text: str) -> Value:
    parts = text.split("`")[1:]
    return sym(parts[0]) if len(parts) == 1 else symbols(parts)
