"""Models: options, data, batches, training and testing against plain PyTorch loops, state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from api_session import ApiSession
from torch import Tensor, nn
from torch.nn import functional as F

MAKE = """\
seed 5
q:module seq(`sequential;(`linear;`a;3;8);`relu;(`linear;`b;8;4))
m:model(addref q;loss`ce;opt(`sgd;q;.1;.9))
X:20 3#"e"$sin til 60
Y:20#0 3 1 2 1"""


@pytest.fixture
def net(q: ApiSession) -> ApiSession:
    q(MAKE)
    return q


def plain() -> tuple[nn.Module, torch.optim.Optimizer, Tensor, Tensor]:
    """The same model in plain PyTorch."""
    torch.manual_seed(5)
    q = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 4))
    x = torch.arange(60).double().sin().float().reshape(20, 3)
    return q, torch.optim.SGD(q.parameters(), .1, .9), x, torch.tensor([0, 3, 1, 2, 1]).repeat(4)


def plain_epoch(q: nn.Module, o: torch.optim.Optimizer, x: Tensor, y: Tensor, width: int,
                clip: Any = None) -> list[float]:
    losses = []
    for xb, yb in zip(x.split(width), y.split(width), strict=True):
        o.zero_grad()
        loss = F.cross_entropy(q(xb), yb)
        loss.backward()
        if clip:
            clip(q.parameters())
        o.step()
        losses.append(loss.item())
    return losses


# ------------------------------------------------------------------ runs

CLIPS = [("", None), ("train(m;`clipnorm;.3)", lambda p: nn.utils.clip_grad_norm_(p, .3)),
         ("train(m;`clipnorm;.3 0w)", lambda p: nn.utils.clip_grad_norm_(p, .3, float("inf"))),
         ("train(m;`clipvalue;.02)", lambda p: nn.utils.clip_grad_value_(p, .02))]


@pytest.mark.parametrize(("option", "clip"), CLIPS)
def test_run_equals_a_plain_loop(net: ApiSession, option: str, clip: Any) -> None:
    net(f"train(m;`batchsize`metrics;(6;`batchloss))\n{option}")
    q, o, x, y = plain()
    for _ in range(3):
        assert net("run(m;X;Y)").tolist() == plain_epoch(q, o, x, y, 6, clip)
    for mine, theirs in zip(net.obj("q").parameters(), q.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_metrics_of_a_test_run(net: ApiSession) -> None:
    net("train(m;X;Y)\ndo[5;run m]\n"
        "test(m;`batchsize`dictionary`metrics;"
        "(7;1b;`loss`batchloss`accuracy`matches`predict`output))\nr:testrun(m;X;Y)")
    q, _, x, y = plain()
    q.load_state_dict(dict(zip(q.state_dict(), net.obj("q").state_dict().values(), strict=True)))
    with torch.no_grad():
        out = torch.cat([q(xb) for xb in x.split(7)])
        losses = [F.cross_entropy(q(xb), yb) for xb, yb in zip(x.split(7), y.split(7),
                                                               strict=True)]
    right = int((out.argmax(1) == y).sum())
    assert net("r`output").tolist() == out.tolist()
    assert net("r`predict").tolist() == out.argmax(1).tolist()
    assert net("r`batchloss").tolist() == [v.item() for v in losses]
    assert float(net("r`loss")) == (torch.stack(losses).sum() / 3).item()
    assert net("r`matches").tolist() == [right, 20]
    assert float(net("r`accuracy")) == pytest.approx(100 * right / 20)
    assert net("training m")


def test_forms_of_metrics(net: ApiSession) -> None:
    net("test(m;X;Y)\ntest(m;`metrics;`accuracy`predict)")
    assert net("(0h;20)~(type;count last@)@\\:testrun m")
    net("test(m;`tensor;1b)")
    assert net("(`vector;2)~(class r;count vector r:testrun m)")
    net("test(m;`dictionary;1b)")
    assert net("`accuracy`predict~key dict testrun m")
    net("test(m;`metrics`dictionary;(`predict;0b))")
    assert net("`tensor~class testrun m")
    net("test(m;`metrics;())")
    assert net("()~vector testrun m")


def test_backward_and_backstep(net: ApiSession) -> None:
    q, o, x, y = plain()
    first = F.cross_entropy(q(x), y)
    first.backward()
    assert float(net("backward(m;X;Y)")) == first.item()
    assert net("grad parm(m;`a.bias)").tolist() == q[0].bias.grad.tolist()
    net("backward(m;X;Y)")  # adds up
    assert net("grad parm(m;`a.bias)").tolist() == (2 * q[0].bias.grad).tolist()
    net("nograd m")
    o.step()
    assert float(net("backstep(m;X;Y)")) == first.item()
    assert net("tensor parm(m;`b.weight)").tolist() == q[2].weight.tolist()


def test_lbfgs_evaluates_the_model_in_every_step(q: ApiSession) -> None:
    q('n:0\nm:module enlist(`callback;`cb;"{[m;x]n::n+1;parm(m;`x)}";(`parms;`x`y!(.5 2.5 3;1f)))\n'
      "m:model(m;loss`mse;opt(`lbfgs;m))")
    q("backstep(m;0;1 2 3f)")
    assert q("n>1")
    assert q("1e-6>max abs 1 2 3f-tensor parm(m;`x)")


def test_a_run_that_fails_leaves_all_data(net: ApiSession) -> None:
    net("train(m;`batchsize;6)\nY[13]:9\ntrain(m;X;Y)")
    assert "out of bounds" in net.error("run m")
    assert net("20=datasize m")
    assert net("Y~last data m")
    net("target(m;20#0)\nr:run m")  # and the next run starts anew


# ------------------------------------------------------------------ data and batches

def test_batches_show_parts_in_place(net: ApiSession) -> None:
    net("x:tensor X\ny:tensor Y\ntrain(m;`batchsize;6)")
    assert net("train(m;x;y)") == 4
    net("n:();while[batch m;n,:enlist(datasize m;size x;first tensor y)]")
    assert net("n[;0]~6 6 6 2")
    assert net("n[;1]~(6 3;6 3;6 3;2 3)")
    assert net("n[;2]~Y 0 6 12 18")
    assert net("(X~tensor x)&Y~tensor y")
    net("train(m;`droplast;1b)")
    assert net("3=batchinit m")


def test_a_slice_of_a_tensor_is_all_of_the_data(net: ApiSession) -> None:
    """The rest of the memory behind a slice does not come in."""
    net("x:tensor X\nv:narrow(x;0;4;10)\ntrain(m;`batchsize;4)")
    assert net("train(m;v;10#Y)") == 3
    net("n:();while[batch m;n,:first tensor v]")
    assert net("n~raze X 4 8 12")
    assert net("10=datasize m")
    assert net("(tensor v)~X 4+til 10")


@pytest.mark.parametrize("many", ["(X;Y)", "vector(X;Y)", "(vector(X;Y);0 1)",
                                  "((vector(X;Y);0);Y)", "(dict`a`b!(X;Y);`a`b)"])
def test_inputs_of_several_tensors(net: ApiSession, many: str) -> None:
    net("train(m;`batchsize;5)")
    assert net(f"train(m;{many};Y)") == 4
    assert net("`vector~class input m")
    assert net("(X;Y)~return input m")
    assert net("Y~return target m")


def test_inputs_and_targets_apart(net: ApiSession) -> None:
    assert net("input(m;X)") == 1
    assert net("(::)~target m")
    assert net("target(m;Y)") == 1
    assert net("(X;Y)~data m")
    assert net("testdata(m;X;Y)") == 1
    assert net("20=testsize m")


def test_shuffle_keeps_pairs_and_can_be_undone(net: ApiSession) -> None:
    net("train(m;`batchsize;6)\ntrain(m;til 20;100+til 20)\nseed 3\nshuffle m")
    torch.manual_seed(3)
    order = torch.randperm(20)
    assert net("first data m").tolist() == order.tolist()
    assert net("all 100=last[data m]-first data m")
    net("shuffle m;batchinit m\nunshuffle m")
    assert net("(til 20)~first data m")


def test_hidden_state_goes_on_to_the_next_batch(q: ApiSession) -> None:
    q("seed 2\nq:module((`recur;`detach,1b);enlist(`gru;`g;3;4))\n"
      "m:model(addref q;loss`mse;opt(`sgd;q;0f))\nX:6 2 3#\"e\"$sin til 36\nY:6 2 4#0e")
    q("train(m;`batchsize`hidden`metrics;(2;1b;`hidden`output`batchloss))\nr:run(m;X;Y)")
    gru = next(c for c in q.obj("q").children())
    x = torch.tensor(q("X"))
    whole, last = gru(x)
    assert torch.allclose(torch.tensor(q("r 1")), whole, atol=1e-6)
    assert torch.allclose(torch.tensor(q("r 0"))[-1], last[0], atol=1e-6)


def test_dictionary_of_data_is_kept(net: ApiSession) -> None:
    net("train(m;dict`a`b!(X;Y);Y)")
    assert net("`dictionary~class input m")
    assert "dictionary" in net.error("run m")


# ------------------------------------------------------------------ options

def test_options_of_training_and_testing(net: ApiSession) -> None:
    assert net("(key train m)~`batchsize`task`tasks`droplast`hidden`shuffle`shufflecuda`shuffleseed"
               "`sync`clipgroup`clipnorm`clipvalue`tensor`dictionary`metrics")
    assert net("(key test m)~`batchsize`task`tasks`droplast`hidden`tensor`dictionary`metrics")
    assert net("(32;100)~(train(m;`batchsize);test(m;`batchsize))")
    net("train(m;`clipnorm;2)\n")
    assert net("2 2f~train(m;`clipnorm)")
    net("train(m;`clipvalue;1)")
    assert net("((::);1f)~train[(m;`clipnorm`clipvalue)]`clipnorm`clipvalue")
    net("train(m;`clipvalue;())")
    assert not net("any`clipnorm`clipvalue in key train(m;0b)")
    net("d:train m\nn:model(module`relu;loss`mse;opt`sgd)\ntrain(m;`batchsize;7)\ntrain(n;train m)")
    assert net("(train m)~train n")


ERRORS = [
    ("model(q;loss`mse)", "optimizer not specified"), ("model(q;opt`sgd)", "loss not specified"),
    ("model(q;1)", "model arg[1] unrecognized: long scalar"),
    ("train(m;`nosuch)", "unrecognized train setting: nosuch"),
    ("test(m;`shuffle;1b)", "unrecognized test setting: shuffle"),
    ("train(q;`batchsize)", "train: 1st argument must be a model"),
    ("train(m;`shuffle;1)", "shuffle: expects one boolean, given long scalar"),
    ("train(m;`batchsize;1b)", "batchsize: expects one long integer, given boolean scalar"),
    ("train(m;`batchsize;-1)", "batchsize: cannot be less than zero, given -1"),
    ("train(m;`batchsize`shuffle;1 2 3)", "train: 2 symbol(s) but 3 value(s)"),
    ("train(m;`tasks`task;2 2)", "train: task 2 implies at least 3 tasks, but only 2 defined"),
    ("train(m;`metrics;`nosuch)", "unrecognized metric: nosuch"),
    ("train(m;X;10#Y)", "tensor size mismatch, 20 vs 10"),
    ("run q", "run: model expected as 1st argument, given module"),
    ("backstep(q;X;Y)", "backstep: model expected as 1st argument, given module"),
    ("backward 1", "backward: expects tensor or model as 1st arg, e.g. backward(tensor) or "
                   "backward(model;inputs;targets)"),
    ("backward(tensor(1e;`grad);`nosuch)", "unrecognized setting for backprop: nosuch, expecting "
                                           "one of: free,retain,create or createfree"),
    ("batch(tensor til 7;9)", "batch: size 9 not in the range 1-6 (tensor size is 7 for "
                              "dimension 0)"),
    ("batch(tensor til 7;3;9)", "batch[9] invalid, valid range is from 0-1"),
    ("clip(m;1;2;3;4)", "clip gradient norm: expects 2-4 args, (model; max norm; norm exponent; "
                        "group flag)"),
    ("freeze(m;`nosuch)", "freeze: unable to find parameter `nosuch"),
    ("freeze(m;`a.bias;2 2#0e)", "freeze: size mismatch for parameter `a.bias, size is [8] vs "
                                 "new size of [2, 2]"),
    ("batchnorm m", "batchnorm: no training data loaded for the model"),
    ("avgparms m", "avgparms: expects 2 args, model/module/optimizer & dictionary of parameters "
                   "w'averaged weights"),
    ("objtype m", "objtype: not implemented for model"),
    ("addref m", "addref not implemented for model")]


@pytest.mark.parametrize(("source", "message"), ERRORS, ids=[e[0] for e in ERRORS])
def test_errors(net: ApiSession, source: str, message: str) -> None:
    net("t:train m;s:state m")
    assert net.error(source) == message
    assert net("(t;s)~(train m;state m)")


# ------------------------------------------------------------------ parts, state

def test_parts_come_back_and_can_be_replaced(net: ApiSession) -> None:
    net("l:loss m;o:opt m;p:module m")
    assert net("`loss`optimizer`module~class each(l;o;p)")
    net("model(m;loss`mse)")
    assert net("`mse~model[m][`loss]`module")
    net("i:loss`l1\nmodel(m;i)")
    assert not net("mapped i")


def test_recreated_model_trains_as_the_old_one(net: ApiSession, tmp_path: Path) -> None:
    net("train(m;`batchsize`shuffle`metrics;(6;1b;`batchloss))\ntrain(m;X;Y)\ndo[3;run m]\n"
        "unshuffle m")
    net(f'f:hsym`$"{tmp_path}/m"\nf set state m\ns:get f')
    net("q2:module s`module\nm2:model(q2;loss s`loss;opt(s`optimizer;q2))\n"
        "train(m2;s`train)\ntest(m2;s`test)\ntrain(m2;X;Y)")
    net("seed 9\na:{[i]run m}each til 3\nseed 9\nb:{[i]run m2}each til 3")
    assert net("a~b")
    assert net("(state[m]`module)~state[m2]`module")
    assert net("(state[m]`train`test`loss)~state[m2]`train`test`loss")


def test_attributes(net: ApiSession) -> None:
    assert net("4=size m")
    assert net("(size;elements;bytes;tensorcount)@\\:m").tolist() == [4, 68, 272, 4]
    net("backstep(m;X;Y)")
    assert net("8=tensorcount m")  # with the momentums
    assert net("`linear~inputmodule m")


# ------------------------------------------------------------------ gradients

def test_modes_of_backward(q: ApiSession) -> None:
    q("x:tensor(1 2 3f;`grad)\ny:mul(x;x)\nbackward(y;1 2 3f;`retain)")
    assert q("grad x").tolist() == [2, 8, 18]
    q("zerograd x\nbackward(y;1f)")
    assert q("grad x").tolist() == [2, 4, 6]
    assert "second time" in q.error("backward(y;1f)")
    q("nograd x\ny:pow(x;3)\nbackward(z:Sum y;`create)\ng:grad enlist x\nnograd x\nbackward Sum g")
    assert q("grad x").tolist() == [6, 12, 18]


def test_clipping(q: ApiSession) -> None:
    q("t:tensor(3 4f;`grad)\nu:tensor(6 8f;`grad)\n"
      "f:{nograd each(t;u);backward Sum mul(t;t);backward Sum mul(u;u)}\nf[]")
    assert q("clip(vector(addref t;addref u);1)") == pytest.approx(500 ** .5)
    assert q("abs[1-sqrt sum raze{x*x}each grad each(t;u)]<1e-6")
    q("f[]\no:opt(`sgd;t;.1)\nopt(o;1;u)")
    assert q("clip(o;5;2;1b)").tolist() == [10, 20]
    assert [round(v, 5) for v in q("sqrt sum each{x*x}each grad each(t;u)")] == [5, 5]
    q("f[]")
    assert q("clip(t;1;0w)") == 8
    q("f[]\nclipv(u;13)")
    assert q("grad u").tolist() == [12, 13]


def test_freeze(net: ApiSession) -> None:
    net("freeze m")
    assert net("not any gradflag q")
    net("unfreeze(m;`a.weight`b.bias)")
    assert net("(where gradflag q)~`a.weight`b.bias")
    net("freeze(q;`a.weight;1e)\nunfreeze(q;`a.bias`b.bias!(8#2e;tensor 3e))")
    assert net("(dict[parms q]`a.weight`a.bias`b.bias)~(8 3#1e;8#2e;4#3e)")
    assert net("(where gradflag q)~`a.bias`b.bias")


# ------------------------------------------------------------------ averages

def test_average_of_weights(net: ApiSession) -> None:
    net("d:copyparms m")
    seen = [net.obj("parm(m;`b.bias)").detach().clone()]
    for i in range(3):
        net("backstep(m;X;Y)")
        seen.append(net.obj("parm(m;`b.bias)").detach().clone())
        assert net("avgparms(m;d)") == i + 2
    mean = torch.stack(seen).mean(0)
    assert torch.allclose(torch.tensor(net("dict(d;`b.bias)")), mean, atol=1e-6)
    assert net("all copyparms(m;d)")
    assert torch.allclose(net.obj("parm(m;`b.bias)").detach(), mean, atol=1e-6)
    assert net("4f~dict(d;`.n)")


def test_batchnorm_statistics_over_the_data(q: ApiSession) -> None:
    q("q:module seq(`sequential;(`batchnorm1d;`n;3;1e-5;.3);(`linear;3;2))\n"
      "m:model(addref q;loss`mse;opt(`sgd;q;.1))\nX:12 3#\"e\"$sin til 36\n"
      "train(m;`batchsize;4)\ntrain(m;X;12 2#0e)\ndo[3;run m]")
    assert q("(batchnorm m)~(enlist`n)!enlist .3")
    x = torch.tensor(q("X"))
    means = torch.stack([b.mean(0) for b in x.split(4)]).mean(0)
    variances = torch.stack([b.var(0) for b in x.split(4)]).mean(0)
    norm = next(q.obj("q").children())
    assert torch.allclose(norm.running_mean, means, atol=1e-6)
    assert torch.allclose(norm.running_var, variances, atol=1e-5)
    assert norm.momentum == .3
    q("d:batchnorm q")
    assert norm.momentum is None
    assert norm.num_batches_tracked == 0
    q("batchnorm(q;d)")
    assert norm.momentum == .3
