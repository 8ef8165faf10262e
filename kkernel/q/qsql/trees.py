"""Evaluating q's parse trees.

A tree is a plain q value: a symbol names a variable, an enlisted symbol or list is a constant, a
general list applies its first item to the others, everything else stands for itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from .. import context
from ..apply import apply
from ..errors import QError, rank_error, type_error
from ..functions import NULL, Composition, Derived, Iterator, Primitive
from ..registry import OPERATORS
from ..symbols import Symbol
from ..values import Array, List, Value, at, is_atom, items, qtype, text


class Names(Protocol):
    """What the symbols of a tree stand for."""

    def get(self, name: Symbol) -> Value:
        """The value of a name; signals the name when it has none."""


class GlobalNames:
    """Names of the running session."""

    def get(self, name: Symbol) -> Value:
        found = context.active.globals.find(name)
        if found is None:
            raise QError(str(name))
        return found


GLOBALS = GlobalNames()


def eval_tree(tree: Value, names: Names = GLOBALS) -> Value:
    """`eval`: the value of a parse tree."""
    if isinstance(tree, Symbol):
        return names.get(tree)
    if isinstance(tree, np.ndarray) and tree.ndim == 1:
        return _eval_vector(tree, names)
    if isinstance(tree, np.ndarray):
        tree = List(tree)
    if not isinstance(tree, List) or not tree:
        return tree
    if len(tree) == 1:
        return tree[0]
    return _eval_application(tree, names)


def _eval_vector(tree: Array, names: Names) -> Value:
    """Symbols: one is a constant, more apply the first to the others."""
    if tree.dtype.char != "I" or not len(tree):
        return tree
    if len(tree) == 1:
        return at(tree, 0)
    return _eval_application(List(items(tree)), names)


def _eval_application(tree: List, names: Names) -> Value:
    special = _special(tree[0], len(tree) - 1)
    if special is not None:
        return special(tree, names)
    args = [eval_tree(x, names) for x in reversed(tree[1:])]
    args.reverse()
    return _applied(eval_head(tree[0], names), args)


def eval_head(head: Value, names: Names) -> Value:
    """The function of an application; a primitive stands for itself."""
    return head if isinstance(head, Primitive) else eval_tree(head, names)


def _applied(f: Value, args: list[Value]) -> Value:
    if isinstance(f, Iterator):
        return Composition(args[0], args[1]) if len(args) == 2 else Derived(f.glyph, args[0])
    return apply(f, args)


# ---------------------------------------------------------------- forms with rules of their own

Special = Callable[[List, Names], Value]


_THROUGH: dict[str, Primitive] = {}


def assign_through(glyph: str) -> Primitive:
    """The head of `x+:y`, which assigns the result of an operator."""
    found = _THROUGH.get(glyph)
    if found is None:
        found = _THROUGH[glyph] = Primitive(glyph + ":", code=102)
    return found


def _is_through(head: Value) -> bool:
    return isinstance(head, Primitive) and _THROUGH.get(head.name[:-1]) is head


def _special(head: Value, n: int) -> Special | None:
    if isinstance(head, Symbol):
        return _CONTROL.get(head)
    if isinstance(head, Primitive):
        if _is_through(head):
            return _eval_assign
        if head.name == ":":
            return _eval_assign if n == 2 else None
        if head.name == "$" and n >= 3:
            return _eval_cond
        return _eval_query if n >= 4 and head.name in ("?", "!") else None
    if isinstance(head, bytes):
        return _CHARACTERS.get(bytes(head))
    return _eval_assign if head is NULL and n == 2 else None


def _eval_assign(tree: List, names: Names) -> Value:
    """`(:;`name;e)`, ``(:;(`name;i;..);e)`` and `(+:;...)`; assigns globals."""
    head, target, expression = tree
    value = eval_tree(expression, names)
    path: list[Value] = []
    if not isinstance(target, Symbol):
        path = [eval_tree(i, names) for i in items(target)[1:]]
        target = items(target)[0]
    if path or _is_through(head):
        fn = OPERATORS[head.name[:-1]] if _is_through(head) else OPERATORS[":"]
        before = names.get(target)
        changed = _amended(before, path, fn, value)
    else:
        changed = value
    context.active.globals.set(target, changed)
    return value


def _amended(before: Value, path: list[Value], fn: Value, value: Value) -> Value:
    if not path:
        return apply(fn, [before, value])
    if len(path) == 1:
        return apply(OPERATORS["@"], [before, path[0], fn, value])
    return apply(OPERATORS["."], [before, List(path), fn, value])


def _eval_cond(tree: List, names: Names) -> Value:
    """`($;test;then;else)`, any number of tests; a query has no such form: 'rank."""
    if not isinstance(names, GlobalNames):
        raise rank_error()
    branches = tree[1:]
    while len(branches) > 1:
        if _true(eval_tree(branches[0], names)):
            return eval_tree(branches[1], names)
        branches = branches[2:]
    return eval_tree(branches[0], names) if branches else NULL


def _true(x: Value) -> bool:
    if not is_atom(x):
        raise QError("type")
    return bool(np.asarray(x).astype(bool)) if not isinstance(x, bytes) else x != b""


def _eval_query(tree: List, names: Names) -> Value:
    """`?` and `!` with four or more arguments: a query sees the names around it."""
    from .query import query

    args = [eval_tree(x, names) for x in reversed(tree[1:])]
    return query(tree[0].name, args[::-1], names)


def _eval_statements(tree: List, names: Names) -> Value:
    last: Value = NULL
    for statement in tree[1:]:
        last = eval_tree(statement, names)
    return last


def _eval_signal(tree: List, names: Names) -> Value:
    x = eval_tree(tree[1], names)
    raise QError(text(x))


def _eval_if(tree: List, names: Names) -> Value:
    if _true(eval_tree(tree[1], names)):
        _eval_statements(List(tree[1:]), names)
    return NULL


def _eval_while(tree: List, names: Names) -> Value:
    while _true(eval_tree(tree[1], names)):
        _eval_statements(List(tree[1:]), names)
    return NULL


def _eval_do(tree: List, names: Names) -> Value:
    n = eval_tree(tree[1], names)
    if qtype(n) not in (-7, -6, -5, -4, -1):
        raise type_error()
    for _ in range(int(n)):
        _eval_statements(List(tree[1:]), names)
    return NULL


_CONTROL: dict[str, Special] = {"if": _eval_if, "while": _eval_while, "do": _eval_do}
_CHARACTERS: dict[bytes, Special] = {b";": _eval_statements, b"'": _eval_signal}
