"""`vs` (vector from scalar) and `sv` (scalar from vector), chosen by their left argument."""

from __future__ import annotations

import math
import re

import numpy as np

from ..atoms.atomic import simple_array
from ..atoms.promote import to_long, underlying
from ..errors import length_error, type_error
from ..lists.strings import string_list
from ..operators.arithmetic import add, multiply
from ..registry import keyword
from ..symbols import Symbol, names, sym, symbols
from ..types import BY_CODE, CODE_OF_DTYPE, EPOCH, LONG_NULL
from ..values import (
    Array,
    List,
    Value,
    at,
    collapse,
    is_list,
    is_string,
    is_vector,
    items,
    qtype,
    string,
)
from .strings import raw_bytes

_INTEGERS = (1, 4, 5, 6, 7)
_BY_BYTES = {1: 4, 2: 5, 4: 6, 8: 7, 16: 2}  # count of bytes -> type of the decoded atom


# ---------------------------------------------------------------- vs

@keyword("vs", infix=True)
def vs(x: Value, y: Value) -> Value:
    """Split y by x: a string or bytes at a delimiter, a symbol at dots, a number into bits,
    bytes or digits."""
    code = qtype(x)
    if abs(code) == 10:
        return _split_text(raw_bytes(x), y)
    if code == -11:
        return _split_by_null(x, y)
    if code == -1:
        return _bits(x, y)
    if abs(code) == 4:
        return _split_bytes(raw_bytes(x), y) if qtype(y) == 4 else _bytes(x, y)
    return _digits(x, y)


def _split_text(by: bytes, y: Value) -> Value:
    if qtype(y) not in (10, -10, 4):
        raise type_error()
    if not by:
        raise length_error()
    return string_list(raw_bytes(y).split(by))


def _split_bytes(by: bytes, y: Value) -> Value:
    if not by:
        raise length_error()
    return List([np.frombuffer(part, "u1") for part in raw_bytes(y).split(by)])


def _split_by_null(x: Symbol, y: Value) -> Value:
    """`` ` vs y ``: lines of a string, parts of a dotted symbol, folder and file of a handle."""
    if x != "":
        raise type_error()
    if qtype(y) in (10, 4):
        lines = re.split(rb"\r?\n", raw_bytes(y))
        return string_list(lines if lines[-1] else lines[:-1])
    if not isinstance(y, Symbol):
        raise type_error()
    if y.startswith(":"):
        folder, slash, file = y.rpartition("/")
        return symbols([folder, file] if slash else [":.", y[1:]])  # a file of this folder
    return symbols(y.split("."))


def _bits(x: Value, y: Value) -> Value:
    """The bits of a number or guid, the highest first."""
    if x:
        raise type_error()
    return np.unpackbits(np.frombuffer(_big_endian(y), "u1")).view("?")


def _bytes(x: Value, y: Value) -> Value:
    """The bytes of an atom as q stores it, the highest first; for another x the digits of a
    long in that base, as many as a long can need."""
    if is_list(x):
        raise type_error()
    if x:
        return _byte_digits(int(x), y)
    return np.frombuffer(_big_endian(y), "u1")


def _byte_digits(base: int, y: Value) -> Value:
    if qtype(y) != -7 or base < 2:
        raise type_error()
    count = int(63 / math.log2(base))
    return _digits(np.full(count, base), y).astype("u1")


def _big_endian(y: Value) -> bytes:
    """The storage of an atom in a q process, whose temporals count from 2000 in 4 or 8 bytes."""
    if is_list(y):
        raise type_error()
    code = -qtype(y)
    array = simple_array(y)
    if array is None or code == 11:
        raise type_error()
    if code == 2:
        return bytes(array.tobytes())
    numbers = underlying(array, code)
    if code in EPOCH and code not in (12, 15, 16):
        numbers = _narrow(numbers)
    return np.asarray(numbers).astype(numbers.dtype.newbyteorder(">")).tobytes()


def _narrow(numbers: Array) -> Array:
    """Longs as ints, where null and infinities are those of ints."""
    whole = 2**31 - 1
    return np.clip(numbers, -whole - 1, whole).astype("i4")


# ---------------------------------------------------------------- digits

def _digits(x: Value, y: Value) -> Value:
    """y written in base x, or in the mixed radix of a list x; one row per digit."""
    if abs(qtype(x)) not in _INTEGERS:
        raise type_error()
    if isinstance(y, List):
        return _digits_of_list(x, y)
    array = simple_array(y)
    if array is None or CODE_OF_DTYPE[array.dtype] not in _INTEGERS:
        raise type_error()
    numbers = to_long(array, CODE_OF_DTYPE[array.dtype])
    bases = np.asarray(x).astype("i8").tolist() if is_list(x) else \
        [int(x)] * _digit_count(int(x), numbers)
    digits: list[Array] = []
    for base in reversed(bases):
        digits.insert(0, numbers % base if base else numbers)
        numbers = numbers // base if base else np.zeros_like(numbers)
    found = np.array(digits) if digits else np.empty((0, *numbers.shape), "i8")
    return _as_narrow(found, x, y)


def _digit_count(base: int, numbers: Array) -> int:
    if base < 2:
        raise type_error()
    largest = int(np.abs(numbers).max()) if numbers.size else 0
    count = 1
    while largest >= base:
        largest //= base
        count += 1
    return count


def _as_narrow(found: Array, x: Value, y: Value) -> Array:
    """Digits of ints are ints, unless the base is a long."""
    wide = 7 in (abs(qtype(x)), abs(qtype(y))) or isinstance(y, np.ndarray) and y.dtype == "i8"
    return found if wide else found.astype("i4")


def _digits_of_list(x: Value, y: List) -> Value:
    """Ragged y: every digit row has the structure of y."""
    if not is_list(x):
        flat = [np.abs(np.asarray(v)).max(initial=0) for v in _leaves(y)]
        x = np.array([int(x)] * _digit_count(int(x), np.array(flat or [0])), "i8")
    parts = [_digits(x, v) for v in y]
    return collapse([collapse([at(p, i) for p in parts]) for i in range(len(x))])


def _leaves(y: Value) -> list[Value]:
    if isinstance(y, List):
        return [leaf for v in y for leaf in _leaves(v)]
    return [y]


# ---------------------------------------------------------------- sv

@keyword("sv", infix=True)
def sv(x: Value, y: Value) -> Value:
    """Join y by x: strings with a delimiter, symbols with dots or as a path; or decode bits,
    bytes or digits to a number."""
    code = qtype(x)
    if abs(code) == 10:
        return string(raw_bytes(x).join(_strings(y)))
    if code == -11:
        return _join_by_null(x, y)
    if code == -1:
        return _from_bits(x, y)
    if abs(code) == 4 and isinstance(y, (List, np.ndarray)):
        return _join_or_decode_bytes(x, y)
    return _from_digits(x, y)


def _strings(y: Value) -> list[bytes]:
    found = items(y) if is_list(y) else [y]
    if not all(is_string(v) or qtype(v) == -10 for v in found):
        raise type_error()
    return [raw_bytes(v) for v in found]


def _join_by_null(x: Symbol, y: Value) -> Value:
    if x != "":
        raise type_error()
    if is_vector(y) and y.dtype == "u4":
        parts = names(y)
        if parts and parts[0].startswith(":"):
            return sym("/".join(parts))
        return sym(".".join(parts))
    return string(b"".join(part + b"\n" for part in _strings(y)))


def _from_bits(x: Value, y: Value) -> Value:
    if x or qtype(y) != 1:
        raise type_error()
    if len(y) % 8:
        raise length_error()
    return _decoded(np.packbits(y))


def _join_or_decode_bytes(x: Value, y: Value) -> Value:
    """Bytes decode to an atom by their count; lists of byte vectors are joined."""
    if qtype(y) == 4 and not is_list(x) and not x:
        return _decoded(y)
    if qtype(y) == 4 or isinstance(y, np.ndarray):
        return _from_digits(x, y)
    if not all(qtype(v) == 4 for v in y):
        raise type_error()
    return np.frombuffer(raw_bytes(x).join([raw_bytes(v) for v in y]), "u1")


def _decoded(y: Array) -> Value:
    code = _BY_BYTES.get(len(y))
    if code is None:
        raise length_error()
    t = BY_CODE[code]
    order = t.dtype if code in (2, 4) else t.dtype.newbyteorder(">")
    return at(np.frombuffer(y.tobytes(), order).astype(t.dtype), 0)


_FEW_DIGITS = 64


def _from_digits(x: Value, y: Value) -> Value:
    """The number whose digits are the items of y; of rows, one number per column."""
    if abs(qtype(x)) not in (*_INTEGERS, 8, 9) or not is_list(y):
        raise type_error()
    bases = items(x) if is_list(x) else [x] * len(y)
    if len(bases) != len(y):
        raise length_error()
    if qtype(x) == -7 and qtype(y) in (1, 4, 7) and len(y) > _FEW_DIGITS:
        return _from_longs(x, y.tolist())
    found: Value = 0
    for base, digit in zip(bases, items(y), strict=True):
        found = add(multiply(found, base), digit)
    return found


def _from_longs(base: int, digits: list[int]) -> int:
    """Digits of one base as the long they make, which wraps; a null on the way stays."""
    found = 0
    for digit in digits:
        product = _wrapped(found * base)
        if LONG_NULL in (product, digit, base):
            return LONG_NULL
        found = _wrapped(product + digit)
    return found


def _wrapped(n: int) -> int:
    return (n + (1 << 63) & (1 << 64) - 1) - (1 << 63)
