"""Derived functions: what the iterators ' / \\ ': /: \\: make of a value, applied."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .accumulators import over, scan
from .functions import Derived, Primitive, Projection, rank_of
from .maps import each_items, each_left, each_prior, each_right
from .values import Value, qtype

_RANK_OF_VALUE = ("'", "/", "\\")  # what these derive has the rank of the value they are given


def derived(f: Derived, args: Sequence[Value]) -> Value:
    """Apply a derived function to its arguments; some of those it needs project it."""
    if 2 <= len(args) < rank_of(f.fn) and f.iterator in _RANK_OF_VALUE \
            and not (isinstance(f.fn, Primitive) and len(args) in f.fn.by_rank):
        return Projection(f, args)
    if len(args) == 1 and f.iterator in ("/:", "\\:") and qtype(f.fn) >= 100:
        return Projection(f, args)
    return _DERIVED[f.iterator](f.fn, args)


_DERIVED: dict[str, Callable[[Value, Sequence[Value]], Value]] = {
    "'": each_items, "/": over, "\\": scan, "':": each_prior, "/:": each_right, "\\:": each_left,
}
