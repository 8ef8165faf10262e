"""Lambdas: their locals, and the function that runs a body on a frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import QParseError
from ..functions import Lambda
from ..syntax import nodes as N
from ..values import EMPTY, Value
from .atomicity import atomic_globals
from .control import compile_statement
from .generate import generated
from .scope import Code, Returned, Scope, Slots, Unit, compiles, constant, null_code

MAX_LOCALS = MAX_GLOBALS = 110
MAX_CONSTANTS = 240
LONGEST_JUMP = 65025
HOT = 500  # calls after which a function is generated


@compiles(N.LambdaNode)
def _lambda(node: N.LambdaNode, scope: Scope) -> Code:
    return constant(make_lambda(node, scope))


def make_lambda(node: N.LambdaNode, scope: Scope) -> Lambda:
    """The function value of a lambda expression; its body is compiled once, here."""
    f = Lambda(node.text, node.params, scope.space)
    f.body = node.body
    f.origin = scope.unit.line(node.pos)
    locals_ = [n for n in assigned_names(node.body) if n not in node.params]
    if len(locals_) > MAX_LOCALS:
        raise QParseError("locals", node.pos)
    _check_globals(node)
    if len(node.text) > 2 * MAX_GLOBALS:
        _check_counts(node, {*node.params, *locals_})
    f.locals = tuple(locals_)
    slots = {n: i for i, n in enumerate([*node.params, *locals_])}
    if not node.params:
        slots = {n: i + 1 for n, i in slots.items()}  # slot 0 takes the ignored argument
    start = node.pos - node.text.index("{")  # the text of a k lambda has its k) in front
    unit = Unit(node.text, start=start, fn=f, parent=scope.unit)
    inner = Scope(unit, scope.globals, scope.space, slots)
    codes = [compile_statement(n, inner) for n in node.body if n is not None]
    if node.body and node.body[-1] is None:
        codes.append(null_code)
    f.atomic = atomic_globals(node, inner)
    run = _runner(codes, len(locals_), inner.returns or _contains(node, N.Return))
    again = Scope(unit, scope.globals, scope.space, slots)
    calls = 1 if _contains(node, N.Control) else HOT  # a loop is hot at once
    f.call = _warming(f, run, calls, lambda: generated(node.body, again, f.rank))
    return f


def _contains(node: N.LambdaNode, *types: type) -> bool:
    return any(isinstance(n, types) for n in N.walk(node.body))


def _warming(f: Lambda, run: Callable[[Slots], Value], calls: int,
             generate: Callable[[], Callable[..., Value]]) -> Callable[..., Value]:
    """`run`, which after so many calls gives way to a generated function."""
    left = calls

    def warm(*args: Value) -> Value:
        nonlocal left
        left -= 1
        if left > 0:
            return run(list(args))
        if left == 0:
            f.call = generate()
        return f.call(*args)  # also for a loop that took `call` before it was generated
    return warm


def _runner(codes: list[Code], blanks: int, returns: bool) -> Callable[[Slots], Value]:
    """What `run` does with a frame that holds the arguments."""
    run = codes[0] if len(codes) == 1 and not blanks else _run_many(codes, blanks)
    if not returns:
        return run

    def run_returning(frame: Slots) -> Value:
        try:
            value = run(frame)
        except Returned as r:
            return r.value
        return value.value if type(value) is Returned else value
    return run_returning


def _run_many(codes: list[Code], blanks: int) -> Callable[[Slots], Value]:
    fill = [EMPTY] * blanks
    *leading, last = codes

    def run(frame: Slots) -> Value:
        frame += fill
        for code in leading:
            value = code(frame)
            if type(value) is Returned:
                return value.value
        value = last(frame)
        return value.value if type(value) is Returned else value
    return run


def assigned_names(body: list[N.Node | None]) -> list[str]:
    """Names assigned with a single colon anywhere in a lambda: its locals, in order."""
    return list(dict.fromkeys(a.name for a in _assignments(body) if _makes_local(a)))


def _makes_local(a: N.Assign) -> bool:
    return a.scope == ":" and "." not in a.name and a.indices is None and a.op is None


def _assignments(body: list[N.Node | None]) -> list[N.Assign]:
    """All assignments of a lambda, not those of lambdas in it."""
    found: list[N.Assign] = []
    todo: list[Any] = list(reversed(body))
    while todo:
        node = todo.pop()
        if isinstance(node, N.Assign):
            found.append(node)
            todo += [node.expr, *reversed(node.indices or [])]
        elif isinstance(node, N.Node) and not isinstance(node, N.LambdaNode):
            todo.extend(N.children(node))
    return found


def _check_counts(node: N.LambdaNode, own: set[str]) -> None:
    """Signal 'globals and 'limit for more names and constants than a lambda of q can have."""
    names: set[str] = set()
    constants: set[str] = set()
    for part in N.walk(node.body):
        if isinstance(part, (N.Name, N.Assign)):
            names.add(part.name)
        elif isinstance(part, N.Const):
            constants.add(repr(part.value))
    if len(names - own) > MAX_GLOBALS:
        raise QParseError("globals", node.pos)
    if len(constants) > MAX_CONSTANTS:
        raise QParseError("limit", node.pos)
    if len(node.text) > LONGEST_JUMP:
        _check_jumps(node)


def _check_jumps(node: N.LambdaNode) -> None:
    """Signal 'branch for a control word that jumps over more codes than q's jump can count.

    Each operand and each application is about one code.
    """
    for part in N.walk(node.body):
        if isinstance(part, (N.Control, N.Cond)) \
                and sum(not isinstance(n, N.Verb) for n in N.walk([part])) > LONGEST_JUMP:
            raise QParseError("branch", part.pos)


def _check_globals(node: N.LambdaNode) -> None:
    """A name that a statement assigns as a global cannot be a local of a later one."""
    as_global: set[str] = set()
    for a in _assignments(node.body):
        if a.scope == "::" and a.name not in node.params:
            as_global.add(a.name)
        elif _makes_local(a) and a.name in as_global:
            raise QParseError(a.name, a.pos - len(a.name))
