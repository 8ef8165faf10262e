"""A series in a csv file: a network of residual blocks in time."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

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
    x, X = ((v.double() / top).float() for v in (train, test))
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
