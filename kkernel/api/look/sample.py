"""Guess an input for a module from its first layer, when nobody gave an example."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

Inputs = tuple[Tensor, ...]
Make = Callable[[int], Inputs]  # inputs of so many samples

SIDES = (28, 32, 64, 224, 8, 16, 96, 128, 256, 299)  # usual sizes of square images


def batch_of(model: Any) -> Inputs | None:
    """Inputs of the shape that a model's training data has in one batch, or None without data."""
    width = getattr(getattr(model, "data", None), "width", -1)
    found = data_of(model, width if width > 0 else sys.maxsize)
    return found and tuple(_meta(*t.shape, dtype=t.dtype) for t in found)


def data_of(model: Any, samples: int) -> Inputs | None:
    """The first samples of a model's training data, or None without data."""
    found = getattr(getattr(model, "data", None), "x", None)
    tensors = [found] if isinstance(found, Tensor) else found
    if not isinstance(tensors, (list, tuple)) or not tensors:
        return None
    if not all(isinstance(t, Tensor) and t.dim() for t in tensors):
        return None
    return tuple(t[:samples] for t in tensors)


def sample_inputs(module: nn.Module) -> Iterator[tuple[Inputs, Inputs, str, Make]]:
    """Likely inputs first: of 2 samples, of 3, words for what was assumed, and how to make n."""
    first: Any = next((m for m in module.modules() if type(m) in _MAKERS), None)
    if first is not None:
        maker = _MAKERS[type(first)]
        for size, words in _sizes(type(first)):
            yield maker(first, 2, size), maker(first, 3, size), words, partial(_n, maker, first,
                                                                             size)


def _n(maker: Callable[[Any, int, int], Inputs], first: nn.Module, size: int, n: int) -> Inputs:
    return maker(first, n, size)


def _sizes(cls: type) -> list[tuple[int, str]]:
    if cls in (nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d):
        return [(side, f"images of {side} x {side}") for side in SIDES]
    if cls in (nn.Embedding, nn.RNN, nn.LSTM, nn.GRU, nn.Conv1d, nn.TransformerEncoderLayer):
        return [(16, "sequences of 16")]
    return [(1, "")]


def _meta(*shape: int, dtype: torch.dtype | None = None) -> Tensor:
    return torch.empty(shape, device="meta", dtype=dtype)


def _recurrent(module: Any, n: int, size: int) -> Inputs:
    shape = (n, size) if module.batch_first else (size, n)
    return (_meta(*shape, module.input_size),)


def _encoder(module: Any, n: int, size: int) -> Inputs:
    width = module.self_attn.embed_dim
    shape = (n, size) if module.self_attn.batch_first else (size, n)
    return (_meta(*shape, width),)


_MAKERS: dict[type, Callable[[Any, int, int], Inputs]] = {
    nn.Linear: lambda m, n, size: (_meta(n, m.in_features),),
    nn.Bilinear: lambda m, n, size: (_meta(n, m.in1_features), _meta(n, m.in2_features)),
    nn.BatchNorm1d: lambda m, n, size: (_meta(n, m.num_features),),
    nn.BatchNorm2d: lambda m, n, size: (_meta(n, m.num_features, size, size),),
    nn.Conv1d: lambda m, n, size: (_meta(n, m.in_channels, size),),
    nn.Conv2d: lambda m, n, size: (_meta(n, m.in_channels, size, size),),
    nn.ConvTranspose2d: lambda m, n, size: (_meta(n, m.in_channels, size, size),),
    nn.Embedding: lambda m, n, size: (_meta(n, size, dtype=torch.long),),
    nn.RNN: _recurrent,
    nn.LSTM: _recurrent,
    nn.GRU: _recurrent,
    nn.TransformerEncoderLayer: _encoder,
}
