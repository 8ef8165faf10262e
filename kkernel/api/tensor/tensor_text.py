"""The text that libtorch prints for a tensor: scaled columns, and the type with its sizes."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import torch

Tensor = torch.Tensor
WIDTH = 80
TYPES = {
    torch.float32: "Float", torch.float64: "Double", torch.float16: "Half", torch.bool: "Bool",
    torch.uint8: "Byte", torch.int8: "Char", torch.int64: "Long", torch.int32: "Int",
    torch.int16: "Short", torch.complex32: "ComplexHalf", torch.complex64: "ComplexFloat",
    torch.complex128: "ComplexDouble", torch.bfloat16: "BFloat16",
}


def type_name(t: Tensor) -> str:
    """libtorch's name of a tensor type: `CPUFloatType`, `SparseCUDALongType`."""
    layout = "Sparse" if t.is_sparse else ""
    return f"{layout}{t.device.type.upper()}{TYPES.get(t.dtype, str(t.dtype))}Type"


def tensor_text(t: Tensor | None) -> str:
    """The printed form of a tensor."""
    if t is None:
        return "[ Tensor (undefined) ]"
    if t.is_sparse:
        sizes = "[" + ", ".join(map(str, t.shape)) + "]"
        return (f"[ {type_name(t)}{{}}\nindices:\n{tensor_text(t._indices())}\nvalues:\n"
                f"{tensor_text(t._values())}\nsize:\n{sizes}\n]")
    sizes = ",".join(map(str, t.shape))
    return f"{_body(t.detach().cpu())}[ {type_name(t)}{{{sizes}}} ]"


def _body(t: Tensor) -> str:
    if t.ndim == 0:
        return _general(t.item()) + "\n"
    if t.numel() == 0:
        return ""
    if t.is_complex():
        return "".join(f"{v}\n" for v in t.reshape(-1).tolist())
    t = t.to(torch.float64)
    if t.ndim == 1:
        return _column(t)
    if t.ndim == 2:
        return _matrix(t, "")
    blocks = []
    for place in product(*(range(n) for n in t.shape[:-2])):
        head = "".join(f"{i + 1}," for i in place)
        blocks.append(f"({head}.,.) = \n{_matrix(t[place], ' ')}")
    return "\n".join(blocks)


def _general(v: float | int | bool | complex) -> str:
    """A number as C++ streams print it by default."""
    return f"{v:g}" if isinstance(v, float) else str(int(v) if isinstance(v, bool) else v)


def _special(v: float) -> str:
    return "nan" if v != v else ("inf" if v > 0 else "-inf")


def _layout(t: Tensor) -> tuple[float, int, Callable[[float], str]]:
    """The factor taken out, the width of a column, and how a number is written."""
    finite = t[torch.isfinite(t)].abs()
    low, high = (_exponent(finite.min()), _exponent(finite.max())) if finite.numel() else (1, 1)
    if bool((finite == finite.ceil()).all()):
        if high > 9:
            return 1.0, 11, lambda v: f"{v:.4e}"
        return 1.0, high + 1, lambda v: f"{v:g}" if abs(v) < 1e6 else f"{v:.0f}"
    if high - low > 4:
        return 1.0, 11 + (abs(high) > 99 or abs(low) > 99), lambda v: f"{v:.4e}"
    if high > 5 or high < 0:
        return 10.0 ** (high - 1), 7, lambda v: f"{v:.4f}"
    return 1.0, 7 if high == 0 else high + 6, lambda v: f"{v:.4f}"


def _exponent(v: Tensor) -> int:
    """Digits before the decimal point of the largest or smallest number."""
    x = float(v)
    return math.floor(math.log10(x)) + 1 if x else 1


def _column(t: Tensor) -> str:
    scale, width, text = _layout(t)
    head = "" if scale == 1 else f"{scale:g} *\n"
    return head + "".join(f"{_cell(v, scale, width, text)}\n" for v in t.tolist())


def _cell(v: float, scale: float, width: int, text: Callable[[float], str]) -> str:
    return (text(v / scale) if math.isfinite(v) else _special(v)).rjust(width)


def _matrix(t: Tensor, indent: str) -> str:
    """Rows of columns, in groups that fit the line."""
    scale, width, text = _layout(t)
    columns = t.shape[1]
    group = max(1, (WIDTH - len(indent)) // (width + 1))
    out = ""
    for first in range(0, columns, group):
        last = min(first + group, columns)
        if group < columns:
            out += ("\n" if first else indent) + f"Columns {first + 1} to {last}{indent}"
        else:
            out += indent
        out += "" if scale == 1 else f"{scale:g} *\n{indent}"
        gap = indent if scale == 1 else indent + " "
        rows = [" ".join(_cell(v, scale, width, text) for v in row)
                for row in t[:, first:last].tolist()]
        out += f"\n{gap}".join(rows) + "\n"
    return out
