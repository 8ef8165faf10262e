"""Pattern matching: `(a;b):v`, patterns as parameters, `:[v;pattern;result;..]`.

A match first goes through the whole value and notes what to assign, so that one that fails
changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..apply import apply1
from ..errors import QError
from ..functions import NULL
from ..lists.assign import assign_indexed
from ..operators.match import match
from ..symbols import sym
from ..syntax import nodes as N
from ..syntax import patterns as P
from ..tables.columns import unkey
from ..types import BY_CHAR
from ..values import Dict, Table, Value, at, collapse, count, hashable, items, qtype
from .assignment import Write, variable
from .scope import Code, Scope, Slots, Unit, compile_node, compiles, constant, null_code, trace

Found = list[tuple[Write, Value]]  # what to assign once all has matched
Matcher = Callable[[Slots, Value, Found], Value]  # gives the value as filters leave it


class Mismatch(QError):
    """The value does not fit the pattern."""


@compiles(P.Match)
def _match(node: P.Match, scope: Scope) -> Code:
    value, matcher = compile_node(node.expr, scope), _matcher(node.pattern, scope)

    def assign(frame: Slots) -> Value:
        found: Found = []
        result = matcher(frame, value(frame), found)
        _assign_all(found, frame)
        return result
    return assign


def _assign_all(found: Found, frame: Slots) -> None:
    for write, value in found:
        write(frame, value)


@compiles(P.MatchCond)
def _match_cond(node: P.MatchCond, scope: Scope) -> Code:
    value = compile_node(node.value, scope)
    cases = [(_matcher(p, scope), null_code if r is None else compile_node(r, scope))
             for p, r in zip(node.patterns, node.results, strict=True)]
    otherwise = null_code if node.otherwise is None else compile_node(node.otherwise, scope)

    def choose(frame: Slots) -> Value:
        x = value(frame)
        for matcher, result in cases:
            found: Found = []
            try:
                matcher(frame, x, found)
            except Mismatch:
                continue
            _assign_all(found, frame)
            return result(frame)
        return otherwise(frame)
    return choose


# ---------------------------------------------------------------- patterns

_MATCHERS: dict[type, Callable[[Any, Scope], Matcher]] = {}


def _matches(node_type: type) -> Callable[[Any], Any]:
    def declare(fn: Any) -> Any:
        _MATCHERS[node_type] = fn
        return fn
    return declare


def _matcher(pattern: N.Node, scope: Scope) -> Matcher:
    return _MATCHERS[type(pattern)](pattern, scope)


def _fail(message: str, unit: Unit, pos: int) -> QError:
    return trace(Mismatch(message), unit, pos)


@_matches(P.Anything)
def _anything(pattern: P.Anything, scope: Scope) -> Matcher:
    return lambda frame, x, found: x


@_matches(P.Literal)
def _literal(pattern: P.Literal, scope: Scope) -> Matcher:
    def take(frame: Slots, x: Value, found: Found) -> Value:
        if not match(pattern.value, x):
            raise _fail("match", scope.unit, pattern.pos)
        return x
    return take


@_matches(N.Assign)
def _name(pattern: N.Assign, scope: Scope) -> Matcher:
    read, write = variable(pattern, scope)
    if pattern.indices is None:
        def take(frame: Slots, x: Value, found: Found) -> Value:
            found.append((write, x))
            return x
        return take
    return _indexed(pattern, scope, read, write)


def _indexed(pattern: N.Assign, scope: Scope, read: Code, write: Write) -> Matcher:
    """`a[i]` as a pattern: the index is a value."""
    codes = [constant(NULL) if i is None else compile_node(i, scope)
             for i in pattern.indices or []]

    def write_at(frame: Slots, x: Value) -> None:
        path = [code(frame) for code in codes]
        try:
            write(frame, assign_indexed(read(frame), path, None, x), path)
        except Exception as e:
            raise trace(e, scope.unit, pattern.pos) from None

    def take(frame: Slots, x: Value, found: Found) -> Value:
        found.append((write_at, x))
        return x
    return take


@_matches(P.Items)
def _items(pattern: P.Items, scope: Scope) -> Matcher:
    matchers = [_matcher(p, scope) for p in pattern.items]

    def take(frame: Slots, x: Value, found: Found) -> Value:
        if qtype(x) < 0 or qtype(x) > 99 or count(x) != len(matchers):
            raise _fail("length", scope.unit, pattern.pos)
        before = items(x)
        after = [m(frame, item, found) for m, item in zip(matchers, before, strict=True)]
        return _rebuilt(x, before, after)
    return take


def _rebuilt(x: Value, before: list[Value], after: list[Value]) -> Value:
    """x, or what the filters made of its items."""
    if all(a is b for a, b in zip(before, after, strict=True)):
        return x
    new = collapse(after)
    return x.with_values(new) if isinstance(x, Dict) else new


@_matches(P.Lookup)
def _lookup(pattern: P.Lookup, scope: Scope) -> Matcher:
    keys = compile_node(pattern.keys, scope)
    values = pattern.values.items if isinstance(pattern.values, P.Items) else []
    matcher, unit = _matcher(pattern.values, scope), scope.unit

    def take(frame: Slots, x: Value, found: Found) -> Value:
        x = _dictionary(x, unit, pattern.pos)
        wanted = items(keys(frame))
        places = [p.pos for p in values] if len(values) == len(wanted) else [
            pattern.values.pos] * len(wanted)
        where = [_place(x, k, unit, pos) for k, pos in zip(wanted, places, strict=True)]
        before = [at(x.values, i) for i in where]
        return _with_items(x, where, before, items(matcher(frame, collapse(before), found)))
    return take


def _dictionary(x: Value, unit: Unit, pos: int) -> Dict:
    if not isinstance(x, Dict):
        raise _fail("type", unit, pos)
    return x


def _place(x: Dict, key: Value, unit: Unit, pos: int) -> int:
    """Position of a key that has to be there."""
    where = x.positions.get(hashable(key))
    if where is None or not match(at(x.keys, where), key):
        raise _fail("match", unit, pos)
    return where


def _with_items(x: Dict, where: list[int], before: list[Value], after: list[Value]) -> Dict:
    if all(match(a, b) for a, b in zip(before, after, strict=True)):
        return x
    values = list(items(x.values))
    for i, value in zip(where, after, strict=True):
        values[i] = value
    return x.with_values(collapse(values))


@_matches(P.Parts)
def _parts(pattern: P.Parts, scope: Scope) -> Matcher:
    of_keys, of_values = _matcher(pattern.keys, scope), _matcher(pattern.values, scope)

    def take(frame: Slots, x: Value, found: Found) -> Value:
        x = _dictionary(x, scope.unit, pattern.pos)
        keys, values = of_keys(frame, x.keys, found), of_values(frame, x.values, found)
        return x if keys is x.keys and values is x.values else Dict(keys, values)
    return take


@_matches(P.Flipped)
def _flipped(pattern: P.Flipped, scope: Scope) -> Matcher:
    matcher = _matcher(pattern.inner, scope)
    flip = N.Verb(pattern.pos, "flip")
    code = compile_node(flip, scope)

    def take(frame: Slots, x: Value, found: Found) -> Value:
        if not isinstance(x, Table):
            raise _fail("type", scope.unit, pattern.pos)
        columns = apply1(code(frame), x)
        after = matcher(frame, columns, found)
        return x if after is columns else apply1(code(frame), after)
    return take


@_matches(P.Columns)
def _columns(pattern: P.Columns, scope: Scope) -> Matcher:
    """`([a:p])` of a dictionary, `([]c:p)` of a table, `([k:p]c:q)` of a keyed one."""
    keys = [(n, p.pos, _matcher(p, scope)) for n, p in pattern.keys]
    columns = [(n, p.pos, _matcher(p, scope)) for n, p in pattern.columns]
    unit = scope.unit

    def entries(frame: Slots, x: Value, found: Found) -> Value:
        x = _dictionary(x, unit, pattern.pos)
        where = [_place(x, sym(n), unit, pos) for n, pos, _ in keys]
        before = [at(x.values, i) for i in where]
        after = [m(frame, v, found) for (_, _, m), v in zip(keys, before, strict=True)]
        return _with_items(x, where, before, after)

    def rows(frame: Slots, x: Value, found: Found) -> Value:
        if not isinstance(x, Table) and not (isinstance(x, Dict) and x.keyed_table):
            raise _fail("type", unit, pattern.pos)
        if not keys:
            return _of_table(columns, unit, frame, unkey(x), found)
        if isinstance(x, Table):
            raise _fail("type", unit, pattern.pos)
        left = _of_table(keys, unit, frame, x.keys, found)
        right = _of_table(columns, unit, frame, x.values, found)
        return x if left is x.keys and right is x.values else Dict(left, right)
    return rows if columns else entries


def _of_table(columns: list[tuple[str, int, Matcher]], unit: Unit, frame: Slots, t: Table,
              found: Found) -> Table:
    data = list(t.data)
    for name, pos, matcher in columns:
        if name not in t.columns:
            raise _fail("match", unit, pos)
        i = t.columns.index(name)
        data[i] = matcher(frame, data[i], found)
    same = all(a is b for a, b in zip(data, t.data, strict=True))
    return t if same else Table(t.columns, data)


@_matches(P.Typed)
def _typed(pattern: P.Typed, scope: Scope) -> Matcher:
    matcher = _matcher(pattern.inner, scope)
    known = BY_CHAR.get(pattern.letter.lower())
    code = known.code if known is not None else None
    wanted = -code if code and pattern.letter.islower() else code

    def take(frame: Slots, x: Value, found: Found) -> Value:
        if qtype(x) != wanted:
            raise _fail("type", scope.unit, pattern.pos)
        return matcher(frame, x, found)
    return take


@_matches(P.Filtered)
def _filtered(pattern: P.Filtered, scope: Scope) -> Matcher:
    matcher, function = _matcher(pattern.inner, scope), compile_node(pattern.function, scope)

    def take(frame: Slots, x: Value, found: Found) -> Value:
        f = function(frame)
        try:
            new = apply1(f, x)
        except Exception as e:
            raise trace(e, scope.unit, pattern.pos) from None
        return matcher(frame, new, found)
    return take
