"""A module written as k code that makes one like it."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from .describe import Option, describe, row_of
from .structure import children


def k_code(module: nn.Module) -> str:
    """The module as depth-value pairs for the k api's `module` function."""
    lines = [f"({depth};{definition})" for depth, definition in _definitions(module)]
    notes = "".join(f"/ {ascii(name)[1:-1]} is no module of the k api\n"
                    for name in _foreign(module))
    if len(lines) == 1:
        return f"{notes}module enlist{_k_one('', module, enlisted=True)}"
    return f"{notes}module(" + ";\n  ".join(lines) + ")"


def _foreign(root: nn.Module) -> list[str]:
    """Classes that k code cannot make."""
    return sorted({type(m).__name__ for m in root.modules() if row_of(m) is None})


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
    parts = [k_symbol(kind or described.kind)]
    if name and not name.isdigit():
        parts.append(k_symbol(name))
    given = [option for option in described.options if not option.default] if row else []
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


def k_symbol(word: str) -> str:
    """A symbol as k code; cast from a string where a literal could not hold it."""
    if word.isascii() and word.replace("_", "a").replace(".", "a").isalnum():
        return f"`{word}"
    return f"`${k_string(word)}"


def k_string(text: str) -> str:
    """Text in quotes, as k code."""
    named = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\\": "\\\\", '"': '\\"'}
    return '"' + "".join(named.get(char) or _printed(char) for char in text) + '"'


def _printed(char: str) -> str:
    """A character as it is, or its bytes in octal."""
    if char.isprintable() and char.isascii():
        return char
    return "".join(f"\\{byte:03o}" for byte in char.encode(errors="surrogatepass"))
