"""One q session: variables, settings, and the running of source text."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from typing import IO, Any

import numpy as np

from . import context, keywords, namespaces, operators
from .apply import apply1
from .backtrace import frame_text, frames_text
from .compile import Returned, Scope, Unit, compile_node, compile_statements, make_lambda, trace
from .errors import QError, QParseError, QStop, nyi
from .functions import NULL, Lambda
from .globals import Globals
from .memory import deepen_stack
from .syntax import nodes as N
from .syntax.lines import logical_lines
from .syntax.parse import parse
from .syntax.patterns import Match
from .system import system_line
from .text.show import console, line
from .values import Value, is_string, string
from .views import whole_views

RECURSION_LIMIT = 40_000  # Python frames; a q call takes one to four of them

_OTHER_LANGUAGE = re.compile(r"[a-jl-pr-zA-Z]\)")  # s) p) at the start of a line; k) is ours
_ = (keywords, operators)  # importing them declares the primitives


class Interpreter:
    """A q process without its prompt.

    ``Interpreter()("1+1")`` evaluates text and returns the value; `console` gives what a console
    prints for it; `execute` runs a script cell, writing through `write`, and returns the error
    that stopped it, if any.
    """

    def __init__(self, write: Callable[[str], Any] | None = None,
                 write_error: Callable[[str], Any] | None = None) -> None:
        self.settings = context.Settings()
        self.globals = Globals()
        self.write: Callable[[str], Any] = write or sys.stdout.write
        self.write_error: Callable[[str], Any] = write_error or sys.stderr.write
        self.shown: Callable[[Value, str], None] | None = None  # takes (value, console text)
        # what 2: asks, as (file, name, rank) -> function; None where there are no libraries
        self.library: Callable[[str, str, int], Value] | None = None
        self.script = ""  # path of the running script, .z.f
        self.arguments: list[str] = []  # .z.x
        self.last_error: QError | None = None
        self.handles: dict[int, IO[bytes]] = {}  # files that hopen opened
        self.read_line: Callable[[], str] = input  # what read0 0 asks
        # (file, name, rank) -> function: what `2:` asks; a host offers libraries here
        self.library: Callable[[str, str, int], Value] | None = None
        if sys.getrecursionlimit() < RECURSION_LIMIT:
            sys.setrecursionlimit(RECURSION_LIMIT)
            deepen_stack()
        context.active = self
        namespaces.install(self)
        self.load_prelude()

    # ------------------------------------------------------------ evaluating

    def __call__(self, source: str) -> Value:
        return self.evaluate(source)

    def evaluate(self, source: str) -> Value:
        """The value of the last statement; a q error is raised as `QError`."""
        value: Value = NULL
        for _number, text in logical_lines(source):
            value, _silent = self.run_line(text)
        return value

    def console(self, source: str) -> str:
        """What a console prints for this text, errors included."""
        out: list[str] = []
        outer, self.write, self.shown = (self.write, self.shown), out.append, None
        try:
            error = self.execute(source)
            if error is not None:
                out.append(self.error_text(error))
        finally:
            self.write, self.shown = outer
        return "".join(out)

    def execute(self, source: str) -> QError | None:
        """Run a cell as lines typed at the prompt; stops at the first error and returns it."""
        text = ""
        try:
            for _number, text in logical_lines(source):
                handler = None if text[:1] == "\\" else self.globals.find(".z.pi")
                value, silent = self.run_line(text) if handler is None else (
                    self._handle_input(handler, text), True)
                if not silent:
                    self.show(value)
            return None
        except KeyboardInterrupt:
            error: QError = QStop()
        except QError as e:
            error = e
        except Exception as e:  # in showing: a value that is nested too deep, or too large
            error = trace(e, Unit(text), 0)
        self.last_error = _released(error)
        return error

    def _handle_input(self, handler: Value, text: str) -> Value:
        """Give a line to `.z.pi`, and write the text it gives."""
        shown = apply1(handler, string(text + "\n"))
        if is_string(shown):
            self.write(shown.tobytes().decode("utf-8", "surrogateescape"))
        return shown

    def run_line(self, text: str, origin: tuple[str, int] | None = None) -> tuple[Value, bool]:
        """Value of one logical line, and whether a console would keep silent about it.

        `origin` is the path and line number of a line that comes from a script.
        """
        outer = getattr(context, "active", self)
        context.active = self
        unit = Unit(text, origin=origin)
        try:
            with np.errstate(all="ignore"):  # 1%0 is 0w, not a warning
                if text.startswith("\\"):
                    return system_line(self, text[1:])
                if _OTHER_LANGUAGE.match(text):
                    return self._other_language(text[0], text[2:]), False
                return self._evaluate_line(text, unit)
        except Returned as r:
            return r.value, False
        except KeyboardInterrupt:
            raise QStop() from None
        except QError as e:
            if e.frames or isinstance(e, QStop):
                raise
            raise trace(e, unit, 0) from None
        except Exception as e:
            raise trace(e, unit, 0) from None
        finally:
            context.active = outer

    def _evaluate_line(self, text: str, unit: Unit) -> tuple[Value, bool]:
        body = whole_views(self._parse(text, unit))
        scope = Scope(unit, self.globals, self.globals.current)
        value: Value = NULL
        try:
            codes = compile_statements(body, scope)
        except QParseError as e:
            raise self._located(e, unit) from None
        for code in codes:
            value = code([])
        return value, not body or _silent(body[-1])

    def _other_language(self, letter: str, text: str) -> Value:
        """`p)text` at the start of a line: `.p.e` applied to the text."""
        evaluate = self.globals.find(f".{letter}.e")
        if evaluate is None:
            raise nyi(f"{letter}), a line in another language")
        return apply1(evaluate, string(text))

    def _parse(self, text: str, unit: Unit) -> list[N.Node | None]:
        try:
            return parse(text, self.globals.words)
        except QParseError as e:
            raise self._located(e, unit) from None
        except RecursionError as e:
            raise trace(e, unit, 0) from None

    def _located(self, e: QParseError, unit: Unit) -> QParseError:
        e.frames.append(unit.frame(e.offset))
        return e

    # ------------------------------------------------------------ showing

    def show(self, value: Value) -> None:
        """Print a value as the console does; hosts may take it over through `shown`."""
        text = console(value, self.settings)
        if self.shown is not None:
            self.shown(value, text)
        elif text:
            self.write(text)

    def line(self, value: Value) -> str:
        """The one-line form of a value."""
        return line(value, self.settings.precision)

    def error_text(self, e: QError) -> str:
        """Message, innermost frame and caret, as a console prints them."""
        out = f"'{e.message}\n"
        if isinstance(e, QStop) or not e.frames:
            return out
        frame = e.frames[0]
        known = replace(frame, offset=max(0, frame.offset))
        return out + frame_text(known, len(e.frames) - 1)

    def backtrace(self, e: QError) -> str:
        """All frames, innermost first."""
        return frames_text(e.frames)

    # ------------------------------------------------------------ compiling text

    def compile_text(self, text: str) -> Callable[[], Value]:
        """An expression to be evaluated many times: views, timers."""
        unit = Unit(text)
        body = self._parse(text, unit)
        scope = Scope(unit, self.globals, self.globals.current)
        codes = [compile_node(n, scope) for n in body if n is not None]

        def run() -> Value:
            value: Value = NULL
            for code in codes:
                value = code([])
            return value
        return run

    def function(self, text: str, space: str) -> Lambda:
        """The lambda of this text, made in a namespace; nothing is evaluated."""
        unit = Unit(text)
        body = self._parse(text, unit)
        if len(body) != 1 or not isinstance(body[0], N.LambdaNode):
            raise QError("type")
        return make_lambda(body[0], Scope(unit, self.globals, space))

    def load_prelude(self) -> None:
        """Functions of q that are written in q."""
        source = resources.files(__package__).joinpath("prelude.q")
        if source.is_file():
            self.evaluate(source.read_text())


def _released(error: QError) -> QError:
    """The error without Python's frames, whose locals would keep what the failed line made."""
    error.__traceback__ = error.__context__ = error.__cause__ = None
    return error


def _silent(node: N.Node | None) -> bool:
    return node is None or isinstance(node, (N.Assign, N.Control, Match))
