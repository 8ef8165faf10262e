"""What a module is made of as a q value: its definition, or with parameters its state."""

from __future__ import annotations

from typing import Any

from torch import nn

from kkernel.q.symbols import sym, symbols
from kkernel.q.values import Dict, List, Table, vector

from ..convert import dict_to_q
from .build import is_container, own_name
from .types import need_type

DEFINITION = ("depth", "module", "name", "options")
STATE = (*DEFINITION, "parms", "buffers")


def definition_of(module: nn.Module, all: bool, state: bool = False) -> Dict | Table:
    """A dictionary for a module without children, else a table with a row for each module.

    `all` shows every option, not only those that are not at their default.
    """
    columns = STATE if state else DEFINITION
    if not is_container(module) and not module._modules:
        row = _row(module, 0, own_name(module) or "", all, state)
        return Dict(symbols(columns), List(row))
    rows = _rows(module, 0, own_name(module) or "", all, state)
    depth, kind, name, *rest = zip(*rows, strict=True)
    return Table(columns, [vector(7, list(depth)), symbols(kind), symbols(name),
                           *(List(column) for column in rest)])


def _rows(module: nn.Module, depth: int, name: str, all: bool, state: bool) -> list[list[Any]]:
    rows = [_row(module, depth, name, all, state)]
    for key, child in module.named_children():
        rows += _rows(child, depth + 1, key, all, state)
    return rows


def _row(module: nn.Module, depth: int, name: str, all: bool, state: bool) -> list[Any]:
    kind = need_type(module)
    row = [depth, sym(kind.name), sym(name), kind.shown(module, all, state)]
    if state:
        row += [dict_to_q(dict(module.named_parameters(recurse=False))),
                dict_to_q(dict(module.named_buffers(recurse=False)))]
    return row
