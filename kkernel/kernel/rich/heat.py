"""Numbers as colours: a vector as a strip, a matrix as a grid of them."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from typing import Any

import numpy as np
from kkernel_widgets.html import tag

from .page import note, page

MOST = 400  # rows and columns of pixels; a larger matrix shows means
SMALLEST = 260  # pixels of the longer side on the page

# from low to high; two hues meet at zero where there are numbers on both sides of it
_ONE = ((13, 38, 75), (36, 92, 145), (64, 148, 172), (141, 198, 160), (246, 231, 150))
_TWO = ((25, 74, 142), (110, 165, 215), (240, 240, 236), (232, 160, 94), (153, 52, 4))
_MISSING = (150, 150, 150)
COLOURS = 255

Floats = np.ndarray[Any, np.dtype[np.float64]]


def heat_html(numbers: Floats) -> str:
    """A picture of a matrix (rows x columns) or vector of numbers, with its range."""
    rows = np.atleast_2d(numbers)
    finite = rows[np.isfinite(rows)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    pixels, palette = coloured(_reduced(rows), low, high)
    words = f"{rows.shape[0]:,} x {rows.shape[1]:,} numbers, {low:.4g} to {high:.4g}" \
        if numbers.ndim > 1 else f"{numbers.size:,} numbers, {low:.4g} to {high:.4g}"
    scale = max(1, SMALLEST // max(pixels.shape))
    height = pixels.shape[0] * scale if pixels.shape[0] > 1 else 24
    picture = tag("img", src=data_uri(pixels, palette), width=pixels.shape[1] * scale,
                  height=height, alt=words, style="image-rendering:pixelated")
    if finite.size < rows.size:
        words += f"; {rows.size - finite.size:,} not finite, in grey"
    key = tag("img", src=data_uri(np.arange(COLOURS, dtype="u1")[None, :], palette), width=120,
              height=8, alt="from low to high", style="image-rendering:pixelated")
    return page(picture, key, note(words))


def _reduced(rows: Floats) -> Floats:
    """At most MOST rows and columns: means of blocks."""
    high, wide = (-(-n // MOST) for n in rows.shape)
    if high == wide == 1:
        return rows
    tall = np.pad(rows, ((0, -rows.shape[0] % high), (0, -rows.shape[1] % wide)),
                  constant_values=np.nan)
    blocks = tall.reshape(tall.shape[0] // high, high, tall.shape[1] // wide, wide)
    with np.errstate(all="ignore"):
        known = np.isfinite(blocks)
        return np.asarray(np.where(known, blocks, 0).sum((1, 3)) / known.sum((1, 3)))


def coloured(rows: Floats, low: float, high: float) -> tuple[Any, bytes]:
    """Colour numbers, and the palette: 255 colours, then one for what is no number."""
    anchors = _ONE
    if low < 0 < high:
        anchors, high = _TWO, max(-low, high)
        low = -high
    width = (high - low) or 1.0
    with np.errstate(all="ignore"):
        places = np.clip((rows - low) / width * (COLOURS - 1), 0, COLOURS - 1)
    pixels = np.where(np.isfinite(rows), np.nan_to_num(places), COLOURS).astype("u1")
    at = np.linspace(0, len(anchors) - 1, COLOURS)
    channels = [np.interp(at, range(len(anchors)), [a[c] for a in anchors]) for c in range(3)]
    return pixels, np.stack(channels, 1).astype("u1").tobytes() + bytes(_MISSING)


def data_uri(pixels: Any, palette: bytes) -> str:
    """A PNG file of colour numbers (rows x columns), as a data URI."""
    return "data:image/png;base64," + b64encode(png(pixels, palette)).decode("ascii")


_KINDS = {1: 0, 3: 2, 4: 6}  # PNG's number for grey, red green blue, and these with opacity


def png(pixels: Any, palette: bytes = b"") -> bytes:
    """A PNG file of bytes: colour numbers with a palette, else grey levels or channels x height x
    width."""
    planes = pixels[None] if pixels.ndim == 2 else pixels
    channels, height, width = planes.shape
    rows = np.zeros((height, channels * width + 1), "u1")  # a filter type of 0 before each row
    rows[:, 1:] = np.moveaxis(planes, 0, -1).reshape(height, -1)
    kind = 3 if palette else _KINDS[channels]
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    chunks = [(b"IHDR", header), *([(b"PLTE", palette)] if palette else []),
              (b"IDAT", zlib.compress(rows.tobytes())), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks)
