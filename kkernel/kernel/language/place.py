"""What stands around a place in source text: its word, the calls that are open, the query.

The text is often unfinished, so this is no parse: tokens by one expression, then brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ...q.syntax.queries import QSQL

_TOKEN = re.compile(r"""
    (?P<comment> (?:(?<=\s)|^)/[^\n]* )
  | (?P<string> "(?:[^"\\]|\\.)*"? )
  | (?P<symbol> (?:`[\w.]*(?::[\w./~]*)?)+ )
  | (?P<name> \.?[A-Za-z]\w*(?:\.\w+)*\.? | (?<![\w)\]])\.(?!\d) )
  | (?P<number> \d[\w.:]* )
  | (?P<open> [\[({] )
  | (?P<close> [\])}] )
  | (?P<semicolon> ; )
  | (?P<line> \n(?![ \t}]) )
  | (?P<blank> \s+ )
  | (?P<other> . )
""", re.X | re.S)
_PARAMETERS = re.compile(r"\{\s*\[([^\]]*)\]")
_WORDS = ("name", "symbol", "number", "comment", "string")


@dataclass(frozen=True)
class Token:
    """A token of the text around the cursor, with where it starts."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass
class Group:
    """An open bracket, with the tokens inside it up to the place."""

    opener: str
    names: list[str]  # written before it, the nearest first: `module seq(` has seq, module
    start: int = 0
    tokens: list[Token] = field(default_factory=list)

    @property
    def position(self) -> int:
        """How many items stand before the place."""
        return sum(t.kind == "semicolon" for t in self.tokens)

    @property
    def first(self) -> str:
        """The symbol that is the first item, "" for anything else."""
        first = self.tokens[0] if self.tokens else None
        return first.text.split("`")[1] if first is not None and first.kind == "symbol" else ""

    @property
    def item(self) -> list[Token]:
        """The tokens of the item, or statement, that holds the place."""
        last = max((i for i, t in enumerate(self.tokens) if t.kind in ("semicolon", "line")),
                   default=-1)
        return self.tokens[last + 1:]


@dataclass
class Place:
    """A place in a text.  `groups` are the brackets around it, the innermost first; the last is
    the text itself.  `token` is what the place is in or directly behind."""

    code: str
    cursor: int
    token: Token | None
    groups: list[Group]
    rest: list[Token]  # of the text behind the place

    @property
    def names_before(self) -> list[str]:
        """Names applied to the place without a bracket, the nearest first: `loss` in ``loss`m``."""
        return names_at_end(self.groups[0].item)

    @property
    def statement(self) -> Iterator[Token]:
        """The tokens of the statement around the place."""
        for group in reversed(self.groups):
            yield from group.item if group.opener in ("", "{") else group.tokens
        for token in self.rest:
            if token.kind == "line":
                return
            yield token


def place_at(code: str, cursor: int) -> Place:
    """The surroundings of a place; a cursor in or directly behind a word belongs to that word."""
    groups = [Group("", [])]
    tokens = scan(code)
    for t in tokens:
        if t.end < cursor or t.end == cursor and not _open_at_end(t):
            _enter(groups, t)
            continue
        token = t if t.start < cursor or t.kind in ("name", "symbol") else None
        if token is not None and t.kind not in _WORDS:
            token = None
            _enter(groups, t)
        return Place(code, cursor, token, groups[::-1], [*([] if token else [t]), *tokens])
    return Place(code, cursor, None, groups[::-1], [])


def _open_at_end(t: Token) -> bool:
    """Could what is typed directly behind a token belong to it?"""
    if t.kind == "string":
        return len(t.text) == 1 or not t.text.endswith('"')
    return t.kind in _WORDS


def scan(code: str) -> Iterator[Token]:
    """The tokens of a text, blanks left out."""
    for m in _TOKEN.finditer(code):
        kind = m.lastgroup or "other"
        if kind != "blank":
            yield Token(kind, m.group(), m.start())


def _enter(groups: list[Group], t: Token) -> None:
    """Put a token where it belongs; brackets open and close groups."""
    current = groups[-1]
    if t.kind == "open":
        groups.append(Group(t.text, names_at_end(current.item), t.start))
    elif t.kind == "close":
        if len(groups) > 1:
            groups.pop()
            groups[-1].tokens.append(t)
    elif t.kind == "line" and len(groups) > 1:
        del groups[1:]  # a statement ends whatever is left open
        groups[0].tokens.append(t)
    elif t.kind != "comment":
        current.tokens.append(t)


def names_at_end(tokens: list[Token]) -> list[str]:
    """The names that end a run of tokens, the last first."""
    found: list[str] = []
    for token in reversed(tokens):
        if token.kind != "name":
            break
        found.append(token.text)
    return found


# ------------------------------------------------------------------ queries

@dataclass(frozen=True)
class Query:
    """The qSQL expression around a place: its table ("" if not known yet), and whether the place
    is where the table is to be named."""

    table: str
    names_table: bool = False


def query_at(place: Place) -> Query | None:
    """The innermost query that the place belongs to; None outside of any."""
    behind = _outward(place)
    for group in place.groups:
        found = _query_in(group.item)
        after = next(behind)
        if found is not None:
            words, open_from = found
            if open_from:
                return Query("", names_table=True)
            return Query(_table_of([*words, *after]))
        if group.opener == "{":
            return None
    return None


def _query_in(item: list[Token]) -> tuple[list[Token], bool] | None:
    """The tokens after the innermost query word, and whether `from` is the last of them."""
    for i in range(len(item) - 1, -1, -1):
        if item[i].kind == "name" and item[i].text in QSQL:
            words = item[i + 1:]
            return words, bool(words) and words[-1].text == "from"
    return None


def _outward(place: Place) -> Iterator[list[Token]]:
    """For every group around the place, what follows in it."""
    depth = 0
    found: list[Token] = []
    for token in place.rest:
        if token.kind == "open":
            depth += 1
        elif token.kind == "close":
            depth -= 1
            if depth < 0:
                yield found
                depth, found = 0, []
                continue
        elif token.kind == "line":
            break
        if depth == 0:
            found.append(token)
    while True:
        yield found
        found = []


def _table_of(words: list[Token]) -> str:
    """The name after the `from` that belongs to the query, "" if there is none yet.

    Of a query from another query it is the table of that one.
    """
    inner = 0
    for i, word in enumerate(words):
        if word.kind == "semicolon":
            return ""
        if word.kind == "name" and word.text in QSQL:
            inner += 1
        elif word.text == "from" and inner:
            inner -= 1
        elif word.text == "from":
            return _table_after(words[i + 1:])
    return ""


def _table_after(words: list[Token]) -> str:
    first = words[0] if words else Token("", "", 0)
    if first.kind == "name" and first.text in QSQL:
        return _table_of(words[1:])
    return first.text.lstrip("`") if first.kind in ("name", "symbol") else ""


# ------------------------------------------------------------------ lambdas

def local_names(place: Place) -> list[str]:
    """Parameters and assigned names of the lambda around the place; x y z when it names none."""
    group = next((g for g in place.groups if g.opener == "{"), None)
    if group is None:
        return []
    named = _PARAMETERS.match(place.code, group.start)
    parameters = re.findall(r"[A-Za-z]\w*", named.group(1)) if named else ["x", "y", "z"]
    return [*parameters, *assigned_names(place.code[group.start + 1:place.cursor])]


def assigned_names(code: str) -> list[str]:
    """Names that a text assigns, those inside its lambdas left out."""
    found: dict[str, None] = {}
    depth, last = 0, Token("", "", 0)
    for t in scan(code):
        depth += (t.text == "{") - (t.text == "}")
        if not depth and t.text == ":" and last.kind == "name" and last.end == t.start:
            found[last.text] = None
        last = t
    return list(found)
