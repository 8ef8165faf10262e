"""Calls of library functions, such as those of the k api, in generated functions.

A function of a library has readers: functions for its arguments by their types.  A place in a
program most often meets the same types again, so it keeps the reader that it needed last and
asks only whether the types are still those.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..functions import Foreign
from ..syntax import nodes as N
from ..values import List, Value, collapse
from .nouns import is_plain_global

if TYPE_CHECKING:
    from .source import Source

CHANGES = 8  # how often a place takes the reader of other types


class Unmet:
    """The type of an argument at a place that has not run."""


def library_call(source: Source, node: N.Apply) -> str | None:
    """A function of a library applied to all its arguments, unless its name has another value by
    then; None for other applications."""
    inner = node.fn
    if isinstance(inner, N.Apply) and len(inner.args) == len(node.args) == 1:
        return _two_in_turn(source, inner, node)
    if not isinstance(inner, N.Name) or len(node.args) != 1 or node.args[0] is None:
        return None
    f, x = named(source, inner.name, 1), node.args[0]
    if f is None:
        return None
    listed = isinstance(x, N.ListNode) and None not in x.items and len(x.items) > 1
    args = source.operands(x.items if listed else [x])  # type: ignore[attr-defined]
    whole = f"collapse([{', '.join(args)}])" if listed else args[0]
    name = source.fresh()
    source.line(f"{_replaced(inner.name)}: {name} = apply1(get({inner.name!r}, ''), {whole})",
                node.pos)
    _by_types(source, f, args, name, node.pos)
    return name


def _two_in_turn(source: Source, inner: N.Apply, node: N.Apply) -> str | None:
    """`f[x]y`, where f takes two values: no projection stands between."""
    word = inner.fn.name if isinstance(inner.fn, N.Name) else ""
    f = named(source, word, 2) if word else None
    if f is None or inner.args[0] is None or node.args[0] is None:
        return None
    x, y = source.operands([inner.args[0], node.args[0]])
    name = source.fresh()
    source.line(f"{_replaced(word)}: {name} = apply1(apply1(get({word!r}, ''), {x}), {y})",
                node.pos)
    source.line(f"else: {name} = {source.constant(f.fn)}({x}, {y})", node.pos)
    return name


def _replaced(word: str) -> str:
    """The branch for a name that has another value than that of the library."""
    return f"if {word!r} in root or views"


def named(source: Source, word: str, rank: int) -> Foreign | None:
    """The function of a library that a name stands for while nothing else has it."""
    f = source.scope.globals.library(word) if is_plain_global(word, source.scope) else None
    return f if isinstance(f, Foreign) and f.rank == rank else None


def _by_types(source: Source, f: Foreign, args: list[str], name: str, pos: int) -> None:
    """The branches of a call: the reader kept here, and the search for one."""
    types = [source.constant(Unmet) for _ in args]
    reader = source.constant(None)
    search = source.constant(_search(f, source.names, types, reader))
    tests = [f"type({v}) is {t}" for v, t in zip(args, types, strict=True)]
    changing = [test for v, test in zip(args, tests, strict=True) if v[0] == "t"]
    given, same = ", ".join(args), " and ".join(changing or tests)
    source.line(f"elif {same}: {name} = {reader}({given})", pos)
    source.line(f"else: {name} = {search}({given})", pos)


def _search(f: Foreign, names: dict[str, Any], types: list[str],
            reader: str) -> Callable[..., Value]:
    """What calls f and keeps its reader, with the types that it is for, under these names."""
    left = CHANGES

    def keep(found: Callable[..., Value], *args: Value) -> Value:
        nonlocal left
        if left:
            left -= 1
            names.update(zip(types, map(type, args), strict=True))
            names[reader] = found
        return found(*args)

    def of_one(x: Value) -> Value:
        found = f.readers.get(type(x))
        if found is None or type(x) is List and len(x) != 1:
            return f.fn(x)
        return keep(found, x)

    def of_items(*args: Value) -> Value:
        form = (*map(type, args),)
        found = f.readers.get(form)
        if found is not None:
            return keep(found, *args)
        return f.on_items(*args) if List in form or np.ndarray in form else f.fn(collapse([*args]))

    return of_one if len(types) == 1 else of_items
