"""A module whose forward is a function of the q session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from kkernel.q import context
from kkernel.q.apply import apply
from kkernel.q.errors import QError, QStop
from kkernel.q.functions import NULL
from kkernel.q.values import Value

from ...kinds import kname
from ...objects import find, free, mapped, need, register
from .family import adopt, number

SIGNATURES = {("tensor",): "{[m;x]}", ("tensor",) * 2: "{[m;x;y]}",
              ("tensor",) * 3: "{[m;x;y;z]}"}


class Callback(nn.Module):
    """Forward calls `fn` with a pointer to this module and one to each input tensor.

    `fn` is the name of a q function, or its text when `text` is true.  All pointers are freed
    after the call; the function must return a tensor pointer, whose tensor is the result.
    May hold any child modules, parameters and buffers.
    """

    def __init__(self, fn: str, text: bool = False, inputs: Sequence[str] = ("tensor",),
                 output: str = "tensor", parms: Mapping[str, Tensor] | None = None,
                 buffers: Mapping[str, Tensor] | None = None) -> None:
        super().__init__()
        self.fn, self.text, self.inputs, self.output = fn, text, tuple(inputs), output
        self._lambda: tuple[object, Value] | None = None
        for name, t in (parms or {}).items():
            self._parameters[name] = as_parameter(t)
        for name, t in (buffers or {}).items():
            self._buffers[name] = t

    def add(self, child: nn.Module, name: str) -> None:
        adopt(self, name or number(self), child)

    def forward(self, *x: Tensor) -> Tensor:
        m = register("module", self)
        arguments = [register("tensor", t) for t in x]
        result: Value = NULL
        try:
            result = apply(self._function(), [m, *arguments])
            return _tensor(result)
        except QStop:
            raise
        except QError as e:
            raise e if e.message.startswith("callback") else _from_k(e) from None
        finally:
            _release(m, *arguments, result)

    def _function(self) -> Value:
        session = context.active
        if not self.text:
            return session.globals.get(self.fn)
        if self._lambda is None or self._lambda[0] is not session:
            self._lambda = session, session.evaluate(self.fn)
        return self._lambda[1]

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_lambda": None}


def as_parameter(t: Tensor) -> nn.Parameter:
    """A tensor as a parameter: the same object, so that its handles see the gradient."""
    if t.is_leaf and (t.is_floating_point() or t.is_complex()):
        t.requires_grad_(True)
    return t  # type: ignore[return-value]


def _tensor(result: Value) -> Tensor:
    if result is NULL:
        raise QError("callback: unexpected null return from k function")
    handle = find(result)
    if handle is None or handle.kind != "tensor":
        raise QError(f"callback: unable to retrieve tensor from {kname(result)}")
    return handle.obj


def _from_k(e: QError) -> QError:
    """An error inside the q function, with where it happened."""
    error = QError(f"callback error from k: {e.message}")
    error.frames = e.frames
    return error


def _release(*pointers: Value) -> None:
    for p in pointers:
        if mapped(p):
            free(need(p, name="callback"))
