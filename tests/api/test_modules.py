"""Every module type: parameters, forward and gradients are torch's for the same seed; definition
and state make the same module again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from api_session import ApiSession, flat, seeded
from torch import Tensor, nn
from torch.nn import functional as F

Case = tuple[str, Callable[[], Any], tuple[Any, ...]]  # definition, torch's module, inputs


def ints(*shape: int) -> Tensor:
    return torch.randint(5, shape)


def fn(f: Callable[..., Tensor]) -> Callable[[], Callable[..., Tensor]]:
    """A plain function in the place of a module."""
    return lambda: f


LINE, IMAGE, CUBE = (2, 4, 12), (2, 4, 8, 9), (2, 4, 6, 7, 8)
ACTIVATIONS: list[Case] = [
    ("`celu", nn.CELU, ((3, 4),)), ("(`celu;.5)", lambda: nn.CELU(.5), ((3, 4),)),
    ("(`elu;`alpha,2)", lambda: nn.ELU(2), ((3, 4),)), ("`gelu", nn.GELU, ((3, 4),)),
    ("(`glu;0)", lambda: nn.GLU(0), ((4, 3),)), ("`hardshrink", nn.Hardshrink, ((3, 4),)),
    ("(`hardtanh;-.5;.4)", lambda: nn.Hardtanh(-.5, .4), ((3, 4),)),
    ("(`leakyrelu;.2)", lambda: nn.LeakyReLU(.2), ((3, 4),)),
    ("`logsigmoid", nn.LogSigmoid, ((3, 4),)),
    ("(`logsoftmax;1)", lambda: nn.LogSoftmax(1), ((3, 4),)),
    ("`mish", nn.Mish, ((3, 4),)), ("`relu", nn.ReLU, ((3, 4),)), ("`relu6", nn.ReLU6, ((3, 4),)),
    ("(`rrelu;.1;.4)", lambda: nn.RReLU(.1, .4), ((3, 4),)), ("`selu", nn.SELU, ((3, 4),)),
    ("`sigmoid", nn.Sigmoid, ((3, 4),)), ("`silu", nn.SiLU, ((3, 4),)),
    ("(`softmax;0)", lambda: nn.Softmax(0), ((3, 4),)), ("`softmax2d", nn.Softmax2d, (IMAGE,)),
    ("(`softmin;1)", lambda: nn.Softmin(1), ((3, 4),)),
    ("(`softplus;2f;3f)", lambda: nn.Softplus(2, 3), ((3, 4),)),
    ("(`softshrink;.3)", lambda: nn.Softshrink(.3), ((3, 4),)),
    ("`softsign", nn.Softsign, ((3, 4),)),
    ("`tanh", nn.Tanh, ((3, 4),)), ("`tanhshrink", nn.Tanhshrink, ((3, 4),)),
    ("(`threshold;.1;-3f)", lambda: nn.Threshold(.1, -3), ((3, 4),)),
    ("(`prelu;4;.3)", lambda: nn.PReLU(4, .3), (LINE,)), ("`identity", nn.Identity, ((3, 4),)),
]
POOLS: list[Case] = [
    ("(`adaptavg1d;5)", lambda: nn.AdaptiveAvgPool1d(5), (LINE,)),
    ("(`adaptavg2d;3 0N)", lambda: nn.AdaptiveAvgPool2d((3, None)), (IMAGE,)),
    ("(`adaptavg3d;2 3 4)", lambda: nn.AdaptiveAvgPool3d((2, 3, 4)), (CUBE,)),
    ("(`adaptmax1d;5)", lambda: nn.AdaptiveMaxPool1d(5), (LINE,)),
    ("(`adaptmax2d;3)", lambda: nn.AdaptiveMaxPool2d(3), (IMAGE,)),
    ("(`adaptmax3d;2)", lambda: nn.AdaptiveMaxPool3d(2), (CUBE,)),
    ("(`avgpool1d;3;2;1)", lambda: nn.AvgPool1d(3, 2, 1), (LINE,)),
    ("(`avgpool2d;3 2;`ceiling`countpad!10b)",
     lambda: nn.AvgPool2d((3, 2), ceil_mode=True, count_include_pad=False), (IMAGE,)),
    ("(`avgpool3d;2;`divisor,3)", lambda: nn.AvgPool3d(2, divisor_override=3), (CUBE,)),
    ("(`lppool1d;2f;3)", lambda: nn.LPPool1d(2, 3), (LINE,)),
    ("(`lppool2d;2f;2 3;1)", lambda: nn.LPPool2d(2, (2, 3), 1), (IMAGE,)),
    ("(`maxpool1d;3;2;1)", lambda: nn.MaxPool1d(3, 2, 1), (LINE,)),
    ("(`maxpool2d;2 3;`dilate,2)", lambda: nn.MaxPool2d((2, 3), dilation=2), (IMAGE,)),
    ("(`maxpool3d;2;`ceiling,1b)", lambda: nn.MaxPool3d(2, ceil_mode=True), (CUBE,)),
    ("(`fmaxpool2d;2;`outsize,3)", lambda: nn.FractionalMaxPool2d(2, output_size=3), (IMAGE,)),
    ("(`fmaxpool3d;2;`ratio,.5)", lambda: nn.FractionalMaxPool3d(2, output_ratio=.5), (CUBE,)),
]
LAYERS: list[Case] = [
    ("(`linear;4;3)", lambda: nn.Linear(4, 3), ((5, 4),)),
    ("(`linear;4;3;0b)", lambda: nn.Linear(4, 3, False), ((5, 4),)),
    ("(`bilinear;4;3;2)", lambda: nn.Bilinear(4, 3, 2), ((5, 4), (5, 3))),
    ("(`conv1d;4;6;3;`pad`dilate!1 2)", lambda: nn.Conv1d(4, 6, 3, padding=1, dilation=2), (LINE,)),
    ("(`conv2d;4;6;3 2;2 1;1;`groups`bias`padmode!(2;0b;`reflect))",
     lambda: nn.Conv2d(4, 6, (3, 2), (2, 1), 1, groups=2, bias=False, padding_mode="reflect"),
     (IMAGE,)),
    ("(`conv2d;4;6;3;`pad,`same)", lambda: nn.Conv2d(4, 6, 3, padding="same"), (IMAGE,)),
    ("(`conv3d;4;2;2)", lambda: nn.Conv3d(4, 2, 2), (CUBE,)),
    ("(`convtranspose1d;4;3;2;2)", lambda: nn.ConvTranspose1d(4, 3, 2, 2), (LINE,)),
    ("(`convtranspose2d;4;6;3;2;1;1;2;0b;2)",
     lambda: nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, 2, False, 2), (IMAGE,)),
    ("(`convtranspose3d;4;2;2)", lambda: nn.ConvTranspose3d(4, 2, 2), (CUBE,)),
    ("(`embed;5;3)", lambda: nn.Embedding(5, 3), (ints(4, 2),)),
    ("(`embed;5;3;2;1.2)", lambda: nn.Embedding(5, 3, 2, 1.2), (ints(4, 2),)),
    ("(`embedbag;5;3)", lambda: nn.EmbeddingBag(5, 3), (ints(4, 2),)),
    ("(`embedbag;5;3;`mode,`sum)", lambda: nn.EmbeddingBag(5, 3, mode="sum"), (ints(4, 2),)),
    ("(`batchnorm1d;4)", lambda: nn.BatchNorm1d(4), (LINE,)),
    ("(`batchnorm2d;4;1e-3;.2)", lambda: nn.BatchNorm2d(4, 1e-3, .2), (IMAGE,)),
    ("(`batchnorm3d;4;`affine`track!00b)",
     lambda: nn.BatchNorm3d(4, affine=False, track_running_stats=False), (CUBE,)),
    ("(`instancenorm1d;4)", lambda: nn.InstanceNorm1d(4), (LINE,)),
    ("(`instancenorm2d;4;`affine,1b)", lambda: nn.InstanceNorm2d(4, affine=True), (IMAGE,)),
    ("(`instancenorm3d;4;`track,1b)", lambda: nn.InstanceNorm3d(4, track_running_stats=True),
     (CUBE,)),
    ("(`groupnorm;2;4)", lambda: nn.GroupNorm(2, 4), (LINE,)),
    ("(`layernorm;8 9;1e-3)", lambda: nn.LayerNorm((8, 9), 1e-3), (IMAGE,)),
    ("(`localnorm;3)", lambda: nn.LocalResponseNorm(3), (IMAGE,)),
    ("(`crossmap2d;3)", lambda: nn.CrossMapLRN2d(3), (IMAGE,)),
    ("(`drop;.4)", lambda: nn.Dropout(.4), ((6, 7),)), ("`drop2d", nn.Dropout2d, (IMAGE,)),
    ("`drop3d", nn.Dropout3d, (CUBE,)), ("`adrop", nn.AlphaDropout, ((6, 7),)),
    ("`fadrop", nn.FeatureAlphaDropout, (CUBE,)),
    ("(`rnn;4;3;2;`relu)", lambda: nn.RNN(4, 3, 2, nonlinearity="relu"), ((5, 2, 4),)),
    ("(`gru;4;3;`bi,1b)", lambda: nn.GRU(4, 3, bidirectional=True), ((5, 2, 4), (2, 2, 3))),
    ("(`lstm;4;3;2;`batchfirst`dropout!(1b;.3))",
     lambda: nn.LSTM(4, 3, 2, batch_first=True, dropout=.3), ((5, 2, 4),)),
]
SHAPES: list[Case] = [
    ("`flatten", nn.Flatten, (IMAGE,)), ("(`flatten;0;1)", lambda: nn.Flatten(0, 1), (IMAGE,)),
    ("(`fold;4 5;2 2)", lambda: nn.Fold((4, 5), 2), ((2, 12, 12),)),
    ("(`unfold;2 3;1;1)", lambda: nn.Unfold((2, 3), 1, 1), (IMAGE,)),
    ("(`upsample;`scale`mode!(2f;`bilinear))",
     lambda: nn.Upsample(scale_factor=2, mode="bilinear"), (IMAGE,)),
    ("(`onehot;6)", fn(lambda x: F.one_hot(x, 6).float()), (ints(3, 2),)),
    ("(`pad;1 2 0 1;`constant;3f)", fn(lambda x: F.pad(x, (1, 2, 0, 1), value=3)), (IMAGE,)),
    ("(`pad1d;1 2;.5)", lambda: nn.ConstantPad1d((1, 2), .5), (LINE,)),
    ("(`pad2d;1 2 0 1)", lambda: nn.ConstantPad2d((1, 2, 0, 1), 0), (IMAGE,)),
    ("(`pad3d;1 2 0 1 1 1)", lambda: nn.ConstantPad3d((1, 2, 0, 1, 1, 1), 0), (CUBE,)),
    ("(`zeropad2d;1)", lambda: nn.ZeroPad2d(1), (IMAGE,)),
    ("(`reflect1d;1 2)", lambda: nn.ReflectionPad1d((1, 2)), (LINE,)),
    ("(`reflect2d;2)", lambda: nn.ReflectionPad2d(2), (IMAGE,)),
    ("(`replicate1d;1 2)", lambda: nn.ReplicationPad1d((1, 2)), (LINE,)),
    ("(`replicate2d;2)", lambda: nn.ReplicationPad2d(2), (IMAGE,)),
    ("(`replicate3d;1)", lambda: nn.ReplicationPad3d(1), (CUBE,)),
    ("(`cat;1)", fn(lambda x, y: torch.cat([x, y], 1)), ((2, 3), (2, 4))),
    ("`matmul", fn(torch.matmul), ((2, 3), (3, 4))), ("`mul", fn(torch.mul), ((2, 3), (2, 1))),
    ("(`expand;3 -1)", fn(lambda x: x.expand(3, -1)), ((1, 4),)),
    ("(`permute;2 0 1)", fn(lambda x: x.permute(2, 0, 1)), (LINE,)),
    ("(`reshape;4 -1)", fn(lambda x: x.reshape(4, -1)), (LINE,)),
    ("(`indexselect;1;2 0)", fn(lambda x: x[:, [2, 0]]), (LINE,)),
    ("(`select;1;2)", fn(lambda x: x[:, 2]), (LINE,)),
    ("`squeeze", fn(torch.squeeze), ((1, 3, 1),)),
    ("(`squeeze;0)", fn(lambda x: x.squeeze(0)), ((1, 3, 1),)),
    ("(`unsqueeze;1)", fn(lambda x: x.unsqueeze(1)), ((2, 3),)),
    ("(`transpose;0;2)", fn(lambda x: x.transpose(0, 2)), (LINE,)),
    ("(`pairwise;1f;1e-3;1b)", lambda: nn.PairwiseDistance(1., 1e-3, True), ((3, 4), (3, 4))),
    ("(`similar;0)", lambda: nn.CosineSimilarity(0), ((3, 4), (3, 4))),
    ("(`zscore;.5;2f)", fn(lambda x: (x - .5) / 2), (IMAGE,)),
]
CASES = [*ACTIVATIONS, *POOLS, *LAYERS, *SHAPES]


def inputs(shapes: tuple[Any, ...]) -> list[Tensor]:
    """A tensor as it is, or a random one of the shape that needs gradients."""
    torch.manual_seed(3)
    return [s if isinstance(s, Tensor) else torch.randn(s, requires_grad=True) for s in shapes]


def results(module: Any, x: list[Tensor]) -> tuple[list[Tensor], list[Tensor | None]]:
    """Outputs with dropout's random numbers, and gradients of parameters and inputs."""
    torch.manual_seed(5)
    y = flat(module(*x))
    parms = list(module.parameters()) if isinstance(module, nn.Module) else []
    learned = [t for t in (*x, *parms) if t.requires_grad]
    if not any(t.requires_grad for t in y):
        return y, []
    total = sum((t * torch.arange(t.numel()).reshape(t.shape)).sum() for t in y if t.requires_grad)
    return y, list(torch.autograd.grad(total, learned, allow_unused=True))


def assert_equal(mine: list[Tensor | None], theirs: list[Tensor | None]) -> None:
    assert len(mine) == len(theirs)
    for a, b in zip(mine, theirs, strict=True):
        assert (a is None) == (b is None)
        assert a is None or b is None or (a.shape == b.shape and torch.equal(a, b))


@pytest.mark.parametrize(("definition", "make", "shapes"), CASES, ids=[c[0] for c in CASES])
def test_torch_module(q: ApiSession, definition: str, make: Any, shapes: tuple[Any, ...]) -> None:
    mine = seeded(lambda: q.obj(f"m:module enlist{definition}"))
    theirs = seeded(make)
    if isinstance(theirs, nn.Module):
        assert {k: v.tolist() for k, v in mine.state_dict().items()} == \
            {k: v.tolist() for k, v in theirs.state_dict().items()}
    x = inputs(shapes)
    got, expected = results(mine, x), results(theirs, x)
    assert_equal(got[0], expected[0])
    assert_equal(got[1], expected[1])
    q.put("x", x[0].detach()) if len(x) == 1 else q.put("x", [t.detach() for t in x])
    torch.manual_seed(5)
    assert_equal(flat(q.obj("y:forward(m;x)")), expected[0])


@pytest.mark.parametrize("definition", [c[0] for c in CASES])
def test_definition_and_state_make_it_again(q: ApiSession, definition: str) -> None:
    q(f"m:module enlist{definition}")
    assert q("s~state module s:state m")
    assert q("d~module module d:module m")
    assert q("d~module module module(m;0b)")
    assert q("(str m)~str module d")


OWN = {"attention", "callback", "decoder", "decoderlayer", "droppath", "embedpos", "embedseq",
       "encoder", "encoderlayer", "fork", "moduledict", "modulelist", "nbeats", "parmdict",
       "randomcrop", "randomflip", "recur", "residual", "selfattention", "seqdict", "seqjoin",
       "seqlist", "seqnest", "sequential", "transform", "transformer"}  # in test_own_modules.py
FUNCTIONS = {"interpolate", "normalize"}  # no modules


def test_every_type_is_tested() -> None:
    from kkernel.api.module.types import TYPES

    tested = {c[0].lstrip("(`").split(";")[0].rstrip(")") for c in CASES} | OWN
    assert tested | FUNCTIONS == set(TYPES)
    assert len(TYPES) == 128
