"""The modules that PyTorch lacks, each against the same network written in plain PyTorch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from api_session import ApiSession, flat, seeded
from torch import Tensor, nn

PLAIN = "(`linear;4;4)"


def linear_relu() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 4), nn.ReLU())


def twice(make: Callable[[], nn.Module]) -> tuple[nn.Module, nn.Module]:
    return make(), make()


# ------------------------------------------------------------------ plain networks

class Fork(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 4), nn.Tanh())

    def forward(self, x: Tensor) -> Any:
        return self.a(x), self.b(x)


class Shortcut(nn.Module):
    def __init__(self, branch: bool, activation: bool) -> None:
        super().__init__()
        self.a = linear_relu()
        self.b = nn.Linear(4, 4) if branch else nn.Identity()
        self.fn = nn.Tanh() if activation else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.fn(self.a(x) + self.b(x))


class Join(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = linear_relu(), nn.Linear(4, 4)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return torch.cat([self.a(x), self.b(y)], 1)


class Blocks(nn.Module):
    """The first block takes one tensor, the second the result and the other tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = linear_relu(), nn.Linear(8, 2)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.b(torch.cat([self.a(x), y], -1))


class Beats(nn.Module):
    """Two blocks of backcast and forecast."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 2)])
                                    for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        total = torch.zeros(())
        for backcast, forecast in self.blocks:
            total = total + forecast(x)
            x = x - backcast(x)
        return total


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.lstm = nn.Linear(4, 5), nn.LSTM(5, 3)
        self.last = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> list[Tensor]:
        y, (h, c) = self.lstm(self.first(x))
        return [self.last(y), h.detach(), c.detach()]


class Positions(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tok = nn.Embedding(7, 4)
        self.pos = nn.ParameterList([torch.zeros(1, 9, 4)])

    def forward(self, x: Tensor) -> Tensor:
        return self.tok(x) + self.pos[0][:, :x.shape[1]]


class Attention(nn.Module):
    """Two heads of size 2, a mask that is added, a norm before."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4)
        self.qkv, self.out = nn.Linear(4, 12, bias=False), nn.Linear(4, 4)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        parts = self.qkv(self.norm(x)).split(4, -1)
        heads = []
        for i in (0, 2):
            q, k, v = (p[..., i:i + 2] for p in parts)
            n = x.shape[1]
            scores = q @ k.transpose(1, 2) / math.sqrt(2) + mask[:n, :n]
            heads.append(scores.softmax(-1) @ v)
        return self.out(torch.cat(heads, -1))


MASK = torch.full((5, 5), -math.inf).triu(1)
TEXT = torch.tensor([[1, 4, 2], [0, 6, 3]])
BATCH, STEPS = (3, 4), (6, 2, 4)
NETWORKS: list[tuple[str, Callable[[], nn.Module], tuple[Any, ...]]] = [
    (f"seq(`sequential;{PLAIN};`relu)", linear_relu, (BATCH,)),
    (f"(`sequential;seq(`seqnest;{PLAIN};`relu);enlist(`linear;4;2))",
     lambda: nn.Sequential(linear_relu(), nn.Linear(4, 2)), (BATCH,)),
    (f"(`fork;enlist {PLAIN};seq(`sequential;{PLAIN};`tanh))", Fork, (BATCH,)),
    (f"(`residual;seq(`sequential;{PLAIN};`relu))", lambda: Shortcut(False, False), (BATCH,)),
    (f"(`residual;seq(`sequential;{PLAIN};`relu);seq(`sequential;{PLAIN}))",
     lambda: Shortcut(True, False), (BATCH,)),
    (f"(`residual;seq(`sequential;{PLAIN};`relu);enlist`tanh)", lambda: Shortcut(False, True),
     (BATCH,)),
    (f"(`seqjoin;seq(`sequential;{PLAIN};`relu);seq(`sequential;{PLAIN});enlist(`cat;1))", Join,
     (BATCH, BATCH)),
    (f"(`seqlist;seq(`sequential;{PLAIN};`relu);seq(`sequential;(`cat;-1);(`linear;8;2)))",
     Blocks, (BATCH, BATCH)),
    (f"(`seqdict;seq(`sequential`a;{PLAIN};`relu);seq(`sequential`b;(`cat;-1);(`linear;8;2)))",
     Blocks, (BATCH, BATCH)),
    (f"(`nbeats;b;b:(`sequential;(`fork;enlist {PLAIN};enlist(`linear;4;2))))", Beats, (BATCH,)),
    ("(`recur;seq(`sequential;(`linear;4;5));enlist(`lstm;5;3);seq(`sequential;(`linear;3;2)))",
     Recurrent, (STEPS,)),
    ("enlist(`embedseq;7;4;9)", Positions, (TEXT,)),
    ("enlist(`selfattention;4;2;0f;1b)", Attention, ((2, 3, 4), MASK)),
]


def gradients(y: Any, module: nn.Module) -> list[Tensor | None]:
    total = sum((t * torch.arange(1., t.numel() + 1).reshape(t.shape)).sum() for t in flat(y))
    return list(torch.autograd.grad(total, list(module.parameters()), allow_unused=True))


@pytest.mark.parametrize(("definition", "make", "shapes"), NETWORKS, ids=[n[0] for n in NETWORKS])
def test_same_as_plain_network(q: ApiSession, definition: str, make: Callable[[], nn.Module],
                               shapes: tuple[Any, ...]) -> None:
    mine = seeded(lambda: q.obj(f"m:module {definition}"))
    plain = seeded(make)
    torch.manual_seed(2)
    x = [s if isinstance(s, Tensor) else torch.randn(s) for s in shapes]
    q.put("x", x[0] if len(x) == 1 else x)
    got, expected = flat(q.obj("forward(m;x)")), flat(plain(*x))
    assert [t.shape for t in got] == [t.shape for t in expected]
    for a, b in zip(got, expected, strict=True):
        torch.testing.assert_close(a, b)
    for a, b in zip(gradients(got, mine), gradients(expected, plain), strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            torch.testing.assert_close(a, b)


@pytest.mark.parametrize("definition", [n[0] for n in NETWORKS])
def test_definition_and_state_make_it_again(q: ApiSession, definition: str) -> None:
    q(f"m:module {definition}")
    assert q("s~state module s:state m")
    assert q("d~module module d:module m")
    assert q("d~module module module(m;0b)")
    assert q("(str m)~str module d")
    assert q("(state m)~state clone m")


# ------------------------------------------------------------------ the rules of single modules

def test_recur_keeps_the_graph_when_asked(q: ApiSession) -> None:
    for flag in "01":
        q(f"m:module((`recur;`detach,{flag}b);enlist(`gru;4;3))")
        _, hidden = q.obj("forward(m;6 2 4#1e)")
        assert hidden.requires_grad == (flag == "0")


def test_transform_depends_on_the_mode(q: ApiSession) -> None:
    q("m:module(`transform;seq(`sequential;(`zscore;1f;2f));seq(`sequential;(`zscore;0f;4f)))")
    q("x:3 1 1#2 4 6e")
    assert q("(return forward(m;x))~\"e\"$(x-1e)%2e")
    assert q("(evaluate(m;x))~\"e\"$x%4e")


def test_droppath_drops_whole_samples_and_scales_the_others(q: ApiSession) -> None:
    q("m:module enlist(`droppath;.5)")
    rows = seeded(lambda: q.obj("forward(m;1000 3#1e)"))
    assert {tuple(r) for r in rows.tolist()} == {(0., 0., 0.), (2., 2., 2.)}
    assert 0.4 < (rows[:, 0] > 0).double().mean() < 0.6
    assert q("(1000 3#1e)~evaluate(m;1000 3#1e)")


def test_randomcrop_gives_a_part_of_the_padded_image(q: ApiSession) -> None:
    q("m:module enlist(`randomcrop;4;1)\nx:1 1 4 4#\"e\"$1+til 16")
    image = torch.arange(1., 17).reshape(4, 4)
    padded = torch.nn.functional.pad(image, (1, 1, 1, 1))
    parts = {tuple(padded[i:i + 4, j:j + 4].flatten().tolist())
             for i in range(3) for j in range(3)}
    seen = {tuple(q.obj("forward(m;x)").flatten().tolist()) for _ in range(60)}
    assert seen <= parts
    assert len(seen) > 4


def test_randomflip_reverses_a_dimension_or_nothing(q: ApiSession) -> None:
    assert q("(flip reverse flip 2 3#1 2 3 4 5 6e)~"
             "(return forward(module enlist(`randomflip;1f);1 2 3#1 2 3 4 5 6e))0")
    assert q("(1 2 3#1 2 3 4 5 6e)~return forward(module enlist(`randomflip;0f);"
             "1 2 3#1 2 3 4 5 6e)")


def test_containers_of_modules_and_parameters(q: ApiSession) -> None:
    q("l:module seq(`modulelist;(`linear;2;3);`relu)\n"
      "d:module seq(`moduledict;(`linear;`a;2;3);`relu`b)\n"
      "p:module enlist(`parmdict;`a`b!(1 2e;2 2#1e))")
    assert q("names l").tolist() == q("`0`1").tolist()
    assert q("(names d)~`a`b")
    assert q("(parmnames p)~`a`b")
    assert q("(dict parms p)~`a`b!(1 2e;2 2#1e)")
    for name in "ldp":
        assert "no forward calculation" in q.error(f"forward({name};1 2e)")


# ------------------------------------------------------------------ callbacks

def test_callback_calls_a_q_function(q: ApiSession) -> None:
    q("f:{[m;x]mul(x;parm(m;`w))}\nm:module enlist(`callback;`cb;`f;(`parms;`w`b!(3e;1 2e)))")
    assert q("(return forward(m;1 2 3e))~3 6 9e")
    q("backward(y:forward(m;1 2 3e);1 1 1e)")
    assert q("6e~grad parm(m;`w)")


def test_callback_frees_the_pointers_that_it_makes(q: ApiSession) -> None:
    q('m:module enlist(`callback;"{[m;x]relu x}")\nx:tensor 1 -2 3e')
    before = q("count obj[]")
    q("y:forward(m;x)")
    assert q("count obj[]") == before + 1
    assert q("tensor y").tolist() == [1, 0, 3]


@pytest.mark.parametrize(("fn", "message"), [
    ("{[m;x]}", "callback: unexpected null return from k function"),
    ("{[m;x]1 2 3}", "callback: unable to retrieve tensor from long list"),
    ("{[m;x]'oops}", "callback error from k: oops")])
def test_callback_errors(q: ApiSession, fn: str, message: str) -> None:
    q(f'm:module enlist(`callback;"{fn}")\nx:tensor 1 2e')
    before = q("count obj[]")
    assert q.error("forward(m;x)") == message
    assert q("count obj[]") == before


def test_callback_runs_children_in_the_current_mode(q: ApiSession) -> None:
    q("f:{[m;x]kforward(m;`d;x)}\nm:module((`callback;`cb;`f);enlist(`drop;`d;.5))")
    assert 0 in seeded(lambda: q("return forward(m;1000#1e)"))
    assert q("all 1e=evaluate(m;1000#1e)")


# ------------------------------------------------------------------ attention and transformers

def torch_twin(mine: nn.Module, make: Callable[[], nn.Module]) -> nn.Module:
    """torch's own Python module with the same parameters."""
    twin = make()
    twin.load_state_dict(mine.state_dict())
    return twin.eval()


def close(x: Any, y: Any) -> None:
    for a, b in zip(flat(x), flat(y), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_attention_equals_torch(q: ApiSession) -> None:
    mine = q.obj("m:module enlist(`attention;8;2;`addbias`kdim`vdim!(1b;5;6))").eval()
    twin = torch_twin(mine, lambda: nn.MultiheadAttention(8, 2, add_bias_kv=True, kdim=5, vdim=6))
    torch.manual_seed(1)
    x, k, v = torch.randn(4, 3, 8), torch.randn(5, 3, 5), torch.randn(5, 3, 6)
    mask = torch.randn(4, 5)
    padding = torch.tensor([[False] * 5, [False] * 4 + [True], [False, True] * 2 + [False]])
    close(mine(x, k, v, padding, True, mask), twin(x, k, v, padding, True, mask))


def test_transformer_equals_torch(q: ApiSession) -> None:
    mine = q.obj("m:module enlist(`transformer;8;2;2;1;16;`fn,`gelu)").eval()
    twin = torch_twin(mine, lambda: nn.Transformer(8, 2, 2, 1, 16, activation="gelu"))
    torch.manual_seed(1)
    x, y = torch.randn(5, 3, 8), torch.randn(4, 3, 8)
    mask = nn.Transformer.generate_square_subsequent_mask(4)
    close(mine(x, y, None, mask), twin(x, y, tgt_mask=mask))


@pytest.mark.parametrize(("definition", "shapes"), [
    ("(`encoderlayer;8;2;16)", ((5, 3, 8),)),
    ("(`decoderlayer;8;2;16;0f;`gelu)", ((5, 3, 8), (4, 3, 8))),
    ("(`encoder;(`encoderlayer;8;2;16);2;8)", ((5, 3, 8),)),
    ("(`decoder;(8;2;16);2)", ((5, 3, 8), (4, 3, 8))),
    ("(`attention;8;2)", ((5, 3, 8),) * 3),
    ("(`transformer;8;2;1;1;16)", ((5, 3, 8), (4, 3, 8)))])
def test_transformer_parts_come_back_from_their_state(q: ApiSession, definition: str,
                                                      shapes: tuple[Any, ...]) -> None:
    mine = q.obj(f"m:module enlist{definition}").eval()
    twin = q.obj("n:module state m").eval()
    assert q("(state m)~state n")
    torch.manual_seed(1)
    x = [torch.randn(s) for s in shapes]
    for a, b in zip(flat(mine(*x)), flat(twin(*x)), strict=True):
        assert torch.equal(a, b)


def test_layers_of_an_encoder_may_be_modules(q: ApiSession) -> None:
    q("l:module enlist(`encoderlayer;8;2;16)\nn:module enlist(`layernorm;8)")
    mine = q.obj("m:module enlist(`encoder;l;2;n)")
    assert not q("mapped l") and not q("mapped n")
    assert len(list(mine.children())) == 2
