"""The parameters of api functions: a name, a kind, words, a default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kkernel.q.values import Value

from . import kinds
from .kinds import NO, Kind, is_empty


class Required:
    """The default of an argument that has none."""

    def __repr__(self) -> str:
        return "required"


REQUIRED = Required()


@dataclass(frozen=True)
class Usage:
    """What messages say about an argument list that is not for a function, after its name:
    `words`, or where more than `most` arguments came, or too few, `counts`.  `{n}` in them is how
    many came, `{last}` the kind of the last.
    """

    words: str
    counts: str = ""
    most: int = 0
    after_name: str = ": "

    def text(self, args: Sequence[Value], least: int, most: int) -> str:
        """The message, of which the function's name is still missing."""
        fits = least <= len(args) <= (self.most or most)
        said = self.words if fits or not self.counts else self.counts
        last = kinds.kname(args[-1]) if len(args) else ""
        return self.after_name + said.format(n=len(args), last=last)


@dataclass(frozen=True)
class Param:
    """One argument: its name, its kind, one phrase about it, and its default."""

    name: str
    kind: Kind
    words: str
    default: Any = REQUIRED
    needed: bool = False  # for an option that has no default, and may come by name

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    @property
    def described(self) -> str:
        """The words, and whether the argument may be left out."""
        return self.words if self.required or self.needed else f"{self.words} (optional)"


def tensor(name: str = "x", words: str = "tensor or array") -> Param:
    """A required tensor: a pointer or a k array."""
    return Param(name, kinds.TENSOR, words)


OUTPUT = Param("output", kinds.OUTPUT, "tensor that receives the result, which is then null", None)
OUTPUTS = Param("output", kinds.OUTPUTS, "vector that receives the results", None)
INPLACE = Kind("null", lambda x: True if is_empty(x) else NO)
IN_PLACE = Param("inplace", INPLACE, "`[]`, `::` or `()` in the place of an output, to overwrite x",
                 False)
