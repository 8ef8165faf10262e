"""Normalization, and distances between tensors."""

from __future__ import annotations

from typing import Any

from torch import nn

from ...options import DOUBLE, FLAG, LONG, LONGS, OPTIONAL_DOUBLE, Option
from ..types import enter

EPS = Option("eps", DOUBLE, 1e-5, words="least denominator")


def _norm(affine: bool, track: bool, momentum: Any) -> tuple[Option, ...]:
    return (Option("in", LONG, torch="num_features", words="channels of the input",
                   missing="number of input features not defined"), EPS,
            Option("momentum", momentum, 0.1, words="weight of a batch in the running statistics, "
                   "null for their plain average"),
            Option("affine", FLAG, affine, words="whether to learn a scale and a shift"),
            Option("track", FLAG, track, "track_running_stats",
                   "whether to keep running statistics"))


_TEXT = "({in}, eps={eps}, momentum={momentum}, affine={affine}, track_running_stats={track})"
for _d in (1, 2, 3):
    enter(f"batchnorm{_d}d", getattr(nn, f"BatchNorm{_d}d"), *_norm(True, True, OPTIONAL_DOUBLE),
          text=f"torch::nn::BatchNorm{_d}d" + _TEXT, example={"in": 32})
    enter(f"instancenorm{_d}d", getattr(nn, f"InstanceNorm{_d}d"), *_norm(False, False, DOUBLE),
          text=f"torch::nn::InstanceNorm{_d}d" + _TEXT, example={"in": 100})

enter("groupnorm", nn.GroupNorm,
      Option("groups", LONG, torch="num_groups", words="number of groups",
             missing="specify no. of groups to separate the channels into"),
      Option("channels", LONG, torch="num_channels", words="channels of the input",
             missing="specify no. of channels expected in input"), EPS,
      Option("affine", FLAG, True, words="whether to learn a scale and a shift"),
      text="torch::nn::GroupNorm({groups}, {channels}, eps={eps}, affine={affine})",
      example={"groups": 3, "channels": 6})
enter("layernorm", nn.LayerNorm,
      Option("shape", LONGS, torch="normalized_shape", words="the last sizes of the input",
             missing="no normalized shape given"), EPS,
      Option("affine", FLAG, True, "elementwise_affine", "whether to learn a scale and a shift"),
      text="torch::nn::LayerNorm({shape}, eps={eps}, elementwise_affine={affine})",
      example={"shape": [32, 10]})


def _local(k: Option) -> tuple[Option, ...]:
    return (Option("size", LONG, words="neighbouring channels to look at",
                   missing="specify no. of neighboring channels to use for normalization"),
            Option("alpha", DOUBLE, 1e-4, words="factor"),
            Option("beta", DOUBLE, 0.75, words="exponent"), k)


enter("localnorm", nn.LocalResponseNorm, *_local(Option("k", DOUBLE, 1.0, words="added constant")),
      text="torch::nn::LocalResponseNorm({size}, alpha={alpha}, beta={beta}, k={k})",
      example={"size": 2})
enter("crossmap2d", nn.CrossMapLRN2d, *_local(Option("k", LONG, 1, words="added constant")),
      text="torch::nn::CrossMapLRN2d({size}, alpha={alpha}, beta={beta}, k={k})",
      example={"size": 2})
enter("normalize", None, Option("p", DOUBLE, 2.0, words="the norm"),
      Option("dim", LONG, 1, words="dimension to normalize"),
      Option("eps", DOUBLE, 1e-12, words="least denominator"),
      source="torch.nn.functional.normalize")

PAIRWISE = (Option("p", DOUBLE, 2.0, words="the norm"),
            Option("eps", DOUBLE, 1e-6, words="added to each difference"),
            Option("keepdim", FLAG, False, words="keep the last dimension"))
SIMILAR = (Option("dim", LONG, 1, words="dimension of the vectors"),
           Option("eps", DOUBLE, 1e-8, words="least denominator"))
enter("pairwise", nn.PairwiseDistance, *PAIRWISE,
      text="torch::nn::PairwiseDistance(p={p}, eps={eps}, keepdim={keepdim})",
      args=("tensor", "tensor"), least=2, attributes={"p": "norm"})
enter("similar", nn.CosineSimilarity, *SIMILAR,
      text="torch::nn::CosineSimilarity(dim={dim}, eps={eps})", args=("tensor", "tensor"), least=2)
