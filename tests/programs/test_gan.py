"""Two models trained against each other."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

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
    x = (-1 + 2 * (torch.arange(24 * 36) % 17).double() / 16).float().reshape(24, 1, 6, 6)
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
