"""The 21 losses: modules, functions and options against torch's own functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from api_session import ApiSession
from torch import Tensor
from torch.nn import functional as F

# inputs, as q
X, Y, P = ("(4 3#\"e\"$sin til 12)", "(4 3#\"e\"$cos til 12)", "(4 3#.5e+.4e*\"e\"$sin til 12)")
CLASSES, SIGNS, ROW = "0 2 1 1", "1 -1 1 -1", "(4 3#2 0 -1)"
LOGS = "(logsoftmax(6 2 3#\"e\"$sin til 36;-1))"
ONES = "(4 3#\"e\"$0 1 1)"
Case = tuple[str, tuple[str, ...], str, Callable[..., Tensor]]
CASES: list[Case] = [
    ("bce", (P, ONES), "", F.binary_cross_entropy),
    ("bce", (P, ONES, P), "`sum",
     lambda x, y, w: F.binary_cross_entropy(x, y, w, reduction="sum")),
    ("bcelogits", (X, ONES), "1 2 3e",
     lambda x, y: F.binary_cross_entropy_with_logits(x, y, pos_weight=torch.tensor([1., 2, 3]))),
    ("bcelogits", (X, ONES, P), "", F.binary_cross_entropy_with_logits),
    ("ce", (X, CLASSES), "", F.cross_entropy),
    ("ce", (X, CLASSES), "1 2 3e;2;.1;`none",
     lambda x, y: F.cross_entropy(x, y, torch.tensor([1., 2, 3]), ignore_index=2,
                                  label_smoothing=.1, reduction="none")),
    ("cosineloss", (X, Y, SIGNS), ".2;`sum",
     lambda x, y, z: F.cosine_embedding_loss(x, y, z, .2, reduction="sum")),
    ("ctc", (LOGS, "(2 2#1 2 2 1)", "6 5", "2 1"), "", F.ctc_loss),
    ("ctc", (LOGS, "(2 2#1 2 2 1)", "6 5", "2 1"), "0;1b;`sum",
     lambda x, y, m, n: F.ctc_loss(x, y, m, n, 0, "sum", True)),
    ("hinge", (X, ONES), "", F.hinge_embedding_loss),
    ("hinge", (X, ONES), "`reduce,`sum",
     lambda x, y: F.hinge_embedding_loss(x, y, reduction="sum")),
    ("huber", (X, Y), ".3", lambda x, y: F.huber_loss(x, y, delta=.3)),
    ("kl", (X, P), "`batchmean", lambda x, y: F.kl_div(x, y, reduction="batchmean")),
    ("l1", (X, Y), "`sum", lambda x, y: F.l1_loss(x, y, reduction="sum")),
    ("margin", ("1 2 3e", "3 2 1e", "1 -1 1"), ".5",
     lambda x, y, z: F.margin_ranking_loss(x, y, z, .5)),
    ("mse", (X, Y), "", F.mse_loss), ("mse", (X, Y), "`none",
                                      lambda x, y: F.mse_loss(x, y, reduction="none")),
    ("multilabel", (X, ROW), "", F.multilabel_margin_loss),
    ("multimargin", (X, CLASSES), "2;.5;1 2 3e",
     lambda x, y: F.multi_margin_loss(x, y, 2, .5, torch.tensor([1., 2, 3]))),
    ("multisoft", (X, ONES), "1 2 3e",
     lambda x, y: F.multilabel_soft_margin_loss(x, y, torch.tensor([1., 2, 3]))),
    ("nll", (X, CLASSES), "", F.nll_loss),
    ("nll", (X, CLASSES), "1 2 3e;1;`sum",
     lambda x, y: F.nll_loss(x, y, torch.tensor([1., 2, 3]), ignore_index=1, reduction="sum")),
    ("pairwise", (X, Y), "", F.pairwise_distance),
    ("poissonloss", (P, ONES), "0b;1b;1e-4",
     lambda x, y: F.poisson_nll_loss(x, y, False, True, eps=1e-4)),
    ("similar", (X, Y), "0", lambda x, y: F.cosine_similarity(x, y, 0)),
    ("smoothl1", (X, Y), ".2", lambda x, y: F.smooth_l1_loss(x, y, beta=.2)),
    ("softmargin", (X, "(4 3#\"e\"$1 -1)"), "", F.soft_margin_loss),
    ("triplet", (X, Y, P), ".5;1f;1e-3;1b;`sum",
     lambda x, y, z: F.triplet_margin_loss(x, y, z, .5, 1, 1e-3, True, reduction="sum"))]
IDS = [f"{c[0]}({c[2]})" for c in CASES]


def tensors(q: ApiSession, inputs: tuple[str, ...]) -> list[Tensor]:
    """The inputs as tensors t0, t1 ..; the first has gradients if it is of real numbers."""
    found = []
    for i, x in enumerate(inputs):
        t = q.obj(f"t{i}:tensor {x}")
        found.append(t.requires_grad_(True) if t.is_floating_point() and not i else t)
    return found


@pytest.mark.parametrize(("name", "inputs", "options", "torchs"), CASES, ids=IDS)
def test_module_calculates_as_torch(q: ApiSession, name: str, inputs: tuple[str, ...],
                                    options: str, torchs: Callable[..., Tensor]) -> None:
    x = tensors(q, inputs)
    q(f"l:loss(`{name};{options})" if options else f"l:loss`{name}")
    mine = q.obj(f"y:loss(l;{';'.join(f't{i}' for i in range(len(x)))})")
    theirs = torchs(*x)
    assert torch.equal(mine, theirs)
    assert torch.equal(torch.autograd.grad(mine.sum(), x[0], retain_graph=True)[0],
                       torch.autograd.grad(theirs.sum(), x[0])[0])
    assert q("d~loss loss d:loss l")
    assert q("d~loss loss loss(l;0b)")
    assert q("(state l)~loss l")


FUNCTIONS = [c for c in CASES if c[0] not in ("pairwise", "similar")]


@pytest.mark.parametrize(("name", "inputs", "options", "torchs"), FUNCTIONS,
                         ids=[f"{c[0]}({c[2]})" for c in FUNCTIONS])
def test_function_calculates_as_torch(q: ApiSession, name: str, inputs: tuple[str, ...],
                                      options: str, torchs: Callable[..., Tensor]) -> None:
    x = tensors(q, inputs)
    f = {"bcelogits": f"bcelogit{len(x) - 1}"}.get(name, name)
    rest = f";{options}" if options else ""
    theirs = torchs(*x)
    assert torch.equal(q.obj(f"{f}({';'.join(f't{i}' for i in range(len(x)))}{rest})"), theirs)
    value = q(f"{f}({';'.join(inputs)}{rest})")  # of arrays: a k value
    assert torch.equal(torch.as_tensor(value), theirs.detach())


def test_all_21_losses_are_tested() -> None:
    from kkernel.api.module.rows.loss import LOSSES

    assert {c[0] for c in CASES} == set(LOSSES)
    assert len(LOSSES) == 21


ERRORS: list[tuple[str, Any]] = [
    ("loss`nosuch", "unrecognized loss function: nosuch"),
    ("loss(`mse;`none;1)", "mse: only 1 positional argument(reduce) expected, 2 given"),
    ("loss(`mse;`nosuch)", "mse reduce:nosuch is not one of none,mean,sum"),
    ("loss(`kl;`nosuch)", "kl reduce:nosuch is not one of none,batchmean,mean,sum"),
    ("loss(`mse;`nosuch,1)", "unrecognized loss setting: nosuch"),
    ("loss(`mse;`margin,1f)", "unrecognized option: margin, mse loss expects single option: "
                              "reduce"),
    ("loss(`huber;`p,1f)", "huber option: p not recognized"),
    ("loss 1", "loss: unrecognized arg(s)"),
    ("loss(l;1 2e)", "loss: no calculation implemented for tensor input"),
    ("loss(t;1 2e;1 2e)", "triplet: loss calculation not implemented for single tensor input & "
                          "target"),
    ("mse enlist 1 2e", "mse: expects at least 2 args, 1 given"),
    ("mse(l;1 2e)", "loss: expecting tensor, given loss")]


@pytest.mark.parametrize(("source", "message"), ERRORS, ids=[e[0] for e in ERRORS])
def test_errors(q: ApiSession, source: str, message: str) -> None:
    q("l:loss`mse\nt:loss`triplet")
    assert q.error(source) == message


def test_warnings_of_torch_are_written_as_libtorch_writes_them(q: ApiSession) -> None:
    q("x:tensor log(.1 .2 .7;.3 .3 .4)\ny:tensor(.2 .2 .6;.1 .5 .4)")
    q.written.clear()
    for _ in range(3):  # by the usual reading, then by that of this form of a call
        q("r:kl(x;y)")
    lines = "".join(q.written).splitlines()
    assert lines and all(line.startswith("[W") and "] Warning: " in line for line in lines), lines


@pytest.mark.parametrize(("name", "function"), [
    ("mse", F.mse_loss), ("l1", F.l1_loss), ("huber", F.huber_loss),
    ("smoothl1", F.smooth_l1_loss)])
@pytest.mark.parametrize("target", ["y", "z"])
@pytest.mark.parametrize("mode", ["none", "mean", "sum"])
def test_losses_of_pairs_give_the_bits_of_torch(
        q: ApiSession, name: str, function: Callable[..., Tensor], target: str, mode: str) -> None:
    """By the module, and by the function, whose losses of tensors of one size are direct."""
    q("x:tensor(1 2.5 -3e;4 .5 6e)\ny:tensor(1 2 3e;4.75 5 6e)\nz:tensor 1 2 3e")
    wanted = function(q.obj("x"), q.obj(target), reduction=mode)
    assert q.obj(f"{name}(x;{target};`{mode})").equal(wanted)
    assert q.obj(f"loss(loss(`{name};`{mode});x;{target})").equal(wanted)
