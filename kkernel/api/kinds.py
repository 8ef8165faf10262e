"""Kinds of arguments: how a q value is recognised as a long, a flag, dimensions, a tensor ..."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kkernel.q.functions import NULL
from kkernel.q.symbols import Symbol, names
from kkernel.q.types import BY_CODE, LONG_NULL
from kkernel.q.values import List, Value, qtype

from .dtypes import FROM_CODE, FROM_NUMPY, dtype_of
from .objects import find, is_pointer

# ------------------------------------------------------------------ names of q types in messages

_NAMES = {
    0: "general list", 98: "table", 99: "kdictionary", 100: "lambda",
    101: "null/unary primitive", 102: "operator", 103: "adverb", 104: "projection",
    105: "composition", 106: "f'", 107: "f/", 108: "f\\", 109: "f':", 110: "f/:", 111: "f\\:",
    112: "dynamic load fn", 127: "kdictionary", 20: "enum list", -20: "enum scalar",
}
_WORDS = {9: "double"}


def kname(x: Value) -> str:
    """How messages name the kind of a value: `long list`, `symbol scalar`, `tensor`, ..."""
    handle = find(x)
    return handle.kind if handle else type_name(qtype(x))


def type_name(code: int) -> str:
    """How messages name a q type number."""
    if code in _NAMES:
        return _NAMES[code]
    simple = BY_CODE[abs(code)]
    return f"{_WORDS.get(simple.code, simple.name)} {'scalar' if code < 0 else 'list'}"


# ------------------------------------------------------------------ forms of values

def is_null(x: Value) -> bool:
    return x is NULL


def is_empty(x: Value) -> bool:
    """`::` or `()`: an argument that asks for the default, or for an in-place call."""
    return x is NULL or (type(x) is List and not x)


def is_general(x: Value) -> bool:
    """A general list (type 0), a rectangle included: what may be an argument list."""
    return type(x) is List or (isinstance(x, np.ndarray) and x.ndim > 1)


def is_array(x: Value, most: int = 1 << 62) -> bool:
    """Whether x is an atom, vector or rectangle that can be a tensor (looking at `most` items)."""
    if isinstance(x, np.ndarray):
        return x.dtype in FROM_NUMPY
    if type(x) is not List:
        return -qtype(x) in FROM_CODE
    if is_pointer(x):
        return False
    shape: tuple[Any, ...] | None = None
    for item in x[:most]:
        found = _shape(item)
        if found is None or (shape is not None and found != shape):
            return False
        shape = found
    return True


def _shape(x: Value) -> tuple[Any, ...] | None:
    """(type, sizes...) of a rectangle or atom; None for anything else."""
    if isinstance(x, np.ndarray):
        return (x.dtype, *x.shape) if x.dtype in FROM_NUMPY else None
    if type(x) is not List:
        code = qtype(x)
        return (code,) if -code in FROM_CODE else None
    if is_pointer(x):
        return None
    if not x:
        return (0, 0)
    inner = _shape(x[0])
    if inner is None or any(_shape(item) != inner for item in x):
        return None
    return (inner[0], len(x), *inner[1:])


# ------------------------------------------------------------------ kinds

class Refused:
    """What a kind returns for a value that is not of it."""


NO: Any = Refused()
Reader = Callable[[Value], Any]


@dataclass(frozen=True)
class Kind:
    """A kind of argument: the word for it, and a function value -> Python value or `NO`.

    `choices` are the symbols that it takes, where there are few.  All values of these `types`
    are taken, and if `as_is` read as themselves.  `number` reads the atoms that stay numbers
    among tensors.
    """

    word: str
    read: Reader
    choices: tuple[str, ...] = ()
    types: frozenset[type] = frozenset()
    as_is: bool = True
    number: Reader | None = None


def as_long(x: Value) -> Any:
    if type(x) is int:
        return x
    return int(x) if isinstance(x, np.int64) else NO


def as_optional_long(x: Value) -> Any:
    """A long, null meaning None."""
    n = as_long(x)
    return None if n is not NO and n == LONG_NULL else n


def as_longs(x: Value) -> Any:
    """A long or a list of longs, as a list."""
    if isinstance(x, np.ndarray) and x.ndim == 1 and x.dtype == np.int64:
        return x.tolist()
    n = as_long(x)
    if n is not NO:
        return [n]
    return [] if type(x) is List and not x else NO


def as_flag(x: Value) -> Any:
    if type(x) is bool:
        return x
    return bool(x) if isinstance(x, np.bool_) else NO


def as_double(x: Value) -> Any:
    """A float (a long is not one)."""
    if type(x) is float:
        return x
    return float(x) if isinstance(x, np.float64) else NO


def as_optional_double(x: Value) -> Any:
    """A float, null meaning None."""
    f = as_double(x)
    return None if f is not NO and f != f else f


def as_number(x: Value) -> Any:
    """A number of any size as Python int or float."""
    if type(x) is int or type(x) is float:
        return x
    return x.item() if qtype(x) in (-5, -6, -7, -8, -9) else NO


_NULL_OF = {-5: -(2**15), -6: -(2**31), -7: LONG_NULL}


def as_optional_number(x: Value) -> Any:
    """A number, null meaning None."""
    if type(x) is float:
        return None if x != x else x
    v = as_number(x)
    if v is NO:
        return NO
    return None if v != v or _NULL_OF.get(qtype(x)) == v else v


def as_scalar(x: Value) -> Any:
    """A number, boolean, byte or char, as a Python number."""
    code = qtype(x)
    if code in (-1, -4):
        return int(x)
    if code == -10:
        return bytes(x)[0] if x else 0
    return as_number(x)


def as_long_double(x: Value) -> Any:
    """A long or a float, as a Python number."""
    n = as_long(x)
    return as_double(x) if n is NO else n


def as_symbol(x: Value) -> Any:
    return x if type(x) is Symbol else NO


def as_symbols(x: Value) -> Any:
    """A symbol or symbols, as a list."""
    if type(x) is Symbol:
        return [x]
    if isinstance(x, np.ndarray) and x.ndim == 1 and x.dtype == np.dtype("u4"):
        return names(x)
    return NO


def as_dtype(x: Value) -> Any:
    """A data type symbol; signals an unknown one."""
    return dtype_of(x) if type(x) is Symbol else NO


def as_optional_dtype(x: Value) -> Any:
    return None if type(x) is Symbol and not x else as_dtype(x)


def as_output(x: Value) -> Any:
    """The tensor behind a tensor pointer."""
    handle = find(x)
    return handle.obj if handle is not None and handle.kind == "tensor" else NO


def as_given_tensor(x: Value) -> Any:
    """A tensor pointer or a list that can be a tensor (not an atom), as it is."""
    if as_output(x) is not NO:
        return x
    return x if qtype(x) >= 0 and not is_empty(x) and is_array(x) else NO


def as_vector(x: Value) -> Any:
    """The list of tensors behind a vector pointer."""
    handle = find(x)
    return handle.obj if handle is not None and handle.kind == "vector" else NO


_INT, _FLOAT, _BOTH = frozenset((int,)), frozenset((float,)), frozenset((int, float))
LONG = Kind("long", as_long, types=_INT)
OPTIONAL_LONG = Kind("long or null", as_optional_long, types=_INT, as_is=False)
LONGS = Kind("long(s)", as_longs)
FLAG = Kind("boolean", as_flag, types=frozenset((bool,)))
DOUBLE = Kind("double", as_double, types=_FLOAT)
OPTIONAL_DOUBLE = Kind("double or null", as_optional_double, types=_FLOAT, as_is=False)
NUMBER = Kind("number", as_number, types=_BOTH)
OPTIONAL_NUMBER = Kind("number or null", as_optional_number, types=_BOTH, as_is=False)
SYMBOL = Kind("symbol", as_symbol)
SYMBOLS = Kind("symbol(s)", as_symbols)
DTYPE = Kind("data type", as_optional_dtype)
OUTPUT = Kind("tensor", as_output)
OUTPUTS = Kind("vector", as_vector)
TENSOR = Kind("tensor or array", lambda x: x)
TENSOR_OR_NUMBER = Kind("tensor, array or number", lambda x: x, types=_BOTH, number=as_number)
TENSOR_OR_SCALAR = Kind("tensor, array or number", lambda x: x, types=_BOTH, number=as_scalar)
OPTIONAL_TENSOR = Kind("tensor or array", as_given_tensor)
TENSOR_KINDS = (TENSOR, TENSOR_OR_NUMBER, TENSOR_OR_SCALAR, OPTIONAL_TENSOR)
VALUE = Kind("value", lambda x: x)
