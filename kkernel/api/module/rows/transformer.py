"""Attention and transformers.  Their options may be modules: as pointers or as definitions."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import nn

from kkernel.q.errors import QError
from kkernel.q.symbols import Symbol, sym, symbols
from kkernel.q.values import Dict, List, Value, items, qtype, record

from ...kinds import as_long, as_symbol, is_empty, kname
from ...objects import find, free
from ...options import DOUBLE, FLAG, LONG, Option, OptionKind
from ..definition import read_definition, read_entry
from ..option_kinds import choice
from ..own.attention import MultiheadAttention, SelfAttention
from ..own.family import label
from ..own.transformer import (
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)
from ..types import BY_CLASS, TYPES, ModuleType, enter, need_type

EMBED = Option("dim", LONG, torch="embed_dim", words="size of each input", least=1,
               missing="positive embedding dimension required")
HEADS = Option("heads", LONG, torch="num_heads", words="number of heads", least=1,
               missing="positive number of heads required")
DROPOUT = Option("dropout", DOUBLE, 0.0, words="dropout of the scores")

def _attention(embed_dim: int, kdim: int, vdim: int, **options: Any) -> nn.Module:
    """Sizes of keys and values that are not positive are those of the input."""
    sizes = {"kdim": kdim, "vdim": vdim}
    return MultiheadAttention(embed_dim, **options, **{
        name: n if n > 0 else embed_dim for name, n in sizes.items()})


enter("attention", MultiheadAttention, EMBED, HEADS, DROPOUT,
      Option("bias", FLAG, True, words="whether to learn additive biases"),
      Option("addbias", FLAG, False, "add_bias_kv", "add learned keys and values"),
      Option("addzero", FLAG, False, "add_zero_attn", "add a key and value of zeros"),
      Option("kdim", LONG, None, words="size of the keys", like="dim"),
      Option("vdim", LONG, None, words="size of the values", like="dim"),
      source="torch.nn.MultiheadAttention", text="torch::nn::MultiheadAttention",
      args=("tensor",) * 4 + ("bool", "tensor", "bool"), least=3, result="tuple",
      example={"dim": 2048, "heads": 8},
      attributes={"bias": lambda m: m.in_proj_bias is not None,
                  "addbias": lambda m: m.bias_k is not None}, make=_attention)
BY_CLASS[nn.MultiheadAttention] = TYPES["attention"]


def _self_attention(dim: int, heads: int, **options: Any) -> nn.Module:
    if dim % heads or heads >= dim:
        raise QError(f"selfattention: model dimension of {dim} not divisible by {heads} heads")
    return SelfAttention(dim, heads, **options)


enter("selfattention", SelfAttention,
      Option("dim", LONG, words="size of each input", least=1,
             missing="positive embedding dimension required"),
      Option("heads", LONG, words="number of heads", least=1,
             missing="positive number of heads required"), DROPOUT,
      Option("norm", FLAG, False, words="layer norm of the input first"),
      text="knn::SelfAttention(dim={dim}, heads={heads}, dropout={dropout}, norm={norm})",
      args=("tensor",) * 3, example={"dim": 512, "heads": 8, "dropout": .1},
      attributes={"norm": "normed"}, make=_self_attention)

SHAPE = (Option("in", LONG, torch="d_model", words="size of each input", least=1,
                missing="positive number of input features required"),
         Option("heads", LONG, torch="nhead", words="number of heads", least=1,
                missing="positive number of heads required"))


def _details(name: str) -> tuple[Option, ...]:
    return (Option("dim", LONG, 2048, "dim_feedforward", "size of the feed-forward network"),
            Option("dropout", DOUBLE, 0.1, words="dropout"),
            Option("fn", choice(("relu", "gelu"),
                                f"unrecognized {name} activation fn: `{{given}}"),
                   "relu", "activation", "activation function, `relu or `gelu"))


def _activation(module: Any) -> str:
    name = getattr(module, "activation_name", "")
    return name or module.activation.__name__


LAYER = {"in": lambda m: m.self_attn.embed_dim, "heads": lambda m: m.self_attn.num_heads,
         "dim": lambda m: m.linear1.out_features, "dropout": lambda m: m.dropout.p,
         "fn": _activation}
for _name, _cls, _torch, _count, _least in (
        ("encoderlayer", TransformerEncoderLayer, nn.TransformerEncoderLayer, 3, 1),
        ("decoderlayer", TransformerDecoderLayer, nn.TransformerDecoderLayer, 6, 2)):
    enter(_name, _cls, *SHAPE, *_details(_name), source=f"torch.nn.{_cls.__name__}",
          text=f"torch::nn::{_cls.__name__}Impl", args=("tensor",) * _count, least=_least,
          example={"in": 512, "heads": 8}, attributes=LAYER)
    BY_CLASS[_torch] = TYPES[_name]


# ------------------------------------------------------------------ modules as options

def _options_of(kind: str, x: Value, where: str, allowed: tuple[str, ...]) -> list[Value]:
    """The options of a part, whose type and name need not be given."""
    if isinstance(x, Dict):
        return [x]
    given = items(x) if isinstance(x, (List, np.ndarray)) else [x]
    if not given or as_symbol(given[0]) is not given[0]:
        return list(given)
    if given[0] not in allowed:
        raise QError(f"{where}: unexpected layer '{given[0]}'")
    named = len(given) > 1 and type(given[1]) is Symbol
    return list(given[2 if named else 1:])


def _from_pointer(x: Value, where: str, cls: type[nn.Module], word: str) -> nn.Module | None:
    """The module behind a pointer, which is freed; None if x is no pointer."""
    handle = find(x)
    if handle is None:
        return None
    if handle.kind != "module" or not isinstance(handle.obj, cls):
        given = label(handle.obj) if handle.kind == "module" else handle.kind
        raise QError(f"{where}: expecting {word} layer, given {given} module")
    free(handle)
    return handle.obj  # type: ignore[no-any-return]


def _shown(v: Any, dims: int) -> Value:
    return Dict(symbols([]), List()) if v is None else need_type(v).shown(v)


def _layer_kind(where: str, part: str, cls: type[nn.Module], word: str) -> OptionKind:
    def read(x: Value, dims: int) -> Any:
        module = _from_pointer(x, where, cls, word)
        if module is not None:
            return module
        if qtype(x) < 0:
            raise QError(f"{where}: unrecognized arg(s) for {where} layer ({kname(x)})")
        return TYPES[part].create(_options_of(part, x, where, (part, "layernorm")), 1)

    return OptionKind("module or definition", read, _shown)


def _norm_kind(where: str) -> OptionKind:
    def read(x: Value, dims: int) -> Any:
        if is_empty(x) or (isinstance(x, Dict) and not len(x)):
            return None
        module = _from_pointer(x, where, nn.LayerNorm, "normalization")
        if module is not None:
            return module
        if as_long(x) is x:
            return nn.LayerNorm([x])
        if qtype(x) < 0:
            raise QError(f"{where}: unrecognized arg(s) for layer normalization ({kname(x)})")
        return TYPES["layernorm"].create(_options_of("layernorm", x, where, ("layernorm",)), 1)

    return OptionKind("size, module or definition", read, _shown)


class CoderType(ModuleType):
    """An encoder or decoder: the options of its parts follow the flag that asks for all."""

    def shown(self, module: Any, all: bool = True, state: bool = False) -> Dict:
        parts = [need_type(module.layer[0]).shown(module.layer[0], all), module.num_layers,
                 _shown(None, 0) if module.norm is None
                 else need_type(module.norm).shown(module.norm, all)]
        return record([o.name for o in self.options.rows], parts)


for _name, _cls, _layer, _torch, _count, _least in (
        ("encoder", TransformerEncoder, TransformerEncoderLayer, nn.TransformerEncoder, 3, 1),
        ("decoder", TransformerDecoder, TransformerDecoderLayer, nn.TransformerDecoder, 6, 2)):
    enter(_name, _cls,
          Option(f"{_name}layer", _layer_kind(_name, f"{_name}layer", _layer, _name[:-2] + "ing"),
                 words="the layer that is repeated"),
          Option("layers", LONG, words="number of layers", least=0,
                 missing="non-negative number of layers must be defined"),
          Option("layernorm", _norm_kind(_name), None, words="layer norm at the end"),
          source=f"torch.nn.{_cls.__name__}", text=f"torch::nn::{_cls.__name__}Impl",
          args=("tensor",) * _count, least=_least, kind=CoderType,
          example={f"{_name}layer": _layer(512, 8, 1), "layers": 6, "layernorm": nn.LayerNorm(512)})


def _custom(name: str) -> OptionKind:
    def read(x: Value, dims: int) -> Any:
        if is_empty(x) or (isinstance(x, Dict) and not len(x)):
            return None
        handle = find(x)
        if handle is not None and handle.kind == "module":
            free(handle)
            return handle.obj
        if qtype(x) < 0 and type(x) is not Symbol:
            raise QError(f"transformer: unrecognized arg(s) for custom {name}")
        return (read_entry(x) if isinstance(x, Dict) else read_definition(x)).create()

    return OptionKind("module or definition", read, _shown)


class TransformerType(ModuleType):
    """Modules given for the encoder or decoder are shown as (module; options)."""

    def shown(self, module: Any, all: bool = True, state: bool = False) -> Dict:
        values = self.read(module)
        parts = {n: values.pop(n) for n in ("encoder", "decoder")}
        shown = dict(self.options.show(values, all).items())
        for name, part in parts.items():
            if part is not None:
                row = need_type(part)
                shown[sym(name)] = record(["module", "options"],
                                          [sym(row.name), row.shown(part, all)])
            elif all:
                shown[sym(name)] = _shown(None, 0)
        return record(list(shown), list(shown.values()))


def _part(name: str) -> Any:
    return lambda m: getattr(m, name) if getattr(m, "custom", {}).get(name) else None


enter("transformer", Transformer,
      Option("in", LONG, 512, "d_model", "size of each input", least=1,
             missing="positive number of input features required"),
      Option("heads", LONG, 8, "nhead", "number of heads", least=1,
             missing="positive number of heads required"),
      Option("elayers", LONG, 6, "num_encoder_layers", "layers of the encoder"),
      Option("dlayers", LONG, 6, "num_decoder_layers", "layers of the decoder"),
      *_details("transformer"),
      Option("encoder", _custom("encoder"), None, words="module to use as encoder"),
      Option("decoder", _custom("decoder"), None, words="module to use as decoder"),
      source="torch.nn.Transformer", text="torch::nn::TransformerImpl", args=("tensor",) * 8,
      least=2, kind=TransformerType,
      attributes={"fn": "activation_name", "encoder": _part("encoder"),
                  "decoder": _part("decoder")})
