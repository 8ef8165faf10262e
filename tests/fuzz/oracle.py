"""What must hold whatever the input: a value or a q error, no word of Python, a whole session."""

from __future__ import annotations

import re
import signal
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np

from kkernel.q import Interpreter, values
from kkernel.q.compile import scope
from kkernel.q.errors import QError, QExit, QStop
from kkernel.q.functions import (
    MISSING,
    NULL,
    Composition,
    Definition,
    Derived,
    Foreign,
    Lambda,
    Primitive,
    Projection,
)
from kkernel.q.functions import (
    Iterator as QIterator,
)
from kkernel.q.symbols import Symbol
from kkernel.q.types import CODE_OF_DTYPE
from kkernel.q.values import Dict, Enum, EnumAtom, List, Table

# variables that programs read and never assign: one of every shape
PREPARED = """\
v0:til 5
v1:(1;`a;"text";2 3;(`x;()))
v2:`a`b`c!1 2 3
v3:{[x;y] x+y}
v4:2024.01.01+til 4
v5:([]k:`a`b`a`c;p:1 2 3 0N;q:1.5 2.5 0n 4)
v6:([k:`a`b`c]p:10 20 30;q:("x";"yy";""))
v7:([]k:`g#`a`b`a;p:2000.01.01 2000.01.02 0Nd;q:(1 2;3;`z))
v8:3 4#til 12
v9:`a`b`c`d
v5x:v5"""
FROZEN = tuple(f"v{i}" for i in range(10))
# how an input may change one: an assignment, an amend or an enumeration by name
_ASSIGNED = r"{0}\s*(\[[^:]*\]\s*)?\S?:|`{0}"
# classes of exceptions that Python raises for bad data; any other one is a defect in the code
DATA_ERRORS = (TypeError, ValueError, ArithmeticError, RecursionError, MemoryError)
_PYTHON = re.compile(
    r"Traceback|\b[A-Z][A-Za-z]*(?:Error|Exception|Warning)\b|NoneType|<class|object at 0x|"
    r"object has no|has no attribute|numpy|ndarray|\bdtype\b|\b__\w+__\b|not subscriptable|"
    r"unhashable|positional argument|<[A-Z][a-z]\w*>|\bNone\b|\bUnicode\w+|codec can't")
_SIMPLE = (bool, int, float, np.bool_, np.integer, np.floating, np.bytes_, np.datetime64,
           np.timedelta64, np.void, Symbol)


class Session:
    """An interpreter, what it printed, and the exceptions that became q errors in it."""

    def __init__(self, limit: float = 2.0, make: Callable[..., Any] = Interpreter) -> None:
        self.out: list[str] = []
        self.limit = limit
        made = make(self.out.append, self.out.append)
        self.interpreter: Interpreter = getattr(made, "interpreter", made)
        self.interpreter.read_line = lambda: ""
        self.shown: list[Any] = []
        self.interpreter.shown = self._shown
        error = self.interpreter.execute(PREPARED)
        assert error is None, error
        self.frozen = self._frozen()
        self.slow = False
        self.source = ""

    def _shown(self, value: Any, text: str) -> None:
        self.shown.append(value)
        self.out.append(text)

    def _frozen(self) -> str:
        q = self.interpreter
        return "".join(q.line(q.globals.get(n)) for n in FROZEN)

    def complaints(self, source: str) -> Iterator[str]:
        """Run one input; what is wrong about what happened."""
        self.out.clear()
        self.shown.clear()
        self.slow = False
        self.source = source
        with recorded() as record:
            try:
                with limited(self.limit):
                    error = self.interpreter.execute(source)
                if error is not None:
                    self.slow = isinstance(error, QStop)
                    self.out.append(self.interpreter.error_text(error))
                    self.interpreter.backtrace(error)
                    yield from _wrong_error(error)
            except QExit:
                pass
            except BaseException as e:
                late = isinstance(e, KeyboardInterrupt) and _place(e) == "?"  # after the input
                if not late:
                    yield f"escaped: {place_and_words(e)}"
        yield from record
        text = "".join(self.out)
        m = _PYTHON.search(text)
        if m and m.group() not in source:
            yield f"printed: {m.group()}"
        for value in self.shown:
            yield from (f"ill-formed: {words}" for words in ill_formed(value))
        yield from self._damage()

    def _damage(self) -> Iterator[str]:
        """What the input did to the session that it must not do."""
        q = self.interpreter
        s = q.settings
        s.rows, s.columns, s.precision = 25, 80, 7
        s.offset, s.week, s.date_order = 0, 2, 0
        q.globals.current = ""
        if q.globals.frozen:
            yield "damaged: globals are frozen"
            q.globals.frozen = ""
        if len(values.EMPTY):
            yield "damaged: () has items"
            values.EMPTY.clear()
        try:
            frozen = self._frozen()
        except QError as e:
            yield f"damaged: {e}"
            return
        if frozen != self.frozen:
            if not any(re.search(_ASSIGNED.format(n), self.source) for n in FROZEN):
                yield "damaged: a variable changed"
            q.execute(PREPARED)
        if q.evaluate("1+1") != 2:
            yield "damaged: 1+1"


def _wrong_error(error: QError) -> Iterator[str]:
    if not isinstance(error.message, str):
        yield f"message is a {type(error.message).__name__}"
    elif not error.frames and not isinstance(error, QStop):
        yield f"no frame: {error.message[:20]}"


# ---------------------------------------------------------------- time and hidden exceptions

@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Interrupt what takes longer of the processor, as a user would."""
    def strike(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt
    before = signal.signal(signal.SIGPROF, strike)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextmanager
def recorded() -> Iterator[list[str]]:
    """Collects the exceptions behind q errors that are no data errors, and all warnings."""
    found: list[str] = []
    outer = scope.q_error

    def spy(error: Exception) -> QError:
        HIDDEN[place_and_words(error)] += 1
        if not isinstance(error, DATA_ERRORS) or isinstance(error, UnicodeError):
            found.append(f"hidden: {place_and_words(error)}")
        return outer(error)
    scope.q_error = spy
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.simplefilter("ignore", ResourceWarning)  # sessions end with files open
            warnings.showwarning = lambda m, c, f, n, *rest: found.append(
                f"warned: {c.__name__} {f.rsplit('/', 1)[-1]}:{n} {m}")
            yield found
    finally:
        scope.q_error = outer


HIDDEN: Counter[str] = Counter()


def place_and_words(e: BaseException) -> str:
    """Class, message and the innermost place in our code of an exception."""
    return f"{type(e).__name__} {_place(e)}: {str(e)[:60]}"


def _place(e: BaseException) -> str:
    place, at = "?", e.__traceback__
    while at is not None:
        file = at.tb_frame.f_code.co_filename
        if "kkernel" in file and "/tests/" not in file:
            place = f"{file.rsplit('kkernel/', 1)[-1]}:{at.tb_lineno} {at.tb_frame.f_code.co_name}"
        at = at.tb_next
    return place


# ---------------------------------------------------------------- values

def ill_formed(x: Any) -> Iterator[str]:
    """What in x is no value of q; walks without recursion."""
    todo = [x]
    seen = 0
    while todo and seen < 20_000:
        v = todo.pop()
        seen += 1
        if isinstance(v, np.ndarray):
            if v.dtype not in CODE_OF_DTYPE:
                yield f"array of {v.dtype}"
            elif v.ndim == 0:
                yield "array without dimensions"
            elif v.ndim > 1 and v.dtype.kind not in "biuf":
                yield f"rectangle of {v.dtype}"
        elif isinstance(v, List):
            todo.extend(v)
        elif isinstance(v, Dict):
            todo += [v.keys, v.values]
            if values.count(v.keys) != values.count(v.values):
                yield "dictionary of unequal counts"
        elif isinstance(v, Table):
            todo.extend(v.data)
            if {values.count(c) for c in v.data} - {len(v)}:
                yield "table of unequal counts"
        elif isinstance(v, Projection):
            todo += [v.fn, *(a for a in v.args if a is not MISSING)]
        elif isinstance(v, Composition):
            todo += [v.f, v.g]
        elif isinstance(v, Derived):
            todo.append(v.fn)
        elif type(v) is int:
            if not -2**63 <= v < 2**63:
                yield "an integer of more than 64 bits"
        elif isinstance(v, (np.datetime64, np.timedelta64)):
            if v.dtype not in CODE_OF_DTYPE:
                yield f"an atom of {v.dtype}"
        elif not isinstance(v, (*_SIMPLE, Enum, EnumAtom, Lambda, Primitive, Foreign, QIterator,
                                Definition)) \
                and v is not NULL and v is not MISSING:
            yield f"a {type(v).__name__}"
