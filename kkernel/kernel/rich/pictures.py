"""The `.ui` functions of rich output: colours for numbers, images, further rows of a table."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ...q.errors import QError
from ...q.functions import NULL, Foreign
from ...q.types import LONG_NULL
from ...q.values import Dict, List, Table, Value, qtype

if TYPE_CHECKING:
    from ...session import Session

_NULLS = {5: -(2**15), 6: -(2**31), 7: LONG_NULL}


class Page(Protocol):
    """Where rich output goes."""

    def rich(self, forms: dict[str, Any], words: str) -> None:
        """Show forms by mime type; a terminal shows the words."""


def register(session: Session, screen: Page) -> None:
    """Define the functions in a session."""
    for name, rank, words, make in (
            ("heat", 1, "numbers as colours: a vector as a strip, a matrix as a grid", _heat),
            ("image", 1, "a matrix of grey levels, or 1, 3 or 4 matrices, as an image", _image),
            ("rows", 2, "a table or dictionary from row y on", _rows)):
        full = ".ui." + name
        doc = f"{full}[{';'.join('xy'[:rank])}]\n\n{words}"
        session.interpreter.globals.set(full, Foreign(full, rank, make(session, screen), doc))


def _heat(session: Session, screen: Page) -> Any:
    def heat(x: Value) -> Value:
        numbers = _numbers(session, x, ".ui.heat", (1, 2))
        from .heat import heat_html

        screen.rich({"text/html": heat_html(numbers)}, _shape_words(numbers))
        return NULL

    return heat


def _image(session: Session, screen: Page) -> Any:
    def image(x: Value) -> Value:
        numbers = _numbers(session, x, ".ui.image", (2, 3))
        if numbers.ndim == 3 and len(numbers) not in (1, 3, 4):
            raise QError(".ui.image: expected 1, 3 or 4 channels x height x width, "
                         f"given {_shape_words(numbers)}")
        from .heat import png

        file = png(_levels(numbers))
        screen.rich({"image/png": b64encode(file).decode("ascii")}, _shape_words(numbers))
        return NULL

    return image


def _levels(numbers: Any) -> Any:
    """Bytes of 0 to 255: numbers within 0 and 1 are stretched, others cut off."""
    known = np.nan_to_num(numbers)
    if known.size and known.max() <= 1 and known.min() >= 0:
        known = known * 255
    return np.clip(known, 0, 255).astype("u1")


def _rows(session: Session, screen: Page) -> Any:
    def rows(x: Value, start: Value) -> Value:
        if not isinstance(x, (Table, Dict)):
            raise QError(".ui.rows: expected a table or dictionary")
        if qtype(start) != -7 or not 0 <= start < max(1, len(x)):
            raise QError(f".ui.rows: expected a row from 0 to {max(0, len(x) - 1)}")
        from .tables import table_html

        screen.rich({"text/html": table_html(x, session.interpreter.settings, int(start))},
                    f"rows from {start}")
        return NULL

    return rows


def _numbers(session: Session, x: Value, name: str, depths: tuple[int, ...]) -> Any:
    """An array of floats, NaN for nulls; signals what is no rectangle of numbers."""
    value = session.value_of(x)
    if isinstance(value, List):
        try:
            value = np.array([np.asarray(_row(v)) for v in value], "f8")
        except (QError, ValueError):
            value = None
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "?biuf" \
            or value.ndim not in depths or not value.size:
        words = " or ".join({1: "vector", 2: "matrix", 3: "list of matrices"}[d] for d in depths)
        raise QError(f"{name}: expected a {words} of numbers")
    floats = value.astype("f8")
    null = _NULLS.get(qtype(value.reshape(-1)))
    return floats if null is None else np.where(value == null, np.nan, floats)


def _row(v: Value) -> Value:
    if isinstance(v, np.ndarray) and v.dtype.kind in "?biuf":
        return v
    raise QError("type")


def _shape_words(numbers: Any) -> str:
    return " x ".join(map(str, numbers.shape)) + " numbers"
