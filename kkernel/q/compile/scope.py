"""What every part of the compiler shares: units of text, scopes, errors with positions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ..errors import Frame, QError
from ..functions import NULL, Lambda
from ..globals import Globals
from ..syntax import nodes as N
from ..values import Value

Slots = list[Value]
Code = Callable[[Slots], Value]


class Unit:
    """The text that positions refer to: a line at the prompt or of a script, or a lambda."""

    __slots__ = ("text", "start", "fn", "parent", "origin")

    def __init__(self, text: str, start: int = 0, fn: Lambda | None = None,
                 parent: Unit | None = None, origin: tuple[str, int] | None = None):
        self.text = text
        self.start = start  # offset of `text` in the source that was parsed
        self.fn = fn
        self.parent = parent  # the unit that a lambda is written in
        self.origin = origin  # path and line number of a line of a script

    def frame(self, pos: int) -> Frame:
        return Frame(self._place(pos) + self._label(), self.text, pos - self.start)

    def _label(self) -> str:
        name = self.name()
        return name + ":" if name else ""

    def name(self) -> str:
        """The name a lambda was given; one inside another takes that one's with an @."""
        if self.fn is None or self.fn.name:
            return self.fn.name if self.fn is not None else ""
        outer = self.parent.name() if self.parent is not None else ""
        return outer + "@" if outer else ""

    def line(self, pos: int) -> tuple[str, int] | None:
        """Path and line number of a position in a script."""
        root = self
        while root.parent is not None:
            root = root.parent
        if root.origin is None:
            return None
        path, line = root.origin
        return path, line + root.text.count("\n", 0, pos)

    def _place(self, pos: int) -> str:
        place = self.line(pos)
        return "" if place is None else f"{place[0]}:{place[1]}: "


class Scope:
    """Where names are looked up while one unit is compiled."""

    def __init__(self, unit: Unit, globals_: Globals, space: str,
                 slots: dict[str, int] | None = None, owner: str = "") -> None:
        self.unit = unit
        self.globals = globals_
        self.space = space
        self.slots = slots
        self.owner = owner
        self.returns = False  # a return deep inside an expression needs an exception

    @property
    def top(self) -> bool:
        return self.slots is None


class Returned(BaseException):
    """The value of `:x`: handed up by statements, raised from inside expressions."""

    def __init__(self, value: Value) -> None:
        self.value = value


def trace(error: Exception, unit: Unit, pos: int) -> QError:
    """The q error for an application that failed here, with this frame added.

    Closures evaluate their operands before they try, so whatever is caught comes from the
    application itself: from a primitive, or from the body of a function that it called.
    """
    e = error if isinstance(error, QError) else q_error(error)
    e.frames.append(unit.frame(pos))
    return e


def q_error(error: Exception) -> QError:
    """The one boundary at which an exception of Python or numpy becomes a q error."""
    if isinstance(error, RecursionError):
        return QError("stack")
    if isinstance(error, MemoryError):
        return QError("wsfull")
    if isinstance(error, OverflowError):
        return QError("limit")
    if isinstance(error, (ZeroDivisionError, ArithmeticError)):
        return QError("domain")
    if isinstance(error, ValueError) and "broadcast" in str(error):
        return QError("length")
    e = QError("type")
    e.__cause__ = error
    return e


# ---------------------------------------------------------------- dispatch

COMPILERS: dict[type, Callable[[Any, Scope], Code]] = {}
F = TypeVar("F", bound=Callable[[Any, Scope], Code])


def compiles(node_type: type) -> Callable[[F], F]:
    """Declare the function that compiles one type of node."""

    def declare(fn: F) -> F:
        COMPILERS[node_type] = fn
        return fn

    return declare


def compile_statements(body: list[N.Node | None], scope: Scope) -> list[Code]:
    """The statements of one line, in order; empty ones give `::`."""
    return [compile_node(n, scope) if n is not None else null_code for n in body]


def compile_node(node: N.Node, scope: Scope) -> Code:
    return COMPILERS[type(node)](node, scope)


def null_code(frame: Slots) -> Value:
    return NULL


def constant(value: Value) -> Code:
    def read(frame: Slots) -> Value:
        return value
    return read
