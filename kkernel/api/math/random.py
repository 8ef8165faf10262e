"""Random draws from given probabilities."""

from __future__ import annotations

from typing import Any

import torch

from .. import kinds
from ..declare import function
from ..params import OUTPUT, Param, Usage, tensor

Tensor = torch.Tensor
GROUP = "math-random"


@function("bernoulli", GROUP, "0 or 1, with the given probability of 1",
          tensor("x", "probabilities"), OUTPUT,
          usage=Usage("expecting args of (x;output), but {n} args given"),
          examples=["bernoulli 0 1 1 0f"],
          samples=[" 0 1 1 0f"])
def bernoulli(x: Tensor, out: Any) -> Any:
    if out is None:
        return torch.bernoulli(x)
    torch.bernoulli(x, out=out)
    return None


@function("multinomial", GROUP, "indices drawn with the given weights",
          tensor("x", "weights, or rows of weights"),
          Param("n", kinds.LONG, "how many; if left out one, without a dimension for it", None),
          Param("replace", kinds.FLAG, "1b to allow repetitions", False), OUTPUT,
          usage=Usage("unrecognized args, expecting (input;n;replaceflag;output)",
                      "expecting 1-4 args, (input;n;replaceflag;output), given {n}"),
          examples=["multinomial 0 0 1f", "asc multinomial(1 1 1f;3)"],
          samples=[" 0 0 1f", "(1 2 3f;3)", "(0 1f;4;1b)"])
def multinomial(x: Tensor, n: int | None, replace: bool, out: Any) -> Any:
    count = 1 if n is None else n
    if out is None:
        drawn = torch.multinomial(x, count, replace)
        return drawn.squeeze() if n is None else drawn
    torch.multinomial(x, count, replace, out=out)
    if n is None:
        out.squeeze_()
    return None
