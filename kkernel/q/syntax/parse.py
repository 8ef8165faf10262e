"""Tokens to nodes: the grammar of q.

Evaluation order is right to left without precedence, so an expression is a noun, then perhaps a
verb with everything to its right.  Whether a term is infix is decided by its form alone:
operators, infix keywords and whatever ends in an iterator (``f'``, ``+/``) are; names are not.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import QParseError
from ..functions import NULL, rank_of
from ..registry import CONSTANTS, KEYWORDS
from ..values import EMPTY, Value
from .nodes import (
    Apply,
    Assign,
    Block,
    Cond,
    Const,
    Control,
    DerivedNode,
    Infix,
    IteratorNode,
    LambdaNode,
    ListNode,
    Name,
    Node,
    Partial,
    Return,
    Signal,
    TableNode,
    Train,
    Verb,
)
from .patterns import hidden, match, match_cond, parameter
from .queries import MASKED, QSQL, QueryReader, column
from .scan import END, ITERATOR, NAME, NUMBER, OPERATOR, PUNCTUATION, STRING, SYMBOL, Token
from .tokens import CLOSERS, K_PREFIX, NO_WORDS

CONTROL = ("if", "while", "do")
MAX_PARAMS = 8


def parse(source: str, words: Mapping[str, Value] = NO_WORDS) -> list[Node | None]:
    """The statements of one logical line; None is an empty statement.

    `words` are functions that a program has put into `.q`: like keywords they stand for what they
    are when the line is read, and those of two arguments are infix.

    A line that starts with `k)` is k: there an operator with nothing on its left takes one
    argument, so that `+x` is `flip x`.
    """
    parser = Parser(source, words)
    body = parser.statements("")
    if parser.token.kind != END:
        raise QParseError(parser.token.text, parser.token.start)
    return body


class Parser(QueryReader):
    """Recursive descent over the tokens of one logical line."""

    # ------------------------------------------------------------ expressions

    def expression(self) -> Node | None:
        if self.ends():
            return None
        t = self.token
        if t.kind == OPERATOR and t.text == ":" and not self._alone():
            return self._return()
        if t.kind == ITERATOR and t.text == "'" and not self._bracket_follows():
            return self._signal()
        left, verbal = self.term()
        return self.rest(left, verbal)

    def _alone(self) -> bool:
        following = self.tokens[self.at + 1]
        return following.kind in (END, ITERATOR) or (
            following.kind == PUNCTUATION and following.text in CLOSERS + "[")

    def _bracket_follows(self) -> bool:
        following = self.tokens[self.at + 1]
        return following.kind == PUNCTUATION and following.text in "[);]"

    def _return(self) -> Node:
        t = self.next()
        expr = self.expression()
        return Return(t.start, expr or Const(t.start, NULL))

    def _signal(self) -> Node:
        t = self.next()
        expr = self.expression()
        if expr is None:
            raise QParseError("'", t.start)
        return Signal(t.start, expr)

    def rest(self, left: Node, verbal: bool) -> Node:
        """Everything to the right of a first term."""
        if self.ends():
            return left
        if verbal:
            return self._prefix(left)
        assigned = self._assignment(left)
        if assigned is not None:
            return assigned
        term, infix = self.term()
        if not infix:
            return _juxtapose(left, self.rest(term, False))
        right = self.expression()
        if right is None:
            return Partial(term.pos, term, left)
        if isinstance(right, (Partial, Train)) or self._bare_verb(right):
            return Train(term.pos, Partial(term.pos, term, left), right)
        return Infix(term.pos, term, left, right)

    def _bare_verb(self, node: Node) -> bool:
        """An operator or infix keyword that ends an expression, not in parentheses: `0|+` and
        `` `time xdesc upsert`` are trains.
        """
        ended = isinstance(node, DerivedNode) or (
            isinstance(node, Verb) and (node.name not in KEYWORDS or KEYWORDS[node.name].infix))
        return ended and self.tokens[self.at - 1].text not in (")", "]")

    def _prefix(self, verb: Node) -> Node:
        """A verb in front: only what is derived or has one argument may stand there."""
        if isinstance(verb, Verb) and self.in_k and verb.name not in KEYWORDS:
            right = self.expression()
            if right is not None and self._bare_verb(right):
                return Train(verb.pos, _unary(verb), right)
            return verb if right is None else _juxtapose(_unary(verb), right)
        if isinstance(verb, Verb):
            word = KEYWORDS.get(verb.name)
            if word is None or (word.fn1 is None and word.fn2 is not None):
                raise QParseError(verb.name, verb.pos)
        if self.is_(":", OPERATOR) and self.tokens[self.at - 1].text in self.words:
            raise QParseError("assign", self.token.start)
        right = self.expression()
        if right is None:
            return verb
        return _juxtapose(verb, right)

    # ------------------------------------------------------------ assignment

    def _assignment(self, left: Node) -> Node | None:
        t = self.token
        if t.kind != OPERATOR or not t.text.endswith(":") or t.text in ("0:", "1:", "2:"):
            return None
        if t.text == "::" and self._next_is_noun_end():
            self.at += 1  # the left side itself, left open: `f g::` is f after g
            return Train(left.pos, left, Const(t.start, NULL))
        target = _target(left)
        if target is None:
            if t.text == ":" and self._after_parenthesis():
                self.at += 1
                return match(left, t.start, self.expression() or Const(t.end, NULL))
            if t.text in (":", "::"):
                word = self.tokens[self.at - 1].text in self.words
                raise QParseError("assign" if word else t.text, t.start)
            return None
        if t.text != ":" and t.text != "::" and self._next_is_noun_end():
            return None
        return self._assign(target, self.next())

    def _after_parenthesis(self) -> bool:
        before = self.tokens[self.at - 1]
        return before.kind == PUNCTUATION and before.text == ")"

    def _next_is_noun_end(self) -> bool:
        following = self.tokens[self.at + 1]
        return following.kind == END or (
            following.kind == PUNCTUATION and following.text in CLOSERS)

    def _assign(self, target: tuple[str, list[Node | None] | None], t: Token) -> Node:
        name, indices = target
        if name in KEYWORDS or name in CONTROL or name in QSQL or name in CONSTANTS:
            raise QParseError("assign", t.start)
        scope = "::" if t.text == "::" else ":"
        glyph = t.text[:-1] if t.text not in (":", "::") else ""
        expr = self.expression()
        if expr is None:
            expr = Const(t.end, NULL)
        op = Verb(t.start, glyph) if glyph else None
        return Assign(t.start, name, expr, op, indices, scope)

    # ------------------------------------------------------------ terms

    def term(self) -> tuple[Node, bool]:
        """One noun or verb with the brackets and iterators that follow it; is it infix?"""
        node, verbal = self.primary()
        while True:
            t = self.token
            if t.kind == PUNCTUATION and t.text == "[":
                node, verbal = self._applied(node), False
            elif t.kind == ITERATOR:
                if self._system_command(t):
                    raise QParseError("\\", t.start)  # a system command within a line
                self.at += 1
                node, verbal = DerivedNode(t.start, t.text, node), True
            else:
                break
        return node, verbal

    def _system_command(self, t: Token) -> bool:
        following = self.tokens[self.at + 1]
        return t.spaced and t.text == "\\" and following.kind == NAME and not following.spaced

    def _applied(self, fn: Node) -> Node:
        opened = self.next()
        args = self.nested("]", opened)
        if isinstance(fn, Verb) and fn.name == "$" and len(args) > 2:
            return Cond(fn.pos, args)
        if isinstance(fn, Verb) and fn.name == ":" and len(args) > 2:
            return match_cond(fn.pos, args)
        if isinstance(fn, Verb) and fn.name in KEYWORDS and args == [None]:
            return Apply(fn.pos, fn, [Const(fn.pos, NULL)])
        return Apply(fn.pos, fn, args)

    def primary(self) -> tuple[Node, bool]:
        t = self.next()
        if t.kind in (NUMBER, STRING, SYMBOL):
            return Const(t.start, t.value), False
        if t.kind == NAME:
            return self._name(t)
        if t.kind == OPERATOR:
            return self._operator(t)
        if t.kind == ITERATOR:
            if any(map(self.is_, "[]);")):
                return IteratorNode(t.start, t.text), False
            raise QParseError(t.text, t.start)
        if t.text == "(":
            return self._paren(t), False
        if t.text == "{":
            return self._lambda(t), False
        if t.text == "[":
            return Block(t.start, self.nested("]", t)), False
        raise QParseError(t.text, t.start)

    def _operator(self, t: Token) -> tuple[Node, bool]:
        if t.text == "::":
            return Const(t.start, NULL), False
        return Verb(t.start, t.text), True

    def _name(self, t: Token) -> tuple[Node, bool]:
        word = t.text
        if word in CONTROL and self.is_("["):
            return self._control(t), False
        if word in QSQL:
            return self.select(t), False
        keyword = KEYWORDS.get(word)
        if keyword is not None:
            return Verb(t.start, word), keyword.infix
        if word in self.words and not any(word in names for names in self.params):
            return Const(t.start, self.words[word]), rank_of(self.words[word]) == 2
        if self.implicit and word in ("x", "y", "z"):
            self.implicit[-1].add(word)
        return Name(t.start, word), False

    def _control(self, t: Token) -> Node:
        body = self.nested("]", self.next())
        if body[0] is None:
            raise QParseError(t.text, t.start)
        return Control(t.start, t.text, body[0], body[1:])

    # ------------------------------------------------------------ parentheses

    def _paren(self, opened: Token) -> Node:
        if self.is_("["):
            return self._table(opened)
        if self.is_(")"):
            self.at += 1
            return Const(opened.start, EMPTY)
        items = self.nested(")", opened)
        if len(items) == 1 and items[0] is not None:
            only = items[0]  # what is unfinished is finished by its parentheses: `type (0|+)`
            return Block(only.pos, [only]) if isinstance(only, (Partial, Train)) else only
        return ListNode(opened.start, items)

    def _table(self, opened: Token) -> Node:
        bracket = self.next()
        keys = [] if self.is_("]") else self._columns("]", bracket)
        if not keys:
            self.expect("]", bracket)
        columns = [] if self.is_(")") else self._columns(")", opened)
        if not columns:
            self.expect(")", opened)
        return TableNode(opened.start, keys, columns)

    def _columns(self, closer: str, opened: Token) -> list[tuple[str | None, Node]]:
        body = self.nested(closer, opened)
        return [column(n) for n in body if n is not None]

    # ------------------------------------------------------------ lambdas

    def _lambda(self, opened: Token) -> Node:
        self.implicit.append(set())
        params, taken = self._params()
        self.params.append(params or [])
        body = taken + self.nested("}", opened)
        self.params.pop()
        seen = self.implicit.pop()
        if params is None:
            none = 0 if MASKED in seen else -1
            last = max((i for i, n in enumerate("xyz") if n in seen), default=none)
            params = list("xyz"[:last + 1])
        text = self.source[opened.start:self.tokens[self.at - 1].end]
        if self.in_k:
            text = K_PREFIX + text
        return LambdaNode(opened.start, text, params, body)

    def _params(self) -> tuple[list[str] | None, list[Node | None]]:
        """The parameters in brackets, and the statements that take those apart that are patterns
        and not names."""
        if not self.is_("["):
            return None, []
        opened = self.next()
        params: list[str] = []
        taken: list[Node | None] = []
        self.implicit.append(set())
        while not (self.is_("]") and not params):
            written = self._param()
            params.append(hidden(len(params)) if not isinstance(written, str) else written)
            if isinstance(written, Node):
                taken.append(parameter(written, len(params) - 1))
            if not self.is_(";"):
                break
            self.at += 1
        self.implicit.pop()
        self.expect("]", opened)
        if len(params) > MAX_PARAMS:
            raise QParseError("params", opened.start)
        return params, taken

    def _param(self) -> str | Node | None:
        following = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        if self.token.kind == NAME and following.kind == PUNCTUATION and following.text in ";]":
            return self.next().text
        outer, self.in_phrase = self.in_phrase, False
        stops, self.stops = self.stops, ()
        written = self.expression()
        self.in_phrase, self.stops = outer, stops
        return written

# ---------------------------------------------------------------- pieces


def _unary(verb: Verb) -> Verb:
    """The form of an operator that takes one argument, `+:`."""
    return verb if verb.name.endswith(":") else Verb(verb.pos, verb.name + ":")


def _juxtapose(fn: Node, right: Node) -> Node:
    if isinstance(right, (Partial, Train)):
        return Train(fn.pos, fn, right)
    return Apply(fn.pos, fn, [right], bracketed=False)


def _target(left: Node) -> tuple[str, list[Node | None] | None] | None:
    """The name and indices of something that can be assigned to: `a`, `a[i]`, `(a i)`."""
    if isinstance(left, Name):
        return left.name, None
    if isinstance(left, Verb) and left.name in KEYWORDS:
        return left.name, None
    if isinstance(left, Apply) and (left.bracketed or isinstance(left.fn, Name)):
        inner = _target(left.fn)
        if inner is not None:
            return inner[0], [*(inner[1] or []), *left.args]
    return None
