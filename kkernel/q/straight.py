"""Lambdas of plain arithmetic on long vectors of numbers: one numpy call for each operator.

The ranges of the arguments bound every result on the way.  Where no long can be null or leave 64
bits nothing has to be tested, and blocks go through without fresh memory between the operators.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from . import context
from .atoms.extremes import greatest, least
from .functions import Lambda
from .syntax import nodes as N
from .types import LONG_INF, LONG_NULL
from .values import Array, Value

LEAST = 1 << 12  # items from which it pays
BLOCK = 1 << 15  # items of a vector, of which a few stay in cache


@dataclass(slots=True, frozen=True)
class Known:
    """What is known of a value: its type (`i` long, `f` float, `b` boolean) and its range."""

    type: str
    low: int = 0  # of floats the range does not matter
    high: int = 1


FLOAT, BOOLEAN = Known("f"), Known("b")
DTYPES = {"f": np.dtype("f8"), "i": np.dtype("i8"), "b": np.dtype("?")}
VECTOR = np.empty(0)  # stands for the result of a step on vectors
TYPES = {dtype: type_ for type_, dtype in DTYPES.items()}

# what is known of the result; None where plain numpy does not do what q does
Law = Callable[[Known, Known], "Known | None"]


# ---------------------------------------------------------------- what the operators give

def _arithmetic(f: Callable[[int, int], int]) -> Law:
    """`+ - *`: the extremes of the result come from extremes of the operands."""
    def law(x: Known, y: Known) -> Known | None:
        if x.type == "f" or y.type == "f":
            return FLOAT
        corners = [f(x.low, y.low), f(x.low, y.high), f(x.high, y.low), f(x.high, y.high)]
        low, high = min(corners), max(corners)
        fits = low >= -LONG_INF and high <= LONG_INF and (x.type, y.type) != ("b", "b")
        return Known("i", low, high) if fits else None
    return law


def _quotient(x: Known, y: Known) -> Known:
    return FLOAT


def _comparison(x: Known, y: Known) -> Known | None:
    """Floats compare with a tolerance."""
    return None if x.type == "f" or y.type == "f" else BOOLEAN


def _extreme(choose: Callable[[int, int], int]) -> Law:
    def law(x: Known, y: Known) -> Known | None:
        if x.type != y.type or x.type == "f":
            return None
        return Known(x.type, choose(x.low, y.low), choose(x.high, y.high))
    return law


def _remainder(x: Known, y: Known) -> Known | None:
    good = x.type == y.type == "i" and y.low > 0
    return Known("i", 0, y.high - 1) if good else None


def _whole_quotient(x: Known, y: Known) -> Known | None:
    good = x.type == y.type == "i" and y.low > 0
    return Known("i", min(x.low, 0), max(x.high, 0)) if good else None


LAWS: dict[str, tuple[np.ufunc, Law]] = {
    "+": (np.add, _arithmetic(lambda x, y: x + y)),
    "-": (np.subtract, _arithmetic(lambda x, y: x - y)),
    "*": (np.multiply, _arithmetic(lambda x, y: x * y)),
    "%": (np.divide, _quotient),
    "mod": (np.remainder, _remainder), "div": (np.floor_divide, _whole_quotient),
    "&": (np.minimum, _extreme(min)), "|": (np.maximum, _extreme(max)),
    "<": (np.less, _comparison), ">": (np.greater, _comparison), "=": (np.equal, _comparison),
    "<=": (np.less_equal, _comparison), ">=": (np.greater_equal, _comparison),
    "<>": (np.not_equal, _comparison),
}


# ---------------------------------------------------------------- a body as steps

@dataclass(slots=True, eq=False)
class Argument:
    number: int


@dataclass(slots=True, eq=False)
class Number:
    value: Value


@dataclass(slots=True, eq=False)
class Global:
    """A global, whose value is asked for at every call."""

    name: str


@dataclass(slots=True, eq=False)
class Step:
    """An operator with its operands."""

    ufunc: np.ufunc
    law: Law
    left: Operand
    right: Operand


Operand = Argument | Number | Global | Step


class NotStraight(Exception):
    """A body has more in it than plain arithmetic."""


def steps_of(f: Lambda) -> list[Step]:
    """The steps of an atomic lambda as they run, the last one for its result; none where it has
    other functions than those of `LAWS`.
    """
    names: dict[str, Operand] = {p: Argument(i) for i, p in enumerate(f.params or ["x"])}
    steps: list[Step] = []
    try:
        results = [_operand(node, names, steps) for node in f.body]
    except NotStraight:
        return []
    return steps if steps and results[-1] is steps[-1] else []


def _operand(node: N.Node | None, names: dict[str, Operand], steps: list[Step]) -> Operand:
    """The operand that a node stands for, after the steps that make it."""
    if isinstance(node, N.Const):
        return Number(node.value)
    if isinstance(node, N.Name):
        return names.get(node.name) or Global(node.name)
    if isinstance(node, N.Assign) and node.op is None:
        found = names[node.name] = _operand(node.expr, names, steps)
        return found
    if not (isinstance(node, N.Infix) and isinstance(node.fn, N.Verb) and node.fn.name in LAWS):
        raise NotStraight
    right = _operand(node.right, names, steps)
    steps.append(Step(*LAWS[node.fn.name], _operand(node.left, names, steps), right))
    return steps[-1]


# ---------------------------------------------------------------- one call

def straight(f: Lambda, args: Sequence[Value], n: int) -> Array | None:
    """f of vectors of n numbers and of atoms; None where it takes more than plain arithmetic."""
    if f.steps is None:
        f.steps = steps_of(f)
    run = Run(args)
    return run.result(n) if f.steps and run.plan(f.steps) else None


class Run:
    """The steps on these arguments."""

    def __init__(self, args: Sequence[Value]) -> None:
        self.args = args
        self.steps: list[Step] = []  # those on vectors
        self.values: dict[Operand, Value] = {}  # of all other operands
        self.known: dict[Operand, Known] = {}

    def plan(self, steps: list[Step]) -> bool:
        """Find out what is known of every result; False where a step is not plain."""
        for step in steps:
            left, right = self._known_of(step.left), self._known_of(step.right)
            found = None if left is None or right is None else step.law(left, right)
            if found is None:
                return False
            self._enter(step, found)
        return self.steps[-1:] == steps[-1:]

    def _enter(self, step: Step, found: Known) -> None:
        """A step on vectors is for later; one on numbers is taken now."""
        x, y = self.values.get(step.left, VECTOR), self.values.get(step.right, VECTOR)
        if isinstance(x, np.ndarray) or isinstance(y, np.ndarray):
            self.known[step] = found
            self.steps.append(step)
        else:
            value = self.values[step] = step.ufunc(x, y).item()
            self.known[step] = FLOAT if found is FLOAT else Known(found.type, value, value)

    def _known_of(self, operand: Operand) -> Known | None:
        if operand in self.known or isinstance(operand, Step):
            return self.known[operand]
        value = self._value(operand)
        found = known_of(value)
        if found is not None:
            self.values[operand], self.known[operand] = value, found
        return found

    def _value(self, operand: Argument | Number | Global) -> Value:
        if isinstance(operand, Argument):
            return self.args[operand.number]
        if isinstance(operand, Global):
            return context.active.globals.root.get(operand.name)
        return operand.value

    def result(self, n: int) -> Array:
        """The result of the last step, block by block."""
        out = np.empty(n, DTYPES[self.known[self.steps[-1]].type])
        homes = self._homes(out, min(n, BLOCK))
        for start in range(0, n, BLOCK):
            block = slice(start, min(start + BLOCK, n))
            now = {operand: value[block] if isinstance(value, np.ndarray) else value
                   for operand, value in self.values.items()}
            for step in self.steps:
                home = homes[step]
                now[step] = step.ufunc(
                    now[step.left], now[step.right],
                    out=home[block] if home is out else home[:block.stop - start])
        return out

    def _homes(self, out: Array, size: int) -> dict[Operand, Array]:
        """Where each step writes a block: over an operand that nothing else reads, if it can."""
        uses = Counter(o for step in self.steps for o in (step.left, step.right))
        homes: dict[Operand, Array] = {self.steps[-1]: out}
        for step in reversed(self.steps):
            home = homes.setdefault(step, np.empty(size, DTYPES[self.known[step].type]))
            for operand in (step.left, step.right):
                if uses[operand] == 1 and operand not in homes \
                        and DTYPES[self.known[operand].type] == home.dtype:
                    homes[operand] = home
                    break
        return homes


def known_of(value: Value) -> Known | None:
    """What is known of an argument, constant or global; None where nulls or its type forbid."""
    kind = type(value)
    if kind is int or kind is bool:
        return None if value == LONG_NULL else Known("i" if kind is int else "b", value, value)
    if kind is float:
        return FLOAT
    if not isinstance(value, np.ndarray) or value.dtype not in TYPES:
        return None
    found = TYPES[value.dtype]
    if found != "i":
        return Known(found)
    low = int(least(value))
    return None if low == LONG_NULL else Known("i", low, int(greatest(value)))
