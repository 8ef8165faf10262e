"""Choose initializers, and see what they do to activations and gradients through the depth."""

from __future__ import annotations

import math
from typing import Any

from kkernel.api import view

from .html import Markup, join, tag, visible
from .numbers import percent, significant
from .panel import Panel, Refused
from .text_table import text_table

COLUMNS = ("layer", "module", "E[h^2]", "expected", "E[g^2]", "dead", "saturated")
COMPARED = ("default", "kuniform", "knormal", "xuniform", "xnormal", "orthogonal", "normal",
            "snormal")
ALL = "*"  # stands for every weight
LARGEST_SEED = 2**53


class InitializerPanel(Panel):
    """Mean squares of activations and gradients by depth, beside what theory lets expect.

    Weights are drawn anew by the k api's initializers, each or all together, and put back with
    undo. `example_input` is a tensor or a tuple of them; without it some samples of the model's
    data are taken, else standard normal numbers.
    """

    script = "initializer_panel.js"
    static_follows = False

    def __init__(
        self, model: Any, example_input: Any = None, *, name: str = "m", language: str = "python"
    ) -> None:
        super().__init__(name, language)
        self.model = model
        self.module, _ = view.parts(model)
        given = example_input
        self._inputs = (given,) if given is not None and not isinstance(given, tuple) else given
        self._compared: list[view.Signal] = []
        self._states = view.Snapshots(self.module)  # of its own, for undo
        self.signal = self._measure()

    def _measure(self) -> view.Signal:
        return view.signal(self.module, self._inputs, self.model)

    def state(self) -> Any:
        return view.tensors_state(self.module)

    def refresh(self) -> None:
        self.signal = self._measure()
        super().refresh()

    # ------------------------------------------------------------------- clicks

    def actions(self) -> dict[str, Any]:
        return {"draw": self._draw, "undo": self._undo, "compare": self._compare,
                "forget": self._forget}

    def _draw(
        self, weight: Any = None, by: Any = None, function: Any = "relu", fan: Any = "fanin",
        seed: Any = None,
    ) -> None:
        """Draw one weight or all of them anew."""
        options = self._options(by, function, fan)
        weights = view.weights(self.module)
        names = [n for n, t in weights.items() if view.suits(t, by)] if weight == ALL else [weight]
        if not names or any(not isinstance(n, str) or n not in weights for n in names):
            raise Refused("there is no such weight")
        if any(not view.suits(weights[n], by) for n in names):
            raise Refused(f"{by} needs a matrix")
        if seed is not None and (type(seed) is not int or not 0 <= seed < LARGEST_SEED):
            raise Refused("seed: expected a whole number")
        self._keep()
        if seed is not None:
            view.seed(seed)
        for name in names:
            view.draw(weights[name], by, *options)
        view.changed(self.module)
        self.refresh()
        chosen = "all weights" if weight == ALL else weight
        self.say(f"{chosen} drawn by {by}", self.line(names, by, options, seed))

    def _options(self, by: Any, function: Any, fan: Any) -> tuple[Any, ...]:
        if by not in view.DRAWS or function not in view.FUNCTIONS or fan not in view.FANS:
            raise Refused("an initializer that is not known")
        return view.options_for(by, function, fan)

    def _keep(self) -> None:
        if "before" in self._states:
            self._states.drop("before")
        self._states.take("before")

    def _undo(self) -> None:
        if "before" not in self._states:
            raise Refused("there is nothing to undo")
        self._states.restore("before")
        self._states.drop("before")
        view.changed(self.module)
        self.refresh()
        self.say("the weights are as they were")

    def _compare(self, function: Any = "relu", fan: Any = "fanin") -> None:
        """Show what each initializer would do, on a copy."""
        rules = [(by, () if by == "default" else self._options(by, function, fan))
                 for by in COMPARED]
        self._compared = view.compare_initializers(self.module, rules, self._inputs, self.model)
        self.refresh()
        self.say("each drew the weights of a copy")

    def _forget(self) -> None:
        self._compared = []
        self.refresh()

    def line(
        self, names: list[str], by: str, options: tuple[Any, ...], seed: int | None = None
    ) -> str:
        """The line of code that draws these weights."""
        if self.language == "k":
            return _k_line(self.name, names, by, options, seed)
        return _python_line(self.name, names, by, options, seed)

    # ------------------------------------------------------------------- browser

    def content(self) -> dict[str, Any]:
        laws = view.parameter_laws(self.module)
        return {
            "source": visible(self.signal.source),
            "failure": visible(self.signal.failure),
            "layers": [_layer(layer) for layer in self.signal.layers],
            "compared": [_compared(signal) for signal in self._compared],
            "weights": [
                {"name": visible(name), "shape": " ".join(map(str, tensor.shape)),
                 "law": _law_words(laws.get(name)),
                 "by": [by for by in view.DRAWS if view.suits(tensor, by)]}
                for name, tensor in view.weights(self.module).items()
            ],
            "initializers": list(view.DRAWS),
            "functions": list(view.FUNCTIONS),
            "fans": list(view.FANS),
            "undo": "before" in self._states,
        }

    # ------------------------------------------------------------------- other forms

    def text(self) -> str:
        table = text_table(COLUMNS, [_cells(layer) for layer in self.signal.layers], "  rrrrr")
        return f"{table}\n{self._words()}\n"

    def static(self) -> Markup:
        def cells(name: str, texts: tuple[str, ...] | list[str]) -> Markup:
            return tag("tr", *(tag(name, text, style=_side(i)) for i, text in enumerate(texts)))

        rows = [cells("td", _cells(layer)) for layer in self.signal.layers]
        table = tag("table", tag("thead", cells("th", COLUMNS)), tag("tbody", *rows))
        return join(table, tag("div", self._words()))

    def _words(self) -> str:
        failed = f"; the forward failed: {self.signal.failure}" if self.signal.failure else ""
        return f"with {self.signal.source or 'no input'}{failed}"


def _side(column: int) -> str:
    return f"text-align:{'right' if column > 1 else 'left'}"


def _law_words(known: Any) -> str:
    if known is None:
        return ""
    return visible(known.law.words + (", changed since" if known.changed else ""))


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _layer(layer: view.Layer) -> dict[str, Any]:
    numbers = ("square", "gradient", "theory", "spread", "dead", "saturated")
    return {"path": visible(layer.path), "kind": visible(layer.kind),
            "overflow": math.isinf(layer.square) or math.isnan(layer.square),
            **{name: _number(getattr(layer, name)) for name in numbers}}


def _compared(signal: view.Signal) -> dict[str, Any]:
    return {"name": visible(signal.source),
            "squares": [_number(layer.square) for layer in signal.layers]}


def _cells(layer: view.Layer) -> list[str]:
    numbers = [significant(v, 3) if math.isfinite(v) else "" if math.isnan(v) else "inf"
               for v in (layer.square, layer.theory, layer.gradient)]
    shares = ["" if math.isnan(v) else percent(v) or "0%" for v in (layer.dead, layer.saturated)]
    return [layer.path, layer.kind, *numbers, *shares]


def _k_line(
    name: str, names: list[str], by: str, options: tuple[Any, ...], seed: int | None
) -> str:
    which = "".join(f"`{n}" for n in names)
    given = [f"`{o}" if isinstance(o, str) else f"{o:.7g}" + ("f" if o == int(o) else "")
             for o in options]
    start = "" if seed is None else f"seed {seed}; "
    return f"{start}{by}({';'.join([name, which, *given])})"


PYTHON = {
    "kuniform": "kaiming_uniform_", "knormal": "kaiming_normal_", "xuniform": "xavier_uniform_",
    "xnormal": "xavier_normal_", "orthogonal": "orthogonal_", "normal": "normal_",
    "uniform": "uniform_", "snormal": "sparse_", "zeros": "zeros_", "ones": "ones_",
}


def _python_line(
    name: str, names: list[str], by: str, options: tuple[Any, ...], seed: int | None
) -> str:
    if by in ("kuniform", "knormal"):
        function = "leaky_relu" if options[0] == "leakyrelu" else options[0]
        mode = "fan_out" if options[1] == "fanout" else "fan_in"
        given = f", mode={mode!r}, nonlinearity={function!r}"
    else:
        given = "".join(f", {o!r}" for o in options)
    start = "" if seed is None else f"torch.manual_seed({seed}); "
    if len(names) == 1:
        return f"{start}nn.init.{PYTHON[by]}({name}.get_parameter({names[0]!r}){given})"
    return f"{start}[nn.init.{PYTHON[by]}({name}.get_parameter(n){given}) for n in {names!r}]"
