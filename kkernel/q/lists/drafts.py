"""Private copies of lists, dictionaries and tables that an amend writes into, item by item."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import QError, length_error, type_error
from ..symbols import Symbol, symbols
from ..tables.append import fitted
from ..tables.columns import repeat, unkey
from ..tables.records import records, upsert_keyed
from ..tables.rows import find_rows
from ..values import (
    Array,
    Attributed,
    Dict,
    Enum,
    EnumAtom,
    List,
    Table,
    Value,
    at,
    collapse,
    hashable,
    is_atom,
    is_list,
    is_vector,
    items,
    qtype,
)
from .enumerate import enumerate_in
from .growth import extended
from .index import index
from .joining import joined_items
from .positions import as_item, missing
from .search import depth


class Draft:
    """A copy being amended: read and write items by index, then take the result."""

    def single(self, i: Value) -> bool:
        """Whether i selects one item rather than one for each of its items."""
        return not is_list(i)

    def all(self) -> Value:
        """The index that selects every item in turn."""
        raise NotImplementedError

    def get(self, i: Value, used: bool) -> Value:
        """The item at i; an unused one need not be made."""
        raise NotImplementedError

    def new(self, i: Value) -> bool:
        """Whether i is a key that a dictionary or keyed table does not have yet."""
        return False

    def values(self) -> Value:
        """What the keys of a dictionary have."""
        raise NotImplementedError

    def put(self, i: Value, value: Value) -> None:
        raise NotImplementedError

    def result(self) -> Value:
        raise NotImplementedError


class ListDraft(Draft):
    """General lists, and rectangles taken apart."""

    def __init__(self, x: Value, deep: bool) -> None:
        self.items: list[Any] = list(items(x))
        self.deep = deep

    def all(self) -> Array:
        return np.arange(len(self.items))

    def _place(self, i: Value) -> int:
        if qtype(i) not in (-7, -6, -5, -4, -1):
            raise type_error()
        k = int(i)
        if not 0 <= k < len(self.items):
            raise QError("index") if self.deep else length_error()
        return k

    def get(self, i: Value, used: bool) -> Value:
        return self.items[self._place(i)]

    def put(self, i: Value, value: Value) -> None:
        self.items[self._place(i)] = value

    def result(self) -> Value:
        return collapse(self.items)


class VectorDraft(ListDraft):
    """A simple vector: only atoms of its type go in."""

    def __init__(self, x: Array, deep: bool) -> None:
        self.vector: Array = x.view(np.ndarray).copy()
        self.items = range(len(x))  # type: ignore[assignment]
        self.deep = deep
        self.attr = x.attr if isinstance(x, Attributed) else ""

    def get(self, i: Value, used: bool) -> Value:
        return at(self.vector, self._place(i))

    def put(self, i: Value, value: Value) -> None:
        k = self._place(i)
        self.vector[k] = as_item(value, self.vector.dtype)

    def result(self) -> Value:
        if self.attr != "g":  # only grouping holds whatever the items are
            return self.vector
        marked = self.vector.view(Attributed)
        marked.attr = "g"
        return marked


class EnumDraft(ListDraft):
    """An enumeration: symbols that go in must be in its domain."""

    def __init__(self, x: Enum, deep: bool) -> None:
        super().__init__(x.index, deep)
        self.domain = x.domain

    def get(self, i: Value, used: bool) -> Value:
        return EnumAtom(self.domain, self.items[self._place(i)])

    def put(self, i: Value, value: Value) -> None:
        atom = enumerate_in(self.domain, value)
        if not isinstance(atom, EnumAtom):
            raise type_error()
        self.items[self._place(i)] = atom.index

    def result(self) -> Enum:
        return Enum(self.domain, np.array(self.items, np.int64))


class DictDraft(Draft):
    """A dictionary: new keys go to its end, values keep the type of a vector of them."""

    def __init__(self, x: Dict) -> None:
        self.before = x
        self.known = draft(x.values, False) if len(x) else ListDraft(List(), False)
        self.places: dict[Any, int] = {}  # of the new keys, in `fresh`
        self.keys: list[Value] = []
        self.fresh: list[Value] = []
        self.level = depth(x.keys) - 1

    def single(self, i: Value) -> bool:
        return depth(i) <= self.level

    def all(self) -> Value:
        return self.before.keys

    def get(self, i: Value, used: bool) -> Value:
        name = hashable(i)
        k = self.before.positions.get(name)
        if k is not None:
            return self.known.get(k, used)
        if name in self.places:
            return self.fresh[self.places[name]]
        return missing(self.before.values) if used and len(self.before) else List()

    def new(self, i: Value) -> bool:
        name = hashable(i)
        return name not in self.places and name not in self.before.positions

    def values(self) -> Value:
        return self.before.values

    def put(self, i: Value, value: Value) -> None:
        name = hashable(i)
        k = self.before.positions.get(name)
        if k is not None:
            self.known.put(k, value)
        elif name in self.places:
            self.fresh[self.places[name]] = value
        else:
            self.places[name] = len(self.fresh)
            self.keys.append(i)
            self.fresh.append(value)

    def result(self) -> Dict:
        old = self.before
        values = self.known.result() if len(old) else old.values
        if not self.keys:
            return old.with_values(values)
        keys = typed(old.keys, collapse(self.keys), len(old))
        return old.extended(joined_items(old.keys, keys),
                            _with_fresh(values, self.fresh, len(old)), self.places)


def _with_fresh(values: Value, fresh: list[Value], known: int) -> Value:
    if is_vector(values):
        return joined_items(values, typed(values, collapse(fresh), known))
    return collapse([*items(values), *fresh])


def typed(like: Value, more: Value, known: int) -> Value:
    """`more`, unless it would change the type of a vector of known items: 'type."""
    if known and is_vector(like) and qtype(more) != qtype(like):
        raise type_error()
    return more


def with_entry(d: Dict, key: Value, value: Value) -> Dict:
    """A dictionary with one new entry, whose key is an atom."""
    n = len(d)
    keys, values = typed(d.keys, collapse([key]), n), collapse([value])
    if is_vector(d.values):
        grown = append_items(d.values, typed(d.values, values, n))
    else:
        grown = collapse([*items(d.values), value])
    return d.extended(append_items(d.keys, keys), grown, [hashable(key)])


def append_items(x: Value, more: Value) -> Value:
    """Joined items; vectors of one type grow in place where they can."""
    if type(x) is np.ndarray and isinstance(more, np.ndarray) and x.ndim == more.ndim == 1 \
            and x.dtype == more.dtype:
        return extended(x, more)
    return joined_items(x, more)


class KeyedDraft(Draft):
    """A keyed table: an amended row is upserted."""

    def __init__(self, x: Dict) -> None:
        self.table = x

    def single(self, i: Value) -> bool:
        return not isinstance(i, Table) and depth(i) <= (len(self.table.keys.columns) > 1)

    def all(self) -> Value:
        return self.table.keys

    def get(self, i: Value, used: bool) -> Value:
        return index(self.table, i)

    def new(self, i: Value) -> bool:
        return int(find_rows(self.table.keys, records(self.table.keys, i))[0]) == len(self.table)

    def values(self) -> Value:
        return self.table.values

    def put(self, i: Value, value: Value) -> None:
        key = records(self.table.keys, i)
        columns = self.table.values.columns
        if is_atom(value):
            value = List([value] * len(columns))
        row = records(self.table.values, value)
        rows = fitted(unkey(self.table), unkey(Dict(key, row)))
        self.table = upsert_keyed(self.table, rows)

    def result(self) -> Dict:
        return self.table


class TableDraft(Draft):
    """A table: symbols select columns, integers rows."""

    def __init__(self, x: Table) -> None:
        self.names = list(x.columns)
        self.data: list[Value] = list(x.data)
        self.size = len(x)
        self.rows: dict[int, Draft] = {}

    def all(self) -> Array:
        return np.arange(self.size)

    def get(self, i: Value, used: bool) -> Value:
        if isinstance(i, Symbol):
            return self._column(i) if i in self.names or used else List()
        drafts = [self._draft(k) for k in range(len(self.names))]
        return Dict(symbols(self.names), collapse([d.get(i, True) for d in drafts]))

    def _column(self, name: Symbol) -> Value:
        if name not in self.names:
            raise QError(str(name))
        self._settle()
        return self.data[self.names.index(name)]

    def _draft(self, k: int) -> Draft:
        if k not in self.rows:
            self.rows[k] = draft(self.data[k], False)
        return self.rows[k]

    def _settle(self) -> None:
        for k, column in self.rows.items():
            self.data[k] = column.result()
        self.rows.clear()

    def put(self, i: Value, value: Value) -> None:
        if isinstance(i, Symbol):
            self._put_column(i, value)
            return
        row = records(Table(self.names, self.data), value)
        if set(row.columns) - set(self.names):
            raise QError("mismatch")
        for name, column in zip(row.columns, row.data):
            self._draft(self.names.index(name)).put(i, at(column, 0))

    def _put_column(self, name: Symbol, value: Value) -> None:
        self._settle()
        column = value if is_list(value) or isinstance(value, Table) else repeat(value, self.size)
        if len(column) != self.size:
            raise length_error()
        if name in self.names:
            self.data[self.names.index(name)] = column
        else:
            self.names.append(name)
            self.data.append(column)

    def result(self) -> Table:
        self._settle()
        return Table(self.names, self.data)


def draft(x: Value, deep: bool) -> Draft:
    """A draft of any value that has items; `deep` tells an amend below the first level."""
    if isinstance(x, Dict):
        return KeyedDraft(x) if x.keyed_table else DictDraft(x)
    if isinstance(x, Table):
        return TableDraft(x)
    if isinstance(x, Enum):
        return EnumDraft(x, deep)
    if is_vector(x):
        return VectorDraft(x, deep)
    if is_list(x):
        return ListDraft(x, deep)
    raise type_error()
