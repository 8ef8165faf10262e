"""Programs of the usual tasks, with training loops of their own, beside the same in plain PyTorch
with the same seed: bit for bit."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from api_session import ApiSession
from beside_torch import SGD, Plain, expect_same_bits, fit, step, turns, wave
from torch import Tensor, nn
from torch.nn import functional as F

from kkernel.api.optimizer.algorithms import Adam, AdamW, RMSprop, Stepwise


def adam(net: nn.Module | list[nn.Module], lr: float, kind: type[Stepwise] = Adam,
         **options: Any) -> Stepwise:
    """An optimizer that rounds as C++ does, where torch's Python one does not."""
    nets = net if isinstance(net, list) else [net]
    options = {"betas": (.9, .999), "eps": 1e-8, "amsgrad": False, "weight_decay": 0., **options}
    return kind([{"params": list(n.parameters())} for n in nets], {"lr": lr, **options})


# ------------------------------------------------------------------ an autoencoder

AUTOENCODER = """\
seed 41
x:24 12#"e"$.5+.5*sin til 288
e:((`linear;`squash;12;6);`relu;(`linear;`code;6;3);`tanh)
d:((`linear;`grow;3;6);`relu;(`linear;`out;6;12);`sigmoid)
q:module seq`sequential,e,d
m:model(addref q;loss`mse;opt(`adam;q;.05))
train(m;`batchsize`shuffle;8,1b);
train(m;x;x);
test(m;`batchsize`metrics;(6;`loss`output));
test(m;4#x;4#x);
r:{[m;i]run m}[m]each til 4
r,raze over testrun m"""


def autoencoder() -> Plain:
    net = nn.Sequential(nn.Linear(12, 6), nn.ReLU(), nn.Linear(6, 3), nn.Tanh(), nn.Linear(3, 6),
                        nn.ReLU(), nn.Linear(6, 12), nn.Sigmoid())
    x = first = (.5 + .5 * torch.arange(288).double().sin()).float().reshape(24, 12)
    opt = adam(net, .05)
    for _ in range(4):
        x = x[torch.randperm(24)]
        yield fit(net, opt, x, x, 8, F.mse_loss)
    with torch.no_grad():
        out = net.eval()(first[:4])
    yield F.mse_loss(out, first[:4])
    yield from out.flatten()
    yield net


# ------------------------------------------------------------------ a variational autoencoder

VARIATIONAL = """\
seed 42
n:count obj[]
x:tensor 16 10#"e"$.5+.4*sin til 160
e:module seq(`sequential;(`linear;10;8);`relu;(`linear;8;4))
q:module seq(`sequential;(`linear;2;8);`relu;(`linear;8;10);`sigmoid)
o:opt`adam
opt(o;0;e;`lr,.01)
opt(o;1;q)
draw:{[mu;s]z:tensor(`randn;size s); use[z]mul(z;s); use[z]add(z;mu); z}
kl:{[mu;v]
 a:pow(mu;2); b:Exp v; k:add(a;b); use[k]add(k;v;-1); use[k]add(k;-1); r:Sum k; free(a;b;k);
 use[r]mul(r;.5); r}
f:{[e;d;o;x;i]
 nograd o;
 h:forward(e;x); mu:narrow(h;1;0;2); v:narrow(h;1;2;2);
 t:mul(v;.5); s:Exp t; z:draw[mu;s]; y:forward(d;z);
 l:bce(y;x;`sum); k:kl[mu;v]; g:add(l;k); backward g;
 r:tensor each(l;k); step o; free each(h;mu;v;t;s;z;y;l;k;g); r}
r:f[e;q;o;x]each til 4
raze over(r;evaluate(q;2 2#1 -1 0 .5e);count[obj[]]-n)"""


def variational() -> Plain:
    e = nn.Sequential(nn.Linear(10, 8), nn.ReLU(), nn.Linear(8, 4))
    d = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 10), nn.Sigmoid())
    x = (.5 + .4 * torch.arange(160).double().sin()).float().reshape(16, 10)
    opt = adam([e, d], .001)
    opt.param_groups[0]["lr"] = .01
    for _ in range(4):
        mu, v = e(x).split(2, 1)
        z = torch.randn(16, 2) * torch.exp(v * .5) + mu
        loss = F.binary_cross_entropy(d(z), x, reduction="sum")
        k = (mu.pow(2) + v.exp() - v - 1).sum() * .5
        step(opt, loss + k)
        yield from (loss.detach(), k.detach())
    with torch.no_grad():
        yield from d(torch.tensor([[1, -1], [0, .5]])).flatten()
    yield 4  # pointers left: the data, two modules, the optimizer
    yield d


# ------------------------------------------------------------------ words by their neighbours

NEIGHBOURS = """\
seed 43
t:`the`cat`sat`on`the`mat`and`the`dog`sat`on`the`rug
w:distinct t; t:w?t; v:count w
q:module enlist(`embed;v;4)
c:module enlist(`embed;v;4)
zeros(c;`weight);
o:opt(`adagrad;q;.5)
opt(o;1;c)
x:t p:2+til -4+count t
y:t p+\\:-2 -1 1 2
k:tensor(`randint;v;count[x],4;`long)
scores:{[a;b]s:bmm(b;a); r:squeeze(s;2); free s; r}
f:{[u;c;o;x;y;k;i]
 zerograd o;
 a:forward(u;x); use[a]unsqueeze(a;2);
 b:forward(c;y); n:forward(c;k); p:scores[a;b]; g:scores[a;n];
 l:{[s;t]y:tensor(t;size s); r:bcelogit1(s;y); free y; r}'[(p;g);`ones`zeros];
 z:add l; backward z; step o; free each l,(a;b;n;p;g); return z}
r:f[q;c;o;x;y;k]each til 5
similar[(evaluate(q;0 1 2);evaluate(q;3 4 5))],r"""


def neighbours() -> Plain:
    words = ["the", "cat", "sat", "on", "the", "mat", "and", "the", "dog", "sat", "on", "the",
             "rug"]
    unique = list(dict.fromkeys(words))
    t, v = torch.tensor([unique.index(w) for w in words]), len(unique)
    u, c = nn.Embedding(v, 4), nn.Embedding(v, 4)
    nn.init.zeros_(c.weight)
    opt = torch.optim.Adagrad([{"params": n.parameters()} for n in (u, c)], .5)
    place = torch.arange(2, len(t) - 2)
    x, y = t[place], t[place[:, None] + torch.tensor([-2, -1, 1, 2])]
    k = torch.randint(v, (len(x), 4))
    losses = []
    for _ in range(5):
        opt.zero_grad(set_to_none=False)
        a = u(x).unsqueeze(2)
        near, far = (torch.bmm(c(i), a).squeeze(2) for i in (y, k))
        logits = F.binary_cross_entropy_with_logits
        loss = logits(near, torch.ones_like(near)) + logits(far, torch.zeros_like(far))
        loss.backward()
        opt.step()
        losses.append(loss.detach())
    yield from torch.cosine_similarity(u.weight[:3].detach(), u.weight[3:6].detach())
    yield from losses
    yield u


# ------------------------------------------------------------------ bags of words

BAGS = """\
seed 44
q:module seq(`sequential;(`embedbag;`words;20;6;OPTIONS);(`linear;`class;6;3))
x:18 5#((90#til 20)*3)mod 20
y:18#0 1 2 2
m:model(addref q;loss(`ce;`weight,enlist 1 2 .5e);opt(`sgd;q;.5))
train(m;`batchsize`shuffle`metrics;(7;1b;`loss`accuracy));
train(m;x;y);
r:raze{[m;i]run m}[m]each til 4
test(m;`metrics;`accuracy`predict);
test(m;x;y);
r,raze testrun m"""


def bags(mode: str, sparse: bool) -> Callable[[], Plain]:
    def plain() -> Plain:
        net = nn.Sequential(nn.EmbeddingBag(20, 6, mode=mode, sparse=sparse), nn.Linear(6, 3))
        opt = SGD(net.parameters(), .5)
        x = first = (torch.arange(90).remainder(20) * 3 % 20).reshape(18, 5)
        y = labels = turns(0, 1, 2, 2, size=18)
        weight = torch.tensor([1, 2, .5])
        right: list[Tensor] = []

        def loss(out: Tensor, target: Tensor) -> Tensor:
            right.append((out.argmax(1) == target).sum())
            return F.cross_entropy(out, target, weight)

        for _ in range(4):
            order = torch.randperm(18)
            x, y = x[order], y[order]
            right.clear()
            yield fit(net, opt, x, y, 7, loss)
            yield 100 * torch.stack(right).sum().div(18)
        found = net(first).argmax(1)
        yield 100 * (found == labels).sum().div(18)
        yield from found
        yield net

    return plain


# ------------------------------------------------------------------ sequence to sequence

REVERSED = """\
seed 45
v:6; h:10
gru:{[v;h]
 r:module enlist(`recur;0b);
 module(r;1;`sequential); module(r;2;(`embed;v;5)); module(r;1;(`gru;5;h;1;1b;1b)); r}
a:gru[v;h]
q:gru[v;h]
module(q;1;`sequential); module(q;2;(`linear;h;v)); module(q;2;(`reshape;-1,v));
o:opt(`adamw;a;.05)
opt(o;1;q)
l:loss`ce
x:12 4#1+(til 48)mod 5
y:reverse each x
f:{[a;b;o;l;x;y;i]
 nograd o;
 s:forward(a;x); t:forward(b;0,'-1_'y;(s;1)); z:loss(l;(t;0);raze y);
 backward z; clip(o;1); step o; free(s;t); return z}
r:f[a;q;o;l;x;y]each til 4
lr(o;.01 .02)
r,:f[a;q;o;l;x;y]each til 2
next1:{[b;s;p]
 t:eforward(b;flip enlist last p;(s;1)); k:vector(t;0); use[s]t; p,enlist k?'max each k}
tell:{[a;b;x]s:eforward(a;x); p:4 next1[b;s]/enlist count[x]#0; free s; flip 1_p}
raze over(r;tell[a;q;3#x])"""


class Cells(nn.Module):
    def __init__(self, out: bool = False) -> None:
        super().__init__()
        self.embed, self.cells = nn.Embedding(6, 5), nn.GRU(5, 10, batch_first=True)
        if out:
            self.out = nn.Linear(10, 6)

    def forward(self, x: Tensor, h: Tensor | None = None) -> tuple[Tensor, Tensor]:
        y, h = self.cells(self.embed(x), h)
        return (self.out(y).reshape(-1, 6) if hasattr(self, "out") else y), h


def reverse() -> Plain:
    a, b = Cells(), Cells(True)
    opt = adam([a, b], .05, AdamW, weight_decay=.01)
    x = (torch.arange(48) % 5 + 1).reshape(12, 4)
    y = x.flip(1)
    z = F.pad(y[:, :-1], (1, 0))
    for i in range(6):
        if i == 4:
            opt.param_groups[0]["lr"], opt.param_groups[1]["lr"] = .01, .02
        opt.zero_grad()
        loss = F.cross_entropy(b(z, a(x)[1])[0], y.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_([*a.parameters(), *b.parameters()], 1)
        opt.step()
        yield loss.detach()
    h, last, told = a(x[:3])[1], torch.zeros(3, dtype=torch.long), []
    for _ in range(4):
        out, h = b(last[:, None], h)
        last = out.argmax(1)
        told.append(last)
    yield from torch.stack(told, 1).flatten()
    yield b


# ------------------------------------------------------------------ three inputs of a loss

SIAMESE = """\
seed 47
q:module seq(`sequential;(`linear;6;8);`selu;(`linear;8;3))
a:tensor 10 6#"e"$sin til 60; p:tensor 10 6#"e"$sin .1+til 60; n:tensor 10 6#"e"$cos 2*til 60
o:opt(`rmsprop;q;.01)
f:{[q;o;l;x;i]
 nograd o; y:{forward(x;y)}[q]each x; backward z:loss enlist[l],y; step o; free each y; return z}
g:{[q;o;l;x;k;i]
 nograd o; y:{forward(x;y)}[q]each x; backward z:loss(l;y 0;y 1;k); step o; free each y; return z}
r:f[q;o;loss(`triplet;.5;`swap,1b);(a;p;n)]each til 3
r,:g[q;o;loss(`cosineloss;.1);(a;p);tensor 10#1e]each til 2
r,:g[q;o;loss(`cosineloss;.1);(a;n);tensor 10#-1e]each til 2
r,pairwise{evaluate(x;y)}[q]each(a;p)"""


def siamese() -> Plain:
    net = nn.Sequential(nn.Linear(6, 8), nn.SELU(), nn.Linear(8, 3))
    n = torch.arange(60).double()
    a, p, n = (t.float().reshape(10, 6) for t in (n.sin(), (n + .1).sin(), (2 * n).cos()))
    opt = adam(net, .01, RMSprop, alpha=.99, momentum=0, centered=False)
    for _ in range(3):
        yield step(opt, F.triplet_margin_loss(net(a), net(p), net(n), .5, swap=True))
    for other, sign in ((p, 1.), (p, 1.), (n, -1.), (n, -1.)):
        k = torch.full((10,), sign)
        yield step(opt, F.cosine_embedding_loss(net(a), net(other), k, .1))
    with torch.no_grad():
        yield from F.pairwise_distance(net(a), net(p))
    yield net


# ------------------------------------------------------------------ one network, two targets

TARGETS = """\
seed 48
f:{[m;x]
 h:kforward(m;`body;x); a:kforward(m;`left;h); b:kforward(m;`right;h);
 r:cat((a;b);1); free(h;a;b); r}
q:module((`callback;`q;`f);seq(`sequential`body;(`linear;4;8);`gelu);enlist(`linear;`left;8;1);
 seq(`sequential`right;(`linear;8;3);(`logsoftmax;1)))
x:tensor 12 4#"e"$sin til 48; y:tensor 12 1#"e"$cos til 12; z:tensor 12#0 1 2
o:opt(`sgd;q;.1;.9)
g:{[q;o;x;y;z;i]
 zerograd o;
 r:forward(q;x); a:narrow(r;1;0;1); b:narrow(r;1;1;3);
 u:mse(a;y); v:nll(b;z); w:mul(v;.3); s:add(u;w);
 backward s; clip(o;1.5); step o; t:tensor each(u;v;s); free each(r;a;b;u;v;w;s); t}
raze g[q;o;x;y;z]each til 4"""


class Targets(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body, self.left, self.right = nn.Linear(4, 8), nn.Linear(8, 1), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = F.gelu(self.body(x))
        return torch.cat([self.left(h), self.right(h).log_softmax(1)], 1)


def targets() -> Plain:
    net = Targets()
    opt = SGD(net.parameters(), .1, .9)
    y = torch.arange(12).double().cos().float().reshape(12, 1)
    for _ in range(4):
        opt.zero_grad(set_to_none=False)
        a, b = net(wave(12, 4)).split([1, 3], 1)
        u, v = F.mse_loss(a, y), F.nll_loss(b, turns(0, 1, 2, size=12))
        loss = u + v * .3
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.5)
        opt.step()
        yield from (u.detach(), v.detach(), loss.detach())
    yield net


# ------------------------------------------------------------------ causal convolutions

CAUSAL = """\
seed 49
s:"e"$(sin .3*til 80)+.1*cos 2.1*til 80
x:enlist each s til[60]+\\:til 16; y:enlist each s 16+til 60
blk:{[i;o;d]((`pad1d;(2*d;0));(`conv1d;i;o;3;`dilate,d);`relu;(`drop;.1))}
q:seq(`sequential,blk[1;6;1],blk[6;6;2]); q,:enlist each((`select;2;-1);(`linear;6;1))
q:module q
m:model(addref q;loss(`huber;.5);opt(`adamw;q;.01;`decay,.001))
train(m;`batchsize`shuffle`clipnorm;(15;1b;1));
train(m;48#x;48#y);
test(m;`batchsize;5);
test(m;48_x;48_y);
raze{[m;r]lr(m;.01*r);a:run m;a,testrun m}[m]each 1 .8 .6 .4"""


class Clipped(AdamW):
    def advance(self) -> None:
        nn.utils.clip_grad_norm_([p for g in self.param_groups for p in g["params"]], 1)
        super().advance()


def causal() -> Plain:
    def block(i: int, d: int) -> list[nn.Module]:
        return [nn.ConstantPad1d((2 * d, 0), 0), nn.Conv1d(i, 6, 3, dilation=d), nn.ReLU(),
                nn.Dropout(.1)]

    body, head = nn.Sequential(*block(1, 1), *block(6, 2)), nn.Linear(6, 1)
    net = nn.Sequential(body, head)
    net.forward = lambda x: head(body(x).select(2, -1))  # type: ignore[method-assign]
    opt = adam(net, .01, Clipped, weight_decay=.001)
    n = torch.arange(80).double()
    s = ((.3 * n).sin() + .1 * (2.1 * n).cos()).float()
    x, y = s.unfold(0, 16, 1)[:60, None], s[16:76, None]
    xt, yt, x, y = x[48:], y[48:], x[:48], y[:48]
    for r in (1, .8, .6, .4):
        opt.param_groups[0]["lr"] = .01 * r
        order = torch.randperm(48)
        x, y = x[order], y[order]
        yield fit(net, opt, x, y, 15, lambda a, b: F.huber_loss(a, b, delta=.5))
        net.eval()
        with torch.no_grad():
            found = [F.huber_loss(net(a), b, delta=.5)
                     for a, b in zip(xt.split(5), yt.split(5), strict=True)]
        yield torch.stack(found).sum() / len(found)
    yield net


# ------------------------------------------------------------------ several batches for a step

ACCUMULATED = """\
seed 50
x:30 4#"e"$sin til 120; y:30#0 1 2 1 0
q:module seq(`sequential;(`linear;`body;4;8);`relu;(`batchnorm1d;`norm;8);(`linear;`head;8;3))
m:model(addref q;loss`ce;opt(`sgd;q;.1;.9))
f:{[m;x;y;b]
 zerograd m; l:{[m;x;y;i]backward(m;x i;y i)}[m;x;y]each b; clipv(m;.05); step m; l}
raze f[m;x;y]each(3 2 5#til 30),2 3 5#reverse til 30"""


def accumulated() -> Plain:
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.BatchNorm1d(8), nn.Linear(8, 3))
    opt, x, y = SGD(net.parameters(), .1, .9), wave(30, 4), turns(0, 1, 2, 1, 0, size=30)
    up = torch.arange(30)
    for batches in (*up.reshape(3, 2, 5), *up.flip(0).reshape(2, 3, 5)):
        opt.zero_grad()
        for i in batches:
            loss = F.cross_entropy(net(x[i]), y[i])
            loss.backward()
            yield loss.detach()
        nn.utils.clip_grad_value_(net.parameters(), .05)
        opt.step()
    yield net


# ------------------------------------------------------------------ the best of all passes

STOPPED = """\
seed 51
x:40 3#"e"$sin til 120; y:40#0 1 1
q:module seq(`sequential;(`linear;3;16);`tanh;(`linear;16;2))
m:model(addref q;loss`ce;opt(`adam;q;.1))
train(m;`batchsize`shuffle;8,1b); train(m;30#x;30#y); test(m;30_x;30_y);
pass:{[m;p;b]
 if[b`stop;:b];
 b[`i]+:1; run m; l:testrun m;
 if[l<b`loss;b[`loss`best`state]:(l;b`i;state m)];
 b[`stop]:p<=b[`i]-b`best; b}
b:pass[m;2]/[`i`loss`best`stop`state!(0;0w;0;0b;())]
free each(m;q)
s:b`state
q:module s`module
m:model(addref q;loss s`loss;opt(s`optimizer;q))
train(m;s`train); train(m;30#x;30#y); test(m;30_x;30_y);
t:testrun m
b[`i`best`loss],t,run m"""


def stopped() -> Plain:
    net = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 2))
    opt, x, y = adam(net, .1), wave(40, 3), turns(0, 1, 1, size=40)
    xt, yt, x, y = x[30:], y[30:], x[:30], y[:30]
    first = x, y

    def tested() -> Tensor:
        with torch.no_grad():
            return F.cross_entropy(net(xt), yt)

    i, best, lowest, kept = 0, 0, math.inf, ({}, {})
    while i - best < 2:
        i += 1
        order = torch.randperm(30)
        x, y = x[order], y[order]
        fit(net, opt, x, y, 8)
        if (loss := float(tested())) < lowest:
            best, lowest = i, loss
            kept = ({k: v.clone() for k, v in net.state_dict().items()},
                    {p: {k: v.clone() if isinstance(v, Tensor) else v for k, v in s.items()}
                     for p, s in opt.state.items()})
    net.load_state_dict(kept[0])
    opt.state.update(kept[1])
    yield from (i, best, lowest, tested())
    nn.Linear(3, 16), nn.Linear(16, 2)  # a module made from its state draws before it is set
    order = torch.randperm(30)
    yield fit(net, opt, first[0][order], first[1][order], 8)
    yield net


# ------------------------------------------------------------------ a new head on an old body

TUNED = """\
seed 52
x:20 4#"e"$sin til 80
p:module seq(`sequential;(`linear;`body;4;6);`tanh;(`linear;`head;6;4))
m:model(addref p;loss`mse;opt(`sgd;p;.2))
train(m;`batchsize;5); train(m;x;x);
r:{[m;i]run m}[m]each til 2
q:module seq(`sequential;(`linear;`body;4;6);`tanh;(`linear;`head;6;3))
{[p;q;n]parm(q;n;tensor t:parm(p;n)); free t}[p;q]each`body.weight`body.bias;
o:opt(`sgd;();.1;.9)
opt(o;0;(q;`head.weight`head.bias))
m:model(addref q;loss`ce;o)
train(m;`batchsize;5); train(m;x;20#0 1 2);
r,:{[m;i]run m}[m]each til 3
opt(opt m;1;(q;`body.weight`body.bias);`lr,.01)
r,{[m;i]run m}[m]each til 2"""


def tuned() -> Plain:
    net, x, y = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 4)), wave(20, 4), None
    opt = SGD(net.parameters(), .2)
    for _ in range(2):
        yield fit(net, opt, x, x, 5, F.mse_loss)
    nn.Linear(4, 6)  # the body of the second network draws too, before it is set
    net[2] = nn.Linear(6, 3)
    y = turns(0, 1, 2, size=20)
    opt = SGD(net[2].parameters(), .1, .9)
    for i in range(5):
        if i == 3:
            opt.add_param_group({"params": list(net[0].parameters()), "lr": .01})
        net.zero_grad()
        yield fit(net, opt, x, y, 5)
    yield net


RECIPES: dict[str, tuple[str, Callable[[], Plain]]] = {
    "autoencoder": (AUTOENCODER, autoencoder), "variational": (VARIATIONAL, variational),
    "neighbours": (NEIGHBOURS, neighbours),
    "bags": (BAGS.replace("OPTIONS", "`mean"), bags("mean", False)),
    "sparse": (BAGS.replace("OPTIONS", "`mode`sparse!(`sum;1b)"), bags("sum", True)),
    "reversed": (REVERSED, reverse), "siamese": (SIAMESE, siamese),
    "targets": (TARGETS, targets), "causal": (CAUSAL, causal),
    "accumulated": (ACCUMULATED, accumulated), "stopped": (STOPPED, stopped),
    "tuned": (TUNED, tuned)}


@pytest.mark.parametrize("name", RECIPES)
def test_same_bits_as_plain_pytorch(q: ApiSession, name: str) -> None:
    expect_same_bits(q, *RECIPES[name])
