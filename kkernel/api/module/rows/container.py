"""Containers, dictionaries of parameters, and callbacks to q functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor, nn

from kkernel.q.errors import QError
from kkernel.q.symbols import Symbol, sym, symbols
from kkernel.q.values import Dict, List, Value, collapse, is_string, items

from ...convert import dict_to_q
from ...kinds import NO, as_symbols, is_empty, kname
from ...objects import find
from ...options import Option, OptionKind, OptionTable, read_pairs
from ..option_kinds import read_tensors
from ..own.branch import Fork, NBeats, Residual
from ..own.callback import SIGNATURES, Callback
from ..own.parms import ParameterDict
from ..own.sequence import SeqDict, SeqJoin, SeqList, SeqNest, Sequential, Transform
from ..types import BY_CLASS, TYPES, ModuleType, enter

for _name, _cls, _args, _result in (
        ("fork", Fork, 1, "tuple"), ("nbeats", NBeats, 1, "tensor"),
        ("residual", Residual, 3, "tensor"), ("seqdict", SeqDict, 8, "tensor"),
        ("seqjoin", SeqJoin, 2, "tensor"), ("seqlist", SeqList, 8, "tensor"),
        ("seqnest", SeqNest, 3, "tensor")):
    enter(_name, _cls, text=f"knn::{_cls.__name__}", args=("tensor",) * _args, result=_result,
          container=True)
enter("transform", Transform, text="Transform(", container=True)
enter("sequential", Sequential, source="torch.nn.Sequential", text="torch::nn::Sequential",
      container=True, forward=False)
BY_CLASS[nn.Sequential] = TYPES["sequential"]
enter("modulelist", nn.ModuleList, text="torch::nn::ModuleList", container=True, forward=False)
enter("moduledict", nn.ModuleDict, text="torch::nn::ModuleDict", container=True, forward=False)


# ------------------------------------------------------------------ parameter dictionary

class ParameterDictType(ModuleType):
    """Its options are the parameters themselves."""

    @property
    def bare(self) -> bool:
        return False

    def create(self, args: Sequence[Value], before: int = 0,
               name: str | None = None) -> nn.Module:
        if not args or is_empty(args[0]):
            return ParameterDict()
        tensors = read_tensors(args[0])
        if tensors is None:
            raise QError("module: parameter dictionary expects a k dictionary or an allocated "
                         f"dictionary of tensors, given {kname(args[0])}")
        return ParameterDict(tensors)

    def read(self, module: nn.Module) -> dict[str, Any]:
        return {"parms": dict(module.named_parameters())}

    def shown(self, module: nn.Module, all: bool = True, state: bool = False) -> Dict:
        return _no_options() if state else dict_to_q(dict(module.named_parameters()))


def _no_options() -> Dict:
    return Dict(symbols([]), List())


enter("parmdict", ParameterDict, source="torch.nn.ParameterDict",
      text="torch::nn::ParameterDict(\n{parms:p})", container=True, forward=False,
      kind=ParameterDictType)


# ------------------------------------------------------------------ callback

TYPE_NAMES = ("bool", "tensor", "tuple", "nested", "vector", "dictionary")


class Function:
    """The function of a callback: a name, or text."""

    def __init__(self, name: str, text: bool) -> None:
        self.name, self.text = name, text

    def __str__(self) -> str:
        return self.name


def _read_function(x: Value, dims: int) -> Any:
    if type(x) is Symbol:
        if not x:
            raise QError("callback function cannot be null")
        return Function(x, False)
    if not is_string(x):
        raise QError(f"callback function expected as symbol or string, given {kname(x)}")
    if not len(x):
        raise QError("callback function cannot be an empty string")
    return Function(x.tobytes().decode(), True)


def _show_function(v: Function, dims: int) -> Value:
    return np.frombuffer(v.name.encode(), "S1") if v.text else sym(v.name)


def _type_names(word: str) -> Any:
    def read(x: Value, dims: int) -> Any:
        found = as_symbols(x)
        if found is NO:
            return NO
        for name in found:
            if name not in TYPE_NAMES:
                raise QError(f"unrecognized {word} type: `{name}")
        return tuple(map(str, found))

    return read


def _show_names(v: Any, dims: int) -> Value:
    return sym(v[0]) if len(v) == 1 else symbols(v)


def _read_parms(x: Value, dims: int) -> Any:
    if is_empty(x):
        return {}
    found = read_tensors(x)
    return NO if found is None else found


FUNCTION = OptionKind("symbol or string", _read_function, _show_function)
INPUTS = OptionKind("symbol(s)", _type_names("input"), _show_names)
OUTPUT = OptionKind("symbol", _type_names("result"), _show_names)
PARMS = OptionKind("dictionary", _read_parms, lambda v, d: dict_to_q(v))
NAMES = ("fn", "in", "out", "parms", "buffers")


class CallbackOptions(OptionTable):
    """The last item holds pairs only if it names an option: types are symbol lists too."""

    def given(self, where: str, args: Sequence[Value], before: int = 0) -> dict[str, Any]:
        if args and not _names_option(args[-1]):
            values: dict[str, Any] = {}
            self._place(where, args, values, before, len(args))
            return values
        return super().given(where, args, before)


def _names_option(x: Value) -> bool:
    if find(x) is not None:
        return False
    if isinstance(x, Dict):
        keys = items(x.keys)
        return bool(keys) and keys[0] in NAMES
    if not isinstance(x, (List, np.ndarray)) or not len(x):
        return False
    first = items(x)[0]
    if not isinstance(first, Symbol):
        inner = items(first)
        first = inner[0] if inner else None
    return first in NAMES and read_pairs(x) is not None


class CallbackType(ModuleType):
    """The function may be missing where two symbols were taken as type and name."""

    def create(self, args: Sequence[Value], before: int = 0,
               name: str | None = None) -> nn.Module:
        values = self.options.given(self.name, args, before)
        if "fn" not in values:
            raise QError("callback: no k function defined" if name is None or args else
                         f"callback: no k function defined, 2nd symbol, `{name}, defines "
                         "callback module name")
        return self.build(self.options.complete(self.name, values))

    def shown(self, module: Any, all: bool = True, state: bool = False) -> Dict:
        shown = self.options.show(self.read(module), all)
        if not state:
            return shown
        kept = [(k, v) for k, v in shown.items() if k not in ("parms", "buffers")]
        return Dict(symbols([k for k, _ in kept]), collapse([v for _, v in kept]))


def _callback(fn: Function, inputs: tuple[str, ...], output: tuple[str, ...],
              parms: dict[str, Tensor], buffers: dict[str, Tensor]) -> nn.Module:
    if inputs not in SIGNATURES or output != ("tensor",):
        raise QError(f"callback: no module defined for in={','.join(inputs)}, "
                     f"out={','.join(output)})")
    return Callback(fn.name, fn.text, inputs, output[0], parms, buffers)


enter("callback", Callback,
      Option("fn", FUNCTION, words="name or text of the q function"),
      Option("in", INPUTS, ("tensor",), "inputs", "kinds of the inputs, one to three tensors"),
      Option("out", OUTPUT, ("tensor",), "output", "kind of the result"),
      Option("parms", PARMS, {}, words="parameters"),
      Option("buffers", PARMS, {}, words="buffers"),
      text="knn::Callback(fn={fn}, in={in}, out={out})", container=True, forward=False,
      table=CallbackOptions, kind=CallbackType, example={"fn": Function("f", False)},
      attributes={"fn": lambda m: Function(m.fn, m.text), "out": lambda m: (m.output,),
                  "parms": lambda m: dict(m.named_parameters(recurse=False)),
                  "buffers": lambda m: dict(m.named_buffers(recurse=False))},
      make=_callback)
