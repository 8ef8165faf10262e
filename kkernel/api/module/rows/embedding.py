"""Embeddings of indices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from kkernel.q.errors import QError
from kkernel.q.values import Value, qtype

from ...kinds import NO, as_long
from ...options import DOUBLE, FLAG, LONG, OPTIONAL_DOUBLE, OPTIONAL_LONG, Option, OptionTable
from ..option_kinds import WEIGHT, choice, read_tensor
from ..own.embed import EmbedPosition, EmbedSequence
from ..types import enter

ROWS = Option("rows", LONG, None, "num_embeddings", "number of indices", hidden=True, always=True)
COLS = Option("cols", LONG, None, "embedding_dim", "size of each row", hidden=True, always=True)
PADINDEX = Option("padindex", OPTIONAL_LONG, None, "padding_idx", "index that is not learned")
NORM = (Option("maxnorm", OPTIONAL_DOUBLE, None, "max_norm", "greatest norm of a row"),
        Option("p", DOUBLE, 2.0, "norm_type", "which norm"),
        Option("scale", FLAG, False, "scale_grad_by_freq", "divide gradients by the frequency"))
SPARSE = Option("sparse", FLAG, False, words="sparse gradients")
GIVEN = (Option("weight", WEIGHT, None, words="the matrix, instead of its sizes", positional=False,
                hidden=True, always=True),
         Option("freeze", FLAG, None, words="do not learn the given matrix", positional=False,
                hidden=True, always=True))


class EmbedOptions(OptionTable):
    """Options that may start with a matrix and a freeze flag in place of rows and columns."""

    def _place(self, where: str, positional: Sequence[Value], values: dict[str, Any],
               before: int, count: int) -> None:
        if not positional or as_long(positional[0]) is not NO:
            super()._place(where, positional, values, before, count)
            return
        if qtype(positional[0]) != 0:
            word = "of" if where == "embed" else "or"
            raise QError(f"embed: 1st arg is number of rows {word} weight matrix")
        values["weight"] = read_tensor(positional[0])
        if len(positional) > 1:
            freeze = self.by_name["freeze"]
            read = freeze.kind.read(positional[1], 0)
            values["freeze"] = self._checked(where, freeze, read, positional[1])
        after = OptionTable(self.turns[2:], self.messages, self.known)
        after._place(where, positional[2:], values, before + 2, count)


def _embedding(name: str, cls: type[nn.Module]) -> Any:
    def make(num_embeddings: int | None, embedding_dim: int | None, weight: Tensor | None,
             freeze: bool | None, **options: Any) -> nn.Module:
        if weight is not None:
            sizes = _sizes(name, weight, num_embeddings, embedding_dim)
            module = cls(*sizes, _weight=weight, **options)
            module.weight.requires_grad_(not freeze)  # type: ignore[operator]
            module.given_weight = True  # type: ignore[assignment]
            return module
        for size, word in ((num_embeddings, "rows"), (embedding_dim, "cols")):
            if size is None:
                raise QError(f"embed: supply number of {word} in the embedding matrix")
        return cls(num_embeddings, embedding_dim, **options)

    return make


def _sizes(name: str, w: Tensor, rows: int | None, cols: int | None) -> list[int]:
    if w.dim() != 2:
        raise QError(f"{name}: {w.dim()}-dim weights given, 2-dim matrix expected")
    if not w.is_floating_point():
        raise QError(f"{name}: weight matrix is not floating point")
    for given, size, word in ((rows, w.size(0), "rows"), (cols, w.size(1), "cols")):
        if given is not None and given != size:
            raise QError(f"{word} = {given} but weights are {list(w.shape)}")
    return list(w.shape)


def _unless_given(attribute: str) -> Any:
    return lambda m: None if getattr(m, "given_weight", False) else getattr(m, attribute)


READ = {"rows": _unless_given("num_embeddings"), "cols": _unless_given("embedding_dim"),
        "weight": lambda m: m.weight if getattr(m, "given_weight", False) else None,
        "freeze": lambda m: not m.weight.requires_grad if getattr(m, "given_weight", False)
        else None}
_TEXT = ("(num_embeddings={{rows}}, embedding_dim={{cols}}{0}|, max_norm={{maxnorm}}"
         "|, norm_type={{p}}|, scale_grad_by_freq={{scale}}{1}|, sparse={{sparse}}{2}|)")

enter("embed", nn.Embedding, *GIVEN, ROWS, COLS, PADINDEX, *NORM, SPARSE, table=EmbedOptions,
      text="torch::nn::Embedding" + _TEXT.format("|, padding_idx={padindex}", "", ""),
      example={"rows": 1000, "cols": 64}, attributes=READ,
      make=_embedding("embed", nn.Embedding))
enter("embedbag", nn.EmbeddingBag, *GIVEN, ROWS, COLS, *NORM,
      Option("mode", choice(("sum", "mean", "max"),
                            "unrecognized mode for embedding bag: {given}"), "mean",
             words="how rows of a bag are joined", last=True), SPARSE,
      Option("lastoffset", FLAG, False, "include_last_offset",
             "the last offset is the count of indices", positional=False), PADINDEX,
      table=EmbedOptions,
      text="torch::nn::EmbeddingBag" + _TEXT.format(
          "", "", "|, mode={mode:k}|, include_last_offset={lastoffset}|, padding_idx={padindex}"),
      args=("tensor",) * 3, example={"rows": 1000, "cols": 64}, attributes=READ,
      make=_embedding("embedbag", nn.EmbeddingBag))
enter("embedpos", EmbedPosition,
      Option("rows", LONG, words="greatest length of a sequence", least=1,
             missing="positive number of rows required"),
      Option("cols", LONG, words="size of each row", least=1,
             missing="positive number of columns required"),
      text="knn::EmbedPosition(rows={rows}, cols={cols})", example={"rows": 120, "cols": 512})
enter("embedseq", EmbedSequence,
      Option("rows", LONG, words="number of tokens", least=1,
             missing="positive number of rows required for token embedding"),
      Option("cols", LONG, words="size of each row", least=1,
             missing="positive number of columns required for token & position embedding"),
      Option("length", LONG, words="greatest length of a sequence", least=1,
             missing="positive sequence length required for position embedding"),
      text="knn::EmbedSequence(rows={rows}, cols={cols}, length={length})",
      example={"rows": 5000, "cols": 512, "length": 120})
