"""What papermill loads when it is imported itself: its entry point of an engine.

papermill has no entry points for languages; importing this file teaches it one.
"""

from __future__ import annotations

from papermill.engines import NBClientEngine
from papermill.translators import papermill_translators

from .parameters import QTranslator

for _name in ("q", "kkernel"):
    papermill_translators.register(_name, QTranslator)


class Engine(NBClientEngine):  # type: ignore[misc]
    """What papermill uses anyway: `--engine kkernel` changes nothing."""
