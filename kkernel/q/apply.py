"""Application: `f[x;y]`, `f x`, `x[i]` for everything that can be applied.

The path from one q function to the next is plain Python calls on purpose: no `__call__` slots,
`map` or `partial` between them.  Such frames cost no C stack, so deep recursion ends in 'stack
and not in a crash.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import context
from .errors import QError, rank_error
from .functions import (
    MISSING,
    NULL,
    Composition,
    Derived,
    Foreign,
    Iterator,
    Lambda,
    Missing,
    Null,
    Primitive,
    Projection,
    rank_of,
)
from .lists.index import index, index_at_depth
from .symbols import Symbol
from .values import Value, is_string, text


def apply(f: Value, args: Sequence[Value]) -> Value:
    """f applied to a list of arguments; `MISSING` among them makes a projection."""
    applier = _APPLIERS.get(type(f))
    if applier is not None:
        return applier(f, args)
    if len(args) == 1:
        return index(f, args[0])
    return index_at_depth(f, args)


def apply1(f: Value, x: Value) -> Value:
    """`f x`."""
    kind = type(f)
    if kind is Lambda and f.rank == 1:
        return f.call(x)
    if kind is np.ndarray:
        return index(f, x)
    if kind is Primitive and f.fn1 is not None and x is not MISSING:
        return f.fn1(x)
    if kind is Foreign and f.rank == 1 and x is not MISSING:
        return f.fn(x)
    return apply(f, [x])


def apply2(f: Value, x: Value, y: Value) -> Value:
    """`f[x;y]`."""
    kind = type(f)
    if kind is Primitive and f.fn2 is not None and x is not MISSING and y is not MISSING:
        return f.fn2(x, y)
    if kind is Lambda and f.rank == 2 and x is not MISSING and y is not MISSING:
        return f.call(x, y)
    return apply(f, [x, y])


def _lambda(f: Lambda, args: Sequence[Value]) -> Value:
    n = len(args)
    if n > f.rank:
        raise rank_error()
    if n < f.rank or _has_missing(args):
        return Projection(f, args)
    return _call(f, args)


def _call(f: Lambda, args: Sequence[Value]) -> Value:
    """A call with all arguments; spelled out, because a starred one would take C stack."""
    match args:
        case [a]:
            return f.call(a)
        case [a, b]:
            return f.call(a, b)
        case [a, b, c]:
            return f.call(a, b, c)
        case [a, b, c, d]:
            return f.call(a, b, c, d)
        case [a, b, c, d, e]:
            return f.call(a, b, c, d, e)
        case [a, b, c, d, e, g]:
            return f.call(a, b, c, d, e, g)
        case [a, b, c, d, e, g, h]:
            return f.call(a, b, c, d, e, g, h)
    a, b, c, d, e, g, h, i = args
    return f.call(a, b, c, d, e, g, h, i)


def _has_missing(args: Sequence[Value]) -> bool:
    for a in args:  # noqa: SIM110 - a generator costs four times as much
        if a is MISSING:
            return True
    return False


def _primitive(f: Primitive, args: Sequence[Value]) -> Value:
    if _has_missing(args):
        return Projection(f, args)
    fn = f.by_rank.get(len(args))
    if fn is None:
        if len(args) < max(f.by_rank, default=0):
            return Projection(f, args)
        fn = f.by_rank.get(-1)  # any number of arguments: enlist
        if fn is None:
            raise rank_error()
    return fn(*args)


def _projection(f: Projection, args: Sequence[Value]) -> Value:
    if len(args) > f.rank:
        raise rank_error()
    given = iter(args)
    full = [next(given, MISSING) if a is MISSING else a for a in f.args]
    full.extend(given)
    return apply(f.fn, full)


def _composition(f: Composition, args: Sequence[Value]) -> Value:
    if len(args) < _least_rank(f.g) or _has_missing(args):
        return Projection(f, args)
    return apply1(f.f, apply(f.g, args))


def _least_rank(f: Value) -> int:
    """The arguments that f needs: a function that an iterator derived may do with one."""
    if isinstance(f, Composition):
        return _least_rank(f.g)
    return 1 if isinstance(f, Derived) and f.iterator not in ("/:", "\\:") else rank_of(f)


def _derived(f: Derived, args: Sequence[Value]) -> Value:
    if _has_missing(args):
        return Projection(f, args)
    from .iterators import derived
    return derived(f, args)


def _foreign(f: Foreign, args: Sequence[Value]) -> Value:
    if len(args) < f.rank or _has_missing(args):
        return Projection(f, args)
    if len(args) > f.rank:
        raise rank_error()
    return f.fn(*args)


def _iterator(f: Iterator, args: Sequence[Value]) -> Value:
    if f.glyph == "'" and len(args) == 2:
        return Projection(f, args) if _has_missing(args) else Composition(args[0], args[1])
    if len(args) != 1:
        raise rank_error()
    return Derived(f.glyph, args[0])


def _null(f: Null, args: Sequence[Value]) -> Value:
    if len(args) > 1:
        raise rank_error()
    return args[0]


def _symbol(f: Symbol, args: Sequence[Value]) -> Value:
    """A symbol applied is the global it names."""
    return apply(context.active.globals.get(f), args)


def _handle(f: int, args: Sequence[Value]) -> Value:
    """A number applied is a file handle: 1 2 -1 -2 write to the console."""
    from .handles import write_handle
    if len(args) != 1:
        raise rank_error()
    if isinstance(args[0], Null):
        raise QError("type")
    return write_handle(f, args[0])


def _language(f: np.bytes_, args: Sequence[Value]) -> Value:
    """`"q"text` and `"k"text` evaluate text; another letter asks `.p.e` and its like for it."""
    letter = text(f)
    if len(args) != 1 or not letter.isalpha() or not (
            is_string(args[0]) or isinstance(args[0], np.bytes_)):
        raise QError("type")
    source = text(args[0])
    value, silent = context.active.run_line(source if letter == "q" else f"{letter}){source}")
    return NULL if silent else value


def _missing(f: Missing, args: Sequence[Value]) -> Value:
    raise QError("type")


_APPLIERS = {
    Lambda: _lambda, Primitive: _primitive, Projection: _projection, Composition: _composition,
    Derived: _derived, Foreign: _foreign, Iterator: _iterator, Null: _null, Symbol: _symbol,
    int: _handle, np.int64: _handle, np.int32: _handle, np.int16: _handle,
    np.bytes_: _language, Missing: _missing,
}
