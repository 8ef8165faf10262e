"""Shapes, multiplications and memory of a forward pass, found without computing it.

A clone without data runs the forward (see skeleton.py): the original, its buffers, its hooks and
the random state are never touched. Modules built alike that get alike inputs run once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from .skeleton import Cloner
from .structure import Fingerprints, fingerprints, inside_itself

# Shape of one tensor is a tuple of ints; of several tensors a list of shapes; None: no tensor.
Shape = tuple[Any, ...] | list[Any] | None


@dataclass
class Call:
    """The first call of one module; `outputs` stays None when the forward did not return."""

    inputs: Shape
    outputs: Shape = None
    macs: int = 0
    saved_bytes: int = 0
    times: int = 1


@dataclass
class Trace:
    """What one forward pass would do; keys are dotted module paths, "" is the root."""

    calls: dict[str, Call] = field(default_factory=dict)
    failed_at: str | None = None
    failure: str = ""

    @property
    def complete(self) -> bool:
        return self.failed_at is None


def trace(module: nn.Module, *inputs: Any) -> Trace:
    """Run the forward of a data-free clone on `inputs` (tensors, or containers of tensors).

    A forward that fails is no error: the calls before the failure are there, and `failed_at`,
    `failure` say where and why.
    """
    if inside_itself(module):
        return Trace(failed_at="", failure="a module contains itself")
    clone = Cloner()
    result = Trace()
    running: list[str] = []
    try:
        twin, arguments = clone(module), clone.value(inputs)
        meter = _Meter(clone.tensors.values())
        recorder = _Recorder(result, running, meter, fingerprints(twin))
        recorder.watch(twin)
        with torch.random.fork_rng(devices=[]), torch.enable_grad(), torch.device("meta"), meter:
            twin(*arguments)
    except Exception as error:  # user code: anything may be raised
        result.failed_at = running[-1] if running else ""
        result.failure = first_line(error)
    return result


def first_line(error: BaseException) -> str:
    """The message of an error, one line of it, never empty."""
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


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


def tensors_in(value: Any) -> Iterator[Tensor]:
    """The tensors of a value and of the containers in it."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        yield from tensors_in(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors_in(item)


class _Meter:
    """Counts multiply-accumulates, and the bytes autograd keeps for the backward pass.

    `ignored` tensors (parameters and buffers) cost nothing: they are there anyway.
    """

    def __init__(self, ignored: Iterable[Tensor]) -> None:
        self._flops = FlopCounterMode(display=False)
        self._modes = ExitStack()
        self._seen = {tensor.untyped_storage()._cdata for tensor in ignored}
        self._alive: list[Tensor] = []  # a freed storage's address could be used again
        self._macs = 0
        self._bytes = 0

    def __enter__(self) -> _Meter:
        self._modes.enter_context(self._flops)
        self._modes.enter_context(
            torch.autograd.graph.saved_tensors_hooks(self._keep, lambda tensor: tensor)
        )
        return self

    def __exit__(self, *error: Any) -> None:
        self._modes.__exit__(*error)

    def read(self) -> tuple[int, int]:
        """Multiply-accumulates (torch counts each as two operations) and bytes so far."""
        return self._flops.get_total_flops() // 2 + self._macs, self._bytes

    def add(self, macs: int, saved_bytes: int) -> None:
        """Count work that was done before and not repeated."""
        self._macs += macs
        self._bytes += saved_bytes

    def seen(self, tensor: Tensor) -> bool:
        """Whether the memory of a tensor is counted already, or need not be."""
        return tensor.untyped_storage()._cdata in self._seen

    def see(self, tensor: Tensor) -> bool:
        """Count the memory of a tensor as seen; whether it was new."""
        if self.seen(tensor):
            return False
        self._seen.add(tensor.untyped_storage()._cdata)
        self._alive.append(tensor.detach())
        return True

    def _keep(self, tensor: Tensor) -> Tensor:
        if self.see(tensor):
            self._bytes += tensor.untyped_storage().nbytes()
        return tensor


@dataclass
class _Remembered:
    path: str
    paths: list[str]  # this call's and those inside it
    output: Any
    macs: int
    saved_bytes: int


class _Recorder:
    """Watches the calls of every module, and answers repeated ones from memory."""

    def __init__(
        self, result: Trace, running: list[str], meter: _Meter, prints: Fingerprints
    ) -> None:
        self._result = result
        self._running = running
        self._meter = meter
        self._prints = prints
        self._memory: dict[Any, _Remembered] = {}
        self._order: list[str] = []  # paths, as they were called

    def watch(self, root: nn.Module) -> None:
        for path, module in root.named_modules():
            module.__dict__["forward"] = self._forward(path, module, module.forward)

    def _forward(
        self, path: str, module: nn.Module, forward: Callable[..., Any]
    ) -> Callable[..., Any]:
        def recorded(*args: Any, **kwargs: Any) -> Any:
            inputs = [*args, *kwargs.values()]
            if path in self._result.calls:
                self._result.calls[path].times += 1
                return forward(*args, **kwargs)
            key = self._key(module, inputs, tuple(kwargs))
            if key in self._memory:
                return self._repeat(path, self._memory[key])
            return self._run(path, key, inputs, lambda: forward(*args, **kwargs))

        return recorded

    def _key(self, module: nn.Module, inputs: list[Any], names: tuple[str, ...]) -> Any:
        seen = tuple(map(self._meter.seen, tensors_in(inputs)))
        return self._prints[id(module)], names, _signature(inputs), seen

    def _run(self, path: str, key: Any, inputs: Any, forward: Callable[[], Any]) -> Any:
        call, begin = self._enter(path, Call(shape_of(inputs))), len(self._order) - 1
        macs, saved = self._meter.read()
        self._running.append(path)
        output = forward()
        self._running.pop()
        after = self._meter.read()
        call.macs, call.saved_bytes = after[0] - macs, after[1] - saved
        call.outputs = shape_of(output)
        if not _shares_memory(output, inputs):
            paths = self._order[begin:]
            self._memory[key] = _Remembered(path, paths, output, call.macs, call.saved_bytes)
        return output

    def _enter(self, path: str, call: Call) -> Call:
        self._result.calls[path] = call
        self._order.append(path)
        return call

    def _repeat(self, path: str, known: _Remembered) -> Any:
        """Answer a call that was made before by a module built alike."""
        for name in known.paths:
            self._enter(path + name[len(known.path) :], replace(self._result.calls[name]))
        self._meter.add(known.macs, known.saved_bytes)
        return self._fresh(known.output)

    def _fresh(self, value: Any) -> Any:
        """New data-free tensors like those of an earlier output."""
        if isinstance(value, Tensor):
            twin = torch.empty_like(value).requires_grad_(value.requires_grad)
            if self._meter.seen(value):
                self._meter.see(twin)
            return twin
        if type(value) in (list, tuple):
            return type(value)(map(self._fresh, value))
        if type(value) is dict:
            return {key: self._fresh(item) for key, item in value.items()}
        return value


def _signature(value: Any) -> Any:
    """What decides how a forward goes: shapes, types and plain values, no data."""
    if isinstance(value, Tensor):
        return tuple(value.shape), value.dtype, value.stride(), value.requires_grad
    if isinstance(value, (list, tuple)):
        return tuple(map(_signature, value))
    if isinstance(value, dict):
        return tuple((key, _signature(item)) for key, item in value.items())
    return value if isinstance(value, (bool, int, float, str, type(None))) else id(value)


def _shares_memory(output: Any, inputs: list[Any]) -> bool:
    """Whether an output is a view of an input: a fresh one would count as new memory."""
    given = {tensor.untyped_storage()._cdata for tensor in tensors_in(inputs)}
    return any(tensor.untyped_storage()._cdata in given for tensor in tensors_in(output))
