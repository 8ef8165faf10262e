"""The type table of q: one row per simple type.

A q vector is a bare numpy array and its dtype *is* its type; the seventeen types map to
seventeen distinct dtypes.  Symbols are interned: a symbol vector is an array of ``u4`` codes
into :mod:`kkernel.q.symbols`.  Months, dates and datetimes use numpy's own epoch (1970); q's
numbers count from 2000, so `EPOCH` is added or taken away only where a temporal meets a plain
number.  Timestamps alone count from 2000 as q does, since the nanoseconds from 1970 end in 2262
and q's in 2292: `UNIX_NS` lies between their raw value and that of a numpy datetime64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

LONG_NULL = -(2**63)
LONG_INF = 2**63 - 1


@dataclass(frozen=True)
class QType:
    """One simple type: its number, letters, storage and special values."""

    code: int
    char: str  # the letter of the type, as in `"j"$` and `0: ` formats
    name: str  # the name used by `name$ and in empty vectors
    dtype: np.dtype[Any]
    raw: np.dtype[Any]  # the number type behind the dtype, for arithmetic on views
    null: Any  # raw value of the null; None where the type has none
    inf: Any  # raw value of positive infinity; None where the type has none
    suffix: str  # letter after a literal; "" where the form alone tells the type
    size: int  # bytes of one item in a real q process

    @property
    def temporal(self) -> bool:
        return self.dtype.kind in "mM"

    @property
    def integral(self) -> bool:
        return self.code in (5, 6, 7)


def _row(code: int, char: str, name: str, dtype: str, raw: str, null: Any, inf: Any,
         suffix: str, size: int) -> QType:
    return QType(code, char, name, np.dtype(dtype), np.dtype(raw), null, inf, suffix, size)


_NAN, _INF = float("nan"), float("inf")

TYPES: tuple[QType, ...] = (
    _row(1, "b", "boolean", "?", "?", None, None, "b", 1),
    _row(2, "g", "guid", "V16", "V16", bytes(16), None, "", 16),
    _row(4, "x", "byte", "u1", "u1", None, None, "", 1),
    _row(5, "h", "short", "i2", "i2", -(2**15), 2**15 - 1, "h", 2),
    _row(6, "i", "int", "i4", "i4", -(2**31), 2**31 - 1, "i", 4),
    _row(7, "j", "long", "i8", "i8", LONG_NULL, LONG_INF, "", 8),
    _row(8, "e", "real", "f4", "f4", _NAN, _INF, "e", 4),
    _row(9, "f", "float", "f8", "f8", _NAN, _INF, "f", 8),
    _row(10, "c", "char", "S1", "u1", 32, None, "", 1),
    _row(11, "s", "symbol", "u4", "u4", 0, None, "", 8),
    _row(12, "p", "timestamp", "M8[ns]", "i8", LONG_NULL, LONG_INF, "", 8),
    _row(13, "m", "month", "M8[M]", "i8", LONG_NULL, LONG_INF, "m", 4),
    _row(14, "d", "date", "M8[D]", "i8", LONG_NULL, LONG_INF, "", 4),
    _row(15, "z", "datetime", "M8[ms]", "i8", LONG_NULL, LONG_INF, "", 8),
    _row(16, "n", "timespan", "m8[ns]", "i8", LONG_NULL, LONG_INF, "", 8),
    _row(17, "u", "minute", "m8[m]", "i8", LONG_NULL, LONG_INF, "", 4),
    _row(18, "v", "second", "m8[s]", "i8", LONG_NULL, LONG_INF, "", 4),
    _row(19, "t", "time", "m8[ms]", "i8", LONG_NULL, LONG_INF, "", 4),
)

BY_CODE: dict[int, QType] = {t.code: t for t in TYPES}
BY_CHAR: dict[str, QType] = {t.char: t for t in TYPES}
BY_NAME: dict[str, QType] = {t.name: t for t in TYPES}
CODE_OF_DTYPE: dict[Any, int] = {t.dtype: t.code for t in TYPES}
DTYPE: dict[int, np.dtype[Any]] = {t.code: t.dtype for t in TYPES}

_DAYS = 10957
UNIX_NS = _DAYS * 86_400_000_000_000  # nanoseconds from 1970 to 2000.01.01
# raw value at which 2000.01.01 stands in the count of each type
EPOCH: dict[int, int] = {
    12: 0, 13: 360, 14: _DAYS, 15: _DAYS * 86_400_000,
    16: 0, 17: 0, 18: 0, 19: 0,
}
