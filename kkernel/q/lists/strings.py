"""Lists of strings handled as one text: an array for each char vector is what costs time."""

from __future__ import annotations

from operator import attrgetter

import numpy as np

from ..values import List, Value, string


def string_list(parts: list[bytes]) -> List:
    """A list of strings: slices of one buffer, which is faster than an array for each."""
    whole = string(b"".join(parts))
    found = List()
    start = 0
    for part in parts:
        end = start + len(part)
        found.append(whole[start:end])
        start = end
    return found


def are_strings(x: List) -> bool:
    """Whether all items are char vectors."""
    return (set(map(type, x)) <= {np.ndarray}
            and all(d.char == "S" for d in set(map(attrgetter("dtype"), x)))
            and set(map(attrgetter("ndim"), x)) <= {1})


def raw_strings(x: List) -> list[bytes] | None:
    """The bytes of each item; None unless all are strings."""
    return [v.tobytes() for v in x] if are_strings(x) else None


def texts_of(x: List) -> list[str] | None:
    """The items as Python texts, None unless all are strings."""
    if not are_strings(x):
        return None
    found = b"\n".join(x).decode("utf-8", "surrogateescape").split("\n")
    return found if len(found) == len(x) else [
        v.tobytes().decode("utf-8", "surrogateescape") for v in x]


def joined_strings(x: Value, y: Value, x_rows: bool, y_rows: bool) -> List | None:
    """`x,'y`, `x,/:y` and `x,\\:y` in one step: each string of x, or all of it, joined with
    each string of y, or all of it.  None where something is no string."""
    a, b = _parts(x, x_rows), _parts(y, y_rows)
    if a is None or b is None:
        return None
    n = max(len(a), len(b))
    a, b = (v * n if len(v) == 1 else v for v in (a, b))
    return string_list([p + q for p, q in zip(a, b, strict=True)])


def _parts(x: Value, rows: bool) -> list[bytes] | None:
    if type(x) is np.ndarray and x.dtype.char == "S":
        raw = x.tobytes()
        return [raw[i:i + 1] for i in range(len(raw))] if rows else [raw]
    if isinstance(x, (bytes, np.bytes_)):
        return [bytes(x) or b"\0"]
    return raw_strings(x) if rows and isinstance(x, List) else None
