"""`#`: take items, reshape, choose keys or columns, set an attribute."""

from __future__ import annotations

from math import prod

import numpy as np

from ..errors import domain_error, length_error, type_error
from ..lists.attributes import set_attribute, sort_in_place
from ..lists.index import index
from ..lists.positions import at_positions
from ..memory import item_size, reserve
from ..registry import operator
from ..symbols import Symbol
from ..tables.columns import select_columns, symbol_list
from ..types import LONG_NULL
from ..values import (
    EMPTY,
    Array,
    Dict,
    Enum,
    List,
    Table,
    Value,
    collapse,
    is_atom,
    is_list,
    is_vector,
    qtype,
)

_ROW = 120  # bytes of a vector object


@operator("#")
def take(x: Value, y: Value) -> Value:
    """x items of y; a shape x makes a matrix; keys or columns x; attribute x."""
    if isinstance(x, Symbol):
        return sort_in_place(y) if x == "s" else set_attribute(str(x), y)
    code = qtype(x)
    if -7 <= code <= -5 or code == -1:
        return take_count(int(x), y)
    if 5 <= code <= 7 and not isinstance(y, Dict):
        return reshape(x, y)
    if isinstance(y, Table) and not isinstance(x, Table):
        return select_columns(y, symbol_list(x))
    if isinstance(y, Dict) and (is_list(x) or isinstance(x, Table)):
        return _take_keys(x, y)
    if is_list(x) and not len(x) and is_list(y):
        return y if not len(y) else at_positions(y, np.zeros(1, np.int64))
    raise type_error()


def _take_keys(x: Value, y: Dict) -> Dict:
    return Dict(x, index(y, x))


def take_count(n: int, y: Value) -> Value:
    """n items from the front, -n from the end, going round where y is too short."""
    if isinstance(y, Dict):
        return Dict(take_count(n, y.keys), take_count(n, y.values))
    if n == LONG_NULL:
        raise domain_error()
    reserve(abs(n), item_size(y))
    if not is_list(y) and not isinstance(y, Table):
        y = List([y]) if qtype(y) >= 0 else collapse([y])
    size = len(y)
    if abs(n) <= size:
        return part(y, 0, n) if n >= 0 else part(y, size + n, size)
    if is_vector(y) and size:
        return _cycled(y.view(np.ndarray), n)
    if size == 1 and isinstance(y, List) and is_vector(y[0]) and y[0].dtype.kind in "bif":
        reserve(abs(n), y[0].nbytes)
        return np.tile(y[0].view(np.ndarray), (abs(n), 1))
    reserve(3 * abs(n))
    where = np.arange(abs(n)) if n >= 0 else np.arange(n, 0) + size
    return at_positions(y, where % size if size else where)


def _cycled(x: Array, n: int) -> Array:
    """n items of a vector going round; the last ones, where n is negative, end with its last."""
    start = n % len(x) if n < 0 else 0
    return np.tile(x, -(-(start + abs(n)) // len(x)))[start:start + abs(n)]


def part(x: Value, start: int, stop: int) -> Value:
    """Items start to stop of a list, or rows of a table, which share its memory."""
    if isinstance(x, np.ndarray):
        piece = x.view(np.ndarray)[start:stop]
        return piece if piece.ndim == 1 or len(piece) else EMPTY
    if isinstance(x, List):
        return collapse(x[start:stop])
    if isinstance(x, Enum):
        return Enum(x.domain, part(x.index, start, stop))
    if isinstance(x, Table):
        return Table(x.columns, [part(c, start, stop) for c in x.data])
    if isinstance(x, Dict):
        return Dict(part(x.keys, start, stop), part(x.values, start, stop))
    raise type_error()


# ---------------------------------------------------------------- shapes

def reshape(shape: Array, y: Value) -> Value:
    """y's items, going round, in the nested lists that the shape tells.

    In a shape of two, 0N takes what the other axis leaves; rows may then differ by one.
    """
    sizes = [int(n) for n in shape.tolist()]
    if not sizes:
        raise length_error()
    reserve(prod(n for n in sizes if n > 0), item_size(y))
    if len(sizes) == 1:
        return take_count(sizes[0], y)
    if is_atom(y) or not (is_list(y) or isinstance(y, Table)):
        y = collapse([y])
    null = np.iinfo(shape.dtype).min
    if len(sizes) == 2 and sizes.count(null) == 1:
        return _rows_of(y, sizes[1]) if sizes[0] == null else _in_rows(y, sizes[0])
    if min(sizes, default=0) < 0 or 0 in sizes[1:-1] or (len(sizes) > 2 and not sizes[0]):
        raise domain_error()
    return _shaped(take_count(int(np.prod(sizes)), y), sizes)


def _shaped(flat: Value, sizes: list[int]) -> Value:
    if not sizes[0]:
        return EMPTY
    if is_vector(flat) and flat.dtype.kind in "bif":
        return flat.reshape(sizes)
    reserve(prod(sizes[:-1]), _ROW)
    for width in reversed(sizes[1:]):
        n = len(flat) // width if width else int(np.prod(sizes[:-1]))
        flat = List([part(flat, k * width, (k + 1) * width) for k in range(n)])
    return flat


def _rows_of(y: Value, width: int) -> Value:
    """`0N n#y`: rows of n, the last one shorter where n does not divide the count."""
    if width <= 0:
        raise domain_error()
    return cut_at(y, list(range(0, len(y), width)))


def _in_rows(y: Value, rows: int) -> Value:
    """`n 0N#y`: n rows of nearly equal count."""
    if rows < 0:
        raise domain_error()
    return cut_at(y, [k * len(y) // rows for k in range(rows)])


def cut_at(y: Value, starts: list[int]) -> Value:
    """The parts of y that begin at these ascending positions, the last one up to the end."""
    if not starts:
        return EMPTY
    if starts[-1] > len(y) or starts[0] < 0:
        raise length_error()
    width = starts[1] - starts[0] if len(starts) > 1 else len(y)
    even = width > 0 and starts == list(range(starts[0], len(y), width)) \
        and (len(y) - starts[0]) % width == 0
    if even and is_vector(y) and y.dtype.kind in "bif" and len(starts) > 1:
        return y.view(np.ndarray)[starts[0]:].reshape(len(starts), width)
    ends = [*starts[1:], len(y)]
    return List([part(y, a, b) for a, b in zip(starts, ends)])

