"""What functions are made of: `value` of a lambda, projection, composition, operator or view."""

from __future__ import annotations

from typing import Any

import numpy as np

from .files.serialize import BINARY, UNARY
from .functions import (
    ITERATORS,
    NULL,
    Composition,
    Definition,
    Derived,
    Iterator,
    Lambda,
    Primitive,
    Projection,
)
from .symbols import symbols
from .syntax import nodes as N
from .syntax.nodes import children
from .values import EMPTY, List, Value, string

_SAME = {"get": "value"}  # two names of one function


def parts_of(f: Value) -> Value:
    """The parts of a function; anything without parts is given back."""
    if isinstance(f, Lambda):
        return lambda_parts(f)
    if isinstance(f, Projection):
        return List([f.fn, *f.args])
    if isinstance(f, Composition):
        return List([f.f, f.g])
    if isinstance(f, Derived):
        return f.fn
    if isinstance(f, Iterator):
        return list(ITERATORS).index(f.glyph)
    if isinstance(f, Definition):
        return List([f.last, f.tree, symbols(f.inputs), string(f.text)])
    return 0 if f is NULL else _number(f) if isinstance(f, Primitive) else f


def _number(f: Primitive) -> Value:
    """Operators are numbers inside; keywords that q writes in q have none."""
    name = _SAME.get(f.name, f.name)
    for table in (BINARY, UNARY):
        if name in table:
            return table.index(name)
    return f


def lambda_parts(f: Lambda) -> Value:
    """(bytecode; parameters; locals; namespace and globals; constants ..; positions; name; file;
    line; text).

    There is no bytecode, so it is empty and has no positions; at the prompt there is no file.
    """
    names, constants = _used(f)
    path, line = f.origin or ("", -1)
    space = f.namespace.lstrip(".")
    name = f.name if f.name.startswith(".") else f".{space}.{f.name}" if f.name else ""
    return List([
        np.empty(0, "u1"), symbols(_parameters(f)), symbols(f.locals), symbols([space, *names]),
        *constants, -1, string(name) if name else EMPTY, string(path), line, string(f.text)])


def _parameters(f: Lambda) -> tuple[str, ...]:
    """Those named in brackets, else the implicit ones: at least x."""
    explicit = f.text[1:].lstrip().startswith("[")
    if not f.params and not explicit:
        return ("x",)
    return tuple(p.strip(" 0123456789") if p[0] == " " else p for p in f.params)


def _used(f: Lambda) -> tuple[list[str], list[Value]]:
    """The globals and the constants in the body of a lambda, in the order of its text."""
    own = {*f.params, *f.locals}
    names: dict[str, None] = {}
    constants: list[Value] = []
    for node in sorted(_nodes(f.body), key=lambda n: n.pos):
        if isinstance(node, (N.Name, N.Assign)) and node.name not in own:
            names[node.name] = None
        elif isinstance(node, N.Const):
            constants.append(node.value)
    return list(names), constants


def _nodes(body: list[Any]) -> list[N.Node]:
    found: list[N.Node] = []
    todo: list[Any] = list(body or [])
    while todo:
        node = todo.pop()
        if isinstance(node, N.Node):
            found.append(node)
            if not isinstance(node, N.LambdaNode):
                todo.extend(children(node))
    return found
