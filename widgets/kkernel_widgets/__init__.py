"""Panels to look at models, initializers and states, from Python and from q cells.

Each name is imported when it is first asked for: torch, which all of them need, takes seconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kkernel.api.view import (
        import_weights,
        load,
        read_any,
        read_state,
        save,
        save_kdb,
        save_state,
        snapshots_of,
    )

    from .initializer_panel import InitializerPanel
    from .parameter_histograms import ParameterHistograms
    from .spec_table import SpecTable
    from .state_panel import StatePanel

_PLACES = {
    "InitializerPanel": "kkernel_widgets.initializer_panel",
    "ParameterHistograms": "kkernel_widgets.parameter_histograms",
    "SpecTable": "kkernel_widgets.spec_table",
    "StatePanel": "kkernel_widgets.state_panel",
} | dict.fromkeys(("import_weights", "load", "read_any", "read_state", "save", "save_kdb",
                   "save_state", "snapshots_of"), "kkernel.api.view")


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_PLACES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})


__all__ = [
    "InitializerPanel",
    "ParameterHistograms",
    "SpecTable",
    "StatePanel",
    "import_weights",
    "load",
    "read_any",
    "read_state",
    "save",
    "save_kdb",
    "save_state",
    "snapshots_of",
]
