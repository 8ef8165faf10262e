"""Views: `v::expression` at the prompt is computed when read, and again when an input changed."""

from __future__ import annotations

from typing import Any

from .compile import Code, Scope
from .errors import QError
from .functions import NULL, Definition
from .qsql.node_trees import to_tree
from .syntax import nodes as N
from .syntax.nodes import children
from .values import Value


class View:
    """A delayed expression, its last value, and the inputs that value was made from."""

    def __init__(self, name: str, text: str, code: Code, body: N.Node, scope: Scope) -> None:
        self.name = name
        self.text = text
        self.code = code
        self.body = body
        self.scope = scope
        self.inputs = global_names(body)
        self.globals = scope.globals
        self.seen: list[Value | None] | None = None
        self.value: Value = None
        self.busy = False

    def __call__(self) -> Value:
        """The value, computed anew when it is pending.

        A view of itself reads the value it had; signals 'loop where it had none.
        """
        if self.busy:
            if self.value is None:
                raise QError("loop")
            return self.value
        self.busy = True
        try:
            now = [self.globals.find(n) if n != self.name else None for n in self.inputs]
            if self.seen is None or not _same(self.seen, now):
                self.value = self.code([])
                self.seen = now
        finally:
            self.busy = False
        return self.value

    def definition(self) -> Definition:
        """What the view is made of, as a value."""
        return Definition(self.text, to_tree(self.body, self.scope), self.inputs,
                          NULL if self.pending else self.value)

    @property
    def pending(self) -> bool:
        """Was an input changed since the value was computed?"""
        return self.seen is None or not _same(
            self.seen, [self.globals.root.get(n) for n in self.inputs])


def _same(before: list[Value | None], now: list[Value | None]) -> bool:
    return all(a is b for a, b in zip(before, now, strict=True))


def global_names(node: N.Node) -> list[str]:
    """Names that an expression is known to read.

    Lambdas and the phrases of templates are left out: what their names stand for shows only when
    they run.
    """
    found: dict[str, None] = {}
    todo: list[Any] = [node]
    while todo:
        n = todo.pop()
        if isinstance(n, N.Name):
            found[n.name.split(".")[0] if n.name[0] != "." else n.name] = None
        elif isinstance(n, N.Select):
            todo.append(n.table)
        elif isinstance(n, N.Node):
            todo.extend(children(n))
    return list(found)


def whole_views(body: list[N.Node | None]) -> list[N.Node | None]:
    """A view at the start of a line takes the statements after it too: `v::a;b` is b."""
    first = body[0] if body else None
    if len(body) < 2 or not isinstance(first, N.Assign) or first.scope != "::" \
            or first.indices is not None or first.op is not None:
        return body
    block = N.Block(first.expr.pos, [first.expr, *body[1:]])
    return [N.Assign(first.pos, first.name, block, scope="::")]
