"""A module written as Python code that makes one like it.

Containers are written out; other modules by their constructor's arguments, which torch keeps as
attributes. What cannot be found again stands as `...`, and is told at the top.
"""

from __future__ import annotations

import keyword
import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from ..module.own.parms import ParameterDict
from .constructor import Unknown, arguments
from .structure import (
    Fingerprints,
    children,
    fingerprints,
    named_modules,
    named_parameters,
    runs,
)

WIDTH = 88  # of a line before its items are put below each other
FEWEST_REPEATED = 3
MOST_NUMBERS = 100  # of a tensor that is written as a literal


def python_code(module: nn.Module, name: str = "m") -> str:
    """Statements that make a module like this one under a name: imports, definition, ties, modes.

    Parameters get new random values; what is frozen, tied, in evaluation mode or of another type
    than torch's default is so again.
    """
    writer = _Writer(fingerprints(module))
    made = writer.module(module)
    lines = [*writer.imports(), "", *writer.before, f"{name} = {made}", *_kind(module, name),
             *_ties(module, name), *_frozen(module, name), *_modes(module, name)]
    return "\n".join([*writer.warnings(), *lines]) + "\n"


class _Writer:
    """Expressions for modules, and what they need before them."""

    def __init__(self, prints: Fingerprints) -> None:
        self.before: list[str] = []
        self._parts = 0
        self._prints = prints
        self._torch = self._ordered = False
        self._imported: dict[str, set[str]] = {}
        self._unknown: dict[str, str] = {}

    def imports(self) -> list[str]:
        lines = ["from collections import OrderedDict", ""] if self._ordered else []
        lines += ["import torch", "from torch import nn"]
        lines += [f"from {module} import {', '.join(sorted(names))}"
                  for module, names in sorted(self._imported.items())]
        return lines

    def warnings(self) -> list[str]:
        return [ascii(f"# {cls}: {why}")[1:-1] for cls, why in self._unknown.items()]

    def module(self, module: nn.Module) -> str:
        """The expression that makes one module and all in it."""
        if isinstance(module, nn.Sequential):
            return self._sequence("nn.Sequential", module, starred=True)
        if type(module) is nn.ModuleList:
            return self._sequence("nn.ModuleList", module, starred=False)
        if type(module) is nn.ModuleDict:
            pairs = [f"{literal(n)}: {self.module(child)}" for n, child in children(module)]
            return _call("nn.ModuleDict", [_braced(pairs)])
        if isinstance(module, (nn.TransformerEncoder, nn.TransformerDecoder)):
            return self._stack(module)
        if isinstance(module, (nn.ParameterList, nn.ParameterDict, ParameterDict)):
            return self._parameters(module)
        if _own_container(module):
            return self._filled(module)
        return self._constructed(module)

    # ------------------------------------------------------------------- containers

    def _sequence(self, call: str, module: nn.Module, starred: bool) -> str:
        named = children(module)
        if [n for n, _ in named] != [str(i) for i in range(len(named))]:
            self._ordered = True
            pairs = [f"({literal(n)}, {self.module(child)})" for n, child in named]
            return _call(call, [_call("OrderedDict", [_listed(pairs)])])
        items = self._repeated([child for _, child in named])
        return _call(call, items) if starred else _call(call, [_listed(items)])

    def _repeated(self, modules: Sequence[nn.Module]) -> list[str]:
        """An expression each; many neighbours that are built alike in one."""
        items: list[str] = []
        counts = runs([self._prints[id(m)] for m in modules])
        for i, count in enumerate(counts):
            parts, made = self._parts, self.module(modules[i]) if count else ""
            if self._parts > parts:  # made by statements: each needs its own
                items += [made, *map(self.module, modules[i + 1 : i + count])]
            elif count >= FEWEST_REPEATED:
                items.append(f"*[{made} for _ in range({count})]")
            else:
                items += [made] * count
        return items

    def _stack(self, module: Any) -> str:
        """An encoder or decoder, which copies one layer."""
        base = nn.TransformerEncoder if isinstance(module, nn.TransformerEncoder) \
            else nn.TransformerDecoder
        layers = list(module.layers)
        if not layers:
            return self._no_arguments(base.__name__, "its layer is not known: it has none")
        items = [self.module(layers[0]), str(len(layers))]
        if module.norm is not None:
            items.append(f"norm={self.module(module.norm)}")
        if base is nn.TransformerEncoder and not getattr(module, "enable_nested_tensor", True):
            items.append("enable_nested_tensor=False")
        return _call(f"nn.{base.__name__}", items)

    def _filled(self, module: nn.Module) -> str:
        """A container of ours: made empty, then given its children."""
        self._parts += 1
        part = f"part{self._parts}"
        lines = [f"{part}._modules[{literal(name)}] = {self.module(child)}"
                 for name, child in children(module)]
        self.before += [f"{part} = {self._constructed(module)}", *lines]
        return part

    def _parameters(self, module: Any) -> str:
        """A list or dictionary of parameters."""
        if isinstance(module, nn.ParameterList):
            return _call("nn.ParameterList", [_listed([_parameter(p) for p in module])])
        pairs = [f"{literal(n)}: {_parameter(p)}" for n, p in module.named_parameters()]
        return _call(self._name(type(module)), [_braced(pairs)])

    # ------------------------------------------------------------------- constructors

    def _constructed(self, module: nn.Module) -> str:
        cls = type(module)
        call = self._name(cls)
        if not call:
            return self._no_arguments(cls.__name__, "the class has no name that code can use")
        try:
            given = arguments(module)
            return _call(call, [self._argument(name, value) for name, value in given])
        except Unknown as error:
            return self._no_arguments(call, str(error))

    def _no_arguments(self, call: str, why: str) -> str:
        shown = call if _is_path(call) else ""
        self._unknown[shown or ascii(call)] = why
        return f"{shown}(...)" if shown else "..."

    def _name(self, cls: type) -> str:
        """How code names a class, noting the import; empty if it cannot."""
        for base in cls.__mro__ if cls.__module__.startswith("kkernel.") else (cls,):
            name = base.__name__
            if base.__module__.startswith("torch.nn.modules.") and getattr(nn, name, None) is base:
                return f"nn.{name}" if base is cls or getattr(cls, "label", "") == name else \
                    self._import(cls)
        return self._import(cls)

    def _import(self, cls: type) -> str:
        name, module = cls.__qualname__, cls.__module__
        if not _is_path(name) or not _is_path(module):
            return ""
        if module in ("__main__", "builtins"):
            return name
        self._imported.setdefault(module, set()).add(name.split(".")[0])
        return name

    def _argument(self, name: str, value: Any) -> str:
        text = self.module(value) if isinstance(value, nn.Module) else literal(value)
        return f"{name}={text}" if name else text


def _own_container(module: nn.Module) -> bool:
    """Whether a module is one of ours that is given its children after it is made."""
    from .describe import row_of

    row = row_of(module)
    return row is not None and row.container and type(module).__module__.startswith("kkernel.")


# --------------------------------------------------------------------------- text


def literal(value: Any) -> str:
    """A plain value as Python code; raises Unknown for anything else."""
    if isinstance(value, str):  # q's names are strings of a class of their own
        return ascii(str.__str__(value))
    if type(value) in (bool, int, type(None)):
        return repr(value)
    if type(value) is float:
        return repr(value) if math.isfinite(value) else f'float("{value}")'
    if type(value) is torch.dtype:
        return str(value)
    if isinstance(value, Tensor) and not is_lazy(value) and value.numel() <= MOST_NUMBERS:
        return f"torch.tensor({literal(value.tolist())}, dtype={value.dtype})"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, tuple):
        items = ", ".join(map(literal, value))
        return f"({items},)" if len(value) == 1 else f"({items})"
    raise Unknown(f"an argument of type {type(value).__name__} cannot be written")


def _parameter(tensor: Tensor) -> str:
    shape = "" if is_lazy(tensor) else literal(tuple(tensor.shape))
    return f"nn.Parameter(torch.empty({shape}))" if shape else "nn.UninitializedParameter()"


def _is_path(name: str) -> bool:
    return all(part.isidentifier() and not keyword.iskeyword(part) for part in name.split("."))


def _call(name: str, items: Sequence[str]) -> str:
    return name + _enclosed("(", items, ")")


def _listed(items: Sequence[str]) -> str:
    return _enclosed("[", items, "]")


def _braced(items: Sequence[str]) -> str:
    return _enclosed("{", items, "}")


def _enclosed(start: str, items: Sequence[str], end: str) -> str:
    """Items on one line, or below each other where they are long."""
    line = ", ".join(items)
    if len(items) == 1 and "\n" in line and not line.startswith("*"):
        return f"{start}{line}{end}"
    if "\n" not in line and len(line) < WIDTH - 12:
        return f"{start}{line}{end}"
    below = "\n".join(f"    {row}" for item in items for row in f"{item},".split("\n"))
    return f"{start}\n{below}\n{end}"


# --------------------------------------------------------------------------- afterwards


def _kind(root: nn.Module, name: str) -> Iterable[str]:
    """The type of the numbers, where it is not torch's default."""
    kinds = {p.dtype for p in root.parameters() if p.is_floating_point()}
    return [f"{name}.to({kinds.pop()})"] if len(kinds) == 1 and kinds != {torch.float32} else []


def _ties(root: nn.Module, name: str) -> Iterable[str]:
    """Modules that stand in two places, and parameters that two modules share."""
    first: dict[int, str] = {}
    shared: list[str] = []
    for path, module in named_modules(root):
        known = first.setdefault(id(module), path)
        if known != path and not any(_below(path, above) for above in shared):
            shared.append(path)
            above, _, last = path.rpartition(".")
            yield f"{_sub(name, above)}._modules[{literal(last)}] = {_sub(name, known)}"
    for path, parameter in named_parameters(root):
        known = first.setdefault(id(parameter), path)
        above, _, last = path.rpartition(".")
        if known != path and not any(_below(above, module) for module in shared):
            yield (f"{_sub(name, above)}.register_parameter({literal(last)}, "
                   f"{name}.get_parameter({literal(known)}))")


def _sub(name: str, path: str) -> str:
    return f"{name}.get_submodule({literal(path)})" if path else name


def _frozen(root: nn.Module, name: str) -> Iterable[str]:
    """Frozen parameters; modules that are frozen as a whole in one line."""
    lines = []
    done: list[str] = []
    for path, module in named_modules(root):
        found = list(module.parameters())
        if any(_below(path, above) for above in done):
            continue
        if found and not any(p.requires_grad for p in found):
            lines.append(f"{_sub(name, path)}.requires_grad_(False)")
            done.append(path)
            continue
        prefix = f"{path}." if path else ""
        lines += [f"{name}.get_parameter({literal(prefix + n)}).requires_grad_(False)"
                  for n, p in module._parameters.items() if p is not None and not p.requires_grad]
    return lines


def _below(path: str, above: str) -> bool:
    return not above or path == above or path.startswith(f"{above}.")


def _modes(root: nn.Module, name: str) -> Iterable[str]:
    """Evaluation mode, of all or of parts."""
    modes = {path: module.training for path, module in named_modules(root)}
    return [f"{_sub(name, path)}.{'train' if training else 'eval'}()"
            for path, training in modes.items()
            if training != (modes[path.rpartition(".")[0]] if path else True)]
