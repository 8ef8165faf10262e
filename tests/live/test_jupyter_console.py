"""`jupyter console --kernel kkernel`: prompts, colours, lines that go on, completion, Stop."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterator

import pexpect
import pytest

# it waits a second for the kernel to say whether an input is whole, then never asks again
PATIENT = "--ZMQTerminalInteractiveShell.kernel_is_complete_timeout=60"
EDITING = "\x1b[?2004h"  # said once by every prompt


@pytest.fixture
def console() -> Iterator[pexpect.spawn]:
    spawned = pexpect.spawn(
        sys.executable, ["-m", "jupyter_console", "--kernel", "kkernel", PATIENT],
        encoding="utf-8", timeout=120, dimensions=(40, 100),
        env=os.environ | {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"})
    spawned.logfile_read = io.StringIO()
    yield spawned
    spawned.close(force=True)


def prompt(console: pexpect.spawn, count: int) -> None:
    console.expect_exact(EDITING)
    console.expect(rf"In .*{count}.*: .*\x1b\[\?25h")


def test_a_session(console: pexpect.spawn) -> None:
    prompt(console, 1)
    console.send("f:{[x]\r")
    console.expect(r"\.\.\.: ")  # the lambda goes on, indented by the kernel
    console.send("x+`long$1}\r")
    prompt(console, 2)
    assert "\x1b[0;38;5;18m`long" in console.logfile_read.getvalue()  # the colour of a symbol
    console.send("f 41\r")
    console.expect("Out")
    console.expect_exact("42")
    prompt(console, 3)
    console.send("delt\t")
    console.expect_exact("deltas")
    console.send(" 1 3 9\r")
    console.expect_exact("1 2 6")
    prompt(console, 4)
    console.send("1+`a\r")
    console.expect_exact("'type")
    prompt(console, 5)
    console.send('-1"begun";while[1b;]\r')
    console.expect_exact("begun\r\n")
    console.sendintr()
    console.expect_exact("'stop")
    prompt(console, 6)
    shown = re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", console.logfile_read.getvalue())
    assert "Traceback" not in shown
