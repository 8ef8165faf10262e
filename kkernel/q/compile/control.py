"""Statements: return, signal, `$[..]`, if, while, do, blocks and qSQL templates."""

from __future__ import annotations

from collections.abc import Callable

from ..accumulators import truth
from ..errors import QError
from ..functions import NULL
from ..symbols import Symbol
from ..syntax import nodes as N
from ..values import Value, is_string, qtype, text
from .scope import (
    Code,
    Returned,
    Scope,
    Slots,
    Unit,
    compile_node,
    compile_statements,
    compiles,
    null_code,
    trace,
)


def compile_statement(node: N.Node, scope: Scope) -> Code:
    """A statement of a lambda: a return in it is handed up as a value, not raised."""
    if isinstance(node, N.Return):
        expr = compile_node(node.expr, scope)

        def returned(frame: Slots) -> Value:
            return Returned(expr(frame))
        return returned
    if isinstance(node, N.Cond):
        return _cond(node, scope, compile_statement)
    if isinstance(node, N.Block):
        return _block(node, scope)
    return compile_node(node, scope)


@compiles(N.Return)
def _return(node: N.Return, scope: Scope) -> Code:
    expr = compile_node(node.expr, scope)
    if scope.top:
        return expr
    scope.returns = True

    def raise_return(frame: Slots) -> Value:
        raise Returned(expr(frame))
    return raise_return


@compiles(N.Signal)
def _signal(node: N.Signal, scope: Scope) -> Code:
    expr = compile_node(node.expr, scope)
    unit, pos = scope.unit, node.pos

    def signal(frame: Slots) -> Value:
        value = expr(frame)
        good = isinstance(value, Symbol) or is_string(value)
        raise trace(QError(text(value) if good else "stype"), unit, pos)
    return signal


@compiles(N.Cond)
def _cond(node: N.Cond, scope: Scope, branch: Callable[[N.Node, Scope], Code] = compile_node,
          ) -> Code:
    unit, pos = scope.unit, node.pos
    parts = [null_code if b is None else (branch if _is_result(i, node) else compile_node)(
        b, scope) for i, b in enumerate(node.branches)]
    if len(parts) == 3:
        test, yes, no = parts

        def if_else(frame: Slots) -> Value:
            t = test(frame)
            try:
                chosen = t if t is True or t is False else truth(t)
            except Exception as e:
                raise trace(e, unit, pos) from None
            return yes(frame) if chosen else no(frame)
        return if_else
    return _cond_many(parts, unit, pos)


def _is_result(i: int, node: N.Cond) -> bool:
    return i % 2 == 1 or i == len(node.branches) - 1


def _cond_many(parts: list[Code], unit: Unit, pos: int) -> Code:
    pairs = list(zip(parts[0::2], parts[1::2], strict=False))
    otherwise = parts[-1] if len(parts) % 2 else null_code

    def cond(frame: Slots) -> Value:
        for test, yes in pairs:
            t = test(frame)
            try:
                chosen = truth(t)
            except Exception as e:
                raise trace(e, unit, pos) from None
            if chosen:
                return yes(frame)
        return otherwise(frame)
    return cond


@compiles(N.Block)
def _block(node: N.Block, scope: Scope) -> Code:
    codes = compile_statements(node.body, scope)

    def block(frame: Slots) -> Value:
        value: Value = NULL
        for code in codes:
            value = code(frame)
        return value
    return block


@compiles(N.Control)
def _control(node: N.Control, scope: Scope) -> Code:
    test = compile_node(node.test, scope)
    in_lambda = not scope.top
    body = [(compile_statement if in_lambda else compile_node)(n, scope)
            for n in node.body if n is not None]
    loop = {"if": _if, "while": _while, "do": _do}[node.word]
    return loop(test, body, scope.unit, node.pos)


def _checked(test: Code, unit: Unit, pos: int) -> Callable[[Slots], bool]:
    def check(frame: Slots) -> bool:
        t = test(frame)
        if t is True or t is False:
            return t
        try:
            return truth(t)
        except Exception as e:
            raise trace(e, unit, pos) from None
    return check


def _run_body(body: list[Code], frame: Slots) -> Value:
    for code in body:
        value = code(frame)
        if type(value) is Returned:
            return value
    return NULL


def _if(test: Code, body: list[Code], unit: Unit, pos: int) -> Code:
    check = _checked(test, unit, pos)

    def if_(frame: Slots) -> Value:
        return _run_body(body, frame) if check(frame) else NULL
    return if_


def _while(test: Code, body: list[Code], unit: Unit, pos: int) -> Code:
    check = _checked(test, unit, pos)

    def while_(frame: Slots) -> Value:
        while check(frame):
            for code in body:
                value = code(frame)
                if type(value) is Returned:
                    return value
        return NULL
    return while_


def _do(test: Code, body: list[Code], unit: Unit, pos: int) -> Code:
    def do(frame: Slots) -> Value:
        n = test(frame)
        if type(n) is not int and qtype(n) not in (-7, -6, -5, -4, -1):
            raise trace(QError("type"), unit, pos)
        for _ in range(int(n)):
            for code in body:
                value = code(frame)
                if type(value) is Returned:
                    return value
        return NULL
    return do


@compiles(N.Select)
def _select(node: N.Select, scope: Scope) -> Code:
    from ..qsql.templates import compile_select
    return compile_select(node, scope)
