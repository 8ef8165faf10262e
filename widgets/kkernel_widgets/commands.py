"""What the buttons of panels do, as functions of text: `.ui.take[m;`good]` and its like.

Each answers with words for the console. Errors of states and files are raised as ValueError.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any

from kkernel.api import view

from .initializer_panel import InitializerPanel
from .numbers import byte_size, significant
from .panel import Refused
from .state_panel import StatePanel, found_path, save_file, state_path
from .text_table import text_table

Command = Callable[..., str]


def take(model: Any, name: str) -> str:
    """keep the present state under a name"""
    view.snapshots_of(model).take(name)
    return f"kept as {name}"


def restore(model: Any, name: str) -> str:
    """write a kept state into the model, and check every bit"""
    return _told(model, view.snapshots_of(model).restore(name))


def undo(model: Any) -> str:
    """put back what the last restore or drawing has overwritten"""
    return _told(model, view.snapshots_of(model).undo())


def _told(model: Any, restored: view.Restored) -> str:
    view.changed(view.parts(model)[0])
    if restored.same < restored.tensors:
        raise view.StateError(
            f"only {restored.same} of {restored.tensors} tensors have the same bits")
    return f"{restored.same}/{restored.tensors} tensors, same bits"


def drop(model: Any, name: str) -> str:
    """forget a kept state"""
    view.snapshots_of(model).drop(name)
    return f"{name} is dropped"


def rename(model: Any, name: str, to: str) -> str:
    """give a kept state another name"""
    view.snapshots_of(model).rename(name, to)
    return f"{name} is now {to}"


def compare(model: Any, a: str, b: str) -> str:
    """what differs between two states; `now is the live one"""
    rows = [
        [d.name, d.status, *map(_number, (d.relative, d.largest, d.cosine))]
        for d in view.snapshots_of(model).compare(a, b, pictures=False)
        if d.status != "same"
    ]
    return text_table(("tensor", "", "|B-A|/|A|", "max|B-A|", "cosine"), rows, "  rrr")


def _number(value: float) -> str:
    return "" if math.isnan(value) else significant(value, 3)


def note(model: Any, name: str, text: str) -> str:
    """write a note to a kept state"""
    view.snapshots_of(model).annotate(name, text)
    return f"{name} is noted"


def save(model: Any, path: str, name: str) -> str:
    """save a state to a file; `now is the live one; in q's own form if the name ends in .kdb"""
    path = state_path(path)
    size = save_file(path, view.snapshots_of(model).state(name), model)
    return f"saved {name}, {byte_size(size)}"


def load(model: Any, path: str, name: str) -> str:
    """read a file as a kept state; restore writes it into the model"""
    state, text = view.read_any(found_path(path), model)
    view.snapshots_of(model).add(name, state, text)
    return f"loaded as {name}"


def states(model: Any) -> str:
    """the kept states"""
    return StatePanel(model).text().rstrip("\n")


def compareinit(model: Any, function: str, fan: str) -> str:
    """what each initializer would make of activations and gradients"""
    try:
        return InitializerPanel(model).compare(function, fan)
    except Refused:
        raise ValueError(f"expected an activation of {', '.join(view.FUNCTIONS)} and a fan of "
                         f"{', '.join(view.FANS)}, given {function}, {fan}") from None


COMMANDS: tuple[Command, ...] = (take, restore, undo, drop, rename, note, compare, save, load,
                                 states, compareinit)


def run(name: str, model: Any, *words: str) -> str:
    """Do what a command's name says; raises ValueError with words for what cannot be done."""
    command = next(command for command in COMMANDS if command.__name__ == name)
    try:
        return command(model, *words)
    except OSError as error:
        file = os.path.basename(str(error.filename or ""))
        raise ValueError(f"{file}: {error.strerror or error}") from None
