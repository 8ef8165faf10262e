"""`run`, `testrun` and `backstep`: passes over a model's data and what they measure."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from kkernel.q.errors import QError
from kkernel.q.symbols import symbols
from kkernel.q.values import Dict, Value

from .. import kinds
from ..convert import list_to_q, to_q
from ..declare import function, simple_items
from ..events import changed
from ..host import progress
from ..inputs import Input, input_name
from ..kinds import kname
from ..loss import training_loss
from ..module.forward import Output, run_forward, training_mode
from ..objects import TensorDict, find, register
from ..params import Param
from . import tasks
from .data import Data, define, model_of, read_both, tensors_of
from .gradients import clip_by, join, propagate, reset, share
from .options import GROUP, LOSSES, Settings

# ------------------------------------------------------------------ one batch

def inputs_of(options: Settings, data: Data) -> Input:
    """The inputs of a batch; with option hidden, the last hidden state joins them."""
    if not (options["hidden"] and data.batch > options["task"]):
        return data.x
    output = data.output
    if not isinstance(data.x, Tensor) or not isinstance(output, list):
        raise QError(f"unable to retrive hidden state from {input_name(data.x)} input & "
                     f"{input_name(output)} output")
    if len(output) not in (2, 3):
        raise QError(f"unable to retrieve hidden state from {len(output)}-element vector "
                     "of output(s)")
    return [data.x, *output[1:]]


def train_step(model: Any, x: Input, y: Input) -> Tensor:
    """Reset gradients, forward, loss, backward, clip, and step of the optimizer; gives the loss.

    The loss is that of the batches of all tasks; of this batch alone it is in the data.
    """
    data, options, opt = model.data, model.train, model.opt
    data.loss = None

    def closure() -> Tensor:
        reset(opt.parameters, True)
        data.output = run_forward(model.module, x)
        loss = training_loss(model.loss, data.output, y)
        data.loss = loss if data.loss is None else data.loss
        propagate(loss)
        if options["sync"] and loss.is_cuda:
            torch.cuda.synchronize(loss.device)
        whole = join(model, loss, x)
        clip_by(options, opt)
        return whole

    return opt.optimizer.step(closure)


def idle_step(model: Any) -> None:
    """The step of a task that has no batch while others have one."""
    def closure() -> Tensor:
        reset(model.opt.parameters, True)
        whole = join(model, None, None)
        clip_by(model.train, model.opt)
        return whole

    model.opt.optimizer.step(closure)


# ------------------------------------------------------------------ metrics

def _output(output: Output) -> Tensor:
    if isinstance(output, list):
        if not output:
            raise QError("unable to retrieve model output from empty vector of tensors")
        return output[0]
    return output


def _hidden(name: str, output: Output) -> Tensor:
    place = 1 if name == "hidden" else 2
    if not isinstance(output, list):
        raise QError(f"metric: unable to retrieve {name} from {input_name(output)} output")
    if len(output) <= place:
        raise QError(f"metric: unable to retrieve {name} from vector of tensors "
                     f"with {len(output)} element(s)")
    return output[place]


def _matches(prediction: Tensor, target: Input) -> Tensor:
    """How many predictions are right, and how many there are, as a row of a matrix."""
    if not isinstance(target, Tensor):
        raise QError(f"unable to calculate matches from {input_name(target)} of target(s)")
    count = torch.tensor(target.numel(), device=target.device)
    return torch.stack([target.eq(prediction).sum(), count]).view(1, 2)


def _measure(name: str, data: Data) -> Tensor:
    """One metric of the current batch."""
    if name in LOSSES:
        assert data.loss is not None
        return data.loss.detach()
    if name in ("hidden", "hiddencell"):
        return _hidden(name, data.output).detach()
    out = _output(data.output).detach()
    if name == "output":  # an input that came through would move with the next batch
        passed = any(data.output is t for t in tensors_of(data.x))
        return out.clone() if passed else out
    prediction = out.argmax(-1)
    return prediction if name == "predict" else _matches(prediction, data.y)


def collect(options: Settings, data: Data) -> None:
    """Take the metrics of a batch."""
    for kept, name in zip(data.metrics, options["metrics"], strict=True):
        kept.append(_measure(name, data))


def _combined(name: str, batches: list[Tensor], count: int) -> Tensor | None:
    """A metric of all batches."""
    if not batches:
        return None
    joined = torch.cat(batches) if batches[0].ndim else torch.stack(batches)
    if name == "loss":
        return joined.sum() / count
    if name not in ("accuracy", "matches"):
        return joined
    both = joined.sum(0)
    return both if name == "matches" else 100.0 * both[0].div(both[1])


def results(options: Settings, data: Data) -> Value:
    """The metrics of a pass: one, a list or a dictionary, as tensors or k values."""
    names, kept = options["metrics"], data.metrics or [[] for _ in options["metrics"]]
    if tasks.joined(options) and data.batches > 0:
        kept = [tasks.gather(batches, -(-data.batches // options["tasks"])) for batches in kept]
    found = [_combined(name, batches, data.batches)
             for name, batches in zip(names, kept, strict=True)]
    data.metrics = []
    if options["tensor"]:
        if options["dictionary"]:
            return register("dictionary", TensorDict(zip(names, found, strict=True)))
        return register("tensor", found[0]) if len(found) == 1 else register("vector", found)
    if options["dictionary"]:
        return Dict(symbols(names), list_to_q(found))
    return to_q(found[0]) if len(found) == 1 else list_to_q(found)


# ------------------------------------------------------------------ passes

def train_pass(model: Any) -> None:
    """Train on all batches."""
    options, data = model.side(True)
    share(model)
    data.restore()
    try:
        with training_mode(model.module, True):
            steps = 0
            progress("run", 0, data.batches)
            while data.next(options):
                train_step(model, inputs_of(options, data), data.y)
                collect(options, data)
                steps += 1
                progress("run", steps * options["tasks"], data.batches)
            if steps * options["tasks"] < data.batches and tasks.joined(options):
                idle_step(model)
    finally:
        data.restore()
    changed(model)


def test_pass(model: Any) -> None:
    """Evaluate all batches."""
    options, data = model.side(False)
    losses = any(name in LOSSES for name in options["metrics"])
    share(model)
    data.restore()
    try:
        with torch.no_grad(), training_mode(model.module, False):
            done = 0
            progress("testrun", 0, data.batches)
            while data.next(options):
                data.output = run_forward(model.module, inputs_of(options, data))
                if losses:
                    data.loss = training_loss(model.loss, data.output, data.y)
                collect(options, data)
                done += options["tasks"]
                progress("testrun", done, data.batches)
    finally:
        data.restore()


def _run(x: Value, training: bool, name: str) -> Value:
    handle = model_of(x)
    if handle is None:
        args = simple_items(x)
        handle = model_of(args[0]) if args and find(x) is None else None
        if handle is None:
            raise QError(f"{name}: model expected as 1st argument, "
                         f"given {kname(args[0] if args else x)}")
        define(args, training, name)
    (train_pass if training else test_pass)(handle.obj)
    return results(*handle.obj.side(training))


_PARAMS = (Param("model", kinds.VALUE, "pointer to a model"),
           Param("inputs", kinds.VALUE, "new inputs, tensors or arrays", None),
           Param("targets", kinds.VALUE, "new targets", None))
_SAMPLE = ["q:module enlist(`linear;2;1)", "m:model(q;loss`mse;opt(`sgd;q;.1))"]


@function("run", GROUP, "one pass over the training data; gives the metrics", *_PARAMS, raw=True,
          examples=[*_SAMPLE, "run(m;6 2#1e;6 1#1e)"])
def run(x: Value) -> Value:
    return _run(x, True, "run")


@function("testrun", GROUP, "one pass over the test data; gives the metrics", *_PARAMS, raw=True,
          examples=[*_SAMPLE, "testrun(m;6 2#1e;6 1#1e)"])
def testrun(x: Value) -> Value:
    return _run(x, False, "testrun")


@function("backstep", GROUP, "one step of the optimizer on the current batch; gives the loss",
          *_PARAMS, raw=True, examples=[*_SAMPLE, "backstep(m;6 2#1e;6 1#1e)"])
def backstep(x: Value) -> Value:
    handle = model_of(x)
    if handle is not None:
        options, data = handle.obj.side(True)
        share(handle.obj)
        loss = train_step(handle.obj, inputs_of(options, data), data.y)
    else:
        args = simple_items(x)
        handle = model_of(args[0]) if args and find(x) is None else None
        if handle is None:
            raise QError("backstep: model expected as 1st argument, "
                         f"given {kname(args[0] if args else x)}")
        if len(args) != 3:
            raise QError(f"backstep expecting (model;inputs;targets), but {len(args)} args given")
        share(handle.obj)
        loss = train_step(handle.obj, *read_both(args, "backstep"))
    changed(handle.obj)
    return to_q(loss)
