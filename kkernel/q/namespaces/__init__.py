"""The namespaces that q comes with: .Q .z .j .h, one file per topic."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ..functions import Foreign
from ..registry import KEYWORDS

if TYPE_CHECKING:
    from ..interpreter import Interpreter

# module -> namespace its FUNCTIONS (name -> (rank, fn)) and VALUES (name -> value) belong to
MODULES = {
    "dotq_text": ".Q", "dotq_tables": ".Q", "dotq_codes": ".Q", "dotq_session": ".Q",
    "dotj": ".j",
    "doth_markup": ".h", "doth_http": ".h", "doth_data": ".h",
}

# keywords that q has as reserved words rather than as entries of .q
NATIVE = frozenset([
    "abs", "acos", "asin", "atan", "avg", "bin", "binr", "cor", "cos", "cov", "dev", "div",
    "enlist", "exit", "exp", "getenv", "hopen", "in", "insert", "last", "like", "log", "max",
    "min", "prd", "setenv", "sin", "sqrt", "ss", "sum", "tan", "var", "wavg", "within", "wsum",
    "xexp",
])


def install(q: Interpreter) -> None:
    """Define the functions of every namespace, and the `.z` names that are read anew each time."""
    for word, primitive in KEYWORDS.items():
        if word in NATIVE:
            continue
        q.globals.set(f".q.{word}", primitive)
    for module, space in MODULES.items():
        found = import_module(f".{module}", __package__)
        for name, (rank, fn) in getattr(found, "FUNCTIONS", {}).items():
            q.globals.set(f"{space}.{name}", Foreign(f"{space}.{name}", rank, fn))
        for name, value in getattr(found, "VALUES", {}).items():
            q.globals.set(f"{space}.{name}", value)
    from .dotz import install_watcher, specials
    q.globals.special.update(specials(q))
    install_watcher(q)
