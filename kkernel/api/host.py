"""What a host shows beside the console text: how far a pass over data is, and images.

The session puts its host here.  Without one nothing is shown, and nothing is counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from kkernel.q.values import Value


class Host(Protocol):
    """A notebook cell, a terminal."""

    def progress(self, name: str, done: int, total: int) -> None:
        """The function `name` has done so many batches of a pass; 0 as it begins."""

    def image(self, value: Value, png: Callable[[], bytes]) -> None:
        """An image was made: as a q value, or as a file if `value` is None."""


active: Host | None = None


def progress(name: str, done: int, total: int) -> None:
    """Report a batch of a pass."""
    if active is not None:
        active.progress(name, done, total)


def image(value: Value, png: Callable[[], bytes]) -> None:
    """Report an image; `png` makes its file when it is wanted."""
    if active is not None:
        active.image(value, png)
