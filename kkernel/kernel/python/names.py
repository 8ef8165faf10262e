"""The object `q` of Python cells: the session's variables, and evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...q.errors import QError, QStop
from ...q.registry import KEYWORDS
from .values import Function, to_python, to_q

if TYPE_CHECKING:
    from ...session import Session


class Names:
    """`q.price`, `q.price = x`, `q[".lib.f"]`, `q("sum price")`, `q("{x+y}", 1, 2)`.

    Values change hands as values.py says; errors of q are raised as QError.
    """

    def __init__(self, session: Session) -> None:
        object.__setattr__(self, "_session", session)

    _session: Session

    def __call__(self, source: str, *arguments: Any) -> Any:
        """The value of q text; with arguments it is a function that they are given to."""
        try:
            value = self._session.interpreter.evaluate(source)
        except QStop:
            raise KeyboardInterrupt from None
        if arguments:
            return Function(self._session, value)(*arguments)
        return to_python(self._session, value)

    def __getitem__(self, name: str) -> Any:
        value = self._session.interpreter.globals.find(name)
        if value is None:
            value = KEYWORDS.get(name)
        if value is None:
            raise KeyError(name)
        found = to_python(self._session, value)
        if isinstance(found, Function):
            found.__name__ = name
        return found

    def __setitem__(self, name: str, value: Any) -> None:
        if name in KEYWORDS or not name.replace(".", "_").isidentifier():
            raise QError(f"{name}: not a name for a variable of q")
        self._session.interpreter.globals.set(name, to_q(self._session, value))

    def __delitem__(self, name: str) -> None:
        self._session.interpreter.globals.delete(name)

    def __contains__(self, name: str) -> bool:
        return self._session.interpreter.globals.find(name) is not None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"q has no {name}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        del self[name]

    def __dir__(self) -> list[str]:
        return sorted({*self._session.interpreter.globals.root, *KEYWORDS})

    def __repr__(self) -> str:
        count = len(self._session.interpreter.globals.root)
        return f"<q session with {count:,} variables: q.name, q.name = value, q('text')>"
