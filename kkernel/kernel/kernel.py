"""The Jupyter kernel: requests to a q session and back."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from ipykernel.ipkernel import IPythonKernel
from traitlets import Bool, Integer, List, Type

from ..q import interrupts
from ..q.errors import QError, QExit, QStop
from . import aside, asking, comms, magics
from .cell_host import CellHost
from .history import History, default_file
from .output import LIMIT, Output
from .shell import QShell

if TYPE_CHECKING:
    from ..q.values import Value
    from ..session import Session

LINKS = [
    {"text": "q reference", "url": "https://code.kx.com/q/ref/"},
    {"text": "ktorch", "url": "https://ktorch.readthedocs.io/"},
    {"text": "PyTorch", "url": "https://pytorch.org/docs/stable/"},
]
WARM_UP_DELAY = 1.0  # s without a request; a first cell shall not share the processor with it
_PAGE = re.compile(r"\s*(?:\?\s*([.\w]+)|([.\w]+)\s*\?)\s*")


class QKernel(IPythonKernel):
    """One kernel process, which is one q session.

    Of IPythonKernel it keeps the channels, display and widgets; nothing here runs Python code
    of the user.  Cells run in the main thread, the only one that SIGINT reaches.
    """

    implementation = "kkernel"
    implementation_version = version("kkernel")
    language_info = {
        "name": "q",
        "version": implementation_version,
        "mimetype": "text/x-q",
        "file_extension": ".q",
        "pygments_lexer": "kkernel",  # kkernel/lexer.py
        "codemirror_mode": "q",
    }
    banner = f"kkernel {implementation_version}: q and the k api of PyTorch"
    help_links = List(LINKS)
    shell: QShell
    shell_class = Type(QShell)
    stdout_limit = Integer(LIMIT, help="characters that one cell may print").tag(config=True)
    warm_up = Bool(True, help="load torch in the background after the start").tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        comms.install()
        self.output = Output(self.stdout_limit)
        self.host = CellHost(self.output)
        self.history = History(default_file())
        self._opened = threading.Event()
        self._asked = 0.0  # when the last request was answered
        self._status_lock = threading.Lock()
        self._running: dict[str, Any] | None = None  # the request of the cell that runs

    # ---------------------------------------------------------------- life

    def start(self) -> None:
        super().start()
        self.io_loop.add_callback(self._open)

    def _open(self) -> None:
        """Make the q session; first of all in the main thread, while the front end connects."""
        try:
            from ..q import memory
            from ..session import Session
            from .panels import register
            from .screen import CellScreen

            memory.limit_workspace()
            memory.keep_freed()
            self._q = Session(self.output.write, self.output.write_error, self._show)
            self._q.attach(self.host)
            self._q.interpreter.read_line = lambda: asking.read_line(self)
            register(self._q, CellScreen(self.output))
        except BaseException:  # a broken installation: die visibly instead of never answering
            self.io_loop.stop()
            raise
        finally:
            self._opened.set()
        if self.warm_up:
            self._warm_up_when_quiet()

    def _warm_up_when_quiet(self) -> None:
        """Load torch once the front end has connected and then asked for nothing for a while.

        In a thread of its own an interrupt cannot cut the import, which would break torch for
        good, and a first cell without the k api does not wait for it.
        """
        if self._asked and time.monotonic() - self._asked >= WARM_UP_DELAY:
            threading.Thread(target=self._warm_up, name="warm-up", daemon=True).start()
        else:
            self.io_loop.call_later(WARM_UP_DELAY / 4, self._warm_up_when_quiet)

    def _warm_up(self) -> None:
        # a shutdown meanwhile cuts the import; any other failure the first call tells again
        with suppress(Exception):
            self.q.warm_up()

    @property
    def q(self) -> Session:
        """The q session; waits until there is one."""
        self._opened.wait()
        return self._q

    async def shell_channel_thread_main(self, msg: list[Any]) -> None:
        if not await aside.answer(self, msg):
            await super().shell_channel_thread_main(msg)

    def pre_handler_hook(self) -> None:
        """SIGINT keeps the handler of q.interrupts, which now waits for an evaluation."""
        interrupts.expect(True)

    def post_handler_hook(self) -> None:
        """A signal that comes after the evaluation is too late."""
        interrupts.expect(False)
        self._asked = time.monotonic()

    def say_still_busy(self) -> None:
        """After an answer given aside its "idle" stands last: correct it while a cell runs."""
        with self._status_lock:
            if self._running is not None:
                self._publish_status("busy", "shell", parent=self._running)

    @property
    def kernel_info(self) -> dict[str, Any]:
        info: dict[str, Any] = super().kernel_info
        return info | {"supported_features": ["kernel subshells"]}

    # ---------------------------------------------------------------- cells

    async def do_execute(self, code: str, silent: bool, store_history: bool = True,
                         user_expressions: dict[str, str] | None = None,
                         allow_stdin: bool = False, *, cell_meta: Any = None,
                         cell_id: Any = None) -> dict[str, Any]:
        """Run a cell in the main thread, also one that was sent to a subshell.

        Cells run one after the other there, every one of them can be stopped, and what torch
        keeps per thread is the same for all.
        """
        cell = self._run_cell(code, silent, store_history, user_expressions, allow_stdin)
        if threading.current_thread() is threading.main_thread():
            return await cell
        main: Any = self.io_loop  # tornado's, over asyncio's
        return await asyncio.wrap_future(
            asyncio.run_coroutine_threadsafe(cell, main.asyncio_loop))

    async def _run_cell(self, code: str, silent: bool, store_history: bool,
                        user_expressions: dict[str, str] | None,
                        allow_stdin: bool) -> dict[str, Any]:
        """Every line as if typed at the prompt, up to the first error."""
        count = self.execution_count
        asked = _PAGE.fullmatch(code)  # `?name` or `name?`: its documentation in the pager
        reply: dict[str, Any] = {"execution_count": count, "user_expressions": {}, "payload": []}
        with self._cell(silent, allow_stdin):
            error = None if asked else self._evaluate(code)
            text = self.output.result() if error is None else self.output.flush()
        if store_history and not silent:
            self.shell.execution_count += 1
            self.history.add(count, code, text)
        if error is not None:
            return reply | self._report(error, code, silent)
        if text and not silent:
            self._send_result(text, count)
        reply["payload"] = self.shell.take_payload()
        if asked:
            from .answers import page

            reply["payload"] += page(self.q, asked.group(1) or asked.group(2))
        return reply | {"status": "ok", "user_expressions": self._expressions(user_expressions)}

    @contextmanager
    def _cell(self, silent: bool, allow_stdin: bool) -> Iterator[None]:
        """The surroundings of a cell: input, output, events, the busy mark."""
        self._forward_input(allow_stdin)
        self.output.begin(silent)
        self.host.begin()
        self.shell.fire("pre_execute")
        with self._status_lock:
            self._running = self.get_parent("shell")
        try:
            yield
        finally:
            self.host.end()
            with self._status_lock:
                self._running = None
            self._restore_input()
            self.shell.fire("post_execute")

    def _show(self, value: Value, text: str) -> None:
        """A value that a line of the cell shows."""
        self.host.shown = value
        self.output.show(text)

    def _evaluate(self, code: str) -> QError | None:
        try:
            with interrupts.evaluating():
                return magics.execute(self, code)
        except KeyboardInterrupt:
            return QStop()
        except QExit:
            self.shell.ask_exit()
            return None

    def _send_result(self, text: str, count: int) -> None:
        from .rich.result import beside

        forms = self.host.of_result() or beside(self.q, self.host.shown, text)
        self.send_response(
            self.iopub_socket, "execute_result",
            {"execution_count": count, "metadata": {},
             "data": {"text/plain": text.removesuffix("\n"), **forms}},
            ident=self._topic("execute_result"))

    def _report(self, error: QError, code: str, silent: bool) -> dict[str, Any]:
        """Send the error as the console shows it, and what more there is to say about it; returns
        the first for the reply."""
        if hasattr(error, "content"):  # of Python; shown already
            return {**error.content, "status": "error"}
        content = {"ename": "QError", "evalue": "'" + error.message,
                   "traceback": self.q.interpreter.error_text(error).splitlines()}
        if not silent:
            self.send_response(self.iopub_socket, "error", content, ident=self._topic("error"))
            from .rich.errors import error_html

            more = error_html(error, code)
            if more:
                self.send_response(self.iopub_socket, "display_data",
                                   {"data": {"text/html": more}, "metadata": {}},
                                   ident=self._topic("display_data"))
        return content | {"status": "error"}

    def _expressions(self, expressions: dict[str, str] | None) -> dict[str, Any]:
        if not expressions:
            return {}
        from .answers import expression_reply

        return {name: expression_reply(self.q, e) for name, e in expressions.items()}

    # ---------------------------------------------------------------- looking

    async def do_complete(self, code: str, cursor_pos: int | None) -> dict[str, Any]:
        start = magics.python_start(code, cursor_pos)
        if start:
            return self._python_looks(super().do_complete(
                code[start:], None if cursor_pos is None else cursor_pos - start), start)
        from .answers import complete_reply

        return complete_reply(self.q, code, cursor_pos)

    async def do_inspect(self, code: str, cursor_pos: int | None, detail_level: int = 0,
                         omit_sections: Any = ()) -> dict[str, Any]:
        start = magics.python_start(code, cursor_pos)
        if start:
            return self._python_looks(super().do_inspect(
                code[start:], (cursor_pos or start) - start, detail_level, omit_sections), 0)
        from .answers import inspect_reply

        return inspect_reply(self.q, code, cursor_pos, detail_level)

    async def do_is_complete(self, code: str) -> dict[str, Any]:
        if magics.is_cell_magic(code):  # an empty line ends it
            return {"status": "complete"} if code.endswith("\n") else {
                "status": "incomplete", "indent": ""}
        from .answers import is_complete_reply

        return is_complete_reply(code)

    def _python_looks(self, reply: Any, start: int) -> dict[str, Any]:
        """What IPython knows about Python text that begins at `start` of a cell."""
        from .python.cells import shifted

        found: dict[str, Any] = shifted(reply, start)
        return found

    async def do_history(self, hist_access_type: str, output: bool, raw: bool,
                         session: int | None = 0, start: int | None = 1, stop: int | None = None,
                         n: int | None = None, pattern: str | None = None,
                         unique: bool = False) -> dict[str, Any]:
        if hist_access_type == "tail":
            rows = self.history.tail(10 if n is None else n, output)
        elif hist_access_type == "range":
            rows = self.history.range(session or 0, start or 0, stop, output)
        else:
            rows = self.history.search(pattern or "*", n, unique, output)
        return {"status": "ok", "history": rows}

    async def do_shutdown(self, restart: bool) -> dict[str, Any]:
        return {"status": "ok", "restart": restart}

    async def do_debug_request(self, msg: Any) -> None:
        """There is no debugger."""
