"""The `.ui` functions of q: panels of kkernel_widgets, HTML, clearing the cell's output.

Where they show is the host's affair: a `Screen` is a notebook cell or a terminal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from ..q import interrupts
from ..q.errors import QError
from ..q.functions import NULL, Foreign
from ..q.symbols import Symbol
from ..q.values import List, Value, is_string, text
from . import panel_commands
from .language.inspection import kind_of
from .rich import pictures, whole

if TYPE_CHECKING:
    from ..session import Session

# q name, class of kkernel_widgets, pointers that it takes, what it shows
PANELS = (
    ("spec", "SpecTable", ("module", "model"),
     "modules with options, shapes, parameters and bytes"),
    ("hist", "ParameterHistograms", ("module", "model", "dictionary"),
     "every parameter beside the law it was drawn from; (m;`gradients;20) for others, and bins"),
    ("init", "InitializerPanel", ("module", "model"),
     "activations and gradients through the depth, and initializers to choose"),
    ("state", "StatePanel", ("module", "model"),
     "named snapshots: restore, save, load, compare"),
)


class Screen(Protocol):
    """Where panels and rich output go."""

    def panel(self, panel: Any) -> None:
        """Show a panel of kkernel_widgets."""

    def html(self, source: str) -> None:
        """Show HTML."""

    def rich(self, forms: dict[str, Any], words: str) -> None:
        """Show forms by mime type; a terminal shows the words."""

    def clear(self, wait: bool) -> None:
        """Remove what the running cell has shown, at once or when something new comes."""


class Terminal:
    """A screen of plain text."""

    def __init__(self, write: Any) -> None:
        self._write = write

    def panel(self, panel: Any) -> None:
        self._write(panel.text())

    def html(self, source: str) -> None:
        self._write(source + "\n")

    def rich(self, forms: dict[str, Any], words: str) -> None:
        self._write(words + "\n")

    def clear(self, wait: bool) -> None:
        """What a terminal has shown stays."""


def register(session: Session, screen: Screen) -> None:
    """Define the `.ui` functions in a session."""
    for name, panel, kinds, words in PANELS:
        _define(session, name, f"{words}, of a {' or '.join(kinds)}",
                _opener(session, screen, name, panel, kinds))
    panel_commands.register(session)
    pictures.register(session, screen)
    whole.register(session, screen)
    _define(session, "html", "show a string as HTML", _html(screen))
    _define(session, "clear", "remove what the running cell has shown; 1b: once more comes",
            _clear(screen))


def _define(session: Session, name: str, words: str, run: Any) -> None:
    full = ".ui." + name
    session.interpreter.globals.set(full, Foreign(full, 1, run, f"{full}(x)\n\n{words}"))


def _opener(session: Session, screen: Screen, name: str, panel: str,
            kinds: tuple[str, ...]) -> Any:
    def show(x: Value) -> Value:
        pointer, given = _with_options(session, x)
        kind, subject = session.torch_object(pointer)
        if kind not in kinds:
            raise QError(f".ui.{name}: expected {' or '.join(kinds)}, "
                         f"given {kind or kind_of(x)}")
        options = _options(session, name, given)
        with interrupts.held():  # a first import of torch, and messages, must not be cut
            import kkernel_widgets

            make = getattr(kkernel_widgets, panel)
        try:
            made = make(subject, name=_variable(session, pointer), language="k", **options)
        except ValueError as error:
            raise QError(f".ui.{name}: {error}") from None
        with interrupts.held():
            screen.panel(made)
        return NULL

    return show


def _with_options(session: Session, x: Value) -> tuple[Value, list[Value]]:
    """A pointer alone, or the first of a list with options after it."""
    if type(x) is List and len(x) > 1 and session.torch_object(x[0])[0]:
        return x[0], list(x)[1:]
    return x, []


def _options(session: Session, name: str, given: list[Value]) -> dict[str, Any]:
    """What to show (a symbol), how many bins (a long), an input as an example (a tensor)."""
    options: dict[str, Any] = {}
    for value in given:
        kind, tensor = session.torch_object(value)
        if name == "hist" and type(value) is Symbol:
            options["show"] = str(value)
        elif name == "hist" and type(value) is int:
            options["bins"] = value
        elif name != "state" and kind == "tensor":
            options["example_input"] = tensor
        elif name != "state" and kind == "vector":
            options["example_input"] = tuple(tensor)  # type: ignore[arg-type]
        else:
            raise QError(f".ui.{name}: unexpected {kind or kind_of(value)}")
    return options


def _variable(session: Session, x: Value) -> str:
    """The name of the variable that holds this pointer, for the lines that a panel writes."""
    for name, value in session.interpreter.globals.root.items():
        if type(value) is List and len(value) == 1 and value[0] == x[0]:
            return name
    return "m"


def _html(screen: Screen) -> Any:
    def show(x: Value) -> Value:
        if not is_string(x):
            raise QError(".ui.html: expected a string")
        with interrupts.held():
            screen.html(text(x))
        return NULL

    return show


def _clear(screen: Screen) -> Any:
    def clear(x: Value) -> Value:
        with interrupts.held():
            screen.clear(wait=x is True)
        return NULL

    return clear
