"""Global variables: the root, its namespaces, views, and names that a library supplies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from .errors import QError
from .functions import NULL
from .lists.assign import assign_indexed
from .lists.index import index
from .registry import KEYWORDS, OPERATORS
from .symbols import Symbol, sym, symbols
from .values import Dict, List, Value, items

Getter = Callable[[], Value]


class Namespace:
    """A dictionary of names that changes in place; read as a value it is a `Dict` copy."""

    __slots__ = ("names",)

    def __init__(self) -> None:
        self.names: dict[str, Value] = {}

    def value(self) -> Dict:
        """As q shows it: the first entry is the null key."""
        entries = [v.value() if isinstance(v, Namespace) else v for v in self.names.values()]
        return Dict(symbols(["", *self.names]), List([NULL, *entries]))


class Globals:
    """All variables of one interpreter.

    Unqualified names belong to `current` ("" for the root).  Three hooks widen the search:
    `special` answers `.z` names, `views` hold delayed expressions, and `missing` is asked last,
    which is how the functions of the k api load on first use.  `library` is asked by the compiler:
    it loads nothing, and what it gives stays what it is.
    """

    def __init__(self) -> None:
        self.root: dict[str, Value] = {}
        self.spaces: dict[str, Namespace] = {}
        self.views: dict[str, Getter] = {}
        self.special: dict[str, Getter] = {}
        self.missing: Callable[[str], Value | None] = lambda name: None
        self.library: Callable[[str], Value | None] = lambda name: None
        self.current = ""
        self.assigned: dict[str, Callable[[Value | None], None]] = {}  # told of these names
        self.watcher: Callable[[str, list[Value]], None] | None = None  # calls .z.vs
        self.domains: set[str] = set()  # of enumerations
        self.keywords = 0  # how many names .q has from the start
        self.frozen = ""  # what assignments signal: noupdate in reval, noamend in an amend

    # ------------------------------------------------------------ reading

    def get(self, name: str, space: str | None = None) -> Value:
        """The value of a global; signals the name when there is none."""
        found = self.find(name, space)
        if found is None:
            raise QError(name)
        return found

    def find(self, name: str, space: str | None = None) -> Value | None:
        """As `get`, None for a name without value."""
        if name[:1] == ".":
            return self._qualified(name)
        names = self.root if space == "" else self._names(space)
        value = names.get(name)
        if value is not None:
            return value.value() if type(value) is Namespace else value
        if name in self.views:
            return self.views[name]()
        return self._dotted(name, names, space) if "." in name else self.missing(name)

    def _names(self, space: str | None) -> dict[str, Value]:
        space = self.current if space is None else space
        return self.root if not space else self._space(space, create=True).names

    def _dotted(self, name: str, names: dict[str, Value], space: str | None) -> Value | None:
        head, *path = name.split(".")
        value = names.get(head)
        if type(value) is Namespace:
            return self._qualified(f"{self.current if space is None else space}.{name}")
        if value is None and head in self.views:
            raise QError("nyi")  # so it is in q
        return None if value is None else _walk(value, path, name)

    def _qualified(self, name: str) -> Value | None:
        getter = self.special.get(name) or self.views.get(name)
        if getter is not None:
            return getter()
        if name == ".":
            return self.root_value()
        if name[:2] == "..":
            return self.find(name[2:], "")
        head, *path = name[1:].split(".")
        value: Value | None = self.spaces.get(head)
        if value is None:
            return self.missing(name)
        for i, part in enumerate(path):
            if not isinstance(value, Namespace):
                return _walk(value, path[i:], name)
            value = value.names.get(part)
            if value is None:
                return self.missing(name)
        return value.value() if isinstance(value, Namespace) else value

    @property
    def words(self) -> Mapping[str, Value]:
        """What a program has put into `.q`: words of the language from then on."""
        space = self.spaces.get("q")
        names = {} if space is None else space.names
        if len(names) == self.keywords:
            return {}
        return {n: v for n, v in names.items() if n not in KEYWORDS}

    def root_value(self) -> Dict:
        """The root as a dictionary, in the order of assignment; views as their definitions."""
        own = {n: v for n, v in self.root.items() if not self._from_library(n, v)}
        own.update({n: v.definition() for n, v in self.views.items()
                    if hasattr(v, "definition") and n[:1] != "."})
        return Dict(symbols(own), List(own.values()))

    # ------------------------------------------------------------ writing

    def mark(self, plain: Value, marked: Value) -> None:
        """Every variable that holds this very list holds the marked one: of the attributes
        `s#` alone acts in place.
        """
        for names in (self.root, *(space.names for space in self.spaces.values())):
            for name, value in names.items():
                if value is plain:
                    names[name] = marked

    def refuse_frozen(self, name: str) -> None:
        """Signal that nothing may be assigned now; asked before values are written into, too."""
        if self.frozen:
            raise QError(f"noupdate: `. `{name}" if self.frozen == "noupdate" else self.frozen)

    def set(self, name: str, value: Value, space: str | None = None,
            path: Sequence[Value] = ()) -> None:
        """Assign a global, creating the namespaces on its way; `path` is where it changed."""
        self.refuse_frozen(name)
        if name[:2] == "..":
            name, space = name[2:], ""
        self.views.pop(name, None)
        if name == ".":
            self._set_root(value)
        elif name[:1] == ".":
            self._set_qualified(name, value)
            if name in self.assigned:
                self.assigned[name](value)
        else:
            names = self._names(space)
            if "." in name:
                if type(names.get(name.split(".")[0])) is Namespace:
                    self._set_qualified(f"{self.current if space is None else space}.{name}", value)
                    return
                name, path, value = _inside(name, names, value)
            names[name] = value
            if self.watcher is not None and names is self.root:
                self.watcher(name, list(path))

    def _set_root(self, value: Value) -> None:
        """Make a dictionary the variables of the root, as `.[`.;();_;`name]` does."""
        if not isinstance(value, Dict):
            raise QError("type")
        wanted = {str(k): v for k, v in value.items() if k}
        for name in list(self.root):
            if name not in wanted and not self._from_library(name, self.root[name]):
                self.delete(name, "")
        for name, v in wanted.items():
            if name not in self.views:
                self.set(name, v, "")

    def _set_qualified(self, name: str, value: Value) -> None:
        *path, last = name[1:].split(".")
        if not path:
            self.spaces[last] = _as_namespace(value)
            return
        space = self._space("." + path[0], create=True)
        for i, part in enumerate(path[1:], 1):
            inner = space.names.get(part)
            if isinstance(inner, Dict):
                keys = [sym(p) for p in [*path[i + 1:], last]]
                space.names[part] = assign_indexed(inner, list(keys), None, value)
                return
            if not isinstance(inner, Namespace):
                inner = space.names[part] = Namespace()
            space = inner
        space.names[last] = value

    def _space(self, name: str, create: bool = False) -> Namespace:
        head, *path = name[1:].split(".")
        space = self.spaces.get(head)
        if space is None:
            if not create:
                raise QError(name)
            space = self.spaces[head] = Namespace()
        for part in path:
            inner = space.names.get(part)
            if not isinstance(inner, Namespace):
                if not create:
                    raise QError(name)
                inner = space.names[part] = Namespace()
            space = inner
        return space

    def delete(self, name: str, space: str | None = None) -> None:
        """Forget a name (no error when it has no value)."""
        if name[:2] == "..":
            name, space = name[2:], ""
        self.views.pop(name, None)
        if name[:1] != ".":
            self._names(space).pop(name, None)
            return
        *path, last = name[1:].split(".")
        if not path:
            self.spaces.pop(last, None)
        elif self._has_space(path):
            self._space("." + ".".join(path)).names.pop(last, None)
        if name in self.assigned:
            self.assigned[name](None)

    def _has_space(self, path: list[str]) -> bool:
        space: Value = self.spaces.get(path[0])
        for part in path[1:]:
            space = space.names.get(part) if isinstance(space, Namespace) else None
        return isinstance(space, Namespace)

    # ------------------------------------------------------------ listing

    def own_names(self, space: str | None = None) -> list[str]:
        """The user's names in a namespace, sorted; library functions are left out."""
        names = self._names(space)
        return sorted(n for n, v in names.items()
                      if not isinstance(v, Namespace) and not self._from_library(n, v))

    def _from_library(self, name: str, value: Value) -> bool:
        return getattr(value, "qtype", 0) == 112 and getattr(value, "name", None) == name

    def walk(self) -> Iterator[str]:
        """All names, qualified ones too, for completion."""
        yield from self.root
        yield from self.views
        for head, space in self.spaces.items():
            yield from _walk_names("." + head, space)
        yield from self.special


def _walk_names(prefix: str, space: Namespace) -> Iterator[str]:
    for name, value in space.names.items():
        yield f"{prefix}.{name}"
        if isinstance(value, Namespace):
            yield from _walk_names(f"{prefix}.{name}", value)


def _inside(name: str, names: dict[str, Value],
            value: Value) -> tuple[str, list[Value], Value]:
    """`d.key:v` is an entry of the dictionary d; a new d starts as a namespace does."""
    head, *parts = name.split(".")
    keys = [sym(p) for p in parts]
    return head, list(keys), _with_entry(names.get(head), keys, value)


def _with_entry(start: Value | None, keys: Sequence[Symbol], value: Value) -> Value:
    if not keys:
        return value
    if start is None:
        return Dict(symbols(["", keys[0]]), List([NULL, _with_entry(None, keys[1:], value)]))
    inner = None
    if len(keys) > 1 and (not isinstance(start, Dict) or keys[0] in items(start.keys)):
        inner = index(start, keys[0])
    return assign_indexed(start, [keys[0]], None, _with_entry(inner, keys[1:], value))


def _walk(value: Value, path: list[str], name: str) -> Value:
    """`t.col`, `d.key`, `timestamp.date`: index by each part."""
    for part in path:
        if isinstance(value, (Dict,)) or getattr(value, "qtype", 0) == 98:
            value = index(value, sym(part))
        else:
            value = _temporal_part(value, part, name)
    return value


def _temporal_part(value: Value, part: str, name: str) -> Value:
    try:
        return OPERATORS["$"].by_rank[2](sym(part), value)
    except QError:
        raise QError(name) from None


def _as_namespace(value: Value) -> Namespace:
    space = Namespace()
    if isinstance(value, Dict):
        for k, v in value.items():
            if k:
                space.names[str(k)] = v
    return space
