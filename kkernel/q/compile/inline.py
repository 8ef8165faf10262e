"""Inlined arithmetic: what `+ - < > = ..` do with two long atoms, without a call.

Scripts and lambdas spend their time on small integers.  For the operators below the closure of
an infix expression tests for two Python integers (small enough neither to overflow nor to be
null) and computes at once; everything else goes to the operator's own function.  The closures
differ in the expression only, so they are made from one template per shape of the operands.
"""

from __future__ import annotations

from typing import Any

from ..functions import Primitive, PyFunction
from ..values import Value
from .scope import Code, Unit, trace

SMALL = 2**30 - 1  # one digit of a Python integer: compared fastest, and products cannot overflow

# expression of x and y, and whether the result could leave 64 bits
EXPRESSIONS = {
    "+": ("x + y", True), "-": ("x - y", True), "*": ("x * y", True),
    "<": ("x < y", False), ">": ("x > y", False), "=": ("x == y", False),
    "<=": ("x <= y", False), ">=": ("x >= y", False), "<>": ("x != y", False),
    "&": ("x if x < y else y", False), "|": ("x if x > y else y", False),
}

COMPARISONS = frozenset(("<", ">", "=", "<=", ">=", "<>"))

_GENERAL = """
def make(left, right, fn, unit, pos, trace):
    def infix(frame):
        y = right(frame)
        x = left(frame)
        if type(x) is int and type(y) is int and {test}:
            return {expression}
        try:
            return fn(x, y)
        except Exception as e:
            raise trace(e, unit, pos) from None
    return infix
"""

_LOCAL = """
def make(slot, right, fn, unit, pos, trace):
    def infix_local(frame):
        y = right(frame)
        x = frame[slot]
        if type(x) is int and type(y) is int and {test}:
            return {expression}
        try:
            return fn(x, y)
        except Exception as e:
            raise trace(e, unit, pos) from None
    return infix_local
"""

_LOCAL_CONST = """
def make(slot, y, fn, unit, pos, trace):
    def infix_constant(frame):
        x = frame[slot]
        if type(x) is int and {test}:
            return {expression}
        try:
            return fn(x, y)
        except Exception as e:
            raise trace(e, unit, pos) from None
    return infix_constant
"""

_makers: dict[tuple[str, str], Any] = {}


def inlined(op: Primitive) -> bool:
    """Are there such closures for the operator?"""
    return op.name in EXPRESSIONS


def infix(op: Primitive, fn: PyFunction, left: Code, right: Code, unit: Unit, pos: int) -> Code:
    """`x op y` of two expressions; `fn` does what is not inlined."""
    return _made(op, _GENERAL)(left, right, fn, unit, pos, trace)


def infix_local(op: Primitive, fn: PyFunction, slot: int, right: Code, unit: Unit,
                pos: int) -> Code:
    """`x op y` where x is a local."""
    return _made(op, _LOCAL)(slot, right, fn, unit, pos, trace)


def infix_constant(op: Primitive, fn: PyFunction, slot: int, y: Value, unit: Unit,
                   pos: int) -> Code:
    """`x op y` where x is a local and y a small long constant."""
    return _made(op, _LOCAL_CONST)(slot, y, fn, unit, pos, trace)


def small(y: Value) -> bool:
    """Is y a constant that `infix_constant` may take?"""
    return type(y) is int and -SMALL < y < SMALL


def _made(op: Primitive, template: str) -> Any:
    key = (op.name, template)
    maker = _makers.get(key)
    if maker is None:
        expression, overflows = EXPRESSIONS[op.name]
        constant = template is _LOCAL_CONST
        bounds = f"-{SMALL} < x < {SMALL}"
        if not constant:
            bounds += f" and -{SMALL} < y < {SMALL}"
        source = template.format(expression=expression, test=bounds if overflows else "True")
        scope: dict[str, Any] = {}
        exec(compile(source, f"<infix {op.name}>", "exec"), scope)  # our own text, no input
        maker = _makers[key] = scope["make"]
    return maker
