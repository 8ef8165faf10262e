"""Where operators and keywords are declared: one decorator per function.

::

    @operator("+", 2, atomic=True)
    def add(x, y): ...

    @keyword("til")
    def til(x): ...

    @keyword("in", infix=True)
    def in_(x, y): ...

The number of parameters is the rank.  A primitive with several ranks is declared once per rank.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TypeVar

from .functions import Primitive, PyFunction
from .values import Value, char

OPERATORS: dict[str, Primitive] = {}
KEYWORDS: dict[str, Primitive] = {}
CONSTANTS: dict[str, Value] = {"csv": char(",")}  # reserved words that are values

F = TypeVar("F", bound=PyFunction)


def _rank(fn: PyFunction) -> int:
    """The number of parameters; -1 for a function of any number (`*args`)."""
    if fn.__code__.co_flags & inspect.CO_VARARGS:
        return -1
    return fn.__code__.co_argcount


def operator(glyph: str, rank: int = 0, *, atomic: bool = False) -> Callable[[F], F]:
    """Declare the function of operator `glyph` for one argument count."""

    def declare(fn: F) -> F:
        p = OPERATORS.get(glyph)
        if p is None:
            p = OPERATORS[glyph] = Primitive(glyph, infix=True, code=102)
        p.add(rank or _rank(fn), fn)
        p.atomic = p.atomic or atomic
        p.doc = p.doc or (fn.__doc__ or "").strip()
        return fn

    return declare


def keyword(name: str, *, infix: bool = False, glyph: str = "",
            atomic: bool = False) -> Callable[[F], F]:
    """Declare keyword `name`; `glyph` is what q shows for it inside values (`#:` for count)."""

    def declare(fn: F) -> F:
        p = KEYWORDS.get(name)
        if p is None:
            p = KEYWORDS[name] = Primitive(name, glyph=glyph, infix=infix)
        p.add(_rank(fn), fn)
        p.infix = p.infix or infix
        p.atomic = p.atomic or atomic
        p.doc = p.doc or (fn.__doc__ or "").strip()
        return fn

    return declare
