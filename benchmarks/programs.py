"""Whole training programs through a kkernel session against the same models in plain PyTorch."""

from __future__ import annotations

import resource
from collections.abc import Callable

import torch
from measure import HEADER, Ratio, compare
from torch import nn
from torch.nn import functional as F
from training import session

from kkernel.session import Session

SPIRALS = """
n:1000; k:3
q:module seq(`sequential;(`linear;2;100);`relu;(`linear;100;k))
l:loss`ce
o:opt(`sgd;q;.2;.99)
spiral:{x:til[x]%x-1; flip x*/:(sin;cos)@\\:z+sum 4*(x;y)}
z:tensor(`randn;k,n;`double)
x:tensor"e"$raze spiral[n]'[til k;.2*tensor z]
y:tensor til[k]where k#n
f:{[q;l;o;x;y]nograd o;x:forward(q;x);r:tensor y:loss(l;x;y);backward y;free each(x;y);step o;r}
"""

CONVNET = """
c:(`sequential;(`conv2d;1;32;3);`relu;(`conv2d;32;64;3);`relu;(`maxpool2d;2);(`drop;.25))
q:module seq c,(`flatten;(`linear;9216;128);`relu;(`drop;.5);(`linear;128;10))
m:model(addref q;loss`ce;opt(`adam;q))
x:tensor(`randn;512 1 28 28)
y:tensor(`randint;10;512)
train(m;`batchsize;128);
train(m;x;y);
"""

GPT = """
d:64;h:4;w:32;v:65
a:seq(`sequential;(`layernorm;d);(`selfattention;d;h;0.))
b:seq(`sequential;(`layernorm;d);(`linear;d;4*d);`gelu;(`linear;4*d;d))
block:(`sequential;(`residual;a);(`residual;b))
q:(`sequential;enlist(`embedseq;v;d;w);@[block;0;:;`seqnest];@[block;0;:;`seqnest])
q:module q,(enlist(`layernorm;d);enlist(`linear;d;v))
o:opt(`adamw;q;.001)
X:tensor(`randint;v;24,w)
Y:tensor(`randint;v;24*w)
f:{nograd o;a:forward(q;X);b:reshape(a;-1,v);l:ce(b;Y);backward l;r:tensor l;free(a;b;l);step o;r}
"""


def peer(s: Session, x: torch.Tensor, y: torch.Tensor, net: nn.Module,
         make: Callable[..., torch.optim.Optimizer], width: int, steps: int = 1,
         **options: object) -> Callable[[], float]:
    """A plain loop over the same data with the same first parameters."""
    mine = s.torch_object(s.interpreter.globals.get("q"))[1]
    for a, b in zip(net.parameters(), mine.parameters(), strict=True):
        a.data.copy_(b.data)
    opt = make(net.parameters(), **options)

    def loop() -> float:
        total = 0.0
        for _ in range(steps):
            for xb, yb in zip(x.split(width), y.split(width * len(y) // len(x)), strict=True):
                opt.zero_grad()
                out = net(xb)
                loss = F.cross_entropy(out.reshape(-1, out.shape[-1]), yb)
                loss.backward()
                opt.step()
                total += loss.item()
        return total

    return loop


def tensors(s: Session, names: str = "xy") -> list[torch.Tensor]:
    return [s.torch_object(s.interpreter.globals.get(n))[1].clone() for n in names]


def spirals() -> Ratio:
    s = session("seed 1" + SPIRALS)
    net = nn.Sequential(nn.Linear(2, 100), nn.ReLU(), nn.Linear(100, 3))
    plain = peer(s, *tensors(s), net, torch.optim.SGD, 3000, 20, lr=.2, momentum=.99)
    return compare("spirals: 20 steps", s.interpreter.compile_text("do[20;f[q;l;o;x;y]]"), plain,
                   1.0)


def convnet() -> Ratio:
    s = session("seed 1" + CONVNET)
    net = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Dropout(.25), nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(.5),
        nn.Linear(128, 10))
    plain = peer(s, *tensors(s), net, torch.optim.Adam, 128)
    return compare("convnet: 4 batches of 128 images", s.interpreter.compile_text("run m"), plain,
                   1.03, rounds=7)


class Block(nn.Module):
    """A transformer block as people write it."""

    def __init__(self, d: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.qkv, self.out = nn.LayerNorm(d), nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.norm2, self.up, self.down = nn.LayerNorm(d), nn.Linear(d, 4 * d), nn.Linear(4 * d, d)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, n, d = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = ((q @ k.transpose(-2, -1)) / (d // self.heads) ** .5).softmax(-1) @ v
        x = x + self.out(y.transpose(1, 2).reshape(b, n, d))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Gpt(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tok, self.pos = nn.Embedding(65, 64), nn.ParameterList([torch.zeros(1, 32, 64)])
        self.blocks = nn.Sequential(Block(64, 4), Block(64, 4))
        self.norm, self.head = nn.LayerNorm(64), nn.Linear(64, 65)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.norm(self.blocks(self.tok(x) + self.pos[0][:, :x.shape[1]])))


def gpt() -> Ratio:
    s = session("seed 1" + GPT)
    plain = peer(s, *tensors(s, "XY"), Gpt(), torch.optim.AdamW, 24, 5, lr=.001, weight_decay=.01)
    return compare("small gpt: 5 steps", s.interpreter.compile_text("do[5;f[]]"), plain, 1.03)


def small_batches() -> Ratio:
    """`run m` with many small batches: what the loop itself costs."""
    s = session("""seed 1
q:module seq(`sequential;(`linear;8;16);`relu;(`linear;16;2))
m:model(addref q;loss`ce;opt(`sgd;q;.01;.9))
x:tensor(`randn;2000 8)
y:tensor(`randint;2;2000)
train(m;`batchsize;20);
train(m;x;y);""")
    net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
    plain = peer(s, *tensors(s), net, torch.optim.SGD, 20, lr=.01, momentum=.9)
    return compare("run m: 100 batches of 20 rows", s.interpreter.compile_text("run m"), plain, 1.0)


def main() -> None:
    torch.set_num_threads(1)
    print(HEADER)
    for make in (spirals, small_batches, convnet, gpt):
        print(make().row())
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
