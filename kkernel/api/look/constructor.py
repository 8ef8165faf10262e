"""The arguments that a module was made with, found again in its attributes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

Arguments = list[tuple[str, Any]]  # (keyword, value); by position where the keyword is empty


class Unknown(ValueError):
    """Arguments that cannot be found again; the text says which."""


def arguments(module: nn.Module) -> Arguments:
    """Those that are required by position, the others by keyword where they are no defaults."""
    rule = next((rule for types, rule in _RULES if isinstance(module, types)), _signature)
    return rule(module)


_MISSING = object()


def _signature(module: Any) -> Arguments:
    found: Arguments = []
    positional = True
    for parameter in _parameters(type(module)):
        name, default = parameter.name, parameter.default
        value = _attribute(module, name, default)
        required = default is inspect.Parameter.empty
        if value is _MISSING and required:
            raise Unknown(f"the argument {name} is not known")
        if value is _MISSING or (not required and _same(value, default)):
            positional = False
            continue
        positional = positional and required and parameter.kind is not parameter.KEYWORD_ONLY
        found.append(("" if positional else name, value))
    return found


@lru_cache(maxsize=1024)
def _parameters(cls: type) -> tuple[inspect.Parameter, ...]:
    """A constructor's parameters, without device, type and private ones."""
    if cls.__init__ is nn.Module.__init__:  # type: ignore[misc]
        return ()
    try:
        given = inspect.signature(cls).parameters.values()
    except (TypeError, ValueError):
        raise Unknown("the constructor cannot be read") from None
    several = [p for p in given if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if several and cls is not nn.Identity:
        raise Unknown("the constructor takes any arguments")
    return tuple(p for p in given if p not in several and p.name not in ("device", "dtype")
                 and not p.name.startswith("_"))


def _attribute(module: Any, name: str, default: Any) -> Any:
    value = getattr(module, name, _MISSING)
    own = _row_attribute(module, name) if value is _MISSING or callable(value) else value
    if isinstance(own, nn.Module) or (isinstance(own, Tensor) and name in module._parameters) \
            or (own is None and isinstance(default, bool)):
        return own is not None if isinstance(default, bool) else own
    if callable(own) and own is not _MISSING:
        raise Unknown(f"the argument {name} is a function")
    return own


def _row_attribute(module: nn.Module, keyword: str) -> Any:
    """The value of an option that is kept under another name, as the k api's rows know."""
    from .describe import row_of

    row = row_of(module)
    option = next((o for o in row.options.rows if o.keyword == keyword), None) if row else None
    if row is None or option is None:
        return _MISSING
    try:
        return row.read(module)[option.name]
    except AttributeError:
        return _MISSING


def _same(value: Any, default: Any) -> bool:
    """Whether a value is the default: one number stands for as many equal ones."""
    if isinstance(value, (tuple, list)) and isinstance(default, (int, float)):
        return all(type(item) is type(default) and item == default for item in value)
    return type(value) is type(default) and not isinstance(value, Tensor) and value == default


# --------------------------------------------------------------------------- classes of torch


def _leave(found: Arguments, **defaults: Any) -> Arguments:
    return [(name, value) for name, value in found
            if name not in defaults or value != defaults[name]]


def _recurrent(module: Any) -> Arguments:
    names = ["num_layers", "bias", "batch_first", "dropout", "bidirectional"]
    names += ["nonlinearity"] if isinstance(module, nn.RNN) else []
    names += ["proj_size"] if isinstance(module, nn.LSTM) else []
    return [("", module.input_size), ("", module.hidden_size), *_leave(
        [(name, getattr(module, name)) for name in names], num_layers=1, bias=True,
        batch_first=False, dropout=0.0, bidirectional=False, nonlinearity="tanh", proj_size=0)]


def _attention(module: Any) -> Arguments:
    return [("", module.embed_dim), ("", module.num_heads), *_leave(
        [("dropout", module.dropout), ("bias", module.in_proj_bias is not None),
         ("add_bias_kv", module.bias_k is not None), ("add_zero_attn", module.add_zero_attn),
         ("kdim", module.kdim), ("vdim", module.vdim), ("batch_first", module.batch_first)],
        dropout=0.0, bias=True, add_bias_kv=False, add_zero_attn=False, kdim=module.embed_dim,
        vdim=module.embed_dim, batch_first=False)]


def _details(layer: Any) -> Arguments:
    """What the layers of transformers have in common."""
    attention = layer.self_attn
    return _leave(
        [("dim_feedforward", layer.linear1.out_features), ("dropout", layer.dropout.p),
         ("activation", _function(layer)), ("layer_norm_eps", layer.norm1.eps),
         ("batch_first", attention.batch_first), ("norm_first", layer.norm_first),
         ("bias", layer.linear1.bias is not None)],
        dim_feedforward=2048, dropout=0.1, activation="relu", layer_norm_eps=1e-5,
        batch_first=False, norm_first=False, bias=True)


def _function(layer: Any) -> str:
    named = {torch.nn.functional.relu: "relu", torch.nn.functional.gelu: "gelu"}
    name = getattr(layer, "activation_name", "") or named.get(layer.activation)
    if not isinstance(name, str) or name not in ("relu", "gelu"):
        raise Unknown("its activation is a function of its own")
    return name


def _layer(module: Any) -> Arguments:
    attention = module.self_attn
    return [("", attention.embed_dim), ("", attention.num_heads), *_details(module)]


def _transformer(module: Any) -> Arguments:
    stacks = module.encoder, module.decoder
    if any(not isinstance(s, (nn.TransformerEncoder, nn.TransformerDecoder)) or not len(s.layers)
           for s in stacks):
        raise Unknown("its encoder or decoder is one of its own")
    return [*_leave([("d_model", module.d_model), ("nhead", module.nhead),
                     ("num_encoder_layers", len(stacks[0].layers)),
                     ("num_decoder_layers", len(stacks[1].layers))],
                    d_model=512, nhead=8, num_encoder_layers=6, num_decoder_layers=6),
            *_details(stacks[0].layers[0])]


def _adaptive(module: Any) -> Arguments:
    return [("", module.in_features), ("", module.n_classes), ("", list(module.cutoffs[:-1])),
            *_leave([("div_value", module.div_value), ("head_bias", module.head_bias)],
                    div_value=4.0, head_bias=False)]


_RULES: tuple[tuple[tuple[type, ...], Callable[[Any], Arguments]], ...] = (
    ((nn.RNNBase,), _recurrent),
    ((nn.MultiheadAttention,), _attention),
    ((nn.TransformerEncoderLayer, nn.TransformerDecoderLayer), _layer),
    ((nn.Transformer,), _transformer),
    ((nn.AdaptiveLogSoftmaxWithLoss,), _adaptive),
)
