"""Learned embeddings of positions, alone and added to an embedding of tokens."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class EmbedPosition(nn.Module):
    """A learned row per position: parameter `pos` of 1 x rows x cols, zero at first.

    Forward takes any tensor whose last dimension is the sequence and gives the rows of its
    length; the values do not matter.
    """

    def __init__(self, rows: int, cols: int) -> None:
        super().__init__()
        self.rows, self.cols = rows, cols
        self.pos = nn.Parameter(torch.zeros(1, rows, cols))

    def forward(self, x: Tensor) -> Tensor:
        return self.pos[:, :x.size(-1), :]


class EmbedSequence(nn.Module):
    """Token embedding (rows x cols) plus position embedding (length x cols)."""

    def __init__(self, rows: int, cols: int, length: int) -> None:
        super().__init__()
        self.rows, self.cols, self.length = rows, cols, length
        self.tok = nn.Embedding(rows, cols)
        self.pos = EmbedPosition(length, cols)

    def twin(self) -> nn.Module:
        return EmbedSequence(self.rows, self.cols, self.length)

    def forward(self, x: Tensor) -> Tensor:
        return self.tok(x) + self.pos(x)
