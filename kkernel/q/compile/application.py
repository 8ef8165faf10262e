"""Operators between their arguments, brackets, juxtaposition, trains and derived functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import nodes as N
from ..apply import apply, apply1, apply2
from ..functions import MISSING, NULL, Composition, Derived, Lambda, Primitive, Projection
from ..values import Value
from .nouns import primitive
from .scope import Code, Scope, Slots, Unit, compile_node, compiles, constant, trace


@compiles(N.Infix)
def _infix(node: N.Infix, scope: Scope) -> Code:
    right = compile_node(node.right, scope)
    left = compile_node(node.left, scope)
    unit, pos = scope.unit, node.pos
    fn = _binary(node.fn, scope)
    if fn is None:
        return _infix_value(node, scope, left, right)
    slots = scope.slots
    if slots is not None and isinstance(node.left, N.Name) and node.left.name in slots:
        return _infix_local(fn, slots[node.left.name], right, node.right, unit, pos)

    def infix(frame: Slots) -> Value:
        y = right(frame)
        x = left(frame)
        try:
            return fn(x, y)
        except Exception as e:
            raise trace(e, unit, pos) from None
    return infix


def _infix_local(fn: Any, slot: int, right: Code, node: N.Node, unit: Unit, pos: int) -> Code:
    """The left side is a local: one call less; the right side often is a constant."""
    if isinstance(node, N.Const):
        y = node.value

        def local_const(frame: Slots) -> Value:
            try:
                return fn(frame[slot], y)
            except Exception as e:
                raise trace(e, unit, pos) from None
        return local_const

    def local_any(frame: Slots) -> Value:
        y = right(frame)
        try:
            return fn(frame[slot], y)
        except Exception as e:
            raise trace(e, unit, pos) from None
    return local_any


def _binary(node: N.Node, scope: Scope) -> Callable[[Value, Value], Value] | None:
    """The Python function of two arguments behind an infix verb, if it is known now."""
    if isinstance(node, N.Verb):
        found = primitive(node.name, node.pos)
        return found.fn2 if isinstance(found, Primitive) else None
    return None


def _infix_value(node: N.Infix, scope: Scope, left: Code, right: Code) -> Code:
    fn = compile_node(node.fn, scope)
    unit, pos = scope.unit, node.pos

    def infix_value(frame: Slots) -> Value:
        y = right(frame)
        x = left(frame)
        f = fn(frame)
        try:
            return apply2(f, x, y)
        except Exception as e:
            raise trace(e, unit, pos) from None
    return infix_value


@compiles(N.Apply)
def _apply(node: N.Apply, scope: Scope) -> Code:
    if node.bracketed and node.args == [None]:
        node = N.Apply(node.pos, node.fn, [N.Const(node.pos, NULL)])
    if len(node.args) == 1 and node.args[0] is not None:
        return _apply_one(node, scope)
    fn = compile_node(node.fn, scope)
    codes = [constant(MISSING) if a is None else compile_node(a, scope)
             for a in reversed(node.args)]
    unit, pos = scope.unit, node.pos

    def applied(frame: Slots) -> Value:
        args = [c(frame) for c in codes]
        args.reverse()
        f = fn(frame)
        try:
            return apply(f, args)
        except Exception as e:
            raise trace(e, unit, pos) from None
    return applied


def _apply_one(node: N.Apply, scope: Scope) -> Code:
    arg_node = node.args[0]
    assert arg_node is not None
    arg = compile_node(arg_node, scope)
    unit, pos = scope.unit, node.pos
    known = primitive(node.fn.name, node.pos) if isinstance(node.fn, N.Verb) else None
    if isinstance(known, Primitive) and known.fn1 is not None:
        fn1 = known.fn1

        def keyword(frame: Slots) -> Value:
            x = arg(frame)
            try:
                return fn1(x)
            except Exception as e:
                raise trace(e, unit, pos) from None
        return keyword
    fn = compile_node(node.fn, scope)

    def one(frame: Slots) -> Value:
        x = arg(frame)
        f = fn(frame)
        try:
            if type(f) is Lambda and f.rank == 1:
                return f.run([x])  # type: ignore[misc]
            return apply1(f, x)
        except Exception as e:
            raise trace(e, unit, pos) from None
    return one


@compiles(N.Partial)
def _partial(node: N.Partial, scope: Scope) -> Code:
    fn, left = compile_node(node.fn, scope), compile_node(node.left, scope)

    def partial(frame: Slots) -> Value:
        return Projection(fn(frame), [left(frame), MISSING])
    return partial


@compiles(N.Train)
def _train(node: N.Train, scope: Scope) -> Code:
    fn, inner = compile_node(node.fn, scope), compile_node(node.inner, scope)

    def train(frame: Slots) -> Value:
        g = inner(frame)
        return Composition(fn(frame), g)
    return train


@compiles(N.DerivedNode)
def _derived(node: N.DerivedNode, scope: Scope) -> Code:
    iterator = node.iterator
    fn = compile_node(node.fn, scope)
    if isinstance(node.fn, (N.Verb, N.Const)):
        return constant(Derived(iterator, fn([])))

    def derive(frame: Slots) -> Value:
        return Derived(iterator, fn(frame))
    return derive
