"""`makegrid` and `png`: images side by side, and images as files."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import torch

from kkernel.q.errors import QError
from kkernel.q.symbols import Symbol
from kkernel.q.types import LONG_NULL
from kkernel.q.values import Value

from . import host, kinds
from .convert import to_q, to_tensor
from .declare import function, simple_items
from .kinds import NO, as_long
from .objects import find_tensor, register
from .params import Param

Tensor = torch.Tensor
GROUP = "util"


def image_grid(images: Tensor, rows: int, columns: int, pad: int = 2, value: int = 0) -> Tensor:
    """n x channels x height x width images as one, row by row with `pad` pixels between them.

    One channel becomes three; places without an image hold `value`.
    """
    if images.shape[1] == 1:
        images = images.expand(-1, 3, -1, -1)
    n, channels, height, width = images.shape
    high, wide = height + pad, width + pad
    grid = images.new_full((channels, rows * high + pad, columns * wide + pad), value)
    for k in range(min(n, rows * columns)):
        top, left = k // columns * high + pad, k % columns * wide + pad
        grid[:, top:top + height, left:left + width] = images[k]
    return grid


def _grid_args(args: list[Value]) -> list[int]:
    """Rows, columns, padding and padding value; a null or missing count is -1."""
    numbers = [as_long(v) for v in args[1:]]
    if not 1 <= len(numbers) <= 4 or NO in numbers:
        raise QError("makegrid: unrecognized arg(s), expecting 2-5 args, "
                     "(input array/tensor; rows; cols; padding; pad value)")
    rows, columns, pad, value = [*numbers, *(-1, -1, 2, 0)[len(numbers):]]
    rows = -1 if rows == LONG_NULL else rows
    columns = -1 if columns == LONG_NULL else columns
    if rows < 0 and columns < 0:
        raise QError("makegrid: both rows & columns cannot be null")
    return [rows, columns, pad, value]


@function("makegrid", GROUP, "images side by side as one image",
          Param("x", kinds.TENSOR, "images x height x width, or images x channels x height x "
                "width"),
          Param("rows", kinds.LONG, "images in a column, null to derive it"),
          Param("columns", kinds.LONG, "images in a row, null to derive it", None),
          Param("pad", kinds.LONG, "pixels between images, 2 if left out", 2),
          Param("value", kinds.LONG, "value of these pixels, 0 if left out", 0), raw=True,
          examples=["makegrid(2 2 2#1+til 8;1;2;1)"])
def makegrid(x: Value) -> Value:
    args = simple_items(x)
    rows, columns, pad, value = _grid_args(args)
    handle = find_tensor(args[0])
    t = to_tensor(args[0]) if handle is None else handle.obj
    if t.ndim not in (3, 4):
        raise QError(f"makegrid: expecting 3 or 4-dimensional input, {t.ndim} dimension(s) given")
    images = t.unsqueeze(1) if t.ndim == 3 else t
    n = len(images)
    rows = -(-n // max(columns, 1)) if rows < 0 else rows
    columns = -(-n // max(rows, 1)) if columns < 0 else columns
    grid = image_grid(images, rows, columns, pad, value)
    made = to_q(grid, fresh=True) if handle is None else register("tensor", grid)
    if len(grid) in _COLOUR and grid.numel():
        host.image(made, lambda: png_bytes(visible(grid)))
    return made


def visible(image: Tensor) -> Tensor:
    """Pixels of 0 to 255 of an image: numbers within -1 and 1 are stretched, others cut off."""
    if image.is_floating_point() and image.numel() and image.abs().max() <= 1:
        image = image * 255 if image.min() >= 0 else (image + 1) * 127.5
    return image.nan_to_num(0).clamp(0, 255)


@function("png", GROUP, "write an image to a file",
          Param("file", kinds.SYMBOL, "file symbol"),
          Param("x", kinds.TENSOR, "channels x height x width, values 0 to 255; 1 to 4 channels"),
          raw=True, examples=["png(`:tmp.png;3 2 2#0x00ff)", "hdel`:tmp.png"])
def png(x: Value) -> Value:
    args = simple_items(x)
    if len(args) != 2 or type(args[0]) is not Symbol:
        raise QError("png: unrecognized arg(s), expects (PNG file name; image array/tensor)")
    handle = find_tensor(args[1])
    t = to_tensor(args[1]) if handle is None else handle.obj
    if t.ndim != 3 or not 1 <= t.shape[0] <= 4:
        raise QError("png: x: expected channels x height x width with 1 to 4 channels, "
                     f"given size {list(t.shape)}")
    path = Path(str(args[0]).removeprefix(":"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file := png_bytes(t))
    except OSError as e:
        raise QError(f"{path}: {e.strerror}") from None
    host.image(None, lambda: file)
    return args[0]


_COLOUR = {1: 0, 2: 4, 3: 2, 4: 6}  # PNG colour type by number of channels


def png_bytes(image: Tensor) -> bytes:
    """A PNG file of an image: channels x height x width, converted to bytes."""
    channels, height, width = image.shape
    pixels = image.detach().to("cpu", torch.uint8).permute(1, 2, 0).reshape(height, -1)
    rows = torch.cat((torch.zeros(height, 1, dtype=torch.uint8), pixels), 1)  # filter 0 per row
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR[channels], 0, 0, 0)
    body = zlib.compress(rows.numpy().tobytes())
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(name, data) for name, data in
        ((b"IHDR", header), (b"IDAT", body), (b"IEND", b"")))


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(
        ">I", zlib.crc32(name + data))
