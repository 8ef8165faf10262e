"""The state of a model: parameters, buffers, optimizer, random generators, as named tensors.

`capture` reads it without copying, `apply` writes it into a live model in place. Everything that
is no tensor (an optimizer's settings, its counters) is kept beside them as plain JSON values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from kkernel.q import interrupts

from ..look.spec import identity
from ..look.structure import named_buffers, named_parameters
from . import random_state
from .digest import copy_bytes, copy_exactly, digest
from .optimizer_record import (
    capture_optimizer,
    check_optimizer,
    read_optimizer,
    slots_alike,
    step_of,
    write_optimizer,
)
from .parallel import each, each_in_torch
from .record import Key, State, StateError

# --------------------------------------------------------------------------- parts of a model


def parts(model: Any, optimizer: Any = None) -> tuple[nn.Module, Any]:
    """Module and optimizer of a module, or of an object that holds both, as the k api's models."""
    if isinstance(model, nn.Module):
        return model, optimizer
    module = getattr(model, "module", None)
    if not isinstance(module, nn.Module):
        raise StateError(f"expected a module or a model, given {type(model).__name__}")
    return module, optimizer if optimizer is not None else torch_optimizer(model)


def torch_optimizer(model: Any) -> Any:
    """The optimizer of a model, unwrapped if the api holds it in an object of its own."""
    found = getattr(model, "optimizer", None) or getattr(model, "opt", None)
    return getattr(found, "optimizer", found)


def named_tensors(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Every parameter and buffer under every name it has; those without a shape yet are refused."""
    for name, tensor in (*named_parameters(module), *named_buffers(module)):
        if is_lazy(tensor):
            raise StateError(f"{name}: not initialized yet, there is no state to take")
        yield name, tensor


# --------------------------------------------------------------------------- capture


def capture(model: Any, optimizer: Any = None) -> State:
    """The present state. Its tensors are the live ones: copy what is to be kept."""
    module, optimizer = parts(model, optimizer)
    state = State({})
    first: dict[Any, str] = {}
    for name, tensor in named_tensors(module):
        known = first.setdefault(identity(tensor), name)
        if known == name:
            state.tensors[Key("module", name)] = tensor.detach()
        else:
            state.ties[name] = known
    if optimizer is not None:
        state.optimizer = capture_optimizer(module, optimizer, state.tensors)
        state.step = step_of(optimizer)
    for name, generator in random_state.read().items():
        state.tensors[Key("random", name)] = generator
    return state


# --------------------------------------------------------------------------- apply


@dataclass(frozen=True)
class Applied:
    """How many tensors a state has, how many the model now holds with the very same bits, and
    how many of the module's were written to."""

    tensors: int
    same: int
    written: int


def check(state: State, model: Any, optimizer: Any = None) -> None:
    """Raise unless the state fits the model: same names, shapes, types, parameter groups."""
    module, optimizer = parts(model, optimizer)
    live = dict(named_tensors(module))
    wanted = {key.name: tensor for key, tensor in state.part("module").items()}
    _check_names(set(live), set(wanted) | set(state.ties))
    for name, tensor in wanted.items():
        if live[name].shape != tensor.shape or live[name].dtype != tensor.dtype:
            raise StateError(f"{name}: the model has {_look(live[name])}, "
                             f"the state has {_look(tensor)}")
    for name, first in state.ties.items():
        if first not in live or identity(live[name]) != identity(live[first]):
            raise StateError(f"{name}: tied to {first} in the state, but not in the model")
    if state.optimizer is not None and optimizer is not None:
        check_optimizer(state.optimizer, module, optimizer)


def _check_names(live: set[str], wanted: set[str]) -> None:
    if live == wanted:
        return
    missing, surplus = sorted(live - wanted), sorted(wanted - live)
    words = []
    if missing:
        words.append(f"the state lacks {_some(missing)}")
    if surplus:
        words.append(f"the model has no {_some(surplus)}")
    raise StateError("; ".join(words))


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _look(tensor: Tensor) -> str:
    shape = " ".join(map(str, tensor.shape)) or "scalar"
    return f"{str(tensor.dtype).removeprefix('torch.')} {shape}"


@interrupts.held()  # the old state or the new one, not half of each
def apply(
    state: State,
    model: Any,
    optimizer: Any = None,
    live: Mapping[Key, str] | None = None,
    digested: bool = False,
) -> Applied:
    """Write a state into a live model in place, after checking that all of it fits.

    Every byte is read back, unless the state's own were `digested` just before: then what can be
    copied as bytes is taken to be there. `live` are digests of the model's tensors, where they are
    known: what has the same bits is not written. A state's optimizer is left out for a model
    without one.
    """
    module, optimizer = parts(model, optimizer)
    check(state, module, optimizer)
    planned = None
    if state.optimizer is not None and optimizer is not None:
        planned = read_optimizer(state, module, optimizer)
    writer = _Writer(state, live or {}, digested)
    tensors = dict(named_tensors(module))
    writer.write_all({key: tensors[key.name] for key in state.part("module")})
    if planned is not None:
        slots = slots_alike(state, module, optimizer)
        writer.write_all(slots)
        write_optimizer(optimizer, *planned, {id(tensor) for tensor in slots.values()})
        rest = capture(module, optimizer).part("optimizer")
        writer.check({key: tensor for key, tensor in rest.items() if key not in slots})
    random_state.write({key.name: t for key, t in state.part("random").items()})
    writer.check({Key("random", name): t for name, t in random_state.read().items()})
    same = writer.same
    if _overlap(tensors.values()):  # a later write may have gone over an earlier one
        same = verify(state, module, optimizer)[1]
    return Applied(writer.seen, same, writer.written)


def _overlap(tensors: Iterable[Tensor]) -> bool:
    """Whether different tensors lie in the same memory."""
    looks = {identity(tensor) for tensor in tensors if tensor.numel()}
    return len({storage for storage, *_ in looks}) < len(looks)


class _Writer:
    """Writes tensors of a state, and counts those that are there bit for bit."""

    def __init__(self, state: State, live: Mapping[Key, str], digested: bool) -> None:
        self._state = state
        self._live = live
        self._digested = digested
        self.seen = self.same = self.written = 0

    def write_all(self, targets: Mapping[Key, Tensor]) -> None:
        """Write the tensors that have other bits, and count all."""
        size = sum(t.numel() * t.element_size() for t in targets.values())
        run = each_in_torch if self._digested else each
        written = run(lambda item: self._write(*item), list(targets.items()), size)
        for key, (found, copied) in zip(targets, written, strict=True):
            self._count(found, self._state.digest(key))
            self.written += copied

    def _write(self, key: Key, target: Tensor) -> tuple[str, bool]:
        here = self._live.get(key)
        if here is not None and here == self._state.digest(key):
            return here, False
        if self._digested and copy_bytes(target, self._state.tensors[key]):
            return self._state.digest(key), True
        return copy_exactly(target, self._state.tensors[key]), True

    def check(self, live: Mapping[Key, Tensor]) -> None:
        """Count tensors that were written otherwise."""
        for key, tensor in live.items():
            if key in self._state.tensors:
                self._count(digest(tensor), self._state.digest(key))

    def _count(self, found: str, wanted: str) -> None:
        self.seen += 1
        self.same += found == wanted


def verify(state: State, model: Any, optimizer: Any = None) -> tuple[int, int]:
    """Tensors of a state, and how many of them the live model holds with the very same bits."""
    live = capture(model, optimizer).tensors
    same = sum(key in live and digest(live[key]) == digest(t) for key, t in state.tensors.items())
    return len(state.tensors), same
