"""One module definition: its type, its name and its options, in every form that q can give it.

A symbol, symbols (type and name), a list (type; name; options..), or a dictionary with the keys
of a state.  Trees and tables of definitions are read in build.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import nn

from kkernel.q.errors import QError
from kkernel.q.symbols import Symbol
from kkernel.q.values import Dict, List, Value, items

from ..entries import dictionary_entry, symbol_entry
from ..kinds import is_empty
from .types import ModuleType, find_type


@dataclass(frozen=True)
class Definition:
    """A module type, a name (None for none), options as q gave them, and items before those."""

    kind: ModuleType
    name: str | None
    args: list[Value]
    before: int = 0
    source: Value = None

    def create(self) -> nn.Module:
        """The module, new."""
        if self.args and self.kind.bare and not (len(self.args) == 1 and _nothing(self.args[0])):
            raise QError(f"{self.kind.name}: no arguments expected, {text(self.source)}")
        return self.kind.create(self.args, self.before, self.name)


def _nothing(x: Value) -> bool:
    """An argument that gives no option."""
    return is_empty(x) or (isinstance(x, Dict) and not len(x))


def read_definition(x: Value) -> Definition:
    """The definition that x spells; signals anything else."""
    kind, name = type_and_name(x)
    row = find_type(kind)
    if type(x) is Symbol:
        return Definition(row, None, [], 1, x)
    before = 1 if name is None else 2
    return Definition(row, name, items(x)[before:], before, x)


def type_and_name(x: Value) -> tuple[str, str | None]:
    """The leading symbols of a definition."""
    if type(x) is Symbol:
        return x, None
    if isinstance(x, np.ndarray) and x.ndim == 1 and x.dtype == np.dtype("u4"):
        if not len(x):
            raise QError("module: empty symbol list")
        found = items(x)
        return found[0], found[1] if len(found) > 1 else None
    if type(x) is not List:
        raise QError(f"module: unrecognized arg(s), {text(x)}")
    if not x:
        raise QError("module: empty list")
    if type(x[0]) is not Symbol:
        raise QError(f"module: no symbol found, {text(x)}")
    return x[0], x[1] if len(x) > 1 and type(x[1]) is Symbol else None


def read_entry(entry: Dict) -> Definition:
    """A definition from a dictionary (module; name; options)."""
    kind, name = symbol_entry(entry, "module"), symbol_entry(entry, "name", needed=False)
    options = dictionary_entry(entry, "options")
    return Definition(find_type(kind), name or None, [] if options is None else [options], 0,
                      options)


def text(x: Value) -> str:
    """A q value on one line, for messages."""
    from kkernel.q.text.show import line

    return line(x)
