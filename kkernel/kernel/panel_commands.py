"""What the buttons of panels do, as q functions: ``.ui.take[m;`good]`` and its like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..q import interrupts
from ..q.errors import QError
from ..q.functions import NULL, Foreign
from ..q.symbols import Symbol
from ..q.values import Value, is_string, text
from .language.inspection import kind_of

if TYPE_CHECKING:
    from ..session import Session

# q name, rank, words; kkernel_widgets.commands does it
COMMANDS = (
    ("take", 2, "keep the present state of a model under a name"),
    ("restore", 2, "write a kept state into the model, and check every bit"),
    ("undo", 1, "put back what the last restore or drawing has overwritten"),
    ("drop", 2, "forget a kept state"),
    ("rename", 3, "give a kept state another name"),
    ("note", 3, "write a note to a kept state: model, name of the state, text"),
    ("compare", 3, "what differs between two states; `now is the live one"),
    ("save", 3, "save a state to a file: model, file symbol (q's own form if it ends in .kdb), "
                 "name of the state or `now"),
    ("load", 3, "read a file as a kept state, also of q or of PyTorch: model, file symbol, "
                 "name for the state"),
    ("states", 1, "the kept states of a model"),
    ("compareinit", 3, "activations and gradients after each initializer: model, activation, fan"),
)


def register(session: Session) -> None:
    """Define the functions in a session."""
    for name, rank, words in COMMANDS:
        full = ".ui." + name
        doc = f"{full}[{';'.join('xyz'[:rank])}]\n\n{words}"
        session.interpreter.globals.set(full, Foreign(full, rank, _runner(session, name), doc))


def _runner(session: Session, name: str) -> Any:
    def run(x: Value, *given: Value) -> Value:
        kind, subject = session.torch_object(x)
        if kind not in ("module", "model"):
            raise QError(f".ui.{name}: expected module or model, given {kind or kind_of(x)}")
        words = [_word(value, name) for value in given]
        with interrupts.held():  # a state is written as a whole
            from kkernel_widgets import commands

            try:
                answer = commands.run(name, subject, *words)
            except ValueError as error:
                raise QError(f".ui.{name}: {error}") from None
        session.interpreter.write(answer + "\n")
        return NULL

    return run


def _word(x: Value, name: str) -> str:
    """A symbol or a string; a file symbol without its colon."""
    if type(x) is Symbol:
        return str(x).removeprefix(":")
    if is_string(x):
        return text(x)
    raise QError(f".ui.{name}: expected a symbol, given {kind_of(x)}")
