"""`read0 0` asks the person at the front end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kernel_client import TIMEOUT, Kernel


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    k = Kernel()
    yield k
    k.close()


def asked(kernel: Kernel, request: str) -> None:
    """Wait for the question, which belongs to this request."""
    question = kernel.client.get_stdin_msg(timeout=TIMEOUT)
    assert question["msg_type"] == "input_request"
    assert question["parent_header"]["msg_id"] == request
    assert question["content"] == {"prompt": "", "password": False}


@pytest.mark.parametrize(("typed", "value"), [
    ("two words", '"two words"'), ("", '""'), ("café", '"caf\\303\\251"'), ("\x04", '""')])
def test_the_answer_is_a_string(kernel: Kernel, typed: str, value: str) -> None:
    request = kernel.send("a:read0 0")
    asked(kernel, request)
    kernel.client.input(typed)
    assert kernel.wait(request).error is None
    assert kernel.run("a").result == value


def test_text_before_the_question_is_shown_first(kernel: Kernel) -> None:
    request = kernel.send('1"name: ";n:read0 0\nn')
    asked(kernel, request)
    kernel.client.input("xy")
    outcome = kernel.wait(request)
    assert (outcome.stdout, outcome.result) == ("name: ", '"xy"')


def test_stop_ends_the_waiting_and_a_late_answer_is_forgotten(kernel: Kernel) -> None:
    request = kernel.send("b:read0 0")
    asked(kernel, request)
    kernel.manager.interrupt_kernel()
    assert kernel.wait(request).error == "'stop"
    kernel.client.input("late")
    request = kernel.send("c:read0 0")
    asked(kernel, request)
    kernel.client.input("new")
    kernel.wait(request)
    assert kernel.run("c").result == '"new"'


def test_a_front_end_that_cannot_be_asked(kernel: Kernel) -> None:
    outcome = kernel.run("d:read0 0", allow_stdin=False)
    assert outcome.error is not None
    assert outcome.error.startswith("'read0: this front end takes no input")
