"""Training programs of many kinds, each beside the same program in plain PyTorch with the same
seed: bit for bit, or nearly so where torch's Python optimizer or module rounds unlike C++."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from api_session import ApiSession
from beside_torch import SGD, Plain, both, expect_same_bits, fit, step, turns, wave
from torch import Tensor, nn
from torch.nn import functional as F

# ------------------------------------------------------------------ a residual network

RESIDUAL = """\
seed 3
f:{[n] seq(`sequential;(`conv2d;n;n;3;1;`same;`bias,0b);(`batchnorm2d;n);`relu)}
q:seq(`sequential;(`conv2d;1;4;3;1;1);`relu)
q,:((`residual;f 4);(`residual;f 4;enlist`relu))
q,:enlist each((`avgpool2d;2);`flatten;(`linear;36;3))
q:module q
m:model(addref q;loss`ce;opt(`sgd;q;.05;.9;0;.001;1b))
train(m;`batchsize`shuffle;(5;1b))
train(m;16 1 6 6#"e"$sin til 576;16#0 2 1)
{[m;i]lr(m;.05*.5 xexp i);run m}[m]each til 4"""


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 4, 3, 1, 1)
        self.a, self.b = self.branch(), self.branch()
        self.last = nn.Linear(36, 3)

    @staticmethod
    def branch() -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(4, 4, 3, 1, "same", bias=False), nn.BatchNorm2d(4),
                             nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x).relu()
        x = self.a(x) + x
        x = (self.b(x) + x).relu()
        return self.last(F.avg_pool2d(x, 2).flatten(1))


def residual() -> Plain:
    net = Residual()
    opt = SGD(net.parameters(), .05, .9, 0, .001, nesterov=True)
    x, y = wave(16, 1, 6, 6), turns(0, 2, 1, size=16)
    for i in range(4):
        opt.param_groups[0]["lr"] = .05 * .5 ** i
        order = torch.randperm(16)
        x, y = x[order], y[order]
        yield fit(net, opt, x, y, 5)
    yield net


# ------------------------------------------------------------------ recurrent networks

RECURRENT = """\
seed 11
q:module`recur
module(q;1;`sequential); module(q;2;(`embed;7;5)); module(q;1;(`KIND;5;6;2;OPTIONS1b;1b));
module(q;1;`sequential); module(q;2;(`select;1;-1)); module(q;2;(`linear;6;7));
m:model(addref q;loss`ce;opt(`sgd;q;.5))
train(m;`batchsize;13);
t:30#3 1 4 1 5 0 2 6 5
i:til 26
train(m;t i+\\:til 4;t 4+i);
{[m;i]run m}[m]each til 3"""


def recurrent(kind: type[nn.RNNBase]) -> Callable[[], Plain]:
    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(7, 5)
            self.cells = kind(5, 6, 2, batch_first=True)
            self.last = nn.Linear(6, 7)

        def forward(self, x: Tensor) -> Tensor:
            return self.last(self.cells(self.embed(x))[0][:, -1])

    def plain() -> Plain:
        net = Recurrent()
        opt = SGD(net.parameters(), .5)
        t = turns(3, 1, 4, 1, 5, 0, 2, 6, 5, size=30)
        for _ in range(3):
            yield fit(net, opt, t.unfold(0, 4, 1)[:26], t[4:], 13)
        yield net

    return plain


# ------------------------------------------------------------------ two groups of parameters

GROUPS = """\
seed 5
q:module seq(`sequential;(`embed;9;8);(`layernorm;8);(`linear;8;8);`gelu;`flatten;(`linear;24;9))
p:{(b;x except b:x where(y in`embed`layernorm)|x like"*.bias")}[key p;value p:parmtypes q]
o:opt(`adamw;();.01;.9;.95)
opt(o;0;(q;p 0);`decay,0.0)
opt(o;1;(q;p 1);`decay,.1)
m:model(addref q;loss(`ce;`smoothing,.1);o)
train(m;`batchsize`clipnorm;(7;.5));
t:40#3 1 4 1 5 0 2 6 5 8
train(m;t i+\\:til 3;t 3+i:til 37);
r:1+cos acos[-1]*til[5]%5
{[m;r]lr(m;.01*r);run m}[m]each r"""


def groups() -> Plain:
    net = nn.Sequential(nn.Embedding(9, 8), nn.LayerNorm(8), nn.Linear(8, 8), nn.GELU(),
                        nn.Flatten(), nn.Linear(24, 9))
    parms = dict(net.named_parameters())
    decayed = [parms["2.weight"], parms["5.weight"]]
    rest = [p for p in parms.values() if not any(p is d for d in decayed)]
    opt = torch.optim.AdamW([{"params": rest, "weight_decay": 0.},
                             {"params": decayed, "weight_decay": .1}], .01, (.9, .95))

    def clip(*_: Any) -> None:
        nn.utils.clip_grad_norm_(net.parameters(), .5)

    opt.register_step_pre_hook(clip)
    t = turns(3, 1, 4, 1, 5, 0, 2, 6, 5, 8, size=40)
    for i in range(5):
        for group in opt.param_groups:
            group["lr"] = .01 * (1 + torch.cos(torch.tensor(torch.pi * i / 5)).item())
        yield fit(net, opt, t.unfold(0, 3, 1)[:37], t[3:], 7,
                  lambda a, b: F.cross_entropy(a, b, label_smoothing=.1))
    yield net


# ------------------------------------------------------------------ averages of weights

AVERAGES = """\
seed 7
q:module seq(`sequential;(`linear;3;8);(`batchnorm1d;8);`relu;(`linear;8;2))
m:model(addref q;loss`ce;opt(`sgd;q;.2))
train(m;`batchsize;6);
train(m;24 3#"e"$sin til 72;24#0 1 1);
a:dict()
f:{[m;a;i]r:run m;$[i=3;use[a]copyparms m;i>3;avgparms(m;a)];r}
r:f[m;a]each til 7
copyparms(m;a);
batchnorm m;
test(m;`metrics;`loss`accuracy);
r,testrun(m;24 3#"e"$cos til 72;24#0 1 1)"""


def averages() -> Plain:
    net = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
    opt, x, y = SGD(net.parameters(), .2), wave(24, 3), turns(0, 1, 1, size=24)
    parms = list(net.parameters())
    for i in range(7):
        yield fit(net, opt, x, y, 6)
        if i == 3:
            means = [p.detach().clone() for p in parms]
        elif i > 3:
            for mean, p in zip(means, parms, strict=True):
                mean.add_((p.detach() - mean) * (1 / (i - 2)))
    norm = net[1]
    norm.momentum = None
    norm.reset_running_stats()
    with torch.no_grad():
        for mean, p in zip(means, parms, strict=True):
            p.copy_(mean)
        for xb in x.split(6):
            net(xb)
        norm.momentum = .1
        out = net.eval()(torch.arange(72).double().cos().float().reshape(24, 3))
    yield F.cross_entropy(out, y)
    yield 100 * (out.argmax(1) == y).sum().div(24)
    yield net


# ------------------------------------------------------------------ frozen layers

FROZEN = """\
seed 9
q:module seq(`sequential;(`linear;`body;4;6);`tanh;(`linear;`head;6;3))
m:model(addref q;loss`ce;opt(`sgd;q;.3;.9))
train(m;`batchsize;5);
train(m;20 4#"e"$sin til 80;20#0 2 1 1);
freeze(m;`body.weight`body.bias)
r:{[m;i]run m}[m]each til 3
unfreeze(m;`body.weight`body.bias)
r,{[m;i]run m}[m]each til 3"""


def frozen() -> Plain:
    net = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3))
    opt, x, y = SGD(net.parameters(), .3, .9), wave(20, 4), turns(0, 2, 1, 1, size=20)
    net[0].requires_grad_(False)
    for i in range(6):
        if i == 3:
            net[0].requires_grad_(True)
        yield fit(net, opt, x, y, 5)
    yield net


# ------------------------------------------------------------------ a callback

CALLBACK = """\
seed 21
fwd:{[m;x;y]
 a:kforward(m;`a;x); b:kforward(m;`b;y); c:mul(a;b); use[c]add(c;x);
 use[c]kforward(m;`end;c); free(a;b); c}
q:module((`callback;`q;`fwd;`tensor`tensor);
 seq(`sequential`a;(`linear;4;4);`sigmoid);
 seq(`sequential`b;(`linear;2;4;0b));
 seq(`sequential`end;(`drop;.2);(`linear;4;1)))
m:model(addref q;loss`huber;opt(`sgd;q;.1;.5))
train(m;`batchsize`metrics;(4;`batchloss));
train(m;(12 4#"e"$sin til 48;12 2#"e"$cos til 24);12 1#"e"$til 12);
raze{[m;i]run m}[m]each til 2"""


class Product(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Linear(2, 4, bias=False)
        self.drop, self.last = nn.Dropout(.2), nn.Linear(4, 1)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.last(self.drop(self.a(x).sigmoid() * self.b(y) + x))


def callback() -> Plain:
    net = Product()
    opt = SGD(net.parameters(), .1, .5)
    x, z = wave(12, 4), torch.arange(24).double().cos().float().reshape(12, 2)
    y = torch.arange(12.).reshape(12, 1)
    for _ in range(2):
        for i in range(0, 12, 4):
            s = slice(i, i + 4)
            yield step(opt, F.huber_loss(net(x[s], z[s]), y[s]))
    yield net


# ------------------------------------------------------------------ two networks against each other

AGAINST = """\
seed 17
g:module seq(`sequential;(`linear;2;8);(`batchnorm1d;8);(`leakyrelu;.2);(`linear;8;3);`tanh)
d:module seq(`sequential;(`linear;3;8);(`leakyrelu;.2);(`drop;.3);(`linear;8;1);`sigmoid)
G:opt(`sgd;g;.1;.5)
D:opt(`sgd;d;.2)
l:loss`bce
x:tensor 8 3#"e"$sin til 24
one:tensor 8 1#1e
zero:tensor 8 1#0e
f:{[i]
 nograd each(G;D);
 u:forward(d;x); a:loss(l;u;one); backward a;
 z:tensor(`randn;8 2); v:forward(g;z); w:detach v; s:forward(d;w); b:loss(l;s;zero); backward b;
 step D; nograd D;
 t:forward(d;v); c:loss(l;t;one); backward c; step G;
 r:tensor each(a;b;c); free each(u;a;z;v;w;s;b;t;c); r}
r:f each til 4
q:module enlist`sequential
raze r,enlist raze over evaluate(g;4 2#"e"$til 8)"""


def against() -> Plain:
    g = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.LeakyReLU(.2), nn.Linear(8, 3),
                      nn.Tanh())
    d = nn.Sequential(nn.Linear(3, 8), nn.LeakyReLU(.2), nn.Dropout(.3), nn.Linear(8, 1),
                      nn.Sigmoid())
    of_g, of_d = SGD(g.parameters(), .1, .5), SGD(d.parameters(), .2)
    x, one, zero = wave(8, 3), torch.ones(8, 1), torch.zeros(8, 1)
    for _ in range(4):
        of_g.zero_grad()
        of_d.zero_grad()
        real = F.binary_cross_entropy(d(x), one)
        real.backward()
        v = g(torch.randn(8, 2))
        false = F.binary_cross_entropy(d(v.detach()), zero)
        false.backward()
        of_d.step()
        of_d.zero_grad()
        fooled = F.binary_cross_entropy(d(v), one)
        fooled.backward()
        of_g.step()
        yield from (e.detach() for e in (real, false, fooled))
    with torch.no_grad():
        yield from g.eval()(torch.arange(8.).reshape(4, 2)).flatten()
    yield nn.Sequential()


# ------------------------------------------------------------------ branches and joins

BRANCHES = """\
seed 31
a:seq(`sequential;(`linear;5;6);`relu)
b:seq(`sequential;(`linear;5;6);`tanh)
q:module(`seqlist`q;(`sequential;((`seqjoin;`join);a;b;`mul));seq(`sequential;(`linear;6;2)))
m:model(addref q;loss`mse;opt(`rmsprop;q;.01;`momentum,.5))
train(m;`batchsize;6);
train(m;18 5#"e"$sin til 90;18 2#"e"$cos til 36);
{[m;i]run m}[m]each til 4"""


class Branches(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.last = nn.Linear(5, 6), nn.Linear(5, 6), nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.a(x).relu() * self.b(x).tanh())


def branches() -> Plain:
    net = Branches()
    opt = torch.optim.RMSprop(net.parameters(), .01, momentum=.5)
    y = torch.arange(36).double().cos().float().reshape(18, 2)
    for _ in range(4):
        yield fit(net, opt, wave(18, 5), y, 6, F.mse_loss)
    yield net


# ------------------------------------------------------------------ lbfgs

QUASI = """\
seed 2
q:module seq(`sequential;(`linear;`double;3;5);`tanh;(`linear;5;1))
to(q;`double)
m:model(addref q;loss`mse;opt(`lbfgs;q;1f;8;`history`search!(5;`strong_wolfe)))
x:12 3#sin til 36
y:12 1#cos til 12
{[m;x;y;i]backstep(m;x;y)}[m;x;y]each til 5"""


def quasi() -> Plain:
    net = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1)).double()
    opt = torch.optim.LBFGS(net.parameters(), 1., 8, history_size=5,
                            line_search_fn="strong_wolfe")
    x = torch.arange(36).double().sin().reshape(12, 3)
    y = torch.arange(12).double().cos().reshape(12, 1)

    def closure() -> Tensor:
        opt.zero_grad()
        loss = F.mse_loss(net(x), y)
        loss.backward()
        return loss

    for _ in range(5):
        yield opt.step(closure).detach()
    yield net


# ------------------------------------------------------------------ text through convolutions

WORDS = """\
seed 13
q:seq(`sequential;(`embed;12;6;0);(`transpose;1;2);(`conv1d;6;8;3;1;1);`elu;(`adaptmax1d;1))
q,:enlist each(`flatten;(`linear;8;3);(`logsoftmax;1))
q:module q
m:model(addref q;loss(`nll;1 2 .5e);opt(`adagrad;q;.1;.01))
train(m;`batchsize`shuffle`droplast;(4;1b;1b));
x:18 7#(126#til 12)*0<126#til 5
train(m;x;18#2 0 1 1);
r:{[m;i]run m}[m]each til 3
test(m;`metrics;`accuracy);
r,testrun(m;x;18#2 0 1 1)"""


class Words(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(12, 6, padding_idx=0)
        self.conv, self.last = nn.Conv1d(6, 8, 3, 1, 1), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.elu(self.conv(self.embed(x).transpose(1, 2)))
        return self.last(F.adaptive_max_pool1d(x, 1).flatten(1)).log_softmax(1)


def words() -> Plain:
    net = Words()
    opt = torch.optim.Adagrad(net.parameters(), .1, .01)
    mask = torch.arange(126) % 5 > 0
    x = first = (torch.arange(126) % 12 * mask).reshape(18, 7)
    y = labels = turns(2, 0, 1, 1, size=18)
    w = torch.tensor([1, 2, .5])
    for _ in range(3):
        order = torch.randperm(18)
        x, y = x[order], y[order]
        yield fit(net, opt, x[:16], y[:16], 4, lambda a, b: F.nll_loss(a, b, w))
    with torch.no_grad():
        yield 100 * (net.eval()(first).argmax(1) == labels).sum().div(18)
    yield net


# ------------------------------------------------------------------ pictures in and out

PICTURES = """\
seed 23
a:((`conv2d;1;4;3;2;1);(`groupnorm;2;4);`prelu)
b:((`convtranspose2d;4;4;2;2);`silu;(`upsample;6 6);(`conv2d;4;1;1);`sigmoid)
q:module seq(enlist[`sequential],a,b)
m:model(addref q;loss(`l1;`sum);opt(`sgd;q;.002;.9;.1;.01))
train(m;`batchsize`clipvalue;(3;.5));
x:8 1 6 6#"e"$.5+.5*sin til 288
train(m;x;x);
{[m;i]run m}[m]each til 3"""


def pictures() -> Plain:
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3, 2, 1), nn.GroupNorm(2, 4), nn.PReLU(), nn.ConvTranspose2d(4, 4, 2, 2),
        nn.SiLU(), nn.Upsample((6, 6)), nn.Conv2d(4, 1, 1), nn.Sigmoid())
    opt = SGD(net.parameters(), .002, .9, .1, .01)
    opt.register_step_pre_hook(
        lambda o, *_: nn.utils.clip_grad_value_(o.param_groups[0]["params"], .5))
    x = (.5 + .5 * torch.arange(288).double().sin()).float().reshape(8, 1, 6, 6)
    for _ in range(3):
        yield fit(net, opt, x, x, 3, lambda a, b: F.l1_loss(a, b, reduction="sum"))
    yield net


# ------------------------------------------------------------------ unaligned sequences

UNALIGNED = """\
seed 37
q:module`recur
module(q;1;(`gru;3;6;1;1b;0b;0.;1b));
module(q;1;`sequential); module(q;2;(`linear;12;5)); module(q;2;(`logsoftmax;2));
o:opt(`sgd;q;.1)
x:tensor 7 4 3#"e"$sin til 84
y:tensor 4 2#1 2 3 4 2 1 4 4
u:tensor 4#7
w:tensor 2 2 1 2
f:{[i]
 nograd o; v:forward(q;x); z:tensor(v;0); l:ctc(z;y;u;w); backward l;
 r:tensor l; free each(v;z;l); step o; r}
f each til 3"""


class Unaligned(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cells, self.last = nn.GRU(3, 6, bidirectional=True), nn.Linear(12, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.cells(x)[0]).log_softmax(2)


def unaligned() -> Plain:
    net = Unaligned()
    opt = SGD(net.parameters(), .1)
    y = torch.tensor([[1, 2], [3, 4], [2, 1], [4, 4]])
    for _ in range(3):
        yield step(opt, F.ctc_loss(net(wave(7, 4, 3)), y, torch.full((4,), 7),
                                   torch.tensor([2, 2, 1, 2])))
    yield net


# ------------------------------------------------------------------ all of them

EXACT: dict[str, tuple[str, Callable[[], Plain]]] = {
    "residual": (RESIDUAL, residual), "averages": (AVERAGES, averages),
    "frozen": (FROZEN, frozen), "callback": (CALLBACK, callback), "against": (AGAINST, against),
    "branches": (BRANCHES, branches), "lbfgs": (QUASI, quasi), "words": (WORDS, words),
    "pictures": (PICTURES, pictures), "unaligned": (UNALIGNED, unaligned)}
for _kind, _cells in (("rnn", nn.RNN), ("gru", nn.GRU), ("lstm", nn.LSTM)):
    _options = "`tanh;" if _kind == "rnn" else ""
    EXACT[_kind] = (RECURRENT.replace("KIND", _kind).replace("OPTIONS", _options),
                    recurrent(_cells))


@pytest.mark.parametrize("name", EXACT)
def test_same_bits_as_plain_pytorch(q: ApiSession, name: str) -> None:
    expect_same_bits(q, *EXACT[name])


def test_nearly_the_numbers_of_plain_pytorch(q: ApiSession) -> None:
    got, mine, numbers, state = both(q, GROUPS, groups)
    assert got == pytest.approx(numbers, rel=1e-4)
    for a, b in zip(mine.values(), state.values(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)
