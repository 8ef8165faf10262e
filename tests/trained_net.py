"""A small network that trains, and the bits of its state."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from kkernel.api.states.digest import digest
from kkernel.api.states.state_record import capture


def net() -> tuple[nn.Module, torch.optim.Optimizer]:
    model = nn.Sequential(nn.Linear(5, 7), nn.BatchNorm1d(7), nn.Tanh(), nn.Dropout(0.2),
                          nn.Linear(7, 5), nn.Linear(5, 5))
    model[4].register_buffer("passing", torch.ones(2), persistent=False)
    model.add_module("tied", nn.Linear(5, 5))
    model.tied.weight = model[5].weight  # type: ignore[union-attr]
    return model, torch.optim.Adam(model.parameters(), 0.01)


def train(model: nn.Module, optimizer: Any, steps: int) -> list[float]:
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = model(torch.randn(8, 5)).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def bits(model: nn.Module, optimizer: Any = None) -> dict[str, str]:
    return {str(key): digest(t) for key, t in capture(model, optimizer).tensors.items()}
