"""`@` and `.`: apply and index, trap, amend; told apart by argument count and first type."""

from __future__ import annotations

from collections.abc import Callable

from .. import context
from ..apply import apply, apply1
from ..compile import q_error
from ..errors import QError, QStop, type_error
from ..functions import NULL
from ..lists.assign import amend_at, amend_path
from ..registry import operator
from ..symbols import Symbol
from ..values import Dict, Value, is_function, is_list, items, qtype, string


@operator("@")
def at(f: Value, x: Value) -> Value:
    """f applied to x, or item x of list f."""
    return apply1(f, x)


@operator("@")
def at3(d: Value, i: Value, f: Value) -> Value:
    """Trap: f is what to do when d fails on i.  Amend: f changes the items i of d."""
    if _applicable(d) or (_plain_atom(d) and not (i is NULL or type(i) is int)):
        return trap(lambda: apply1(d, i), f)
    return amend_at(d, i, f)


@operator("@")
def at4(d: Value, i: Value, f: Value, y: Value) -> Value:
    """Amend: items i of d with f and y."""
    return amend_at(d, i, f, y)


@operator(".")
def dot(f: Value, x: Value) -> Value:
    """f applied to the list of arguments x, or the item at path x of f."""
    return apply(f, _arguments(x)) if _count(x) else f


@operator(".")
def dot3(d: Value, i: Value, f: Value) -> Value:
    """Trap: f is what to do when d fails on the arguments i.  Amend: f changes d at path i."""
    if _applicable(d) or (_plain_atom(d) and _count(i)):
        return trap(lambda: apply(d, _arguments(i)), f)
    return amend_path(d, i, f)


@operator(".")
def dot4(d: Value, i: Value, f: Value, y: Value) -> Value:
    """Amend: d at path i with f and y."""
    return amend_path(d, i, f, y)


def _count(x: Value) -> int:
    return len(x) if is_list(x) else 1


def _arguments(x: Value) -> list[Value]:
    if isinstance(x, Dict):
        raise type_error()
    return items(x) if is_list(x) else [x]


def _applicable(d: Value) -> bool:
    """A function, or the name of one, is applied; everything else is amended."""
    if isinstance(d, Symbol):
        found = context.active.globals.find(d)
        return found is not None and is_function(found)
    return is_function(d)


def _plain_atom(d: Value) -> bool:
    """Numbers and chars are applied, as handles and languages are, rather than amended."""
    return -19 <= qtype(d) < 0 and not isinstance(d, Symbol)


def trap(call: Callable[[], Value], handler: Value) -> Value:
    """The result of a call; when it signals, the handler applied to the message, or itself."""
    result = attempt(call)
    if not isinstance(result, QError):
        return result
    return apply1(handler, string(result.message)) if is_function(handler) else handler


def attempt(call: Callable[[], Value]) -> Value | QError:
    """The result of a call, or the error it signals; an interrupt is not kept."""
    try:
        return call()
    except QStop:
        raise
    except QError as e:
        return e
    except Exception as e:
        return q_error(e)
