"""Transformer layers, encoders and decoders as libtorch makes and computes them."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from kkernel.q.errors import QError

from .attention import MultiheadAttention
from .cloning import cloned

ACTIVATIONS = {"relu": F.relu, "gelu": F.gelu}


class TransformerEncoderLayer(nn.TransformerEncoderLayer):
    """Self attention and a feed-forward network, each with a shortcut and layer norm after."""

    label = "TransformerEncoderLayer"

    def __init__(self, d_model: int, nhead: int, dim_feedforward: int = 2048,
                 dropout: float = 0.1, activation: str = "relu") -> None:
        nn.Module.__init__(self)
        self.norm_first, self.activation_name = False, activation
        self.activation = ACTIVATIONS[activation]
        self.self_attn = MultiheadAttention(d_model, nhead, dropout)
        self.linear1 = nn.Linear(d_model, dim_feedforward)
        self.dropout = nn.Dropout(dropout)
        self.linear2 = nn.Linear(dim_feedforward, d_model)
        self.norm1, self.norm2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.dropout1, self.dropout2 = nn.Dropout(dropout), nn.Dropout(dropout)

    def twin(self) -> nn.Module:
        return another(self)

    def forward(self, src: Tensor, mask: Tensor | None = None,  # type: ignore[override]
                padmask: Tensor | None = None) -> Tensor:
        y, _ = self.self_attn(src, src, src, padmask, True, mask)
        x = self.norm1(src + self.dropout1(y))
        y = self.linear2(self.dropout(self.activation(self.linear1(x))))
        return self.norm2(x + self.dropout2(y))


def another(layer: nn.Module) -> nn.Module:
    """A new layer of the same type and options."""
    return type(layer)(layer.self_attn.embed_dim, layer.self_attn.num_heads,
                       layer.linear1.out_features, layer.dropout.p, layer.activation_name)


class TransformerDecoderLayer(nn.TransformerDecoderLayer):
    """As the encoder's layer, with attention to the encoder's output (memory) between."""

    label = "TransformerDecoderLayer"

    def __init__(self, d_model: int, nhead: int, dim_feedforward: int = 2048,
                 dropout: float = 0.1, activation: str = "relu") -> None:
        nn.Module.__init__(self)
        self.norm_first, self.activation_name = False, activation
        self.activation = ACTIVATIONS[activation]
        self.self_attn = MultiheadAttention(d_model, nhead, dropout)
        self.multihead_attn = MultiheadAttention(d_model, nhead, dropout)
        self.linear1 = nn.Linear(d_model, dim_feedforward)
        self.dropout = nn.Dropout(dropout)
        self.linear2 = nn.Linear(dim_feedforward, d_model)
        for i in "123":
            self.add_module(f"norm{i}", nn.LayerNorm(d_model))
        for i in "123":
            self.add_module(f"dropout{i}", nn.Dropout(dropout))

    def twin(self) -> nn.Module:
        return another(self)

    def forward(  # type: ignore[override]
            self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None = None,
            memory_mask: Tensor | None = None, tgt_padmask: Tensor | None = None,
            memory_padmask: Tensor | None = None) -> Tensor:
        y, _ = self.self_attn(tgt, tgt, tgt, tgt_padmask, False, tgt_mask)
        x = self.norm1(tgt + self.dropout1(y))
        y, _ = self.multihead_attn(x, memory, memory, memory_padmask, False, memory_mask)
        x = self.norm2(x + self.dropout2(y))
        y = self.linear2(self.dropout(self.activation(self.linear1(x))))
        return self.norm3(x + self.dropout3(y))


class _Stack(nn.Module):
    """A stack of cloned layers and an optional layer norm at the end."""

    def __init__(self, layer: nn.Module, num_layers: int, norm: nn.LayerNorm | None) -> None:
        nn.Module.__init__(self)
        self.num_layers = num_layers
        self.layer = [layer]  # the model of the layers, which is no child
        self.layers = nn.ModuleList([cloned(layer) for _ in range(num_layers)])
        self.norm = None if norm is None else cloned(norm)

    def twin(self) -> nn.Module:
        return type(self)(self.layer[0], self.num_layers, self.norm)

    def _run(self, x: Tensor, *rest: Tensor | None) -> Tensor:
        for layer in self.layers:
            x = layer(x, *rest)
        return x if self.norm is None else self.norm(x)


class TransformerEncoder(_Stack, nn.TransformerEncoder):
    """Encoder layers in turn: source, mask, padding mask."""

    label = "TransformerEncoder"

    def __init__(self, encoderlayer: nn.Module, layers: int,
                 layernorm: nn.LayerNorm | None = None) -> None:
        _Stack.__init__(self, encoderlayer, layers, layernorm)

    def forward(self, src: Tensor, mask: Tensor | None = None,  # type: ignore[override]
                padmask: Tensor | None = None) -> Tensor:
        return self._run(src, mask, padmask)


class TransformerDecoder(_Stack, nn.TransformerDecoder):
    """Decoder layers in turn: target, memory, and the masks of both."""

    label = "TransformerDecoder"

    def __init__(self, decoderlayer: nn.Module, layers: int,
                 layernorm: nn.LayerNorm | None = None) -> None:
        _Stack.__init__(self, decoderlayer, layers, layernorm)

    def forward(  # type: ignore[override]
            self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None = None,
            memory_mask: Tensor | None = None, tgt_padmask: Tensor | None = None,
            memory_padmask: Tensor | None = None) -> Tensor:
        return self._run(tgt, memory, tgt_mask, memory_mask, tgt_padmask, memory_padmask)


class Transformer(nn.Transformer):
    """An encoder and a decoder, each with a layer norm at the end, or modules given for them."""

    label = "Transformer"

    def __init__(self, d_model: int = 512, nhead: int = 8, num_encoder_layers: int = 6,
                 num_decoder_layers: int = 6, dim_feedforward: int = 2048, dropout: float = 0.1,
                 activation: str = "relu", encoder: nn.Module | None = None,
                 decoder: nn.Module | None = None) -> None:
        nn.Module.__init__(self)
        self.d_model, self.nhead, self.batch_first = d_model, nhead, False
        self.num_encoder_layers, self.num_decoder_layers = num_encoder_layers, num_decoder_layers
        self.dim_feedforward, self.dropout = dim_feedforward, dropout
        self.activation_name = activation
        self.custom = {"encoder": encoder is not None, "decoder": decoder is not None}
        shape = d_model, nhead, dim_feedforward, dropout, activation
        self.encoder = encoder or TransformerEncoder(
            TransformerEncoderLayer(*shape), num_encoder_layers, nn.LayerNorm(d_model))
        self.decoder = decoder or TransformerDecoder(
            TransformerDecoderLayer(*shape), num_decoder_layers, nn.LayerNorm(d_model))
        for p in self.parameters():
            if p.dim() > 1:
                nn.init.xavier_uniform_(p)

    def twin(self) -> nn.Module:
        custom = {name: getattr(self, name) for name, own in self.custom.items() if own}
        return Transformer(self.d_model, self.nhead, self.num_encoder_layers,
                           self.num_decoder_layers, self.dim_feedforward, self.dropout,
                           self.activation_name, **custom)

    def forward(  # type: ignore[override]
            self, src: Tensor, tgt: Tensor, src_mask: Tensor | None = None,
            tgt_mask: Tensor | None = None, memory_mask: Tensor | None = None,
            src_padmask: Tensor | None = None, tgt_padmask: Tensor | None = None,
            memory_padmask: Tensor | None = None) -> Tensor:
        if src.dim() != 3 or tgt.dim() != 3:
            raise QError("src and tgt should have 3 dimensions, "
                         f"but got {src.dim()} and {tgt.dim()}")
        if src.size(1) != tgt.size(1):
            raise QError("src and tgt should have equal batch size (at dim 1), "
                         f"but got {src.size(1)} and {tgt.size(1)}")
        if src.size(2) != self.d_model or tgt.size(2) != self.d_model:
            raise QError("src and tgt should have same feature size as d_model (at dim 2), "
                         f"but got {src.size(2)} and {tgt.size(2)} while d_model is {self.d_model}")
        memory = self.encoder(src, src_mask, src_padmask)
        return self.decoder(tgt, memory, tgt_mask, memory_mask, tgt_padmask, memory_padmask)
