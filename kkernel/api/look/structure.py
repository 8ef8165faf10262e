"""Walk modules, and tell whether two of them are built alike."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn.parameter import is_lazy

Fingerprints = dict[int, int]


def children(module: nn.Module) -> list[tuple[str, nn.Module]]:
    """Direct children with their names; empty places are left out."""
    return [(name, child) for name, child in module._modules.items() if child is not None]


def own_parameters(module: nn.Module) -> list[tuple[str, Tensor]]:
    """The parameters that the module itself names; empty places are left out."""
    return [(name, p) for name, p in module._parameters.items() if p is not None]


def named_modules(root: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Every module under every path it has, depth first; not entered again inside itself."""
    stack = [("", root, frozenset({id(root)}))]
    while stack:
        path, module, above = stack.pop()
        yield path, module
        stack.extend(
            (f"{path}.{name}" if path else name, child, above | {id(child)})
            for name, child in reversed(children(module))
            if id(child) not in above
        )


def named_parameters(root: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Every parameter under every path it has."""
    for path, module in named_modules(root):
        prefix = f"{path}." if path else ""
        yield from ((prefix + name, parameter) for name, parameter in own_parameters(module))


def named_buffers(root: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Every buffer under every path it has."""
    for path, module in named_modules(root):
        prefix = f"{path}." if path else ""
        buffers = module._buffers.items()
        yield from ((prefix + name, buffer) for name, buffer in buffers if buffer is not None)


def postorder(root: nn.Module) -> Iterator[nn.Module]:
    """Every module once, children before their parents."""
    seen = {id(root)}
    stack = [(root, iter(children(root)))]
    while stack:
        module, rest = stack[-1]
        for _, child in rest:
            if id(child) not in seen:
                seen.add(id(child))
                stack.append((child, iter(children(child))))
                break
        else:
            stack.pop()
            yield module


def inside_itself(root: nn.Module) -> bool:
    """Whether some module lies below itself: a walk that follows names would not end."""
    rank = {id(module): n for n, module in enumerate(postorder(root))}
    return any(
        rank[id(child)] >= rank[id(module)]
        for module in postorder(root)
        for _, child in children(module)
    )


def fingerprints(root: nn.Module) -> Fingerprints:
    """By id of each module a number that is equal for modules built alike.

    Alike: same class, same plain attributes, same names and shapes of tensors, children alike. An
    attribute that is not plain data counts as alike only if it is the same object.
    """
    known: Fingerprints = {}
    for module in postorder(root):
        below = tuple((name, known.get(id(child))) for name, child in children(module))
        known[id(module)] = hash((type(module), _attributes(module), below))
    return known


def _attributes(module: nn.Module) -> tuple[Any, ...]:
    return tuple(
        (key, _attribute(value))
        for key, value in vars(module).items()
        if key != "_modules" and not key.endswith("_hooks")
    )


def _attribute(value: Any) -> Any:
    """Something to compare that stands for one attribute."""
    if isinstance(value, Tensor):
        return _look(value)
    if isinstance(value, (bool, int, float, str, type(None))):
        return value
    if isinstance(value, (list, tuple)):
        return tuple(map(_attribute, value))
    if isinstance(value, dict):
        return tuple((key, _attribute(item)) for key, item in value.items())
    if isinstance(value, (set, frozenset)):
        return frozenset(map(_attribute, value))
    return type(value) if isinstance(value, weakref.ref) else id(value)


def _look(tensor: Tensor) -> Any:
    if is_lazy(tensor):
        return "uninitialized"
    return tuple(tensor.shape), tensor.dtype, tensor.requires_grad


def runs(prints: Sequence[int]) -> list[int]:
    """How many equal neighbours start at each place: 3 0 0 1 for a a a b."""
    lengths = [1] * len(prints)
    start = 0
    for i in range(1, len(prints)):
        if prints[i] == prints[start]:
            lengths[start] += 1
            lengths[i] = 0
        else:
            start = i
    return lengths
