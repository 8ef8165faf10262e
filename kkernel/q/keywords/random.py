"""Random values: `rand`, and `roll` and `deal` behind `n?y`.

A seed gives the same values in every run.  The stream is numpy's PCG64: q documents no
generator, so the numbers are not those of a q process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import context
from ..atoms.promote import DAY_MS, POINTS, TEMPORALS, from_underlying, underlying
from ..atoms.units import NANOSECONDS
from ..errors import length_error, type_error
from ..lists.positions import at_positions
from ..memory import reserve
from ..registry import keyword
from ..symbols import Symbol, symbols
from ..types import CODE_OF_DTYPE
from ..values import Array, Table, Value, at, char_code, is_list, null, qtype

LETTERS = "abcdefghijklmnop"  # of random symbols
MAX_LETTERS = 8
SPANS = TEMPORALS - POINTS


def generator() -> np.random.Generator:
    """The generator of the running session, started from its seed."""
    settings = context.active.settings
    made = settings.random
    if made is None or made[0] != settings.seed:
        made = settings.random = (settings.seed, np.random.default_rng(abs(settings.seed)))
    found: np.random.Generator = made[1]
    return found


def reseed(seed: int) -> None:
    """Start the random values of the running session anew."""
    context.active.settings.seed = seed
    context.active.settings.random = None


def fresh_seed() -> int:
    """A seed drawn from where the random values are now."""
    return at(roll(1, 2**31 - 1), 0)


@keyword("rand")
def rand(x: Value) -> Value:
    """One random item of a list, or one random value below x."""
    return at(roll(1, x), 0)


# ---------------------------------------------------------------- roll

def roll(n: int, y: Value) -> Value:
    """n values drawn independently: items of a list, or values below atom y."""
    reserve(n, 16)
    rng = generator()
    if is_list(y) or isinstance(y, Table):
        if not len(y) and n:
            raise length_error()
        return at_positions(y, rng.integers(len(y), size=n) if n else np.empty(0, np.int64))
    draw = _ROLLS.get(qtype(y))
    if draw is None:
        raise type_error()
    return draw(rng, n, y)


def _flags(rng: np.random.Generator, n: int, y: Value) -> Array:
    return rng.integers(2, size=n).astype(np.bool_)


def _bytes(rng: np.random.Generator, n: int, y: Value) -> Array:
    return rng.integers(int(y) or 256, size=n, dtype=np.uint8 if y else np.int64).astype(np.uint8)


def _chars(rng: np.random.Generator, n: int, y: Value) -> Array:
    if char_code(y) != 32:
        raise type_error()
    return rng.integers(97, 123, size=n).astype(np.uint8).view("S1")


def _integers(rng: np.random.Generator, n: int, y: Value) -> Array:
    dtype: Any = np.dtype(np.int64) if isinstance(y, int) else y.dtype
    if y < 0:
        raise type_error()
    if y == 0:
        info = np.iinfo(dtype)
        return rng.integers(info.min + 1, info.max, size=n, dtype=dtype)
    return rng.integers(int(y), size=n).astype(dtype)


def _floats(rng: np.random.Generator, n: int, y: Value) -> Array:
    dtype = np.float32 if isinstance(y, np.float32) else np.float64
    return (rng.random(n) * float(y)).astype(dtype)


def _temporals(rng: np.random.Generator, n: int, y: Value) -> Array:
    code = CODE_OF_DTYPE[y.dtype]
    bound = underlying(np.array(y), code).item()
    if code == 15:
        return from_underlying(rng.random(n) * bound, code)
    if bound < 0:
        raise type_error()
    if not bound and code in SPANS:  # a time of the day
        bound = DAY_MS * 1_000_000 // NANOSECONDS[code]
    return from_underlying(rng.integers(bound or 1, size=n), code)


def _guids(rng: np.random.Generator, n: int, y: Value) -> Array:
    if y != null(2):
        raise type_error()
    return np.frombuffer(rng.bytes(16 * n), "V16") if n else np.empty(0, "V16")


def _symbols(rng: np.random.Generator, n: int, y: Symbol) -> Array:
    if not y.isdigit() or not 0 < int(y) <= MAX_LETTERS:
        raise type_error()
    words = rng.integers(len(LETTERS) ** int(y), size=n)
    if n < 1000:
        return symbols([_word(w, int(y)) for w in words.tolist()])
    drawn, which = np.unique(words, return_inverse=True)  # each word is made once
    reserve(len(drawn), 200)
    return symbols([_word(w, int(y)) for w in drawn.tolist()])[which]


def _word(number: int, length: int) -> str:
    """The digits of a number in base 16, as letters."""
    return "".join(LETTERS[number >> 4 * k & 15] for k in range(length))


_ROLLS: dict[int, Callable[[np.random.Generator, int, Any], Array]] = {
    -1: _flags, -2: _guids, -4: _bytes, -5: _integers, -6: _integers, -7: _integers,
    -8: _floats, -9: _floats, -10: _chars, -11: _symbols,
    **{-code: _temporals for code in TEMPORALS},
}


# ---------------------------------------------------------------- deal

def deal(n: int, y: Value) -> Value:
    """n different items of a list, or different values below atom y; 'length past the end."""
    reserve(n, 32)
    rng = generator()
    if is_list(y) or isinstance(y, Table):
        return at_positions(y, _without_replacement(rng, n, len(y)))
    code = qtype(y)
    if code in (-2, -11) or code in (-5, -6, -7) and y == 0:
        return _distinct_draws(rng, n, y, _ROLLS[code])
    if code not in (-5, -6, -7) or y < 0:
        raise type_error()
    dealt = _without_replacement(rng, n, int(y))
    return dealt if isinstance(y, int) else dealt.astype(y.dtype)


def _without_replacement(rng: np.random.Generator, n: int, total: int) -> Array:
    if n > total:
        raise length_error()
    return rng.choice(total, n, replace=False)


def _distinct_draws(rng: np.random.Generator, n: int, y: Value,
                    draw: Callable[[np.random.Generator, int, Any], Array]) -> Array:
    """Draws from a wide range, repeated until n differ; 'length when there are not n."""
    if isinstance(y, Symbol) and y.isdigit() and n > len(LETTERS) ** int(y):
        raise length_error()
    drawn = draw(rng, n, y)
    while True:
        _values, first = np.unique(drawn, return_index=True)
        if len(first) >= n:
            return drawn[np.sort(first)[:n]]
        drawn = np.concatenate((drawn, draw(rng, n, y)))

