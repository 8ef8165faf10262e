"""Calls that loops of training make again and again: later calls, which are read by their form, do
what the first does, which is read in full; another object of the same form is refused."""

from __future__ import annotations

import pytest
import torch
from api_session import ApiSession
from torch import nn
from torch.nn import functional as F

MAKE = """\
seed 5
q:module seq(`sequential;(`linear;3;8);`relu;(`linear;8;4))
l:loss`ce
o:opt(`sgd;q;.1)
m:model(addref q;addref l;addref o)
x:tensor 10 3#"e"$sin til 30
y:tensor 10#0 3 1 2 1
z:forward(q;x)"""
EXPECTED = ("backward: expects tensor or model as 1st arg, e.g. backward(tensor) or "
            "backward(model;inputs;targets)")


@pytest.fixture
def net(q: ApiSession) -> ApiSession:
    q(MAKE)
    return q


def plain(net: ApiSession) -> nn.Module:
    found: nn.Module = net.obj("q")
    return found


def test_loss_of_a_pair(net: ApiSession) -> None:
    expected = F.cross_entropy(net.obj("z"), net.obj("y"))
    net("f:{[l]r:tensor e:loss(l;z;y); free e; r}")
    assert {float(v) for v in net("f each(l;m;l;m)")} == {float(expected)}
    assert net.error("f q") == net.error("loss(q;z;0)") == "loss: unrecognized arg(s)"
    net("k:loss`triplet")
    assert net.error("f k") == ("triplet: loss calculation not implemented for single tensor input "
                                "& target")


def test_gradients_of_a_model(net: ApiSession) -> None:
    module = plain(net)
    F.cross_entropy(module(net.obj("x")), net.obj("y")).backward()
    once = [p.grad.clone() for p in module.parameters()]  # type: ignore[union-attr]
    net("f:{[m;x;y]nograd o; backward(m;x;y)}")
    values = net("f[;x;y]each(m;m;m;m)")
    assert len({float(v) for v in values}) == 1
    assert all(torch.equal(a, p.grad) for a, p in zip(once, module.parameters(), strict=True))
    assert net.error("f[l;x;y]") == EXPECTED
    assert net.error("f[m;x;tensor 3#0]").startswith("Expected input batch_size (10)")


def test_gradients_of_a_tensor(net: ApiSession) -> None:
    net("g:{[i]nograd q; r:forward(q;x); e:loss(l;r;y); backward e; free each(r;e); "
        "r:grad p:parm(q;`0.weight); free p; r}")
    assert net("1=count distinct g each til 4")
    assert net.error("g2:{backward x}; {g2 x}each(Sum z;l)") == EXPECTED
    assert "does not require grad" in net.error("g2 x")


@pytest.mark.parametrize(("call", "method", "numbers"), [
    ("normal t", "normal_", (0., 1.)), ("normal(t;2)", "normal_", (2., 1.)),
    ("normal(t;-1;.5)", "normal_", (-1., .5)), ("uniform(t;.8;1)", "uniform_", (.8, 1.)),
    ("uniform(t;-2;3)", "uniform_", (-2., 3.)), ("random(t;7)", "random_", (7,)),
    ("random(t;2;9)", "random_", (2, 9)), ("exponential(t;.5)", "exponential_", (.5,)),
    ("cauchy t", "cauchy_", (0., 1.)), ("geometric(t;.3)", "geometric_", (.3,)),
    ("lognormal(t;1;2f)", "log_normal_", (1., 2.))])
def test_draws(q: ApiSession, call: str, method: str, numbers: tuple[float, ...]) -> None:
    q("t:tensor(`zeros;3 5;`grad)\nseed 8")
    found = q(f"{{{call}; tensor t}}each til 3")
    torch.manual_seed(8)
    for row in found:
        expected = getattr(torch.zeros(3, 5), method)(*numbers)
        assert (row == expected.numpy()).all()
    assert q.obj("t").requires_grad


def test_draws_refuse_what_the_first_call_refuses(q: ApiSession) -> None:
    q("t:tensor 3 5#0e\nf:{[a;b]random(t;a;b)}\nf'[0 1;5 6];")
    assert q.error("f[.5;2]") == "random: requires integers for low & high limits"
    q("g:{[a]geometric(t;a)}\ng each .1 .2;")
    assert q.error("g 2.") == q.error("geometric(t;2.)")


def test_batches(q: ApiSession) -> None:
    q("t:tensor til 10\nf:{[t;i]batch(t;4;i); tensor t}")
    assert q("(f[t]each 0 2 1)~(til 4;8 9;4+til 4)")
    assert q.error("f[t;3]") == q.error("batch(t;4;3)")
    assert q("10=restore t")
    assert q("{r:();while[batch(t;4);r,:enlist tensor t];r}[]~0 4 8_til 10")
    assert q.error("{batch(t;x)}each 4 20").startswith("batch: size 20 not in the range 1-9")


def test_modes_come_back(net: ApiSession) -> None:
    module = plain(net)
    module[1].eval()
    net("do[3;free eforward(q;x)]")
    assert module.training and module[1].training

    class Counted(nn.Linear):
        calls: list[bool] = []

        def train(self, mode: bool = True) -> nn.Module:
            self.calls.append(mode)
            return super().train(mode)

    module.append(Counted(4, 2))
    net("do[2;free eforward(q;x)]")
    assert Counted.calls == [False, True] * 2 and module[3].training
