"""`setting`, `config` and `version`: what torch was built with, and switches of the session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from kkernel.q import context
from kkernel.q.errors import QError
from kkernel.q.symbols import Symbol, symbols
from kkernel.q.types import LONG_NULL
from kkernel.q.values import Dict, List, Value, collapse, items, qtype, string

from . import kinds, settings
from .declare import function, simple_items
from .kinds import NO, as_flag, as_long, is_empty, is_null
from .params import Param

GROUP = "device/config"


@dataclass(frozen=True)
class Setting:
    """One setting: how it is read, and how a flag or a long sets it (None: read-only)."""

    get: Callable[[], Value]
    flag: Callable[[bool], Any] | None = None
    long: Callable[[int], Any] | None = None


def _deterministic() -> int:
    if not torch.are_deterministic_algorithms_enabled():
        return 0
    return 1 if torch.is_deterministic_algorithms_warn_only_enabled() else 2


def _set_deterministic(n: int) -> None:
    if n not in (0, 1, 2):
        raise QError("deterministic: use 0-turn off, 1-warn only, "
                     "2-error if non-deterministic algorithm")
    torch.use_deterministic_algorithms(n > 0, warn_only=n == 1)


def _cudnn_version() -> int:
    version = torch.backends.cudnn.version() if torch.backends.cudnn.is_available() else None
    return LONG_NULL if version is None else version


def _attribute(owner: Any, name: str) -> Setting:
    """A boolean that is an attribute of some object."""
    return Setting(lambda: bool(getattr(owner, name)), lambda b: setattr(owner, name, b))


SETTINGS: dict[str, Setting] = {
    "mkl": Setting(torch.backends.mkl.is_available),
    "openmp": Setting(torch.backends.openmp.is_available),
    "threads": Setting(torch.get_num_threads, long=torch.set_num_threads),
    "interopthreads": Setting(torch.get_num_interop_threads,
                              long=torch.set_num_interop_threads),
    "mps": Setting(torch.backends.mps.is_available),
    "cuda": Setting(torch.cuda.is_available),
    "magma": Setting(lambda: bool(torch.cuda.has_magma)),
    "cudnn": Setting(torch.backends.cudnn.is_available),
    "cudnnversion": Setting(_cudnn_version),
    "cudadevices": Setting(torch.cuda.device_count),
    "benchmark": _attribute(torch.backends.cudnn, "benchmark"),
    "deterministic": Setting(_deterministic, long=_set_deterministic),
    "cudnndeterministic": _attribute(torch.backends.cudnn, "deterministic"),
    "stackframe": _attribute(settings.active, "stackframe"),
    "alloptions": _attribute(settings.active, "alloptions"),
    "complexfirst": _attribute(settings.active, "complexfirst"),
}


def _setting(name: str) -> Setting:
    found = SETTINGS.get(name)
    if found is None:
        raise QError(f"unrecognized configuration setting: {name}")
    return found


@function("setting", GROUP, "query or change settings of the session and of torch",
          Param("name", kinds.SYMBOL, "empty for all settings, or the name of one"),
          Param("value", kinds.VALUE, "boolean or long to set it", None), raw=True,
          examples=["key setting[]", "setting`complexfirst", "setting(`alloptions;1b)"])
def setting(x: Value) -> Value:
    if is_empty(x):
        return Dict(symbols(SETTINGS), collapse([s.get() for s in SETTINGS.values()]))
    if type(x) is Symbol:
        return _setting(x).get()
    args = items(x) if qtype(x) == 11 else simple_items(x)
    if len(args) != 2 or type(args[0]) is not Symbol:
        raise QError("setting: unrecognized arg(s), expecting empty arg or sym, "
                     "(sym;bool) or (sym;long)")
    _change(args[0], _setting(args[0]), args[1])
    return None


def _change(name: str, row: Setting, value: Value) -> None:
    flag, n = as_flag(value), as_long(value)
    if flag is not NO:
        if row.flag is None:
            raise QError(f"setting: cannot set flag for {name}")
        row.flag(flag)
    elif n is not NO:
        if row.long is None:
            raise QError(f"setting: cannot set value for {name}")
        row.long(n)
    else:
        raise QError(f"unable to change setting: {name} with value "
                     f"{context.active.line(value)}")


@function("config", GROUP, "how torch was built and how it works in parallel",
          Param("x", kinds.VALUE, "`[]` to print to stderr, `()` to return strings"),
          raw=True, examples=["count[config()]>5"])
def config(x: Value) -> Value:
    if not is_empty(x):
        raise QError("config expects empty argument: config[] prints to stderr, "
                     "config() returns strings")
    text = torch.__config__.show() + "\n" + torch.__config__.parallel_info()
    if is_null(x):
        context.active.write_error(text + "\n")
        return None
    return List([string(row) for row in text.splitlines()])


@function("version", GROUP, "the version of torch",
          Param("x", kinds.VALUE, "`[]` for a number, `()` for a string"), raw=True,
          examples=["version[]>2", "10h=type version()"])
def version(x: Value) -> Value:
    if not is_empty(x):
        raise QError("version: unexpected arg(s), use version() for string, "
                     "version[] for number")
    text = torch.__version__.partition("+")[0]
    if not is_null(x):
        return string(text)
    major, minor, patch = (int(n) for n in text.split(".")[:3])
    return major + minor / 100 + patch / 10000
