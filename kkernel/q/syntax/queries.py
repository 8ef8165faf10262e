"""The grammar of select, exec, update and delete."""

from __future__ import annotations

from ..errors import QParseError
from .nodes import Apply, Assign, Node, Select, Verb
from .scan import END, NAME, OPERATOR, Token
from .tokens import TokenReader

QSQL = ("select", "exec", "update", "delete")
MASKED = "x in a phrase"


class QueryReader(TokenReader):
    """Reads queries, whose phrases end at a comma and whose parts end at words."""

    def select(self, t: Token) -> Node:
        limit = self._limit() if t.text == "select" else []
        distinct = t.text in ("select", "exec") and self._word("distinct")
        outer, self.in_phrase = self.in_phrase, True
        stops, self.stops = self.stops, ("by", "from")
        implicit = self._implicit()
        columns = [] if self._at_word("by", "from") else self._phrases()
        by = None
        if self._word("by"):
            by = [] if self._at_word("from") else self._phrases()
        self._mask(implicit)
        if not self._word("from"):
            raise QParseError("from", t.start, incomplete=self.token.kind == END)
        self.in_phrase, self.stops = outer, ("where", *stops)
        table = self._from(t)
        self.in_phrase, self.stops = True, stops
        where = self._where()
        self.in_phrase = outer
        return Select(t.start, t.text, columns, by, table, where, limit, distinct)

    def _from(self, t: Token) -> Node:
        """The table expression: it ends at `where`; a comma belongs to it."""
        table = self.expression()
        if table is None:
            raise QParseError("from", t.start, incomplete=self.token.kind == END)
        return table

    def _where(self) -> list[Node]:
        if not self._word("where"):
            return []
        implicit = self._implicit()
        where = [n for _, n in self._phrases()]
        self._mask(implicit)
        return where

    def _implicit(self) -> set[str]:
        return set(self.implicit[-1]) if self.implicit else set()

    def _mask(self, before: set[str]) -> None:
        """Phrases name columns: an x y z in them adds no parameter, but x is the one of a lambda
        that has no other."""
        if self.implicit:
            self.implicit[-1] = before | ({MASKED} if "x" in self.implicit[-1] else set())

    def _limit(self) -> list[Node]:
        if not self.is_("["):
            return []
        opened = self.next()
        limit = [self._limit_part()]
        while self.is_(";"):
            self.at += 1
            limit.append(self._limit_part())
        self.expect("]", opened)
        return [n for n in limit if n is not None]

    def _limit_part(self) -> Node | None:
        """A count, or a column to sort by behind `<` or `>`."""
        t = self.token
        if t.kind != OPERATOR or t.text not in ("<", ">"):
            return self.expression()
        self.at += 1
        return Apply(t.start, Verb(t.start, t.text), [self.expression()], bracketed=False)

    def _phrases(self) -> list[tuple[str | None, Node]]:
        phrases: list[tuple[str | None, Node]] = []
        while True:
            node = self.expression()
            if node is not None:
                phrases.append(column(node))
            if not self.is_(",", OPERATOR):
                return phrases
            self.at += 1

    def _at_word(self, *words: str) -> bool:
        return self.token.kind == NAME and self.token.text in words

    def _word(self, word: str) -> bool:
        if self._at_word(word):
            self.at += 1
            return True
        return False


def column(node: Node) -> tuple[str | None, Node]:
    """The name that a phrase gives to its column, None where it gives none, and what it is."""
    if isinstance(node, Assign) and node.indices is None and node.op is None:
        return node.name, node.expr
    return None, node
