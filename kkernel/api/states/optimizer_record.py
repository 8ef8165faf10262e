"""An optimizer's part of a state: its buffers as named tensors, its settings as JSON values.

torch's optimizers know parameters by their order; here they are known by their names.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Set
from typing import Any

from torch import Tensor, nn, optim

from ..optimizer.algorithms import Stepwise
from .record import Key, State, StateError

Slots = dict[str, Any]  # what an optimizer keeps for one parameter, or the settings of a group
Keep = Callable[[Tensor], str]
IN_TENSORS = (optim.Adam, optim.AdamW, optim.RMSprop, optim.Adagrad)


# --------------------------------------------------------------------------- read


def parameter_names(module: nn.Module, optimizer: Any) -> dict[int, str]:
    """Name by id of every parameter of an optimizer; place in its group for those of no module."""
    names: dict[int, str] = {}
    for name, parameter in module.named_parameters():
        names[id(parameter)] = name
    for g, group in enumerate(optimizer.param_groups):
        for i, parameter in enumerate(group["params"]):
            names.setdefault(id(parameter), f"group {g} parameter {i}")
    return names


def capture_optimizer(
    module: nn.Module, optimizer: Any, tensors: dict[Key, Tensor]
) -> dict[str, Any]:
    """Settings and slots as JSON values; their tensors go into `tensors`."""
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


# --------------------------------------------------------------------------- write


def check_optimizer(packed: Mapping[str, Any], module: nn.Module, optimizer: Any) -> None:
    """Raise unless a state is of an optimizer of this type, with these parameter groups."""
    if packed["type"] != type(optimizer).__name__:
        raise StateError(f"the state is of the optimizer {packed['type']}, "
                         f"the model has {type(optimizer).__name__}")
    names = parameter_names(module, optimizer)
    live = [[names[id(p)] for p in group["params"]] for group in optimizer.param_groups]
    if live != [group["parameters"] for group in packed["groups"]]:
        raise StateError("the optimizer's parameter groups are not those of the state")


def read_optimizer(
    state: State, module: nn.Module, optimizer: Any
) -> tuple[list[Slots], list[tuple[Tensor, Slots]]]:
    """New settings of each group and slots of each parameter: all read before any is written."""
    assert state.optimizer is not None
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
        _check_step(slots[-1][1], optimizer)
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


def _check_step(slots: Slots, optimizer: Any) -> None:
    """Of the same name, torch's optimizers count steps in tensors, the k api's in numbers."""
    in_tensor = isinstance(slots.get("step"), Tensor)
    if "step" in slots and in_tensor and isinstance(optimizer, Stepwise):
        raise StateError(f"the state is of torch's {type(optimizer).__name__}, "
                         "the model has the k api's")
    if "step" in slots and not in_tensor and type(optimizer) in IN_TENSORS:
        raise StateError(f"the state is of the k api's {type(optimizer).__name__}, "
                         "the model has torch's")


def _sort(value: Any) -> str:
    return "number" if isinstance(value, (int, float, Tensor)) else type(value).__name__


def slots_alike(state: State, module: nn.Module, optimizer: Any) -> dict[Key, Tensor]:
    """Tensors of an optimizer that a state's can be written into."""
    names = parameter_names(module, optimizer)
    slots = {Key("optimizer", names[id(parameter)], str(slot)): here
             for parameter, entry in optimizer.state.items() for slot, here in entry.items()}
    new = state.tensors
    return {key: here for key, here in slots.items()
            if key in new and isinstance(here, Tensor) and _alike(here, new[key])}


def write_optimizer(
    optimizer: Any, settings: list[Slots], slots: list[tuple[Tensor, Slots]], done: Set[int]
) -> None:
    """Write settings and slots, except the tensors whose ids are in `done`."""
    for group, new in zip(optimizer.param_groups, settings, strict=True):
        _write_slots(group, {**group, **new}, done)  # settings that the state lacks stay
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
