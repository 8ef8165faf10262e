"""Activation functions and dropout."""

from __future__ import annotations

from torch import nn

from ...options import (
    DOUBLE,
    FLAG,
    LONG,
    OPTIONAL_DOUBLE,
    OPTIONAL_LONG,
    Messages,
    Option,
)
from ..own.branch import DropPath
from ..types import enter

INPLACE = Option("inplace", FLAG, False, words="overwrite the input", last=True)
ALPHA = Option("alpha", DOUBLE, 1.0, words="scale of the negative part")
LAMBDA = Option("lambda", DOUBLE, 0.5, "lambd", "half-width of the band that becomes zero")
DIM = Option("dim", OPTIONAL_LONG, words="dimension that sums to one", missing="no dimension given")
BOTH = "both threshold level & replacement value must be given"

_FLAG_ONLY = Messages(unused="{where}: unrecognized option: {name}",
                      positions="{where}: unrecognized option(s), expecting single boolean flag")
_LAMBDA_ONLY = Messages(
    unused="unrecognized option: {name}", first=True,
    surplus="{where}: unrecognized positional option(s), expecting lambda, e.g. 0.5")
_DIM_ONLY = Messages(
    unused="unrecognized option: {name}", first=True,
    surplus="{where}: unrecognized positional option(s), expecting single dimension")


def _with_flag(name: str) -> Messages:
    return Messages(first=True, surplus="{where}: unrecognized positional option(s), expecting "
                    f"{name}, inplace flag, or ({name};inplace flag)")


def _together(names: str) -> Messages:
    return Messages(positions="{where}: unexpected positional arg(s), expects " + names)


for _name, _cls in {"gelu": nn.GELU, "identity": nn.Identity, "logsigmoid": nn.LogSigmoid,
                    "mish": nn.Mish, "sigmoid": nn.Sigmoid, "silu": nn.SiLU,
                    "softmax2d": nn.Softmax2d, "softsign": nn.Softsign, "tanh": nn.Tanh,
                    "tanhshrink": nn.Tanhshrink}.items():
    enter(_name, _cls)

for _name, _cls in {"relu": nn.ReLU, "relu6": nn.ReLU6, "selu": nn.SELU}.items():
    enter(_name, _cls, INPLACE, messages=_FLAG_ONLY,
          text=f"torch::nn::{_cls.__name__}(|inplace={{inplace}}|)")

for _name, _cls in {"celu": nn.CELU, "elu": nn.ELU}.items():
    enter(_name, _cls, ALPHA, INPLACE, messages=_with_flag("alpha"),
          text=f"torch::nn::{_cls.__name__}(alpha={{alpha}}|, inplace={{inplace}}|)")

for _name, _cls in {"hardshrink": nn.Hardshrink, "softshrink": nn.Softshrink}.items():
    enter(_name, _cls, LAMBDA, messages=_LAMBDA_ONLY,
          text=f"torch::nn::{_cls.__name__}({{lambda}})")

for _name, _cls in {"softmax": nn.Softmax, "softmin": nn.Softmin,
                    "logsoftmax": nn.LogSoftmax}.items():
    enter(_name, _cls, DIM, messages=_DIM_ONLY, example={"dim": 1},
          text=f"torch::nn::{_cls.__name__}(dim={{dim}})")

enter("glu", nn.GLU, Option("dim", LONG, -1, words="dimension that is halved"),
      messages=_DIM_ONLY, text="torch::nn::GLU(dim={dim})")
enter("leakyrelu", nn.LeakyReLU,
      Option("slope", DOUBLE, 0.01, "negative_slope", "slope of the negative part"), INPLACE,
      messages=_with_flag("slope"),
      text="torch::nn::LeakyReLU(negative_slope={slope}|, inplace={inplace}|)")
enter("hardtanh", nn.Hardtanh, Option("min", DOUBLE, -1.0, "min_val", "lower limit"),
      Option("max", DOUBLE, 1.0, "max_val", "upper limit"), INPLACE,
      messages=_together("(min;max;inplace flag)"),
      text="torch::nn::Hardtanh(min_val={min}, max_val={max}|, inplace={inplace}|)")
enter("rrelu", nn.RReLU, Option("lower", DOUBLE, 1 / 8, words="least slope of the negative part"),
      Option("upper", DOUBLE, 1 / 3, words="greatest slope of the negative part"), INPLACE,
      messages=_together("(lower;upper;inplace flag)"),
      text="torch::nn::RReLU(lower={lower}, upper={upper}|, inplace={inplace}|)")
enter("softplus", nn.Softplus, Option("beta", DOUBLE, 1.0, words="sharpness of the bend"),
      Option("threshold", DOUBLE, 20.0, words="above this the function is linear"),
      messages=_together("(beta;threshold)"),
      text="torch::nn::Softplus(beta={beta}, threshold={threshold})")
enter("threshold", nn.Threshold,
      Option("threshold", OPTIONAL_DOUBLE, words="values up to this are replaced", missing=BOTH),
      Option("value", OPTIONAL_DOUBLE, words="the replacement", missing=BOTH), INPLACE,
      messages=_together("(threshold;value;inplace flag)"),
      example={"threshold": 0.1, "value": 0.0},
      text="torch::nn::Threshold(threshold={threshold}, value={value}|, inplace={inplace}|)")
enter("prelu", nn.PReLU, Option("in", LONG, 1, "num_parameters", "number of learned slopes"),
      Option("init", DOUBLE, 0.25, words="their first value", last=True),
      messages=Messages(positions="prelu: expecting 1-2 positional args in,init or (in;init)"),
      text="torch::nn::PReLU(num_parameters={in})")

P = Option("p", DOUBLE, 0.5, words="probability of an element to be dropped")
for _name, _cls in {"drop": nn.Dropout, "drop2d": nn.Dropout2d, "drop3d": nn.Dropout3d,
                    "adrop": nn.AlphaDropout, "fadrop": nn.FeatureAlphaDropout}.items():
    enter(_name, _cls, P, Option("inplace", FLAG, False, words="overwrite the input"),
          text=f"torch::nn::{_cls.__name__}(p={{p}}, inplace={{inplace}})")
enter("droppath", DropPath,
      Option("p", DOUBLE, 0.0, words="probability of a sample to be dropped", always=True),
      text="knn::DropPath(p={p})", example={"p": 0.1})
