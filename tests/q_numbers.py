"""Oracles for q arithmetic: types of results, and values computed with plain Python numbers.

A vector is made from q's own count of units (days since 2000.01.01, months, ...), so nothing here
leans on the conversions that are tested.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

LETTERS = "bgxhijefcspmdznuvt"  # types 1 2 4 5 .. 19
CODES = dict(zip(LETTERS, [1, 2, *range(4, 20)], strict=True))
LONG_NULL, LONG_INF = -(2**63), 2**63 - 1
WIDTH = {"h": 16, "i": 32, "j": 64}

_UNITS = {"p": "ns", "m": "M", "d": "D", "z": "ms", "n": "ns", "u": "m", "v": "s", "t": "ms"}
_PLAIN = {"b": "?", "x": "u1", "h": "i2", "i": "i4", "j": "i8", "e": "f4", "f": "f8"}


def vector(letter: str, counts: list) -> np.ndarray:
    """A q vector of this type from q's numbers."""
    if letter in _PLAIN:
        return np.array(counts, _PLAIN[letter])
    if letter == "c":
        return np.array([bytes([n]) for n in counts], "S1")
    if letter == "g":
        return np.array([np.void(n.to_bytes(16, "big")) for n in counts], "V16")
    if letter == "s":
        from kkernel.q.symbols import symbols
        return symbols([f"s{n}" for n in counts])
    if letter in "nuvt":
        return np.array(counts, f"m8[{_UNITS[letter]}]")
    if letter == "p":
        return np.array(counts, "i8").view("M8[ns]")
    if letter == "z":
        start = np.datetime64("2000-01-01", "ms")
        return start + np.array([round(n * 86_400_000) for n in counts], "m8[ms]")
    return np.datetime64("2000-01-01", _UNITS[letter]) + np.array(counts,
                                                                  f"m8[{_UNITS[letter]}]")


def letter_of(x: object) -> str:
    """The type letter of a simple vector."""
    from kkernel.q.values import qtype
    code = abs(qtype(x))
    return next(c for c, n in CODES.items() if n == code)


def null_of(letter: str) -> float | int:
    return math.nan if letter in "ef" else -(2 ** (WIDTH[letter] - 1))


def wrap(n: int, letter: str) -> int:
    """n cut to the bits of an integer type."""
    bits = WIDTH[letter]
    return (n + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)


def is_null(n: float, letter: str) -> bool:
    if letter in "bx":
        return False
    return n != n if letter in "ef" else n == null_of(letter)


def same(got: object, want: list) -> bool:
    """Equal numbers, nans equal to each other; signs of zero are not looked at."""
    values = np.asarray(got).tolist()
    return len(values) == len(want) and all(
        (a != a and b != b) or a == b for a, b in zip(values, want, strict=True))


def tolerant_equal(a: float, b: float) -> bool:
    """|a-b| within 2^-43 of the larger magnitude, in exact arithmetic."""
    if a == b or math.isinf(a) or math.isinf(b):
        return a == b
    gap = abs(Fraction(a) - Fraction(b))
    return gap <= Fraction(1, 2**43) * max(abs(Fraction(a)), abs(Fraction(b)))


# Types of results: a row per type of x, a column per type of y, both in the order of LETTERS;
# "." where q signals 'type.
_NUMBER_ROWS = {"b": "i.iiijef", "x": "i.iiijef", "h": "i.iiijef", "i": "i.iiijef",
                "j": "j.jjjjef", "e": "e.eeeeef"}


def _grid(rows: str) -> dict[tuple[str, str], str]:
    lines = rows.split()
    assert len(lines) == len(LETTERS) and all(len(r) == len(LETTERS) for r in lines)
    return {(x, y): t for x, r in zip(LETTERS, lines, strict=True)
            for y, t in zip(LETTERS, r, strict=True)}


_NONE = "." * 18
_SUM_TIMES = """p.pppppfp.n...pppp m.mmmmmfm..i..pppp d.dddddzd...i.pppp z.zzzzzzz....fpzzz
n.nnnnnfn.ppppnnnn u.uuuuufu.pppznuvt v.vvvvvfv.pppznvvt t.tttttft.pppznttt"""


def _numbers(char_column: str, times: str = "pmdznuvt") -> list[str]:
    """Rows b g x h i j e f c s of a sum, difference or product."""
    columns = dict.fromkeys("bxhije", "") if char_column == "." else \
        {"b": "i", "x": "i", "h": "i", "i": "i", "j": "j", "e": "e"}
    rows = {k: v + (columns[k] or ".") + "." + times for k, v in _NUMBER_ROWS.items()}
    rows["f"] = "f.fffffff." + ("ffzzffff" if times else "")
    rows["c"] = ".......f.." + times
    rows["g"] = rows["s"] = _NONE
    return [rows[k] for k in "bgxhijefcs"]


SUM = _grid(" ".join([*_numbers("."), _SUM_TIMES]))
DIFFERENCE = _grid(" ".join([*_numbers("i"), _SUM_TIMES]))
PRODUCT = _grid(" ".join([*_numbers("."), *(
    f"{t}.{t * 5}{'z' if t in 'dz' else 'f'}{t}.{'.' * 8}" for t in "pmdznuvt")]))
QUOTIENT = _grid(" ".join(_NONE if t in "gs" else "f.fffffff.ffffffff" for t in LETTERS))
WHOLE = _grid(" ".join(
    _NONE if t in "gs" else "{0}.{0}{0}{0}{0}{0}{0}{0}.{0}{0}{0}{0}{0}{0}{0}{0}".format(
        {"b": "i", "x": "i", "h": "i", "c": "i", "e": "f"}.get(t, t)) for t in LETTERS))
REMAINDER = _grid(" ".join([
    *("i.iiijef..pmdznuvt" for _ in "b"), _NONE, *("i.iiijef..pmdznuvt" for _ in "xhi"),
    "j.jjjjef..pmdznuvt", "f.fffffff.ffzzffff", "f.fffffff.ffzzffff", ".......f..pmdznuvt", _NONE,
    "n.nnnnnfn.........", "i.iiiiifi.........", "i.iiiii.i.........", "f.fffffff.........",
    "n.nnnnnfn.........", "u.uuuuufu.........", "v.vvvvvfv.........", "t.tttttft........."]))
EXTREME = _grid(" ".join([
    "b.xhijefc.pmdznuvt", _NONE, "x.xhijefc.pmdznuvt", "h.hhijefc.pmdznuvt",
    "i.iiijefc.pmdznuvt", "j.jjjjefc.pmdznuvt", "e.eeeeefc.pmdznuvt", "f.ffffffc.pmdznuvt",
    "c.ccccccc.pmdznuvt", _NONE, "p.ppppppp.ppppnuvt", "m.mmmmmmm.pmd.....",
    "d.ddddddd.pddz....", "z.zzzzzzz.p.zznuvt", "n.nnnnnnn.n..nnnnn", "u.uuuuuuu.u..unuvt",
    "v.vvvvvvv.v..vnvvt", "t.ttttttt.t..tnttt"]))
