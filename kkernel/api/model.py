"""`model`: a module, a loss and an optimizer together, with data and options of their training."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from kkernel.q import interrupts
from kkernel.q.errors import QError
from kkernel.q.values import Dict, List, Value, items, record

from . import kinds, settings
from .declare import function
from .dispatch import implement
from .kinds import NO, as_flag, is_general, kname
from .loss import loss_definition
from .module.attributes import total_bytes, total_elements
from .module.result import definition_of
from .objects import Handle, consume, find, register
from .opt import Opt, buffers_of, stored_bytes, stored_elements
from .opt import definition as optimizer_definition
from .params import Param
from .train.data import Data
from .train.options import Settings

GROUP = "model/train"
PARTS = ("module", "loss", "optimizer")


@dataclass
class Model:
    """The parts of a model, and for training and testing its options and data."""

    module: nn.Module
    loss: nn.Module
    opt: Opt
    train: Settings = field(default_factory=lambda: Settings(True))
    test: Settings = field(default_factory=lambda: Settings(False))
    data: Data = field(default_factory=Data)
    testdata: Data = field(default_factory=Data)

    def side(self, training: bool) -> tuple[Settings, Data]:
        """Options and data of training or testing."""
        return (self.train, self.data) if training else (self.test, self.testdata)

    def put(self, kind: str, obj: Any) -> None:
        setattr(self, "opt" if kind == "optimizer" else kind, obj)


def _parts(args: list[Value], first: int) -> dict[str, Handle]:
    """Module, loss and optimizer in any order."""
    found: dict[str, Handle] = {}
    for i, x in enumerate(args[first:], first):
        handle = find(x)
        if handle is None or handle.kind not in PARTS:
            raise QError(f"model arg[{i}] unrecognized: {kname(x)}")
        found[handle.kind] = handle
    return found


@function("model", GROUP, "make a model, replace its parts, or give its definition",
          Param("x", kinds.VALUE, "pointer to a module, loss, optimizer or model"),
          Param("y", kinds.VALUE, "the other parts, in any order; or, after a model, a flag for "
                "all options or only those not at their default", None),
          Param("z", kinds.VALUE, "pointer to another part", None), raw=True,
          examples=["q:module enlist(`linear;2;1)", "m:model(q;loss`mse;opt(`sgd;q))",
                    "model[m]`loss", "model(m;loss`l1)"])
@interrupts.held()  # the pointers that the model takes over are freed
def model(x: Value) -> Value:
    handle = find(x)
    if handle is not None and handle.kind == "model":
        return definition(handle.obj, settings.active.alloptions)
    if not is_general(x):
        raise QError(f"model not implemented for {kname(x)}")
    args = [x] if handle is not None else items(x)
    first = find(args[0]) if args else None
    old = first if first is not None and first.kind == "model" else None
    if old is not None and len(args) == 2 and as_flag(args[1]) is not NO:
        return definition(old.obj, as_flag(args[1]))
    parts = _parts(args, 0 if old is None else 1)
    if old is None:
        for kind in PARTS:
            if kind not in parts:
                raise QError(f"{kind} not specified")
    for y in args[0 if old is None else 1:]:
        given = find(y)
        assert given is not None
        consume(given)
    if old is not None:
        for kind, part in parts.items():
            old.obj.put(kind, part.obj)
        return None
    return register("model", Model(*(parts[kind].obj for kind in PARTS)))


def definition(m: Model, all: bool, state: bool = False) -> Dict:
    """Definitions, or states, of the parts, and the options of training and testing."""
    return record([*PARTS, "train", "test"],
                  List([definition_of(m.module, all, state), loss_definition(m.loss, all),
                        optimizer_definition(m.opt, all, state), m.train.shown(all),
                        m.test.shown(all)]))


# ------------------------------------------------------------------ shared functions

@implement("tensors", "model")
def model_tensors(handle: Handle) -> list[Tensor]:
    """Parameters and buffers of the module, and buffers of the loss."""
    parts = (handle.obj.module, handle.obj.loss)
    return [t for part in parts for t in (*part.parameters(), *part.buffers())]


@implement("tensorcount", "model")
def tensor_count(handle: Handle) -> int:
    kept = buffers_of(handle.obj.opt)
    return len(model_tensors(handle)) + sum(isinstance(v, Tensor) for v in kept)


@implement("size", "model")
def parameter_count(handle: Handle) -> int:
    return len(list(handle.obj.module.parameters()))


@implement("elements", "model")
def model_elements(handle: Handle) -> int:
    m = handle.obj
    return total_elements(m.module) + total_elements(m.loss) + stored_elements(m.opt)


@implement("bytes", "model")
def model_bytes(handle: Handle) -> int:
    m = handle.obj
    return total_bytes(m.module) + total_bytes(m.loss) + stored_bytes(m.opt)
