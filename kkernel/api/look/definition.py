"""A module written as code that makes one like it, in k and in Python."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from .describe import Option, describe, row_of
from .structure import children


def k_code(module: nn.Module) -> str:
    """The module as depth-value pairs for the k api's `module` function."""
    lines = [f"({depth};{definition})" for depth, definition in _definitions(module)]
    if len(lines) == 1:
        return f"module enlist{_k_one('', module, enlisted=True)}"
    return "module(" + ";\n  ".join(lines) + ")"


def _definitions(root: nn.Module) -> Iterator[tuple[int, str]]:
    stack = [(0, "", root, "")]
    while stack:
        depth, name, module, parent = stack.pop()
        kind = describe(module).kind
        if kind == parent == "sequential":
            kind = "seqnest"  # q's sequential cannot hold another one
        yield depth, _k_one(name, module, kind)
        row = row_of(module)
        if row is None or row.container:  # what others hold inside, they make themselves
            stack.extend((depth + 1, n, child, kind) for n, child in reversed(children(module)))


def _k_one(name: str, module: nn.Module, kind: str = "", enlisted: bool = False) -> str:
    """One definition: type, name, leading options by position, the others as pairs."""
    described = describe(module)
    row = row_of(module)
    required = {option.name for option in row.options.rows if option.required} if row else set()
    parts = [f"`{kind or described.kind}"]
    if name and not name.isdigit():
        parts.append(f"`{name}")
    given = [option for option in described.options if not option.default]
    while given and given[0].name in required:
        parts.append(given.pop(0).text)
    parts += _pairs(given)
    text = ";".join(parts)
    return f"({text})" if len(parts) > 1 or enlisted else text


def _pairs(options: list[Option]) -> list[str]:
    """All pairs stand in one item: `name,value when one is enough."""
    if not options:
        return []
    if len(options) == 1 and " " not in options[0].text:
        return [f"`{options[0].name},{options[0].text}"]
    return ["(" + ";".join(f"`{option.name};{option.text}" for option in options) + ")"]


def python_code(module: nn.Module) -> str:
    """The module as torch prints it."""
    return repr(module)
