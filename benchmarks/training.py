"""Training through a kkernel session against the same loop in plain PyTorch."""

from __future__ import annotations

import torch
from measure import HEADER, Ratio, compare

from kkernel.session import Session

TOUR = """
seed 1
x:tensor(`randn;500 1 8 8)
y:tensor(`randint;10;500)
c:(`conv2d;1;16;3;`pad,1)
d:(`conv2d;16;32;3;`pad,1)
q:module seq(`sequential;c;`relu;d;`relu;(`maxpool2d;2);`flatten;(`drop;.25);(`linear;512;10))
m:model(q;loss`ce;opt(`adam;q;.002))
train(m;`batchsize;50);
train(m;x;y);
"""

LINEAR = """
seed 1
q:module enlist(`linear;1;1)
x:tensor 3 1#1 2 3e
y:tensor 3 1#2 4 6e
l:loss`mse
o:opt(`sgd;q;.01)
"""

GAN = """
seed 1
gan:{x:module seq`sequential,x; model(x;loss`bce;opt(`adam;x;.0002;.5))}
g:gan((`linear;8;32);`relu;(`linear;32;16);`tanh)
d:gan((`linear;16;32);(`leakyrelu;.2);(`linear;32;1);`sigmoid)
x:tensor(`randn;600 16)
z:tensor(`empty;60 8)
t:(tensor(;60 1)@)'[`empty`zeros`ones]
real:{[d;x;y]nograd d; uniform(y;.8;1); backward(d;x;y)}
false:{[d;x;y]x:detach x; r:backward(d;x;y); free x; step d; r}
fool:{[d;g;x;y]nograd g; r:backward(d;x;y); free x; step g; r}
f:{[i]batch(x;60;i); a:real[d;x;t 0]; normal z; y:forward(g;z); a+:false[d;y;t 1];
 a,fool[d;g;y;t 2]}
"""


def session(source: str) -> Session:
    s = Session(lambda text: None)
    error = s.execute(source)
    if error is not None:
        raise SystemExit(s.interpreter.error_text(error))
    return s


def tour() -> Ratio:
    """One pass over 500 images: `run m` against batches, loss, backward, step."""
    s = session(TOUR)
    run = s.interpreter.compile_text("run m")
    torch.manual_seed(1)
    nn = torch.nn
    net = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(.25), nn.Linear(512, 10))
    x, y = torch.randn(500, 1, 8, 8), torch.randint(10, (500,))
    loss, opt = nn.CrossEntropyLoss(), torch.optim.Adam(net.parameters(), .002)

    def plain() -> float:
        net.train()
        total = 0.0
        for i in range(0, 500, 50):
            opt.zero_grad()
            e = loss(net(x[i:i + 50]), y[i:i + 50])
            e.backward()
            opt.step()
            total += e.item()
        return total

    return compare("tour: one pass of the digits network", run, plain, 1.10, rounds=15)


def linear() -> Ratio:
    """Steps of linear(1,1), batch 3: what a call costs."""
    s = session(LINEAR)
    step = s.interpreter.compile_text(
        "do[1000;zerograd o;z:forward(q;x);e:loss(l;z;y);backward e;step o;free(z;e)]")
    net = torch.nn.Linear(1, 1)
    x, y = torch.tensor([[1.], [2.], [3.]]), torch.tensor([[2.], [4.], [6.]])
    loss, opt = torch.nn.MSELoss(), torch.optim.SGD(net.parameters(), .01)

    def plain() -> None:
        for _ in range(1000):
            opt.zero_grad()
            e = loss(net(x), y)
            e.backward()
            opt.step()

    return compare("1,000 steps of linear(1,1)", step, plain, 1.5, rounds=5)


def against() -> Ratio:
    """Two networks against each other, 10 batches of 60: what people write as a loop in q."""
    s = session(GAN)
    step = s.interpreter.compile_text("f each til 10")
    nn = torch.nn
    g = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 16), nn.Tanh())
    d = nn.Sequential(nn.Linear(16, 32), nn.LeakyReLU(.2), nn.Linear(32, 1), nn.Sigmoid())
    of_g, of_d = (torch.optim.Adam(m.parameters(), .0002, (.5, .999)) for m in (g, d))
    x, z, loss = torch.randn(600, 16), torch.empty(60, 8), nn.BCELoss()
    some, zero, one = torch.empty(60, 1), torch.zeros(60, 1), torch.ones(60, 1)

    def plain() -> list[tuple[float, float]]:
        found = []
        for xb in x.split(60):
            of_d.zero_grad()
            real = loss(d(xb), some.uniform_(.8, 1))
            real.backward()
            y = g(z.normal_())
            false = loss(d(y.detach()), zero)
            false.backward()
            of_d.step()
            of_g.zero_grad()
            fooled = loss(d(y), one)
            fooled.backward()
            of_g.step()
            found.append((real.item() + false.item(), fooled.item()))
        return found

    return compare("two networks against each other", step, plain, 1.05, seconds=.1)


def main() -> None:
    torch.set_num_threads(1)
    print(HEADER)
    for r in (tour(), linear(), against()):
        print(r.row())


if __name__ == "__main__":
    main()
