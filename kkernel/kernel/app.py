"""The kernel process: ipykernel's application with q in it."""

from __future__ import annotations

import os
import sys

from ipykernel.kernelapp import IPKernelApp
from traitlets import Type

from ..q import interrupts
from .kernel import QKernel


class QKernelApp(IPKernelApp):
    """Opens the sockets and starts a QKernel."""

    name = "kkernel"
    kernel_class = Type(QKernel)

    def init_signal(self) -> None:
        interrupts.install()

    def init_path(self) -> None:
        """Programs that a cell starts come from this environment first: `system"kkernel x.q"`."""
        super().init_path()
        own = os.path.dirname(sys.executable)
        path = os.environ.get("PATH", os.defpath)
        if own not in path.split(os.pathsep):
            os.environ["PATH"] = own + os.pathsep + path

    def init_gui_pylab(self) -> None:
        """Only say where matplotlib shall draw; whoever draws imports it."""
        os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")

    def init_extensions(self) -> None:
        """The user's IPython extensions are not for q."""

    def init_code(self) -> None:
        """Nor are the startup files of IPython."""

    def init_pdb(self) -> None:
        """There is no Python to debug."""


def main() -> None:
    """Run the kernel until it is shut down."""
    # There is no Python to debug; ipykernel would import debugpy, a tenth of the start-up.
    sys.modules.setdefault("debugpy", None)  # type: ignore[arg-type]
    QKernelApp.launch_instance()
