"""Keywords that are an operator with an iterator take a seed on its left: `deltas[0;x]`."""

from __future__ import annotations

from ..accumulators import fold_seeded
from ..apply import apply1
from ..maps import prior
from ..registry import KEYWORDS, OPERATORS
from ..values import Value
from . import lists, running, shifting  # noqa: F401  (they declare the keywords)

PRIOR = {"deltas": "-", "ratios": "%", "prev": ":"}
SCAN = {"sums": "+", "prds": "*", "maxs": "|", "mins": "&", "fills": "^"}


# They stay functions of one argument, so that `raze/` converges.

def _prior(word: str, operator: str) -> None:
    def seeded(seed: Value, x: Value) -> Value:
        return prior(OPERATORS[operator], x, seed)
    KEYWORDS[word].by_rank[2] = seeded


def _scan(word: str, operator: str) -> None:
    def seeded(seed: Value, x: Value) -> Value:
        return fold_seeded(OPERATORS[operator], seed, x, True)
    KEYWORDS[word].by_rank[2] = seeded


def _raze(seed: Value, x: Value) -> Value:
    return fold_seeded(OPERATORS[","], seed, x, False)


def _differ(seed: Value, x: Value) -> Value:
    return apply1(KEYWORDS["not"], prior(OPERATORS["~"], x, seed))


for _word, _operator in PRIOR.items():
    _prior(_word, _operator)
for _word, _operator in SCAN.items():
    _scan(_word, _operator)
KEYWORDS["raze"].by_rank[2] = _raze
KEYWORDS["differ"].by_rank[2] = _differ
