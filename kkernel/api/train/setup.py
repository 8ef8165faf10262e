"""`train` and `test`: query and set the options of a model, or define its data."""

from __future__ import annotations

import numpy as np

from kkernel.q.errors import QError
from kkernel.q.symbols import names, symbols
from kkernel.q.values import Dict, Value, collapse, items, qtype

from .. import kinds, settings
from ..declare import function, simple_items
from ..kinds import NO, as_flag, as_symbols, kname
from ..objects import Handle, find
from ..params import Param
from .data import define
from .options import GROUP


def _change(handle: Handle, training: bool, pairs: list[tuple[str, Value]]) -> None:
    """Set several options, or none if one of them fails."""
    options, data = handle.obj.side(training)
    before = dict(options.values)
    try:
        for name, x in pairs:
            options.row(name)
            options.set(name, x)
        options.check()
    except QError:
        options.values = before
        raise
    data.count(options)


def _one(handle: Handle, training: bool, name: str, rest: list[Value]) -> Value:
    options, data = handle.obj.side(training)
    options.row(name)
    if not rest:
        return options.show(name)
    if len(rest) != 1:
        raise QError(f"{name}: expecting 3 args, (model; setting; value), "
                     f"{len(rest) + 2} arg(s) supplied")
    options.set(name, rest[0])
    data.count(options)
    return None


def _several(handle: Handle, training: bool, chosen: list[str], rest: list[Value]) -> Value:
    options, _ = handle.obj.side(training)
    if not rest:
        return Dict(symbols(chosen), collapse([options.show(n) for n in chosen]))
    if len(rest) != 1:
        raise QError(f"{options.name}: given symbols, expecting 3rd argument of values, "
                     f"but given {len(rest) + 2} args")
    values = rest[0]
    if not 0 <= qtype(values) < 98:
        raise QError(f"{options.name}: unable to set values from {kname(values)}")
    if len(values) != len(chosen):
        raise QError(f"{options.name}: {len(chosen)} symbol(s) but {len(values)} value(s)")
    if qtype(values) not in (0, 1, 7, 9, 11):
        raise QError(f"{options.name}: unable to set options given {kname(values)}")
    _change(handle, training, list(zip(chosen, items(values), strict=True)))
    return None


def _dictionary(handle: Handle, training: bool, x: Dict) -> None:
    options, _ = handle.obj.side(training)
    if qtype(x.keys) != 11:
        raise QError(f"{options.name}: unable to get option names from {kname(x)}")
    _change(handle, training, list(zip(names(x.keys), items(x.values), strict=True)))


def setup(x: Value, training: bool) -> Value:
    """Query or set options, or define data, by what follows the model."""
    handle = find(x)
    if handle is not None and handle.kind == "model":
        return handle.obj.side(training)[0].shown(settings.active.alloptions)
    args = simple_items(x)
    handle = find(args[0]) if handle is None and args else None
    if handle is None or handle.kind != "model":
        raise QError(f"{'train' if training else 'test'}: 1st argument must be a model")
    if len(args) < 2:
        return define(args, training, "train" if training else "test")
    second, rest = args[1], args[2:]
    flag, chosen = as_flag(second), as_symbols(second)
    if flag is not NO and not rest:
        return handle.obj.side(training)[0].shown(flag)
    if chosen is not NO:
        single = not isinstance(second, np.ndarray)
        return (_one(handle, training, chosen[0], rest) if single else
                _several(handle, training, chosen, rest))
    if isinstance(second, Dict) and not rest:
        return _dictionary(handle, training, second)
    return define(args, training, "train" if training else "test")


_MODEL = Param("model", kinds.VALUE, "pointer to a model")
_SECOND = Param("x", kinds.VALUE, "names of options; a dictionary of options; a flag for all "
                "options or only those in use; or the inputs", None)
_THIRD = Param("y", kinds.VALUE, "values of options; or the targets", None)
_SAMPLE = "m:model(module enlist(`linear;2;1);loss`mse;opt`sgd)"


@function("train", GROUP, "query or set training options, or define training data", _MODEL,
          _SECOND, _THIRD, raw=True,
          examples=[_SAMPLE, "train m", "train(m;`batchsize;3)", "train(m;5 2#1e;5 1#1e)"])
def train(x: Value) -> Value:
    return setup(x, True)


@function("test", GROUP, "query or set testing options, or define test data", _MODEL, _SECOND,
          _THIRD, raw=True,
          examples=[_SAMPLE, "test m", "test(m;`metrics;`loss`output)", "test(m;5 2#1e;5 1#1e)"])
def test(x: Value) -> Value:
    return setup(x, False)
