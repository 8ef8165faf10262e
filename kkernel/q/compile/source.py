"""The text of a generated function: lines, operands, temporaries, and the objects it names.

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
from ..functions import MISSING, NULL, Derived, Foreign, Lambda
from ..lists.assign import append_to
from ..syntax import nodes as N
from ..values import EMPTY, List, Value, collapse
from .inline import small
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

