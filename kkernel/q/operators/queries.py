"""`?` and `!` with four to six arguments: select, exec, update and delete as functions."""

from __future__ import annotations

from ..qsql.query import query
from ..registry import operator
from ..values import Value


@operator("?")
def select4(t: Value, c: Value, b: Value, a: Value) -> Value:
    """Select or exec columns a by b from t where c."""
    return query("?", [t, c, b, a])


@operator("?")
def select5(t: Value, c: Value, b: Value, a: Value, n: Value) -> Value:
    """Select at most n rows."""
    return query("?", [t, c, b, a, n])


@operator("?")
def select6(t: Value, c: Value, b: Value, a: Value, n: Value, order: Value) -> Value:
    """Select at most n rows in the order of a grade and a column."""
    return query("?", [t, c, b, a, n, order])


@operator("!")
def update4(t: Value, c: Value, b: Value, a: Value) -> Value:
    """Update columns a, or delete columns or rows."""
    return query("!", [t, c, b, a])
