"""Entries of a state, which is a dictionary or a row of a table, each of the type it must have."""

from __future__ import annotations

from typing import Any

from kkernel.q.errors import QError
from kkernel.q.symbols import Symbol
from kkernel.q.values import Dict, Table, Value

from .kinds import NO, as_long, kname


def long_entry(state: Dict, name: str) -> int:
    """A long; signals one that is missing."""
    return _checked(state, name, "long", as_long(_needed(state, name)))  # type: ignore[no-any-return]


def symbol_entry(state: Dict, name: str, needed: bool = True) -> str:
    """A symbol; one that is missing is signalled if needed, else the null symbol."""
    value = _needed(state, name) if needed else state.get(name)
    if value is None:
        return ""
    return str(_checked(state, name, "symbol", value if type(value) is Symbol else NO))


def dictionary_entry(state: Dict, name: str) -> Dict | None:
    """A dictionary, None if it is missing."""
    value = state.get(name)
    if value is None:
        return None
    return _checked(state, name, "dictionary",  # type: ignore[no-any-return]
                    value if isinstance(value, Dict) else NO)


def table_entry(state: Dict, name: str) -> Table:
    """A table; signals one that is missing."""
    value = _needed(state, name)
    return _checked(state, name, "table",  # type: ignore[no-any-return]
                    value if isinstance(value, Table) else NO)


def _needed(state: Dict, name: str) -> Value:
    value = state.get(name)
    if value is None:
        raise QError(f"unable to find state attribute: {name}")
    return value


def _checked(state: Dict, name: str, word: str, value: Any) -> Any:
    if value is NO:
        raise QError(f"{name}: expected {word}, given {kname(state.get(name))}")
    return value
