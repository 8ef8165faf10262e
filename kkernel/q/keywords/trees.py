"""Parse trees: parse, eval, reval."""

from __future__ import annotations

from .. import context
from ..errors import Frame, QParseError, type_error
from ..qsql.trees import eval_tree
from ..registry import keyword
from ..values import Value, is_string, text


@keyword("parse")
def parse(x: Value) -> Value:
    """The parse tree of a q expression in a string."""
    from ..compile import Scope, Unit
    from ..qsql.node_trees import statements_tree
    from ..syntax.parse import parse as parse_text

    if not is_string(x):
        raise type_error()
    source = text(x)
    globals_ = context.active.globals
    unit = Unit(source)
    try:
        body = parse_text(source, globals_.words)
        return statements_tree(body, Scope(unit, globals_, globals_.current))
    except QParseError as e:
        e.frames += [unit.frame(e.offset), Frame("", "(.q.parse)", -1)]
        e.offset = -1  # it refers to the string, not to the line that parses it
        raise


@keyword("eval")
def eval_(x: Value) -> Value:
    """The value of a parse tree."""
    return eval_tree(x)


@keyword("reval")
def reval(x: Value) -> Value:
    """As eval, but nothing may be assigned: 'noupdate."""
    variables = context.active.globals
    outer, variables.frozen = variables.frozen, "noupdate"
    try:
        return eval_tree(x)
    finally:
        variables.frozen = outer
