"""A kernel with a button, for tests/live/test_running.py.

`.test.button[]` shows an ipywidgets button, `.test.clicked[]` tells whether it was clicked, and
`.test.clicks[]` how often; the work of a click takes a moment.
"""

from __future__ import annotations

import time
from typing import Any

from traitlets import Type

from kkernel.kernel.app import QKernelApp
from kkernel.kernel.kernel import QKernel
from kkernel.q.functions import NULL, Foreign


class LiveKernel(QKernel):
    def _open(self) -> None:
        super()._open()
        self.clicks = 0
        names = self.q.interpreter.globals
        names.set(".test.button", Foreign(".test.button", 1, self._button))
        names.set(".test.clicked", Foreign(".test.clicked", 1, lambda _: self.clicks > 0))
        names.set(".test.clicks", Foreign(".test.clicks", 1, lambda _: self.clicks))

    def _button(self, _: Any) -> Any:
        from ipywidgets import Button

        self.clicks = 0
        self.button = Button(description="Stop")
        self.button.on_click(self._click)
        return NULL

    def _click(self, _: Any) -> None:
        end = time.monotonic() + 0.02
        while time.monotonic() < end:
            pass
        self.clicks += 1


class LiveApp(QKernelApp):
    kernel_class = Type(LiveKernel)


if __name__ == "__main__":
    LiveApp.launch_instance()
