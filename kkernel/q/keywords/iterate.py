"""The keywords that name iterators: each peach over scan prior."""

from __future__ import annotations

from .. import accumulators, maps
from ..registry import keyword
from ..values import Value


@keyword("each", infix=True)
def each(f: Value, x: Value) -> Value:
    """f applied to each item of x."""
    return maps.each(f, x)


@keyword("peach", infix=True)
def peach(f: Value, x: Value) -> Value:
    """As each: one process here has one thread of q."""
    return maps.each(f, x)


@keyword("over", infix=True)
def over(f: Value, x: Value) -> Value:
    """f/x: fold x with a binary f, converge with a unary one."""
    return accumulators.accumulate(f, [x], False)


@keyword("scan", infix=True)
def scan(f: Value, x: Value) -> Value:
    """f\\x: as over, keeping every state."""
    return accumulators.accumulate(f, [x], True)


@keyword("prior", infix=True)
def prior(f: Value, x: Value) -> Value:
    """f':x: each item with the one before it."""
    return maps.prior(f, x, None)
