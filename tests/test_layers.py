"""The rooms of the house and the arrows between them, read from the import statements.

Every import counts, those inside functions too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = {
    ".".join(p.relative_to(base).with_suffix("").parts).removesuffix(".__init__"): p
    for base, package in ((ROOT, "kkernel"), (ROOT / "widgets", "kkernel_widgets"))
    for p in sorted((base / package).rglob("*.py"))
}

# room: the rooms that it may import from, besides itself
ARROWS: dict[str, set[str]] = {
    "q": set(),
    "api": {"q"},
    "session": {"q", "api"},
    "kernel": {"q", "session", "widgets"},
    "console": {"q", "session", "kernel", "lexer"},
    "lexer": {"q", "api"},  # their names
    "papermill": {"parameters"},
    "parameters": set(),
    "main": {"console", "kernel", "q"},
    "widgets": {"api.view"},
}
# a library: the rooms that may use it
LIBRARIES: dict[str, set[str]] = {
    "torch": {"api"},
    "ipykernel": {"kernel"}, "IPython": {"kernel", "widgets"}, "jupyter_client": {"kernel"},
    "jupyter_core": {"kernel"}, "traitlets": {"kernel", "widgets"},
    "comm": {"kernel"}, "zmq": {"kernel"}, "tornado": {"kernel"},
    "ipywidgets": {"widgets"}, "anywidget": {"widgets"}, "matplotlib": {"widgets"},
    "prompt_toolkit": {"console"}, "pygments": {"lexer"},
    "papermill": {"papermill", "parameters"},
}


def room(module: str) -> str:
    """The room that a module of ours belongs to."""
    package, _, rest = module.partition(".")
    if package == "kkernel_widgets":
        return "widgets"
    head = rest.partition(".")[0]
    return {"": "root", "__main__": "main"}.get(head, head)


@cache
def imports(module: str) -> tuple[tuple[str, int, bool], ...]:
    """(imported module, line, at module level and not only for type checkers)."""
    tree = ast.parse(FILES[module].read_text())
    return tuple(_imports(tree, module, top=True))


def _imports(node: ast.AST, module: str, top: bool) -> Iterator[tuple[str, int, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for name in child.names:
                yield name.name, child.lineno, top
        elif isinstance(child, ast.ImportFrom):
            base = _absolute(module, child)
            for name in child.names:
                inner = f"{base}.{name.name}"
                yield (inner if inner in FILES else base), child.lineno, top
        else:
            yield from _imports(child, module, top and not _deferred(child))


def _deferred(node: ast.AST) -> bool:
    """Does what stands in this node run later than the import, or never?"""
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in ast.unparse(node.test)
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))


def _absolute(module: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    if FILES[module].name == "__init__.py":
        parts.append("")
    return ".".join([*parts[:-node.level], *([node.module] if node.module else [])])


def _allowed(importer: str, imported: str) -> bool:
    here, there = room(importer), room(imported)
    if here == there or there == "root":
        return True
    return there in ARROWS[here] or any(
        imported.startswith("kkernel." + a) for a in ARROWS[here] if "." in a)


@pytest.mark.parametrize("module", [m for m in FILES if room(m) != "root"])
def test_arrows_point_downward(module: str) -> None:
    wrong = [f"{FILES[module].relative_to(ROOT)}:{line} imports {name}"
             for name, line, _ in imports(module)
             if name.split(".")[0] in ("kkernel", "kkernel_widgets") and not _allowed(module, name)]
    assert not wrong


@pytest.mark.parametrize("module", [m for m in FILES if room(m) != "root"])
def test_libraries_stay_in_their_rooms(module: str) -> None:
    wrong = [f"{FILES[module].relative_to(ROOT)}:{line} imports {name}"
             for name, line, _ in imports(module)
             if room(module) not in LIBRARIES.get(name.split(".")[0], {room(module)})]
    assert not wrong


def test_no_circle_of_rooms() -> None:
    """Not even through imports inside functions."""
    edges: dict[str, set[str]] = {}
    for module in FILES:
        for name, _, _ in imports(module):
            if name in FILES and room(name) != room(module):
                edges.setdefault(room(module), set()).add(room(name))
    assert not _circle(edges)


def test_no_circle_of_modules() -> None:
    """Among the imports that run when a module is loaded."""
    edges = {m: {n for n, _, top in imports(m) if top and n in FILES and n != m} for m in FILES}
    assert not _circle(edges)


def _circle(edges: dict[str, set[str]]) -> list[str]:
    """Some circle as the list of its members, [] when there is none."""
    done: set[str] = set()

    def walk(node: str, path: list[str]) -> list[str]:
        if node in path:
            return path[path.index(node):]
        if node not in done:
            for following in sorted(edges.get(node, ())):
                found = walk(following, [*path, node])
                if found:
                    return found
            done.add(node)
        return []

    for start in sorted(edges):
        found = walk(start, [])
        if found:
            return found
    return []


def test_circles_are_found() -> None:
    assert _circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c"]
    assert _circle({"a": {"b", "c"}, "b": {"c"}}) == []
