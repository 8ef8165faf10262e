"""Data types: torch's, their symbols, and the q types they come from and go to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from kkernel.q.errors import QError
from kkernel.q.types import BY_CHAR


@dataclass(frozen=True)
class DType:
    """One torch data type: its symbol and the letter of the q type its values become."""

    name: str
    torch: torch.dtype
    char: str


DTYPES: tuple[DType, ...] = (
    DType("float", torch.float32, "e"),
    DType("double", torch.float64, "f"),
    DType("half", torch.float16, "e"),
    DType("bool", torch.bool, "b"),
    DType("byte", torch.uint8, "x"),
    DType("char", torch.int8, "c"),
    DType("long", torch.int64, "j"),
    DType("int", torch.int32, "i"),
    DType("short", torch.int16, "h"),
    DType("chalf", torch.complex32, "e"),
    DType("cfloat", torch.complex64, "e"),
    DType("cdouble", torch.complex128, "f"),
)
BY_NAME = {d.name: d for d in DTYPES}
BY_TORCH = {d.torch: d for d in DTYPES}

# q vectors whose memory torch can take as it is: numpy dtype -> torch dtype
FROM_NUMPY: dict[np.dtype[Any], torch.dtype] = {
    BY_CHAR[c].dtype: t for c, t in {
        "b": torch.bool, "x": torch.uint8, "c": torch.int8, "h": torch.int16, "i": torch.int32,
        "j": torch.int64, "e": torch.float32, "f": torch.float64}.items()}
FROM_CODE: dict[int, torch.dtype] = {
    BY_CHAR[c].code: FROM_NUMPY[BY_CHAR[c].dtype] for c in "bxchijef"}

CPP_NAMES = {  # how messages of C++ call the types
    torch.float32: "float", torch.float64: "double", torch.int64: "long int",
    torch.int32: "int", torch.int16: "short int", torch.int8: "signed char",
    torch.uint8: "unsigned char", torch.bool: "bool", torch.float16: "c10::Half"}


def dtype_of(name: str) -> torch.dtype:
    """The torch dtype of a symbol; signals an unknown one."""
    row = BY_NAME.get(name)
    if row is None:
        raise QError(f"unrecognized data type: {name or '(null)'}")
    return row.torch


def symbol_of(dtype: torch.dtype) -> str:
    """The symbol of a torch dtype."""
    row = BY_TORCH.get(dtype)
    if row is None:
        raise QError(f"unrecognized data type: {dtype}")
    return row.name
