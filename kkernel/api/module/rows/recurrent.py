"""Recurrent layers."""

from __future__ import annotations

from torch import nn

from ...options import DOUBLE, FLAG, LONG, Messages, Option
from ..option_kinds import choice
from ..own.branch import Recur
from ..types import enter

SIZES = (Option("in", LONG, 0, "input_size", "size of each input", always=True),
         Option("hidden", LONG, torch="hidden_size", words="size of the hidden state", least=1,
                missing="hidden size should be greater than zero"),
         Option("layers", LONG, 1, "num_layers", "number of layers"))
FN = Option("fn", choice(("tanh", "relu"), "unrecognized RNN fn: {given}"), "tanh",
            "nonlinearity", "activation function, `tanh or `relu")
FLAGS = (Option("bias", FLAG, True, words="whether to learn additive biases"),
         Option("batchfirst", FLAG, False, "batch_first", "batch x length x size, not "
                "length x batch x size"),
         Option("dropout", DOUBLE, 0.0, words="dropout between layers"),
         Option("bi", FLAG, False, "bidirectional", "run in both directions"))
_TEXT = ("(input_size={in}, hidden_size={hidden}, num_layers={layers}, bias={bias}, "
         "batch_first={batchfirst}, dropout={dropout}, bidirectional={bi})")
SAMPLE = {"in": 10, "hidden": 20}

enter("rnn", nn.RNN, *SIZES, FN, *FLAGS, text="torch::nn::RNN" + _TEXT,
      args=("tensor", "tensor"), result="tuple", example=SAMPLE)
enter("gru", nn.GRU, *SIZES, *FLAGS, text="torch::nn::GRU" + _TEXT,
      args=("tensor", "tensor"), result="tuple", example=SAMPLE)
enter("lstm", nn.LSTM, *SIZES, *FLAGS, text="torch::nn::LSTM" + _TEXT,
      args=("tensor", "tuple"), result="nested", example=SAMPLE)
enter("recur", Recur,
      Option("detach", FLAG, True, words="cut the hidden states from the graph"),
      messages=Messages(
          surplus="{where}: 1 positional arg(detach flag) expected, {positional} supplied"),
      text="knn::Recur", args=("tensor",) * 3, result="vector", container=True)
