"""Restarts, the history that outlives them, and messages that know the request they answer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from kernel_client import TIMEOUT, Kernel, Message


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    file = tmp_path_factory.mktemp("history") / "inputs.sqlite"
    k = Kernel(env={**os.environ, "KKERNEL_HISTORY": str(file)})
    yield k
    k.close()


def restart(kernel: Kernel, now: bool = False) -> None:
    kernel.manager.restart_kernel(now=now)
    kernel.client.wait_for_ready(timeout=TIMEOUT)


def test_a_restart_begins_anew_and_keeps_the_history(kernel: Kernel) -> None:
    kernel.run("a:40")
    kernel.run("a+2")
    restart(kernel)
    assert (kernel.run("a").error or "").startswith("'a\n")
    rows = kernel.ask("history", hist_access_type="range", session=-1, start=1, stop=None,
                      output=True, raw=True)["history"]
    assert [tuple(row[2]) for row in rows] == [("a:40", ""), ("a+2", "42\n")]
    tail = kernel.ask("history", hist_access_type="tail", n=3, output=False, raw=True)["history"]
    assert [row[2] for row in tail] == ["a:40", "a+2", "a"]
    found = kernel.ask("history", hist_access_type="search", pattern="a+*", output=False,
                       raw=True)["history"]
    assert [row[2] for row in found] == ["a+2"]


def test_a_busy_kernel_restarts(kernel: Kernel) -> None:
    kernel.until_busy(kernel.send("while[1b;]"))
    restart(kernel, now=True)
    assert kernel.run("1+1").result == "2"


CELLS = ["1\n2", '-1"out";-2"err";', ".ui.html\"<b>x</b>\"", ".ui.clear[]", "1+`a", "?til", "'oops",
         "\\t 1", "f:{x"]


def test_every_message_carries_its_parent(kernel: Kernel) -> None:
    """A front end puts each message under the cell that its parent header names."""
    kernel.drain()
    sent = [kernel.send(code, stop_on_error=False) for code in CELLS]
    kinds: list[str] = []
    for request in sent:
        messages = until_idle(kernel)
        assert {m["parent_header"].get("msg_id") for m in messages} == {request}
        kinds += [m["msg_type"] for m in messages]
        kernel.reply(request)
    assert {"stream", "display_data", "clear_output", "error", "execute_result"} <= set(kinds)
    assert not kernel.client.shell_channel.msg_ready()


def until_idle(kernel: Kernel) -> list[Message]:
    """All messages up to the next idle, whoever they answer."""
    found: list[Any] = []
    while not found or found[-1]["content"].get("execution_state") != "idle":
        found.append(kernel.client.get_iopub_msg(timeout=TIMEOUT))
    return found


def test_shutdown_is_answered_and_leaves_no_process() -> None:
    kernel = Kernel()
    try:
        assert kernel.control("shutdown_request", restart=False)["restart"] is False
        process = kernel.manager.provisioner.process  # type: ignore[union-attr]
        assert process.wait(timeout=60) == 0
    finally:
        kernel.close()
