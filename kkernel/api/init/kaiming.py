"""Kaiming's rule: `knormal` and `kuniform`, with options in any order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kkernel.q.errors import QError
from kkernel.q.symbols import Symbol
from kkernel.q.values import Value

from .. import kinds
from ..kinds import NO, as_long_double, as_longs, as_symbols, is_array, is_general, kname
from ..objects import Handle
from ..params import Param
from . import fills
from .targets import SINGLE, declare, fill_all, fill_array, leading, pick, whole


def _kaiming_options(args: list[Value], first: int, name: str,
                     given: dict[str, Any] | None = None) -> dict[str, Any]:
    """Nonlinearity, fan and slope in any order."""
    options = {"slope": 0.0, "fan": "fanin", "function": fills.LEAKY, **(given or {})}
    for i in range(first, len(args)):
        x, slope = args[i], as_long_double(args[i])
        if type(x) is Symbol:
            options.update(_kaiming_symbol(x, name))
        elif slope is NO:
            raise QError(f"{name}: arg[{i}] unrecognized, {kname(x)}")
        else:
            options["slope"] = float(slope)
    return options


def _kaiming_symbol(x: str, name: str) -> dict[str, str]:
    if x in fills.FANS:
        return {"fan": str(x)}
    if x in fills.FUNCTIONS:
        return {"function": str(x)}
    raise QError(f"{name}: unrecognized symbol `{x}")


def _chooses(handle: Handle, x: Value, name: str) -> bool:
    """Whether the second argument is indices or names, not an option."""
    if handle.kind in ("tensor", "vector"):
        return as_longs(x) is not NO
    named = as_symbols(x) is not NO
    if handle.kind == "dictionary":
        option = type(x) is Symbol and (x in fills.FANS or x in fills.FUNCTIONS)
        return named and not option
    if not named:
        raise QError(f"{name}: tensor name(s) expected with supplied {handle.kind}")
    return True


def _kaiming(x: Value, name: str, fill: Callable[..., None]) -> Value:
    if not is_general(x):
        raise QError(f"{name}: not implemented for {kname(x)}")
    handle, args = leading(x)
    if handle is None:
        alone = is_array(x, 2)
        options = _kaiming_options([] if alone else args, 1, name)
        return fill_array(x if alone else args[0], lambda t: fill(t, **options))
    if len(args) > 5:
        raise QError(f"{name}: 2-5 args expected but {len(args)} supplied")
    chosen = len(args) > 1 and _chooses(handle, args[1], name)
    options = _kaiming_options(args, 2 if chosen else 1, name)
    tensors = pick(handle, args[1], name) if chosen else whole(handle, name, SINGLE)
    fill_all(handle.obj, tensors, lambda t: fill(t, **options), fill.__name__,
             options["function"], options["fan"], options["slope"])
    return None


_KAIMING = (Param("nonlinearity", kinds.SYMBOL, "activation that follows", "leakyrelu"),
            Param("fan", kinds.SYMBOL, "`` `fanin`` or `` `fanout``", "fanin"),
            Param("slope", kinds.NUMBER, "slope of the activation below zero", 0.0))
declare("knormal", "normal numbers by Kaiming's rule",
         lambda x: _kaiming(x, "kaiming normal", fills.knormal), "(3 4#0e;`relu)", *_KAIMING)
declare("kuniform", "uniform numbers by Kaiming's rule",
         lambda x: _kaiming(x, "kaiming uniform", fills.kuniform), "(3 4#0e;`relu)", *_KAIMING)
