"""Whole programs, as scripts and as cells: what they print is what plain PyTorch calculates."""

from __future__ import annotations

import math
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from kkernel.session import Session

ROOT = Path(__file__).resolve().parent.parent


def as_script(folder: Path, file: str) -> str:
    """What `kkernel file.q` prints, started in the folder above."""
    done = subprocess.run(
        [sys.executable, "-m", "kkernel", f"{folder.name}/{file}"], cwd=folder.parent, text=True,
        capture_output=True, timeout=240, stdin=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def as_cell(folder: Path, file: str) -> str:
    """What the text prints as one cell of a notebook in the folder."""
    before = Path.cwd()
    written: list[str] = []
    session = Session(written.append, written.append)
    os.chdir(folder)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        session.run((folder / file).read_text())
    finally:
        torch.set_num_threads(threads)
        os.chdir(before)
    return "".join(written)


@pytest.fixture(params=[as_script, as_cell], ids=["script", "cell"])
def printed(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., str]:
    def run(files: dict[str, str | bytes]) -> str:
        """The text that the first of these files prints."""
        folder = tmp_path / "programs"
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        text: str = request.param(folder, next(iter(files)))
        return text

    return run


def floats(t: Tensor) -> Tensor:
    """As `"e"$` reads k floats."""
    return t.to(torch.float32)


# ------------------------------------------------------------------ pictures in idx files

def idx(array: Tensor) -> bytes:
    """A file of bytes in the format of MNIST."""
    sizes = b"".join(struct.pack(">I", n) for n in array.shape)
    return struct.pack(">HBB", 0, 8, array.ndim) + sizes + bytes(array.flatten().tolist())


PICTURES = """\
p:first` vs hsym .z.f                   / the folder of this script
system"l ",1_string` sv p,`idx.q
{key[x]set'get x}(`ktorch 2:`fns,1)[];
seed 7
d:pictures` sv p,`data
d:@[;`y`Y;"j"$]@[d;`x`X;{resize("e"$-1+x%127.5;-1 1 8 8)}]
if[in[c:device[];cudadevices()]; setting`benchmark,1b]
f:{[i;o](`conv2d;i;o;3;1;`same;`bias,0b)}
q:seq(`sequential; f[1;4]; (`batchnorm2d;4); `relu; (`maxpool2d;2);
      f[4;6]; (`leakyrelu;.1); (`drop;.25); `flatten; (`linear;96;10))
q:module q
to(q;c)
{knormal(x;y)}[q]'[where parmtypes[q]=`conv2d];
m:model(q; loss(`ce;`smoothing,.1); opt(`sgd;q;.05;.9;`nesterov,1b))
train(m; `batchsize`shuffle; 20,1b);               train(m; d`x; d`y);
test(m; `batchsize`metrics; (15;`loss`accuracy));  test(m; d`X; d`Y);
r:`s#1 3!.05 .01                        / learning rates from these epochs on
fmt:.Q.fmt'[3 7 10 10 8;0 4 6 6 2]
msg:{-1 raze[("";" lr:";" loss:";" test:";" accuracy:"),'fmt x],"%";}
fit:{[m;r;i] lr(m;r@:i); msg i,r,raze`run`testrun@\\:m; i+1}
4 fit[m;r]/1;
test(m;`metrics;`predict)
t:select n:count i by y,yhat from ([]y:d`Y; yhat:testrun m) where not y=yhat
-1 string exec sum n from t;
"""
IDX = """\
pictures:{
 if[null x; x:` sv @[` vs hsym .z.f;1;:;`data]];
 x:x{` sv x,`$"-"sv string y}'cross/[(`train`t10k;`images`labels,'`idx3`idx1;`ubyte)];
 `x`y`X`Y!{$[x like"*images*";16_;8_]"h"$read1 x}'[x]}
"""


def test_pictures(printed: Callable[..., str]) -> None:
    torch.manual_seed(1)
    sets = {"train": 64, "t10k": 30}
    x = {k: torch.randint(256, (n, 8, 8)) for k, n in sets.items()}
    y = {k: torch.randint(10, (n,)) for k, n in sets.items()}
    files: dict[str, str | bytes] = {"pictures.q": PICTURES, "idx.q": IDX}
    for k in sets:
        files[f"data/{k}-images-idx3-ubyte"] = idx(x[k])
        files[f"data/{k}-labels-idx1-ubyte"] = idx(y[k])
    assert printed(files).splitlines() == plain_pictures(
        *(floats(-1 + v.double() / 127.5).unsqueeze(1) for v in x.values()), *y.values())


def plain_pictures(x: Tensor, X: Tensor, y: Tensor, Y: Tensor) -> list[str]:
    torch.manual_seed(7)
    q = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding="same", bias=False), nn.BatchNorm2d(4), nn.ReLU(),
        nn.MaxPool2d(2), nn.Conv2d(4, 6, 3, padding="same", bias=False), nn.LeakyReLU(.1),
        nn.Dropout(.25), nn.Flatten(), nn.Linear(96, 10))
    for i in (0, 4):
        nn.init.kaiming_normal_(q[i].weight)
    opt = torch.optim.SGD(q.parameters(), .05, .9, nesterov=True)
    lines = []
    for epoch in (1, 2, 3, 4):
        rate = .05 if epoch < 3 else .01
        opt.param_groups[0]["lr"] = rate
        order = torch.randperm(len(x))
        x, y = x[order], y[order]
        losses = []
        for xb, yb in zip(x.split(20), y.split(20), strict=True):
            opt.zero_grad()
            loss = F.cross_entropy(q.train()(xb), yb, label_smoothing=.1)
            loss.backward()
            opt.step()
            losses.append(loss.detach())
        with torch.no_grad():
            out = [q.eval()(xb) for xb in X.split(15)]
            tests = [F.cross_entropy(o, yb, label_smoothing=.1)
                     for o, yb in zip(out, Y.split(15), strict=True)]
        wrong = int((torch.cat(out).argmax(1) != Y).sum())
        lines.append(f"{epoch:2}. lr:{rate:7.4f} loss:{torch.stack(losses).sum() / 4:10.6f} "
                     f"test:{torch.stack(tests).sum() / 2:10.6f} "
                     f"accuracy:{100 * (30 - wrong) / 30:8.2f}%")
    return [*lines, str(wrong)]


# ------------------------------------------------------------------ text, hidden state

TEXT = """\
.nn:(`ktorch 2:`fns,1)[]
t:` sv read0` sv @[` vs hsym .z.f;1;:;`data],`text.txt
char:(`s#get enum:char!til count char)!char:asc distinct t
.nn.seed 3
h:12; s:5; w:4; a:count char; t:enum t
r:.nn.module`recur
.nn.module(r; 1; `sequential)
.nn.module(r; 2; (`reshape; -1,s));
.nn.module(r; 2; (`embed; a; 6));
.nn.module(r; 1; (`lstm; 6; h; 2; 1b; 1b; .2));
.nn.module(r; 1; `sequential)
.nn.module(r; 2; (`reshape; -1,h))
.nn.module(r; 2; (`linear; h; a))
m:.nn.model(r; .nn.loss`ce; .nn.opt(`adam; r))
.nn.train(m; `batchsize`droplast`hidden`clipnorm; (s*w;1b;1b;1f))
epoch:{[m;t;e] -1 .Q.fmt[9;6].nn.run(m; -1_t; 1_t); e+1}
3 epoch[m;t]/1;
{-1 .Q.fmt[9;6]x;}each max first .nn.evaluate(m;20#t);
"""
WORDS = "the quick brown fox jumps over the lazy dog\nand the dog sleeps on\n" * 2


def test_text(printed: Callable[..., str]) -> None:
    text = "".join(line + "\n" for line in WORDS.splitlines())
    letters = sorted(set(text))
    t = torch.tensor([letters.index(c) for c in text])
    assert printed({"text.q": TEXT, "data/text.txt": WORDS}).splitlines() == \
        plain_text(t, len(letters))


def plain_text(t: Tensor, letters: int) -> list[str]:
    torch.manual_seed(3)
    embed, lstm = nn.Embedding(letters, 6), nn.LSTM(6, 12, 2, batch_first=True, dropout=.2)
    linear = nn.Linear(12, letters)
    parms = [*embed.parameters(), *lstm.parameters(), *linear.parameters()]
    opt = torch.optim.Adam(parms)
    lines = []
    for _ in range(3):
        losses, hidden = [], None
        for i in range(0, len(t) - 20, 20):
            opt.zero_grad()
            y, state = lstm(embed(t[i:i + 20].reshape(-1, 5)), hidden)
            hidden = (state[0].detach(), state[1].detach())
            loss = F.cross_entropy(linear(y.reshape(-1, 12)), t[i + 1:i + 21])
            loss.backward()
            nn.utils.clip_grad_norm_(parms, 1)
            opt.step()
            losses.append(loss.detach())
        lines.append(f"{torch.stack(losses).sum() / len(losses):9.6f}")
    with torch.no_grad():
        y, _ = lstm.eval()(embed(t[:20].reshape(-1, 5)))
        best = linear(y.reshape(-1, 12)).max(0).values
    return lines + [f"{v:9.6f}" for v in best.tolist()]


# ------------------------------------------------------------------ a series in a csv

SERIES = """\
{key[x]set'x;}(`ktorch 2:`fns,1)[];
d:first` vs hsym .z.f
b:3*f:2
x:last flip("MJ";1#",")0:` sv d,`data`series.csv
x:(0,floor .8*count x)_x@:til[b+f]+/:til 1+count[x]-b+f
x%:a:max raze first x
x:flip''[(0,b)_/:flip'["e"$x]]          / backcast and forecast for train and test sets
seed 5
part:{[u;b;f;t]
 n:`linear,'((`theta;u;t;0b); (`backcast;t;b); (`forecast;t;f));
 enlist(`fork;seq(`sequential`bc;n 0;`relu;n 1);seq(`sequential`fc;n 0;`relu;n 2))}
block:{[u;b;f;t] seq[(`sequential; (`linear;b;u); `relu)],part[u;b;f;t]}
m:module`nbeats,block[8;b;f]'[3 4]
m:model(m;loss`mse;opt(`adamw;m;.01;`decay,.1))
`train`test@\\:(m;`batchsize;5);
`train`test{[m;f;x]f(m;x 0;x 1)}[m]'x;
do[3; -1 .Q.fmt[12;8]each run[m],testrun m; lr(m;.9*lr m)];
yhat:a*evaluate m
-1 .Q.fmt[12;6]each avg yhat;
show([]y:avg each a*x . 1 1;yhat:.1*"j"$10*avg each yhat)
"""


def test_series(printed: Callable[..., str]) -> None:
    values = [round(500 + 200 * math.sin(i) + 3 * i) for i in range(30)]
    rows = "".join(f"20{10 + i // 12:02}.{i % 12 + 1:02},{v}\n" for i, v in enumerate(values))
    got = printed({"series.q": SERIES, "data/series.csv": "month,value\n" + rows}).splitlines()
    lines, table = plain_series(torch.tensor(values))
    assert got[:8] == lines
    shown = torch.tensor([[float(v) for v in row.split()] for row in got[10:]])
    torch.testing.assert_close(shown, torch.tensor(table), atol=.0501, rtol=0)


class Block(nn.Module):
    """A block of the library's definition: three layers for each of backcast and forecast."""

    def __init__(self, theta: int) -> None:
        super().__init__()
        self.first = nn.Linear(6, 8)
        self.b1, self.b2 = nn.Linear(8, theta, bias=False), nn.Linear(theta, 6)
        self.f1, self.f2 = nn.Linear(8, theta, bias=False), nn.Linear(theta, 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.first(x).relu()
        return self.b2(self.b1(x).relu()), self.f2(self.f1(x).relu())


def plain_series(values: Tensor) -> tuple[list[str], list[list[float]]]:
    windows = values.unfold(0, 8, 1)
    cut = math.floor(.8 * len(windows))
    train, test = windows[:cut], windows[cut:]
    top = train.max()
    x, X = (floats(v.double() / top) for v in (train, test))
    torch.manual_seed(5)
    blocks = nn.ModuleList([Block(3), Block(4)])

    def forecast(v: Tensor) -> Tensor:
        total: Tensor | None = None
        for block in blocks:
            back, ahead = block(v)
            v, total = v - back, ahead if total is None else total + ahead
        assert total is not None
        return total

    opt = torch.optim.AdamW(blocks.parameters(), .01, weight_decay=.1)
    lines = []
    for _ in range(3):
        with torch.no_grad():  # `run[m],testrun m`: the right side first
            tests = [F.mse_loss(forecast(v[:, :6]), v[:, 6:]) for v in X.split(5)]
        losses = []
        for batch in x.split(5):
            opt.zero_grad()
            loss = F.mse_loss(forecast(batch[:, :6]), batch[:, 6:])
            loss.backward()
            opt.step()
            losses.append(loss.detach())
        lines += [f"{torch.stack(v).sum() / len(v):12.8f}" for v in (losses, tests)]
        opt.param_groups[0]["lr"] *= .9
    with torch.no_grad():
        predicted = (forecast(X[:, :6]) * top).double()
    lines += [f"{v:12.6f}" for v in predicted.mean(0).tolist()]
    truth = X[:, 6:].double() * top
    return lines, torch.stack([truth.mean(1), predicted.mean(1)], 1).tolist()


# ------------------------------------------------------------------ a small gpt, a callback

GPT = """\
{key[x]set'x}(`ktorch 2:`fns,1)[];
seed 13
v:11; w:4; d:8; h:2; n:6
emb:seq(`sequential`embed; (`embedseq;v;d;n); (`drop;.1))
blk:{[d;h]
 q1:seq(`sequential; (`selfattention;d;h;0f;1b));
 q2:seq(`sequential; (`layernorm;d);(`linear;d;d*4); `gelu; (`linear;d*4;d); (`drop;.1));
 (`sequential; (`residual;q1); (`residual;q2))}
end:{[d;v]
 q:seq(`sequential`end; (`layernorm;`norm;d); (`linear;`decode;d;v;0b));
 q,enlist(`transform; seq(`sequential; (`reshape;-1,v)); seq(`sequential; (`select;1;-1)))}
q:module((`callback;`cb;`fwd;`tensor`tensor); emb; enlist[`modulelist`blocks],2#enlist blk[d;h];
  end[d;v])
fwd:{[m;x;y]
 x:kforward(m;`embed;x);
 s:(` sv`blocks,)each childnames(m;`blocks);
 use[x]{[m;y;x;c]use[x]kforward(m;c;x;y); x}[m;y]/[x;s];
 use[x]kforward(m;`end;x); x}
p:parmtypes q
{$[y like"*.weight"; normal(x;y;0;.02); zeros(x;y)]}[q]'[where p in`embed`linear];
p:{(b; x except b:x where (x in y)|x like"*.bias")}[key p;where p in`layernorm`embed`embedpos]
o:opt(`adamw; (); .01; .9; .95)
opt(o;0;(q;p 0);`decay,0.0)
opt(o;1;(q;p 1);`decay,0.1)
m:model(q; loss`ce; o);
u:tensor triu((2#n)#-0we;1)
t:(til 200)*(til 200)mod 7
t:t mod v
iter:{[m;t;u;n;s;i]
 x:t i+\\:til n+1; zerograd m;
 s[`l]:backward(m; (-1_'x;u); raze 1_'x);
 s[`r]:.01*1-.1*s`i; s[`i]+:1;
 -1 .Q.fmt[9;6]s`l; clip(m;.5); lr(m;s`r); step m; s}
s:iter[m;t;u;n]/[`i`l`r!(0;0e;0f);(0N,w)#3*til 5*w]
-1 .Q.fmt[9;6]each(first evaluate(m;enlist 4 3 2 1;u))til 3;
-1 " "sv string count each p;
"""


def test_gpt(printed: Callable[..., str]) -> None:
    assert printed({"gpt.q": GPT}).splitlines() == plain_gpt()


class Heads(nn.Module):
    """A norm, two heads with a mask that is added, a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.qkv, self.out = nn.Linear(8, 24, bias=False), nn.Linear(8, 8)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        b, n, _ = x.shape
        q, k, v = (p.view(b, n, 2, 4).transpose(1, 2) for p in self.qkv(self.norm(x)).split(8, -1))
        scores = q @ k.transpose(-2, -1) / 2 + mask[:n, :n]
        return self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(b, n, 8))


class Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.heads = Heads()
        self.mlp = nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 32), nn.GELU(), nn.Linear(32, 8),
                                 nn.Dropout(.1))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = x + self.heads(x, mask)
        return x + self.mlp(x)


class Gpt(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(11, 8), nn.Parameter(torch.zeros(1, 6, 8))
        self.layers = nn.ModuleList([Layer(), Layer()])
        self.norm, self.decode = nn.LayerNorm(8), nn.Linear(8, 11, bias=False)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = F.dropout(self.tokens(x) + self.places[:, :x.shape[1]], .1, self.training)
        for layer in self.layers:
            x = layer(x, mask)
        return self.decode(self.norm(x))


def plain_gpt() -> list[str]:
    torch.manual_seed(13)
    q = Gpt()
    matrices = []
    for m in q.modules():
        if isinstance(m, nn.Linear | nn.Embedding):
            nn.init.normal_(m.weight, 0, .02)
            if isinstance(m, nn.Linear):
                matrices.append(m.weight)
                if m.bias is not None:
                    nn.init.zeros_(m.bias)
    chosen = {id(p) for p in matrices}
    others = [p for p in q.parameters() if id(p) not in chosen]
    opt = torch.optim.AdamW([{"params": others, "weight_decay": 0.}, {"params": matrices,
                            "weight_decay": .1}], .01, (.9, .95))
    t = torch.arange(200)
    t = t * (t % 7) % 11
    mask = torch.full((6, 6), -math.inf).triu(1)
    lines = []
    for i, starts in enumerate(torch.arange(0, 60, 3).split(4)):
        x = t[starts[:, None] + torch.arange(7)]
        opt.zero_grad()
        loss = F.cross_entropy(q(x[:, :-1], mask).reshape(-1, 11), x[:, 1:].flatten())
        loss.backward()
        lines.append(f"{loss:9.6f}")
        nn.utils.clip_grad_norm_(q.parameters(), .5)
        for group in opt.param_groups:
            group["lr"] = .01 * (1 - .1 * i)
        opt.step()
    with torch.no_grad():
        out = q.eval()(torch.tensor([[4, 3, 2, 1]]), mask)[0, -1]
    return [*lines, *(f"{v:9.6f}" for v in out[:3].tolist()), f"{len(others)} {len(matrices)}"]


# ------------------------------------------------------------------ two models against each other

GAN = """\
{key[x]set'x;}(`ktorch 2:`fns,1)[];
seed 21
gan:{q:module seq`sequential,x; model(q; loss`bce; opt(`adam;q;.01;.5))}
g:gan((`convtranspose2d;5;4;3;`bias,0b);(`batchnorm2d;4);`relu;(`convtranspose2d;4;1;2;2);`tanh)
d:gan((`conv2d;1;4;3;2;1);(`leakyrelu;.2);(`conv2d;4;1;3;1;0);`sigmoid;(`flatten;0))
x:tensor(24 1 6 6#"e"$-1+2*((til 24*36)mod 17)%16)
w:8; b:3
t:(tensor(;w)@)'[`empty`zeros`ones]
z:tensor(`empty;w,5 1 1)
Z:tensor(`randn;w,5 1 1)
test(g;`batchsize`metrics;w,`output); test(g;Z);
fit1:{[d;x;y] nograd d; uniform(y;.8;1); backward(d;x;y)}
fit2:{[d;x;y] x:detach x; l:backward(d;x;y); free x; step d; l}
fit3:{[d;g;x;y] nograd g; l:backward(d;x;y); free x; step g; l}
fit:{[d;g;t;x;z;w;i]
 batch(x;w;i); l1:fit1[d;x;t 0]; normal z; x:forward(g;z);
 l2:fit2[d;x;t 1]; l3:fit3[d;g;x;t 2]; (l1+l2),l3}
do[3; -1 " "sv .Q.fmt[9;6]each med fit[d;g;t;x;z;w]'[til b]; shuffle x];
-1 .Q.fmt[10;6]max raze/[testrun g];
"""


def test_gan(printed: Callable[..., str]) -> None:
    assert printed({"gan.q": GAN}).splitlines() == plain_gan()


def plain_gan() -> list[str]:
    torch.manual_seed(21)
    g = nn.Sequential(nn.ConvTranspose2d(5, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(),
                      nn.ConvTranspose2d(4, 1, 2, 2), nn.Tanh())
    d = nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1), nn.LeakyReLU(.2), nn.Conv2d(4, 1, 3), nn.Sigmoid(),
                      nn.Flatten(0))
    og, od = (torch.optim.Adam(q.parameters(), .01, (.5, .999)) for q in (g, d))
    x = floats(-1 + 2 * (torch.arange(24 * 36) % 17).double() / 16).reshape(24, 1, 6, 6)
    real, zeros, ones = torch.empty(8), torch.zeros(8), torch.ones(8)
    z, fixed = torch.empty(8, 5, 1, 1), torch.randn(8, 5, 1, 1)
    lines = []
    for _ in range(3):
        losses = []
        for batch in x.split(8):
            od.zero_grad()
            real.uniform_(.8, 1)
            l1 = F.binary_cross_entropy(d(batch), real)
            l1.backward()
            made = g(z.normal_())
            l2 = F.binary_cross_entropy(d(made.detach()), zeros)
            l2.backward()
            od.step()
            og.zero_grad()
            l3 = F.binary_cross_entropy(d(made), ones)
            l3.backward()
            og.step()
            losses.append([(l1 + l2).item(), l3.item()])
        lines.append(" ".join(f"{sorted(v)[1]:9.6f}" for v in zip(*losses, strict=True)))
        x = x[torch.randperm(24)]
    with torch.no_grad():
        return [*lines, f"{g.eval()(fixed).max():10.6f}"]
