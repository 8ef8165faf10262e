"""Which panels stand below which cell, and when cells run: outside a notebook nothing happens."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from . import safe_point

if TYPE_CHECKING:
    from .panel import Panel

MOST_LIVE = 64  # older panels are closed: each one follows every training step

_by_cell: dict[str, tuple[str, list[weakref.ref[Panel]]]] = {}
_live: list[Panel] = []


def shell() -> Any:
    """The running IPython shell, or None."""
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def has_front_end() -> bool:
    """Whether a notebook front end may show widgets."""
    return hasattr(shell(), "kernel")


def live_panels() -> list[Panel]:
    """Panels that have a live form, oldest first."""
    return list(_live)


def adopt(panel: Panel) -> None:
    """Note that a panel belongs to the running cell, and close those of the cell's last run."""
    cell, run = _running_cell()
    if not cell:
        return
    last_run, panels = _by_cell.get(cell, ("", []))
    if last_run != run:
        for old in [reference() for reference in panels]:
            if old is not None and old is not panel:
                old.close()
        panels = []
    _by_cell[cell] = (run, [*panels, weakref.ref(panel)])


def follow(panel: Panel) -> None:
    """Refresh a live panel after each cell that changed what it shows."""
    _live.append(panel)
    for old in _live[:-MOST_LIVE]:
        old.close()
    current = shell()
    if current is not None:
        safe_point.follow(current.events)
        if _cell_ended not in current.events.callbacks["post_execute"]:
            current.events.register("post_execute", _cell_ended)


def forget(panel: Panel) -> None:
    """A panel was closed."""
    if panel in _live:
        _live.remove(panel)


def _cell_ended(*_: Any) -> None:
    if safe_point.on_main_thread():  # events around clicks come on other threads
        safe_point.run(_refresh_all)


def _refresh_all() -> None:
    for panel in live_panels():
        panel.cell_ended()


def _running_cell() -> tuple[str, str]:
    """Identity of the running cell, and of this run of it; empty when unknown."""
    kernel = getattr(shell(), "kernel", None)
    if kernel is None:
        return "", ""
    parent = kernel.get_parent("shell") or {}
    cell = parent.get("metadata", {}).get("cellId", "")
    return cell, parent.get("header", {}).get("msg_id", "")
