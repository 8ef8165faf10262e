"""`module`: make, grow and describe modules; and the helpers that write their definitions."""

from __future__ import annotations

from typing import Any

import numpy as np

from kkernel.q import interrupts
from kkernel.q.errors import QError
from kkernel.q.symbols import Symbol, sym, symbols
from kkernel.q.values import List, Table, Value, enlist, items, qtype, string

from .. import kinds, settings
from ..declare import function, simple_items
from ..events import changed
from ..kinds import NO, as_flag, as_long, is_empty, is_general, kname
from ..objects import Handle, consume, find, register
from ..params import Param
from . import rows
from .build import build, depth_pairs, extend
from .definition import text
from .own.callback import SIGNATURES
from .own.family import label
from .result import definition_of

GROUP = "module"
_ = rows  # entering the module types


def module_handle(x: Value) -> Handle | None:
    """The handle of a module pointer, None for anything else."""
    handle = find(x)
    return handle if handle is not None and handle.kind == "module" else None


@function("module", GROUP, "make a module from its definition, grow one, or give its definition",
          Param("x", kinds.VALUE, "definition: symbol, enlisted definition, tree, depth-value "
                "pairs, table or dictionary; or a pointer to a module, model or optimizer"),
          Param("depth", kinds.LONG, "depth at which to add, the open container if not given",
                None),
          Param("more", kinds.VALUE, "definition or module to add, or 1b for all options and 0b "
                "for those not at their default", None),
          raw=True, examples=["m:module seq(`sequential;(`linear;3;2);`relu)", "module m",
                              "module(m;0b)", "module(m;enlist(`linear;2;1))"])
def module(x: Value) -> Value:
    handle = find(x)
    if handle is not None:
        return _described(handle)
    args = simple_items(x)
    first = module_handle(args[0]) if args else None
    if first is None:
        return register("module", build(x))
    if len(args) == 1:
        return _described(first)
    if len(args) == 2 and as_flag(args[1]) is not NO:
        return definition_of(first.obj, as_flag(args[1]))
    _grow(first, args)
    changed(first.obj)
    return None


def _described(handle: Handle) -> Value:
    """The definition of a module; of a model or optimizer a pointer to its module."""
    if handle.kind == "module":
        return definition_of(handle.obj, settings.active.alloptions)
    if handle.kind not in ("model", "optimizer"):
        raise QError(f"module: unrecognized arg(s), {handle.kind}")
    if handle.obj.module is None:
        raise QError("module: no module registered with given optimizer")
    return register("module", handle.obj.module)


@interrupts.held()  # a module that is taken over is freed
def _grow(handle: Handle, args: list[Value]) -> None:
    depth = as_long(args[1]) if len(args) == 3 else None
    if len(args) not in (2, 3) or depth is NO:
        raise QError(f"module: {label(handle.obj)} given as 1st arg, "
                     "but unable to parse remaining arg(s)")
    other = module_handle(args[-1])
    if other is None:
        build(args[-1], handle.obj, depth)
    else:
        extend(handle.obj, other.obj, depth)
        consume(other)


# ------------------------------------------------------------------ writing definitions

@function("seq", "util", "enlist every item after the first: the usual form of a flat network",
          Param("x", kinds.VALUE, "list of definitions, the container first"), raw=True,
          examples=["seq`sequential`relu`tanh", "seq(`sequential;(`linear;3;2);`relu)"])
def seq(x: Value) -> Value:
    if type(x) is Symbol:
        return x
    given = items(x)
    if qtype(x) not in (0, 11):
        raise QError(f"seq: expecting module symbol{'s' if qtype(x) > 0 else ''}, "
                     f"given {kname(x)}, {text(x)}")
    if not given:
        raise QError("seq: empty list" if qtype(x) == 0 else
                     "seq: expecting at least one module symbol, given  empty list")
    return List([given[0], *(_enlisted(item) for item in given[1:])])


def _enlisted(x: Value) -> Value:
    if qtype(x) < 0 and type(x) is not Symbol:
        raise QError(f"scalar expected to be a symbol, given a {kname(x)}")
    return symbols([x]) if type(x) is Symbol else List([x])


@function("dv", "util", "depth-value pairs of a tree of definitions",
          Param("x", kinds.VALUE, "tree: a parent and its children, each a tree"), raw=True,
          examples=["dv seq`a`b`c"])
def dv(x: Value) -> List:
    pairs = List()
    _flatten(x, 0, pairs)
    return pairs


def _flatten(x: Value, depth: int, pairs: List) -> None:
    nested = is_general(x) and len(x) > 0
    head = items(x)[0] if nested else x
    if isinstance(head, np.ndarray) and qtype(head) == 11 and len(head) == 1:
        head = items(head)[0]
    pairs.append(List([depth, head]))
    for item in items(x)[1:] if nested else ():
        _flatten(item, depth + 1, pairs)


@function("tree", "util", "the tree of depth-value pairs",
          Param("x", kinds.VALUE, "(depth;value) or a list of such pairs"), raw=True,
          examples=["tree dv seq`a`b`c"])
def tree(x: Value) -> Value:
    pairs = depth_pairs(x)
    if pairs is None:
        raise QError(f"unable to parse (value;depth): {text(x)}")
    return _nested(pairs)


def _nested(pairs: list[tuple[int, Value]]) -> Value:
    """A node and, below it, one tree for each run of pairs that starts one level deeper."""
    (depth, value), rest = pairs[0], pairs[1:]
    if not rest:
        return enlist(value) if type(value) is Symbol else List([value])
    starts = [i for i, (d, _) in enumerate(rest) if i == 0 or d == depth + 1]
    ends = [*starts[1:], len(rest)]
    return List([value, *(_nested(rest[a:b]) for a, b in zip(starts, ends, strict=True))])


@function("callbacks", GROUP, "table of the forms that a callback to a q function may have",
          Param("x", kinds.VALUE, "empty"), raw=True, examples=["callbacks[]"])
def callbacks(x: Value) -> Table:
    if not is_empty(x):
        raise QError("callbacks: empty arg expected")
    inputs: list[Any] = [symbols(i) if len(i) > 1 else sym(i[0]) for i in SIGNATURES]
    return Table(["fn", "in", "out"],
                 [List([string(f) for f in SIGNATURES.values()]), List(inputs),
                  symbols(["tensor"] * len(inputs))])
