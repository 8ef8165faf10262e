"""A module written as code that makes one like it, in k and in Python."""

from __future__ import annotations

from torch import nn

from .describe import describe
from .structure import children


def k_code(module: nn.Module) -> str:
    """The module as depth-value pairs for the k api's `module` function."""
    lines: list[str] = []
    stack = [(0, "", module)]
    while stack:
        depth, name, current = stack.pop()
        lines.append(f"({depth};{_k_one(name, current)})")
        stack.extend((depth + 1, n, child) for n, child in reversed(children(current)))
    return "module(" + ";\n  ".join(lines) + ")" if len(lines) > 1 else f"module enlist{lines[0]}"


def _k_one(name: str, module: nn.Module) -> str:
    described = describe(module)
    given = [option for option in described.options if not option.default]
    parts = [f"`{described.kind}"]
    if name and not name.isdigit():
        parts.append(f"`{name}")
    parts += [f"`{option.name},{option.text}" for option in given]
    return f"({';'.join(parts)})" if len(parts) > 1 else parts[0]


def python_code(module: nn.Module) -> str:
    """The module as torch prints it."""
    return repr(module)
