"""The argument forms of functions for training and modules that no other test uses."""

from __future__ import annotations

import pytest
import torch
from api_session import ApiSession
from torch import nn
from torch.nn import functional as F

MAKE = """\
seed 5
q:module seq(`sequential;(`linear;`a;3;8);(`batchnorm1d;`n;8);`drop`d;(`linear;`b;8;4))
m:model(addref q;loss`ce;opt(`sgd;q;.1;.9))
X:10 3#"e"$sin til 30
Y:10#0 3 1 2 1"""


@pytest.fixture
def net(q: ApiSession) -> ApiSession:
    q(MAKE)
    return q


# ------------------------------------------------------------------ test data, batch by batch

def test_data_for_tests_are_apart_from_those_for_training(net: ApiSession) -> None:
    net("test(m;`batchsize;4)\ntrain(m;3#X;3#Y)")
    assert net("3=testdata(m;X;Y)")
    assert net("(testdata m)~(X;Y)") and net("(data m)~3#'(X;Y)")
    assert net("10 3~(testsize m;datasize m)")
    assert net("(X~return testinput m)&Y~return testtarget m")
    assert net("3=testtarget(m;reverse Y)") and net("(reverse Y)~last testdata m")
    assert net("3=testinput(m;X+1)") and net("(X+1e)~first testdata m")
    assert net("3=testinit m")
    net("n:();while[testbatch m;n,:enlist(testsize m;first return testtarget m)]")
    assert net("n~(4;4;2),'(reverse Y)0 4 8")
    assert net("10=testsize m")
    net("testbatch m")
    assert net("10 10 4~(testsize m;testrestore m;testsize m)")


def test_there_is_no_data_at_first(net: ApiSession) -> None:
    assert net("-1 -1~(batchinit m;testinit m)")
    assert net("(::)~input m") and net("(::)~testtarget m")
    assert net("0 0~(datasize m;testsize m)")


@pytest.mark.parametrize("fn", ["data", "testdata", "train", "test", "run", "testrun"])
def test_sizes_must_agree(net: ApiSession, fn: str) -> None:
    assert net.error(f"{fn}(m;X;3#Y)") == "tensor size mismatch, 10 vs 3"


# ------------------------------------------------------------------ modes of forward

@pytest.mark.parametrize(("fn", "drops", "learns"), [
    ("forward", True, True), ("nforward", True, False), ("eforward", False, False)])
def test_modes_of_forward(net: ApiSession, fn: str, drops: bool, learns: bool) -> None:
    q = net.obj("q")
    q.train(not drops)  # each call sets its own mode and puts the old one back
    x = torch.tensor(net("X"))
    mine = net.obj(f"seed 9;y:{fn}(q;X)")
    assert q.training is not drops
    assert mine.requires_grad is learns
    mean = x.new_tensor(net("tensor buffer(q;`n.running_mean)"))
    assert bool(mean.abs().sum()) is drops
    twin = net.obj("c:clone q").train(drops)
    with torch.no_grad():
        torch.manual_seed(9)
        assert torch.equal(mine, twin(x))
    net(f"train(m;X;Y)\ntest(m;X;Y)\nseed 9\nz:{fn} m")
    assert net("(tensor y)~tensor z")
    assert net(f"(tensor {fn}(q;`a;X))~evaluate(q;`a;X)")


def test_a_callback_keeps_the_mode_of_its_caller(net: ApiSession) -> None:
    net("f:{[m;x]kforward(m;`d;x)}\nc:module((`callback;`cb;`f);enlist(`drop;`d;.5))")
    assert net("0e in return forward(c;100#1e)")
    assert not net("0e in evaluate(c;100#1e)")
    assert "kforward" in net.error("kforward m")


# ------------------------------------------------------------------ parts and copies

def test_a_clone_shares_nothing(net: ApiSession) -> None:
    net("c:clone q\nt:tensor 1 2e\nu:clone t\nfill(t;7e)")
    assert net("1 2e~tensor u")
    assert net("(state c)~state q")
    net("zeros(q;`a.weight)")
    assert net("not 0e~first first tensor parm(c;`a.weight)")
    assert net("(state clone m)~state q")


def test_parts_by_name_and_by_index(net: ApiSession) -> None:
    assert net("`a`n`d`b~childnames q") and net("`a`n`d`b~key children q")
    assert net("all`module=class each value children m")
    assert net("`weight`bias~parmnames(q;`n)") and net("`weight`bias~key dict parms(q;1)")
    assert net("`running_mean`running_var`num_batches_tracked~buffernames(q;`n)")
    assert net("(buffernames q)~`$\"n.\",/:string buffernames(q;1)")
    assert net("0=count buffernames(q;`a)")
    assert net("`linear~first exec module from module child(q;0)")
    assert net("(tensor parm(child(q;`b);`bias))~tensor parm(m;`b.bias)")
    assert net("`a`b~moduletypes(q;`linear)")
    assert net("(`a`n`b!`linear`batchnorm1d`linear)~moduletypes(q;`linear`batchnorm1d)")


def test_buffers_are_copied_in_place(net: ApiSession) -> None:
    net("b:buffer(q;`n.running_mean)\nbuffer(q;`n.running_mean;\"e\"$til 8)")
    assert net("(\"e\"$til 8)~tensor b")


def test_freeze_and_unfreeze_by_name_and_value(net: ApiSession) -> None:
    net("freeze q")
    assert not any(p.requires_grad for p in net.obj("q").parameters())
    net("unfreeze(q;`a.weight`b.bias)")
    assert [n for n, p in net.obj("q").named_parameters() if p.requires_grad] == \
        ["a.weight", "b.bias"]
    net("freeze(m;`b.bias)\nunfreeze(m;`n.bias;\"e\"$til 8)")
    assert [n for n, p in net.obj("q").named_parameters() if p.requires_grad] == \
        ["a.weight", "n.bias"]
    assert net("(\"e\"$til 8)~tensor parm(q;`n.bias)")


def test_definitions_are_turned_into_pairs_and_back(net: ApiSession) -> None:
    net("d:seq(`sequential;(`linear;2;3);`relu)")
    assert net("d~tree dv d")
    assert net("(0 1 1)~first each dv d")


@pytest.mark.parametrize("x", ["1", "`a`b!1 2", "(1;`a;\"text\")", "([]a:1 2;b:`x`y)", "2 2#1e"])
def test_resolve_gives_the_same_value(q: ApiSession, x: str) -> None:
    assert q(f"x~resolve x:{x}")


# ------------------------------------------------------------------ clipping

def plain(net: ApiSession) -> nn.Module:
    """A copy of the module with the gradients of one backward calculation."""
    twin: nn.Module = net.obj("c:clone q")
    torch.manual_seed(2)
    F.cross_entropy(twin.train()(torch.tensor(net("X"))), torch.tensor(net("Y"))).backward()
    net("seed 2\nbackward(m;X;Y)")
    return twin


def grads(module: nn.Module) -> list[list[float]]:
    return [p.grad.flatten().tolist() for p in module.parameters() if p.grad is not None]


@pytest.mark.parametrize(("call", "order"), [
    ("clip(m;.1)", 2.), ("clip(q;.1)", 2.), ("clip(m;.1;0w)", float("inf")), ("clip(q;.1;1)", 1.)])
def test_clip_gives_the_norm_before(net: ApiSession, call: str, order: float) -> None:
    twin = plain(net)
    norm = nn.utils.clip_grad_norm_(twin.parameters(), .1, order)
    assert float(net(call)) == pytest.approx(norm.item(), rel=1e-6)
    assert grads(net.obj("q")) == grads(twin)


def test_clip_by_group(net: ApiSession) -> None:
    net("o:opt(`sgd;();.1)\nopt(o;0;(q;`a.weight`a.bias))\nopt(o;1;(q;`b.weight`b.bias))")
    twin = plain(net)
    norms = [nn.utils.clip_grad_norm_(twin.get_submodule(n).parameters(), .1).item()
             for n in "ab"]
    assert net("clip(o;.1;1b)").tolist() == pytest.approx(norms, rel=1e-6)
    assert grads(net.obj("q").get_submodule("b")) == grads(twin.get_submodule("b"))


def test_clip_values(net: ApiSession) -> None:
    twin = plain(net)
    nn.utils.clip_grad_value_(twin.parameters(), .01)
    assert net("null clipv(m;.01)")
    assert grads(net.obj("q")) == grads(twin)


def test_sparse_gradients(q: ApiSession) -> None:
    """Adagrad takes them; what torch has no kernel for is told in one line."""
    q("b:module enlist(`embedbag;9;2;`mode`sparse!(`sum;1b))\nm:model(addref b;loss`l1;"
      "opt(`adagrad;b;.1))")
    before = q("tensor parm(b;`weight)").copy()
    q("backstep(m;3 2#0 1 4 4 0 1;3 2#9e)")
    assert ((q("tensor parm(b;`weight)") != before).any(axis=1).nonzero()[0] == [0, 1, 4]).all()
    message = q.error("clip(m;1.)")
    assert message == "clip: linalg_vector_norm is not implemented for SparseCPU tensors"


@pytest.mark.parametrize("call", ["train", "test", "data", "testdata", "run", "testrun"])
def test_a_model_alone_in_a_list_is_told_what_is_missing(net: ApiSession, call: str) -> None:
    assert net.error(f"{call} enlist m") == f"{call}: expecting inputs after the model"


@pytest.mark.parametrize("values", ["(enlist ::)", "`a`b!1 2", "{x}"])
def test_options_take_no_functions_or_dictionaries_as_values(net: ApiSession, values: str) -> None:
    assert "train: unable to set values from" in net.error(f"train(m;`batchsize`task;{values})")


def test_a_pointer_alone_in_a_list_is_described(q: ApiSession) -> None:
    q("k:module enlist(`linear;2;1)\no:opt(`sgd;k;.1)\nl:loss`mse")
    assert q("(module enlist k)~module k")
    assert q("(opt enlist o)~opt o")
    assert q.error("loss enlist l") == "loss: unrecognized arg(s)"
