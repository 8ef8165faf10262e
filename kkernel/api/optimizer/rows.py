"""The seven optimizers as rows: options, torch's names for them, and the buffers of their state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from kkernel.q.errors import QError
from kkernel.q.functions import NULL
from kkernel.q.values import Dict, List, Value, items, qtype, record

from ..convert import to_q, to_tensor
from ..options import (
    DOUBLE,
    FLAG,
    LONG,
    OPTIONAL_LONG,
    SYMBOL,
    Messages,
    Option,
    OptionKind,
    OptionTable,
)
from . import algorithms as A

Group = dict[str, Any]
NUMBER = OptionKind("long/double scalar", DOUBLE.read, DOUBLE.show)
POSITIONAL_FLAG = OptionKind("boolean", FLAG.read, FLAG.show)
MESSAGES = Messages(unknown="unrecognized optimizer setting: {name}")
NAMES: set[str] = set()


@dataclass(frozen=True)
class OptimizerType:
    """One optimizer.  `buffers` lists what its state holds, under q's names and torch's."""

    name: str
    cls: type[A.Optimizer]
    source: str
    options: OptionTable
    buffers: Mapping[str, str]
    aliases: Mapping[str, str] = field(default_factory=dict)  # other spellings read in a state

    # -------------------------------------------------------------- options

    def group(self, values: dict[str, Any]) -> Group:
        """A torch parameter group's options from those of q."""
        group = self.options.keywords(values)
        if "beta1" in group:
            group["betas"] = group.pop("beta1"), group.pop("beta2")
        if self.name == "lbfgs" and group["max_eval"] is None:
            group["max_eval"] = group["max_iter"] * 5 // 4
        if self.name == "lbfgs":
            search = group["line_search_fn"]
            group["line_search_fn"] = "strong_wolfe" if search == "strong_wolf" else search or None
        check(group)
        return group

    def values(self, group: Group) -> dict[str, Any]:
        """The options of q from a torch parameter group."""
        betas = dict(zip(("beta1", "beta2"), group.get("betas", ()), strict=False))
        return {o.name: betas[o.name] if o.name in betas else group[o.keyword]
                for o in self.options.rows}

    def shown(self, group: Group, all: bool) -> Dict:
        return self.options.show(self.values(group), all)

    @property
    def examples(self) -> Dict:
        values = self.options.defaults
        if "search" in values:
            values["search"] = "strong_wolf"
        return self.options.show(values)

    # -------------------------------------------------------------- state

    def state_to_q(self, state: Mapping[str, Any]) -> Dict:
        """The buffers of one parameter: numbers, arrays, lists of arrays, :: for none."""
        names = [n for n, t in self.buffers.items() if n != "al" or state.get(t) is not None]
        return record(names, List([_buffer_to_q(state.get(self.buffers[n]))
                                   for n in names])) if state else record([], [])

    def state_from_q(self, x: Dict, p: Tensor) -> dict[str, Any]:
        """The state of a parameter from its buffers, tensors on the parameter's device."""
        state: dict[str, Any] = {}
        for key, value in x.items():
            name = self.aliases.get(key, key)
            if name in HISTORY:
                state[name] = [_buffer_from_q(v, p) for v in items(value)]
            elif name in self.buffers:
                state[self.buffers[name]] = _buffer_from_q(value, p)
        return state


def _buffer_to_q(v: Any) -> Value:
    if v is None:
        return NULL
    if isinstance(v, Tensor):
        return to_q(v)
    if isinstance(v, (list, tuple)):
        return List([_buffer_to_q(t) for t in v])
    return v


def _buffer_from_q(x: Value, p: Tensor) -> Any:
    if x is NULL:
        return None
    if qtype(x) in (-7, -9):
        return x
    return to_tensor(x, device=p.device, own=True)


def check(group: Group) -> None:
    """Signal options out of range, as torch does."""
    for name, word in (("lr", "learning rate"), ("momentum", "momentum value"),
                       ("weight_decay", "weight_decay value"), ("eps", "epsilon value"),
                       ("lr_decay", "lr_decay value"), ("alpha", "alpha value"),
                       ("initial_accumulator_value", "initial_accumulator_value value")):
        if group.get(name, 0.0) < 0:
            raise QError(f"Invalid {word}: {group[name]:g}")
    for i, beta in enumerate(group.get("betas", ())):
        if not 0 <= beta < 1:
            raise QError(f"Invalid beta parameter at index {i}: {beta:g}")
    if group.get("nesterov") and (group["momentum"] <= 0 or group["dampening"] != 0):
        raise QError("Nesterov momentum requires a momentum and zero dampening")


OPTIMIZERS: dict[str, OptimizerType] = {}
HISTORY = ("old_dirs", "old_stps", "ro", "al")  # buffers of lbfgs that are lists
STEP = {"step": "step"}
MEANS = {**STEP, "exp_avg": "exp_avg", "exp_avg_sq": "exp_avg_sq"}


def _rate(default: float) -> Option:
    return Option("lr", NUMBER, default, words="learning rate", always=True)


def _number(name: str, default: float, torch: str, words: str) -> Option:
    return Option(name, NUMBER, default, torch, words)


def _flag(name: str, default: bool, words: str) -> Option:
    return Option(name, POSITIONAL_FLAG, default, words=words)


def _enter(name: str, cls: type[A.Optimizer], *options: Option, source: str = "",
           buffers: Mapping[str, str], **fields: Any) -> None:
    NAMES.update(o.name for o in options)
    OPTIMIZERS[name] = OptimizerType(name, cls, source, OptionTable(options, MESSAGES, NAMES),
                                     buffers, **fields)


def _decay(default: float = 0.0) -> Option:
    return _number("decay", default, "weight_decay", "weight decay")


EPS = _number("eps", 1e-8, "", "least denominator")
BETAS = (_number("beta1", 0.9, "", "weight of the past in the average of gradients"),
         _number("beta2", 0.999, "", "weight of the past in the average of squares"))
AMSGRAD = _flag("amsgrad", False, "divide by the greatest average of squares so far")

_enter("adagrad", A.Adagrad, _rate(0.01), _number("lrdecay", 0.0, "lr_decay", "decay of the rate"),
       _decay(), _number("init", 0.0, "initial_accumulator_value", "first sum of squares"),
       _number("eps", 1e-10, "", "least denominator"), source="torch.optim.Adagrad",
       buffers={**STEP, "sum": "sum"})
_enter("adam", A.Adam, _rate(0.001), *BETAS, EPS, _decay(), AMSGRAD, source="torch.optim.Adam",
       buffers={**MEANS, "max_exp_avg_sq": "max_exp_avg_sq"})
_enter("adamw", A.AdamW, _rate(0.001), *BETAS, EPS, _decay(0.01), AMSGRAD,
       source="torch.optim.AdamW", buffers={**MEANS, "max_exp_avg_sq": "max_exp_avg_sq"})
_enter("lamb", A.Lamb, _rate(0.001), *BETAS, EPS, _decay(),
       _flag("unbiased", True, "correct the averages of the first steps"),
       _flag("globalnorm", True, "divide gradients by the norm of all"),
       _flag("trustclip", True, "clip the trust ratio"),
       _number("trustmin", 0.0, "", "least trust ratio"),
       _number("trustmax", 1.0, "", "greatest trust ratio"), buffers=MEANS)
_enter("lbfgs", A.LBFGS, _rate(1.0), Option("iter", LONG, 20, "max_iter", "iterations of a step"),
       Option("eval", OPTIONAL_LONG, None, "max_eval", "evaluations of a step, 5/4 of iter if "
              "not given", always=True),
       _number("gradtol", 1e-7, "tolerance_grad", "gradient at which to stop"),
       _number("changetol", 1e-9, "tolerance_change", "change at which to stop"),
       Option("history", LONG, 100, "history_size", "updates to remember"),
       Option("search", SYMBOL, None, "line_search_fn", "line search, `strong_wolfe", hidden=True),
       source="torch.optim.LBFGS",
       buffers={"func_evals": "func_evals", "n_iter": "n_iter", "t": "t",
                "prev_loss": "prev_loss", "d": "d", "h_diag": "H_diag",
                "prev_flag_grad": "prev_flat_grad", "old_dirs": "old_dirs",
                "old_stps": "old_stps", "ro": "ro", "al": "al"},
       aliases={"H_diag": "h_diag", "prev_flat_grad": "prev_flag_grad"})
_enter("rmsprop", A.RMSprop, _rate(0.01), _number("alpha", 0.99, "", "weight of the past"), EPS,
       _decay(), _number("momentum", 0.0, "", "weight of the past steps"),
       _flag("centered", False, "subtract the squared mean of the gradients"),
       source="torch.optim.RMSprop",
       buffers={**STEP, "square_avg": "square_avg", "momentum": "momentum_buffer",
                "grad_avg": "grad_avg"}, aliases={"momentum_buffer": "momentum"})
_enter("sgd", A.SGD, _rate(0.01), _number("momentum", 0.0, "", "weight of the past steps"),
       _number("dampening", 0.0, "", "dampening of the momentum"), _decay(),
       _flag("nesterov", False, "look ahead by the momentum"), source="torch.optim.SGD",
       buffers={"momentum_buffer": "momentum_buffer"})

__all__ = ["OPTIMIZERS", "OptimizerType"]
