"""q values as Python's and back.

=====================  =====================================================================
q                      Python
=====================  =====================================================================
boolean long float     `bool` `int` `float`; other atoms as numpy scalars
symbol, char, string   `Symbol` (a `str`), `str`, `str`
simple vector          numpy array over the same memory, not writable; symbols as objects,
                       timestamps as numpy counts them, from 1970
list, dictionary       `list`, `dict`
table                  pandas DataFrame; of a keyed table the keys are the index
pointer                the torch tensor, module, optimizer itself; vector and dictionary as
                       `list` and `dict` of tensors
function               `Function`, to be called
`::`                   None
=====================  =====================================================================

The way back is the same; numpy arrays are copied, since q's values never change, and plain `str`
is a string, an array or column of them symbols.
"""

from __future__ import annotations

import datetime
import inspect
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ...q.apply import apply
from ...q.atoms.promote import reduce_scale, scale, shift
from ...q.errors import QError, QStop
from ...q.functions import NULL, Foreign
from ...q.lists.enums import resolve
from ...q.symbols import Symbol, names, sym, symbols
from ...q.text.casting import cast_array
from ...q.types import BY_CODE, CODE_OF_DTYPE, DTYPE, LONG_INF, LONG_NULL, UNIX_NS
from ...q.values import (
    Dict,
    Enum,
    EnumAtom,
    List,
    Table,
    Value,
    collapse,
    is_function,
    is_string,
    items,
    qtype,
    rectangle,
    string,
    text,
)

if TYPE_CHECKING:
    from ...session import Session

TYPES_KEPT = "q types"  # where a DataFrame notes them: pandas has one type for all dates
STRINGS = "strings"
_FINE = tuple(np.dtype(f"M8[{unit}]") for unit in ("ns", "ps", "fs", "as"))
_NULLABLE = {5: "Int16", 6: "Int32", 7: "Int64"}
_WIDER = {"i1": "i2", "u2": "i4", "u4": "i8", "f2": "f4"}  # numpy's types that q lacks
MOST_ARGUMENTS = 8


class Function:
    """A q function for Python: called with Python's values, it gives Python's."""

    def __init__(self, session: Session, value: Value, name: str = "") -> None:
        self._session = session
        self.value = value
        self.__name__ = name or "function"
        self.__doc__ = getattr(value, "doc", "") or getattr(value, "text", "")

    def __call__(self, *arguments: Any) -> Any:
        given = [to_q(self._session, a) for a in arguments] or [NULL]
        if isinstance(self.value, Foreign) and self.value.rank == 1 and len(given) > 1:
            given = [List(given)]  # a function of the api takes one list of arguments
        try:
            return to_python(self._session, apply(self.value, given))
        except QStop:
            raise KeyboardInterrupt from None

    def __repr__(self) -> str:
        return f"<q function {self._session.interpreter.line(self.value)}>"


# ------------------------------------------------------------------ q -> Python

def to_python(session: Session, x: Value) -> Any:
    """The Python value of a q value.  Raises ImportError for tables where there is no pandas."""
    if x is NULL:
        return None
    kind, obj = session.torch_object(x)
    if kind:
        return _torch(kind, obj)
    if isinstance(x, np.ndarray):
        return _array(x)
    if isinstance(x, (Enum, EnumAtom)):
        return to_python(session, resolve(x))
    if isinstance(x, Table):
        return _frame(session, x)
    if isinstance(x, Dict):
        return _dictionary(session, x)
    if isinstance(x, List):
        return [to_python(session, v) for v in x]
    if is_function(x):
        return Function(session, x)
    if isinstance(x, np.bytes_):
        return bytes(x).decode("latin-1") or "\0"
    if isinstance(x, np.datetime64) and x.dtype == DTYPE[12]:
        return instants(np.array([x]))[0]
    return uuid.UUID(bytes=x.tobytes()) if isinstance(x, np.void) else x


def _torch(kind: str, obj: Any) -> Any:
    if kind == "vector":
        return list(obj)
    if kind == "dictionary":
        return dict(obj)
    return obj.optimizer if kind == "optimizer" else obj


def _array(x: Any) -> Any:
    """A view that cannot be written to; text as str, symbols and guids as objects."""
    code = CODE_OF_DTYPE.get(x.dtype) if x.ndim == 1 else None
    if code == 10:
        return text(x)
    if code == 11:
        return np.array([str(s) for s in names(x)], object)
    if code == 2:
        return np.array([uuid.UUID(bytes=v.tobytes()) for v in x], object)
    view = np.asarray(x).view()
    if code == 12:
        view = instants(view)
    view.flags.writeable = False
    return view


def instants(x: Any) -> Any:
    """Timestamps, which count from 2000, as numpy's; in microseconds where they pass 2262."""
    raw = x.view(np.int64)
    whole = shift(raw, UNIX_NS)
    if not (whole < raw).any():
        return whole.view("M8[ns]")
    return shift(reduce_scale(raw, 1000), UNIX_NS // 1000).view("M8[us]")


def timestamps(x: Any) -> Any:
    """The inverse of `instants`, from times of any unit; infinite where q has no timestamp."""
    if x.dtype in _FINE:
        raw = x.astype("M8[ns]").view(np.int64)
        early = (raw < LONG_NULL + 1 + UNIX_NS) & (raw > -LONG_INF)
        return np.where(early, -LONG_INF, shift(raw, -UNIX_NS)).view("M8[ns]")
    raw = x.astype("M8[us]").view(np.int64)
    return scale(shift(raw, -UNIX_NS // 1000), 1000).view("M8[ns]")


def _dictionary(session: Session, x: Dict) -> Any:
    if isinstance(x.keys, Table) and isinstance(x.values, Table):
        whole = _frame(session, Table([*x.keys.columns, *x.values.columns],
                                      [*x.keys.data, *x.values.data]))
        return whole.set_index([str(c) for c in x.keys.columns])
    pairs = zip(items(x.keys), items(x.values), strict=True)
    return {_key(to_python(session, k)): to_python(session, v) for k, v in pairs}


def _key(x: Any) -> Any:
    """A key that Python can hash."""
    if isinstance(x, (list, np.ndarray)):
        return tuple(_key(v) for v in x)
    if isinstance(x, dict):
        return tuple(x.items())
    return str(x) if isinstance(x, Symbol) else x


def _frame(session: Session, x: Table) -> Any:
    """A pandas DataFrame; integers with nulls become pandas' integers that can miss."""
    pandas = _pandas()
    frame = pandas.DataFrame({str(c): _series(session, d, pandas)
                              for c, d in zip(x.columns, x.data, strict=True)})
    frame.attrs[TYPES_KEPT] = {str(c): _type_kept(d)
                               for c, d in zip(x.columns, x.data, strict=True)}
    return frame


def _type_kept(data: Value) -> str:
    """What pandas cannot tell about a column."""
    if isinstance(data, List) and len(data) and all(is_string(v) for v in data):
        return STRINGS
    code = qtype(data)
    return BY_CODE[code].name if code in range(10, 20) else ""


def _pandas() -> Any:
    try:
        import pandas
    except ImportError:
        raise ImportError("tables become pandas DataFrames: pip install pandas") from None
    return pandas


def _series(session: Session, data: Value, pandas: Any) -> Any:
    code = qtype(data)
    if code in _NULLABLE and (data == BY_CODE[code].null).any():
        return pandas.arrays.IntegerArray(np.array(data), np.asarray(data == BY_CODE[code].null))
    if code == 10:
        return list(text(data))
    found = to_python(session, data)
    return list(found) if getattr(found, "ndim", 1) > 1 else np.array(found) \
        if isinstance(found, np.ndarray) else found


# ------------------------------------------------------------------ Python -> q

def to_q(session: Session, x: Any) -> Value:
    """The q value of a Python value.  Raises TypeError for what q has no value for."""
    for kinds, convert in _SIMPLE:
        if isinstance(x, kinds):
            return convert(x)
    if isinstance(x, (list, tuple)):
        return _list(session, x)
    if isinstance(x, Mapping):
        return Dict(_list(session, [sym(k) if type(k) is str else k for k in x]),
                    _list(session, list(x.values())))
    module = type(x).__module__.split(".")[0]
    if module == "pandas":
        return _from_pandas(session, x)
    pointer = session.pointer_to(x)
    if pointer is not None:
        return pointer
    if callable(x):
        return _callable(session, x)
    raise TypeError(f"q has no value for {type(x).__name__}")


def _list(session: Session, x: Any) -> Value:
    found = collapse([to_q(session, v) for v in x])
    return found if len(x) else List()


def _integer(x: int) -> Value:
    if not -(2**63) <= x < 2**63:
        raise OverflowError(f"{x} is beyond q's longs")
    return int(x)


def _text(x: str) -> Value:
    return string(x.encode("utf-8", "surrogateescape"))


def _scalar(x: Any) -> Value:
    found = from_array(np.asarray(x).reshape(1))
    return items(found)[0]


def from_array(x: Any) -> Value:
    """The q value of a numpy array, which is copied."""
    if x.ndim == 0:
        return _scalar(x)
    if x.dtype.kind in "OU":
        return _from_objects(x)
    if x.dtype.kind in "Mm":
        target = _temporal(x.dtype)
        x = timestamps(x) if target == DTYPE[12] else x.astype(target)
    kind = f"{x.dtype.kind}{x.dtype.itemsize}"
    x = np.array(x, _WIDER.get(kind, x.dtype.newbyteorder("=")), order="C")
    if x.dtype not in CODE_OF_DTYPE or x.dtype == np.dtype("u4"):
        raise TypeError(f"q has no vector of {x.dtype}")
    return x if x.ndim == 1 else rectangle(x)


def _temporal(dtype: np.dtype[Any]) -> Any:
    """The q type that holds all of these times."""
    return dtype if dtype in CODE_OF_DTYPE and dtype != DTYPE[15] else \
        DTYPE[12] if dtype.kind == "M" else DTYPE[16]


def _from_objects(x: Any) -> Value:
    if x.ndim > 1:
        return List([_from_objects(row) for row in x])
    found = ["" if v is None else v for v in x.tolist()]
    if all(isinstance(v, str) for v in found):
        return symbols(found)
    guids = [v.bytes for v in found if isinstance(v, uuid.UUID)]
    if len(guids) == len(found):
        return np.array(guids, DTYPE[2])
    raise TypeError("an array of objects must hold str or UUID")


def _from_pandas(session: Session, x: Any) -> Value:
    pandas = _pandas()
    if isinstance(x, pandas.DataFrame):
        kept = x.attrs.get(TYPES_KEPT, {})
        values = Table([str(c) for c in x.columns],
                       [_column(session, x.iloc[:, i], kept.get(str(c), ""))
                        for i, c in enumerate(x.columns)])
        if isinstance(x.index, pandas.RangeIndex) and x.index.name is None:
            return values
        index = x.index.to_frame(index=False)
        keys = Table([str(c) if c != 0 or x.index.name is not None else "index"
                      for c in index.columns],
                     [_column(session, index.iloc[:, i], kept.get(str(c), ""))
                      for i, c in enumerate(index.columns)])
        return Dict(keys, values)
    if isinstance(x, (pandas.Series, pandas.Index)):
        return _column(session, pandas.Series(x), "")
    if x is pandas.NaT:
        return np.datetime64("NaT", "ns")
    if isinstance(x, pandas.Timestamp):
        return _scalar(x.to_datetime64())
    if isinstance(x, pandas.Timedelta):
        return x.to_timedelta64().astype("m8[ns]")
    raise TypeError(f"q has no value for {type(x).__name__}")


def _column(session: Session, x: Any, kept: str) -> Value:
    """One column; `kept` is the q type that it had before it came to pandas."""
    kind = str(x.dtype)
    if kind[:1] in "IU" and kind[:3] in ("Int", "UIn"):
        code = {"Int8": 5, "Int16": 5, "Int32": 6, "UInt8": 5, "UInt16": 6}.get(kind, 7)
        return x.to_numpy(DTYPE[code], na_value=BY_CODE[code].null)
    if kind == "boolean":
        return x.to_numpy("?", na_value=False)
    if kind in ("category", "string", "str", "object"):
        return _objects(session, ["" if _is_missing(v) else v for v in x.tolist()], kept)
    found = from_array(x.to_numpy())
    wanted = next((t for t in BY_CODE.values() if t.name == kept and t.temporal), None)
    if wanted is None or found.dtype.kind != wanted.dtype.kind:
        return found
    return cast_array(found, qtype(found), wanted.code)


def _is_missing(x: Any) -> bool:
    return x is None or isinstance(x, float) and x != x or type(x).__name__ in ("NAType", "NaTType")


def _objects(session: Session, found: list[Any], kept: str) -> Value:
    if kept == STRINGS:
        return List([_text(v) if isinstance(v, str) else to_q(session, v) for v in found])
    if found and all(type(v) in (str, Symbol) for v in found):
        if kept == "char" and all(len(v) == 1 for v in found):
            return _text("".join(found))
        return symbols(found)
    return _list(session, found)


def _callable(session: Session, f: Callable[..., Any]) -> Value:
    """A q function that calls a Python function."""
    name = getattr(f, "__name__", "python")

    def call(*given: Value) -> Value:
        arguments = [to_python(session, v) for v in given]
        if rank == 0:
            arguments = []
        try:
            return to_q(session, f(*arguments))
        except (QError, KeyboardInterrupt):
            raise
        except Exception as error:
            raise QError(f"{name}: {type(error).__name__}: {error}") from error

    rank = _rank(f)
    return Foreign(name, max(1, rank), call, inspect.getdoc(f) or "")


def _rank(f: Callable[..., Any]) -> int:
    """How many arguments a Python function needs."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return 1
    needed = [p for p in parameters if p.default is p.empty
              and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return min(MOST_ARGUMENTS, len(needed)) if needed or not parameters else 1


_SIMPLE: tuple[tuple[Any, Callable[[Any], Value]], ...] = (
    (type(None), lambda x: NULL), (bool, bool), (Function, lambda x: x.value),
    (np.ndarray, from_array), (np.generic, _scalar), (int, _integer), (float, float),
    (Symbol, lambda x: x), (str, _text), (bytes, string),
    (bytearray, lambda x: np.frombuffer(bytes(x), "u1")),
    (uuid.UUID, lambda x: np.frombuffer(x.bytes, DTYPE[2])[0]),
    ((List, Dict, Table, Enum, EnumAtom), lambda x: x),
    (datetime.datetime, lambda x: _scalar(np.datetime64(x.replace(tzinfo=None), "us"))),
    (datetime.date, lambda x: np.datetime64(x, "D")),
    (datetime.timedelta, lambda x: np.timedelta64(x, "ns")),
)
