"""Draws from distributions: `normal`, `uniform`, `random` ..."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from kkernel.q.errors import QError
from kkernel.q.values import Value, qtype

from .. import kinds
from ..kinds import NO, as_long_double, is_array, kname
from ..params import Param
from .targets import declare, fill_all, fill_array, leading, pick, whole

_PLACES = ("2nd", "3rd", "4th")
# name: (torch's method, options with their defaults, words)
DISTRIBUTIONS: dict[str, tuple[str, dict[str, Any], str]] = {
    "cauchy": ("cauchy_", {"median": 0, "halfwidth": 1}, "a Cauchy distribution"),
    "exponential": ("exponential_", {"rate": 1}, "an exponential distribution"),
    "geometric": ("geometric_", {"p": None}, "numbers of trials until success"),
    "lognormal": ("log_normal_", {"mean": 1, "std": 2}, "a log-normal distribution"),
    "normal": ("normal_", {"mean": 0, "std": 1}, "a normal distribution"),
    "random": ("random_", {"low": 0, "high": None}, "uniform integers"),
    "uniform": ("uniform_", {"low": 0, "high": 1}, "a uniform distribution")}


def _numbers(args: list[Value], first: int, name: str) -> list[Any]:
    """The options of a distribution, checked."""
    given = args[first:]
    numbers = [as_long_double(v) for v in given]
    for i, (number, v) in enumerate(zip(numbers[:2], given, strict=False)):
        if number is NO:
            raise QError(f"{name}: expecting long/double for {_PLACES[first - 1 + i]} argument, "
                         f"given {kname(v)}")
    if name == "random" and any(type(n) is float for n in numbers):
        limits = "integers for low & high limits" if len(numbers) > 1 else "integer for high limit"
        raise QError(f"random: requires {limits}")
    if name == "geometric" and len(numbers) != 1:
        raise QError(f"geometric: requires a single probability argument, {len(numbers)} args "
                     "supplied")
    if len(numbers) > len(DISTRIBUTIONS[name][1]):
        raise QError(f"{name}: expecting 1-{len(DISTRIBUTIONS[name][1])} args, "
                     f"{len(numbers)} given")
    return numbers if name == "random" else [float(n) for n in numbers]


def _draw(x: Value, name: str) -> Value:
    handle, args = leading(x)
    method = DISTRIBUTIONS[name][0]
    if handle is None:
        alone = not args or is_array(x, 3)
        numbers = _numbers([x] if alone else args, 1, name)
        return fill_array(x if alone else args[0], lambda t: getattr(t, method)(*numbers))
    chosen = len(args) > 1 and (qtype(args[1]) in (-11, 11, 7) or len(args) > 3)
    numbers = _numbers(args, 2 if chosen else 1, name)
    tensors = pick(handle, args[1], name) if chosen else whole(
        handle, name, "{}, without parameter/buffer names")
    fill_all(handle.obj, tensors, lambda t: getattr(t, method)(*numbers), name, *numbers)
    return None


def _of_tensor(name: str) -> Callable[..., None]:
    """A draw into a tensor, which is what loops are made of."""
    method = getattr(Tensor, DISTRIBUTIONS[name][0])

    def run(t: Tensor, *args: Value) -> None:
        numbers = _numbers([t, *args], 1, name)
        fill_all(t, [t], lambda t: method(t, *numbers), name, *numbers)

    return run


_FORMS = ["p" + numbers for numbers in ("", "j", "f", "jj", "jf", "fj", "ff")]


def _declare_distribution(name: str) -> None:
    _, options, words = DISTRIBUTIONS[name]
    sample = {"geometric": "(3 4#0e;.5)", "random": "(3 4#0;0;10)"}.get(name, "[3 4#0e]")
    declare(name, f"draw from {words}" if name not in ("random", "geometric") else f"draw {words}",
            lambda x: _draw(x, name), sample,
            *(Param(o, kinds.NUMBER, f"{o} of the distribution", v) for o, v in options.items()),
            quick=dict.fromkeys(_FORMS, _of_tensor(name)))


for _name in DISTRIBUTIONS:
    _declare_distribution(_name)
