"""Padding of a fixed number of dimensions, and of any."""

from __future__ import annotations

from typing import Any

from torch import nn

from kkernel.q.errors import QError

from ...options import DOUBLE, LONGS, Messages, Option
from ..option_kinds import choice
from ..own.shape import Pad
from ..types import enter, longs

MODES = choice(("constant", "reflect", "replicate", "circular"),
               "unrecognized padding mode: {given}")
_ONE = Messages(surplus="{where}: only 1 positional argument expected, {positional} given")


def _pads(dims: int) -> Option:
    return longs("pad", 2 * dims, torch="padding", words="a pair of paddings per dimension, "
                 "the last dimension first", missing="no padding sizes given")


def _constant(cls: type[nn.Module]) -> Any:
    return lambda padding, value: cls(padding, value)


for _d, _sample, _value in ((1, [1, 2], 0.0), (2, [1, 1, 2, 2], 0.0), (3, [3, 3, 6, 6, 0, 1], 3.5)):
    _cls = getattr(nn, f"ConstantPad{_d}d")
    enter(f"pad{_d}d", _cls, _pads(_d),
          Option("value", DOUBLE, 0.0, words="what the padding holds", always=True),
          text=f"torch::nn::{_cls.__name__}(padding={{pad}}, value={{value}})",
          example={"pad": _sample, "value": _value}, make=_constant(_cls))

for _name, _cls, _d, _sample in (
        ("reflect1d", nn.ReflectionPad1d, 1, [1, 2]),
        ("reflect2d", nn.ReflectionPad2d, 2, [1, 1, 2, 0]),
        ("replicate1d", nn.ReplicationPad1d, 1, [1, 2]),
        ("replicate2d", nn.ReplicationPad2d, 2, [1, 1, 2, 0]),
        ("replicate3d", nn.ReplicationPad3d, 3, [3, 3, 6, 6, 1, 1]),
        ("zeropad2d", nn.ZeroPad2d, 2, [1, 1, 2, 0])):
    enter(_name, _cls, _pads(_d), messages=_ONE, example={"pad": _sample},
          text=f"torch::nn::{_cls.__name__}(padding={{pad}})")


def _pad(pad: tuple[int, ...], mode: str, value: float) -> nn.Module:
    if not pad or len(pad) % 2:
        raise QError(f"pad: {len(pad)} pad size(s) given, expecting pairs for left,right "
                     "or left,right,top,bottom.. etc")
    return Pad(pad, mode, value)


enter("pad", Pad,
      Option("pad", LONGS, words="a pair of paddings per dimension, the last dimension first",
             missing="0 pad size(s) given, expecting pairs for left,right "
                     "or left,right,top,bottom.. etc"),
      Option("mode", MODES, "constant", words="what the padding holds"),
      Option("value", DOUBLE, 0.0, words="what constant padding holds", last=True),
      source="torch.nn.functional.pad", text="knn::Pad(pad={pad:v}, mode={mode:k}, value={value})",
      example={"pad": [1, 2, 2, 1, 1, 2]}, make=_pad)
