"""Tell whoever watches that a parameter, an optimizer or a model has changed.

Functions that write into tensors call `changed(obj)` when they are done. With no subscriber that is
one truth test. While somebody watches, torch's own optimizers report every step too, so that loops
written in plain PyTorch are seen as well.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

Listener = Callable[[Any], None]

_listeners: list[Listener] = []
_guard = threading.Lock()
_optimizer_hook: Any = None


def changed(obj: Any = None) -> None:
    """Report that `obj` (tensor, module, optimizer, model; None for anything) has new contents."""
    if _listeners:
        _tell(obj)


def subscribe(listener: Listener) -> Callable[[], None]:
    """Call `listener(obj)` after each change; returns the function that ends the subscription."""
    with _guard:
        _listeners.append(listener)
        _watch_optimizers(True)

    def unsubscribe() -> None:
        with _guard:
            if listener in _listeners:
                _listeners.remove(listener)
            _watch_optimizers(bool(_listeners))

    return unsubscribe


def _tell(obj: Any) -> None:
    for listener in tuple(_listeners):
        try:
            listener(obj)
        except Exception:  # a broken watcher must not end a training loop
            logging.getLogger(__name__).exception("a watcher of changes failed")


def _watch_optimizers(wanted: bool) -> None:
    """Hook torch's optimizers while there is a subscriber, unhook them after the last one."""
    global _optimizer_hook
    if wanted and _optimizer_hook is None:
        from torch.optim.optimizer import register_optimizer_step_post_hook

        _optimizer_hook = register_optimizer_step_post_hook(
            lambda optimizer, _args, _kwargs: changed(optimizer)
        )
    elif not wanted and _optimizer_hook is not None:
        _optimizer_hook.remove()
        _optimizer_hook = None
