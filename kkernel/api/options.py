"""Tables of options: what a module, loss, optimizer or the trainer can be given, row by row.

Options come by position, then by name: a dictionary, `` `name,value ``, (name;value;name;value),
or a list of pairs, always in the one item that ends the argument list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from kkernel.q.errors import QError
from kkernel.q.symbols import Symbol, names, sym, symbols
from kkernel.q.types import LONG_NULL
from kkernel.q.values import Dict, List, Value, collapse, items, qtype

from .kinds import NO, as_double, as_flag, as_long, as_longs, kname


class Required:
    """The default of an option that must be given."""

    def __repr__(self) -> str:
        return "required"


REQUIRED = Required()

Reader = Callable[[Value, int], Any]
Shower = Callable[[Any, int], Value]


@dataclass(frozen=True)
class OptionKind:
    """How an option is read from q (`NO` if refused), shown in q, and called in messages.

    `read(value, dims)` and `show(python, dims)`: `dims` is the D of options that take one long
    or D of them.  `choices` are the symbols that it takes, where there are few.
    """

    word: str
    read: Reader
    show: Shower
    choices: tuple[str, ...] = ()


def _plain(value: Any, dims: int) -> Value:
    return value


def _read_optional_long(x: Value, dims: int) -> Any:
    n = as_long(x)
    return None if n == LONG_NULL else n


def _show_optional_long(v: Any, dims: int) -> Value:
    return LONG_NULL if v is None else v


def _read_double(x: Value, dims: int) -> Any:
    f = as_double(x)
    n = as_long(x) if f is NO else f
    return NO if n is NO else float(n)


def _read_optional_double(x: Value, dims: int) -> Any:
    f = _read_double(x, dims)
    return None if f is not NO and f != f else f


def _show_optional_double(v: Any, dims: int) -> Value:
    return float("nan") if v is None else v


def _read_longs(x: Value, dims: int) -> Any:
    v = as_longs(x)
    if v is NO or (dims and type(x) is List):
        return NO
    if dims and len(v) == 1 and as_long(x) is not NO:
        return v * dims
    return v


def _show_longs(v: Any, dims: int) -> Value:
    """Equal entries of an option of D longs show as one."""
    v = [LONG_NULL if n is None else n for n in v]
    if dims and v and all(n == v[0] for n in v):
        return v[0]
    return np.array(v, "i8")


def _read_doubles(x: Value, dims: int) -> Any:
    if isinstance(x, np.ndarray) and x.ndim == 1 and x.dtype == np.float64:
        v = x.tolist()
    else:
        f = as_double(x)
        if f is NO:
            return NO
        v = [f] * max(1, dims)
    return v


def _show_doubles(v: Any, dims: int) -> Value:
    if dims and all(f == v[0] for f in v):
        return v[0]
    return np.array(v, "f8")


def _read_symbol(x: Value, dims: int) -> Any:
    return str(x) if type(x) is Symbol else NO


def _read_symbols(x: Value, dims: int) -> Any:
    if type(x) is Symbol:
        return [str(x)]
    if isinstance(x, np.ndarray) and x.dtype == np.dtype("u4"):
        return [str(s) for s in names(x)]
    return [] if type(x) is List and not x else NO


def _show_symbols(v: Any, dims: int) -> Value:
    return symbols(v)


LONG = OptionKind("long scalar", lambda x, d: as_long(x), _plain)
OPTIONAL_LONG = OptionKind("long scalar", _read_optional_long, _show_optional_long)
FLAG = OptionKind("boolean scalar", lambda x, d: as_flag(x), _plain)
DOUBLE = OptionKind("double", _read_double, _plain)
OPTIONAL_DOUBLE = OptionKind("double", _read_optional_double, _show_optional_double)
LONGS = OptionKind("long(s)", _read_longs, _show_longs)
DOUBLES = OptionKind("double(s)", _read_doubles, _show_doubles)
SYMBOL = OptionKind("symbol", _read_symbol, lambda v, d: sym(v))
SYMBOLS = OptionKind("symbol(s)", _read_symbols, _show_symbols)
VALUE = OptionKind("value", lambda x, d: x, _plain)


@dataclass(frozen=True)
class Option:
    """One row: name in q, kind, default, torch's name (same as q's if empty), and words.

    `dims` > 0: one long or exactly `dims` of them.  `positional` False: by name only.
    `last`: the last positional value is this one, if it does not fit the option whose turn it
    is; `turn` False: that is its only place.
    `missing` is the refusal when a required option is absent, null or less than `least`.
    `always` shows the option even at its default, `hidden` leaves it out while it is None.
    `like` names the option whose value is the default of this one.
    """

    name: str
    kind: OptionKind
    default: Any = REQUIRED
    torch: str = ""
    words: str = ""
    dims: int = 0
    positional: bool = True
    last: bool = False
    turn: bool = True
    missing: str = ""
    least: int | None = None
    always: bool = False
    hidden: bool = False
    like: str = ""

    @property
    def keyword(self) -> str:
        return self.torch or self.name

    @property
    def required(self) -> bool:
        return self.default is REQUIRED


@dataclass(frozen=True)
class Messages:
    """The texts of refusals; {where} {name} {word} {given} {most} {count} are filled in.

    `positions`, if given, is said of any positional value that does not fit.  `first`: too many
    positional values are refused before any of them is read.
    """

    unknown: str = "{where}: unrecognized option `{name}"
    surplus: str = "{where}: expecting up to {most} positional args, {count} given"
    wrong: str = "{where} {name}: expected {word}, given {given}"
    length: str = ("{where} {name}: expected scalar or {dims}-element input, "
                   "given {count}-element list")
    missing: str = "{where}: {name} required"
    unused: str = "{where} option: {name} not recognized"
    positions: str = ""
    first: bool = False


@dataclass
class OptionTable:
    """The options of one thing, in positional order.

    `known` are the names that its family uses: those get another refusal than unknown ones.
    """

    rows: Sequence[Option]
    messages: Messages = field(default_factory=Messages)
    known: AbstractSet[str] = frozenset()

    def __post_init__(self) -> None:
        self.by_name = {r.name: r for r in self.rows}
        self.positional = [r for r in self.rows if r.positional]
        self.turns = [r for r in self.positional if r.turn]
        self.last = next((r for r in self.positional if r.last), None)

    @property
    def defaults(self) -> dict[str, Any]:
        """name -> default, for options that have one."""
        return {r.name: r.default for r in self.rows if not r.required}

    def read(self, where: str, args: Sequence[Value], before: int = 0) -> dict[str, Any]:
        """name -> Python value for every option, from positional arguments and then pairs.

        Signals unknown names, wrong kinds, too many positions and missing required options.
        `before` counts the items that precede the options, for the message of a surplus.
        """
        return self.complete(where, self.given(where, args, before))

    def complete(self, where: str, values: dict[str, Any]) -> dict[str, Any]:
        """All options in their order: those given, and defaults for the rest."""
        for r in self.rows:
            if r.required and _absent(values.get(r.name)):
                raise self._missing(where, r)
            if r.name not in values:
                values[r.name] = values[r.like] if r.like else r.default
            elif r.least is not None and values[r.name] < r.least:
                raise self._missing(where, r)
        return {r.name: values[r.name] for r in self.rows}

    def given(self, where: str, args: Sequence[Value], before: int = 0) -> dict[str, Any]:
        """Only the options that the arguments name."""
        positional, named = split_pairs(args)
        values: dict[str, Any] = {}
        self._place(where, positional, values, before, len(args))
        for name, x in named:
            found = self.by_name.get(name)
            if found is None:
                which = "unused" if name in self.known else "unknown"
                raise self._error(which, where, name=name)
            values[name] = self._checked(where, found, found.kind.read(x, found.dims), x)
        return values

    def _place(self, where: str, positional: Sequence[Value], values: dict[str, Any],
               before: int, count: int) -> None:
        """Give positional values to the options in turn; they are of `count` arguments."""
        n = len(positional)
        surplus = self._error("positions" if self.messages.positions else "surplus", where,
                              most=len(self.turns) + before, count=count + before, positional=n)
        if self.messages.first and n > len(self.positional):
            raise surplus
        for i, x in enumerate(positional):
            row = self.turns[i] if i < len(self.turns) else None
            value = NO if row is None else row.kind.read(x, row.dims)
            if value is NO and i == n - 1 and self.last and self.last.name not in values:
                other = self.last.kind.read(x, self.last.dims)
                if other is not NO or not self.turns:
                    row, value = self.last, other
            if row is None or (value is NO and self.messages.positions):
                raise surplus
            values[row.name] = self._checked(where, row, value, x)

    def _missing(self, where: str, row: Option) -> QError:
        if row.missing:
            return QError(f"{where}: {row.missing}")
        return self._error("missing", where, name=row.name)

    def _checked(self, where: str, row: Option, value: Any, x: Value) -> Any:
        """The value that was read from x, with the right number of entries."""
        if value is NO:
            raise self._error("wrong", where, name=row.name, word=row.kind.word, given=kname(x))
        if row.dims and isinstance(value, list) and len(value) != row.dims:
            raise self._error("length", where, name=row.name, dims=row.dims, count=len(value))
        return value

    def _error(self, which: str, where: str, **words: Any) -> QError:
        return QError(getattr(self.messages, which).format(where=where, **words))

    def keywords(self, values: dict[str, Any]) -> dict[str, Any]:
        """The values under torch's names."""
        return {self.by_name[n].keyword: v for n, v in values.items() if n in self.by_name}

    def show(self, values: dict[str, Any], all: bool = True) -> Dict:
        """The q dictionary of option values: all, or only those that are not at their default."""
        rows = [r for r in self.rows if r.name in values and _visible(r, values, all)]
        shown = [r.kind.show(values[r.name], r.dims) for r in rows]
        return Dict(symbols([r.name for r in rows]), collapse(shown))


def _absent(value: Any) -> bool:
    return value is None or (isinstance(value, list) and not value)


def _visible(row: Option, values: dict[str, Any], all: bool) -> bool:
    value = values[row.name]
    if row.hidden and value is None:
        return False
    if all or row.always or row.required:
        return True
    default = values[row.like] if row.like else row.default
    return value is not default and (isinstance(value, torch.Tensor) or value != default)


# ------------------------------------------------------------------ name and value pairs

Pairs = Iterator[tuple[str, Value]]
_SINGLE = {-1, -7, -8, -9, -11}  # types of atoms that name a value; shorts and ints become longs


def split_pairs(args: Sequence[Value]) -> tuple[list[Value], Pairs]:
    """Positional arguments, and the (name, value) pairs of the last item if it holds pairs."""
    if args:
        pairs = read_pairs(args[-1])
        if pairs is not None:
            return list(args[:-1]), pairs
    return list(args), iter(())


def read_pairs(x: Value) -> Pairs | None:
    """The name and value pairs that x spells, each read in its turn; None if it is no such thing.
    """
    if isinstance(x, Dict):
        return _dictionary_pairs(x)
    if isinstance(x, np.ndarray) and x.ndim == 1 and x.dtype == np.dtype("u4"):
        if len(x) % 2:
            raise QError(f"uneven no. of symbols for name,value pairs: {_text(x)}")
        return ((str(n), v) for n, v in _twos(items(x)))
    if type(x) is not List:
        return None
    if not x:
        return iter(())
    if type(x[0]) is Symbol:
        if len(x) % 2:
            raise QError(f"uneven no. of elements for name,value pairs in list: {_text(x)}")
        return _flat_pairs(x)
    return _listed_pairs(x) if _is_pair(x[0]) else None


def _dictionary_pairs(x: Dict) -> Pairs:
    if any(type(k) is not Symbol for k in items(x.keys)):
        raise QError(f"unexpected name,value dictionary with {kname(x.keys)} as keys: {_text(x)}")
    return ((str(k), _named(v)) for k, v in zip(items(x.keys), items(x.values), strict=True))


def _flat_pairs(x: List) -> Pairs:
    for i, (name, value) in enumerate(_twos(x)):
        if type(name) is not Symbol:
            raise QError(f"unrecognized name for pair, element[{2 * i}], "
                         f"expected symbol, received: {kname(name)}")
        yield str(name), _named(value)


def _listed_pairs(x: List) -> Pairs:
    for i, item in enumerate(x):
        if not _is_pair(item):
            n = len(items(item))
            raise QError(f"name,value pair[{i}] has no name symbol" if n == 2 else
                         f"name,value pair[{i}] has {n} elements (expected 2)")
        name, value = items(item)
        yield str(name), _named(value)


def _is_pair(x: Value) -> bool:
    return qtype(x) in (0, 11) and len(x) == 2 and type(items(x)[0]) is Symbol


def _named(x: Value) -> Value:
    """The value of a pair: shorts and ints as longs, other small types are refused."""
    code = qtype(x)
    if code in (-5, -6):
        return int(x)
    if code < 0 and code not in _SINGLE:
        raise QError(f"name-value pairs not implemented for {kname(x)} value")
    return x


def _twos(flat: Sequence[Value]) -> Iterator[tuple[Value, Value]]:
    return zip(flat[::2], flat[1::2], strict=True)


def _text(x: Value) -> str:
    from kkernel.q.text.show import line

    return line(x)
