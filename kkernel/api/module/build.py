"""Modules from definitions: trees, depth-value pairs, tables; and growing a module by them.

A stack holds the chain of open containers, from the root to the one that was added last.  A
definition at depth d goes to the container at depth d-1; the deeper ones are closed.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from kkernel.q.errors import QError
from kkernel.q.values import Dict, Table, Value, at, items, qtype

from ..entries import long_entry, symbol_entry
from ..kinds import is_general
from .definition import Definition, read_definition, read_entry, text
from .own.family import adopt, label, number
from .own.sequence import is_sequential
from .restore import restore, restore_part
from .types import type_name, type_of

Stack = list[nn.Module]
_NOT_ERASED = {
    "sequential": "forward method uses template",
    "moduledict": "no forward method defined", "modulelist": "no forward method defined",
    "parmdict": "no forward method defined"}


# ------------------------------------------------------------------ names

def own_name(module: nn.Module) -> str | None:
    """The name that a module was given in its definition."""
    return getattr(module, "k_name", None)


def set_name(module: nn.Module, name: str | None) -> None:
    module.__dict__["k_name"] = name or None


# ------------------------------------------------------------------ the stack

def is_container(module: nn.Module) -> bool:
    row = type_of(module)
    return row is not None and row.container


def open_stack(module: nn.Module | None) -> Stack:
    """The chain of containers that were added last, or the module alone."""
    if module is None:
        return []
    if not is_container(module):
        return [module]
    stack: Stack = []
    _open(module, 0, stack)
    return stack


def _open(module: nn.Module, depth: int, stack: Stack) -> None:
    del stack[depth:]
    if is_container(module):
        stack.append(module)
        for child in module.children():
            _open(child, depth + 1, stack)


def _close_to(stack: Stack, depth: int, kind: str) -> None:
    """Close containers until the one at depth-1 is on top."""
    least = 1 if stack else 0
    if depth < least:
        raise QError(f"{kind}: depth {depth} below min depth of {least}")
    if depth > len(stack):
        raise QError(f"{kind}: depth {depth} above max depth of {len(stack)}")
    del stack[depth:]


def _enter(stack: Stack, module: nn.Module) -> None:
    """Add a module to the container on top, and open it if it is one itself."""
    if stack:
        add_child(stack[-1], module)
    if not stack or is_container(module):
        stack.append(module)


# ------------------------------------------------------------------ children

def add_child(parent: nn.Module, child: nn.Module) -> None:
    """Add a child by the rules of its parent's type."""
    name = own_name(child) or ""
    add = getattr(parent, "add", None)
    if add is not None and is_container(parent):
        _check_branch(parent, child)
        add(child, name)
    elif is_sequential(parent):
        _check_erased(child)
        adopt(parent, name or number(parent), child)
    elif isinstance(parent, nn.ModuleList):
        adopt(parent, number(parent), child)
    elif isinstance(parent, nn.ModuleDict):
        name = name or number(parent)
        if name not in parent._modules:  # one of the same name is replaced
            adopt(parent, name, child)
        parent._modules[name] = child
    else:
        raise QError(f"unable to add a {label(child)} module as a child of a "
                     f"{label(parent)} module")


def _check_branch(parent: nn.Module, child: nn.Module) -> None:
    """Branches may be sequentials; blocks of lists and callbacks may be anything."""
    if type_name(parent) in ("fork", "residual", "seqjoin", "transform") \
            and not is_sequential(child):
        _check_erased(child)


def _check_erased(child: nn.Module) -> None:
    """C++ holds children of a sequential by their forward, which some have not."""
    kind = type_name(child)
    reason = _NOT_ERASED.get(kind)
    if reason:
        raise QError(f"{kind}: unable to create type-erased module, {reason}")


# ------------------------------------------------------------------ definitions

def push(stack: Stack, depth: int, definition: Definition) -> nn.Module:
    """Make the module of a definition and put it at a depth."""
    _close_to(stack, depth, definition.kind.name)
    module = definition.create()
    set_name(module, definition.name)
    _enter(stack, module)
    return module


def grow_tree(x: Value, depth: int, stack: Stack) -> None:
    """A tree: the first item is the parent, the others are trees below it."""
    nested = is_general(x)
    push(stack, depth, read_definition(items(x)[0] if nested and len(x) else x))
    if nested:
        for item in items(x)[1:]:
            grow_tree(item, depth + 1, stack)


def depth_pairs(x: Value) -> list[tuple[int, Value]] | None:
    """The depth-value pairs that x is, one or a list of them; None for anything else."""
    if not is_general(x):
        return None
    pair = _depth_pair(x)
    if pair is not None:
        return [pair]
    pairs = [_depth_pair(item) if is_general(item) else None for item in items(x)]
    return pairs if pairs and all(pairs) else None  # type: ignore[return-value]


def _depth_pair(x: Value) -> tuple[int, Value] | None:
    if len(x) != 2 or qtype(at(x, 0)) != -7:
        return None
    return int(at(x, 0)), at(x, 1)


def grow_pairs(pairs: list[tuple[int, Value]], stack: Stack) -> None:
    for depth, value in pairs:
        push(stack, depth, read_definition(value))


def is_state(x: Value) -> bool:
    """A table or dictionary of definitions."""
    return isinstance(x, Table) or (isinstance(x, Dict) and qtype(x.keys) == 11)


def grow_table(x: Table | Dict, stack: Stack) -> None:
    """Rows of depth, module, name, options and, in a state, parms and buffers.

    Rows below a module that makes its own children describe those: they are compared, and their
    parameters and buffers are set.
    """
    position = 0
    for row in _rows(x):
        depth, kind = long_entry(row, "depth"), symbol_entry(row, "module")
        composite = _composite(stack)
        if composite is not None and depth > (len(stack) if is_container(stack[-1]) else 0):
            restore_part(composite, position, kind, symbol_entry(row, "name", False), row)
            position += 1
            continue
        restore(push(stack, depth, read_entry(row)), row)
        position = 0


def _rows(x: Table | Dict) -> Iterator[Dict]:
    if isinstance(x, Dict):
        yield x
    else:
        for i in range(len(x)):
            yield at(x, i)


def _composite(stack: Stack) -> nn.Module | None:
    """The last module added, if it has children that it made itself."""
    if not stack:
        return None
    top = stack[-1]
    if not is_container(top):
        return top if top._modules else None
    last = next(reversed(list(top.children())), None)
    return last if last is not None and last._modules else None


# ------------------------------------------------------------------ whole modules

def build(x: Value, module: nn.Module | None = None, depth: int | None = None) -> nn.Module:
    """The module that x defines, or `module` grown by it (from a depth, or where it is open)."""
    stack = open_stack(module)
    pairs = depth_pairs(x) if depth is None else None
    if depth is not None:
        push(stack, depth or len(stack), read_definition(x))
    elif is_state(x):
        grow_table(x, stack)
    elif pairs is not None:
        grow_pairs(pairs, stack)
    else:
        grow_tree(x, len(stack), stack)
    if not stack:
        raise QError(f"module: unrecognized arg(s), {text(x)}")
    return stack[0]


def extend(module: nn.Module, other: nn.Module, depth: int | None = None) -> None:
    """Add an existing module, to the open container or at a depth."""
    stack = open_stack(module)
    if depth:
        _close_to(stack, depth, type_name(other))
    _enter(stack, other)
