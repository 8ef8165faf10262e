"""`freeze` and `unfreeze`: which parameters learn, and what they start from."""

from __future__ import annotations

import torch
from torch import Tensor

from kkernel.q.errors import QError
from kkernel.q.symbols import Symbol
from kkernel.q.values import Dict, Value, items

from .. import kinds
from ..convert import to_tensor
from ..declare import function
from ..events import changed
from ..inputs import input_name, read_inputs
from ..kinds import NO, as_symbols, is_general, kname
from ..module.forward import module_of
from ..objects import Handle, find
from ..params import Param
from .options import GROUP

Named = dict[str, Tensor]


def _all(handle: Handle, name: str) -> list[Tensor]:
    """Every tensor of an object."""
    module = module_of(handle)
    if module is not None:
        return list(module.parameters())
    if handle.kind == "tensor":
        return [handle.obj]
    if handle.kind in ("vector", "dictionary"):
        values = handle.obj if handle.kind == "vector" else handle.obj.values()
        return [t for t in values if t is not None]
    raise QError(f"{name}: not implemented for {handle.kind}")


def _fits(t: Tensor, value: Tensor) -> bool:
    """Whether a value can be spread over a tensor."""
    more = t.ndim - value.ndim
    return more >= 0 and all(n in (1, m) for n, m in zip(value.shape, t.shape[more:], strict=True))


def _set(parms: Named, chosen: list[str], values: list[Tensor] | None, flag: bool,
         name: str) -> None:
    """Set the flags of parameters and copy values in, after all of them have been checked."""
    for i, key in enumerate(chosen):
        if key not in parms:
            raise QError(f"{name}: unable to find parameter `{key}")
        if values is not None and not _fits(parms[key], values[i]):
            raise QError(f"{name}: size mismatch for parameter `{key}, size is "
                         f"{list(parms[key].shape)} vs new size of {list(values[i].shape)}")
    with torch.no_grad():
        for i, key in enumerate(chosen):
            parms[key].requires_grad_(flag)
            if values is not None:
                parms[key].copy_(values[i])


def _values(x: Value, chosen: list[str], single: bool, name: str) -> list[Tensor]:
    """The values of named parameters."""
    given = read_inputs([x], name)
    if single:
        if not isinstance(given, Tensor):
            raise QError(f"{name}: given single parameter name, expected single tensor or array "
                         f"value, given {input_name(given)}")
        return [given]
    if not isinstance(given, list):
        raise QError(f"{name}: given parameter list, expected vector of tensor values, "
                     f"given {input_name(given)}")
    if len(given) != len(chosen):
        raise QError(f"{name}: {len(chosen)}-element list of names but "
                     f"{len(given)}-element list of values")
    return [t for t in given if t is not None]


def _dictionary(x: Value, name: str) -> Named:
    """Named tensors of a k dictionary or of a tensor dictionary."""
    handle = find(x)
    if handle is not None and handle.kind == "dictionary":
        return {k: t for k, t in handle.obj.items() if t is not None}
    if not isinstance(x, Dict):
        raise QError(f"{name}: unrecognized 2nd arg, {kname(x)}")
    found: Named = {}
    for key, value in x.items():
        pointer = find(value)
        found[str(key)] = to_tensor(value) if pointer is None else pointer.obj
    return found


def _freeze(x: Value, flag: bool, name: str) -> None:
    handle = find(x)
    if handle is not None:
        for t in _all(handle, name):
            t.requires_grad_(flag)
        changed(handle.obj)
        return
    if not is_general(x):
        raise QError(f"{name}: not implemented for {kname(x)}")
    args = items(x)
    if len(args) not in (2, 3):
        raise QError(f"{name}: expecting 2-3 args, (module;names;values), {len(args)} given")
    handle = find(args[0])
    module = module_of(handle)
    if handle is None or (module is None and handle.kind != "dictionary"):
        raise QError(f"{name}: expecting 1st arg of module,model or parameter dictionary, "
                     f"given {kname(args[0])}")
    parms = dict(module.named_parameters()) if module is not None else handle.obj
    chosen = as_symbols(args[1])
    if chosen is NO:
        if len(args) != 2:
            raise QError(f"{name}: expecting 2nd arg of dictionary, but given {len(args)} args")
        given = _dictionary(args[1], name)
        _set(parms, list(given), list(given.values()), flag, name)
    else:
        values = None
        if len(args) == 3:
            values = _values(args[2], chosen, type(args[1]) is Symbol, name)
        _set(parms, chosen, values, flag, name)
    changed(handle.obj)


for _name, _flag, _words in (("freeze", False, "stop parameters from learning"),
                             ("unfreeze", True, "let parameters learn again")):
    def _run(x: Value, flag: bool = _flag, name: str = _name) -> None:
        _freeze(x, flag, name)

    function(_name, GROUP, f"{_words}, and give them values",
             Param("x", kinds.VALUE, "pointer to a module, model, dictionary or tensor(s)"),
             Param("names", kinds.SYMBOLS, "parameters; or a dictionary of values by name", None),
             Param("values", kinds.VALUE, "tensors or arrays, one for each name", None), raw=True,
             examples=["m:module enlist(`linear;3;2)", f"{_name}(m;`bias;0e)",
                       "gradflag m"])(_run)
