"""`help`, `options` and `str`: what there is, what a thing is made of, how torch prints it.

Topics and types enter themselves: `topic` takes a name and what `help` gives for it;
`describe` takes a function (name, full) that answers for the type names of a class (modules,
losses, optimizers), or None; classes of pointers use `implement("help", ..)`,
`implement("options", ..)` and `implement("str", ..)`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from kkernel.q.errors import QError
from kkernel.q.functions import Foreign
from kkernel.q.symbols import Symbol, sym, symbols
from kkernel.q.text.marks import plain
from kkernel.q.values import Dict, List, Table, Value, collapse, record, string

from . import kinds
from .declare import FUNCTIONS, Function, function
from .device import seeds
from .dispatch import dispatch, implement, part
from .dtypes import DTYPES
from .kinds import is_empty, kname
from .objects import Handle, find
from .params import Param
from .tensor.tensor_options import NAMES, default_symbols, option_map, option_symbols
from .tensor.tensor_text import tensor_text

Topic = Callable[[], Value]
Describe = Callable[[str, bool], Value | None]

_TOPICS: dict[str, tuple[str, Topic]] = {}
_DESCRIBERS: list[Describe] = []


def topic(name: str, words: str, *, listed: bool = True) -> Callable[[Topic], Topic]:
    """Enter a topic of `help`; `words` describe it in `help[]`."""

    def enter(f: Topic) -> Topic:
        _TOPICS[name] = (words if listed else "", f)
        return f

    return enter


def describe(f: Describe) -> Describe:
    """Enter a function that describes type names: (name, full) -> value or None."""
    _DESCRIBERS.append(f)
    return f


# ------------------------------------------------------------------ topics

@topic("tensor", "tensor creation options")
def tensor_options() -> Dict:
    return option_map(default_symbols())


topic("vector", "", listed=False)(tensor_options)
topic("dictionary", "", listed=False)(tensor_options)
topic("device", "PyTorch device mapped to random seed")(seeds)


@topic("dtype", "PyTorch tensor types mapped to k types")
def dtypes() -> Dict:
    return Dict(symbols([d.name for d in DTYPES]), string("".join(d.char for d in DTYPES)))


@topic("ktype", "k types mapped to PyTorch tensor types")
def ktypes() -> Dict:
    """The data types that a k value can become (short is left out of the list)."""
    rows = DTYPES[:8]
    return Dict(string("".join(d.char for d in rows)), symbols([d.name for d in rows]))


BACKWARD_MODES: dict[str, tuple[bool, bool, str]] = {
    "free": (False, False, "free graph, no higher order derivatives"),
    "retain": (True, False, "retain graph, no higher order derivatives"),
    "create": (True, True, "retain graph, create graph for higher order derivatives"),
    "createfree": (False, True,
                   "free graph & create graph for higher order derivatives (unused?)"),
}


@topic("backward", "backward calculation modes")
def backward_modes() -> Table:
    retain, create, words = zip(*BACKWARD_MODES.values(), strict=True)
    return Table(["mode", "retain", "create", "description"],
                 [symbols(BACKWARD_MODES), collapse(list(retain)), collapse(list(create)),
                  List([string(w) for w in words])])


def topics() -> dict[str, str]:
    """The topics that `help[]` lists, with their words."""
    return {name: words for name, (words, _) in sorted(_TOPICS.items()) if words}


def _all_topics() -> Dict:
    rows = topics()
    return Dict(symbols(rows), List([string(w) for w in rows.values()]))


def function_help(f: Function) -> Dict:
    """What is declared about an api function."""
    arguments = Dict(symbols([p.name for p in f.params]),
                     List([string(plain(p.described)) for p in f.params]))
    return record(["function", "group", "form", "summary", "args", "examples"],
                  [sym(f.name), sym(f.group), string(f.name + f.form), string(plain(f.summary)),
                   arguments, List([string(e) for e in f.examples])])


# ------------------------------------------------------------------ help, options

def _lookup(name: str, x: Value) -> Value:
    """What `help` (full) or `options` gives for an empty argument, a name, or a pointer."""
    full = name == "help"
    if is_empty(x) or (type(x) is Symbol and not x):
        return _all_topics() if full else tensor_options()
    if type(x) is Symbol:
        return _named(name, x)
    if full and isinstance(x, Foreign) and x.name in FUNCTIONS:
        return function_help(FUNCTIONS[x.name])
    handle = find(x)
    if handle is None:
        raise QError(f"{name}: unrecognized arg(s), expecting empty arg, name or object, "
                     f"given {kname(x)}")
    return dispatch(name if part(name, handle.kind) else "options", handle)


def _named(name: str, x: Symbol) -> Value:
    found = _TOPICS.get(x)
    if found is not None:
        return found[1]()
    for describer in _DESCRIBERS:
        value = describer(x, name == "help")
        if value is not None:
            return value
    if name == "help" and x in FUNCTIONS:
        return function_help(FUNCTIONS[x])
    raise QError(f"{name}: help topic, `{x}")


_X = Param("x", kinds.VALUE, "empty, the name of a topic, type or function, a pointer, or a "
           "function of the api")


@function("help", "util", "describe a topic, a type of module, loss or optimizer, or an object",
          _X, raw=True, examples=["help`dtype", "help`backward", "help`Sum", "help mul"])
def help_(x: Value) -> Value:
    return _lookup("help", x)


@function("options", "util", "options of tensors, or of a type or object", _X, raw=True,
          examples=["options[]", "options tensor 1 2 3f"])
def options(x: Value) -> Value:
    return _lookup("options", x)


@implement("options", "tensor")
def options_of_tensor(handle: Handle) -> Dict:
    return option_map(option_symbols(handle.obj))


@implement("options", "vector")
def options_of_vector(handle: Handle) -> Table:
    return _option_table(handle.obj)


@implement("options", "dictionary")
def options_of_dictionary(handle: Handle) -> Dict:
    return Dict(symbols(handle.obj), _option_table(list(handle.obj.values())))


def _option_table(tensors: list[torch.Tensor | None]) -> Table:
    rows = [option_symbols(t) for t in tensors]
    return Table(NAMES, [symbols([row[i] for row in rows]) for i in range(len(NAMES))])


# ------------------------------------------------------------------ str

@function("str", "info", "the text that torch prints for a tensor or module",
          Param("x", kinds.VALUE, "pointer to a tensor, module, loss or model"), raw=True,
          examples=["-1 str tensor 2 3#til 6;"])
def str_(x: Value) -> Value:
    handle = find(x)
    if handle is None:
        raise QError(f"str: need allocated torch object, e.g. tensor, module, given {kname(x)}")
    return string(dispatch("str", handle))


@implement("str", "tensor")
def text_of_tensor(handle: Handle) -> str:
    return tensor_text(handle.obj)
