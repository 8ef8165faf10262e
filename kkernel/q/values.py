"""Values of q, bare wherever Python and numpy have the thing itself.

=================  ==========================================================================
q                  here
=================  ==========================================================================
boolean long float `bool` `int` `float`; every function also accepts numpy's own scalars
byte short int real numpy scalars `u1 i2 i4 f4`
char               `np.bytes_` of length 1 (the NUL char reads as length 0: use `char_code`)
symbol             `Symbol`, an interned `str`
guid               `np.void` of 16 bytes
temporals          `np.datetime64` / `np.timedelta64`, the unit tells the type; timestamps,
                   `M8[ns]`, hold q's own count from 2000 (see types.py)
simple vector      `np.ndarray`, 1-d, dtype from the type table; symbols are `u4` codes
... with attribute `Attributed`, a subclass of ndarray
rectangle          an n-d `np.ndarray` of two or more dimensions is a list of lists
general list       `List`; nested rectangles may be either, and `match` sees no difference
dictionary         `Dict`;  keyed table: a `Dict` from `Table` to `Table`
table              `Table`
enumeration        `Enum` (vector) and `EnumAtom`
functions          see functions.py;  `::` is `functions.NULL`
=================  ==========================================================================

Values are immutable by convention: nothing writes into an array or list that it did not make.
This module gives all that other modules know of values; vectors.py is the part about atoms and
simple vectors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from .errors import QError
from .symbols import TABLE, U4, Symbol, names, sym, symbols
from .types import CODE_OF_DTYPE, DTYPE
from .vectors import (
    ATOM_CODE,
    ONE_NULL,
    Array,
    Attributed,
    Value,
    bare,
    char,
    char_code,
    is_string,
    is_vector,
    null_vector,
    string,
    text,
    vector,
)

__all__ = [
    "ATOM_CODE", "EMPTY", "Array", "Attributed", "Dict", "Enum", "EnumAtom", "KeyMap", "List",
    "Table", "Value", "at", "bare", "char", "char_code", "collapse", "count", "dictionary",
    "empty", "enlist", "hashable", "hashables", "is_atom", "is_function", "is_list",
    "is_string", "is_vector", "items", "null", "null_vector", "qtype", "record", "rectangle",
    "string", "text", "vector",
]


class List(list[Any]):
    """A general list (type 0).  A Python list of values that nobody changes in place."""

    __slots__ = ()
    qtype = 0


class Enum:
    """An enumerated vector: positions in the list named by `domain` (type 20 and up)."""

    __slots__ = ("domain", "index")
    qtype = 20

    def __init__(self, domain: Symbol, index: Array) -> None:
        self.domain = domain
        self.index = index

    def __len__(self) -> int:
        return len(self.index)


class EnumAtom:
    """One item of an enumeration (type -20)."""

    __slots__ = ("domain", "index")
    qtype = -20

    def __init__(self, domain: Symbol, index: int) -> None:
        self.domain = domain
        self.index = index


class KeyMap(dict[Any, int]):
    """Hashable keys of a dictionary to their first positions; `count` keys have been entered."""

    __slots__ = ("count",)
    count: int


class Dict:
    """A dictionary: two lists (or tables) of equal count.  `attr` "s" makes a step function."""

    __slots__ = ("keys", "values", "attr", "_where")

    def __init__(self, keys: Value, values: Value, attr: str = "") -> None:
        self.keys = keys
        self.values = values
        self.attr = attr
        self._where: KeyMap | None = None

    @property
    def qtype(self) -> int:
        return 127 if self.attr else 99

    def __len__(self) -> int:
        return count(self.keys)

    @property
    def keyed_table(self) -> bool:
        return isinstance(self.keys, Table) and isinstance(self.values, Table)

    @property
    def positions(self) -> KeyMap:
        """hashable key -> first position, for keys that are atoms; made on first use."""
        where = self._where
        if where is None or where.count != count(self.keys):
            where = KeyMap()
            for i, k in enumerate(hashables(self.keys)):
                where.setdefault(k, i)
            where.count = count(self.keys)
            self._where = where
        return where

    def with_values(self, values: Value) -> Dict:
        """The same keys with other values."""
        out = Dict(self.keys, values, self.attr)
        out._where = self._where
        return out

    def extended(self, keys: Value, values: Value, fresh: Iterable[Any]) -> Dict:
        """With longer keys and values; `fresh` are the hashable new keys in order.

        The result takes over the map from keys to positions, so that a dictionary grows entry
        by entry at the cost of an entry; self makes its map anew should it be asked again, also
        where Stop strikes here: an entry is counted before it is made.
        """
        where = self.positions
        for k in fresh:
            where.count += 1
            where.setdefault(k, where.count - 1)
        out = Dict(keys, values, self.attr)
        out._where = where
        return out

    def get(self, name: str, default: Value = None) -> Value:
        """The value under a symbol key, for Python callers: `d.get("loss")`."""
        i = self.positions.get(name)
        return default if i is None else at(self.values, i)

    def items(self) -> Iterator[tuple[Value, Value]]:
        return zip(items(self.keys), items(self.values))


class Table:
    """A table: named columns of equal count.

    `listed`: a library made it as a list of dictionaries, and inside other values it prints so.
    `attr` is "s" for rows that are known to be in order.
    """

    __slots__ = ("columns", "data", "listed", "attr", "_count")
    qtype = 98

    def __init__(self, columns: Sequence[str], data: Sequence[Value],
                 listed: bool = False, attr: str = "") -> None:
        self.listed = listed
        self.attr = attr
        self.columns: tuple[Symbol, ...] = tuple(sym(c) for c in columns)
        self.data: tuple[Value, ...] = tuple(data)
        self._count = count(self.data[0]) if self.data else 0

    def __len__(self) -> int:
        return self._count

    def column(self, name: str) -> Value:
        """The column of this name; signals the name when there is none."""
        try:
            return self.data[self.columns.index(name)]
        except ValueError:
            raise QError(str(name)) from None


# ---------------------------------------------------------------- types

def qtype(x: Value) -> int:
    """The type number, as q's `type`: negative for atoms, 0 general, 98 table, 99 dictionary."""
    code = ATOM_CODE.get(type(x))
    if code is not None:
        return code
    if isinstance(x, np.ndarray):
        return CODE_OF_DTYPE[x.dtype] if x.ndim == 1 else 0
    if isinstance(x, (np.datetime64, np.timedelta64)):
        return -CODE_OF_DTYPE[x.dtype]
    found: int = x.qtype
    return found


def is_atom(x: Value) -> bool:
    return qtype(x) < 0


def is_list(x: Value) -> bool:
    """A vector or general list, enumerations included; not a dictionary or table."""
    return isinstance(x, (np.ndarray, List, Enum))


def is_function(x: Value) -> bool:
    return 100 <= qtype(x) < 127


# ---------------------------------------------------------------- making values

EMPTY = List()  # ()


def empty(code: int) -> Value:
    """The empty list of a type; `()` for type 0."""
    return np.empty(0, DTYPE[code]) if code else EMPTY


def null(code: int) -> Value:
    """The null atom of a simple type (0b and 0x00 for the two types that have none)."""
    return at(ONE_NULL[code], 0)


def at(x: Value, i: int) -> Value:
    """Item i (in range) of a list, dictionary (by position) or table."""
    if isinstance(x, np.ndarray):
        if x.ndim > 1:
            return x[i]
        kind = x.dtype.char
        if kind in "ld?q":  # long float boolean: plain Python objects
            return x.item(i)
        if kind == "I":
            return TABLE[x.item(i)]
        return x[i]
    if isinstance(x, List):
        return x[i]
    if isinstance(x, Dict):
        return at(x.values, i)
    if isinstance(x, Table):
        return Dict(symbols(x.columns), collapse([at(c, i) for c in x.data]))
    if isinstance(x, Enum):
        return EnumAtom(x.domain, x.index.item(i))
    if i == 0:
        return x
    raise QError("type")


def items(x: Value) -> list[Value]:
    """The items of any value as a Python list: of a dictionary its values, of an atom itself."""
    if isinstance(x, List):
        return x
    if isinstance(x, np.ndarray):
        if x.ndim > 1:
            return list(x)
        kind = x.dtype.char
        if kind in "ld?q":
            return x.tolist()
        if kind == "I":
            return names(x)
        return list(x)
    if isinstance(x, Dict):
        return items(x.values)
    if isinstance(x, (Table, Enum)):
        return [at(x, i) for i in range(len(x))]
    return [x]


def hashables(x: Value) -> Iterable[Any]:
    """Items as things that Python can hash, equal exactly when q finds them equal."""
    if isinstance(x, np.ndarray) and x.ndim == 1:
        kind = x.dtype.char
        if kind in "lq":
            return x.tolist()
        if kind == "I":
            return names(x)
        if kind in "df":
            code = -CODE_OF_DTYPE[x.dtype]
            return [(code, v if v == v else None) for v in x.tolist()]
    if isinstance(x, np.ndarray) and x.ndim == 2 and x.dtype.kind in "bi" and x.size:
        code, raw, width = CODE_OF_DTYPE[x.dtype], x.tobytes(), x.shape[1] * x.itemsize
        return [(code, raw[i:i + width]) for i in range(0, len(raw), width)]
    return [hashable(v) for v in items(x)]


def hashable(x: Value) -> Any:
    """One value as a dictionary key: longs, symbols and strings bare, others with their type."""
    kind = type(x)
    if kind is int or kind is Symbol:
        return x
    if (kind is np.ndarray or kind is Attributed) and x.dtype.char == "S" and x.ndim == 1:
        return x.tobytes()
    code = qtype(x)
    if code < 0:
        if code == -7:
            return int(x)
        if code in (-9, -8):
            return (code, float(x) if x == x else None)  # all nulls are equal
        if isinstance(x, EnumAtom):
            return (code, x.domain, x.index)
        return (code, np.asarray(x).tobytes())
    if isinstance(x, Dict):
        return (99, tuple(hashables(x.keys)), tuple(hashables(x.values)))
    if isinstance(x, Table):
        return (98, x.columns, tuple(tuple(hashables(c)) for c in x.data))
    if code >= 100:
        return (code, id(x))
    if 0 < code < 20:
        if x.dtype.kind == "f":
            x = np.where(x == x, x + 0.0, np.nan)  # one null, one zero
        return (code, x.tobytes())
    return (code, tuple(hashables(x)))


def count(x: Value) -> int:
    """q's `count`: 1 for atoms and functions."""
    if isinstance(x, (np.ndarray, List, Dict, Table, Enum)):
        return len(x)
    return 1


_RECTANGULAR = frozenset("?Bhilqfd")  # dtypes of which there are rectangles
_DEEPEST = 60  # dimensions of a rectangle; numpy and torch allow 64


def rectangle(a: Array) -> Value:
    """An array of two or more dimensions as a q value: numbers as they are, of other types
    (temporals, chars) the list of rows."""
    if a.dtype.char in _RECTANGULAR:
        return a
    return List([rectangle(row) if row.ndim > 1 else row for row in a])


def collapse(values: list[Value]) -> Value:
    """The list of these items in its simplest form.

    Atoms of one type become a vector, equal-shaped numeric vectors a rectangle, dictionaries
    with the same symbol keys a table; anything else a general list.
    """
    if not values:
        return EMPTY
    first = values[0]
    kind = type(first)
    if kind in ATOM_CODE:
        return _collapse_atoms(values, kind)
    if isinstance(first, (np.datetime64, np.timedelta64)):
        dt = first.dtype
        if all(type(v) is kind and v.dtype == dt for v in values):
            return np.array(values, dt)
    elif isinstance(first, np.ndarray):
        dt, shape = first.dtype, first.shape
        if len(values) > 1 and dt.kind in "bif" and len(shape) < _DEEPEST and all(
                isinstance(v, np.ndarray) and v.dtype == dt and v.shape == shape for v in values):
            return np.stack(values)
    elif isinstance(first, EnumAtom):
        if all(isinstance(v, EnumAtom) and v.domain == first.domain for v in values):
            return Enum(first.domain, np.array([v.index for v in values], "i8"))
    elif isinstance(first, Dict):
        return _collapse_dicts(values)
    return List(values)


def _collapse_atoms(values: list[Value], kind: type) -> Value:
    for v in values:
        if type(v) is not kind and ATOM_CODE.get(type(v)) != ATOM_CODE[kind]:
            return List(values)
    code = -ATOM_CODE[kind]
    if code == 11:
        return np.array([v.code for v in values], U4)
    return np.array(values, DTYPE[code])


def _collapse_dicts(values: list[Value]) -> Value:
    keys = values[0].keys
    if not (is_vector(keys) and keys.dtype == U4 and len(keys)):
        return List(values)
    for v in values:
        if not (isinstance(v, Dict) and is_vector(v.keys) and v.keys.dtype == U4
                and np.array_equal(v.keys, keys)):
            return List(values)
    table = values[0].values
    if len(values) == 1 and isinstance(table, Table):
        return Table(names(keys), [_row(table, i) for i in range(len(table))])
    if isinstance(table, Table):
        tables = [v.values for v in values]
        if all(isinstance(t, Table) and t.columns == table.columns for t in tables):
            return Table(names(keys), [_stacked([_row(t, i) for t in tables])
                                       for i in range(len(table))])
    columns = zip(*[items(v.values) for v in values])
    return Table(names(keys), [collapse(list(c)) for c in columns])


def _row(x: Table, i: int) -> Table:
    """Row i as a table: without the dictionary between, which would collapse what is nested in
    it once more at every level."""
    if len(x) == 1:
        return x
    return Table(x.columns, [_row(c, i) if isinstance(c, Table) else collapse([at(c, i)])
                             for c in x.data])


def _stacked(rows: list[Table]) -> Table:
    """Tables of one row each, with the same columns, as one table; without the dictionaries
    between, too."""
    return Table(rows[0].columns, [_stacked_column(list(c)) for c in zip(*[r.data for r in rows])])


def _stacked_column(parts: list[Value]) -> Value:
    first = parts[0]
    if isinstance(first, Table) and all(
            isinstance(p, Table) and p.columns == first.columns for p in parts):
        return _stacked(parts)
    return collapse([at(p, 0) for p in parts])


def enlist(x: Value) -> Value:
    """The one-item list of x (a one-row table of a dictionary with symbol keys)."""
    return collapse([x])


def dictionary(**entries: Value) -> Dict:
    """A dictionary with symbol keys, for Python callers."""
    return Dict(symbols(entries), collapse(list(entries.values())))


def record(names_: Sequence[str], values: Sequence[Value]) -> Dict:
    """A dictionary from names to values."""
    return Dict(symbols(names_), collapse(list(values)))
