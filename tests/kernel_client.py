"""A front end for the tests: one kernel process, and what its messages say."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

TIMEOUT = 120.0  # of one answer; generous, a test that hangs fails by it
Message = dict[str, Any]


@dataclass
class Outcome:
    """What one cell sent: its reply and its messages in order."""

    reply: Message
    messages: list[Message] = field(default_factory=list)

    def of(self, kind: str) -> list[Message]:
        """The contents of the messages of one kind."""
        return [m["content"] for m in self.messages if m["msg_type"] == kind]

    @property
    def kinds(self) -> list[str]:
        """The kinds of message, without status and input."""
        return [m["msg_type"] for m in self.messages
                if m["msg_type"] not in ("status", "execute_input")]

    @property
    def stdout(self) -> str:
        return "".join(c["text"] for c in self.of("stream") if c["name"] == "stdout")

    @property
    def stderr(self) -> str:
        return "".join(c["text"] for c in self.of("stream") if c["name"] == "stderr")

    @property
    def result(self) -> str | None:
        """The text of the cell's result, None without one."""
        found = self.of("execute_result")
        assert len(found) <= 1
        return found[0]["data"]["text/plain"] if found else None

    @property
    def error(self) -> str | None:
        """The error as the front end shows it, None without one."""
        found = self.of("error")
        assert len(found) <= 1
        return "\n".join(found[0]["traceback"]) if found else None


class Kernel:
    """A running kernel and a client of it."""

    def __init__(self, script: Path | None = None, cwd: Path | None = None,
                 env: dict[str, str] | None = None, name: str = "kkernel") -> None:
        self.manager = KernelManager(kernel_name=name)
        if script is not None:
            assert self.manager.kernel_spec is not None
            self.manager.kernel_spec.argv[:3] = [sys.executable, str(script)]
        options: dict[str, Any] = {"cwd": str(cwd)} if cwd else {}
        if env:
            options["env"] = env
        self.manager.start_kernel(**options)
        self.client: BlockingKernelClient = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=TIMEOUT)

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def run(self, code: str, **options: Any) -> Outcome:
        """Run a cell and wait until it is done."""
        return self.wait(self.send(code, **options))

    def send(self, code: str, subshell: str | None = None, **options: Any) -> str:
        """Start a cell, in a subshell if one is named; returns the id of its request."""
        if subshell is not None:
            return self._send_to_subshell(subshell, code)
        sent: str = self.client.execute(code, **options)
        return sent

    def _send_to_subshell(self, subshell: str, code: str) -> str:
        message = self.client.session.msg("execute_request", {"code": code})
        message["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(message)
        sent: str = message["header"]["msg_id"]
        return sent

    def wait(self, request: str) -> Outcome:
        """The outcome of a started cell."""
        messages = self.collect(request, lambda m: m["msg_type"] == "status"
                                and m["content"]["execution_state"] == "idle")
        return Outcome(self.reply(request), messages)

    def collect(self, request: str, last: Callable[[Message], bool]) -> list[Message]:
        """The iopub messages that answer a request, up to the one that `last` accepts."""
        found: list[Message] = []
        while not found or not last(found[-1]):
            m = self.client.get_iopub_msg(timeout=TIMEOUT)
            if m["parent_header"].get("msg_id") == request:
                found.append(m)
        return found

    def until_busy(self, request: str) -> None:
        """Wait until a cell has begun."""
        self.collect(request, lambda m: m["msg_type"] == "execute_input")

    def reply(self, request: str) -> Message:
        """The content of the shell reply to a request."""
        while True:
            m = self.client.get_shell_msg(timeout=TIMEOUT)
            if m["parent_header"].get("msg_id") == request:
                content: Message = m["content"]
                return content

    def ask(self, kind: str, **arguments: Any) -> Message:
        """The reply to a request that only looks: complete, inspect, is_complete, history."""
        return self.reply(getattr(self.client, kind)(**arguments))

    def control(self, kind: str, **content: Any) -> Message:
        """The reply to a control request."""
        message = self.client.session.msg(kind, content)
        self.client.control_channel.send(message)
        while True:
            m = self.client.get_control_msg(timeout=TIMEOUT)
            if m["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                reply: Message = m["content"]
                return reply

    def drain(self) -> None:
        """Forget messages that are still under way."""
        time.sleep(0.05)
        while self.client.iopub_channel.msg_ready():
            self.client.get_iopub_msg()
