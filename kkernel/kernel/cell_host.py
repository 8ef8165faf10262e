"""What the running cell shows beside its text: the progress bar and images.

None of it has a plain form: the text of a cell is the console's, whatever stands beside it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from IPython.display import publish_display_data

from ..q import interrupts
from .output import Output
from .progress import Progress

if TYPE_CHECKING:
    from ..q.values import Value

IMAGES = 50  # files that one cell shows; a page with more stalls the browser


class CellHost:
    """The host of the k api in the notebook."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._bar = Progress(self._draw)
        self._cell = 0
        self._images = 0
        self._drawn = False
        self._made: tuple[Value, Callable[[], bytes]] | None = None
        self.shown: Value = None  # the last value that the cell has shown

    def begin(self) -> None:
        """A cell starts."""
        self._cell += 1
        self._images, self._drawn = 0, False
        self.shown = None
        self._bar.begin()

    def end(self) -> None:
        """The cell is over."""
        self._bar.end()

    # ---------------------------------------------------------------- progress

    def progress(self, name: str, done: int, total: int) -> None:
        self._bar.report(name, done, total)

    def _draw(self, words: str, part: float) -> None:
        """The bar of this cell: the first call puts it there, later ones change it."""
        update, self._drawn = self._drawn, True
        self._publish({"text/html": f'<progress max="1" value="{part:.4f}"></progress> '
                                    f"<small>{words}</small>"},
                      transient={"display_id": f"kkernel-progress-{self._cell}"}, update=update)

    # ---------------------------------------------------------------- images

    def image(self, value: Value, png: Callable[[], bytes]) -> None:
        """A file shows at once, a value when the cell shows it."""
        if value is not None:
            self._made = value, png
        elif self._images < IMAGES:
            self._images += 1
            self._publish(_png(png))

    def of_result(self) -> dict[str, Any]:
        """The image beside the last value that the cell has shown, if it is one."""
        if self._made is None or self._made[0] is not self.shown:
            return {}
        return _png(self._made[1])

    def _publish(self, data: dict[str, Any], **words: Any) -> None:
        if not self._output.silent:
            with interrupts.held():
                self._output.flush()
                publish_display_data(data, **words)


def _png(make: Callable[[], bytes]) -> dict[str, Any]:
    return {"image/png": b64encode(make()).decode("ascii")}
