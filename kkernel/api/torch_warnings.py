"""Warnings of torch, written to the session's stderr as libtorch writes them."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kkernel.q import context

_ORIGIN = re.compile(r"\s*\(Triggered internally at .*?([\w.]+:\d+)\.?\)\s*$")
_FUNCTIONS = {"Resize.cpp": "resize_output_check", "Context.cpp": "alertNotDeterministic"}
_RESIZED = "An output with one or more elements was resized"


_seen: set[str] | None = None  # what was written inside `once`


@contextmanager
def once() -> Iterator[None]:
    """Write the same warning only once, for functions that fill several tensors."""
    global _seen
    _seen = set()
    try:
        yield
    finally:
        _seen = None


def install() -> None:
    """From now on, torch's own warnings go to the session that runs; others stay as they were."""
    usual = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], filename: str, lineno: int,
             *args: Any, **keywords: Any) -> None:
        text = libtorch_form(str(message)) or python_form(str(message), filename, lineno)
        if text is not None and _seen is not None:
            if text in _seen:
                return
            _seen.add(text)
        if text is None or not hasattr(context, "active"):
            usual(message, category, filename, lineno, *args, **keywords)
        else:
            context.active.write_error(text + "\n")

    warnings.showwarning = show
    warnings.filterwarnings("always", message=_RESIZED, category=UserWarning)


def libtorch_form(text: str) -> str | None:
    """`[W file:line] Warning: text (function name)`, None for what is not from inside torch."""
    origin = _ORIGIN.search(text)
    if origin is None:
        return None
    place = origin.group(1)
    body = text[:origin.start()]
    if body.startswith(_RESIZED):  # the two sentences are joined without a blank there
        body = body.replace("]. This", "].This")
    name = _FUNCTIONS.get(place.partition(":")[0])
    return f"[W {place}] Warning: {body}" + (f" (function {name})" if name else "")


def python_form(text: str, filename: str, line: int) -> str | None:
    """The same for what torch's Python part writes while the api runs, None for other code."""
    path = Path(filename)
    if filename.startswith("<reader "):  # code that was made for one form of a call
        return f"[W] Warning: {text}"
    if not {"kkernel", "torch"} & set(path.parts):
        return None
    return f"[W {path.name}:{line}] Warning: {text}"
