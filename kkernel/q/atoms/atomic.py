"""Atomic functions: how a function of atoms reaches into vectors, lists, dictionaries, tables.

An atomic function owns `Kernels`: for the type codes of its simple arguments, the numpy function
that computes it.  Kernels see arrays only (0-d for an atom) of conforming shapes, rectangles
included; everything compound is taken apart here, and its parts go through the whole function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import length_error, type_error
from ..lists.enums import resolve
from ..lists.flat import cut_as, flat, pair_flat
from ..symbols import TABLE, Symbol
from ..types import CODE_OF_DTYPE, DTYPE, LONG_NULL
from ..values import (
    ATOM_CODE,
    Array,
    Attributed,
    Dict,
    Enum,
    EnumAtom,
    List,
    Table,
    Value,
    collapse,
    items,
    rectangle,
)
from .keywise import Alone, Dyad, by_key
from .promote import NULL_0D

Unary = Callable[[Array], Array]
Binary = Callable[[Array, Array], Array]

_ATOM_DTYPE = {kind: DTYPE[-code] for kind, code in ATOM_CODE.items()}


class Kernels(dict[Any, Any]):
    """Dtypes of the arguments -> kernel, each built from type codes when first needed.

    `build` takes one code (unary functions) or two, and signals 'type where there is no kernel.
    """

    def __init__(self, build: Callable[..., Any]) -> None:
        super().__init__()
        self.build = build

    def __missing__(self, dtypes: Any) -> Any:
        pair = dtypes if isinstance(dtypes, tuple) else (dtypes,)
        made = self[dtypes] = self.build(*(CODE_OF_DTYPE[d] for d in pair))
        return made


def simple_array(x: Value) -> Array | None:
    """An atom as a 0-d array, a vector or rectangle as a plain array; None for all else."""
    kind = type(x)
    if kind is np.ndarray:
        return x  # type: ignore[no-any-return]
    dtype = _ATOM_DTYPE.get(kind)
    if dtype is not None:
        return np.array(x.code if kind is Symbol else x, dtype)
    if kind is Attributed:
        return x.view(np.ndarray)  # type: ignore[no-any-return]
    if kind is np.datetime64 or kind is np.timedelta64:
        return np.array(x)
    return None


def as_atom(result: Any) -> Value:
    """The atom in a 0-d array or numpy scalar."""
    kind = result.dtype.char
    if kind in "ld?q":
        return result.item()
    if kind == "I":
        return TABLE[result.item()]
    return result[()] if type(result) is np.ndarray else result


def as_value(result: Any) -> Value:
    """What a kernel returned as a q value: 0-d results become atoms."""
    if type(result) is np.ndarray and result.ndim:
        return result if result.ndim == 1 else rectangle(result)
    return as_atom(result)


# ---------------------------------------------------------------- one argument

def each_atom(f: Callable[[Value], Value], kernels: Kernels, x: Value) -> Value:
    """Atomic f of one argument; `f` is the whole function, for the parts of compound x."""
    a = x if type(x) is np.ndarray else simple_array(x)
    if a is None:
        whole = flat(x) if isinstance(x, List) else None
        return each_part(f, x) if whole is None else cut_as(f(whole), x)
    return as_value(kernels[a.dtype](a))


def each_part(f: Callable[[Value], Value], x: Value) -> Value:
    """f of the items of a list, the values of a dictionary, the columns of a table."""
    if isinstance(x, List):
        return collapse([f(v) for v in x])
    if isinstance(x, Dict):
        return Dict(x.keys, f(x.values))
    if isinstance(x, Table):
        return Table(x.columns, [f(c) for c in x.data])
    if isinstance(x, (Enum, EnumAtom)):
        return f(resolve(x))
    raise type_error()


# ---------------------------------------------------------------- two arguments

def pair_atoms(f: Dyad, kernels: Kernels, x: Value, y: Value) -> Value:
    """Atomic f of two arguments, for all that its own fast path does not take."""
    a = x if type(x) is np.ndarray else simple_array(x)
    b = y if type(y) is np.ndarray else simple_array(y)
    if a is None or b is None:
        return _pair_parts(f, x, y)
    if a.shape != b.shape:
        a, b = conform(a, b)
    return as_value(kernels[a.dtype, b.dtype](a, b))


def conform(a: Array, b: Array) -> tuple[Array, Array]:
    """Give both arrays the axes that pair items with items: q extends on the right."""
    shared = min(a.ndim, b.ndim)
    if not shared:
        return a, b
    if a.shape[:shared] != b.shape[:shared]:
        raise length_error()
    if a.ndim < b.ndim:
        return a.reshape(a.shape + (1,) * (b.ndim - a.ndim)), b
    return a, b.reshape(b.shape + (1,) * (a.ndim - b.ndim))


def _pair_parts(f: Dyad, x: Value, y: Value) -> Value:
    if isinstance(x, (Enum, EnumAtom)) or isinstance(y, (Enum, EnumAtom)):
        return f(resolve(x), resolve(y))
    if isinstance(x, Dict) or isinstance(y, Dict):
        return _pair_dicts(f, x, y)
    if isinstance(x, Table) or isinstance(y, Table):
        return _pair_tables(f, x, y)
    left = isinstance(x, (List, np.ndarray))
    right = isinstance(y, (List, np.ndarray))
    met = pair_flat(x, y)
    if met is not None:
        a, b, shape = met
        return cut_as(f(a, b), shape)
    if left and right:
        if len(x) != len(y):
            raise length_error()
        return collapse([f(a, b) for a, b in zip(items(x), items(y), strict=True)])
    if left and simple_array(y) is not None:
        return collapse([f(a, y) for a in items(x)])
    if right and simple_array(x) is not None:
        return collapse([f(x, b) for b in items(y)])
    raise type_error()


def _pair_tables(f: Dyad, x: Value, y: Value) -> Value:
    if not isinstance(y, Table):
        return Table(x.columns, [f(c, y) for c in x.data])
    if not isinstance(x, Table):
        return Table(y.columns, [f(x, c) for c in y.data])
    if len(x) != len(y):
        raise length_error()
    return _by_column(f, x, y)


def _by_column(f: Dyad, x: Table, y: Table) -> Table:
    """Columns of one name meet; `alone` is what becomes of the others."""
    alone = ONE_SIDED.get(f, _passes)
    left, right = (dict(zip(t.columns, t.data, strict=True)) for t in (x, y))
    out = {c: f(v, right[c]) if c in right else alone(v, False) for c, v in left.items()}
    out |= {c: alone(v, True) for c, v in right.items() if c not in left}
    return Table(list(out), list(out.values()))


def _pair_dicts(f: Dyad, x: Value, y: Value) -> Value:
    if not isinstance(y, Dict):
        if isinstance(y, Table):
            return _dict_with_table(f, x, y, swap=False)
        return Dict(x.keys, f(x.values, y))
    if not isinstance(x, Dict):
        if isinstance(x, Table):
            return _dict_with_table(f, y, x, swap=True)
        return Dict(y.keys, f(x, y.values))
    return by_key(f, ONE_SIDED.get(f, _passes), x, y)


def _dict_with_table(f: Dyad, d: Dict, t: Table, *, swap: bool) -> Value:
    """A table beside a dictionary: column by column where the keys are column names."""
    if d.keyed_table:
        values = f(t, d.values) if swap else f(d.values, t)
        return Dict(d.keys, values)
    columns = dict(zip(t.columns, t.data, strict=True))
    named = dict(zip(items(d.keys), items(d.values), strict=True))
    extra = [k for k in named if k not in columns]
    if extra:
        raise type_error()
    paired = {c: v if c not in named else f(v, named[c]) if swap else f(named[c], v)
              for c, v in columns.items()}
    return Table(list(paired), list(paired.values()))


ONE_SIDED: dict[Dyad, Alone] = {}
"""What becomes of a value whose key the other side lacks, where it does not pass through."""


def _passes(value: Value, right: bool) -> Value:
    return value


def is_atom_null(x: Value) -> bool:
    """Is this atom the null of a number or temporal?"""
    if type(x) is int:
        return x == LONG_NULL
    if x != x:  # a nan, and numpy's NaT
        return True
    return isinstance(x, (np.int32, np.int16)) and x == NULL_0D[x.dtype]
