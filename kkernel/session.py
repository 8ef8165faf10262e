"""One q process: the q language and the k api, which meet only here.

The api is loaded (and with it torch) when one of its names is first asked for, or when a
program loads the library itself: ``(`ktorch 2:`fns,1)[]`` gives the dictionary of functions.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from kkernel.api import host, names
from kkernel.q import Interpreter, interrupts
from kkernel.q.errors import QError
from kkernel.q.functions import Foreign
from kkernel.q.values import Dict, List, Value, record

Write = Callable[[str], object]
# names before an open bracket, first symbol in it, items before the place, pointers among them
OpenCall = tuple[tuple[str, ...], str, int, tuple[Value, ...]]
NAMES = frozenset(names.NAMES)


class Session:
    """A q process without its prompt.

    `write` and `write_error` take what programs print; `display` takes the values that lines show
    and their console text (by default the text goes to `write`).
    """

    def __init__(self, write: Write | None = None, write_error: Write | None = None,
                 display: Callable[[Value, str], object] | None = None) -> None:
        self.interpreter = Interpreter(write, write_error)
        if display is not None:
            self.interpreter.shown = lambda value, text: display(value, text) if text else None
        self._functions: dict[str, Foreign] | None = None
        self._loading = threading.Lock()
        self.interpreter.globals.missing = self._find
        self.interpreter.globals.library = self.api_function
        self.interpreter.library = self._library

    def execute(self, source: str) -> QError | None:
        """Run source as lines typed at the prompt; returns the error that stopped it, if any."""
        return self.interpreter.execute(source)

    def run(self, source: str) -> None:
        """Run source, and write the error that stopped it as a console would."""
        error = self.execute(source)
        if error is not None:
            self.interpreter.write(self.interpreter.error_text(error))

    # ------------------------------------------------------------ the k api

    @staticmethod
    def attach(shows: host.Host) -> None:
        """Let `shows` have what there is beside the console text: progress and images."""
        host.active = shows

    def load_api(self) -> dict[str, Foreign]:
        """Every function of the k api by name.  May be called from any thread."""
        with self._loading:
            if self._functions is None:
                from kkernel import api

                with interrupts.held():  # an import of torch that is cut short never works again
                    self._functions = api.load()
            return self._functions

    def warm_up(self) -> None:
        """Load the api: a second or more, best in the background."""
        self.load_api()

    @property
    def api_names(self) -> tuple[str, ...]:
        """The names of the k api, known before it is loaded."""
        return NAMES

    def api_function(self, name: str) -> Foreign | None:
        """A function of the k api, None for other names and while the api is not loaded."""
        return (self._functions or {}).get(name)

    def symbols_at(self, calls: Sequence[OpenCall]) -> list[Any]:
        """The symbols that fit inside calls of the api, as `api.vocabulary.Word`s; none while
        the api is not loaded.  The innermost call comes first."""
        if self._functions is None:
            return []
        from kkernel.api.vocabulary import Call, symbols_at

        return symbols_at([Call(*call) for call in calls])

    def symbol_entry(self, calls: Sequence[OpenCall], name: str) -> Any:
        """What a symbol inside calls of the api stands for, as an `api.vocabulary.Entry`."""
        if self._functions is None:
            return None
        from kkernel.api.vocabulary import Call, entry

        return entry([Call(*call) for call in calls], name)

    def function_entry(self, name: str) -> Any:
        """What is declared about a function of the api, None while it is not loaded."""
        if self._functions is None or name not in NAMES:
            return None
        from kkernel.api.declare import FUNCTIONS
        from kkernel.api.vocabulary import function_entry

        return function_entry(FUNCTIONS[name])

    def pointer_to(self, obj: Any) -> Value | None:
        """A pointer to a tensor, module, loss or model of Python, without a copy; None for any
        other object.  One that q has already keeps its pointer."""
        if "torch" not in sys.modules:
            return None
        self.load_api()
        from kkernel.api.adopt import pointer_to

        return pointer_to(obj)

    def value_of(self, x: Value) -> Value:
        """The q value of a tensor pointer; any other value as it is."""
        kind, tensor = self.torch_object(x)
        if kind != "tensor":
            return x
        from kkernel.api.convert import to_q

        return to_q(tensor)  # type: ignore[arg-type]

    def card(self, x: Value, numbers: bool = True) -> Any:
        """What a pointer is, as an `api.look.card.Card`; None for any other value."""
        if not isinstance(x, List) or self._functions is None:
            return None
        from kkernel.api.look.card import card

        return card(x, numbers)

    def torch_object(self, x: Value) -> tuple[str, object]:
        """The class and the object behind a pointer; "" and None for any other value."""
        if not isinstance(x, List) or self._functions is None:  # not loaded: no pointer exists
            return "", None
        from kkernel.api.objects import find

        handle = find(x)
        return (handle.kind, handle.obj) if handle is not None else ("", None)

    def _find(self, name: str) -> Value | None:
        """The api function of a name that has no value in q."""
        if name not in NAMES:
            return None
        functions = self._functions  # once they are there, no lock is needed
        return (self.load_api() if functions is None else functions).get(name)

    def _library(self, file: str, name: str, rank: int) -> Foreign:
        """What `2:` loads: `fns`, the function that gives all functions, or one of them."""
        functions = self.load_api()
        if name == "fns":
            return Foreign(name, 1, lambda x: api_dictionary(functions), "all functions of the api")
        if name not in functions:
            raise QError(f"{file}: no function {name}")
        return functions[name]


def api_dictionary(functions: dict[str, Foreign]) -> Dict:
    """Name -> function."""
    return record(list(functions), list(functions.values()))
