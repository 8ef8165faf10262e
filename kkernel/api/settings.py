"""What a session of the k api can set beyond torch's own switches."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Settings:
    """Switches of the api; torch keeps its own (threads, default dtype, ...)."""

    alloptions: bool = True  # show all options of a module, or only those not at their default
    complexfirst: bool = True  # parts of a complex tensor on the first dimension, or on the last
    stackframe: bool = False  # append a backtrace to torch's error messages


active = Settings()
