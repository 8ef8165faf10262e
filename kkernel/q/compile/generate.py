"""Lambdas that are called often: one Python function made from the nodes of the body.

The closures of an expression call one another, several times per operation.  Here the same nodes
become lines of Python, one operation a line, with the common cases inlined: arithmetic of small
longs, conditions that are booleans, calls of lambdas.  A node without a form of its own stays
the closure that it was, and then the locals live in the frame that closures read.

The position of an error is that of the operation on the line that failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

import numpy as np

from ..accumulators import truth
from ..apply import apply, apply1, apply2
from ..errors import QError
from ..functions import MISSING, NULL, Derived, Foreign, Lambda, Primitive
from ..lists.assign import append_to
from ..registry import CONSTANTS
from ..syntax import nodes as N
from ..values import EMPTY, List, Value, collapse
from .fusions import each_group, symbols_of
from .inline import COMPARISONS, EXPRESSIONS, SMALL, small
from .library import library_call
from .nouns import is_plain_global, primitive, unary_form
from .scope import Returned, Scope, Unit, compile_node, trace

FILE = "<lambda>"  # the file name of all generated functions
DEEPEST = 16  # levels of nesting; Python has a limit of 20 loops

Emitter = Callable[["Source", Any], str]
E = TypeVar("E", bound=Emitter)
EMITTERS: dict[type, Emitter] = {}


def emits(node_type: type) -> Callable[[E], E]:
    """Declare the function that writes one type of node and gives the operand with its value."""

    def declare(fn: E) -> E:
        EMITTERS[node_type] = fn
        return fn

    return declare


class NeedsFrame(Exception):
    """A node stays a closure, which reads the locals from a frame."""


class Source:
    """The lines of one function, and the objects that they name."""

    def __init__(self, scope: Scope, framed: bool, releases: bool) -> None:
        self.scope = scope
        self.slots = scope.slots or {}
        self.framed = framed
        self.releases = releases  # items of locals are assigned
        self.lines = ["", "  try:"]
        self.positions: dict[int, int] = {}  # number of a line -> position of its operation
        self.names: dict[str, Any] = {
            "Lambda": Lambda, "Derived": Derived, "Foreign": Foreign, "NULL": NULL,
            "MISSING": MISSING, "List": List, "ndarray": np.ndarray,
            "EMPTY": EMPTY, "apply": apply, "apply1": apply1, "apply2": apply2, "truth": truth,
            "times": times, "collapse": collapse, "append_to": append_to,
            "Returned": Returned, "located": located, "root": scope.globals.root,
            "find": scope.globals.root.get,
            "get": scope.globals.get, "views": scope.globals.views}
        self.level = 2
        self.temporaries = 0
        # a temporary and the line, in an `else`, after which alone it may be no boolean
        self.compared = "", 0

    def line(self, text: str, pos: int | None = None) -> None:
        """One more line; `pos` where an error in it belongs to an operation."""
        self.lines.append("    " * self.level + text)
        if pos is not None:
            self.positions[len(self.lines)] = pos

    def fresh(self) -> str:
        self.temporaries += 1
        return f"t{self.temporaries}"

    def constant(self, value: Value) -> str:
        """The operand for an object."""
        if type(value) is int and small(value) or type(value) is bool:
            return repr(value)
        name = f"k{len(self.names)}"
        self.names[name] = value
        return name

    def value(self, node: N.Node | None) -> str:
        """Write an expression; the operand that holds its value."""
        if node is None:
            return "NULL"
        emit = EMITTERS.get(type(node))
        return emit(self, node) if emit and self.level < DEEPEST else self.closure(node)

    def local(self, slot: int) -> str:
        return f"frame[{slot}]" if self.framed else f"v{slot}"

    def closure(self, node: N.Node) -> str:
        """A node that stays a closure; it adds its own frame to errors."""
        if not self.framed:
            raise NeedsFrame
        return self.set(f"{self.constant(compile_node(node, self.scope))}(frame)")

    def set(self, expression: str, pos: int | None = None) -> str:
        name = self.fresh()
        self.line(f"{name} = {expression}", pos)
        return name

    def choose(self, name: str, test: str, quick: str, otherwise: str, pos: int) -> str:
        """Statements that set `name`: quick ones where the test holds, else the operation."""
        self.line(f"if {test}: {quick}", pos)
        self.line("else:")
        self.line(f"    {name} = {otherwise}", pos)
        return name

    @contextmanager
    def block(self, head: str, pos: int | None = None) -> Iterator[None]:
        """What is written inside stands under `head`."""
        self.line(head, pos)
        self.level += 1
        before = len(self.lines)
        yield
        if len(self.lines) == before:
            self.line("pass")
        self.level -= 1

    @contextmanager
    def released(self) -> Iterator[None]:
        """Temporaries made inside are let go in the end."""
        before = self.temporaries
        yield
        self.release(before)

    def release(self, before: int, but: str = "") -> None:
        """An item is assigned in place only while nothing but the frame holds the vector."""
        names = [f"t{i}" for i in range(before + 1, self.temporaries + 1)]
        names = [n for n in names if n != but]
        if self.releases and names:
            self.line(" = ".join([*names, "None"]))

    def condition(self, node: N.Node | None, pos: int) -> str:
        """A temporary to branch on, True or False."""
        before = self.temporaries
        test = self.value(node)
        if not test.startswith("t"):
            test = self.set(test)
        unsure = "    " if self.compared == (test, len(self.lines)) else ""
        self.line(f"{unsure}if {test} is not True and {test} is not False: "
                  f"{test} = truth({test})", pos)
        self.release(before, test)
        return test

    def operands(self, nodes: list[N.Node | None]) -> list[str]:
        """Evaluated from the right, listed from the left."""
        return ["MISSING" if n is None else self.value(n) for n in nodes[::-1]][::-1]

    def statements(self, body: list[N.Node | None]) -> str:
        """Write them all; the operand for the last."""
        for node in body[:-1]:
            with self.released():
                self.value(node)
        return self.value(body[-1]) if body else "NULL"

    def function(self, body: list[N.Node | None], arguments: int) -> Callable[..., Value]:
        """The function of some arguments that runs the statements of a body."""
        taken = [f"v{i}" for i in range(arguments)]
        blanks = max(0, max(self.slots.values(), default=-1) + 1 - arguments)
        if self.framed:
            self.line(f"frame = [{', '.join([*taken, *['EMPTY'] * blanks])}]")
        for slot in range(arguments, arguments + blanks if not self.framed else 0):
            self.line(f"v{slot} = EMPTY")
        self.line(f"return {self.statements(body)}")
        self.lines[0] = f"def call({', '.join(taken)}):"
        self.lines += ["  except Exception as e:",
                       "    raise located(e, unit, positions) from None"]
        if self.scope.returns:
            self.lines += ["  except Returned as r:", "    return r.value"]
        self.names |= {"unit": self.scope.unit, "positions": self.positions}
        exec(compile("\n".join(self.lines), FILE, "exec"), self.names)  # names are all our own
        call: Callable[..., Value] = self.names["call"]
        return call


def generated(body: list[N.Node | None], scope: Scope, rank: int) -> Callable[..., Value]:
    """The function of `rank` arguments that runs the body of a lambda."""
    releases = any(isinstance(n, N.Assign) and _may_write(n) for n in N.walk(body))
    try:
        return Source(scope, False, releases).function(body, rank)
    except NeedsFrame:
        return Source(scope, True, releases).function(body, rank)


def _may_write(node: N.Assign) -> bool:
    """Assignments that change a value which only the variable holds."""
    return bool(node.indices) or isinstance(node.op, N.Verb) and node.op.name == ","


def located(e: Exception, unit: Unit, positions: dict[int, int]) -> Exception:
    """With the frame of the function that caught it, unless a closure has added that already."""
    assert e.__traceback__ is not None
    pos = positions.get(e.__traceback__.tb_lineno)
    return e if pos is None else trace(e, unit, pos)


def place(frame: FrameType) -> tuple[Unit, int] | None:
    """Where a running function of ours stands; None for other functions, and inside closures."""
    if frame.f_code.co_filename != FILE:
        return None
    pos = frame.f_globals["positions"].get(frame.f_lineno)
    return None if pos is None else (frame.f_globals["unit"], pos)


def times(n: Value) -> int:
    """How often `do` repeats."""
    if not isinstance(n, (int, bool)) and not hasattr(n, "__index__"):
        raise QError("type")
    return int(n)


# ---------------------------------------------------------------- nouns

@emits(N.Const)
def _const(source: Source, node: N.Const) -> str:
    return source.constant(node.value)


@emits(N.Verb)
def _verb(source: Source, node: N.Verb) -> str:
    return source.constant(primitive(node.name, node.pos))


@emits(N.LambdaNode)
def _lambda(source: Source, node: N.LambdaNode) -> str:
    return source.constant(compile_node(node, source.scope)([]))


@emits(N.Name)
def _name(source: Source, node: N.Name) -> str:
    name, scope = node.name, source.scope
    if name in CONSTANTS:
        return source.constant(CONSTANTS[name])
    if name in source.slots:
        return source.set(source.local(source.slots[name]))
    if name == ".z.s" and scope.unit.fn is not None:
        return source.constant(scope.unit.fn)
    if not is_plain_global(name, scope):
        return source.set(f"get({name!r}, {scope.space!r})", node.pos)
    found = _root(source, name)
    source.line(f"if {found} is None: {found} = get({name!r}, '')", node.pos)
    return found


def _root(source: Source, name: str) -> str:
    """The value of a global, None where it takes a longer search."""
    found = source.set(f"find({name!r})")
    library = source.scope.globals.library(name)
    if library is not None:
        source.line(f"if {found} is None and not views: {found} = {source.constant(library)}")
    return found


@emits(N.DerivedNode)
def _derived(source: Source, node: N.DerivedNode) -> str:
    if isinstance(node.fn, N.Verb):
        return source.constant(Derived(node.iterator, primitive(node.fn.name, node.fn.pos)))
    return source.set(f"Derived({node.iterator!r}, {source.value(node.fn)})")


@emits(N.ListNode)
def _list(source: Source, node: N.ListNode) -> str:
    if not _has_values(node):
        return source.closure(node)
    operands = source.operands(node.items)
    values = ", ".join(operands)
    # one general list, such as a pointer, makes all general
    general = " or ".join(f"type({v}) is List" for v in operands if v[0] == "t")
    return source.set(f"{f'List(({values},)) if {general} else ' * bool(general)}"
                      f"collapse([{values}])")


def _has_values(node: N.ListNode) -> bool:
    """Whether a list is neither a constant nor a projection of enlist."""
    return None not in node.items and not all(isinstance(n, N.Const) for n in node.items)


# ---------------------------------------------------------------- application

@emits(N.Infix)
def _infix(source: Source, node: N.Infix) -> str:
    if each_group(node) or symbols_of(node):
        return source.closure(node)
    y = source.value(node.right)
    x = source.value(node.left)
    if isinstance(node.fn, N.Verb):
        op = primitive(node.fn.name, node.pos)
        if isinstance(op, Primitive) and op.fn2 is not None:
            return _operation(source, op, x, y, node.pos)
    return source.set(f"apply2({source.value(node.fn)}, {x}, {y})", node.pos)


def _operation(source: Source, op: Primitive, x: str, y: str, pos: int) -> str:
    """`x op y`; of small longs at once, where the operator has an expression for them."""
    call = f"{source.constant(op.fn2)}({x}, {y})"
    operands = [v for v in (x, y) if v.startswith("t")]
    numbers = [v for v in (x, y) if v.lstrip("-").isdigit()]
    if op.name not in EXPRESSIONS or len(operands) + len(numbers) < 2 or not operands:
        return source.set(call, pos)
    expression, overflows = EXPRESSIONS[op.name]
    tests = [f"type({v}) is int" for v in operands]
    if overflows:
        tests += [f"{v} > -{SMALL} and {v} < {SMALL}" for v in operands]
    name = source.fresh()
    quick = f"{name} = " + expression.replace("x", x).replace("y", y)
    source.choose(name, " and ".join(tests), quick, call, pos)
    if op.name in COMPARISONS:
        source.compared = name, len(source.lines)
    return name


@emits(N.Apply)
def _apply(source: Source, node: N.Apply) -> str:
    called = library_call(source, node)
    if called is not None:
        return called
    nodes = node.args
    if node.bracketed and nodes == [None]:
        nodes = [N.Const(node.pos, NULL)]
    args = ", ".join(source.operands(nodes))
    elided = any(n is None for n in nodes)
    if isinstance(node.fn, N.Verb) and not elided:
        plain = not node.bracketed and len(nodes) == 1
        known = primitive(unary_form(node.fn.name) if plain else node.fn.name, node.pos)
        fn = known.by_rank.get(len(nodes)) if isinstance(known, Primitive) else None
        if fn is not None:
            return source.set(f"{source.constant(fn)}({args})", node.pos)
    if elided:
        return source.set(f"apply({source.value(node.fn)}, [{args}])", node.pos)
    return _call(source, node, len(nodes), args)


def _call(source: Source, node: N.Apply, n: int, args: str) -> str:
    """A value applied to n arguments: most often it is a lambda of that rank."""
    if n == 1 and isinstance(node.fn, N.Name) and is_plain_global(node.fn.name, source.scope):
        name = node.fn.name
        f = _root(source, name)
        other = f"apply1(get({name!r}, '') if {f} is None else {f}, {args})"
    else:
        f = source.value(node.fn)
        if not f.startswith(("t", "k")):
            f = source.set(f)
        other = f"apply1({f}, {args})" if n == 1 else f"apply({f}, [{args}])"
    name = source.fresh()
    quick = f"{name} = {f}.call; {name} = {name}({args})"  # f.call(..) itself is slower in Python
    source.line(f"if type({f}) is Lambda and {f}.rank == {n}: {quick}", node.pos)
    if n == 1:
        source.line(f"elif type({f}) is Foreign and {f}.rank == 1: {name} = {f}.fn({args})",
                    node.pos)
    source.line("else:")
    source.line(f"    {name} = {other}", node.pos)
    return name


# ---------------------------------------------------------------- assignment

@emits(N.Assign)
def _assign(source: Source, node: N.Assign) -> str:
    slot = source.slots.get(node.name)
    if slot is None or node.indices is not None:
        return source.closure(node)
    if node.op is None:
        value = source.value(node.expr)
    else:
        op = primitive(node.op.name, node.pos) if isinstance(node.op, N.Verb) else None
        if not isinstance(op, Primitive) or op.fn2 is None:
            return source.closure(node)
        y = source.value(node.expr)
        if op.name == ",":  # no temporary for the old value: it may be written into
            value = source.set(f"append_to({source.local(slot)}, {y})", node.pos)
        else:
            value = _operation(source, op, source.set(source.local(slot)), y, node.pos)
    source.line(f"{source.local(slot)} = {value}")
    return value


# ---------------------------------------------------------------- control

@emits(N.Return)
def _return(source: Source, node: N.Return) -> str:
    source.line(f"return {source.value(node.expr)}")
    return "NULL"


@emits(N.Block)
def _block(source: Source, node: N.Block) -> str:
    return source.statements(node.body)


@emits(N.Cond)
def _cond(source: Source, node: N.Cond) -> str:
    name = source.fresh()
    _branches(source, node.branches, name, node.pos)
    return name


def _branches(source: Source, branches: list[N.Node | None], name: str, pos: int) -> None:
    if len(branches) < 2 or source.level >= DEEPEST:
        rest = branches[0] if len(branches) == 1 else N.Cond(pos, branches) if branches else None
        source.line(f"{name} = {source.value(rest)}")
        return
    with source.block(f"if {source.condition(branches[0], pos)}:"):
        source.line(f"{name} = {source.value(branches[1])}")
    with source.block("else:"):
        _branches(source, branches[2:], name, pos)


@emits(N.Control)
def _control(source: Source, node: N.Control) -> str:
    if node.word == "do":
        head = f"for _ in range(times({source.value(node.test)})):"
        with source.block(head, node.pos), source.released():
            source.statements(node.body)
    elif node.word == "if":
        with source.block(f"if {source.condition(node.test, node.pos)}:"):
            source.statements(node.body)
    else:
        with source.block("while True:"), source.released():
            source.line(f"if not {source.condition(node.test, node.pos)}: break")
            source.statements(node.body)
    return "NULL"
