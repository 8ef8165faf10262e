"""Nodes of the parser as q parse trees: what `parse` returns and qSQL templates evaluate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..compile import Scope, column_names, make_lambda, primitive, unary_form
from ..errors import QParseError
from ..functions import MISSING, NULL, Iterator, Primitive
from ..registry import CONSTANTS, KEYWORDS, OPERATORS
from ..symbols import Symbol, sym, symbols
from ..syntax import nodes as N
from ..syntax.patterns import Match, MatchCond
from ..tables.columns import flip_dict
from ..values import Dict, List, Value, char, collapse, enlist, is_vector
from .trees import assign_through


def to_tree(node: N.Node | None, scope: Scope) -> Value:
    """The parse tree of a node; `scope` is where its lambdas are compiled."""
    return MISSING if node is None else _BUILDERS[type(node)](node, scope)


def statements_tree(body: Sequence[N.Node | None], scope: Scope) -> Value:
    """The tree of one line: several statements are applied to by a semicolon."""
    trees = [NULL if n is None else to_tree(n, scope) for n in body]
    return trees[0] if len(trees) == 1 else List([char(";"), *trees])


def tree_list(parts: Sequence[Value]) -> Value:
    """A function and its arguments; only symbols collapse, to a symbol vector."""
    if all(isinstance(p, Symbol) for p in parts):
        return collapse(list(parts))
    return List(parts)


def quoted(value: Value) -> Value:
    """A constant: symbols and lists are enlisted, so that they do not count as code."""
    if isinstance(value, Symbol) or (is_vector(value) and value.dtype.char == "I" and len(value)
                                     ) or (isinstance(value, List) and value):
        return enlist(value) if isinstance(value, Symbol) else List([value])
    return value


# ---------------------------------------------------------------- builders

def _const(node: N.Const, scope: Scope) -> Value:
    return quoted(node.value)


def _name(node: N.Name, scope: Scope) -> Value:
    known = CONSTANTS.get(node.name)
    return sym(node.name) if known is None else quoted(known)


def _verb(node: N.Verb, scope: Scope) -> Value:
    return primitive(node.name, node.pos)


def _iterator(node: N.IteratorNode, scope: Scope) -> Value:
    return Iterator(node.glyph)


def _list(node: N.ListNode, scope: Scope) -> Value:
    return List([KEYWORDS["enlist"], *[to_tree(n, scope) for n in node.items]])


_FLIP = Primitive("flip", glyph="+:")  # as flip, but atoms alone make a table of one row
_FLIP.add(1, flip_dict)


def _table(node: N.TableNode, scope: Scope) -> Value:
    columns = [*node.keys, *node.columns]
    names = column_names(columns)
    trees = [to_tree(n, scope) for _, n in columns]
    keys = len(node.keys)
    rest = _columns(names[keys:], trees[keys:])
    return rest if not keys else List([OPERATORS["!"], _columns(names[:keys], trees[:keys]), rest])


def _columns(names: Sequence[str], trees: Sequence[Value]) -> Value:
    values = List([KEYWORDS["enlist"], *trees])
    return List([_FLIP, List([OPERATORS["!"], quoted(symbols(names)), values])])


def _lambda(node: N.LambdaNode, scope: Scope) -> Value:
    return make_lambda(node, scope)


def _apply(node: N.Apply, scope: Scope) -> Value:
    if isinstance(node.fn, N.Verb) and not node.bracketed:
        node = N.Apply(node.pos, N.Verb(node.pos, unary_form(node.fn.name)), node.args)
    args = [NULL if a is None and len(node.args) == 1 else to_tree(a, scope) for a in node.args]
    return tree_list([to_tree(node.fn, scope), *args])


def _infix(node: N.Infix, scope: Scope) -> Value:
    return tree_list([to_tree(n, scope) for n in (node.fn, node.left, node.right)])


def _partial(node: N.Partial, scope: Scope) -> Value:
    fn = to_tree(node.fn, scope)
    plain = isinstance(fn, Primitive) and fn.fn1 is None
    return List([fn, to_tree(node.left, scope), *([] if plain else [MISSING])])


def _train(node: N.Train, scope: Scope) -> Value:
    return List([Iterator("'"), to_tree(node.fn, scope), to_tree(node.inner, scope)])


def _derived(node: N.DerivedNode, scope: Scope) -> Value:
    return List([Iterator(node.iterator), to_tree(node.fn, scope)])


def _assign(node: N.Assign, scope: Scope) -> Value:
    head: Value = NULL if node.scope == "::" else OPERATORS[":"]
    if node.op is not None:
        head = assign_through(node.op.name) if isinstance(node.op, N.Verb) else head
    target: Value = sym(node.name)
    if node.indices is not None:
        target = tree_list([target, *[NULL if i is None else to_tree(i, scope)
                                      for i in node.indices]])
    return List([head, target, to_tree(node.expr, scope)])


def _match(node: Match, scope: Scope) -> Value:
    return List([OPERATORS[":"], to_tree(node.written[0], scope), to_tree(node.expr, scope)])


def _match_cond(node: MatchCond, scope: Scope) -> Value:
    return List([OPERATORS[":"], *[NULL if n is None else to_tree(n, scope)
                                   for n in node.written]])


def _return(node: N.Return, scope: Scope) -> Value:
    return List([OPERATORS[":"], to_tree(node.expr, scope)])


def _signal(node: N.Signal, scope: Scope) -> Value:
    return List([char("'"), to_tree(node.expr, scope)])


def _cond(node: N.Cond, scope: Scope) -> Value:
    branches = [NULL if b is None else to_tree(b, scope) for b in node.branches]
    return List([OPERATORS["$"], *branches])


def _control(node: N.Control, scope: Scope) -> Value:
    body = [NULL if b is None else to_tree(b, scope) for b in node.body]
    return tree_list([sym(node.word), to_tree(node.test, scope), *body])


def _block(node: N.Block, scope: Scope) -> Value:
    return statements_tree(node.body, scope)


def _select(node: N.Select, scope: Scope) -> Value:
    from .templates import template_tree

    return template_tree(node, scope)


_BUILDERS: dict[type, Callable[[Any, Scope], Value]] = {
    N.Const: _const, N.Name: _name, N.Verb: _verb, N.IteratorNode: _iterator, N.ListNode: _list,
    N.TableNode: _table, N.LambdaNode: _lambda, N.Apply: _apply, N.Infix: _infix,
    N.Partial: _partial, N.Train: _train, N.DerivedNode: _derived, N.Assign: _assign, Match: _match,
    MatchCond: _match_cond,
    N.Return: _return, N.Signal: _signal, N.Cond: _cond, N.Control: _control, N.Block: _block,
    N.Select: _select,
}


# ---------------------------------------------------------------- phrases

def phrase_tree(node: N.Node, scope: Scope) -> Value:
    """The tree of a subphrase.  `$[..]` cannot stand in a template: 'rank."""
    found = _find_cond(node)
    if found is not None:
        raise QParseError("rank", found.pos)
    return to_tree(node, scope)


def _find_cond(node: Any) -> N.Cond | None:
    todo = [node]
    while todo:
        one = todo.pop()
        if isinstance(one, N.Cond):
            return one
        if isinstance(one, N.Node) and not isinstance(one, N.LambdaNode):
            for slot in type(one).__slots__:
                value = getattr(one, slot)
                todo.extend(value if isinstance(value, list) else [value])
        elif isinstance(one, tuple):
            todo.extend(one)
    return None


def dictionary_of(names: Sequence[str], trees: Sequence[Value]) -> Dict:
    """Names to trees; trees that all are symbols make a symbol vector."""
    return Dict(symbols(names), tree_list(trees))
