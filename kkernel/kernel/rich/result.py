"""What stands beside the console text of a cell's last value, by mime type."""

from __future__ import annotations

import logging
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import numpy as np

from ...q.values import Dict, List, Table, Value

if TYPE_CHECKING:
    from ...session import Session

SMALLEST_IMAGE = 8  # pixels of a side; a smaller byte matrix is no image


def beside(session: Session, value: Value, text: str) -> dict[str, Any]:
    """The richer forms of a value whose console text is `text`; none for most values."""
    try:
        return _forms(session, value, text)
    except Exception:  # the text stands, whatever happens to the picture of it
        logging.getLogger(__name__).exception("no rich form")
        return {}


def _forms(session: Session, value: Value, text: str) -> dict[str, Any]:
    if isinstance(value, (Table, Dict)) and len(value):
        from .tables import table_html

        return {"text/html": table_html(value, session.interpreter.settings)}
    if type(value) is List and len(value) == 1:
        card = session.card(value)
        if card is not None:
            from .cards import card_html

            return {"text/html": card_html(card, text)}
    pixels = _byte_matrix(value)
    if pixels is None:
        return {}
    from .heat import png

    return {"image/png": b64encode(png(pixels)).decode("ascii")}


def _byte_matrix(x: Value) -> Any:
    """The pixels of a matrix of bytes that is large enough to be an image."""
    if isinstance(x, List) and len(x) >= SMALLEST_IMAGE and all(
            isinstance(row, np.ndarray) and row.dtype == np.uint8 and row.shape == x[0].shape
            for row in x):
        x = np.stack(x)
    if isinstance(x, np.ndarray) and x.ndim == 2 and x.dtype == np.uint8 \
            and min(x.shape) >= SMALLEST_IMAGE:
        return x
    return None
