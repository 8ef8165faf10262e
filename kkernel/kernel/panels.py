"""`.ui.spec`, `.ui.hist`, `.ui.state`: panels of kkernel_widgets as q functions."""

from __future__ import annotations
