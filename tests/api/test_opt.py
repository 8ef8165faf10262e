"""Optimizers: libtorch's numbers, parameter groups and sources, definitions, resumed training."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from api_session import ApiSession
from torch.nn import functional as F

from kkernel.api.optimizer import algorithms, fused
from kkernel.api.optimizer.algorithms import SGD

# written by a C++ program: name, options, and the 35 + 7 parameters after six steps
REFERENCE = [line.split("\t") for line in (Path(__file__).parents[1] / "data" /
             "libtorch_optimizers.tsv").read_text().splitlines()]


@pytest.mark.parametrize(("name", "options", "expected"), REFERENCE,
                         ids=[f"{r[0]} {r[1]}" for r in REFERENCE])
def test_numbers_are_those_of_libtorch(q: ApiSession, name: str, options: str,
                                       expected: str) -> None:
    torch.manual_seed(11)
    w = torch.randn(7, 5).double().requires_grad_(True)
    b = torch.randn(7).double().requires_grad_(True)
    x, y = torch.randn(9, 5).double(), torch.rand(9, 7).double()
    q.put("v", [w, b])
    opt = q.obj(f"o:opt(`{name};v;{options})").optimizer

    def closure() -> torch.Tensor:
        w.grad = b.grad = None
        loss = F.mse_loss(torch.sigmoid(x @ w.t() + b), y)
        loss.backward()
        return loss

    for _ in range(6):
        if name == "lbfgs":
            opt.step(closure)
        else:
            closure()
            q("step o")
    got = np.concatenate([w.detach().flatten(), b.detach()])
    np.testing.assert_allclose(got, [float(v) for v in expected.split()], rtol=1e-7)


FUSED = [(lr, momentum, dampening, decay, nesterov)
         for lr, momentum, dampening, decay in product((.2, 1.), (0., .9, .99), (0., .3), (0., .01))
         for nesterov in (False, True) if not nesterov or (momentum and not dampening)]
SIZES = [(1,), (3,), (16,), (33,), (8, 7), (64, 48), (100, 100), (7, 11), (3, 3, 16), (40001,)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16], ids=str)
@pytest.mark.parametrize("options", FUSED, ids=str)
def test_one_pass_gives_the_bits_of_the_single_operations(
        monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype, options: tuple[Any, ...]) -> None:
    group = dict(zip(("lr", "momentum", "dampening", "weight_decay", "nesterov"), options,
                     strict=True))
    found = []
    for one_by_one in (False, True):
        if one_by_one:
            monkeypatch.setattr(fused, "fits", lambda *args: False)
        g = torch.Generator().manual_seed(5)
        parms = [torch.randn(s, generator=g).to(dtype) for s in SIZES]
        parms[5] = parms[5].t()
        opt = SGD([{"params": parms, **group}], group)
        for _ in range(4):
            for p in parms:
                p.grad = torch.randn(p.shape, generator=g).to(dtype)
            opt.step()
        found.append([*parms, *(s["momentum_buffer"] for s in opt.state.values() if s)])
    assert len(found[0]) == len(SIZES) * (2 if group["momentum"] else 1)
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


ADAM = {"lr": .1, "betas": (.9, .99), "eps": 1e-3, "weight_decay": .01, "amsgrad": True}
RMS = {"lr": .1, "alpha": .9, "eps": 1e-3, "weight_decay": .01, "momentum": .3, "centered": True}
PLAIN = {"lr": .1, "momentum": .9, "dampening": .1, "weight_decay": .01, "nesterov": False}


@pytest.mark.parametrize("last", [torch.float32, torch.float64, torch.bfloat16], ids=str)
@pytest.mark.parametrize(("name", "group"), [("Adam", ADAM), ("AdamW", ADAM), ("RMSprop", RMS),
                                             ("SGD", PLAIN)])
def test_numbers_as_tensors_give_the_bits_of_numbers(
        monkeypatch: pytest.MonkeyPatch, name: str, group: dict[str, Any],
        last: torch.dtype) -> None:
    found = []
    for as_tensors in (True, False):
        if not as_tensors:
            monkeypatch.setattr(algorithms, "number", lambda value, tensors: value)
        g = torch.Generator().manual_seed(5)
        parms = [torch.randn(s, generator=g) for s in SIZES]
        parms[-1] = parms[-1].to(last)
        opt = getattr(algorithms, name)([{"params": parms, **group}], group)
        for i in range(4):
            for p in parms[i % 2:]:  # the first makes fewer steps
                p.grad = torch.randn(p.shape, generator=g).to(p.dtype)
            opt.step()
            parms[0].grad = None
        kept = [t for s in opt.state.values() for t in s.values() if isinstance(t, torch.Tensor)]
        found.append([*parms, *kept])
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


OPTIMIZERS = ("adagrad", "adam", "adamw", "lamb", "lbfgs", "rmsprop", "sgd")
FULL = {"adagrad": "(`lr;.05;`lrdecay;.1)", "adam": "(`lr;.05;`amsgrad;1b)", "adamw": "`lr,.05",
        "lamb": "(`lr;.05;`decay;.1)", "lbfgs": "(`lr;.1;`iter;3)",
        "rmsprop": "(`lr;.01;`momentum;.5;`centered;1b)", "sgd": "(`lr;.1;`momentum;.9)"}


# ------------------------------------------------------------------ state

TRAIN = ("q:module seq(`sequential;(`linear;`a;4;8);`tanh`t;(`linear;`b;8;1))\n"
         "X:6 4#\"e\"$sin til 24\nY:6 1#\"e\"$cos til 6")


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_resumed_training_is_bit_identical(q: ApiSession, name: str, tmp_path: Path) -> None:
    q(f"seed 3\n{TRAIN}\nm:model(addref q;loss`mse;opt(`{name};q;{FULL[name]}))")
    q(f'file:{{hsym`$"{tmp_path}/",x}}')
    q('do[5;backstep(m;X;Y)]\nfile["q"]set state q\no:opt m\nfile["o"]set state o')
    q("a:{[i]backstep(m;X;Y)}each til 5")
    q('q2:module get file"q"\nm2:model(addref q2;loss`mse;opt(get file"o";q2))')
    q("b:{[i]backstep(m2;X;Y)}each til 5")
    assert q("a~b")
    assert q("(state q)~state q2")
    q("s:state opt m\nt:state opt m2\nf:{`parmgroup`module`name`size`buffers#x`parms}")
    assert q("f[s]~f t")
    assert q("s[`options]~t`options")


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_definition_names_what_differs_from_the_default(q: ApiSession, name: str) -> None:
    q(f"{TRAIN}\no:opt(`{name};q;{FULL[name]})")
    assert q(f"(opt[o]`optimizer)~`{name}")
    assert q("98=type opt[o]`options")
    given = q("cols opt[(o;0b)]`options")
    assert set(given.tolist()) <= set(q("cols opt[o]`options").tolist())
    assert q("(opt[o]`parms)[`name]~`a.weight`a.bias`b.weight`b.bias")
    q("r:opt(opt o;q)")
    assert q("(opt[o]`options)~opt[r]`options")


# ------------------------------------------------------------------ groups

def test_groups_have_options_of_their_own(q: ApiSession) -> None:
    q("v:vector(1 2f;3 4f)\nv2:vector(1 2f;3 4f)\n"
      "{gradflag(x;1b)}each(v;v2)\n"
      "o:opt(`sgd;(v;0);.1)\nopt(o;1;(v;1);.5;.9)\n"
      "a:opt(`sgd;(v2;0);.1)\nb:opt(`sgd;(v2;1);.5;.9)")
    for _ in range(3):
        q("{zerograd x;backward Sum cat x}each(v;v2)\nstep o\nstep a\nstep b")
    assert q("(vector v)~vector v2")
    assert q("(lr o)~.1 .5")
    assert q("0 1~exec parmgroup from opt[o]`parms")
    assert q("(exec momentum from opt[o]`options)~0 .9")


def test_new_groups_start_from_the_options_at_creation(q: ApiSession) -> None:
    q("o:opt(`sgd;();.2;.8)\nopt(o;0;();.3)\nopt(o;1;();`decay,.5)")
    assert q("(exec lr from opt[o]`options)~.3 .2")
    assert q("(exec momentum from opt[o]`options)~.8 .8")
    assert q("(exec decay from opt[o]`options)~0 .5")


def test_learning_rates(q: ApiSession) -> None:
    q("o:opt(`adam;();.1)\nopt(o;1;();.2)\nlr(o;.5)")
    assert q("(lr o)~.5 .5")
    q("lr(o;.1 .3)")
    assert q("(lr o)~.1 .3")


# ------------------------------------------------------------------ sources

SOURCES = [
    ("tensor(1 2f;`grad)", 1, "enlist`0"), ("vector(1 2f;3 4f)", 2, "`0`1"),
    ("(vector(1 2f;3 4f;5 6f);2 0)", 2, "`0`1"), ("dict`x`y!(1 2f;3 4f)", 2, "`x`y"),
    ("(dict`x`y`z!(1 2f;3 4f;5 6f);`z`x)", 2, "`z`x"),
    ("module enlist(`linear;3;2)", 2, "`weight`bias"),
    ("(module seq(`sequential;(`linear;`a;3;2);(`linear;`b;2;2));`b.bias`a)", 3,
     "`b.bias`a.weight`a.bias"),
    ("(module seq(`sequential;(`linear;`a;3;2);(`linear;`b;2;2));1)", 2, "`b.weight`b.bias"),
    ("()", 0, "`symbol$()")]


@pytest.mark.parametrize(("source", "count", "names"), SOURCES)
def test_sources_of_parameters(q: ApiSession, source: str, count: int, names: str) -> None:
    q(f"o:opt(`sgd;{source};.1)")
    assert q("size o") == count
    assert q(f"(exec name from opt[o]`parms)~{names}"), q.text("opt[o]`parms")


def test_several_modules_keep_their_names(q: ApiSession) -> None:
    q("a:module enlist(`linear;`A;3;2)\nb:module enlist(`linear;2;2)\n"
      "o:opt(`sgd;a)\nopt(o;1;b)\nopt(o;2;tensor(1 2f;`grad))")
    assert q("size o") == 5
    assert q("(count distinct exec name from opt[o]`parms)=5")


# ------------------------------------------------------------------ errors

ERRORS = [
    ("opt`nosuch", "unrecognized optimizer: nosuch"),
    ("opt(`sgd;q;`nosuch,1)", "unrecognized optimizer setting: nosuch"),
    ("opt(`sgd;q;`beta1,.5)", "sgd option: beta1 not recognized"),
    ("opt(`sgd;q;`a)", "sgd lr: expected long/double scalar, given symbol scalar"),
    ("opt(`sgd;q;1;2;3;4;0b;6)", "sgd: expecting up to 7 positional args, 8 given"),
    ("opt(`sgd;1;q)", "opt: cannot define group 1 until optimizer is created with initial "
                      "parameter group"),
    ("opt(o;3;();.1)", "opt: group 3 invalid, cannot be greater than number of groups(1)"),
    ("opt(o;1;q;.1)", "opt: parameter[0] already in group 0 (linear module parameter `weight)"),
    ("opt(`sgd;add(tensor(1 2f;`grad);1);.1)", "opt: parameter[0] is a not a leaf tensor"),
    ("opt(`sgd;(q;`nosuch);.1)", "opt: no module or parameter named `nosuch"),
    ("opt(`sgd;1 2 3f;.1)", "opt: expecting module, model or tensors after optimizer & optional "
                            "group number, given double list"),
    ("opt(`sgd;q;-1f)", "Invalid learning rate: -1"),
    ("opt(`adam;q;.1;2f)", "Invalid beta parameter at index 0: 2"),
    ("opt(`sgd;q;.1;`nesterov,1b)", "Nesterov momentum requires a momentum and zero dampening"),
    ("opt(@[opt o;`parms;@[;`name;:;`a`b]];q)", "opt: unable to find linear parameter `a"),
    ("opt(@[opt o;`parms;@[;`size;reverse]];q)", "opt: size mismatch for linear parameter "
                                                 "`weight, expected [2], given [2, 3]"),
    ("step l", "LBFGS optimizer requires model, loss & inputs"),
    ("step q", "step: expects model or optimizer, given module"),
    ("lr(o;1)", "lr: unrecognized arg(s), expecting model/optimizer and learning rate(s) as "
                "double(s)"),
    ("lr(o;.1 .2)", "length error: 2 learning rates given for 1 parameter group"),
    ("lr 1 2", "lr: not implemented for long list"),
    ("lr q", "lr: unrecognized arg(s), expecting model/optimizer to query learning rate(s)")]


@pytest.mark.parametrize(("source", "message"), ERRORS, ids=[e[0] for e in ERRORS])
def test_errors(q: ApiSession, source: str, message: str) -> None:
    q("q:module enlist(`linear;3;2)\no:opt(`sgd;q;.1)\nl:opt(`lbfgs;module enlist(`linear;3;2))")
    assert q.error(source) == message
    assert q("(lr o)~enlist .1")  # nothing has changed
    assert q("2=size o")
