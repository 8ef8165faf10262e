"""`%%py`: a cell in Python, run by IPython in the process of the q session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...q.errors import QError
from .names import Names

if TYPE_CHECKING:
    from ..kernel import QKernel


class PythonError(QError):
    """A Python exception ended the cell; IPython has shown it, `content` is for the reply."""

    def __init__(self, content: dict[str, Any]) -> None:
        super().__init__(content["ename"])
        self.content = content


def prepare(kernel: QKernel) -> None:
    """Give Python the object `q`."""
    names = kernel.shell.user_ns
    if not isinstance(names.get("q"), Names):
        names["q"] = Names(kernel.q)


def run_python(kernel: QKernel, source: str) -> QError | None:
    """Run Python text; values, figures and errors go to the cell as in any Python notebook."""
    prepare(kernel)
    kernel.output.flush()
    kernel.shell.history_manager.input_hist_parsed[:] = ["", source]  # a last ; hides the value
    count = kernel.shell.execution_count
    kernel.shell.execution_count = count + 1  # IPython has counted a cell when it shows a value
    try:
        done = kernel.shell.run_cell(source, store_history=False, silent=kernel.output.silent)
    finally:
        kernel.shell.execution_count = count
    kernel.output.flush()
    error = done.error_before_exec or done.error_in_exec
    if error is None:
        return None
    return PythonError({"ename": type(error).__name__, "evalue": str(error),
                        "traceback": kernel.shell._last_traceback or []})


def shifted(reply: dict[str, Any], start: int) -> dict[str, Any]:
    """A reply about Python text as one about the cell in which it begins at `start`."""
    if start:
        reply["cursor_start"] += start
        reply["cursor_end"] += start
        for c in reply.get("metadata", {}).get("_jupyter_types_experimental", []):
            c["start"], c["end"] = c["start"] + start, c["end"] + start
    return reply
