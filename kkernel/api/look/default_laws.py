"""The law that torch draws each parameter of a module from when the module is made."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from .distributions import Distribution, Normal, Spiked, Uniform, constant
from .laws import Law, initializer
from .structure import named_modules

Rule = Callable[[Any, str, Tensor], Distribution | None]


def _within(bound: float) -> Distribution:
    return Uniform(-bound, bound)


def _fan_in(module: Any, name: str, parameter: Tensor) -> Distribution | None:
    """Weights and biases alike within 1/sqrt(inputs of one output)."""
    inputs = math.prod(module.weight.shape[1:])
    return _within(1 / math.sqrt(inputs)) if inputs else None


def _bilinear(module: Any, name: str, parameter: Tensor) -> Distribution | None:
    return _within(1 / math.sqrt(module.in1_features))


def _hidden(module: Any, name: str, parameter: Tensor) -> Distribution | None:
    return _within(1 / math.sqrt(module.hidden_size))


def _embedding(module: Any, name: str, parameter: Tensor) -> Distribution | None:
    if module.padding_idx is None:
        return Normal(0, 1)
    return Spiked(((0.0, 1 / module.num_embeddings),), Normal(0, 1))


def _norm(module: Any, name: str, parameter: Tensor) -> Distribution | None:
    return constant(1 if name == "weight" else 0)


def _prelu(module: Any, name: str, parameter: Tensor) -> Distribution | None:
    return constant(getattr(module, "init", 0.25))


def _attention(module: Any, name: str, parameter: Tensor) -> Distribution | None:
    if name.endswith("proj_weight"):
        return initializer("xuniform", parameter.shape).distribution
    if name in ("bias_k", "bias_v"):
        return initializer("xnormal", parameter.shape).distribution
    return constant(0) if name == "in_proj_bias" else None


_RULES: tuple[tuple[tuple[type, ...], Rule], ...] = (
    ((nn.Linear, nn.modules.conv._ConvNd), _fan_in),
    ((nn.Bilinear,), _bilinear),
    ((nn.RNNBase, nn.modules.rnn.RNNCellBase), _hidden),
    ((nn.Embedding, nn.EmbeddingBag), _embedding),
    ((nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm), _norm),
    ((nn.PReLU,), _prelu),
    ((nn.MultiheadAttention,), _attention),
)


def default_laws(root: nn.Module) -> dict[str, Law]:
    """By dotted parameter name, for the module types of torch."""
    laws: dict[str, Law] = {}
    for path, module in named_modules(root):
        prefix = f"{path}." if path else ""
        _add_own(laws, prefix, module)
    for path, module in root.named_modules():  # containers that draw again over their children
        prefix = f"{path}." if path else ""
        if isinstance(module, nn.MultiheadAttention) and module.out_proj.bias is not None:
            laws[f"{prefix}out_proj.bias"] = Law(_by(module), constant(0))
        if isinstance(module, nn.Transformer):
            laws.update(_xavier_everywhere(prefix, module))
    return laws


def _by(module: nn.Module) -> str:
    return f"default of {type(module).__name__}"


def _add_own(laws: dict[str, Law], prefix: str, module: nn.Module) -> None:
    rule = next((rule for types, rule in _RULES if isinstance(module, types)), None)
    if rule is None:
        return
    for name, parameter in module._parameters.items():
        if parameter is None or is_lazy(parameter):
            continue
        distribution = rule(module, name, parameter)
        if distribution is not None:
            laws[prefix + name] = Law(_by(module), distribution)


def _xavier_everywhere(prefix: str, module: nn.Module) -> dict[str, Law]:
    """A whole transformer draws every matrix in it again."""
    return {
        prefix + name: Law(_by(module), initializer("xuniform", parameter.shape).distribution)
        for name, parameter in module.named_parameters()
        if parameter.dim() > 1
    }
