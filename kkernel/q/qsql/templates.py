"""qSQL templates, `select exec update delete`, as the functional forms they stand for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..compile import Code, Scope, Slots, compile_node, trace
from ..errors import QParseError
from ..registry import KEYWORDS, OPERATORS
from ..symbols import Symbol, symbols
from ..syntax import nodes as N
from ..types import LONG_INF
from ..values import EMPTY, List, Value, collapse
from .node_trees import dictionary_of, phrase_tree, quoted, to_tree
from .phrases import column_names
from .query import query
from .trees import GLOBALS, Names

Named = tuple[str | None, N.Node]


@dataclass
class Template:
    """The functional form of a template: its glyph and the arguments after the table."""

    glyph: str
    where: Value
    by: Value
    columns: Value
    limit: list[N.Node]  # how many rows
    order: Value  # (grade; tree), None without one


def template(node: N.Select, scope: Scope) -> Template:
    """The phrases of a template as the arguments of `?` or `!`."""
    if node.kind == "delete":
        where, by, columns = _where(node, scope), False, _deleted(node)
        return Template("!", where, by, columns, [], None)
    by, taken = _by(node, scope)
    columns = _columns(node, scope, taken)
    limit, order = _limit(node, scope)
    glyph = "!" if node.kind == "update" else "?"
    return Template(glyph, _where(node, scope), by, columns, limit, order)


def _where(node: N.Select, scope: Scope) -> Value:
    return List([phrase_tree(n, scope) for n in node.where]) if node.where else EMPTY


def _deleted(node: N.Select) -> Value:
    names = []
    for _, column in node.columns:
        if not isinstance(column, N.Name):
            raise QParseError("type", node.pos)
        names.append(column.name)
    return symbols(names)


def _by(node: N.Select, scope: Scope) -> tuple[Value, Sequence[str]]:
    """The by argument, and the key names that it takes."""
    if not node.by:
        return (EMPTY if node.kind == "exec" else node.distinct), ()
    trees = [phrase_tree(n, scope) for _, n in node.by]
    given = [name for name, _ in node.by]
    if len(trees) == 1 and given[0] is None and (
            node.kind == "exec" or isinstance(trees[0], bool)):
        return trees[0], ()
    names = column_names(given, trees)
    return dictionary_of(names, trees), names


def _columns(node: N.Select, scope: Scope, taken: Sequence[str]) -> Value:
    if not node.columns:
        return EMPTY
    trees = [phrase_tree(n, scope) for _, n in node.columns]
    given = [name for name, _ in node.columns]
    if node.kind == "exec":
        if node.distinct:
            names = column_names(given, trees)
            trees[0] = List([KEYWORDS["distinct"], trees[0]])
            given = list(names) if len(trees) > 1 else given
        if len(trees) == 1 and given[0] is None:
            return trees[0]
    names = column_names(given, trees)
    for name in names:
        if name in taken:
            raise QParseError(f"dup names for cols/groups {name}", node.pos)
    return dictionary_of(names, trees)


def _limit(node: N.Select, scope: Scope) -> tuple[list[N.Node], Value]:
    """`[n]`, `[from n]`, `[>c]` and `[n;>c]`."""
    counts = [n for n in node.limit if not _is_order(n)]
    orders = [n for n in node.limit if _is_order(n)]
    if len(counts) > 1 or len(orders) > 1:
        raise QParseError("rank", node.pos)
    return counts, _order(orders[0], scope) if orders else None


def _is_order(node: N.Node) -> bool:
    return isinstance(node, N.Apply) and not node.bracketed and isinstance(node.fn, N.Verb) \
        and node.fn.name in ("<", ">")


def _order(node: N.Node, scope: Scope) -> Value:
    assert isinstance(node, N.Apply) and isinstance(node.fn, N.Verb)
    grade = KEYWORDS["iasc" if node.fn.name == "<" else "idesc"]
    return List([grade, to_tree(node.args[0], scope)])


# ---------------------------------------------------------------- as a tree

def template_tree(node: N.Select, scope: Scope) -> Value:
    """The parse tree of a template: its phrases enlisted, so that evaluating keeps them."""
    t = template(node, scope)
    head: list[Value] = [OPERATORS[t.glyph], to_tree(node.table, scope)]
    where = List([t.where]) if t.where else EMPTY
    parts = [where, _kept(t.by), _kept(t.columns)]
    if t.limit or t.order is not None:
        parts.append(to_tree(t.limit[0], scope) if t.limit else LONG_INF)
    if t.order is not None:
        parts.append(List([t.order]))
    return List(head + parts)


def _kept(argument: Value) -> Value:
    if isinstance(argument, Symbol):
        return collapse([argument])
    return quoted(argument)


# ---------------------------------------------------------------- as code

class LocalNames:
    """Locals of the lambda that a template stands in, then globals."""

    def __init__(self, slots: dict[str, int], frame: Slots) -> None:
        self.slots = slots
        self.frame = frame

    def get(self, name: Symbol) -> Value:
        slot = self.slots.get(name)
        return GLOBALS.get(name) if slot is None else self.frame[slot]


def compile_select(node: N.Select, scope: Scope) -> Code:
    """A template as a function of the frame."""
    t = template(node, scope)
    table = compile_node(node.table, scope)
    limits = [compile_node(n, scope) for n in t.limit]
    names = _names(scope)
    unit, pos = scope.unit, node.pos

    def run(frame: Slots) -> Value:
        source = table(frame)
        args = [source, t.where, t.by, t.columns]
        if limits or t.order is not None:
            args.append(limits[0](frame) if limits else None)
        if t.order is not None:
            args.append(t.order)
        try:
            return query(t.glyph, args, names(frame))
        except Exception as e:
            raise trace(e, unit, pos) from None
    return run


def _names(scope: Scope) -> Callable[[Slots], Names]:
    slots = scope.slots
    if slots is None:
        return lambda frame: GLOBALS
    return lambda frame: LocalNames(slots, frame)
