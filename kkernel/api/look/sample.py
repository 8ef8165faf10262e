"""Guess an input for a module from its first layer, when nobody gave an example."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

Inputs = tuple[Tensor, ...]

SIDES = (28, 32, 64, 224, 8, 16, 96, 128, 256, 299)  # usual sizes of square images


def batch_of(model: Any) -> Inputs | None:
    """Inputs of the shape that a model's training data has in one batch, or None without data."""
    data = getattr(model, "data", None)
    found = getattr(data, "x", None)
    tensors = [found] if isinstance(found, Tensor) else found
    if not isinstance(tensors, (list, tuple)) or not tensors:
        return None
    if not all(isinstance(t, Tensor) and t.dim() for t in tensors):
        return None
    width = getattr(data, "width", -1)
    return tuple(
        _meta(min(width, t.size(0)) if width > 0 else t.size(0), *t.shape[1:], dtype=t.dtype)
        for t in tensors
    )


def sample_inputs(module: nn.Module) -> Iterator[tuple[Inputs, Inputs, str]]:
    """(inputs of 2 samples, inputs of 3 samples, words for what was assumed), likely ones first."""
    first = next((m for m in module.modules() if type(m) in _MAKERS), None)
    if first is not None:
        make = _MAKERS[type(first)]
        for size, words in _sizes(type(first)):
            yield make(first, 2, size), make(first, 3, size), words


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
