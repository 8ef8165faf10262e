"""The k api's modules for single torch functions, and for images."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from kkernel.q.errors import QError

from ...options import DOUBLE, FLAG, LONG, LONGS, OPTIONAL_LONG, Messages, Option
from ..option_kinds import DTYPE, choice, numbers
from ..own import image, shape
from ..types import enter, longs

_SIZE_ONLY = Messages(first=True,
                      surplus="{where}: 1 positional argument expected, {positional} given")
_DIM_ONLY = Messages(
    unused="unrecognized option: {name}", first=True,
    surplus="{where}: unrecognized positional option(s), expecting single dimension")
_DIM_AND_FLAG = Messages(
    first=True, surplus="{where}: unrecognized positional arg(s), expecting dim, inplace flag, "
    "or (dim;inplace flag)")
PAIR = ("tensor", "tensor")

enter("flatten", nn.Flatten, Option("start", LONG, 1, "start_dim", "first dimension to join"),
      Option("end", LONG, -1, "end_dim", "last dimension to join"),
      text="torch::nn::Flatten(start_dim={start}, end_dim={end})")

for _cls, _source, _sample in ((shape.Expand, "torch.Tensor.expand", [-1, -1, 28, 28]),
                               (shape.Reshape, "torch.reshape", [-1, 1, 28, 28]),
                               (shape.Permute, "torch.permute", [0, 2, 3, 1])):
    enter(_cls.__name__.lower(), _cls,
          Option("size", LONGS, [], words="sizes, -1 for one that follows from the input"
                 if _cls is not shape.Permute else "the dimensions in their new order",
                 always=True),
          source=_source, text=f"knn::{_cls.__name__}(size={{size:v}})", messages=_SIZE_ONLY,
          example={"size": _sample})

enter("transpose", shape.Transpose,
      Option("dim0", LONG, -2, words="one dimension", always=True),
      Option("dim1", LONG, -1, words="the other dimension", always=True),
      text="knn::Transpose(dim0={dim0}, dim1={dim1})")
enter("squeeze", shape.Squeeze,
      Option("dim", OPTIONAL_LONG, None, words="dimension to drop, all if null", hidden=True,
             always=True),
      Option("inplace", FLAG, False, words="change the input", last=True),
      source="torch.squeeze", messages=_DIM_AND_FLAG,
      text="knn::Squeeze(dim={dim}, inplace={inplace:d})",
      example={"dim": 1})
enter("unsqueeze", shape.Unsqueeze,
      Option("dim", OPTIONAL_LONG, words="where to add a dimension", missing="no dimension given"),
      Option("inplace", FLAG, False, words="change the input", last=True),
      source="torch.unsqueeze", messages=_DIM_AND_FLAG,
      text="knn::Unsqueeze(dim={dim}, inplace={inplace:d})",
      example={"dim": 0})
enter("select", shape.Select,
      Option("dim", OPTIONAL_LONG, words="dimension to pick from", missing="no dimension defined"),
      Option("ind", OPTIONAL_LONG, words="index to pick", missing="no index defined"),
      source="torcn.Tensor.select", text="knn::Select(dim={dim},ind={ind})",
      example={"dim": 1, "ind": -1})


def _index_select(dim: int, ind: Tensor) -> nn.Module:
    if ind.dim() > 1:
        raise QError("indexselect: expecting scalar index or 1-dim list, "
                     f"given {ind.dim()}-d tensor")
    return shape.IndexSelect(dim, ind)


enter("indexselect", shape.IndexSelect,
      Option("dim", OPTIONAL_LONG, words="dimension to pick from",
             missing="dimension cannot be null"),
      Option("ind", numbers("indexselect ind", torch.long), words="indices to pick",
             missing="no index defined"),
      source="torch.index_select", text="knn::IndexSelect(dim={dim},ind={ind:t})",
      example={"dim": 1, "ind": torch.arange(3)}, make=_index_select)


def _one_hot(classes: int, dtype: torch.dtype | None) -> nn.Module:
    if classes < -1:
        raise QError("onehot: number of classes must be nonnegative or set to -1 "
                     "to derive from input")
    return shape.OneHot(classes, dtype)


enter("onehot", shape.OneHot,
      Option("classes", LONG, -1, words="number of classes, -1 to find it", always=True),
      Option("dtype", DTYPE, None, words="data type of the result, float if not given",
             hidden=True),
      source="torch.nn.functional.one_hot", text="knn::OneHot(num_classes={classes})",
      example={"classes": 10}, make=_one_hot)
enter("cat", shape.Cat, Option("dim", LONG, 0, words="dimension to join along"), source="torch.cat",
      text="knn::Cat(dim={dim})", messages=_DIM_ONLY, args=PAIR, least=2)
enter("mul", shape.Mul, source="torch.mul", args=PAIR, least=2)
enter("matmul", shape.Matmul, source="torch.matmul", args=PAIR, least=2)

IMAGES = "torchvision.transforms"


def _zscore(mean: Tensor, std: Tensor, inplace: bool) -> nn.Module:
    for t, word in ((mean, "mean"), (std, "stddev")):
        if not t.numel():
            raise QError(f"zscore: no {word}(s) defined")
    return image.Zscore(mean, std, inplace)


enter("zscore", image.Zscore,
      Option("mean", numbers("zscore mean", torch.double),
             words="what to subtract, one or one per channel", missing="no mean(s) defined"),
      Option("std", numbers("zscore std", torch.double),
             words="what to divide by, one or one per channel", missing="no stddev(s) defined"),
      Option("inplace", FLAG, False, words="overwrite the input"),
      source=IMAGES, text="knn::Zscore(mean={mean:t}, stddev={std:t}, inplace={inplace})",
      example={"mean": torch.tensor([.51, .49, .47], dtype=torch.double),
               "std": torch.tensor([.25, .25, .21], dtype=torch.double)},
      attributes={"mean": "mean", "std": "stddev"}, make=_zscore)


def _random_crop(size: Any, **options: Any) -> nn.Module:
    if not any(size):
        raise QError("randomcrop: positive cropping height & width not given")
    return image.RandomCrop(size, **options)


enter("randomcrop", image.RandomCrop,
      longs("size", 2, words="height and width to keep",
            missing="positive cropping height & width not given"),
      longs("pad", 4, 0, words="padding left, right, top, bottom"),
      Option("padmode", choice(("constant", "reflect", "replicate", "circular"),
                               "unrecognized padding mode: {given}"), "constant",
             words="what the padding holds"),
      Option("value", DOUBLE, 0.0, words="what constant padding holds"),
      source=IMAGES, text="knn::RandomCrop(size={size}|, pad={pad}|)",
      example={"size": [32, 32], "pad": [4] * 4, "padmode": "reflect"}, make=_random_crop)
enter("randomflip", image.RandomFlip,
      Option("p", DOUBLE, 0.5, words="probability of a flip"),
      Option("dim", LONG, -1, words="dimension to flip"),
      source=IMAGES, text="knn::RandomFlip(p={p}, dim={dim})")
