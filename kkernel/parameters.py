"""Parameters of a papermill run as lines of q."""

from __future__ import annotations

import datetime
import math
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from papermill.models import Parameter

_ASSIGNMENT = re.compile(r"([A-Za-z][\w.]*)\s*:(?!:)\s*(.*?)\s*(?:\s/\s*(.*))?")
_SYMBOL = re.compile(r"[A-Za-z][A-Za-z0-9_.]*", re.A)
_LONGEST = 2**63 - 1  # also the magnitude of -0W; one less is the null
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


_METHODS = (  # the first row that fits
    (type(None), "translate_none"), (str, "translate_str"), (bool, "translate_bool"),
    (int, "translate_int"), (float, "translate_float"), (datetime.date, "translate_date"),
    (dict, "translate_dict"), ((list, tuple), "translate_list"))


class QTranslator:
    """Values of YAML and JSON as q literals, and the cell that assigns them."""

    @classmethod
    def translate(cls, val: Any) -> str:
        """A literal; values of other types become strings."""
        for kind, method in _METHODS:
            if isinstance(val, kind):
                literal: str = getattr(cls, method)(val)
                return literal
        return cls.translate_str(str(val))

    @classmethod
    def translate_none(cls, val: None) -> str:
        return "(::)"

    @classmethod
    def translate_bool(cls, val: bool) -> str:
        return "1b" if val else "0b"

    @classmethod
    def translate_int(cls, val: int) -> str:
        """A long; raises ValueError where it does not fit into one."""
        if abs(val) >= _LONGEST:
            raise ValueError(f"{val} does not fit into a q long")
        return str(val)

    @classmethod
    def translate_float(cls, val: float) -> str:
        if math.isnan(val):
            return "0n"
        if math.isinf(val):
            return "0w" if val > 0 else "-0w"
        text = repr(val).replace("e+", "e")
        return text.removesuffix(".0") + "f" if text.endswith(".0") else text

    @classmethod
    def translate_str(cls, val: str) -> str:
        """A string: always a vector of chars, also when it has only one."""
        quoted = '"' + "".join(_ESCAPES.get(c, c) for c in val) + '"'
        return "enlist" + quoted if len(val.encode()) == 1 else quoted

    @classmethod
    def translate_list(cls, val: list[Any]) -> str:
        if not val:
            return "()"
        items = [cls.translate(v) for v in val]
        if len(items) == 1:
            return f"(enlist {items[0]})"
        if all(type(v) is int for v in val):
            return " ".join(items)
        if all(type(v) in (int, float) for v in val):
            return " ".join(text.removesuffix("f") for text in items) + "f"
        if all(type(v) is bool for v in val):
            return "".join(text[0] for text in items) + "b"
        return "(" + ";".join(items) + ")"

    @classmethod
    def translate_dict(cls, val: dict[Any, Any]) -> str:
        if not val:
            return "(()!())"
        keys = [str(k) for k in val]
        plain = all(_SYMBOL.fullmatch(k) for k in keys)
        names = "".join("`" + k for k in keys) if plain else (
            "`$(" + ";".join(cls.translate_str(k) for k in keys) + ")")
        if len(keys) == 1:
            names = "enlist " + ("`" + keys[0] if plain else "`$" + cls.translate_str(keys[0]))
        return f"(({names})!{cls._values(list(val.values()))})"

    @classmethod
    def _values(cls, values: list[Any]) -> str:
        return "(enlist " + cls.translate(values[0]) + ")" if len(values) == 1 else (
            "(" + ";".join(cls.translate(v) for v in values) + ")")

    @classmethod
    def translate_date(cls, val: datetime.date) -> str:
        """A date, or a timestamp."""
        timed = isinstance(val, datetime.datetime)
        return val.strftime("%Y.%m.%dD%H:%M:%S.%f" if timed else "%Y.%m.%d")

    @classmethod
    def codify(cls, parameters: dict[str, Any], comment: str = "Parameters") -> str:
        """The source of the cell."""
        lines = [f"/ {comment}".rstrip(), *(f"{n}:{cls.translate(v)}"
                                            for n, v in parameters.items())]
        return "\n".join(lines) + "\n"

    @classmethod
    def inspect(cls, parameters_cell: Any) -> list[Parameter]:
        """The assignments of the parameters cell: `rate:0.1 / of learning`."""
        from papermill.models import Parameter

        found = map(_ASSIGNMENT.fullmatch, parameters_cell["source"].splitlines())
        return [Parameter(m[1], _kind(m[2]), m[2], m[3] or "") for m in found if m]


def _kind(literal: str) -> str:
    """The type that a literal shows, "None" for one that has to be evaluated."""
    for pattern, name in ((r'".*"', "string"), (r"[01]b", "boolean"), (r"`\w*", "symbol"),
                          (r"-?\d+", "long"), (r"-?(?:\d+\.\d*|\.\d+|\d+f)", "float")):
        if re.fullmatch(pattern, literal):
            return name
    return "None"
