"""Pictures in idx files: read, augmented, classified by a convolutional network."""

from __future__ import annotations

import struct
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F


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
        *((-1 + v.double() / 127.5).float().unsqueeze(1) for v in x.values()), *y.values())


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
