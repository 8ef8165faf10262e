"""Which lambdas go through vectors item by item, as they would through atoms.

Such a body has only atomic functions of its parameters, of locals that are made of these, of
numbers, and of globals that are numbers when it is called.  Applied to vectors of numbers it
gives for each item what it gives for the item alone, so `each` is one call.
"""

from __future__ import annotations

import numpy as np

from ..functions import Primitive
from ..itemwise import is_number
from ..syntax import nodes as N
from ..types import BY_CHAR, BY_NAME
from ..values import Value, is_vector
from .nouns import is_plain_global, primitive
from .scope import Scope

_LEFT_ATOMIC = ("in", "within")  # atomic in the left argument, with a list on the right
_NUMBERS = "bhijef"  # letters of the types that a cast may give


def atomic_globals(node: N.LambdaNode, scope: Scope) -> tuple[str, ...] | None:
    """The globals that have to be numbers for the lambda to be atomic; None if it never is."""
    found = Body(scope, set(node.params or ["x"]))
    return tuple(found.globals) if node.body and all(map(found.atomic, node.body)) else None


class Body:
    """What is known while the nodes of a body are visited, from right to left as they run."""

    def __init__(self, scope: Scope, known: set[str]) -> None:
        self.scope = scope
        self.known = known  # parameters, and locals that have a value by now
        self.globals: dict[str, None] = {}

    def atomic(self, node: N.Node | None) -> bool:
        if isinstance(node, N.Const):
            return is_number(node.value)
        if isinstance(node, N.Name):
            return self._name(node.name)
        if isinstance(node, N.Infix):
            return self._infix(node)
        if isinstance(node, N.Assign):
            return self._assign(node)
        if isinstance(node, N.Apply) and len(node.args) == 1 and node.args[0] is not None:
            return _primitive(node.fn, 1) is not None and self.atomic(node.args[0])
        return False

    def _name(self, name: str) -> bool:
        if name in self.known:
            return True
        if name in (self.scope.slots or {}) or not is_plain_global(name, self.scope):
            return False
        self.globals[name] = None
        return True

    def _infix(self, node: N.Infix) -> bool:
        if _primitive(node.fn, 2) is not None:
            return self.atomic(node.right) and self.atomic(node.left)
        if isinstance(node.fn, N.Verb) and isinstance(node.right, N.Const):
            return node.fn.name in _LEFT_ATOMIC and _numbers(node.right.value) \
                and self.atomic(node.left)
        return isinstance(node.fn, N.Verb) and node.fn.name == "$" \
            and isinstance(node.left, N.Const) and _is_cast(node.left.value) \
            and self.atomic(node.right)

    def _assign(self, node: N.Assign) -> bool:
        if node.scope != ":" or node.indices is not None or node.name not in (
                self.scope.slots or {}):
            return False
        if node.op is not None and not (_primitive(node.op, 2) and node.name in self.known):
            return False
        if not self.atomic(node.expr):
            return False
        self.known.add(node.name)
        return True


def _numbers(x: Value) -> bool:
    return is_vector(x) and x.dtype.kind in "bifmM"


def _is_cast(x: Value) -> bool:
    """The left side of `$` that makes numbers of numbers: a letter or name of a type."""
    if isinstance(x, (bytes, np.bytes_)):
        return x.decode("latin-1") in _NUMBERS and x.decode("latin-1") in BY_CHAR
    return isinstance(x, str) and x in BY_NAME and BY_NAME[x].char in _NUMBERS


def _primitive(node: N.Node, rank: int) -> Primitive | None:
    """The atomic operator or keyword of this rank that a node names."""
    found = primitive(node.name, node.pos) if isinstance(node, N.Verb) else None
    good = isinstance(found, Primitive) and found.atomic and rank in found.by_rank
    return found if good else None
