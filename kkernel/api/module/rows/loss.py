"""The 21 losses as rows: options, how many tensors they take, and torch's function for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...options import (
    DOUBLE,
    FLAG,
    LONG,
    OPTIONAL_DOUBLE,
    Messages,
    Option,
    OptionTable,
)
from ..option_kinds import WEIGHT, choice
from ..types import BY_CLASS, TYPES, ModuleType
from .normalization import PAIRWISE, SIMILAR


class BCELoss(nn.BCELoss):
    """Binary cross entropy, with the weights of a batch as a third input."""

    def forward(self, x: Tensor, y: Tensor,  # type: ignore[override]
                weight: Tensor | None = None) -> Tensor:
        return entropy_loss(x, y, weight, self.reduction)


def entropy_loss(x: Tensor, y: Tensor, weight: Tensor | None = None,
                 reduction: str = "mean") -> Tensor:
    """Binary cross entropy.  Like C++ it allows targets outside 0 to 1, which torch refuses."""
    try:
        return F.binary_cross_entropy(x, y, weight, reduction=reduction)
    except RuntimeError as e:
        if "target should be between" not in str(e) or not ((x >= 0) & (x <= 1)).all():
            raise
    logs, rest = x.log().clamp(min=-100), (-x).log1p().clamp(min=-100)
    losses = (y - 1) * rest - y * logs
    if weight is not None:
        losses = (losses * weight).to(losses.dtype)
    return losses if reduction == "none" else getattr(losses, reduction)()


class BCEWithLogitsLoss(nn.BCEWithLogitsLoss):
    """As BCELoss on the logits; the weights of the classes are an option."""

    def forward(self, x: Tensor, y: Tensor,  # type: ignore[override]
                weight: Tensor | None = None) -> Tensor:
        return logits_loss(x, y, weight, self.pos_weight, self.reduction)


def logits_loss(x: Tensor, y: Tensor, weight: Tensor | None = None,
                pos_weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    """Binary cross entropy of logits with weights of batch and classes."""
    return F.binary_cross_entropy_with_logits(x, y, weight, pos_weight=pos_weight,
                                              reduction=reduction)


# ------------------------------------------------------------------ losses of pairs of elements

def _of_pairs(usual: Callable[..., Tensor],
              direct: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A loss of pairs of elements: for tensors of one size the function of libtorch, without what
    torch does before to warn of other sizes."""
    def loss(x: Tensor, y: Tensor, reduction: str = "mean", **options: float) -> Tensor:
        if x.shape == y.shape:
            return direct(x, y, _REDUCTIONS[reduction], **options)
        return usual(x, y, reduction=reduction, **options)

    return loss


_REDUCTIONS = {"none": 0, "mean": 1, "sum": 2}  # as libtorch counts them
l1_loss = _of_pairs(F.l1_loss, torch._C._nn.l1_loss)
mse_loss = _of_pairs(F.mse_loss, torch._C._nn.mse_loss)
huber_loss = _of_pairs(F.huber_loss, torch._C._nn.huber_loss)
_smooth_l1 = _of_pairs(F.smooth_l1_loss, torch._C._nn.smooth_l1_loss)


def smooth_l1_loss(x: Tensor, y: Tensor, beta: float | None, reduction: str) -> Tensor:
    """The smooth L1 loss, with 1 for an option beta that is left out."""
    return _smooth_l1(x, y, reduction, beta=1.0 if beta is None else beta)


class L1Loss(nn.L1Loss):
    """torch's L1Loss on the direct function, as the following are."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return l1_loss(input, target, self.reduction)


class MSELoss(nn.MSELoss):
    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return mse_loss(input, target, self.reduction)


class HuberLoss(nn.HuberLoss):
    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return huber_loss(input, target, self.reduction, delta=self.delta)


class SmoothL1Loss(nn.SmoothL1Loss):
    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return smooth_l1_loss(input, target, self.beta, self.reduction)


def _make_smooth_l1(beta: float | None, reduction: str) -> nn.Module:
    loss = SmoothL1Loss(reduction=reduction, beta=1.0 if beta is None else beta)
    loss.unset_beta = beta is None  # type: ignore[assignment]
    return loss


# ------------------------------------------------------------------ rows

@dataclass(frozen=True)
class LossType(ModuleType):
    """A loss: `function` is torch's for the same calculation, of the tensors and the options."""

    function: Callable[..., Tensor] | None = None


LOSSES: dict[str, LossType] = {}
LOSS_CLASSES: dict[type[nn.Module], LossType] = {}
OPTION_NAMES: set[str] = set()
ALL = Messages(unknown="unrecognized loss setting: {name}",
               surplus="{where}: expecting up to {most} additional positional args, {count} given")
REDUCE_ONLY = Messages(
    unknown="unrecognized loss setting: {name}",
    unused="unrecognized option: {name}, {where} loss expects single option: reduce",
    first=True, surplus="{where}: only 1 positional argument(reduce) expected, {positional} given")
MARGIN_ONLY = Messages(
    unknown="unrecognized loss setting: {name}",
    first=True, surplus="{where}: unrecognized positional arg(s), expecting margin,reduce or both")
WEIGHT_ONLY = Messages(
    unknown="unrecognized loss setting: {name}",
    first=True, surplus="{where}: unrecognized positional arg(s), "
            "expected weights, reduce mode or (weights;reduce mode)")
CLASSES = Option("weight", WEIGHT, None, words="weight of each class")
IGNORE = Option("ignore", LONG, -100, "ignore_index", "target that does not count")


def _reduce(name: str, *modes: str) -> Option:
    modes = modes or ("none", "mean", "sum")
    kind = choice(modes, f"{name} reduce:{{given}} is not one of {','.join(modes)}")
    return Option("reduce", kind, "mean", "reduction", "how the losses are joined", last=True,
                  turn=False)


def _margin(default: float) -> Option:
    return Option("margin", DOUBLE, default, words="the margin")


def _loss(name: str, cls: type[nn.Module], function: Callable[..., Tensor] | None,
          *options: Option, tensors: int = 2, least: int = 0, source: str = "", text: str = "",
          messages: Messages = ALL, reduce: bool = True, **fields: Any) -> None:
    rows = (*options, _reduce(name)) if reduce else options
    if len(rows) == 1 and rows[0].name == "reduce":
        messages = REDUCE_ONLY
    OPTION_NAMES.update(o.name for o in rows)
    LOSSES[name] = LOSS_CLASSES[cls] = LOSS_CLASSES[getattr(nn, cls.__name__)] = LossType(
        name, cls, source or f"torch.nn.{cls.__name__}", OptionTable(rows, messages, OPTION_NAMES),
        text or f"torch::nn::{cls.__name__}()", ("tensor",) * tensors, least or tensors,
        function=function, **fields)


_loss("bce", BCELoss, entropy_loss, tensors=3, least=2, source="torch.nn.BCELoss",
      text="BCELoss()")
_loss("bcelogits", BCEWithLogitsLoss, logits_loss,
      Option("weight", WEIGHT, None, "pos_weight", "weight of each class"), tensors=3, least=2,
      source="torch.nn.BCEWithLogitsLoss", text="BCEWithLogitsLoss()", messages=WEIGHT_ONLY)
_loss("ce", nn.CrossEntropyLoss, F.cross_entropy, CLASSES, IGNORE,
      Option("smoothing", DOUBLE, 0.0, "label_smoothing", "share of the other classes"))
_loss("cosineloss", nn.CosineEmbeddingLoss, F.cosine_embedding_loss, _margin(0.0), tensors=3,
      messages=MARGIN_ONLY, text="torch::nn::CosineEmbeddingLoss(margin={margin})")
_loss("ctc", nn.CTCLoss, F.ctc_loss, Option("blank", LONG, 0, words="the class of blanks"),
      Option("zeroinf", FLAG, False, "zero_infinity", "zero instead of infinite losses"),
      tensors=4)
_loss("hinge", nn.HingeEmbeddingLoss, F.hinge_embedding_loss, _margin(1.0), messages=MARGIN_ONLY,
      text="torch::nn::HingeEmbeddingLoss(margin={margin})")
_loss("huber", HuberLoss, huber_loss,
      Option("delta", DOUBLE, 1.0, words="where it turns linear"), text="torch::nn::HuberLoss")
_loss("kl", nn.KLDivLoss, F.kl_div, _reduce("kl", "none", "batchmean", "mean", "sum"),
      reduce=False)
_loss("l1", L1Loss, l1_loss)
_loss("margin", nn.MarginRankingLoss, F.margin_ranking_loss, _margin(0.0), tensors=3,
      messages=MARGIN_ONLY)
_loss("mse", MSELoss, mse_loss)
_loss("multilabel", nn.MultiLabelMarginLoss, F.multilabel_margin_loss)
_loss("multimargin", nn.MultiMarginLoss, F.multi_margin_loss,
      Option("p", LONG, 1, words="the norm"), _margin(1.0), CLASSES,
      text="torch::nn::MultiMarginLoss(p={p}, margin={margin}, weight={weight:c}, "
           "reduction={reduce:k})")
_loss("multisoft", nn.MultiLabelSoftMarginLoss, F.multilabel_soft_margin_loss, CLASSES,
      messages=WEIGHT_ONLY)
_loss("nll", nn.NLLLoss, F.nll_loss, CLASSES, IGNORE)
_loss("pairwise", nn.PairwiseDistance, None, *PAIRWISE, reduce=False, attributes={"p": "norm"},
      messages=Messages(), text=TYPES["pairwise"].text)
_loss("poissonloss", nn.PoissonNLLLoss, F.poisson_nll_loss,
      Option("log", FLAG, True, "log_input", "the input is a logarithm"),
      Option("full", FLAG, False, words="add the Stirling term"),
      Option("eps", DOUBLE, 1e-8, words="least argument of the logarithm"))
_loss("similar", nn.CosineSimilarity, None, *SIMILAR, reduce=False, messages=Messages(),
      text=TYPES["similar"].text)
_loss("smoothl1", SmoothL1Loss, smooth_l1_loss,
      Option("beta", OPTIONAL_DOUBLE, None, words="where it turns linear"),
      text="torch::nn::SmoothL1Loss", make=_make_smooth_l1,
      attributes={"beta": lambda m: None if getattr(m, "unset_beta", False) else m.beta})
_loss("softmargin", nn.SoftMarginLoss, F.soft_margin_loss)
_loss("triplet", nn.TripletMarginLoss, F.triplet_margin_loss, _margin(1.0),
      Option("p", DOUBLE, 2.0, words="the norm"),
      Option("eps", DOUBLE, 1e-6, words="added to each difference"),
      Option("swap", FLAG, False, words="use the smaller distance of the negative"), tensors=3,
      text="torch::nn::TripletMarginLoss(margin={margin}, p={p}, eps={eps}, swap={swap})")

for _cls, _row in LOSS_CLASSES.items():
    BY_CLASS.setdefault(_cls, _row)  # so that panels can name a loss among modules
