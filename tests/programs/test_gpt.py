"""A small gpt: attention, a callback that writes itself."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

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
