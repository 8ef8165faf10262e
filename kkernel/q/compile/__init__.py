"""Nodes to closures.

Every expression becomes one Python function of the frame (a list of local slots).  q has no
lexical closure, so a name is a frame slot or a global and is resolved here, once.  Each closure
knows its position; when something below it fails, `trace` adds the frame to the error.

``scope`` holds what all parts share; the other files register one function per type of node.
"""

from __future__ import annotations

from . import application, assignment, control, lambdas, matching, nouns
from .lambdas import make_lambda
from .nouns import column_names, primitive, unary_form
from .scope import (
    Code,
    Returned,
    Scope,
    Slots,
    Unit,
    compile_node,
    compile_statements,
    q_error,
    trace,
)

__all__ = [
    "Code", "Returned", "Scope", "Slots", "Unit", "application", "assignment",
    "column_names", "compile_node", "compile_statements", "control", "lambdas", "make_lambda",
    "matching", "nouns", "primitive", "q_error", "trace", "unary_form",
]
