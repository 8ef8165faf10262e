"""How large activations and gradients are through the depth of a model, and should be.

A clone that shares the parameters runs forward and backward on some samples; beside the measured
mean squares stands what the laws of the weights let expect (mean field theory), with the spread
that the finite width of the layers causes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from .describe import describe
from .expected import Belief, expect
from .initializers import draw_all
from .laws import KnownLaw, parameter_laws
from .sample import data_of, sample_inputs
from .skeleton import Cloner
from .structure import children
from .trace import first_line, tensors_in, trace

SAMPLES = 64
NAN = math.nan


@dataclass(frozen=True)
class Layer:
    """One module without children, where its forward is called first.

    `square` is the mean square of its output, `gradient` that of the gradient there, `theory` the
    expected square and `spread` the standard deviation of its logarithm. `dead` is the share of
    units that are zero for all samples, `saturated` that of outputs at the end of a bounded
    activation's range. NaN where nothing is known.
    """

    path: str
    kind: str
    square: float
    gradient: float
    theory: float
    spread: float
    dead: float
    saturated: float


@dataclass(frozen=True)
class Signal:
    """The layers in the order of their calls. `source` says in words what the inputs were."""

    layers: tuple[Layer, ...]
    source: str
    failure: str = ""


def signal(model: nn.Module, inputs: Sequence[Tensor] | None = None, data: Any = None) -> Signal:
    """Send samples through a module, forward and backward; it is not changed.

    `inputs` are used as they are. Without them samples of `data` (a model of the k api) are taken,
    else numbers from a standard normal distribution.
    """
    found, source = _inputs(model, inputs, data)
    if found is None:
        return Signal((), source, "no input is known: give one")
    return _measure(Cloner(_share)(model), found, source, parameter_laws(model))


def compare(
    model: nn.Module,
    rules: Sequence[tuple[str, tuple[Any, ...]]],
    inputs: Sequence[Tensor] | None = None,
    data: Any = None,
    seed: int = 1,
) -> list[Signal]:
    """The signal after each of some initializers has drawn all weights of a copy anew."""
    found, source = _inputs(model, inputs, data)
    signals = []
    for name, options in rules:
        twin = Cloner(Tensor.clone)(model)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            draw_all(twin, name, *options)
        words = " ".join([name, *map(str, options)])
        signals.append(
            Signal((), words, source) if found is None else
            replace(_measure(twin, found, source, parameter_laws(twin)), source=words))
    return signals


def _share(tensor: Tensor) -> Tensor:
    """The very parameters, but buffers of its own: a forward may write to those."""
    return tensor


def _inputs(
    model: nn.Module, given: Sequence[Tensor] | None, data: Any
) -> tuple[tuple[Tensor, ...] | None, str]:
    if given is not None:
        return tuple(given), "the given input"
    found = data_of(data, SAMPLES)
    if found is not None:
        return found, f"{len(found[0])} samples of the model's data"
    for _, _, words, make in sample_inputs(model):
        shapes = make(SAMPLES)
        if trace(model, *shapes).complete:
            drawn = tuple(_drawn(shape, model) for shape in shapes)
            return drawn, f"{SAMPLES} samples of standard normal numbers" + (
                f", {words}" if words else "")
    return None, ""


def _drawn(shape: Tensor, model: nn.Module) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    if shape.dtype == torch.long:
        rows = [m.num_embeddings for m in model.modules() if isinstance(m, nn.Embedding)]
        return torch.randint(0, min(rows, default=1), tuple(shape.shape), generator=generator)
    kind = next((p.dtype for p in model.parameters() if p.is_floating_point()), torch.float32)
    return torch.randn(tuple(shape.shape), generator=generator).to(kind)


# --------------------------------------------------------------------------- measuring


@dataclass
class _Seen:
    path: str
    kind: str
    square: float
    belief: Belief | None
    dead: float
    saturated: float
    gradient: float = NAN


def _measure(
    twin: nn.Module, inputs: tuple[Tensor, ...], source: str, laws: dict[str, KnownLaw]
) -> Signal:
    watcher = _Watcher(laws)
    hooks = [
        module.register_forward_hook(watcher.hook(path))
        for path, module in twin.named_modules()
        if not children(module)
    ]
    buffers = {id(b): b.clone() for b in twin.buffers()}
    failure = ""
    try:
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.manual_seed(0)
            _backward(twin(*inputs))
    except Exception as error:  # user code
        failure = first_line(error)
    finally:
        for hook in hooks:
            hook.remove()
        with torch.no_grad():
            for buffer in twin.buffers():
                buffer.copy_(buffers[id(buffer)])
        for parameter in twin.parameters():
            parameter.grad = None
    return Signal(tuple(map(_layer, watcher.seen)), source, failure)


def _backward(output: Any) -> None:
    """Send a standard normal gradient back from the first output."""
    first = next(tensors_in(output), None)
    if first is not None and first.requires_grad:
        first.backward(torch.randn_like(first))


def _layer(seen: _Seen) -> Layer:
    belief = seen.belief or Belief(NAN)
    return Layer(seen.path, seen.kind, seen.square, seen.gradient, belief.square,
                 math.sqrt(belief.variance), seen.dead, seen.saturated)


class _Watcher:
    """Notes the outputs of layers, and what is believed of each tensor on its way."""

    def __init__(self, laws: dict[str, KnownLaw]) -> None:
        self.seen: list[_Seen] = []
        self._laws = laws
        self._beliefs: dict[int, Belief] = {}
        self._alive: list[Tensor] = []  # an id is not used again while its tensor lives
        self._called: set[str] = set()

    def hook(self, path: str) -> Callable[..., None]:
        def after(module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
            out = next(tensors_in(output), None)
            if out is None or not out.is_floating_point() or not out.numel():
                return
            belief = self._believe(path, module, next(tensors_in(args), None), out)
            if path in self._called:
                return
            self._called.add(path)
            seen = _Seen(path, describe(module).kind, mean_square(out), belief,
                         _dead(module, out), _saturated(module, out))
            self.seen.append(seen)
            if out.requires_grad:
                out.register_hook(lambda g: setattr(seen, "gradient", mean_square(g)))

        return after

    def _believe(
        self, path: str, module: nn.Module, given: Tensor | None, out: Tensor
    ) -> Belief | None:
        start = None
        if given is not None and given.is_floating_point() and given.numel():
            start = self._beliefs.get(id(given)) or Belief(mean_square(given))
        belief = expect(module, path, start, self._laws)
        self._beliefs.pop(id(out), None)
        if belief is not None:
            self._beliefs[id(out)] = belief
        self._alive += [t for t in (given, out) if t is not None]
        return belief


def mean_square(tensor: Tensor) -> float:
    """Mean of the squares of all numbers."""
    return tensor.detach().double().square().mean().item()


_BOUNDS: dict[type, tuple[float, float]] = {
    nn.Tanh: (-1, 1), nn.Sigmoid: (0, 1), nn.Hardtanh: (-1, 1), nn.Softsign: (-1, 1),
    nn.Hardsigmoid: (0, 1), nn.ReLU6: (0, 6),
}
_RECTIFIERS = (nn.ReLU, nn.ReLU6, nn.Threshold, nn.Hardshrink)


def _dead(module: nn.Module, out: Tensor) -> float:
    """Units (channels of an image) that no sample switches on."""
    if not isinstance(module, _RECTIFIERS) or out.dim() < 2:
        return NAN
    units = out.detach().transpose(0, 1).flatten(1)
    return (units == 0).all(dim=1).double().mean().item()


def _saturated(module: nn.Module, out: Tensor) -> float:
    bounds = _BOUNDS.get(type(module))
    if bounds is None:
        return NAN
    low, high = bounds
    margin = 0.01 * (high - low)
    values = out.detach()
    ends = values > high - margin
    if not isinstance(module, nn.ReLU6):
        ends |= values < low + margin
    return ends.double().mean().item()
