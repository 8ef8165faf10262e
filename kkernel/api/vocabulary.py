"""The symbols that calls of the k api understand, read from the same rows that the calls read.

For completion and tooltips: nothing is made, no tensor is touched, and any thread may ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kkernel.q.text.show import line
from kkernel.q.values import Value

from .config import SETTINGS
from .declare import FUNCTIONS, Function
from .dtypes import BY_NAME
from .help import topics
from .module.rows.loss import LOSSES
from .module.types import TYPES
from .objects import find, mapped
from .optimizer.rows import OPTIMIZERS
from .options import Option, OptionTable
from .tensor.modes import MODES
from .tensor.tensor_options import OPTION_SYMBOLS
from .train.options import METRICS
from .train.options import ROWS as TRAINING

DEFINING = ("module", "seq")  # functions whose lists begin with the type of a module
FIXED = {"fan": ("fanin", "fanout"), "nonlinearity": (
    "linear", "sigmoid", "tanh", "relu", "leakyrelu", "selu")}


@dataclass(frozen=True)
class Word:
    """A symbol that may stand somewhere: what it is, and what it means."""

    text: str
    kind: str  # module, loss, optimizer, option, value, parameter ...
    words: str = ""


@dataclass(frozen=True)
class Call:
    """A call or list that is open at some place in a text.

    `functions` are the names written before its bracket, the nearest first; `first` is the symbol
    that is its first item, "" for anything else; `position` counts the items before the place.
    """

    functions: tuple[str, ...]
    first: str
    position: int
    pointers: tuple[Value, ...] = ()  # the values of items that are names of pointers


def symbols_at(calls: Sequence[Call]) -> list[Word]:
    """The symbols that fit at a place, given the calls that are open there, innermost first."""
    function, call = _nearest(calls)
    if call is None:
        return []
    if function in DEFINING:
        return [*_in_definition(calls[0]), *_of_pointers(calls[0].pointers)]
    found = _FAMILIES.get(function, _of_function)(function, call)
    return [*found, *_of_pointers(call.pointers)]


def _nearest(calls: Sequence[Call]) -> tuple[str, Call | None]:
    """The innermost function of the api that is being called."""
    return next(((f, call) for call in calls for f in call.functions if f in FUNCTIONS),
                ("", None))


def _in_definition(call: Call) -> list[Word]:
    """In the definition of a module: its type first, then options; containers hold more types."""
    row = TYPES.get(call.first) if call.position else None
    if row is None:
        return list(_types())
    options = list(_options(row.options, call.position - 1))
    return [*options, *_types()] if row.container or not options else options


def _types() -> Iterator[Word]:
    return (Word(name, "module", row.source) for name, row in TYPES.items())


def _options(table: OptionTable, position: int) -> Iterator[Word]:
    """The choices of the options whose turn it is or comes, then the names of all options."""
    for option in table.positional[max(0, position):]:
        yield from (Word(c, "value", option.words) for c in option.kind.choices)
    for option in table.rows:
        yield Word(option.name, "option", option_words(option))


def option_words(option: Option) -> str:
    """`bias: add a bias, default 1b` without the name."""
    if option.required:
        return option.words
    if option.like:
        return f"{option.words}, {option.like} if not given"
    if option.default is None:
        return option.words
    return f"{option.words}, default {line(option.kind.show(option.default, option.dims))}"


# ------------------------------------------------------------------ families of functions

def _tables(rows: Mapping[str, Any], kind: str) -> Callable[[str, Call], Iterable[Word]]:
    """A function whose first item names a row, and whose others are the row's options."""
    skipped = {"optimizer": 2}.get(kind, 1)

    def words(_function: str, call: Call) -> Iterable[Word]:
        row = rows.get(call.first) if call.position else None
        if row is not None:
            return _options(row.options, call.position - skipped)
        return (Word(n, kind, r.source) for n, r in rows.items()) if not call.position else ()

    return words


def _of_training(_function: str, call: Call) -> Iterable[Word]:
    if not call.position:
        return ()
    return [*(Word(o.name, "option", o.words) for o in TRAINING),
            *(Word(n, "value", w) for n, w in METRICS.items())]


def _topics(_function: str, call: Call) -> Iterable[Word]:
    yield from (Word(n, "topic", words) for n, words in topics().items())
    yield from (Word(n, "loss", r.source) for n, r in LOSSES.items())
    yield from (Word(n, "optimizer", r.source) for n, r in OPTIMIZERS.items())
    yield from _types()
    yield from (Word(n, "function", f.summary) for n, f in FUNCTIONS.items())


def _of_tensor(_function: str, call: Call) -> Iterable[Word]:
    if not call.position:
        return [Word(name, "mode") for name in MODES]
    return _tensor_options()


def _tensor_options() -> list[Word]:
    return [Word(name, "option", which) for name, (which, _) in OPTION_SYMBOLS.items()]


_FAMILIES: dict[str, Callable[[str, Call], Iterable[Word]]] = {
    "loss": _tables(LOSSES, "loss"), "opt": _tables(OPTIMIZERS, "optimizer"),
    "train": _of_training, "test": _of_training, "tensor": _of_tensor,
    "help": _topics, "options": _topics,
    "setting": lambda f, call: (Word(n, "setting") for n in SETTINGS),
}


def _of_function(name: str, call: Call) -> Iterable[Word]:
    """What the parameters of a function tell, from the one whose turn it is on."""
    function = FUNCTIONS.get(name)
    if function is None:
        return ()
    row = TYPES.get(name)
    of_module = list(_options(row.options, call.position - 1)) if row and call.position else []
    return [*of_module, *(w for p in function.params[call.position:] for w in _of_parameter(p))]


def _of_parameter(p: Any) -> Iterable[Word]:
    choices = p.kind.choices or FIXED.get(p.name, ())
    if choices:
        return (Word(name, "value", p.words) for name in choices)
    if p.name == "options":
        return _tensor_options()
    if p.kind.word == "data type" or p.name == "dtype":
        return (Word(name, "dtype", f"q type {row.char}") for name, row in BY_NAME.items())
    return ()


# ------------------------------------------------------------------ live objects

def _of_pointers(pointers: Sequence[Value]) -> list[Word]:
    return [word for x in pointers for word in names_in(x)]


def names_in(x: Value) -> list[Word]:
    """The names inside the object of a pointer: parameters, buffers, children, entries."""
    handle = find(x) if mapped(x) else None
    if handle is None:
        return []
    if handle.kind == "dictionary":
        return [Word(str(n), "parameter", _tensor_words(t)) for n, t in handle.obj.items()]
    module = handle.obj if handle.kind in ("module", "loss") else getattr(
        handle.obj, "module", None)
    if module is None:
        return []
    return [*(Word(n, "parameter", _tensor_words(t)) for n, t in module.named_parameters()),
            *(Word(n, "buffer", _tensor_words(t)) for n, t in module.named_buffers()),
            *(Word(n, "child", type(m).__name__.lower()) for n, m in module.named_modules() if n)]


def _tensor_words(t: Any) -> str:
    if t is None:
        return "undefined"
    dtype = str(t.dtype).removeprefix("torch.")
    return f"{dtype} {' '.join(map(str, t.shape)) or 'scalar'}"


# ------------------------------------------------------------------ what a word means

@dataclass(frozen=True)
class Entry:
    """What is declared about a symbol: its form, a summary, and a line for each option."""

    name: str
    form: str
    summary: str
    rows: tuple[tuple[str, str], ...]
    examples: tuple[str, ...] = ()


def entry(calls: Sequence[Call], name: str) -> Entry | None:
    """What a symbol stands for at a place: a type of module, loss or optimizer, or an option."""
    function, _ = _nearest(calls)
    family: Mapping[str, Any] = TYPES if function in DEFINING else {
        "loss": LOSSES, "opt": OPTIMIZERS}.get(function, {})
    row = family.get(name)
    if row is not None:
        return _row_entry(name, row)
    word = next((w for w in symbols_at(calls) if w.text == name and w.words), None)
    return None if word is None else Entry(name, "", f"{word.kind}: {word.words}", ())


def _row_entry(name: str, row: Any) -> Entry:
    form = ";".join(["`" + name, *(o.name for o in row.options.positional)])
    rows = tuple((o.name, option_words(o)) for o in row.options.rows)
    return Entry(name, f"({form})", row.source, rows)


def function_entry(function: Function) -> Entry:
    """What is declared about a function."""
    rows = tuple((p.name, p.words + ("" if p.required else " (optional)"))
                 for p in function.params)
    return Entry(function.name, function.form, function.summary, rows, function.examples)
