"""The place of the parser among the tokens, and lists of expressions between closers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from ..errors import QParseError
from ..values import Value
from .nodes import Node
from .scan import END, ITERATOR, NAME, OPERATOR, PUNCTUATION, Token, scan

CLOSERS = ")]};"
MAX_DEPTH = 2000  # of brackets, so that absurd input is an error and not a crash
K_PREFIX = "k)"
NO_WORDS: Mapping[str, Value] = {}


class TokenReader(ABC):
    """The tokens of one logical line and a place among them; the rules are those of subclasses."""

    def __init__(self, source: str, words: Mapping[str, Value] = NO_WORDS) -> None:
        self.source = source
        self.words = words
        self.params: list[list[str]] = []  # of the lambdas being read
        self.in_k = source.startswith(K_PREFIX)
        self.tokens = scan("  " + source[2:] if self.in_k else source)
        self.at = 0
        self.depth = 0
        self.in_phrase = False  # a comma ends the expression
        self.stops: tuple[str, ...] = ()  # and so do these words of a template
        self.implicit: list[set[str]] = []  # x y z seen in the lambdas being read

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def next(self) -> Token:
        t = self.tokens[self.at]
        self.at += 1
        return t

    def is_(self, text: str, kind: str = PUNCTUATION) -> bool:
        t = self.token
        return t.kind == kind and t.text == text

    def ends(self) -> bool:
        """Does the expression end before this token?"""
        t = self.token
        if t.kind == END or (t.kind == PUNCTUATION and t.text in CLOSERS):
            return True
        if t.kind == NAME:
            return t.text in self.stops
        return (self.in_phrase and t.kind == OPERATOR and t.text == ","
                and self.tokens[self.at + 1].kind != ITERATOR)

    def expect(self, closer: str, opened: Token) -> None:
        if self.is_(closer):
            self.at += 1
            return
        if self.token.kind == END:
            raise QParseError(opened.text, opened.start, incomplete=True)
        raise QParseError(self.token.text, self.token.start)

    # ------------------------------------------------------------ statements

    def statements(self, closer: str) -> list[Node | None]:
        """Expressions separated by semicolons, up to `closer` or the end (not consumed)."""
        body: list[Node | None] = [self.expression()]
        while self.is_(";"):
            self.at += 1
            body.append(self.expression())
        return body

    def nested(self, closer: str, opened: Token) -> list[Node | None]:
        """Statements inside brackets: phrase rules are off, depth is counted."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise QParseError("stack", opened.start)
        outer, self.in_phrase = self.in_phrase, False
        stops, self.stops = self.stops, ()
        body = self.statements(closer)
        self.expect(closer, opened)
        self.in_phrase, self.stops = outer, stops
        self.depth -= 1
        return body

    @abstractmethod
    def expression(self) -> Node | None:
        """The expression that starts here; None if it is empty."""
