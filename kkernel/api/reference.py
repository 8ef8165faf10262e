"""The reference pages of the api, one for each group, written from the declarations."""

from __future__ import annotations

from collections.abc import Callable

from .declare import FUNCTIONS, Function
from .names import NAMES

TITLES = {
    "pointer": "Pointers", "tensor": "Tensors, vectors and dictionaries", "info": "Attributes",
    "tensorop": "Shape, parts and gradients of tensors", "device/config": "Devices and settings",
    "math-pointwise": "Mathematics of each element", "math-compare": "Comparison and sorting",
    "math-reduce": "Reductions", "math-linalg": "Linear algebra", "math-spectral": "Spectra",
    "math-random": "Random draws", "math-other": "Other mathematics", "init": "Initializers",
    "module": "Modules", "module-functional": "Modules as functions", "loss": "Losses",
    "optimizer": "Optimizers", "model/train": "Models and training", "util": "Utilities",
}
Runner = Callable[[str], str]  # an input -> what the console prints


def groups() -> dict[str, list[Function]]:
    """Group -> its functions, in the order of the api's dictionary."""
    found: dict[str, list[Function]] = {g: [] for g in TITLES}
    for name in NAMES:
        if name in FUNCTIONS:
            found[FUNCTIONS[name].group].append(FUNCTIONS[name])
    return found


def page(group: str, run: Runner) -> str:
    """The Markdown page of a group; `run` executes the examples."""
    parts = [f"# {TITLES[group]}", "Written from the declarations; the examples ran as shown."]
    return "\n\n".join([*parts, *(entry(f, run) for f in groups()[group])]) + "\n"


def entry(f: Function, run: Runner) -> str:
    """One function: form, summary, arguments, examples with their output."""
    lines = [f"## {f.name}", "", f"`{f.name}{f.form}`: {f.summary}.", ""]
    lines += [f"- `{p.name}`: {p.described}" for p in f.params]
    lines += ["", "```q"]
    for example in f.examples:
        lines.append(f"q){example}")
        lines += run(example).rstrip("\n").splitlines()
    return "\n".join([*lines, "```"])


def file_name(group: str) -> str:
    return group.replace("/", "-") + ".md"
