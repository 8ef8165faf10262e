"""The data of a model: inputs and targets, their batches and their order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from kkernel.q import interrupts
from kkernel.q.errors import QError
from kkernel.q.values import List, Value

from .. import kinds
from ..declare import function, simple_items
from ..dispatch import implement
from ..inputs import Input, input_pointer, input_to_q, read_inputs
from ..kinds import kname
from ..module.forward import first_device
from ..objects import Handle, TensorDict, find
from ..params import Param
from ..tensor import spans
from ..tensor.batches import reordered as in_order
from .options import GROUP, Settings


@dataclass
class Data:
    """Inputs and targets, how they are split into batches, and the results of the last batch."""

    x: Input = None
    y: Input = None
    size: int = -1  # of the first dimension, -1 without data
    width: int = -1  # of a batch
    batches: int = -1
    batch: int = -1  # the current one
    output: Any = None
    loss: Tensor | None = None
    order: Tensor | None = None  # where the samples were before shuffling
    generator: torch.Generator | None = None
    metrics: list[list[Tensor]] = field(default_factory=list)

    @property
    def tensors(self) -> list[Tensor | None]:
        return [*tensors_of(self.x), *tensors_of(self.y)]

    def define(self, x: Input, y: Input, options: Settings) -> int:
        """Take new data; gives the number of batches."""
        size = 0
        for t in (*tensors_of(x), *tensors_of(y)):
            n = spans.full_size(t, 0)
            if size and n != size:
                raise QError(f"tensor size mismatch, {size} vs {n}")
            size = n
        self.x, self.y, self.order, self.size = x, y, None, size
        self.count(options)
        return self.batches

    def count(self, options: Settings) -> None:
        """Count the batches again, for new data or options."""
        if self.size >= 0:
            self.width = min(options["batchsize"], self.size)
            self.batches = spans.batches(self.width, self.size, options["droplast"])
            self.batch = -1

    @interrupts.held()  # a tensor that shows a batch always knows its full size
    def restore(self) -> int:
        """End batching: every tensor shows all samples."""
        self.batch = -1
        for t in self.tensors:
            if t is not None and t.ndim:
                spans.restore(t)
        return self.size

    def start(self, options: Settings) -> None:
        """Begin a pass: full size, a new order if asked for, and no metrics yet."""
        self.restore()
        if options["shuffle"]:
            self.shuffle(options)
        self.metrics = [[] for _ in options["metrics"]]

    @interrupts.held()
    def next(self, options: Settings) -> bool:
        """Show the next batch of this task; false after the last one."""
        first = self.batch < 0
        i = options["task"] if first else self.batch + options["tasks"]
        if i >= self.batches:
            self.restore()
            return False
        if first:
            self.start(options)
        for t in self.tensors:
            spans.select(t, i, self.width, 0, self.size)
        self.batch = i
        return True

    # -------------------------------------------------------------- order

    @interrupts.held()  # the order and what undoes it
    def shuffle(self, options: Settings) -> None:
        """Put the samples in a new random order, which `unshuffle` can undo."""
        n = self.restore()
        if n < 1:
            return
        device = next((t.device for t in self.tensors if t is not None), torch.device("cpu"))
        if options["tasks"] > 1:
            if self.generator is None:
                self.generator = torch.Generator(device if options["shufflecuda"] else "cpu")
                self.generator.manual_seed(options["shuffleseed"])
            p = torch.randperm(n, generator=self.generator, device=self.generator.device)
        else:
            p = torch.randperm(n, device=device)
        self.reorder(p)
        before = self.order
        self.order = p if before is None else before.index_select(0, p.to(before.device))

    @interrupts.held()
    def unshuffle(self) -> None:
        self.restore()
        if self.order is not None:
            self.reorder(self.order.argsort())
            self.order = None

    def reorder(self, p: Tensor) -> None:
        self.x, self.y = reordered(self.x, p), reordered(self.y, p)


def tensors_of(x: Input) -> list[Tensor | None]:
    """The tensors of an input."""
    if x is None:
        return []
    if isinstance(x, TensorDict):
        return list(x.values())
    return x if isinstance(x, list) else [x]


def samples(x: Input) -> int:
    """How many samples an input has: the size of its first tensor."""
    found = tensors_of(x)
    t = found[0] if found else None
    return 0 if t is None else t.shape[0] if t.ndim else 1


def reordered(x: Input, p: Tensor) -> Input:
    """An input with its samples in another order."""
    if isinstance(x, TensorDict):
        return TensorDict({k: in_order(t, p) for k, t in x.items()}, x.role)
    return [in_order(t, p) for t in x] if isinstance(x, list) else in_order(x, p)


# ------------------------------------------------------------------ data of models

def read_both(args: list[Value], name: str) -> tuple[Input, Input]:
    """Inputs and targets from (model;inputs) or (model;inputs;targets)."""
    if len(args) > 3:
        raise QError(f"{name}: up to 3 args expected, ({kname(args[0])};inputs;targets) "
                     f"but {len(args)} given")
    def device() -> torch.device | None:
        return device_of(args[0])

    x = read_inputs([args[1]], name, device)
    return x, read_inputs([args[2]], name, device) if len(args) == 3 else None


def device_of(x: Value) -> torch.device | None:
    """The device of the parameters of a model."""
    handle = find(x)
    return first_device(handle.obj.module) if handle is not None else None


def define(args: list[Value], training: bool, name: str) -> int:
    """Take data for training or testing; gives the number of batches."""
    handle = find(args[0])
    assert handle is not None
    options, data = handle.obj.side(training)
    if len(args) < 2:
        raise QError(f"{name}: expecting inputs after the model")
    x, y = read_both(args, name)
    data.generator = None
    return data.define(x, y, options)


def model_of(x: Value) -> Handle | None:
    """The handle of a model pointer, None for any other value."""
    handle = find(x)
    return handle if handle is not None and handle.kind == "model" else None


def leading_model(x: Value, name: str) -> tuple[Handle, list[Value]]:
    """The model and all arguments of (model; ...)."""
    args = simple_items(x)
    handle = model_of(args[0]) if args and find(x) is None else None
    if handle is None:
        raise QError(f"{name}: 1st argument must be a model")
    return handle, args


def need_model(x: Value, message: str) -> Handle:
    handle = model_of(x)
    if handle is None:
        raise QError(message.format(kname(x)))
    return handle


def _data(x: Value, training: bool, name: str) -> Value:
    handle = model_of(x)
    if handle is not None:
        data = handle.obj.side(training)[1]
        return List([input_to_q(data.x), input_to_q(data.y)])
    _, args = leading_model(x, name)
    return define(args, training, name)


def _end(x: Value, training: bool, name: str, inputs: bool) -> Value:
    """Give or set the inputs, or the targets."""
    handle = model_of(x)
    if handle is not None:
        data = handle.obj.side(training)[1]
        return input_pointer(data.x if inputs else data.y)
    handle, args = leading_model(x, name)
    options, data = handle.obj.side(training)
    given = read_inputs(args[1:], name, lambda: device_of(args[0]))
    return data.define(given if inputs else data.x, data.y if inputs else given,
                       options)


_MODEL = Param("model", kinds.VALUE, "pointer to a model")
_SAMPLE = "m:model(module`identity;loss`mse;opt`sgd)"


def _declare(training: bool) -> None:
    prefix, words = ("", "training") if training else ("test", "test")

    @function(f"{prefix}data", GROUP, f"{words} data of a model as k values, or define them",
              _MODEL, Param("inputs", kinds.VALUE, "tensors or arrays", None),
              Param("targets", kinds.VALUE, "tensors or arrays", None), raw=True,
              examples=[_SAMPLE, f"{prefix}data(m;til 5;1 0 1 0 1)", f"{prefix}data m"])
    def data(x: Value) -> Value:
        return _data(x, training, f"{prefix}data")

    for end in ("input", "target"):
        @function(f"{prefix}{end}", GROUP,
                  f"pointer to the {words} {end}s of a model, or define them", _MODEL,
                  Param(f"{end}s", kinds.VALUE, "tensors or arrays", None), raw=True,
                  examples=[_SAMPLE, f"{prefix}{end}(m;til 5)", f"tensor {prefix}{end} m"])
        def one_end(x: Value, end: str = end) -> Value:
            return _end(x, training, f"{prefix}{end}", end == "input")

    size = f"{prefix or 'data'}size"

    @function(size, GROUP, f"number of {words} samples, in the batch if there is one", _MODEL,
              raw=True, examples=[_SAMPLE, f"{prefix}data(m;til 5;til 5)", f"{size} m"])
    def count(x: Value) -> int:
        handle = need_model(x, size + ": model argument expected, given {}")
        return samples(handle.obj.side(training)[1].x)

    start = f"{prefix or 'batch'}init"

    @function(start, GROUP, f"begin a pass over the {words} data; gives the number of batches",
              _MODEL, raw=True, examples=[_SAMPLE, f"{prefix}data(m;til 5;til 5)", f"{start} m"])
    def begin(x: Value) -> int:
        handle = need_model(x, start + ": expected model as argument, given {}")
        options, data = handle.obj.side(training)
        data.start(options)
        return data.batches


for _training in (True, False):
    _declare(_training)


@function("testbatch", GROUP, "show the next batch of the test data; false after the last one",
          _MODEL, raw=True, examples=[_SAMPLE, "test(m;`batchsize;3)", "testdata(m;til 5;til 5)",
                                      "while[testbatch m; show tensor testinput m]"])
def testbatch(x: Value) -> bool:
    handle = need_model(x, "testbatch: expecting model as only argument, given {}")
    options, data = handle.obj.side(False)
    return data.next(options)


@function("testrestore", GROUP, "end batching of the test data; gives their number", _MODEL,
          raw=True, examples=[_SAMPLE, "testdata(m;til 5;til 5)", "testrestore m"])
def testrestore(x: Value) -> int:
    return need_model(x, "testrestore: not implemented for {}").obj.testdata.restore()


@function("unshuffle", GROUP, "put the training data back in their first order", _MODEL, raw=True,
          examples=[_SAMPLE, "data(m;til 5;til 5);", "shuffle m", "unshuffle m", "first data m"])
def unshuffle(x: Value) -> None:
    need_model(x, "unshuffle: requires model argument, given {}").obj.data.unshuffle()


# ------------------------------------------------------------------ parts of shared functions

@implement("batch", "model")
def next_batch(handle: Handle, *args: Value) -> bool:
    if args:
        raise QError("batch: expecting 1st arg of tensor,vector or dictionary, given model")
    return handle.obj.data.next(handle.obj.train)


@implement("restore", "model")
def restore_data(handle: Handle) -> int:
    return handle.obj.data.restore()


@implement("shuffle", "model")
def shuffle_data(handle: Handle) -> None:
    handle.obj.data.shuffle(handle.obj.train)
