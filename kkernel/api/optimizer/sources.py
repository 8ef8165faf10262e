"""Where an optimizer's parameters come from, and the container that remembers it.

torch's optimizers know tensors only.  To name them in a state, and to find them again, each
optimizer keeps the modules that it was given: one alone, or several in a module dictionary; loose
tensors lie in a parameter dictionary named parms.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from kkernel.q.errors import QError
from kkernel.q.symbols import Symbol
from kkernel.q.values import Value, items

from ..kinds import NO, as_longs, as_symbols, is_empty, is_general, kname
from ..module.build import own_name, set_name
from ..module.own.parms import ParameterDict
from ..module.types import type_name
from ..objects import Handle, find


class Sources(nn.ModuleDict):
    """The modules that an optimizer was given, when there are several."""

    def put(self, module: nn.Module) -> None:
        name = own_name(module)
        if name and name in self._modules:
            other = self._modules[name]
            assert other is not None
            raise QError(f"opt: a {type_name(other)} module named `{name} already registered "
                         "with the optimizer")
        self._modules[name or str(len(self._modules))] = module


def add_module(root: nn.Module | None, module: nn.Module) -> nn.Module:
    """The container of an optimizer with one more module."""
    if root is None:
        return module
    if any(m is module for m in root.modules()):
        return root
    if not isinstance(root, Sources):
        joined = Sources()
        joined._modules[own_name(root) or "0"] = root
        root = joined
    root.put(module)
    return root


def add_tensors(root: nn.Module | None, tensors: dict[str | None, Tensor] | Any) -> nn.Module:
    """The container with loose tensors: (name or None, tensor) pairs."""
    parms = root if isinstance(root, ParameterDict) else None
    if isinstance(root, Sources):
        parms = next((c for c in root.children() if isinstance(c, ParameterDict)), None)
    new = parms is None
    if parms is None:
        parms = ParameterDict()
        set_name(parms, _free_name(root))
    for name, t in tensors:
        parms.insert(name if name is not None else str(len(parms._parameters)), t)
    return add_module(root, parms) if new or root is None else root


def _free_name(root: nn.Module | None) -> str:
    taken = root._modules if root is not None else {}
    names = ["parms", *(f"parms{i}" for i in range(1, len(taken) + 1))]
    return next(n for n in names if n not in taken)


# ------------------------------------------------------------------ reading

def read_parameters(x: Value, optimizer: Optimizer,
                    root: nn.Module | None) -> tuple[list[Tensor], nn.Module | None]:
    """The parameters that x names, checked against those of the optimizer, and its container."""
    if is_empty(x):
        return [], root
    handle, selector = _source(x)
    if handle.kind in ("module", "model"):
        module = handle.obj if handle.kind == "module" else handle.obj.module
        parms = _of_module(module, selector)
        _check(optimizer, root, parms)
        return parms, add_module(root, module)
    if handle.kind == "dictionary":
        named = _of_dictionary(handle.obj, selector)
    else:
        named = [(None, t) for t in _of_vector(handle, selector)]
    parms = [t for _, t in named]
    _check(optimizer, root, parms)
    return parms, add_tensors(root, named)


def _source(x: Value) -> tuple[Handle, Value]:
    """The object and the selector of `object` or (object;selector)."""
    handle, selector = find(x), None
    if handle is None and is_general(x) and len(x):
        handle, selector = find(items(x)[0]), items(x)[1] if len(x) > 1 else None
    if handle is None:
        raise QError("opt: expecting module, model or tensors after optimizer & optional group "
                     f"number, given {kname(x)}")
    if find(x) is None and len(x) != 2:
        raise QError(f"opt: expecting one arg to select parameters from {handle.kind} "
                     f"but given {len(x) - 1} args")
    if handle.kind not in ("tensor", "vector", "dictionary", "module", "model"):
        raise QError(f"opt: cannot derive parameters from {handle.kind}")
    return handle, selector


def _of_module(module: nn.Module, selector: Value) -> list[Tensor]:
    if selector is None:
        return list(module.parameters())
    indices, names = as_longs(selector), as_symbols(selector)
    if indices is not NO:
        below = [m for path, m in module.named_modules() if path]
        return _joined([(f"module[{i}]", _below(below, i)) for i in indices])
    if names is NO:
        raise QError(f"opt: {type_name(module)} module supplied with unrecognized "
                     f"{kname(selector)} selector(s)")
    return _joined([_named(module, n) for n in names])


def _below(modules: list[nn.Module], i: int) -> list[Tensor]:
    if i < 0:
        raise QError(f"opt: module[{i}] invalid")
    if i >= len(modules):
        raise QError(f"opt: module[{i}] out of bounds, {len(modules)} submodule(s)")
    return list(modules[i].parameters())


def _named(module: nn.Module, name: Symbol) -> tuple[str, list[Tensor]]:
    modules, parms = dict(module.named_modules()), dict(module.named_parameters())
    if name and name in modules:
        return f"module[`{name}]", list(modules[name].parameters())
    if name not in parms:
        raise QError(f"opt: no module or parameter named `{name}")
    return f"`{name}", [parms[name]]


def _joined(parts: Iterable[tuple[str, list[Tensor]]]) -> list[Tensor]:
    """All tensors of several parts, none twice."""
    found: list[Tensor] = []
    for word, tensors in parts:
        for t in tensors:
            if any(t is f for f in found):
                joint = "parameter(s) with " if word.startswith("module") else "parameter "
                raise QError(f"opt: duplicate {joint}{word}")
        found += tensors
    return found


def _of_dictionary(d: dict[str, Any], selector: Value) -> list[tuple[str | None, Tensor]]:
    if selector is None:
        _check_distinct([(f"`{n}", t) for n, t in d.items()])
        return list(d.items())
    names = as_symbols(selector)
    if names is NO:
        raise QError(f"opt: tensor dictionary supplied with unrecognized {kname(selector)} "
                     "selector(s)")
    for n in names:
        if n not in d:
            raise QError(f"opt: no dictionary parameter named `{n}")
    _joined([(f"dict[`{n}]", [d[n]]) for n in names])
    return [(str(n), d[n]) for n in names]


def _of_vector(handle: Handle, selector: Value) -> list[Tensor]:
    v = [handle.obj] if handle.kind == "tensor" else handle.obj
    if selector is None:
        _check_distinct([(str(i), t) for i, t in enumerate(v)])
        return list(v)
    indices = as_longs(selector)
    if indices is NO:
        raise QError(f"opt: tensor vector supplied with unrecognized {kname(selector)} "
                     "selector(s)")
    for i in indices:
        if i < 0:
            raise QError(f"opt: vector[{i}] invalid")
        if i >= len(v):
            raise QError(f"opt: vector[{i}] out of bounds, index must be less than {len(v)}")
    return _joined([(f"from vector[{i}]", [v[i]]) for i in indices])


def _check_distinct(named: list[tuple[str, Tensor]]) -> None:
    for j, (name, t) in enumerate(named):
        for first, other in named[:j]:
            if t is other:
                raise QError(f"opt: parameter[{name}] is duplicate of parameter[{first}]")


def _check(optimizer: Optimizer, root: nn.Module | None, parms: list[Tensor]) -> None:
    """Parameters must be leaves that no group has yet."""
    for i, p in enumerate(parms):
        if p is None or not p.is_leaf:
            raise QError(f"opt: parameter[{i}] is a not a leaf tensor")
        for g, group in enumerate(optimizer.param_groups):
            if any(p is q for q in group["params"]):
                kind, name = where(root, p)
                about = f" ({kind} module parameter `{name})" if kind or name else ""
                raise QError(f"opt: parameter[{i}] already in group {g}{about}")


def where(root: nn.Module | None, p: Tensor) -> tuple[str, str]:
    """Type of the module that has a parameter, and the parameter's dotted name."""
    if root is None:
        return "", ""
    for path, module in root.named_modules():
        for name, q in module.named_parameters(recurse=False):
            if q is p:
                return type_name(module), f"{path}.{name}" if path else name
    return "", ""
