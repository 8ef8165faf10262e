"""Initializers: torch's numbers for the same seed, every kind of argument, messages."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from api_session import ApiSession
from torch import Tensor, nn

I = nn.init  # noqa: E741
Fill = Callable[[Tensor], Any]
SHAPES = {"dirac": (4, 3, 5), "eye": (4, 6), "snormal": (10, 8)}

# function, arguments after the tensor, the same with torch
CASES: list[tuple[str, str, Fill]] = [
    ("zeros", "", I.zeros_), ("ones", "", I.ones_), ("eye", "", I.eye_), ("dirac", "", I.dirac_),
    ("xnormal", "", I.xavier_normal_), ("xnormal", "2.5", lambda t: I.xavier_normal_(t, 2.5)),
    ("xuniform", "", I.xavier_uniform_), ("xuniform", ".5", lambda t: I.xavier_uniform_(t, .5)),
    ("knormal", "", I.kaiming_normal_),
    ("knormal", "`relu", lambda t: I.kaiming_normal_(t, 0, "fan_in", "relu")),
    ("knormal", ".3;`fanout", lambda t: I.kaiming_normal_(t, .3, "fan_out")),
    ("knormal", "`fanout;`tanh;2", lambda t: I.kaiming_normal_(t, 2, "fan_out", "tanh")),
    ("kuniform", "", I.kaiming_uniform_),
    ("kuniform", "`fanout;.2;`leakyrelu", lambda t: I.kaiming_uniform_(t, .2, "fan_out")),
    ("kuniform", "`conv2d", lambda t: I.kaiming_uniform_(t, 0, "fan_in", "conv2d")),
    ("snormal", ".3", lambda t: I.sparse_(t, .3)),
    ("snormal", ".3;2f", lambda t: I.sparse_(t, .3, 2)),
    ("fill", "3", lambda t: t.fill_(3)), ("fill", "-2.5", lambda t: t.fill_(-2.5)),
    ("normal", "", lambda t: t.normal_()), ("normal", "5", lambda t: t.normal_(5)),
    ("normal", "5;.1", lambda t: t.normal_(5, .1)), ("uniform", "", lambda t: t.uniform_()),
    ("uniform", "-3;2f", lambda t: t.uniform_(-3, 2)), ("cauchy", "", lambda t: t.cauchy_()),
    ("cauchy", "1;.5", lambda t: t.cauchy_(1, .5)),
    ("exponential", "", lambda t: t.exponential_()),
    ("exponential", "3", lambda t: t.exponential_(3)),
    ("geometric", ".4", lambda t: t.geometric_(.4)), ("lognormal", "", lambda t: t.log_normal_()),
    ("lognormal", "0;.5", lambda t: t.log_normal_(0, .5)), ("random", "", lambda t: t.random_()),
    ("random", "9", lambda t: t.random_(9)), ("random", "5;9", lambda t: t.random_(5, 9))]
IDS = [f"{name}({args})" for name, args, _ in CASES]


def expected(name: str, fill: Fill, n: int = 1, like: Tensor | None = None) -> list[Tensor]:
    """Tensors that torch itself fills, one after the other."""
    made = [torch.full(SHAPES.get(name, (4, 6)), 7.) if like is None else like.clone()
            for _ in range(n)]
    torch.manual_seed(17)
    with torch.no_grad():
        for t in made:
            fill(t)
    return made


def call(name: str, first: str, args: str) -> str:
    return f"{name}({first};{args})" if args else f"{name}({first})" if ";" in first else \
        f"{name}[{first}]"


@pytest.fixture
def shaped(q: ApiSession, request: pytest.FixtureRequest) -> ApiSession:
    """x: an array of the shape that suits the function."""
    name = request.node.callspec.params["name"]
    q(f"x:{' '.join(map(str, SHAPES.get(name, (4, 6))))}#7e")
    return q


@pytest.mark.parametrize(("name", "args", "fill"), CASES, ids=IDS)
def test_tensors_vectors_dictionaries(shaped: ApiSession, name: str, args: str,
                                      fill: Fill) -> None:
    q = shaped
    q("t:tensor x\nv:vector(x;x)\nd:dict`a`b!(x;x)\nm:module enlist(`parmdict;`a`b!(x;x))")
    one, two = expected(name, fill), expected(name, fill, 2)
    q(f"seed 17\n{call(name, 't', args)}")
    assert torch.equal(q.obj("t"), one[0])
    for first, tensors in (("v", "v"), ("d", "d"), ("v;0 1", "v"), ("d;`a`b", "d"),
                           ("m;`a`b", "m")):
        for t in flat(q, tensors):
            t.detach().fill_(7)
        q(f"seed 17\n{call(name, first, args)}")
        for mine, theirs in zip(flat(q, tensors), two, strict=True):
            assert torch.equal(mine, theirs), first


def flat(q: ApiSession, name: str) -> list[Tensor]:
    obj = q.obj(name)
    if isinstance(obj, nn.Module):
        return list(obj.parameters())
    return list(obj.values()) if isinstance(obj, dict) else list(obj)


@pytest.mark.parametrize(("name", "args", "fill"), CASES, ids=IDS)
def test_arrays_come_back_filled(shaped: ApiSession, name: str, args: str, fill: Fill) -> None:
    shaped("seed 17")
    value = shaped(call(name, "x", args))
    assert value.tolist() == expected(name, fill)[0].tolist()
    assert shaped("all 7e=raze over x")  # the argument is as before


MATRICES = [c for c in CASES if c[0] != "dirac"]


@pytest.mark.parametrize(("name", "args", "fill"), MATRICES, ids=[f"{c[0]}({c[1]})"
                                                                  for c in MATRICES])
def test_other_tensors_stay(q: ApiSession, name: str, args: str, fill: Fill) -> None:
    q(f"v:vector(4 6#7e;4 6#7e;4 6#7e)\n{call(name, 'v;1#2', args)}")
    assert q("all 7e=raze raze vector[v]0 1")
    assert not q("7e~min raze vector[v]2")


@pytest.mark.parametrize("shape", [(4, 6), (6, 4), (5, 3, 2)])
def test_orthogonal(q: ApiSession, shape: tuple[int, ...]) -> None:
    q(f"t:tensor {' '.join(map(str, shape))}#0e\nseed 3\northogonal(t;2.)")
    t = q.obj("t").reshape(shape[0], -1)
    product = t @ t.t() if t.shape[0] < t.shape[1] else t.t() @ t
    torch.testing.assert_close(product, 4 * torch.eye(len(product)))


def test_rows_of_a_tensor(q: ApiSession) -> None:
    q("t:tensor 4 3#7e\nseed 2\nnormal(t;0 2)")
    torch.manual_seed(2)
    rows = [torch.empty(3).normal_() for _ in range(2)]
    assert torch.equal(q.obj("t")[[0, 2]], torch.stack(rows))
    assert q("(tensor[t]1 3)~2 3#7e")


AMBIGUOUS = [  # what the second of the arguments is
    ("random(v;2;5)", "all{all x in 2 3 4e}each vector v"),  # limits
    ("random(v;1#2;5)", "(7 7 7e~vector[v]0)&all(\"j\"$vector[v]2)in til 5"),
    ("random(v;2;0;5)", "(7 7 7e~vector[v]0)&all(\"j\"$vector[v]2)in til 5"),
    ("normal(v;0 1)", "7 7 7e~vector[v]2"),
    ("uniform(v;1;2)", "all{all x within 1 2}each vector v"),
    ("knormal(w;`fanout)", "not any 7e in raze raze dict w"),
    ("knormal(w;1#`fanout)", "all 7e=raze dict[w]`relu"),
    ("knormal(w;`relu)", "not any 7e in raze raze dict w"),
    ("knormal(w;`fanout`relu)", "not any 7e in raze raze dict w"),
    ("zeros(w;`relu)", "(all 0e=raze dict[w]`relu)&all 7e=raze dict[w]`fanout")]


@pytest.mark.parametrize(("source", "holds"), AMBIGUOUS)
def test_options_or_choice(q: ApiSession, source: str, holds: str) -> None:
    q(f"v:vector 3#enlist 7 7 7e\nw:dict`fanout`relu!(2 3#7e;1 4#7e)\n{source}")
    assert q(holds)


def test_names_reach_modules_models_and_optimizers(q: ApiSession) -> None:
    q("q:module seq(`sequential;(`linear;`a;3;2);(`batchnorm1d;`b;2))\no:opt(`sgd;q;.1)\n"
      "m:model(addref q;loss`mse;addref o)\nzeros(q;`a.weight)\nones(o;`a.bias)\n"
      "fill(m;`b.running_mean;5)")
    assert q("(tensor parm(q;`a.weight))~2 3#0e")
    assert q("(tensor parm(q;`a.bias))~1 1e")
    assert q("(tensor buffer(q;`b.running_mean))~5 5e")
    assert q("1111b~value gradflag q")


def test_gradients_do_not_see_it(q: ApiSession) -> None:
    q("t:tensor(3 4#1e;`grad)\nnormal t")
    assert q.obj("t").is_leaf and q.obj("t").requires_grad
    assert q("`~gradfn t")


def test_filldiagonal(q: ApiSession) -> None:
    assert q("filldiagonal(3 2#0;1)").tolist() == [[1, 0], [0, 1], [0, 0]]
    q("t:tensor 7 2#0e\nfilldiagonal(t;2.5;1b)")
    assert q.obj("t").tolist() == torch.zeros(7, 2).fill_diagonal_(2.5, wrap=True).tolist()


GAINS = {"linear": 1, "conv2d": 1, "convtranspose1d": 1, "sigmoid": 1, "tanh": 5 / 3,
         "relu": math.sqrt(2), "leakyrelu": math.sqrt(2 / 1.0001)}


@pytest.mark.parametrize("name", GAINS)
def test_gain(q: ApiSession, name: str) -> None:
    assert q(f"gain`{name}") == pytest.approx(GAINS[name], rel=1e-12)
    assert q("gain(`leakyrelu;.5)") == pytest.approx(math.sqrt(1.6), rel=1e-12)


ERRORS = [
    ("zeros q", "zeros: not implemented for single module argument"),
    ("zeros(q;`nosuch)", "zeros: parameter/buffer `nosuch not found"),
    ("zeros(v;9)", "zeros: vector[9] invalid given a 2-element vector"),
    ("zeros(t;4)", "zeros: tensor[4] invalid given a 4-element tensor"),
    ("zeros(d;`z)", "zeros: dictionary key `z not found"),
    ("zeros(t;.5)", "zeros: not implemented for additional gain argument of 0.5"),
    ("xnormal(t;0 1;3)", "xaiver normal: unable to read final arg of gain, double expected, given "
                         "long scalar"),
    ("xnormal(vector enlist 1 2e)", "Fan in and fan out can not be computed for tensor with fewer "
                                    "than 2 dimensions"),
    ("eye 1 2e", "Only tensors with 2 dimensions are supported"),
    ("dirac 2 2#0e", "Only tensors with 3, 4, or 5 dimensions are supported"),
    ("normal q", "normal: not implemented for module, without parameter/buffer names"),
    ("normal(t;`a)", "normal: expecting 2nd arg of tensor indices, given symbol scalar"),
    ("normal(t;0b)", "normal: expecting long/double for 2nd argument, given boolean scalar"),
    ("random(t;1.5;2)", "random: requires integers for low & high limits"),
    ("random(t;1.5)", "random: requires integer for high limit"),
    ("geometric t", "geometric: requires a single probability argument, 0 args supplied"),
    ("knormal(t;`nosuch)", "kaiming normal: unrecognized symbol `nosuch"),
    ("kuniform(q;.5)", "kaiming uniform: tensor name(s) expected with supplied module"),
    ("snormal(t;1)", "sparse initialize: expecting 3 args, tensor, indices/names and sparse "
                     "fraction, but 2 args supplied"),
    ("fill(q;1)", "fill: given module expecting parameter/buffer names in addition to fill "
                  "element"),
    ("fill(t;1 2)", "fill: unable to get fill element from final arg of long list"),
    ("filldiagonal t", "fill diagonal expects (tensor/array;fill element;optional wrap flag)"),
    ("gain`nosuch", "gain: unrecognized non-linearity `nosuch"),
    ("gain 1", "gain: expecting function name and optional parameter, e.g. `relu or "
               "(`leakyrelu;0.2)")]


@pytest.mark.parametrize(("source", "message"), ERRORS, ids=[e[0] for e in ERRORS])
def test_errors(q: ApiSession, source: str, message: str) -> None:
    q("q:module enlist(`linear;3;2)\nt:tensor 4 3#7e\nv:vector(1 2e;3 4e)\nd:dict`a`b!(1 2e;3 4e)")
    assert q.error(source) == message
    assert q("(tensor t)~4 3#7e")
