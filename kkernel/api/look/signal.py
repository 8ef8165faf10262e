"""How large activations and gradients are through the depth of a model, and should be.

A clone that shares the parameters runs forward and backward on some samples; beside the measured
mean squares stands what the laws of the weights let expect (mean field theory), with the spread
that the finite width of the layers causes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from .describe import describe
from .expected import SUMMING, Belief, elementwise, expect, together, units_axis
from .expected_gradients import Pass, Returned, expected_gradients, references
from .histogram import Histogram, histogram
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

    `square` is the mean square of its output, `gradient` that of the gradient there, `theory` and
    `gradient_theory` what is expected of them; `spread` and `gradient_spread` are the standard
    deviations of their logarithms. `dead` is the share of
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
    gradient_theory: float = NAN
    gradient_spread: float = NAN


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
    kind: str
    square: float
    belief: Belief | None
    dead: float
    saturated: float
    call: int  # its number among all calls


def _measure(
    twin: nn.Module, inputs: tuple[Tensor, ...], source: str, laws: dict[str, KnownLaw]
) -> Signal:
    watcher = _Watcher(laws)
    with torch.enable_grad():
        failure = _run(twin, inputs, watcher.hook, watcher.send_back)
    for parameter in twin.parameters():
        parameter.grad = None
    return Signal(tuple(watcher.layers()), source, failure)


def activations(
    model: nn.Module, inputs: Sequence[Tensor] | None = None, data: Any = None, bins: int = 0
) -> list[Histogram]:
    """A histogram of the first output of each module without children, in the order of the calls.

    Inputs are those of `signal`. Nothing is kept of the activations themselves.
    """
    found, _ = _inputs(model, inputs, data)
    seen: dict[str, Histogram] = {}

    def hook(path: str) -> Callable[..., None]:
        def after(_module: nn.Module, _args: Any, output: Any) -> None:
            out = next(tensors_in(output), None)
            if out is not None and path not in seen:
                seen[path] = histogram(out.detach(), path, bins)

        return after

    if found is not None:
        with torch.no_grad():
            _run(Cloner(_share)(model), found, hook, lambda output: None)
    return list(seen.values())


def _run(
    twin: nn.Module, inputs: tuple[Tensor, ...], hook: Callable[[str], Callable[..., None]],
    then: Callable[[Any], None],
) -> str:
    """Call a twin with hooks on its modules without children; words for a failure, or none.

    The random state and the twin's buffers, which may be those of the original, are put back.
    """
    hooks = [module.register_forward_hook(hook(path))
             for path, module in twin.named_modules() if not children(module)]
    buffers = {id(b): b.clone() for b in twin.buffers()}
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            then(twin(*inputs))
    except Exception as error:  # user code
        return first_line(error)
    finally:
        for handle in hooks:
            handle.remove()
        with torch.no_grad():
            for buffer in twin.buffers():
                buffer.copy_(buffers[id(buffer)])
    return ""


class _Watcher:
    """Notes the outputs of layers, and what is believed of each tensor on its way."""

    def __init__(self, laws: dict[str, KnownLaw]) -> None:
        self._laws = laws
        self._seen: list[_Seen] = []  # the first call of each layer
        self._calls: list[Pass] = []  # tensors stay alive here, so that their ids stay theirs
        self._beliefs: dict[int, Belief] = {}
        self._back: dict[int, Returned] = {}
        self._called: set[str] = set()

    def hook(self, path: str) -> Callable[..., None]:
        def after(module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
            out = next(tensors_in(output), None)
            if out is None or not out.is_floating_point() or not out.numel():
                return
            given = next(tensors_in(args), None)
            start = self._start(given)
            alike = _alike(module, start, given)
            belief = self._believe(path, module, start, out, alike)
            call = Pass(path, module, given, out, (out.grad_fn, out.output_nr), start, belief,
                        alike)
            self._calls.append(call)
            if out.requires_grad:
                out.register_hook(call.note)
            if path not in self._called:
                self._called.add(path)
                self._seen.append(_Seen(describe(module).kind, mean_square(out), belief,
                                        _dead(module, out), _saturated(module, out),
                                        len(self._calls) - 1))

        return after

    def _start(self, given: Tensor | None) -> Belief | None:
        if given is None or not given.is_floating_point() or not given.numel():
            return None
        return self._beliefs.get(id(given)) or Belief(mean_square(given))

    def _believe(
        self, path: str, module: nn.Module, start: Belief | None, out: Tensor, alike: float
    ) -> Belief | None:
        belief = expect(module, path, start, self._laws, alike)
        self._beliefs.pop(id(out), None)
        if belief is not None:
            self._beliefs[id(out)] = belief
        return belief

    def send_back(self, output: Any) -> None:
        """Send a standard normal gradient back from the first output."""
        first = next(tensors_in(output), None)
        if first is not None and first.requires_grad:
            uses = references(first)
            first.backward(torch.randn_like(first))
            self._back = expected_gradients(self._calls, first, uses, self._laws)

    def layers(self) -> Iterator[Layer]:
        """What was seen of each layer."""
        for seen in self._seen:
            call = self._calls[seen.call]
            forth, back = seen.belief or Belief(NAN), self._back.get(seen.call, Returned(NAN))
            yield Layer(call.path, seen.kind, seen.square, call.gradient, forth.square,
                        math.sqrt(forth.variance), seen.dead, seen.saturated, back.square,
                        back.spread(call.belief))


def _alike(module: nn.Module, start: Belief | None, given: Tensor | None) -> float:
    """How much the samples that go into a layer point the same way, where that is of use."""
    if start is None or given is None or not (isinstance(module, SUMMING) or elementwise(module)):
        return 1.0
    axis = start.axis if start.units else units_axis(module, given)
    return together(given.detach(), axis)


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
