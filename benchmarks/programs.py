"""Whole training programs through a kkernel session against the same models in plain PyTorch.

First both in one process, in turns; then each in a process of its own, with their peak memory.
`python programs.py NAME` serves one program to `apart.py`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

import torch
from apart import compare_apart, serve
from measure import HEADER, Ratio, Thunk, compare
from plain import PROGRAMS
from training import session

from kkernel.q import memory
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


BATCHES = """
q:module seq(`sequential;(`linear;8;16);`relu;(`linear;16;2))
m:model(addref q;loss`ce;opt(`sgd;q;.01;.9))
x:tensor(`randn;2000 8)
y:tensor(`randint;2;2000)
train(m;`batchsize;20);
train(m;x;y);
"""

BY_HAND = """
q:module seq(`sequential;(`linear;8;16);`relu;(`linear;16;2))
l:loss`ce
o:opt(`sgd;q;.01;.9)
x:tensor(`randn;2000 8)
y:tensor(`randint;2;2000)
f:{batch(x;20;z);batch(y;20;z);nograd o;a:forward(q;x);e:loss(l;a;y);backward e;r:tensor e;
 free(a;e);step o;r}[x;y]
"""


@dataclass
class Program:
    """A program in q: what makes it, the line that trains, names of its data, targets of the
    ratio in one process and in two."""

    task: str
    source: str
    line: str
    names: str
    target: float
    apart: float
    rounds: int = 25

    def open(self) -> tuple[Session, Thunk]:
        s = session("seed 1" + self.source)
        return s, s.interpreter.compile_text(self.line)


OURS = {
    "spirals": Program("spirals: 20 steps", SPIRALS, "do[20;f[q;l;o;x;y]]", "xy", 1.0, .8),
    "batches": Program("run m: 100 batches of 20 rows", BATCHES, "run m", "xy", 1.0, 1.0),
    "hand": Program("by hand: 100 batches of 20 rows", BY_HAND, "f each til 100", "xy", 1.0, 1.0),
    "convnet": Program("convnet: 4 batches of 128", CONVNET, "run m", "xy", 1.03, 1.03, 7),
    "gpt": Program("small gpt: 5 steps", GPT, "do[5;f[]]", "XY", 1.03, 1.03)}
MOST_MEMORY = 1.05


def together(name: str) -> Ratio:
    """In one process: the same data and the same first parameters."""
    program = OURS[name]
    s, run = program.open()

    def found(n: str) -> torch.nn.Module | torch.Tensor:
        return s.torch_object(s.interpreter.globals.get(n))[1]

    plain = replace(PROGRAMS[name], start=[p.detach().clone() for p in found("q").parameters()])
    loop = plain.loop(*(found(n).clone() for n in program.names))
    return compare(program.task, run, loop, program.target, rounds=program.rounds)


def main() -> None:
    torch.set_num_threads(1)
    memory.keep_freed()  # as the console and the kernel do
    if len(sys.argv) > 1:
        serve(OURS[sys.argv[1]].open()[1])
        return
    print(HEADER)
    for name in OURS:
        print(together(name).row(), flush=True)
    print("\nin processes of their own")
    for name, program in OURS.items():
        ratio, peak = compare_apart(program.task, name, program.apart, MOST_MEMORY)
        print(ratio.row(), peak, sep="\n", flush=True)


if __name__ == "__main__":
    main()
