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
from kkernel.q.functions import NULL
from kkernel.q.symbols import Symbol, names, sym, symbols
from kkernel.q.types import LONG_NULL
from kkernel.q.values import Dict, List, Value, collapse, items, qtype

from .kinds import NO, as_double, as_flag, as_long, as_longs, is_null, kname


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
    or D of them.  `named(value, dims)` reads the more lenient named form.
    `choices` are the symbols that it takes, where there are few.
    """

    word: str
    read: Reader
    show: Shower
    named: Reader | None = None
    choices: tuple[str, ...] = ()


def _plain(value: Any, dims: int) -> Value:
    return value


def _widened(x: Value) -> Value:
    return int(x) if qtype(x) in (-5, -6) else x


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
    if v is NO:
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


LONG = OptionKind("long scalar", lambda x, d: as_long(x), _plain,
                  lambda x, d: as_long(_widened(x)))
OPTIONAL_LONG = OptionKind("long scalar", _read_optional_long, _show_optional_long,
                           lambda x, d: _read_optional_long(_widened(x), d))
FLAG = OptionKind("boolean scalar", lambda x, d: as_flag(x), _plain)
DOUBLE = OptionKind("double", _read_double, _plain,
                    lambda x, d: _read_double(_widened(x), d))
OPTIONAL_DOUBLE = OptionKind("double", _read_optional_double, _show_optional_double,
                             lambda x, d: _read_optional_double(_widened(x), d))
LONGS = OptionKind("long(s)", _read_longs, _show_longs,
                   lambda x, d: _read_longs(_widened(x), d))
DOUBLES = OptionKind("double(s)", _read_doubles, _show_doubles)
SYMBOL = OptionKind("symbol", _read_symbol, lambda v, d: sym(v))
SYMBOLS = OptionKind("symbol(s)", _read_symbols, _show_symbols)
VALUE = OptionKind("value", lambda x, d: x, _plain)


@dataclass(frozen=True)
class Option:
    """One row: name in q, kind, default, torch's name (same as q's if empty), and words.

    `dims` > 0: one long or exactly `dims` of them.  `positional` False: by name only.
    `early`: a positional value that does not fit the option whose turn it is may be this one.
    `missing` is the refusal when a required option is absent or less than `least`.
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
    early: bool = False
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
    """The texts of refusals; {where} {name} {word} {given} {most} {count} are filled in."""

    unknown: str = "{where}: unrecognized option `{name}"
    surplus: str = "{where}: expecting up to {most} positional args, {count} given"
    wrong: str = "{where} {name}: expected {word}, given {given}"
    length: str = ("{where} {name}: expected scalar or {dims}-element input, "
                   "given {count}-element list")
    missing: str = "{where}: {name} required"
    unused: str = "{where} option: {name} not recognized"


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
            if r.name not in values:
                if r.required:
                    raise self._missing(where, r)
                values[r.name] = values[r.like] if r.like else r.default
            elif r.least is not None and values[r.name] < r.least:
                raise self._missing(where, r)
        return {r.name: values[r.name] for r in self.rows}

    def given(self, where: str, args: Sequence[Value], before: int = 0) -> dict[str, Any]:
        """Only the options that the arguments name."""
        positional, named = split_pairs(args)
        if len(positional) > len(self.positional):
            raise self._error("surplus", where, most=len(self.positional) + before,
                              count=len(args) + before, positional=len(positional))
        values: dict[str, Any] = {}
        self._place(where, positional, values)
        for name, x in named:
            found = self.by_name.get(name)
            if found is None:
                which = "unused" if name in self.known else "unknown"
                raise self._error(which, where, name=name)
            value = (found.kind.named or found.kind.read)(x, found.dims)
            values[name] = self._checked(where, found, value, x)
        return values

    def _place(self, where: str, positional: list[Value], values: dict[str, Any]) -> None:
        """Give positional values to the options in turn, or to a later one marked early."""
        turn = 0
        for x in positional:
            value = self._at(x, turn)
            if value is NO:
                turn = self._early(x, turn)
                if turn >= len(self.positional):
                    raise self._error("surplus", where, most=len(self.positional),
                                      count=len(positional), positional=len(positional))
                value = self._at(x, turn)
            if not is_null(x):
                row = self.positional[turn]
                values[row.name] = self._checked(where, row, value, x)
            turn += 1

    def _at(self, x: Value, turn: int) -> Any:
        """A value as that of the option whose turn it is; `NO` if refused or none is left."""
        if turn >= len(self.positional):
            return NO
        row = self.positional[turn]
        return None if is_null(x) else row.kind.read(x, row.dims)

    def _early(self, x: Value, turn: int) -> int:
        for i in range(turn + 1, len(self.positional)):
            row = self.positional[i]
            if row.early and row.kind.read(x, row.dims) is not NO:
                return i
        return turn

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


def _visible(row: Option, values: dict[str, Any], all: bool) -> bool:
    value = values[row.name]
    if row.hidden and value is None:
        return False
    if all or row.always or row.required:
        return True
    default = values[row.like] if row.like else row.default
    return value is not default and (isinstance(value, torch.Tensor) or value != default)


# ------------------------------------------------------------------ name and value pairs

def split_pairs(args: Sequence[Value]) -> tuple[list[Value], list[tuple[str, Value]]]:
    """Positional arguments, and the (name, value) pairs of the last item if it holds pairs."""
    if args:
        pairs = read_pairs(args[-1])
        if pairs is not None:
            return list(args[:-1]), pairs
    return list(args), []


def read_pairs(x: Value) -> list[tuple[str, Value]] | None:
    """The name and value pairs that x spells, None if it is no such thing."""
    if isinstance(x, Dict):
        return _dictionary_pairs(x)
    if isinstance(x, np.ndarray) and x.ndim == 1 and x.dtype == np.dtype("u4"):
        flat = items(x)
        if len(flat) % 2:
            raise QError(f"uneven no. of symbols for name,value pairs: {_text(x)}")
        return [(str(n), v) for n, v in _twos(flat)]
    if type(x) is not List:
        return None
    if not x:
        return []
    if type(x[0]) is Symbol:
        return _flat_pairs(x)
    return _listed_pairs(x)


def _dictionary_pairs(x: Dict) -> list[tuple[str, Value]]:
    keys = items(x.keys)
    if any(type(k) is not Symbol for k in keys):
        raise QError(f"unexpected name,value dictionary with {kname(x.keys)} as keys: {_text(x)}")
    return [(str(k), v) for k, v in zip(keys, items(x.values), strict=True)]


def _flat_pairs(x: List) -> list[tuple[str, Value]]:
    if len(x) % 2:
        raise QError(f"uneven no. of elements for name,value pairs in list: {_text(x)}")
    pairs = []
    for i, (name, value) in enumerate(_twos(x)):
        if type(name) is not Symbol:
            raise QError(f"unrecognized name for pair, element[{2 * i}], "
                         f"expected symbol, received: {kname(name)}")
        pairs.append((str(name), value))
    return pairs


def _listed_pairs(x: List) -> list[tuple[str, Value]] | None:
    first = _pair(x[0])
    if first is None:
        return None
    pairs = []
    for i, item in enumerate(x):
        pair = _pair(item)
        if pair is None:
            n = len(items(item))
            raise QError(f"name,value pair[{i}] has no name symbol" if n == 2 else
                         f"name,value pair[{i}] has {n} elements (expected 2)")
        pairs.append(pair)
    return pairs


def _pair(x: Value) -> tuple[str, Value] | None:
    if qtype(x) not in (0, 11) or len(x) != 2:
        return None
    name, value = items(x)
    return (str(name), value) if type(name) is Symbol else None


def _twos(flat: Sequence[Value]) -> Iterator[tuple[Value, Value]]:
    return zip(flat[::2], flat[1::2], strict=True)


def _text(x: Value) -> str:
    from kkernel.q.text.show import line

    return line(x)


def unset(x: Value) -> bool:
    """Whether an option value means unset: `::`, `()`, or a null number."""
    return x is NULL or (type(x) is List and not x) or x == LONG_NULL or x != x
