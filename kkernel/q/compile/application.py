"""Operators between their arguments, brackets, juxtaposition, trains and derived functions."""

from __future__ import annotations

from typing import Any

from ..apply import apply, apply1, apply2
from ..functions import (
    MISSING,
    NULL,
    Composition,
    Derived,
    Foreign,
    Lambda,
    Primitive,
    Projection,
)
from ..syntax import nodes as N
from ..values import Value
from . import inline
from .fusions import fused
from .nouns import is_plain_global, primitive, unary_form
from .reuse import reusing
from .scope import Code, Scope, Slots, Unit, compile_node, compiles, constant, trace


@compiles(N.Infix)
def _infix(node: N.Infix, scope: Scope) -> Code:
    at_once = fused(node, scope)
    if at_once is not None:
        return at_once
    right = compile_node(node.right, scope)
    left = compile_node(node.left, scope)
    unit, pos = scope.unit, node.pos
    op = _operator(node.fn)
    if op is None or op.fn2 is None:
        return _infix_value(node, scope, left, right)
    slots = scope.slots or {}
    slot = slots.get(node.left.name) if isinstance(node.left, N.Name) else None
    fn = reusing(op, node) or op.fn2
    if inline.inlined(op):
        return _inlined(op, fn, node, slot, left, right, unit)
    if slot is not None:
        return _infix_local(fn, slot, right, unit, pos)

    def infix(frame: Slots) -> Value:
        y = right(frame)
        x = left(frame)
        try:
            return fn(x, y)
        except Exception as e:
            raise trace(e, unit, pos) from None
    return infix


def _inlined(op: Primitive, fn: Any, node: N.Infix, slot: int | None, left: Code, right: Code,
             unit: Unit) -> Code:
    if slot is None:
        return inline.infix(op, fn, left, right, unit, node.pos)
    if isinstance(node.right, N.Const) and inline.small(node.right.value):
        return inline.infix_constant(op, fn, slot, node.right.value, unit, node.pos)
    return inline.infix_local(op, fn, slot, right, unit, node.pos)


def _infix_local(fn: Any, slot: int, right: Code, unit: Unit, pos: int) -> Code:
    """The left side is a local: one call less."""
    def local(frame: Slots) -> Value:
        y = right(frame)
        try:
            return fn(frame[slot], y)
        except Exception as e:
            raise trace(e, unit, pos) from None
    return local


def _operator(node: N.Node) -> Primitive | None:
    """The operator or keyword that stands between the operands, if it is one."""
    if isinstance(node, N.Verb):
        found = primitive(node.name, node.pos)
        return found if isinstance(found, Primitive) else None
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
    known = None
    if isinstance(node.fn, N.Verb):  # a parenthesized operator in front is its unary form
        name = node.fn.name if node.bracketed else unary_form(node.fn.name)
        known = primitive(name, node.pos)
    if isinstance(known, Primitive) and known.fn1 is not None:
        fn1 = known.fn1

        def keyword(frame: Slots) -> Value:
            x = arg(frame)
            try:
                return fn1(x)
            except Exception as e:
                raise trace(e, unit, pos) from None
        return keyword
    if isinstance(node.fn, N.Name) and is_plain_global(node.fn.name, scope):
        return _call_global(node.fn.name, arg, scope, unit, pos)
    fn = compile_node(node.fn, scope)

    def one(frame: Slots) -> Value:
        x = arg(frame)
        f = fn(frame)
        try:
            if type(f) is Lambda and f.rank == 1:
                return f.call(x)
            return apply1(f, x)
        except Exception as e:
            raise trace(e, unit, pos) from None
    return one


def _call_global(name: str, arg: Code, scope: Scope, unit: Unit, pos: int) -> Code:
    """`f x` where f is a variable of the root, or of a library: read without another call."""
    root, get, views = scope.globals.root, scope.globals.get, scope.globals.views
    library = scope.globals.library(name)

    def call(frame: Slots) -> Value:
        x = arg(frame)
        f = root.get(name)
        if f is None and not views:
            f = library
        try:
            if type(f) is Lambda and f.rank == 1:
                return f.call(x)
            if type(f) is Foreign and f.rank == 1:
                return f.fn(x)
            return apply1(get(name, "") if f is None else f, x)
        except Exception as e:
            raise trace(e, unit, pos) from None
    return call


@compiles(N.Partial)
def _partial(node: N.Partial, scope: Scope) -> Code:
    fn, left = compile_node(node.fn, scope), compile_node(node.left, scope)

    def partial(frame: Slots) -> Value:
        return Projection(fn(frame), [left(frame)])
    return partial


@compiles(N.Train)
def _train(node: N.Train, scope: Scope) -> Code:
    fn, inner = compile_node(node.fn, scope), compile_node(node.inner, scope)

    def train(frame: Slots) -> Value:
        g = inner(frame)
        f = fn(frame)
        return f if g is NULL else Composition(f, g)  # `f g::` is f after g
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
