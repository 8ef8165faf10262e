"""A q session for tests: values, torch objects behind pointers, console text, error messages."""

from __future__ import annotations

from typing import Any

import torch

from kkernel.q.errors import QError
from kkernel.session import Session


class ApiSession:
    """Calling it evaluates a line and gives the q value."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.session = Session(write=self.written.append, write_error=self.written.append)
        self.session.load_api()

    def __call__(self, source: str) -> Any:
        value = None
        for line in source.splitlines():
            value = self.session.interpreter(line)
        return value

    def obj(self, source: str) -> Any:
        """The tensor, module, optimizer .. behind the pointer that a line gives."""
        kind, obj = self.session.torch_object(self(source))
        assert kind, f"not a pointer: {source}"
        return obj

    def text(self, source: str) -> str:
        """What the console prints, without the last line end."""
        return self.session.interpreter.console(source).removesuffix("\n")

    def error(self, source: str) -> str:
        """The message of the error that a line signals."""
        try:
            value = self(source)
        except QError as e:
            return e.message
        raise AssertionError(f"no error: {source} gives {value!r}")

    def put(self, name: str, t: Any) -> None:
        """A tensor, or several as a vector, behind a pointer of this name."""
        from kkernel.api.objects import register

        kind = "tensor" if isinstance(t, torch.Tensor) else "vector"
        self.session.interpreter.globals.set(name, register(kind, t))


def seeded(make: Any, seed: int = 7) -> Any:
    """What `make` gives with torch's generator at this seed."""
    torch.manual_seed(seed)
    return make()


def flat(result: Any) -> list[torch.Tensor]:
    """All tensors of a result, from nested tuples and lists too."""
    if isinstance(result, (tuple, list)):
        return [t for part in result for t in flat(part)]
    return [] if result is None else [result]

