"""The printed form of modules, as libtorch's C++ prints them.

A row's text is a pattern of parts separated by `|`.  `{name}` stands for an option.  The first
part, parts that name no option and parts marked `+` always stand; another part only if one of its
options is not at its default.  After a colon: `v` a list without brackets, `d` a flag that is
printed as the stream stands, 0 or 1 or, after a module that has printed one, a word, `k` torch's
name of a mode, `t` the first numbers of a tensor, `c` a tensor as C++ prints it, `p` a parameter
per line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from ..tensor.tensor_text import TYPES, tensor_text
from .types import ModuleType, type_of

_FIELD = re.compile(r"\{(\w+)(?::(\w))?\}")


_WORDS = re.compile(r"=(true|false)\b")  # a flag by which the stream was set to words
_FLAG = re.compile("\0(.)")  # a flag that leaves the stream as it is


def text_of(module: nn.Module) -> str:
    """The lines of a module and, indented, of its children."""
    lines = _lines(module, "")
    words = _WORDS.search(lines)
    from_here = words.start() if words else len(lines)
    return _FLAG.sub(lambda m: str(m[1] == "1").lower() if m.start() > from_here else m[1], lines)


def _lines(module: nn.Module, indent: str) -> str:
    row = type_of(module)
    lines = heading(module, row) if row else f"torch::nn::{type(module).__name__}"
    children = list(module.named_children())
    if not children:
        return lines
    inner = indent + "  "
    body = [f"{inner}({name}): {_lines(child, inner)}\n" for name, child in children]
    return f"{lines}(\n{''.join(body)}{indent})"


def heading(module: nn.Module, row: ModuleType) -> str:
    """The part of the printed form that describes the module itself."""
    if "{" not in row.text:
        return row.text.replace("|", "")
    return render(row, row.read(module))


def render(row: ModuleType, values: dict[str, Any]) -> str:
    """A row's pattern filled with option values."""
    first, *rest = row.text.split("|")
    parts = [first] + [p.removeprefix("+") for p in rest if _stands(p, row, values)]
    return _FIELD.sub(lambda m: _show(values[m[1]], m[2] or "", _dims(row, m[1])), "".join(parts))


def _dims(row: ModuleType, name: str) -> int:
    option = row.options.by_name.get(name)
    return 0 if option is None else option.dims


def _stands(part: str, row: ModuleType, values: dict[str, Any]) -> bool:
    named = [m[1] for m in _FIELD.finditer(part)]
    return part.startswith("+") or not named or any(
        values[n] != row.options.by_name[n].default for n in named)


def _show(value: Any, form: str, dims: int) -> str:
    if form in _TENSORS:
        return _TENSORS[form](value)
    if form == "k":
        return "k" + value.capitalize()
    if isinstance(value, bool):
        return f"\0{int(value)}" if form == "d" else str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, list):
        if form == "v":
            return " ".join(map(str, value))
        return _show(value[0], "", 0) if dims == 1 else \
            "[" + ", ".join(_show(v, "", 0) for v in value) + "]"
    return f"'{value}'" if isinstance(value, str) and form != "s" else str(value)


def _numbers(t: Tensor, most: int = 3) -> str:
    """The first numbers of a tensor."""
    if t.dim() == 0:
        return f"{t.item():g}"
    shown = ",".join(f"{v:g}" for v in t.flatten()[:most].tolist())
    return shown + (".." if t.numel() > most else "")


def _parameters(tensors: dict[str, Tensor]) -> str:
    """A line for each parameter: its name, type and sizes."""
    return "".join(f"({name}): Parameter containing: [{TYPES[t.dtype]} of size "
                   f"{list(t.shape)}]\n" for name, t in tensors.items())


_TENSORS: dict[str, Callable[[Any], str]] = {"t": _numbers, "c": tensor_text, "p": _parameters}
