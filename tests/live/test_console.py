"""The command line: pipes, scripts, exit codes, and the prompt in a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

COMMAND = [sys.executable, "-m", "kkernel"]
OPENS = "\x1b[?2004h"  # a prompt begins; said once, however often it is drawn
RUNS = "\x1b[?2004l"  # the prompt is left: what follows is output


def kkernel(*arguments: str, text: str = "", cwd: Path | None = None,
            ) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], input=text, capture_output=True, text=True,
                          cwd=cwd, timeout=120, check=False)


def test_a_pipe_is_run_line_by_line() -> None:
    done = kkernel(text="a:1\na+1\nf:{x+\n1}\nf 5\nq)til 3\n")
    assert (done.stdout, done.stderr, done.returncode) == ("2\n6\n0 1 2\n", "", 0)


def test_a_pipe_goes_on_after_an_error() -> None:
    done = kkernel("-", text="1+`a\n2\n")
    assert done.stdout == "2\n"
    assert done.stderr == "'type\n  [0]  1+`a\n        ^\n"
    assert done.returncode == 0
    assert kkernel(text="2\nnothere\n").returncode == 1


def test_exit_codes() -> None:
    assert kkernel(text="exit 3\n1\n").returncode == 3
    assert kkernel(text="\\\\\n1\n").stdout == ""


def test_a_script(tmp_path: Path) -> None:
    (tmp_path / "s.q").write_text('f:{x*2}\n/ a remark\nf 21\nshow .z.x\n-1 string .z.f;\n')
    done = kkernel("s.q", "one", "two", cwd=tmp_path)
    assert (done.stdout, done.returncode) == ('42\n"one"\n"two"\ns.q\n', 0)


def test_a_script_that_fails(tmp_path: Path) -> None:
    (tmp_path / "s.q").write_text("1\n2+`a\n3\n")
    done = kkernel("s.q", cwd=tmp_path)
    assert done.stdout == "1\n" and done.returncode == 1
    assert done.stderr.startswith(f"'type\n  [0]  {tmp_path}/s.q:2: 2+`a\n")
    missing = kkernel("none.q", cwd=tmp_path)
    assert missing.returncode == 1 and "none.q" in missing.stderr


def test_a_script_that_exits(tmp_path: Path) -> None:
    (tmp_path / "s.q").write_text("exit 7\n")
    assert kkernel("s.q", cwd=tmp_path).returncode == 7


def test_help_version_and_wrong_options() -> None:
    assert kkernel("--help").stdout.startswith("usage: kkernel")
    assert kkernel("--version").stdout.startswith("kkernel ")
    wrong = kkernel("--nothing")
    assert wrong.returncode == 2 and "unknown option --nothing" in wrong.stderr


@pytest.fixture
def terminal(tmp_path: Path) -> pexpect.spawn:
    """A console in a terminal that does not answer questions about its cursor."""
    return pexpect.spawn(COMMAND[0], COMMAND[1:], encoding="utf-8", timeout=60, env=os.environ | {
        "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1",
        "KKERNEL_CONSOLE_HISTORY": str(tmp_path / "history")})


def typed(terminal: pexpect.spawn, text: str) -> None:
    """Wait for the next prompt and type a line."""
    terminal.expect_exact(OPENS)
    terminal.expect(r"q\).*\x1b\[\?25h")  # the cursor is shown again: the line can be edited
    terminal.send(text)


def test_the_prompt(terminal: pexpect.spawn) -> None:
    typed(terminal, "6*7\r")
    terminal.expect_exact(RUNS + "42\r\n")
    typed(terminal, "1+`a\r")
    terminal.expect_exact("'type")
    typed(terminal, "delt\t")
    terminal.expect_exact("deltas")
    terminal.send(" 1 3 9\r")
    terminal.expect_exact("1 2 6")
    typed(terminal, "\\\\\r")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0


def test_ctrl_c_stops_a_line_and_keeps_the_session(terminal: pexpect.spawn) -> None:
    typed(terminal, "kept:123\r")
    typed(terminal, '-1"begun";while[1b;]\r')
    terminal.expect_exact("begun\r\n")
    terminal.sendintr()
    terminal.expect_exact("'stop")
    typed(terminal, "kept\r")
    terminal.expect_exact(RUNS + "123\r\n")
    typed(terminal, "\x04")
    terminal.expect(pexpect.EOF)
