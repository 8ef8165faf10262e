"""Attention as libtorch computes it, and the self attention module of the k api.

torch's Python modules switch to fused kernels that round otherwise and skip dropout's random
numbers in another order; these keep to the plain products, so that numbers are those of C++.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from kkernel.q.errors import QError


def _same(x: Tensor, y: Tensor) -> bool:
    return x is y or (x.shape == y.shape and x.dtype == y.dtype and torch.equal(x, y))


def _widen(mask: Tensor | None) -> Tensor | None:
    """A mask with one more key position that is not masked."""
    return None if mask is None else F.pad(mask, (0, 1))


def _additive(mask: Tensor) -> Tensor:
    """A boolean mask as 0 and minus infinity."""
    if mask.dtype != torch.bool:
        return mask
    return torch.zeros(mask.shape, device=mask.device).masked_fill(mask, -math.inf)


class MultiheadAttention(nn.MultiheadAttention):
    """torch's module; length x batch x dimension in and out, by plain matrix products."""

    label = "MultiheadAttention"

    def twin(self) -> nn.Module:
        return MultiheadAttention(self.embed_dim, self.num_heads, self.dropout,
                                  self.in_proj_bias is not None, self.bias_k is not None,
                                  self.add_zero_attn, self.kdim, self.vdim)

    def forward(  # type: ignore[override]
            self, query: Tensor, key: Tensor, value: Tensor,
            key_padding_mask: Tensor | None = None, need_weights: bool = True,
            attn_mask: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        if query.dim() != 3:
            return super().forward(query, key, value, key_padding_mask, need_weights, attn_mask)
        length, batch, _ = query.shape
        q, k, v = self._projected(query, key, value)
        q = q * (1 / math.sqrt(self.head_dim))
        if self.bias_k is not None and self.bias_v is not None:
            k = torch.cat([k, self.bias_k.repeat(1, batch, 1)])
            v = torch.cat([v, self.bias_v.repeat(1, batch, 1)])
            attn_mask, key_padding_mask = _widen(attn_mask), _widen(key_padding_mask)
        q, k, v = (self._by_head(t, batch) for t in (q, k, v))
        if self.add_zero_attn:
            k, v = (torch.cat([t, t.new_zeros(t.size(0), 1, t.size(2))], 1) for t in (k, v))
            attn_mask, key_padding_mask = _widen(attn_mask), _widen(key_padding_mask)
        weights = self._weights(q, k, batch, attn_mask, key_padding_mask)
        y = torch.bmm(weights, v).transpose(0, 1).contiguous().view(length, batch, self.embed_dim)
        y = F.linear(y, self.out_proj.weight, self.out_proj.bias)
        if not need_weights:
            return y, None
        return y, weights.view(batch, self.num_heads, length, -1).sum(1) / self.num_heads

    def _projected(self, query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, ...]:
        b, size = self.in_proj_bias, self.embed_dim
        if not self._qkv_same_embed_dim:
            weights = self.q_proj_weight, self.k_proj_weight, self.v_proj_weight
        elif _same(key, value):
            w = self.in_proj_weight
            if _same(query, key):
                return F.linear(query, w, b).chunk(3, -1)
            b1, b2 = (None, None) if b is None else (b[:size], b[size:])
            return (F.linear(query, w[:size], b1), *F.linear(key, w[size:], b2).chunk(2, -1))
        else:
            weights = self.in_proj_weight.chunk(3)
        biases = (None,) * 3 if b is None else b.chunk(3)
        return tuple(F.linear(t, w, bias) for t, w, bias
                     in zip((query, key, value), weights, biases, strict=True))

    def _by_head(self, t: Tensor, batch: int) -> Tensor:
        return t.contiguous().view(-1, batch * self.num_heads, self.head_dim).transpose(0, 1)

    def _weights(self, q: Tensor, k: Tensor, batch: int, mask: Tensor | None,
                 padding: Tensor | None) -> Tensor:
        w = torch.bmm(q, k.transpose(1, 2))
        if mask is not None:
            w = w + _additive(mask)
        if padding is not None:
            hidden = padding.bool()[:, None, None, :]
            w = w.view(batch, self.num_heads, *w.shape[1:]).masked_fill(hidden, -math.inf)
            w = w.view(-1, *w.shape[2:])
        return F.dropout(F.softmax(w, -1), self.dropout, self.training)


class SelfAttention(nn.Module):
    """Attention of a batch x length x dim sequence to itself.

    Children: `norm` (with the option norm), `in` (dim -> 3 dim), `drop`, `out`.  The mask is added
    to the scores, cut to the length of the sequence.
    """

    def __init__(self, dim: int, heads: int, dropout: float = 0.0, norm: bool = False) -> None:
        super().__init__()
        self.dim, self.heads, self.dropout = dim, heads, dropout
        if norm:
            self.norm = nn.LayerNorm(dim)
        self.add_module("in", nn.Linear(dim, 3 * dim, bias=not norm))
        self.drop = nn.Dropout(dropout)
        self.out = nn.Linear(dim, dim)

    def twin(self) -> nn.Module:
        return SelfAttention(self.dim, self.heads, self.dropout, self.normed)

    @property
    def normed(self) -> bool:
        return "norm" in self._modules

    def forward(self, x: Tensor, mask: Tensor | None = None,
                padmask: Tensor | None = None) -> Any:
        if padmask is not None:
            raise QError("self attention: padding mask not implemented")
        batch, length, dim = x.shape
        size = dim // self.heads
        y = self._modules["in"](self.norm(x) if self.normed else x)  # type: ignore[misc]
        q, k, v = y.reshape(batch, length, 3, self.heads, size).permute(2, 0, 3, 1, 4)
        scores = torch.matmul(q, k.transpose(-2, -1)).mul_(1 / math.sqrt(size))
        if mask is not None:
            scores += mask if mask.size(-1) == length else mask[:length, :length]
        y = torch.matmul(self.drop(torch.softmax(scores, -1)), v)
        return self.out(y.transpose(1, 2).contiguous().view(batch, length, dim))
