"""While a cell runs: the front end is answered, widgets work, Stop stops."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kernel_client import Kernel, Message

ENDLESS = "while[1b;n+:1]"


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    k = Kernel(script=Path(__file__).parents[1] / "live_kernel.py")
    yield k
    k.close()


@pytest.fixture
def busy(kernel: Kernel) -> Iterator[str]:
    """The request of a cell that runs until the test is over."""
    kernel.run("n:0;kept:til 3")
    request = kernel.send(ENDLESS)
    kernel.until_busy(request)
    yield request
    kernel.manager.interrupt_kernel()
    assert kernel.wait(request).error == "'stop"


def test_completion_and_tooltips_while_busy(kernel: Kernel, busy: str) -> None:
    assert kernel.ask("complete", code="kep")["matches"] == ["kept"]
    found = kernel.ask("complete", code="kep")["metadata"]["_jupyter_types_experimental"]
    assert [(c["text"], c["type"], c["start"], c["end"]) for c in found] == [
        ("kept", "variable", 0, 3)]
    assert "text/html" in kernel.ask("inspect", code="til", cursor_pos=2)["data"]
    assert kernel.ask("is_complete", code="(1;")["status"] == "incomplete"
    assert kernel.ask("history", hist_access_type="tail", n=1)["history"]
    assert kernel.ask("kernel_info")["language_info"]["name"] == "q"
    assert kernel.ask("comm_info")["status"] == "ok"


def test_the_kernel_still_counts_as_busy(kernel: Kernel, busy: str) -> None:
    """The idle of an answer given meanwhile must not stand last."""
    request = kernel.client.complete("kep")
    kernel.reply(request)
    states: list[tuple[str, str]] = []
    while not states or states[-1] != (busy, "busy"):
        m: Message = kernel.client.get_iopub_msg(timeout=60)
        if m["msg_type"] == "status":
            states.append((m["parent_header"]["msg_id"], m["content"]["execution_state"]))
    assert states == [(request, "busy"), (request, "idle"), (busy, "busy")]


def test_a_button_works_while_a_cell_runs(kernel: Kernel) -> None:
    """Fails by its time limit where messages to widgets wait for the running cell."""
    subshell = kernel.control("create_subshell_request")["subshell_id"]
    shown = kernel.run(".test.button[]")
    opened = [c for c in shown.of("comm_open") if "Button" in str(c["data"])]
    comm = next(c["comm_id"] for c in opened if c["data"]["state"].get("description") == "Stop")
    request = kernel.send("end:.z.p+0D00:00:30;while[$[.test.clicked[];0b;.z.p<end];];\n"
                          ".test.clicked[]")
    kernel.until_busy(request)
    click = kernel.client.session.msg("comm_msg", {
        "comm_id": comm, "data": {"method": "custom", "content": {"event": "click"}}})
    click["header"]["subshell_id"] = subshell
    kernel.client.shell_channel.send(click)
    assert kernel.wait(request).result == "1b"


@pytest.fixture
def subshell(kernel: Kernel) -> Iterator[str]:
    made = kernel.control("create_subshell_request")["subshell_id"]
    yield made
    assert kernel.control("delete_subshell_request", subshell_id=made)["status"] == "ok"


def test_a_cell_in_a_subshell_never_runs_beside_another(kernel: Kernel, subshell: str) -> None:
    kernel.run("inside:0b")
    first = kernel.send("inside:1b;do[300000;n+:1];inside:0b")
    kernel.until_busy(first)
    second = kernel.send("seen:inside", subshell=subshell)
    answered = {kernel.client.get_shell_msg(timeout=60)["parent_header"]["msg_id"]
                for _ in range(2)}
    assert answered == {first, second}
    kernel.drain()
    assert kernel.run("seen").result == "0b"


def test_a_cell_in_a_subshell_is_stopped_like_any_other(kernel: Kernel, subshell: str) -> None:
    kernel.run("n:0;kept:til 3")
    request = kernel.send('-1"begun";' + ENDLESS, subshell=subshell)
    shown = kernel.collect(request, lambda m: m["msg_type"] == "stream")
    assert shown[-1]["content"]["text"] == "begun\n"
    kernel.manager.interrupt_kernel()
    assert kernel.wait(request).error == "'stop"
    assert kernel.wait(kernel.send("kept", subshell=subshell)).result == "0 1 2"


@pytest.mark.parametrize("endless", [
    ENDLESS, "{x+1}/[1000000000;0]", "f:{while[1b;x+:1]};@[f;0;{`caught}]", "{1b}{x+1}/0",
    "while[1b;show n]", 'while[1b;-1"text"]', "{sum til x}each 10000000#10000"])
def test_stop_ends_a_cell_and_keeps_the_state(kernel: Kernel, endless: str) -> None:
    process = kernel.run(".z.i").result
    kernel.run("n:0;kept:til 3")
    request = kernel.send(endless)
    kernel.until_busy(request)
    kernel.manager.interrupt_kernel()
    assert kernel.wait(request).error == "'stop"
    assert kernel.run("kept").result == "0 1 2"
    assert kernel.run(".z.i").result == process


def test_every_interrupt_leaves_one_reply_per_cell(kernel: Kernel) -> None:
    """Signals that strike anywhere in short cells lose no reply and end no process."""
    kernel.run("kept:til 3")
    for _ in range(60):
        request = kernel.send("sum til 100000")
        kernel.manager.interrupt_kernel()
        outcome = kernel.wait(request)
        assert (outcome.result, outcome.error) in (("4999950000", None), (None, "'stop"))
    assert kernel.run("kept").result == "0 1 2"


def test_an_idle_kernel_ignores_interrupts(kernel: Kernel) -> None:
    for _ in range(20):
        kernel.manager.interrupt_kernel()
    assert kernel.run("1+1").result == "2"
