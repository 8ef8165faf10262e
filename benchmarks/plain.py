"""The programs of programs.py as plain PyTorch, without kkernel: `python plain.py NAME` serves."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass
class Plain:
    """A network, its data, and the loop that trains it; `steps` passes over the data."""

    net: Callable[[], nn.Module]
    data: Callable[[], tuple[Tensor, Tensor]]
    make: Callable[..., torch.optim.Optimizer]
    options: dict[str, Any]
    width: int
    steps: int = 1
    start: list[Tensor] = field(default_factory=list)  # first parameters, torch's if there are none

    def loop(self, x: Tensor, y: Tensor) -> Callable[[], float]:
        net = self.net()
        for a, b in zip(net.parameters(), self.start, strict=False):
            a.data.copy_(b)
        opt = self.make(net.parameters(), **self.options)
        width, targets = self.width, self.width * len(y) // len(x)

        def run() -> float:
            total = 0.0
            for _ in range(self.steps):
                for xb, yb in zip(x.split(width), y.split(targets), strict=True):
                    opt.zero_grad()
                    out = net(xb)
                    loss = F.cross_entropy(out.reshape(-1, out.shape[-1]), yb)
                    loss.backward()
                    opt.step()
                    total += loss.item()
            return total

        return run


def spiral_data() -> tuple[Tensor, Tensor]:
    r = torch.linspace(0, 1, 1000)
    angles = [r * 4 + 4 * i + .2 * torch.randn(1000) for i in range(3)]
    x = torch.cat([torch.stack([r * a.sin(), r * a.cos()], 1) for a in angles])
    return x, torch.arange(3).repeat_interleave(1000)


def digits() -> tuple[Tensor, Tensor]:
    return torch.randn(512, 1, 28, 28), torch.randint(10, (512,))


def words() -> tuple[Tensor, Tensor]:
    return torch.randint(65, (24, 32)), torch.randint(65, (24 * 32,))


def rows() -> tuple[Tensor, Tensor]:
    return torch.randn(2000, 8), torch.randint(2, (2000,))


def convnet() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Dropout(.25), nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(.5),
        nn.Linear(128, 10))


class Block(nn.Module):
    """A transformer block as people write it."""

    def __init__(self, d: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.qkv, self.out = nn.LayerNorm(d), nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.norm2, self.up, self.down = nn.LayerNorm(d), nn.Linear(d, 4 * d), nn.Linear(4 * d, d)

    def forward(self, x: Tensor) -> Tensor:
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

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.norm(self.blocks(self.tok(x) + self.pos[0][:, :x.shape[1]])))


SGD, ADAM, ADAMW = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW
PROGRAMS = {
    "spirals": Plain(lambda: nn.Sequential(nn.Linear(2, 100), nn.ReLU(), nn.Linear(100, 3)),
                     spiral_data, SGD, {"lr": .2, "momentum": .99}, 3000, 20),
    "batches": Plain(lambda: nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2)),
                     rows, SGD, {"lr": .01, "momentum": .9}, 20),
    "convnet": Plain(convnet, digits, ADAM, {}, 128),
    "gpt": Plain(Gpt, words, ADAMW, {"lr": .001, "weight_decay": .01}, 24, 5)}
PROGRAMS["hand"] = PROGRAMS["batches"]


def main() -> None:
    from apart import serve

    torch.set_num_threads(1)
    torch.manual_seed(1)
    program = PROGRAMS[sys.argv[1]]
    serve(program.loop(*program.data()))


if __name__ == "__main__":
    main()
