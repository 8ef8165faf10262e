"""The interpreter that is running, for functions whose result depends on the session."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .interpreter import Interpreter


@dataclass
class Settings:
    """What q's system commands set: `\\c` rows columns, `\\P` precision, `\\S` seed."""

    rows: int = 25
    columns: int = 80
    precision: int = 7
    seed: int = -314159
    random: Any = field(default=None, repr=False)  # (seed, generator), made on first use
    offset: int | None = None  # \o, hours from UTC (minutes from 24 on); None: as the system
    week: int = 2  # \W, first day of the week (Monday)
    date_order: int = 0  # \z, 1 for day first


active: Interpreter  # set by Interpreter while it evaluates
