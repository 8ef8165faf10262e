"""Pooling and resizing."""

from __future__ import annotations

from typing import Any

from torch import nn

from kkernel.q.errors import QError
from kkernel.q.types import LONG_NULL

from ...options import DOUBLE, DOUBLES, FLAG, LONGS, OPTIONAL_LONG, Messages, Option
from ..option_kinds import OPEN_LONGS, SCALES, SIZES, choice, unset_or
from ..types import enter, longs

CEILING = Option("ceiling", FLAG, False, "ceil_mode", "round the output size up")
COUNTPAD = Option("countpad", FLAG, True, "count_include_pad", "count the padding in averages")
DIVISOR = Option("divisor", OPTIONAL_LONG, None, "divisor_override", "divisor of the sums")
SAMPLES = {1: [3], 2: [3, 2], 3: [3, 2, 2]}
NO_SIZE = "no kernel size given"
_ONE = Messages(surplus="{where}: 1 positional argument expected, {positional} given")


def _average_row(divisor_override: int | None, **options: Any) -> nn.Module:
    """libtorch keeps the divisor of one dimension as an option and does not use it."""
    module = nn.AvgPool1d(**options)
    module.divisor_override = divisor_override  # type: ignore[assignment]
    return module


def _adaptive(name: str, cls: type[nn.Module]) -> Any:
    def make(output_size: Any) -> nn.Module:
        sizes = output_size if isinstance(output_size, tuple) else [output_size]
        if all(n in (None, LONG_NULL) for n in sizes):
            raise QError(f"{name}: no output size")
        return cls(output_size)

    return make


for _d in (1, 2, 3):
    _size = longs("size", _d, torch="kernel_size", words="size of the window", missing=NO_SIZE)
    _stride = longs("stride", _d, torch="stride", words="step of the window, its size if not given",
                    like="size")
    _pad = longs("pad", _d, 0, "padding", "padding on both sides")
    enter(f"maxpool{_d}d", getattr(nn, f"MaxPool{_d}d"), _size, _stride, _pad,
          longs("dilate", _d, 1, "dilation", "distance between the elements of a window"), CEILING,
          text=f"torch::nn::MaxPool{_d}d(kernel_size={{size}}, stride={{stride}}, padding={{pad}}, "
               "dilation={dilate}, ceil_mode={ceiling})",
          example={"size": SAMPLES[_d]})
    enter(f"avgpool{_d}d", getattr(nn, f"AvgPool{_d}d"), _size, _stride, _pad, CEILING, COUNTPAD,
          DIVISOR,
          text=f"torch::nn::AvgPool{_d}d(kernel_size={{size}}, stride={{stride}}, "
               "padding={pad})",
          example={"size": SAMPLES[_d]},
          attributes={"divisor": lambda m: getattr(m, "divisor_override", None)},
          make=_average_row if _d == 1 else None)
    for _kind in ("Avg", "Max"):
        _name, _cls = f"adapt{_kind.lower()}{_d}d", getattr(nn, f"Adaptive{_kind}Pool{_d}d")
        enter(_name, _cls,
              longs("size", _d, torch="output_size", words="size of the result, null to keep one",
                    kind=LONGS if _d == 1 else OPEN_LONGS, missing="no output size given"),
              messages=_ONE, make=_adaptive(_name, _cls),
              text=f"torch::nn::Adaptive{_kind}Pool{_d}d(output_size={{size}})",
              example={"size": {1: [3], 2: [3, 2], 3: [3, 2, 4]}[_d]})

for _d, _power, _sample in ((1, 2.0, [3]), (2, 1.2, [2, 3])):
    enter(f"lppool{_d}d", getattr(nn, f"LPPool{_d}d"),
          Option("p", DOUBLE, torch="norm_type", words="the power", missing="no power given"),
          longs("size", _d, torch="kernel_size", words="size of the window", missing=NO_SIZE),
          longs("stride", _d, torch="stride", words="step of the window, its size if not given",
                like="size"), CEILING,
          text=f"torch::nn::LPPool{_d}d(norm_type={{p}}, kernel_size={{size}}, stride={{stride}}, "
               "ceil_mode={ceiling})",
          example={"p": _power, "size": _sample})


def check_output(name: str, size: Any, ratio: Any) -> None:
    """Signal fractional pooling without a size of its result, or with two."""
    if size is None and ratio is None:
        raise QError(f"{name}: no output size or ratio given")
    if size is not None and ratio is not None:
        raise QError(f"{name}: cannot specify both output size & output ratio")


def _fractional(name: str, cls: type[nn.Module]) -> Any:
    def make(output_size: Any, output_ratio: Any, **options: Any) -> nn.Module:
        check_output(name, output_size, output_ratio)
        return cls(output_size=output_size, output_ratio=output_ratio, **options)

    return make


for _d, _sample, _out in ((2, [2, 4], [16, 32]), (3, [2, 4, 3], [16, 32, 24])):
    _cls = getattr(nn, f"FractionalMaxPool{_d}d")
    enter(f"fmaxpool{_d}d", _cls,
          longs("size", _d, torch="kernel_size", words="size of the window", missing=NO_SIZE),
          Option("outsize", unset_or(LONGS), None, "output_size", "size of the result", dims=_d),
          Option("ratio", unset_or(DOUBLES), None, "output_ratio",
                 "size of the result over size of the input", dims=_d),
          example={"size": _sample, "outsize": _out}, make=_fractional(f"fmaxpool{_d}d", _cls))

MODES = ("nearest", "linear", "bilinear", "bicubic", "trilinear")


def size_or_scale(name: str, size: Any, scale: Any) -> tuple[Any, Any]:
    """The one of both that is given, None for the other; one entry stands for all dimensions."""
    if not size and not scale:
        raise QError(f"{name}: no output size or scale factor given")
    if size and scale:
        raise QError(f"{name}: both output size and scale factor given")
    size, scale = (v[0] if v and len(v) == 1 else v or None for v in (size, scale))
    return size, scale


def _upsample(size: Any, scale_factor: Any, **options: Any) -> nn.Module:
    size, scale = size_or_scale("upsample", size, scale_factor)
    return nn.Upsample(size=size, scale_factor=scale, **options)


def _listed(name: str) -> Any:
    def read(module: Any) -> list[Any] | None:
        value = getattr(module, name)
        if value is None:
            return None
        return list(value) if isinstance(value, tuple) else [value]

    return read


SIZE = Option("size", SIZES, None, words="size of the result, one long per dimension")
SCALE = Option("scale", SCALES, None, "scale_factor", "factor of each size")
ALIGN = Option("align", unset_or(FLAG), None, "align_corners", "keep the corners where they are")
enter("upsample", nn.Upsample, SIZE, SCALE,
      Option("mode", choice(MODES, "unrecognized upsample mode: {given}"), "nearest",
             words="how values between are found"), ALIGN,
      messages=Messages(surplus="{where}: up to 4 positional arguments expected, "
                                "5th argument unrecognized"),
      text="torch::nn::Upsample(|size={size}|scale_factor={scale}|+, mode={mode:k}|)",
      attributes={"size": _listed("size"), "scale": _listed("scale_factor")}, make=_upsample)
enter("interpolate", None, SIZE, SCALE,
      Option("mode", choice((*MODES, "nearestexact", "area"),
                            "unrecognized interpolate mode: {given}"), "nearest",
             words="how values between are found"), ALIGN,
      Option("rescale", unset_or(FLAG), None, "recompute_scale_factor",
             "find the scale again from the sizes"),
      source="torch.nn.functional.interpolate", example={"size": [4]})
