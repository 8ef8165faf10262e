"""The state of a model: parameters, buffers, optimizer, random generators, as named tensors.

`capture` reads it without copying, `apply` writes it into a live model in place. Everything that
is no tensor (an optimizer's settings, its counters) is kept beside them as plain JSON values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from kkernel.q import interrupts

from ..look.spec import identity
from ..look.structure import named_buffers, named_parameters
from . import random_state
from .digest import copy_bytes, copy_exactly, digest
from .parallel import each, each_in_torch


class StateError(ValueError):
    """A state that does not fit, or cannot be read; nothing was changed."""


@dataclass(frozen=True, order=True)
class Key:
    """A tensor's place: part "module", "optimizer" or "random", name, and slot such as exp_avg."""

    part: str
    name: str
    slot: str = ""

    def __str__(self) -> str:
        return self.name if self.part == "module" else ":".join(
            word for word in (self.part, self.name, self.slot) if word)


@dataclass
class State:
    """Tensors by place, second names of tied ones, and the optimizer's plain values."""

    tensors: dict[Key, Tensor]
    ties: dict[str, str] = field(default_factory=dict)
    optimizer: dict[str, Any] | None = None
    step: int | None = None
    digests: dict[Key, str] = field(default_factory=dict)  # those that are known already

    def digest(self, key: Key) -> str:
        """The digest of one tensor."""
        return self.digests.get(key) or digest(self.tensors[key])

    def part(self, part: str) -> dict[Key, Tensor]:
        return {key: tensor for key, tensor in self.tensors.items() if key.part == part}


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
        state.optimizer = _capture_optimizer(module, optimizer, state.tensors)
        state.step = step_of(optimizer)
    for name, generator in random_state.read().items():
        state.tensors[Key("random", name)] = generator
    return state


def parameter_names(module: nn.Module, optimizer: Any) -> dict[int, str]:
    """Name by id of every parameter of an optimizer; place in its group for those of no module."""
    names: dict[int, str] = {}
    for name, parameter in module.named_parameters():
        names[id(parameter)] = name
    for g, group in enumerate(optimizer.param_groups):
        for i, parameter in enumerate(group["params"]):
            names.setdefault(id(parameter), f"group {g} parameter {i}")
    return names


def _capture_optimizer(
    module: nn.Module, optimizer: Any, tensors: dict[Key, Tensor]
) -> dict[str, Any]:
    names = parameter_names(module, optimizer)
    groups: list[dict[str, Any]] = []
    for group in optimizer.param_groups:
        settings = {k: pack(v, _keeper(f"group {len(groups)}", str(k), tensors))
                    for k, v in group.items() if k != "params"}
        groups.append({"parameters": [names[id(p)] for p in group["params"]],
                       "settings": settings})
    slots: dict[str, Any] = {}
    for parameter, entry in optimizer.state.items():
        name = names[id(parameter)]
        slots[name] = {str(slot): pack(v, _keeper(name, str(slot), tensors))
                       for slot, v in entry.items()}
    return {"type": type(optimizer).__name__, "groups": groups, "slots": slots}


Keep = Callable[[Tensor], str]


def _keeper(name: str, slot: str, tensors: dict[Key, Tensor]) -> Keep:
    """Keeps the tensors of one slot, the second and later ones under a number."""
    count = 0

    def keep(tensor: Tensor) -> str:
        nonlocal count
        place = slot if count == 0 else f"{slot} {count}"
        count += 1
        tensors[Key("optimizer", name, place)] = tensor.detach()
        return place

    return keep


def step_of(optimizer: Any) -> int | None:
    """How many steps an optimizer made, where it counts them."""
    steps = [entry["step"] for entry in optimizer.state.values() if "step" in entry]
    return max((int(step) for step in steps), default=None)


# --------------------------------------------------------------------------- plain values


def pack(value: Any, keep: Keep) -> Any:
    """A value as JSON: tensors become references, tuples and odd floats are marked."""
    if isinstance(value, Tensor):
        return {"tensor": keep(value)}
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return {type(value).__name__: [pack(item, keep) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[pack(k, keep), pack(v, keep)] for k, v in value.items()]}
    raise StateError(f"a value of type {type(value).__name__} cannot be kept")


def unpack(value: Any, fetch: Callable[[str], Tensor]) -> Any:
    """The inverse of `pack`."""
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tensor":
        return fetch(content)
    if kind == "float":
        return float(content)
    if kind == "dict":
        return {unpack(k, fetch): unpack(v, fetch) for k, v in content}
    made = (unpack(item, fetch) for item in content)
    return tuple(made) if kind == "tuple" else list(made)


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
        _check_optimizer(state.optimizer, module, optimizer)


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


def _check_optimizer(packed: Mapping[str, Any], module: nn.Module, optimizer: Any) -> None:
    if packed["type"] != type(optimizer).__name__:
        raise StateError(f"the state is of the optimizer {packed['type']}, "
                         f"the model has {type(optimizer).__name__}")
    names = parameter_names(module, optimizer)
    live = [[names[id(p)] for p in group["params"]] for group in optimizer.param_groups]
    if live != [group["parameters"] for group in packed["groups"]]:
        raise StateError("the optimizer's parameter groups are not those of the state")


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
    planned = _plan(state, module, optimizer)
    writer = _Writer(state, live or {}, digested)
    tensors = dict(named_tensors(module))
    writer.write_all({key: tensors[key.name] for key in state.part("module")})
    if planned is not None:
        slots = _slots_alike(state, module, optimizer)
        writer.write_all(slots)
        _write_optimizer(optimizer, *planned, {id(tensor) for tensor in slots.values()})
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


Slots = dict[str, Any]


def _plan(
    state: State, module: nn.Module, optimizer: Any
) -> tuple[list[Slots], list[tuple[Tensor, Slots]]] | None:
    """New settings of each group and slots of each parameter: all read before any is written."""
    if state.optimizer is None or optimizer is None:
        return None
    by_name = {name: i for i, name in parameter_names(module, optimizer).items()}
    live = {id(p): p for group in optimizer.param_groups for p in group["params"]}
    settings = [
        _unpack_all(group["settings"], f"group {g}", state.tensors)
        for g, group in enumerate(state.optimizer["groups"])
    ]
    for new, group in zip(settings, optimizer.param_groups, strict=True):
        _check_settings(new, group)
    slots = []
    for name, packed in state.optimizer["slots"].items():
        if name not in by_name:
            raise StateError(f"the optimizer has no parameter {name}")
        slots.append((live[by_name[name]], _unpack_all(packed, name, state.tensors)))
    return settings, slots


def _unpack_all(packed: Mapping[str, Any], name: str, tensors: Mapping[Key, Tensor]) -> Slots:
    found = {}
    for slot, value in packed.items():
        try:
            found[slot] = unpack(value, lambda place: tensors[Key("optimizer", name, place)])
        except (KeyError, ValueError, TypeError, AttributeError):
            raise StateError(f"{name}: {slot} of the optimizer cannot be read") from None
    return found


def _check_settings(new: Slots, group: Mapping[str, Any]) -> None:
    for name, value in new.items():
        here = group.get(name)
        if name == "params" or (here is not None and value is not None
                                and _sort(here) != _sort(value)):
            raise StateError(f"the optimizer's setting {name} is of another type")


def _sort(value: Any) -> str:
    return "number" if isinstance(value, (int, float, Tensor)) else type(value).__name__


def _slots_alike(state: State, module: nn.Module, optimizer: Any) -> dict[Key, Tensor]:
    """Tensors of an optimizer that a state's can be written into."""
    names = parameter_names(module, optimizer)
    slots = {Key("optimizer", names[id(parameter)], str(slot)): here
             for parameter, entry in optimizer.state.items() for slot, here in entry.items()}
    new = state.tensors
    return {key: here for key, here in slots.items()
            if key in new and isinstance(here, Tensor) and _alike(here, new[key])}


def _write_optimizer(
    optimizer: Any, settings: list[Slots], slots: list[tuple[Tensor, Slots]], done: Set[int]
) -> None:
    """Write settings and slots, except the tensors whose ids are in `done`."""
    for group, new in zip(optimizer.param_groups, settings, strict=True):
        _write_slots(group, {**new, "params": group["params"]}, done)
    wanted = {id(parameter) for parameter, _ in slots}
    for parameter in [p for p in optimizer.state if id(p) not in wanted]:
        del optimizer.state[parameter]
    for parameter, new in slots:
        _write_slots(optimizer.state[parameter], new, done)


def _write_slots(entry: dict[Any, Any], new: Slots, done: Set[int]) -> None:
    for slot in [slot for slot in entry if slot not in new]:
        del entry[slot]
    for slot, value in new.items():
        here = entry.get(slot)
        if isinstance(here, Tensor) and isinstance(value, Tensor) and _alike(here, value):
            if id(here) not in done:
                here.copy_(value)
        elif slot != "params":
            entry[slot] = _own(value)


def _own(value: Any) -> Any:
    """The value with tensors of its own: a state's tensors are not to be written to."""
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, (list, tuple)):
        return type(value)(map(_own, value))
    if isinstance(value, dict):
        return {key: _own(item) for key, item in value.items()}
    return value


def _alike(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype


def verify(state: State, model: Any, optimizer: Any = None) -> tuple[int, int]:
    """Tensors of a state, and how many of them the live model holds with the very same bits."""
    live = capture(model, optimizer).tensors
    same = sum(key in live and digest(live[key]) == digest(t) for key, t in state.tensors.items())
    return len(state.tensors), same
