"""Functions of q as values: primitives, lambdas, projections, compositions, derived functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .values import Value, collapse

PyFunction = Callable[..., Value]


class Primitive:
    """An operator or keyword.

    `by_rank` holds the Python function for each argument count that has one; `fn1` and `fn2`
    repeat the two common ones for speed.  `glyph` is the text shown for it inside values
    (`-:` for neg), `infix` tells the parser that it may stand between its arguments.
    """

    __slots__ = ("name", "glyph", "infix", "by_rank", "fn1", "fn2", "rank", "qtype", "doc",
                 "atomic")

    def __init__(self, name: str, *, glyph: str = "", infix: bool = False, code: int = 0,
                 doc: str = "", atomic: bool = False) -> None:
        self.name = name
        self.glyph = glyph or name
        self.infix = infix
        self.by_rank: dict[int, PyFunction] = {}
        self.fn1: PyFunction | None = None
        self.fn2: PyFunction | None = None
        self.rank = 0
        self.qtype = code
        self.doc = doc
        self.atomic = atomic

    def add(self, rank: int, fn: PyFunction) -> None:
        self.by_rank[rank] = fn
        if rank == 1:
            self.fn1 = fn
        elif rank == 2:
            self.fn2 = fn
        self.rank = 2 if 2 in self.by_rank else min((r for r in self.by_rank if r > 0), default=1)
        if not self.qtype:
            self.qtype = 101 if self.rank == 1 else 102

    def __repr__(self) -> str:
        return self.glyph


class Lambda:
    """A user function.  The compiler sets `call`, a function of the arguments."""

    __slots__ = ("text", "params", "locals", "rank", "namespace", "call", "body", "name", "atomic",
                 "steps", "origin")
    qtype = 100

    def __init__(self, text: str, params: Sequence[str], namespace: str) -> None:
        self.text = text  # exactly as typed
        self.params = tuple(params)
        self.locals: tuple[str, ...] = ()
        self.rank = max(1, len(self.params))
        self.namespace = namespace
        self.call: PyFunction
        self.body: Any = None  # the parsed statements
        self.name = ""  # the global it was last assigned to, for backtraces
        # globals that have to be numbers for `each` to be one call; None where it never is
        self.atomic: tuple[str, ...] | None = None
        self.steps: Any = None  # of straight.py, once asked for
        self.origin: tuple[str, int] | None = None  # path and line of the script it stands in


class Projection:
    """A function with some arguments bound; holes are `MISSING`."""

    __slots__ = ("fn", "args", "rank")
    qtype = 104

    def __init__(self, fn: Value, args: Sequence[Value]) -> None:
        self.fn = fn
        self.args = tuple(args)
        self.rank = max(sum(a is MISSING for a in args), rank_of(fn) - len(self.args)
                        + sum(a is MISSING for a in args))


class Composition:
    """f after g: `'[f;g]`, or a train such as `til count@`.  Has the rank of g."""

    __slots__ = ("f", "g", "rank")
    qtype = 105

    def __init__(self, f: Value, g: Value) -> None:
        self.f = f
        self.g = g
        self.rank = rank_of(g)


ITERATORS = {"'": 106, "/": 107, "\\": 108, "':": 109, "/:": 110, "\\:": 111}


class Derived:
    """A function made by an iterator: `f/`, `f'`, ...  Also on lists and dictionaries."""

    __slots__ = ("iterator", "fn", "rank", "qtype")

    def __init__(self, iterator: str, fn: Value) -> None:
        self.iterator = iterator
        self.fn = fn
        self.qtype = ITERATORS[iterator]
        self.rank = 2 if iterator in ("/:", "\\:") else rank_of(fn)


class Iterator:
    """A bare iterator as a value: `(/)`, type 103."""

    __slots__ = ("glyph",)
    qtype = 103
    rank = 1

    def __init__(self, glyph: str) -> None:
        self.glyph = glyph


class Foreign:
    """A function that comes from a library, as `2:` loads them (type 112).

    All functions of the k api are such: `fn` takes `rank` values and returns one.  `on_items`
    does for items, of which one at least is a list, what `fn` does for the list of them; `readers`
    has, by the types of items, functions that do the same without looking at the types.
    """

    __slots__ = ("name", "rank", "fn", "doc", "on_items", "readers")
    qtype = 112

    def __init__(self, name: str, rank: int, fn: PyFunction, doc: str = "",
                 on_items: PyFunction | None = None,
                 readers: dict[Any, PyFunction] | None = None) -> None:
        self.name = name
        self.rank = rank
        self.fn = fn
        self.doc = doc
        self.on_items = on_items or (lambda *items: fn(collapse([*items])))
        self.readers = {} if readers is None else readers


class Definition:
    """The expression of a view, as the dictionary of the root holds it."""

    __slots__ = ("text", "tree", "inputs", "last")
    qtype = 100
    rank = 1

    def __init__(self, text: str, tree: Value, inputs: Sequence[str], last: Value) -> None:
        self.text = text
        self.tree = tree  # its parse tree
        self.inputs = tuple(inputs)
        self.last = last  # the value it had, `::` when that is out of date


class Missing:
    """An argument left out: `f[;2]`."""

    __slots__ = ()
    qtype = 101

    def __repr__(self) -> str:
        return "MISSING"


class Null:
    """`::`, the identity function and the value that prints as nothing (type 101)."""

    __slots__ = ()
    qtype = 101
    rank = 1
    glyph = "::"

    def __repr__(self) -> str:
        return "::"


MISSING = Missing()
NULL = Null()


def rank_of(f: Value) -> int:
    """How many arguments a full application takes; 1 for lists and dictionaries."""
    return getattr(f, "rank", 1)
