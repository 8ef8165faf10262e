"""The line that `read0 0` asks for, typed by the person at the front end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import zmq

from ..q import interrupts
from ..q.errors import QError

if TYPE_CHECKING:
    from .kernel import QKernel

WAIT = 50  # ms between two looks whether Stop was pressed
END = "\x04"  # what front ends send for Ctrl-D


def read_line(kernel: QKernel) -> str:
    """One line from the front end, "" at the end of input; Stop interrupts the waiting.

    Signals a QError where the front end cannot be asked, such as nbconvert.
    """
    if not kernel._allow_stdin:
        raise QError("read0: this front end takes no input")
    kernel.output.flush()
    with interrupts.held():
        _drop_stale(kernel)
        _request(kernel)
    while True:
        if kernel.stdin_socket.poll(WAIT):
            with interrupts.held():
                answer = _answer(kernel)
            if answer is not None:
                return answer


def _drop_stale(kernel: QKernel) -> None:
    """Forget an answer to a question that was stopped."""
    while kernel.stdin_socket.poll(0):
        kernel.stdin_socket.recv_multipart(zmq.NOBLOCK)


def _request(kernel: QKernel) -> None:
    assert kernel.session is not None
    kernel.session.send(
        kernel.stdin_socket, "input_request", {"prompt": "", "password": False},
        kernel.get_parent("shell"), ident=kernel._parent_ident["shell"])


def _answer(kernel: QKernel) -> str | None:
    """The text of the message that came, None for one that is no answer."""
    assert kernel.session is not None
    try:
        message: Any = kernel.session.recv(kernel.stdin_socket)[1]
        text = str(message["content"]["value"])
    except (KeyError, TypeError, ValueError):  # unsigned, or not of this shape
        return None
    return "" if text == END else text
