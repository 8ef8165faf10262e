"""The namespaces that q comes with: .q .Q .h .j .z, one file per topic."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ..functions import Foreign
from ..globals import Namespace
from ..registry import KEYWORDS
from .dotq_out import SPECIALS
from .dotq_session import plain_arguments
from .dotz import install_watcher, specials

if TYPE_CHECKING:
    from ..interpreter import Interpreter

# module -> namespace its FUNCTIONS (name -> (rank, fn)) and VALUES (name -> value) belong to
MODULES = {
    "dotq_text": ".Q", "dotq_tables": ".Q", "dotq_codes": ".Q", "dotq_session": ".Q",
    "dotq_files": ".Q", "dotq_out": ".Q", "doth_markup": ".h", "doth_http": ".h",
    "doth_data": ".h", "dotj": ".j",
}

# keywords that q has as reserved words rather than as entries of .q
NATIVE = frozenset([
    "abs", "acos", "asin", "atan", "avg", "bin", "binr", "cor", "cos", "cov", "dev", "div",
    "enlist", "exit", "exp", "getenv", "hopen", "in", "insert", "last", "like", "log", "max",
    "min", "prd", "setenv", "sin", "sqrt", "ss", "sum", "tan", "var", "wavg", "within", "wsum",
    "xexp",
])
# the others in the order in which .q has them
EXTENSIONS = """
    neg not null string reciprocal floor ceiling signum mod xbar xlog and or each scan over prior
    mmu lsq inv md5 ltime gtime count first svar sdev scov med all any rand sums prds mins maxs
    fills deltas ratios avgs differ prev next rank reverse iasc idesc asc desc msum mcount mavg
    mdev xrank mmin mmax xprev rotate distinct group where flip type key til get value attr cut
    set upsert raze union inter except cross sv vs sublist enlist read0 read1 hclose hdel hsym
    hcount peach system ltrim rtrim trim lower upper ssr view tables views cols xcols keys xkey
    xcol xasc xdesc fkeys meta lj ljf ij ijf pj asof uj ujf ej ungroup xgroup parse eval reval
    show csv aj aj0 ajf ajf0 wj wj1 fby ema save load rsave rload dsave tok
"""


def install(q: Interpreter) -> None:
    """Define the functions of every namespace, and the names that are read anew each time."""
    for word in _extensions():
        q.globals.set(f".q.{word}", KEYWORDS[word])
    q.globals.keywords = len(q.globals.spaces["q"].names)
    for module, space in MODULES.items():
        found = import_module(f".{module}", __package__)
        for name, (rank, fn) in getattr(found, "FUNCTIONS", {}).items():
            q.globals.set(f"{space}.{name}", Foreign(f"{space}.{name}", rank, fn))
        for name, value in getattr(found, "VALUES", {}).items():
            q.globals.set(f"{space}.{name}", value)
    q.globals.spaces["o"] = Namespace()  # reserved
    q.globals.special.update({**SPECIALS, **specials(q), ".Q.x": plain_arguments})
    install_watcher(q)


def _extensions() -> list[str]:
    order = {word: i for i, word in enumerate(EXTENSIONS.split())}
    words = [word for word in KEYWORDS if word not in NATIVE]
    return sorted(words, key=lambda word: order.get(word, len(order)))
