"""Assignment: plain, through an operator, indexed; views."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..apply import apply
from ..errors import QError
from ..functions import NULL, Lambda
from ..lists.assign import assign_indexed
from ..syntax import nodes as N
from ..syntax.lines import without_comment
from ..values import EMPTY, Dict, Value
from .nouns import primitive
from .scope import Code, Scope, Slots, Unit, compile_node, compiles, constant, trace

Write = Callable[..., None]  # (frame, value, indices)


@compiles(N.Assign)
def _assign(node: N.Assign, scope: Scope) -> Code:
    expr = compile_node(node.expr, scope)
    if scope.top and node.scope == "::" and node.indices is None and node.op is None:
        return _define_view(node, scope, expr)
    read, write = variable(node, scope)
    unit, pos = scope.unit, node.pos
    if node.indices is not None:
        return _assign_indexed(node, scope, expr, read, write)
    if node.op is None:
        return _assign_plain(expr, write, unit, pos)
    op = primitive(node.op.name, node.pos) if isinstance(node.op, N.Verb) else None

    name, glyph = node.name, getattr(node.op, "name", "")

    def assign_op(frame: Slots) -> Value:
        y = expr(frame)
        try:
            new = assign_indexed(_old(read, frame, name, glyph, y), [], op, y)
            write(frame, new)
        except Exception as e:
            raise trace(e, unit, pos) from None
        return new
    return assign_op


_IDENTITY = {"+": 0, "-": 0, "*": 1, "%": 1, ",": EMPTY, "|": False, "&": True}


def _old(read: Code, frame: Slots, name: str, glyph: str, y: Value) -> Value:
    """The variable to be updated; without a value it is the operator's identity."""
    try:
        return read(frame)
    except QError as e:
        if e.message == name and glyph in _IDENTITY:
            return _IDENTITY[glyph]
        if e.message == name and glyph == "^":
            return y
        raise


def _define_view(node: N.Assign, scope: Scope, expr: Code) -> Code:
    from ..views import View
    globals_ = scope.globals
    text = without_comment(scope.unit.text[node.pos:].removeprefix("::"))

    def define(frame: Slots) -> Value:
        globals_.delete(node.name)
        globals_.views[node.name] = View(node.name, text, expr, node.expr, scope)
        return NULL
    return define


def _assign_plain(expr: Code, write: Write, unit: Unit, pos: int) -> Code:
    def assign(frame: Slots) -> Value:
        value = expr(frame)
        try:
            write(frame, value)
        except Exception as e:
            raise trace(e, unit, pos) from None
        return value
    return assign


def _assign_indexed(node: N.Assign, scope: Scope, expr: Code, read: Code,
                    write: Write) -> Code:
    codes = [constant(NULL) if i is None else compile_node(i, scope)
             for i in reversed(node.indices or [])]
    op = primitive(node.op.name, node.pos) if isinstance(node.op, N.Verb) else None
    unit, pos = scope.unit, node.pos

    def assign_at(frame: Slots) -> Value:
        y = expr(frame)
        path = [c(frame) for c in codes]
        path.reverse()
        try:
            if len(path) == 1 and path[0] is NULL and isinstance(read(frame), Dict):
                raise QError("adict")
            new = assign_indexed(read(frame), path, op, y)  # no name for the old: it may be reused
            write(frame, new, path)
            return y if op is None else apply(new, path)
        except Exception as e:
            raise trace(e, unit, pos) from None
    return assign_at


def variable(node: N.Assign, scope: Scope) -> tuple[Code, Write]:
    """How to read and write the variable of an assignment."""
    name, globals_, space = node.name, scope.globals, scope.space
    if scope.slots is not None and name in scope.slots:
        slot = scope.slots[name]

        def write_local(frame: Slots, value: Value, path: Sequence[Value] = ()) -> None:
            frame[slot] = value
        return (lambda frame: frame[slot]), write_local

    def write_global(frame: Slots, value: Value, path: Sequence[Value] = ()) -> None:
        if type(value) is Lambda and not value.name:
            value.name = f"{space}.{name}" if space and name[0] != "." else name
        globals_.set(name, value, space, path)

    def read_global(frame: Slots) -> Value:
        if globals_.frozen:
            globals_.refuse_frozen(name)
        return globals_.get(name, space)
    return read_global, write_global
