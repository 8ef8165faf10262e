"""`state`: everything that is needed to make an object again, with the values of its tensors."""

from __future__ import annotations

from kkernel.q.errors import QError
from kkernel.q.values import Value, items

from . import kinds, settings
from .declare import function
from .kinds import NO, as_flag, is_general, kname
from .loss import loss_definition
from .model import definition as model_definition
from .module.result import definition_of
from .objects import Handle, find
from .opt import definition as optimizer_definition
from .params import Param


@function("state", "module", "definition of an object with the values of its parameters and "
          "buffers",
          Param("x", kinds.VALUE, "pointer to a module, loss, optimizer or model"),
          Param("all", kinds.FLAG, "1b for all options, 0b for those not at their default", None),
          raw=True, examples=["s:state m:module enlist(`linear;3;2)", "s~state module s"])
def state(x: Value) -> Value:
    handle, all = find(x), settings.active.alloptions
    if handle is None:
        args = items(x) if is_general(x) else []
        handle = find(args[0]) if args else None
        if handle is None or len(args) > 2:
            raise QError("state: module, loss, optimizer or model expected, with optional flag "
                         "as 2nd arg")
        if len(args) == 2:
            flag = as_flag(args[1])
            if flag is NO:
                raise QError("state: 2nd arg expected to be boolean flag for all options or just "
                             f"defaults, given {kname(args[1])}")
            all = flag
    return state_of(handle, all)


def state_of(handle: Handle, all: bool = True) -> Value:
    """The state of the object behind a pointer."""
    kind, obj = handle.kind, handle.obj
    if kind == "module":
        return definition_of(obj, all, True)
    if kind == "loss":
        return loss_definition(obj, all)
    if kind == "optimizer":
        return optimizer_definition(obj, all, True)
    if kind == "model":
        return model_definition(obj, all, True)
    raise QError(f"state not defined for {kind}")
