"""Patterns: what stands left of the colon of `(a;b):v`, in parameters, and in `:[v;p;r;..]`.

A pattern is read as an expression first and turned into a pattern when the colon shows.  Names
are `Assign` nodes, so that they count as assigned wherever names are collected.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import QParseError
from ..functions import NULL
from ..symbols import Symbol
from ..values import Value
from .nodes import (
    Apply,
    Assign,
    Block,
    Const,
    Infix,
    ListNode,
    Name,
    Node,
    Partial,
    Return,
    TableNode,
    Verb,
)


@dataclass(slots=True)
class Anything(Node):
    """An elided item: the value has to be there."""


@dataclass(slots=True)
class Literal(Node):
    value: Value


@dataclass(slots=True)
class Items(Node):
    """`(p;q)`: as many items as patterns."""

    items: list[Node]


@dataclass(slots=True)
class Lookup(Node):
    """`keys!p`: the values at these keys; other keys may be there too."""

    keys: Node
    values: Node


@dataclass(slots=True)
class Parts(Node):
    """`p!q`: the keys and the values of a dictionary."""

    keys: Node
    values: Node


@dataclass(slots=True)
class Flipped(Node):
    """`flip p`: a table as the dictionary of its columns."""

    inner: Node


@dataclass(slots=True)
class Columns(Node):
    """`([k:p]c:q)`: columns of a table."""

    keys: list[tuple[str, Node]]
    columns: list[tuple[str, Node]]


@dataclass(slots=True)
class Typed(Node):
    """``p:`f``: an atom of the type, or a list where the letter is a capital."""

    inner: Node
    letter: str


@dataclass(slots=True)
class Filtered(Node):
    """`p:f`: what the function makes of the value."""

    inner: Node
    function: Node


@dataclass(slots=True)
class Match(Node):
    """`(pattern):value`."""

    pattern: Node
    expr: Node
    written: tuple[Node]  # the left side as an expression; not among the children


@dataclass(slots=True)
class MatchCond(Node):
    """`:[value;pattern;result;..;otherwise]`."""

    value: Node
    patterns: list[Node]
    results: list[Node | None]
    otherwise: Node | None
    written: tuple[Node | None, ...]


def match(left: Node, colon: int, expr: Node) -> Match:
    """The assignment to a pattern; signals `:` where the left side is none."""
    pattern = to_pattern(left, colon)
    if isinstance(pattern, Literal):
        pattern.pos = colon
    return Match(colon, pattern, expr, (left,))


def parameter(written: Node, index: int) -> Match:
    """What takes an argument apart; its name is one that no program can write."""
    pattern = to_pattern(written, written.pos)
    if isinstance(pattern, Assign) and pattern.indices is not None:
        raise QParseError("[", written.pos)
    return Match(written.pos, pattern, Name(written.pos, hidden(index)), (written,))


def hidden(index: int) -> str:
    """The name of an argument that has none of its own."""
    return f" {index}"


def match_cond(pos: int, args: list[Node | None]) -> MatchCond:
    """`:[value;pattern;result;..;else]` from the expressions between its brackets."""
    value, *rest = args
    pairs = len(rest) // 2
    patterns = [to_pattern(p, pos) for p in rest[:2 * pairs:2]]
    return MatchCond(pos, value or Const(pos, NULL), patterns, rest[1:2 * pairs:2],
                     rest[-1] if len(rest) % 2 else None, tuple(args))


def to_pattern(node: Node | None, colon: int) -> Node:
    """An expression as a pattern; `colon` is where an error points at."""
    if node is None:
        return Anything(colon)
    make = _MAKERS.get(type(node))
    pattern = make(node, colon) if make is not None else None
    if pattern is None:
        raise QParseError(":", colon)
    return pattern


def _const(node: Const, colon: int) -> Node:
    return Anything(node.pos) if node.value is NULL else Literal(node.pos, node.value)


def _name(node: Name, colon: int) -> Node:
    return Assign(node.pos, node.name, Const(node.pos, NULL))


def _apply(node: Apply, colon: int) -> Node | None:
    """`a[i]`, or `flip p`."""
    if isinstance(node.fn, Verb):
        flip = node.fn.name == "flip" and len(node.args) == 1
        return Flipped(node.pos, to_pattern(node.args[0], colon)) if flip else None
    if isinstance(node.fn, Name):
        return Assign(node.pos, node.fn.name, Const(node.pos, NULL), indices=node.args)
    return None


def _list(node: ListNode, colon: int) -> Node:
    return Items(node.pos, [to_pattern(n, node.pos) for n in node.items])


def _infix(node: Infix, colon: int) -> Node | None:
    return _dict(node.fn, node.left, node.right, colon)


def _partial(node: Partial, colon: int) -> Node | None:
    return _dict(node.fn, node.left, None, colon)


def _dict(fn: Node, keys: Node, values: Node | None, colon: int) -> Node | None:
    if not isinstance(fn, Verb) or fn.name != "!":
        return None
    inner = to_pattern(values, fn.pos)
    constant = isinstance(keys, Const) or (
        isinstance(keys, ListNode) and all(isinstance(n, Const) for n in keys.items))
    return Lookup(fn.pos, keys, inner) if constant else Parts(
        fn.pos, to_pattern(keys, colon), inner)


def _table(node: TableNode, colon: int) -> Node | None:
    keys, columns = _columns(node.keys, colon), _columns(node.columns, colon)
    return None if keys is None or columns is None else Columns(node.pos, keys, columns)


def _columns(written: list[tuple[str | None, Node]], colon: int) -> list[tuple[str, Node]] | None:
    """Columns of the pattern; a name alone names its column too."""
    columns: list[tuple[str, Node]] = []
    for given, node in written:
        name = node.name if given is None and isinstance(node, Name) else given
        if name is None:
            return None
        if isinstance(node, Const) and node.value is NULL:
            columns.append((name, Anything(node.pos - 1)))  # errors point at its colon
        else:
            columns.append((name, to_pattern(node, colon)))
    return columns


def _assign(node: Assign, colon: int) -> Node | None:
    if node.op is not None or node.scope != ":":
        return None
    target = Assign(node.pos - len(node.name), node.name, Const(node.pos, NULL),
                    indices=node.indices)
    return _narrowed(target, node.expr, node.pos)


def _return(node: Return, colon: int) -> Node:
    return _narrowed(Anything(node.pos), node.expr, node.pos)


def _match(node: Match, colon: int) -> Node:
    return _narrowed(node.pattern, node.expr, node.pos)


def _narrowed(inner: Node, by: Node, pos: int) -> Node:
    """A pattern behind a type letter or a function."""
    if not isinstance(by, Const):
        return Filtered(pos, inner, by)
    if by.value is NULL:
        return inner
    if isinstance(by.value, Symbol) and len(by.value) == 1:
        return Typed(pos, inner, str(by.value))
    return Filtered(pos, inner, by)


def _block(node: Block, colon: int) -> Node | None:
    return to_pattern(node.body[0], colon) if len(node.body) == 1 else None


_MAKERS = {
    Const: _const, Name: _name, Apply: _apply, ListNode: _list, Infix: _infix, Partial: _partial,
    TableNode: _table, Assign: _assign, Return: _return, Match: _match, Block: _block,
}
