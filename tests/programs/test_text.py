"""A text by letters: a recurrent network that carries its hidden state."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

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
