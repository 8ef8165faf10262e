"""Shapes, multiplications and memory of a forward pass, found without computing it.

The module is cloned with tensors that have a shape but no data (torch's meta device); the clone's
forward runs, and the original, its buffers, its hooks and the random state are never touched.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

# Shape of one tensor is a tuple of ints; of several tensors a list of shapes; None: no tensor.
Shape = tuple[int, ...] | list[Any] | None


@dataclass
class Trace:
    """What one forward pass would do; keys are dotted module paths, "" is the root."""

    inputs: dict[str, Shape] = field(default_factory=dict)
    outputs: dict[str, Shape] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    macs: dict[str, int] = field(default_factory=dict)
    saved_bytes: int | None = None
    failed_at: str | None = None
    failure: str = ""


def trace(module: nn.Module, *inputs: Any) -> Trace:
    """Run the forward of a data-free clone on `inputs` (tensors, or containers of tensors).

    A forward that fails is no error: the rows before the failure are filled and `failed_at`,
    `failure` say where and why.
    """
    result = Trace()
    open_calls: list[str] = []
    saved = _SavedBytes()
    flops = FlopCounterMode(display=False)
    try:
        clone = Cloner()
        twin = clone(module)
        saved.ignore(clone.tensors.values())
        _hook(twin, result, open_calls)
        with ExitStack() as modes:
            modes.enter_context(torch.random.fork_rng(devices=[]))
            modes.enter_context(torch.enable_grad())
            modes.enter_context(torch.device("meta"))
            modes.enter_context(flops)
            modes.enter_context(saved.hooks())
            twin(*clone.value(inputs))
        result.saved_bytes = saved.total
    except Exception as error:  # user code: anything may be raised
        result.failed_at = open_calls[-1] if open_calls else ""
        result.failure = first_line(error)
    result.macs = _macs(flops, type(module).__name__)
    return result


def first_line(error: BaseException) -> str:
    """The message of an error, one line of it, never empty."""
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


class Cloner:
    """Clone modules with every tensor replaced by one of the same shape and no data.

    Tensors and modules that appear twice are cloned once, so ties stay ties. Hooks are dropped:
    they belong to the original. Other attributes are shared with it.
    """

    def __init__(self) -> None:
        self.tensors: dict[int, Tensor] = {}
        self._modules: dict[int, nn.Module] = {}

    def __call__(self, module: nn.Module) -> nn.Module:
        if id(module) in self._modules:
            return self._modules[id(module)]
        twin = self._modules[id(module)] = type(module).__new__(type(module))
        for key, value in vars(module).items():
            twin.__dict__[key] = OrderedDict() if key.endswith("_hooks") else self.value(value)
        return twin

    def value(self, value: Any) -> Any:
        """The data-free counterpart of a tensor, module, or container of them."""
        if isinstance(value, Tensor):
            return self._tensor(value)
        if isinstance(value, nn.Module):
            return self(value)
        if type(value) in (list, tuple):
            return type(value)(map(self.value, value))
        if type(value) in (dict, OrderedDict):
            return type(value)((key, self.value(item)) for key, item in value.items())
        return value

    def _tensor(self, tensor: Tensor) -> Tensor:
        twin = self.tensors.get(id(tensor))
        if twin is None:
            twin = torch.empty_like(tensor.detach(), device="meta")
            if isinstance(tensor, nn.Parameter):
                twin = nn.Parameter(twin, tensor.requires_grad)
            self.tensors[id(tensor)] = twin
        return twin


class _SavedBytes:
    """Bytes that autograd would keep for the backward pass, each storage once."""

    def __init__(self) -> None:
        self.total = 0
        self._seen: set[int] = set()
        self._alive: list[Tensor] = []  # a freed storage's address could be used again

    def ignore(self, tensors: Any) -> None:
        """Do not count these: parameters and buffers are there anyway."""
        self._seen.update(tensor.untyped_storage()._cdata for tensor in tensors)

    def hooks(self) -> Any:
        return torch.autograd.graph.saved_tensors_hooks(self._pack, lambda tensor: tensor)

    def _pack(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in self._seen:
            self._seen.add(storage._cdata)
            self._alive.append(tensor.detach())
            self.total += storage.nbytes()
        return tensor


def _hook(twin: nn.Module, result: Trace, open_calls: list[str]) -> None:
    for path, child in twin.named_modules():
        child.register_forward_pre_hook(_before(path, result, open_calls), with_kwargs=True)
        child.register_forward_hook(_after(path, result, open_calls))


def _before(path: str, result: Trace, open_calls: list[str]) -> Callable[..., None]:
    def before(_module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        open_calls.append(path)
        result.calls[path] = result.calls.get(path, 0) + 1
        result.inputs.setdefault(path, shape_of([*args, *kwargs.values()]))

    return before


def _after(path: str, result: Trace, open_calls: list[str]) -> Callable[..., None]:
    def after(_module: nn.Module, _args: Any, output: Any) -> None:
        open_calls.pop()
        result.outputs.setdefault(path, shape_of(output))

    return after


def shape_of(value: Any) -> Shape:
    """Shape of a tensor, or of the tensors in a container: one alone is not wrapped in a list."""
    if isinstance(value, Tensor):
        return tuple(value.shape)
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        shapes = [shape for shape in map(shape_of, value) if shape is not None]
        return shapes[0] if len(shapes) == 1 else (shapes or None)
    return None


def _macs(flops: FlopCounterMode, root: str) -> dict[str, int]:
    """Multiply-accumulates by module path: torch counts two operations for each."""
    return {path: total // 2 for path, total in _by_path(flops, root) if total}


def _by_path(flops: FlopCounterMode, root: str) -> Iterator[tuple[str, int]]:
    for name, counts in flops.get_flop_counts().items():
        if name == root or name.startswith(root + "."):
            yield name[len(root) + 1 :], sum(counts.values())
