"""Linear maps and convolutions, transposed ones and sliding blocks too."""

from __future__ import annotations

from typing import Any

from torch import nn

from ...options import FLAG, LONG, Option
from ..option_kinds import choice, padding
from ..types import enter, longs

BIAS = Option("bias", FLAG, True, words="whether to learn an additive bias")


def _has_bias(module: Any) -> bool:
    return module.bias is not None


enter("linear", nn.Linear,
      Option("in", LONG, torch="in_features", words="size of each input", least=1,
             missing="positive input size required"),
      Option("out", LONG, torch="out_features", words="size of each output", least=1,
             missing="positive output size required"), BIAS,
      text="torch::nn::Linear(in_features={in}, out_features={out}, bias={bias})",
      example={"in": 784, "out": 10}, attributes={"bias": _has_bias})
enter("bilinear", nn.Bilinear,
      Option("in1", LONG, torch="in1_features", words="size of each first input", least=1,
             missing="positive input sizes required"),
      Option("in2", LONG, torch="in2_features", words="size of each second input", least=1,
             missing="positive input sizes required"),
      Option("out", LONG, torch="out_features", words="size of each output", least=1,
             missing="positive output size required"), BIAS,
      text="torch::nn::Bilinear(in1_features={in1}, in2_features={in2}, out_features={out}, "
           "bias={bias})",
      args=("tensor", "tensor"), least=2, example={"in1": 20, "in2": 30, "out": 40},
      attributes={"bias": _has_bias})

IN = Option("in", LONG, torch="in_channels", words="channels of the input",
            missing="number of input channels not defined")
OUT = Option("out", LONG, torch="out_channels", words="channels of the output",
             missing="number of output channels not defined")
GROUPS = Option("groups", LONG, 1, words="blocks of channels that are not connected")
PADMODE = Option("padmode", choice(("zeros", "reflect", "replicate", "circular"),
                                   "unrecognized padding mode: {given}"),
                 "zeros", "padding_mode", "what the padding holds")
SAMPLES = {1: [3], 2: [3, 5], 3: [3, 5, 2]}
_TEXT = ("({{in}}, {{out}}, kernel_size={{size}}, stride={{stride}}|, padding={{pad}}"
         "|, dilation={{dilate}}{0}|, groups={{groups}}|, bias={{bias}}"
         "|, padding_mode={{padmode:k}}|)")

for _d in (1, 2, 3):
    _size = longs("size", _d, torch="kernel_size", words="size of the kernel",
                  missing="no kernel size(s) given")
    _stride = longs("stride", _d, 1, "stride", "step of the kernel")
    _dilate = longs("dilate", _d, 1, "dilation", "distance between kernel elements")
    enter(f"conv{_d}d", getattr(nn, f"Conv{_d}d"), IN, OUT, _size, _stride,
          longs("pad", _d, 0, "padding", "padding on both sides, `same or `valid",
                padding(f"conv{_d}d")),
          _dilate, GROUPS, BIAS, PADMODE,
          text=f"torch::nn::Conv{_d}d" + _TEXT.format(""),
          example={"in": 16, "out": 32, "size": SAMPLES[_d]}, attributes={"bias": _has_bias})
    enter(f"convtranspose{_d}d", getattr(nn, f"ConvTranspose{_d}d"), IN, OUT, _size, _stride,
          longs("pad", _d, 0, "padding", "padding taken off both sides"),
          longs("outpad", _d, 0, "output_padding", "size added to one side of the output"),
          GROUPS, BIAS, _dilate, PADMODE,
          text=f"torch::nn::ConvTranspose{_d}d" + _TEXT.format("|, output_padding={outpad}"),
          args=("tensor", ""),
          example={"in": 128, "out": 64, "size": {**SAMPLES, 1: [5]}[_d]},
          attributes={"bias": _has_bias})

_BLOCK = (longs("dilate", 2, 1, "dilation", "distance between the elements of a block"),
          longs("pad", 2, 0, "padding", "padding on both sides"),
          longs("stride", 2, 1, "stride", "step of the blocks"))
_KERNEL = longs("size", 2, torch="kernel_size", words="size of the blocks",
                missing="no kernel size given")
enter("fold", nn.Fold,
      longs("out", 2, torch="output_size", words="size of the result",
            missing="no output size given"), _KERNEL, *_BLOCK,
      text="torch::nn::Fold(output_size={out}, kernel_size={size}, dilation={dilate}, "
           "padding={pad}, stride={stride})",
      example={"out": [4, 6], "size": [2, 3]})
enter("unfold", nn.Unfold, _KERNEL, *_BLOCK,
      text="torch::nn::Unfold(kernel_size={size}, dilation={dilate}, padding={pad}, "
           "stride={stride})",
      example={"size": [2, 3]})
