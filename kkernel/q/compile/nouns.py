"""Names, constants, lists and table literals."""

from __future__ import annotations

from ..errors import QParseError
from ..functions import NULL, Iterator
from ..registry import CONSTANTS, KEYWORDS, OPERATORS
from ..syntax import nodes as N
from ..tables.columns import key_table, table_of
from ..values import List, Value, collapse, record
from .scope import Code, Scope, Slots, Unit, compile_node, compiles, constant, trace


@compiles(N.Const)
def _const(node: N.Const, scope: Scope) -> Code:
    return constant(node.value)


@compiles(N.Name)
def _name(node: N.Name, scope: Scope) -> Code:
    name, unit, pos = node.name, scope.unit, node.pos
    if name in CONSTANTS:
        return constant(CONSTANTS[name])
    if scope.slots is not None and name in scope.slots:
        slot = scope.slots[name]

        def local(frame: Slots) -> Value:
            return frame[slot]
        return local
    if name == ".z.s":
        return _self(scope)
    return _global(name, scope, unit, pos)


def is_plain_global(name: str, scope: Scope) -> bool:
    """Is the name an unqualified variable of the root here?"""
    local = scope.slots is not None and name in scope.slots
    return not (local or scope.space or "." in name or name in CONSTANTS)


def _global(name: str, scope: Scope, unit: Unit, pos: int) -> Code:
    globals_, space = scope.globals, scope.space
    get = globals_.get
    if name[0] == "." or "." in name or space:
        def qualified(frame: Slots) -> Value:
            try:
                return get(name, space)
            except Exception as e:
                raise trace(e, unit, pos) from None
        return qualified
    root = globals_.root

    def plain(frame: Slots) -> Value:
        try:
            return root[name]
        except KeyError:
            try:
                return get(name, "")
            except Exception as e:
                raise trace(e, unit, pos) from None
    return plain


def _self(scope: Scope) -> Code:
    unit = scope.unit

    def self_(frame: Slots) -> Value:
        return unit.fn if unit.fn is not None else NULL
    return self_


_K_FORMS = {",:": "enlist", "%:": "reciprocal"}  # of keywords that q does not show as glyphs


def primitive(name: str, pos: int) -> Value:
    """The value of an operator, keyword or k form such as `#:`."""
    found = KEYWORDS.get(name) or OPERATORS.get(name)
    if found is not None:
        return found
    if name.endswith(":") and len(name) > 1:
        if name in _K_FORMS:
            return KEYWORDS[_K_FORMS[name]]
        for word in KEYWORDS.values():
            if word.glyph == name and word.glyph != word.name:
                return word
        if name[:-1] in OPERATORS:
            return OPERATORS[name[:-1]]
    raise QParseError(name, pos)


def unary_form(name: str) -> str:
    """The keyword for an operator that is given one argument: `(+)x` is `flip x`."""
    if name not in OPERATORS:
        return name
    words = [w.name for w in KEYWORDS.values() if w.glyph == f"{name}:" and w.fn1 is not None]
    return words[0] if words else name


@compiles(N.Verb)
def _verb(node: N.Verb, scope: Scope) -> Code:
    return constant(primitive(node.name, node.pos))


@compiles(N.IteratorNode)
def _iterator(node: N.IteratorNode, scope: Scope) -> Code:
    return constant(Iterator(node.glyph))


@compiles(N.ListNode)
def _list(node: N.ListNode, scope: Scope) -> Code:
    if any(n is None for n in node.items):
        return compile_node(N.Apply(node.pos, N.Verb(node.pos, "enlist"), node.items), scope)
    codes = [compile_node(n, scope) for n in reversed(node.items) if n is not None]
    if all(isinstance(n, N.Const) for n in node.items):
        return constant(collapse([c([]) for c in codes][::-1]))

    def make(frame: Slots) -> Value:
        values = [c(frame) for c in codes]
        values.reverse()
        if type(values[0]) is List:  # as of pointers: general, whatever else is in it
            return List(values)
        return collapse(values)
    return make


@compiles(N.TableNode)
def _table(node: N.TableNode, scope: Scope) -> Code:
    columns = [*node.keys, *node.columns]
    names = column_names(columns)
    codes = [compile_node(n, scope) for _, n in columns]
    keys, unit, pos = len(node.keys), scope.unit, node.pos

    def make(frame: Slots) -> Value:
        values = [c(frame) for c in reversed(codes)]
        values.reverse()
        try:
            if keys == len(columns) and keys:
                return record(names, values)
            table = table_of(names, values)
            return key_table(keys, table) if keys else table
        except Exception as e:
            raise trace(e, unit, pos) from None
    return make


def column_names(columns: list[tuple[str | None, N.Node]]) -> list[str]:
    """Names of the columns of a table literal; an unnamed one takes the last name in it."""
    names: list[str] = []
    for given, node in columns:
        name = given or _last_name(node) or "x"
        stem, n = name, 1
        while name in names:
            name, n = f"{stem}{n}", n + 1
        names.append(name)
    return names


def _last_name(node: N.Node | None) -> str:
    if isinstance(node, N.Name):
        return node.name.rsplit(".", 1)[-1]
    if isinstance(node, N.Assign):
        return node.name
    if isinstance(node, N.Infix):
        return _last_name(node.right) or _last_name(node.left)
    if isinstance(node, N.Apply) and len(node.args) == 1:
        return _last_name(node.args[0])
    if isinstance(node, N.ListNode) and node.items:
        return _last_name(node.items[-1])
    return ""
