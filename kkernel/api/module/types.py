"""What a module type is: its torch class, its options, its forward, its printed form.

The rows of `kkernel.api.module.rows` enter every type here; everything else (definitions, help,
options, state, messages) reads these rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from kkernel.q.errors import QError
from kkernel.q.values import Dict, Value

from ..options import LONGS, Messages, Option, OptionKind, OptionTable
from .own.calls import MOST
from .own.family import label

Values = dict[str, Any]


@dataclass(frozen=True)
class ModuleType:
    """One row.

    `source` is torch's name in help; `args` and `result` are the kinds of the forward's arguments
    and result, of which `least` are needed; `text` is the printed form (see text.py); `example`
    holds the option values that help shows in place of defaults; `attributes` names the attribute
    of an option where it is not its torch keyword.
    """

    name: str
    cls: type[nn.Module] | None
    source: str
    options: OptionTable
    text: str
    args: tuple[str, ...] = ("tensor",)
    least: int = 1
    result: str = "tensor"
    forward: bool = True
    container: bool = False
    example: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, str | Callable[[Any], Any]] = field(default_factory=dict)
    make: Callable[..., nn.Module] | None = None

    @property
    def bare(self) -> bool:
        """Whether the type has no options at all."""
        return not self.options.rows

    @property
    def most(self) -> int:
        """The most tensors that forward takes (an lstm's tuple counts as two)."""
        return sum({"tuple": 2, "": 0}.get(a, 1) for a in self.args)

    def create(self, args: Sequence[Value], before: int = 0,
               name: str | None = None) -> nn.Module:
        """A new module from the options of a definition, which `before` other items precede.

        `name` is that of the module, for messages.
        """
        return self.build(self.options.read(self.name, args, before))

    def build(self, values: Values) -> nn.Module:
        """A new module of this type for complete option values."""
        maker = self.make or self.cls
        if maker is None:
            raise QError("unrecognized module: cannot create module from unrecognized "
                         f"enumeration {self.name}")
        rows = self.options.by_name
        return maker(**{rows[n].keyword: _torch_value(rows[n], v) for n, v in values.items()})

    def read(self, module: nn.Module) -> Values:
        """The option values of a live module."""
        return {o.name: self._attribute(o, module) for o in self.options.rows}

    def _attribute(self, option: Option, module: nn.Module) -> Any:
        at = self.attributes.get(option.name, option.keyword)
        value = getattr(module, at) if isinstance(at, str) else at(module)
        if option.kind is LONGS or option.dims:
            return _as_list(value, option.dims)
        return value

    def shown(self, module: nn.Module, all: bool = True, state: bool = False) -> Dict:
        """The options of a module as a q dictionary, for its definition or for its state."""
        return self.options.show(self.read(module), all)

    @property
    def examples(self) -> Dict:
        """Sample options for help, as a q dictionary."""
        values: Values = {}
        for o in self.options.rows:
            if o.name in self.example:
                values[o.name] = self.example[o.name]
            else:
                values[o.name] = values[o.like] if o.like else o.default
        return self.options.show(values)


def _torch_value(option: Option, value: Any) -> Any:
    """Lists as tuples; the one entry of a one-dimensional size as a number."""
    if not isinstance(value, list):
        return value
    return value[0] if option.dims == 1 else tuple(value)


def _as_list(value: Any, dims: int) -> Any:
    if isinstance(value, (str, type(None))):
        return value
    if isinstance(value, (int, float)):
        return [value] * (dims or 1)
    return list(value)


def longs(name: str, dims: int, default: int | None = None, torch: str = "",
          words: str = "", kind: OptionKind = LONGS, **fields: Any) -> Option:
    """An option of one long or `dims` of them; required without a default, or `like` another."""
    if default is None and "like" not in fields:
        return Option(name, kind, torch=torch, words=words, dims=dims, **fields)
    value = None if default is None else [default] * dims
    return Option(name, kind, value, torch, words, dims, **fields)


TYPES: dict[str, ModuleType] = {}
BY_CLASS: dict[type[nn.Module], ModuleType] = {}
OPTION_NAMES: set[str] = {"freeze", "indices", "kvbias", "kvzeros", "padflag", "train", "weight"}


def enter(name: str, cls: type[nn.Module] | None, *options: Option, text: str = "",
          source: str = "", messages: Messages | None = None,
          table: type[OptionTable] | None = None, kind: type[ModuleType] | None = None,
          **fields: Any) -> ModuleType:
    """Declare a module type."""
    OPTION_NAMES.update(o.name for o in options)
    rows = (table or OptionTable)(options, messages or Messages(), OPTION_NAMES)
    own = cls is not None and cls.__module__.startswith("kkernel.")
    word = cls.__name__ if cls else name
    row = (kind or ModuleType)(
        name, cls, source or f"{'knn' if own else 'torch.nn'}.{word}", rows,
        text or f"{'knn' if own else 'torch::nn'}::{word}()", **fields)
    TYPES[name] = row
    if cls is not None:
        BY_CLASS.setdefault(cls, row)
        MOST.setdefault(cls, row.most)
    return row


def find_type(name: str) -> ModuleType:
    """The row of a module name; signals an unknown one."""
    row = TYPES.get(name)
    if row is None:
        raise QError(f"unrecognized module type: `{name}")
    return row


def type_of(module: nn.Module) -> ModuleType | None:
    """The row of a module's class, or of the nearest class it derives from."""
    row = BY_CLASS.get(type(module))
    if row is not None:
        return row
    return next((BY_CLASS[c] for c in type(module).__mro__ if c in BY_CLASS), None)


def type_name(module: nn.Module) -> str:
    """The name of a module's type, empty if it has none."""
    row = type_of(module)
    return row.name if row else ""


def need_type(module: nn.Module) -> ModuleType:
    """As `type_of`; signals a class that the k api does not know."""
    row = type_of(module)
    if row is None:
        raise QError(f"unrecognized module: {label(module)}, unable to retrieve options")
    return row
