"""The line of code that draws weights as a click in the initializer panel does, in q and Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kkernel.api import view

Options = tuple[Any, ...]

PYTHON = {
    "kuniform": "kaiming_uniform_", "knormal": "kaiming_normal_", "xuniform": "xavier_uniform_",
    "xnormal": "xavier_normal_", "orthogonal": "orthogonal_", "normal": "normal_",
    "uniform": "uniform_", "snormal": "sparse_", "eye": "eye_", "dirac": "dirac_",
    "zeros": "zeros_", "ones": "ones_",
}


def draw_line(
    language: str, name: str, weights: Sequence[str], by: str, options: Options, seed: int | None
) -> str:
    """The line that draws the named weights of the module `name`."""
    write = _k_line if language == "k" else _python_line
    return write(name, weights, by, options, seed)


def _k_line(
    name: str, weights: Sequence[str], by: str, options: Options, seed: int | None
) -> str:
    given = [f"`{o}" if isinstance(o, str) else f"{o:.7g}" + ("f" if o == int(o) else "")
             for o in options]
    start = "" if seed is None else f"seed {seed}; "
    return f"{start}{by}({';'.join([name, k_names(weights), *given])})"


def k_names(names: Sequence[str]) -> str:
    """Names as q symbols: one, or a list."""
    words = [view.k_symbol(name) for name in names]
    plain = not any("$" in word for word in words)
    return "".join(words) if plain or len(words) == 1 else f"({';'.join(words)})"


def _python_line(
    name: str, weights: Sequence[str], by: str, options: Options, seed: int | None
) -> str:
    if by in ("kuniform", "knormal"):
        function = "leaky_relu" if options[0] == "leakyrelu" else options[0]
        mode = "fan_out" if options[1] == "fanout" else "fan_in"
        given = f", mode={mode!r}, nonlinearity={function!r}"
    else:
        given = "".join(f", {o!r}" for o in options)
    start = "" if seed is None else f"torch.manual_seed({seed}); "
    if len(weights) == 1:
        return f"{start}nn.init.{PYTHON[by]}({name}.get_parameter({weights[0]!r}){given})"
    return f"{start}[nn.init.{PYTHON[by]}({name}.get_parameter(n){given}) for n in {list(weights)}]"
