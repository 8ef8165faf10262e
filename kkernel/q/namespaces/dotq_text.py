"""`.Q` functions that make text, and `.Q.addmonths`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .. import context
from ..atoms.atomic import simple_array
from ..atoms.promote import NUMBERS, to_float
from ..errors import type_error
from ..operators.arithmetic import add, subtract
from ..operators.cast import cast, pad
from ..text.format import float_text
from ..text.show import console, line
from ..types import CODE_OF_DTYPE
from ..values import Value, qtype, string

EXACT = 9e15  # above this a float has no place left for decimals


def fixed(decimals: Value, number: Value) -> Value:
    """`.Q.f[decimals;number]`: the number with so many decimals, halves rounded up."""
    return string(_fixed(_integer(decimals), _float(number)))


def _fixed(decimals: int, number: float) -> str:
    if number != number:
        return ""
    if number < 0:
        return "-" + _fixed(decimals, -number)
    if number < 1:  # so that the digits below have their leading zero
        return _fixed(decimals, 10 + number)[1:]
    scaled = number * float(10**decimals)
    if not scaled < EXACT:
        return float_text(number, context.active.settings.precision)
    digits = str(math.floor(scaled + 0.5))
    split = len(digits) - decimals
    return f"{digits[:split]}.{digits[split:]}"


def _integer(x: Value) -> int:
    if qtype(x) not in (-5, -6, -7):
        raise type_error()
    return max(0, min(int(x), 300))


def _float(x: Value) -> float:
    array = simple_array(x)
    if array is None or array.ndim or CODE_OF_DTYPE[array.dtype] not in NUMBERS:
        raise type_error()
    return float(to_float(array, CODE_OF_DTYPE[array.dtype]))


def fmt(width: Value, decimals: Value, number: Value) -> Value:
    """`.Q.fmt[width;decimals;number]`: as `.Q.f`, on the right of `width` chars; stars if longer.
    """
    shown = fixed(decimals, number)
    wide = _integer(width)
    return string("*" * wide) if len(shown) > wide else pad(-wide, shown)


def plain_text(x: Value) -> Value:
    """`.Q.s x`: what the console shows for x, as a string."""
    return string(console(x, context.active.settings))


def one_line(x: Value) -> Value:
    """`.Q.s1 x`: the one-line form of x as a string."""
    return string(line(x, context.active.settings.precision))


def addmonths(day: Value, months: Value) -> Value:
    """`.Q.addmonths[date;n]`: the date n months on; days past the month's end spill over."""
    month = cast(13, day)
    return add(cast(14, add(month, months)), subtract(day, cast(14, month)))


FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "f": (2, fixed), "fmt": (3, fmt), "s": (1, plain_text), "s1": (1, one_line),
    "addmonths": (2, addmonths),
}
