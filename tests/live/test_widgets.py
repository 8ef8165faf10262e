"""Clicks that rain on a kernel while it trains: on their own thread, as a notebook sends them."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

PYTHON = (
    "import torch; from torch import nn; from kkernel_widgets import *\n"
    "m = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 4))\n"
    "o = torch.optim.Adam(m.parameters()); x = torch.randn(32, 16)\n"
    "def train(n):\n"
    "    for _ in range(n):\n"
    "        o.zero_grad(); m(x).square().mean().backward(); o.step()"
)
Q = (
    "q:module seq(`sequential;(`linear;16;16);`relu;(`linear;16;4))\n"
    "m:model(q;loss`mse;opt(`adam;q;.001));"
    "train(m;tensor(`randn;64 16);tensor(`randn;64 4));"
)
KERNELS = {
    "python3": (PYTHON, "display(ParameterHistograms(m))", "display(StatePanel(m, o))",
                "train(60)"),
    "kkernel": (Q, ".ui.hist m", ".ui.state m", "do[60;run m]"),
}


class Kernel:
    """A kernel, the panels that it opened, and a thread of it for clicks."""

    def __init__(self, name: str) -> None:
        self.setup, self.histograms, self.states, self.training = KERNELS[name]
        self.manager, self.client = start_new_kernel(kernel_name=name)
        self.panels: list[str] = []
        self.errors: list[str] = []
        self.run(self.setup)
        self.run(self.histograms)
        self.run(self.states)
        self.read()
        request = self.client.session.msg("create_subshell_request", {})
        self.client.control_channel.send(request)
        reply = self.client.control_channel.get_msg(timeout=30)
        self.subshell = reply["content"]["subshell_id"]

    def run(self, code: str, during: Any = None) -> str:
        """The status of a cell's reply; `during` is called when it has been sent."""
        request = self.client.execute(code)
        if during is not None:
            during()
        while True:
            reply = self.client.get_shell_msg(timeout=120)
            if reply["parent_header"].get("msg_id") == request:
                return str(reply["content"]["status"])

    def click(self, panel: int, **content: Any) -> None:
        message = self.client.session.msg("comm_msg", {
            "comm_id": self.panels[panel], "data": {"method": "custom", "content": content}})
        message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)

    def read(self) -> list[dict[str, Any]]:
        """What was sent to the browser until now."""
        messages: list[dict[str, Any]] = []
        last = self.client.execute("1")
        while True:
            message = self.client.get_iopub_msg(timeout=120)
            messages.append(message)
            content = message["content"]
            if (message["parent_header"].get("msg_id") == last
                    and content.get("execution_state") == "idle"):
                return messages
            if message["msg_type"] == "comm_open" and "view" in content["data"].get("state", {}):
                self.panels.append(content["comm_id"])
            if message["msg_type"] == "error":
                self.errors.append(content["evalue"])

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(params=KERNELS)
def kernel(request: pytest.FixtureRequest) -> Iterator[Kernel]:
    running = Kernel(request.param)
    yield running
    running.close()


def test_clicks_and_training_do_not_get_in_each_others_way(kernel: Kernel) -> None:
    choose = random.Random(1)
    assert len(kernel.panels) == 2
    for turn in range(3):

        def rain(turn: int = turn) -> None:
            for i in range(40):
                click = choose.choice([
                    (0, {"do": "bins", "bins": choose.choice([0, 10, 20])}),
                    (0, {"do": "mark"}),
                    (1, {"do": "take", "name": f"{turn}-{i}"}),
                    (1, {"do": "undo"}),
                    (1, {"do": "restore", "name": f"{turn}-{choose.randrange(40)}"}),
                ])
                kernel.click(click[0], **click[1])
                time.sleep(choose.random() * 0.03)

        assert kernel.run(kernel.training, rain) == "ok"
    assert kernel.manager.is_alive()
    sent = kernel.read()
    assert kernel.errors == []
    said = [m["content"]["data"]["content"]["say"] for m in sent
            if m["msg_type"] == "comm_msg" and m["content"]["data"].get("method") == "custom"]
    assert any("same bits" in text for text in said)
    assert not [text for text in said if "only" in text or "Error" in text]
    assert kernel.run(kernel.training) == "ok"
