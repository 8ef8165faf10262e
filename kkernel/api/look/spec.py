"""The rows of a model's specification: what it is made of, what goes in and out, what it costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from .describe import Description, Options, describe
from .sample import sample_inputs
from .structure import children, fingerprints, named_parameters, own_parameters, postorder, runs
from .trace import Call, Shape, Trace, trace


@dataclass(frozen=True)
class Row:
    """One module. Counts cover its whole subtree, with tied parameters counted once.

    `inputs` and `outputs` are None when unknown. `blocks` is how many equal siblings start here
    (1: none follow; 0: this row is one of those that follow). `tied` names the parameters that an
    earlier module already holds, as "own name = earlier path". `bytes` are those of the parameters,
    `buffers`, `gradients`, `optimizer` and `activations` (kept for backward) bytes too.
    """

    path: str
    depth: int
    name: str
    kind: str
    options: Options
    python: str
    python_options: Options
    children: int
    blocks: int
    inputs: Shape
    outputs: Shape
    calls: int
    parameters: int
    own: int
    trainable: int
    bytes: int
    buffers: int
    gradients: int
    optimizer: int
    activations: int
    share: float
    macs: int
    tied: tuple[str, ...]
    training: bool


@dataclass(frozen=True)
class Memory:
    """Bytes; None where nothing is known. `activations` is what autograd keeps for backward."""

    parameters: int
    buffers: int
    gradients: int
    optimizer: int | None
    activations: int | None


@dataclass(frozen=True)
class Spec:
    """The whole table. `failed_at` is the path of the module whose forward failed, or None.

    `assumed` says in words which input was assumed, when none was given. In that case `n` in a
    shape is the number of samples, and multiply-accumulates and activations are those of one.
    """

    rows: tuple[Row, ...]
    parameters: int
    trainable: int
    macs: int | None
    memory: Memory
    failed_at: str | None
    failure: str
    assumed: str | None


def spec(module: nn.Module, example_input: Any = None, optimizer: Any = None) -> Spec:
    """Describe a module and everything in it.

    `example_input` is a tensor, or a tuple of them for a forward of several arguments; only their
    shapes and types matter. Without it an input is assumed where the first layer tells its shape.
    `optimizer` adds the memory of its buffers.
    """
    traced, assumed = _traced(module, example_input)
    calls = _calls(module, traced)
    sizes = _Sizes(module, optimizer)
    whole = calls.get(id(module)) if traced.complete else None
    return Spec(
        rows=tuple(_row(entry, calls.get(id(entry.module)), sizes) for entry in _walk(module)),
        parameters=sizes.total.count,
        trainable=sizes.total.trainable,
        macs=whole.macs if whole else None,
        memory=_memory(module, sizes.total, optimizer, whole),
        failed_at=traced.failed_at,
        failure=traced.failure,
        assumed=assumed,
    )


# --------------------------------------------------------------------------- the walk


@dataclass(frozen=True)
class _Entry:
    path: str
    name: str
    depth: int
    module: nn.Module
    described: Description
    blocks: int


def _walk(root: nn.Module) -> Iterator[_Entry]:
    """Depth first, in order of registration; a module met again inside itself is not entered."""
    prints = fingerprints(root)
    known: dict[int, Description] = {}  # by fingerprint: modules built alike read alike

    def described(module: nn.Module) -> Description:
        mark = prints[id(module)]
        if mark not in known:
            known[mark] = describe(module)
        return known[mark]

    stack = [(_Entry("", "", 0, root, described(root), 1), frozenset({id(root)}))]
    while stack:
        entry, above = stack.pop()
        yield entry
        named = children(entry.module)
        blocks = runs([prints[id(child)] for _, child in named])
        below = [
            (_child(entry, name, child, described(child), block), above | {id(child)})
            for (name, child), block in zip(named, blocks, strict=True)
            if id(child) not in above
        ]
        stack.extend(reversed(below))


def _child(
    parent: _Entry, name: str, module: nn.Module, described: Description, blocks: int
) -> _Entry:
    path = f"{parent.path}.{name}" if parent.path else name
    return _Entry(path, name, parent.depth + 1, module, described, blocks)


def _row(entry: _Entry, call: Call | None, sizes: _Sizes) -> Row:
    module, described = entry.module, entry.described
    size = sizes.of(module)
    call = call or Call(None, times=0)
    return Row(
        path=entry.path,
        depth=entry.depth,
        name=entry.name,
        kind=described.kind,
        options=described.options,
        python=described.python,
        python_options=described.python_options,
        children=len(children(module)),
        blocks=entry.blocks,
        inputs=call.inputs,
        outputs=call.outputs,
        calls=call.times,
        parameters=size.count,
        own=sizes.own(module).count,
        trainable=size.trainable,
        bytes=size.bytes,
        buffers=sizes.buffers(module),
        gradients=size.gradients,
        optimizer=size.optimizer,
        activations=call.saved_bytes,
        share=size.count / sizes.total.count if sizes.total.count else 0.0,
        macs=call.macs,
        tied=sizes.tied(entry.path, module),
        training=module.training,
    )


# --------------------------------------------------------------------------- counting


@dataclass(frozen=True)
class _Size:
    count: int = 0
    trainable: int = 0
    bytes: int = 0
    gradients: int = 0
    optimizer: int = 0


def identity(tensor: Tensor) -> tuple[Any, ...]:
    """Equal for two names of the same memory seen in the same way."""
    if not _has_shape(tensor):
        return (id(tensor),)
    storage = tensor.untyped_storage()._cdata
    return storage, tensor.storage_offset(), tuple(tensor.shape), tensor.stride()


def _has_shape(tensor: Tensor) -> bool:
    return not is_lazy(tensor)


class _Sizes:
    """Sizes of every module's subtree, each parameter counted once however often it is named."""

    def __init__(self, root: nn.Module, optimizer: Any = None) -> None:
        self._subtree: dict[int, frozenset[Any]] = {}
        self._buffers: dict[int, frozenset[tuple[Any, int]]] = {}  # with their bytes
        self._size: dict[Any, _Size] = {}
        self._first: dict[Any, str] = {}
        for path, parameter in named_parameters(root):
            self._first.setdefault(identity(parameter), path)
            self._size[identity(parameter)] = _size(parameter, optimizer)
        for module in postorder(root):
            own = frozenset(identity(p) for _, p in own_parameters(module))
            below = (self._subtree.get(id(m), frozenset()) for _, m in children(module))
            self._subtree[id(module)] = own.union(*below)
            inside = (self._buffers.get(id(m), frozenset()) for _, m in children(module))
            self._buffers[id(module)] = _own_buffers(module).union(*inside)
        self.total = self.of(root)

    def of(self, module: nn.Module) -> _Size:
        return self._sum(self._subtree[id(module)])

    def buffers(self, module: nn.Module) -> int:
        """Bytes of the buffers in a module's subtree."""
        return sum(size for _, size in self._buffers[id(module)])

    def own(self, module: nn.Module) -> _Size:
        return self._sum({identity(p) for _, p in own_parameters(module)})

    def _sum(self, keys: Iterable[Any]) -> _Size:
        sizes = [self._size[key] for key in keys]
        return _Size(
            sum(s.count for s in sizes),
            sum(s.trainable for s in sizes),
            sum(s.bytes for s in sizes),
            sum(s.gradients for s in sizes),
            sum(s.optimizer for s in sizes),
        )

    def tied(self, path: str, module: nn.Module) -> tuple[str, ...]:
        """`name = path` of own parameters that another module already holds."""
        prefix = f"{path}." if path else ""
        firsts = ((n, self._first[identity(p)]) for n, p in own_parameters(module))
        return tuple(f"{n} = {first}" for n, first in firsts if first != prefix + n)


def _own_buffers(module: nn.Module) -> frozenset[tuple[Any, int]]:
    return frozenset((identity(b), tensor_bytes(b)) for b in module._buffers.values()
                     if b is not None and _has_shape(b))


def _size(parameter: Tensor, optimizer: Any = None) -> _Size:
    if not _has_shape(parameter):
        return _Size()
    return _Size(
        parameter.numel(),
        parameter.numel() if parameter.requires_grad else 0,
        tensor_bytes(parameter),
        0 if parameter.grad is None else tensor_bytes(parameter.grad),
        _slots(optimizer, parameter),
    )


def _slots(optimizer: Any, parameter: Tensor) -> int:
    """Bytes of what an optimizer keeps for one parameter."""
    state = {} if optimizer is None else optimizer.state
    entry = state.get(parameter, {})
    return sum(tensor_bytes(value) for value in entry.values() if isinstance(value, Tensor))


def tensor_bytes(tensor: Tensor) -> int:
    """Bytes of a tensor's elements."""
    return tensor.numel() * tensor.element_size()


def _memory(module: nn.Module, size: _Size, optimizer: Any, whole: Call | None) -> Memory:
    return Memory(
        parameters=size.bytes,
        buffers=sum(tensor_bytes(b) for b in module.buffers() if _has_shape(b)),
        gradients=size.gradients,
        optimizer=optimizer_bytes(optimizer),
        activations=whole.saved_bytes if whole else None,
    )


def optimizer_bytes(optimizer: Any) -> int | None:
    """Bytes of the tensors in an optimizer's state, None without an optimizer."""
    if optimizer is None:
        return None
    values = (value for entry in optimizer.state.values() for value in entry.values())
    return sum(tensor_bytes(value) for value in values if isinstance(value, Tensor))


# --------------------------------------------------------------------------- shapes


def _traced(module: nn.Module, example_input: Any) -> tuple[Trace, str | None]:
    """The trace, and words for an input that was assumed."""
    if example_input is not None:
        inputs = example_input if isinstance(example_input, tuple) else (example_input,)
        return trace(module, *inputs), None
    for two, three, words, _ in sample_inputs(module):
        small = trace(module, *two)
        if small.complete:
            large = trace(module, *three)
            if large.complete:
                return per_sample(small, large), words
    return Trace(), None


def _calls(module: nn.Module, traced: Trace) -> dict[int, Call]:
    """Calls by id of the module, whose path in the trace is the first of its names."""
    paths = {path: id(m) for path, m in module.named_modules()}
    return {paths[path]: call for path, call in traced.calls.items() if path in paths}


def per_sample(two: Trace, three: Trace) -> Trace:
    """What one sample costs, from runs with 2 and 3 of them; sizes that grow with them become n."""
    return Trace({path: _sample(call, three.calls[path]) for path, call in two.calls.items()})


def _sample(two: Call, three: Call) -> Call:
    return Call(
        batched(two.inputs, three.inputs),
        batched(two.outputs, three.outputs),
        three.macs - two.macs,
        three.saved_bytes - two.saved_bytes,
        two.times,
    )


def batched(two: Any, three: Any) -> Any:
    """Join the shapes seen with 2 and 3 samples: a size that grows with them becomes "n", "4n"."""
    if isinstance(two, int) and isinstance(three, int):
        step = three - two
        if step > 0 and two == 2 * step:
            return "n" if step == 1 else f"{step}n"
        return two
    if isinstance(two, (tuple, list)) and isinstance(three, (tuple, list)):
        return type(two)(batched(a, b) for a, b in zip(two, three, strict=False))
    return two


def shape_text(shape: Any) -> str:
    """`8 784` for one tensor, `8 784; 8 10` for several, empty when unknown."""
    if shape is None:
        return ""
    if isinstance(shape, tuple):
        return " ".join(map(str, shape)) if shape else "scalar"
    return "; ".join(map(shape_text, shape))


def structure_state(module: nn.Module) -> tuple[Any, ...]:
    """Cheap to take, and different once modules, parameters or their gradients come or go."""
    modules = tuple(id(m) for m in module.modules())
    parameters = tuple((id(p), p.requires_grad, p.grad is None) for p in module.parameters())
    return modules, parameters
