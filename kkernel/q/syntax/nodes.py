"""What the parser makes: expressions with the position that an error in them points at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..values import Value


@dataclass(slots=True)
class Node:
    pos: int  # offset of the failing token: operator, keyword, name or applied noun


@dataclass(slots=True)
class Const(Node):
    value: Value


@dataclass(slots=True)
class Name(Node):
    name: str


@dataclass(slots=True)
class Verb(Node):
    """An operator or keyword as a value."""

    name: str


@dataclass(slots=True)
class IteratorNode(Node):
    """A bare iterator: `(/)`, or applied in front, `/[+]`."""

    glyph: str


@dataclass(slots=True)
class ListNode(Node):
    items: list[Node | None]  # None is an elided item


@dataclass(slots=True)
class TableNode(Node):
    keys: list[tuple[str | None, Node]]
    columns: list[tuple[str | None, Node]]


@dataclass(slots=True)
class LambdaNode(Node):
    text: str
    params: list[str]
    body: list[Node | None]


@dataclass(slots=True)
class Apply(Node):
    """`f[a;b]`, or `f x` by juxtaposition (one argument).  None is an elided argument."""

    fn: Node
    args: list[Node | None]
    bracketed: bool = True


@dataclass(slots=True)
class Infix(Node):
    """`x f y`."""

    fn: Node
    left: Node
    right: Node


@dataclass(slots=True)
class Partial(Node):
    """`x f` with nothing to the right: a projection, and the start of a train."""

    fn: Node
    left: Node


@dataclass(slots=True)
class Train(Node):
    """A function composed with an unfinished expression: `til count@`."""

    fn: Node
    inner: Node


@dataclass(slots=True)
class DerivedNode(Node):
    iterator: str
    fn: Node


@dataclass(slots=True)
class Assign(Node):
    """`name:e`, `name op:e`, `name[i;..]:e`; `scope` is ":" or "::"."""

    name: str
    expr: Node
    op: Node | None = None
    indices: list[Node | None] | None = None
    scope: str = ":"


@dataclass(slots=True)
class Return(Node):
    expr: Node


@dataclass(slots=True)
class Signal(Node):
    expr: Node


@dataclass(slots=True)
class Cond(Node):
    branches: list[Node | None]


@dataclass(slots=True)
class Control(Node):
    """`if`, `while` or `do`."""

    word: str
    test: Node
    body: list[Node | None]


@dataclass(slots=True)
class Block(Node):
    """`[a;b;c]` where an expression stands: the value of the last."""

    body: list[Node | None]


@dataclass(slots=True)
class Select(Node):
    """A qSQL template.  `by` is None without a by phrase, [] for a bare `by`."""

    kind: str  # select exec update delete
    columns: list[tuple[str | None, Node]]
    by: list[tuple[str | None, Node]] | None
    table: Node
    where: list[Node] = field(default_factory=list)
    limit: list[Node] = field(default_factory=list)
    distinct: bool = False


def children(node: Node) -> list[Any]:
    """The nodes right below one, from the last to the first; None for elided ones."""
    out: list[Any] = []
    for slot in node.__slots__:
        value = getattr(node, slot)
        if isinstance(value, Node):
            out.append(value)
        elif isinstance(value, list):
            out += [v[1] if isinstance(v, tuple) else v for v in value]
    return out[::-1]


def walk(body: Sequence[Node | None]) -> Iterator[Node]:
    """All nodes of the statements of a lambda, but not those of lambdas in it."""
    todo: list[Any] = list(body)
    while todo:
        node = todo.pop()
        if isinstance(node, Node):
            yield node
            if not isinstance(node, LambdaNode):
                todo.extend(children(node))
