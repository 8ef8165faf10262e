"""Cells through a real kernel process: what a cell sends, in which order."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

import pytest
from kernel_client import TIMEOUT, Kernel


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    k = Kernel()
    yield k
    k.close()


@pytest.mark.parametrize(("code", "kinds", "stdout", "result"), [
    ("1+1", ["execute_result"], "", "2"),
    ("a:1", [], "", None),
    ("::", [], "", None),
    ("", [], "", None),
    ("/ a remark", [], "", None),
    ("1\n2", ["stream", "execute_result"], "1\n", "2"),
    ("1\na:2", ["execute_result"], "", "1"),
    ('-1"x";1', ["stream", "execute_result"], "x\n", "1"),
    ('1\n-1"x";', ["stream"], "1\nx\n", None),
    ("q)1\n1\nq)2+\n  3", ["stream", "execute_result"], "1\n", "5"),
    ("f:{\n x+1\n }\nf 1", ["execute_result"], "", "2"),
    ("show 1 2\n([]a:1 2)", ["stream", "execute_result"], "1 2\n", "a\n-\n1\n2"),
    ('"a\\nb"', ["execute_result"], "", '"a\\nb"'),
    ("`$\"caf\\303\\251\"", ["execute_result"], "", "`café"),
])
def test_what_a_cell_sends(kernel: Kernel, code: str, kinds: list[str], stdout: str,
                           result: str | None) -> None:
    outcome = kernel.run(code)
    assert outcome.reply["status"] == "ok"
    assert [k for i, k in enumerate(outcome.kinds) if k not in outcome.kinds[:i]] == kinds
    assert (outcome.stdout, outcome.result) == (stdout, result)


def test_an_error_ends_the_cell(kernel: Kernel) -> None:
    outcome = kernel.run("1\nb:1+`a\nb:2")
    assert outcome.stdout == "1\n"
    assert outcome.error == "'type\n  [0]  b:1+`a\n          ^"
    assert outcome.reply["status"] == "error"
    assert "\n".join(outcome.reply["traceback"]) == outcome.error
    assert kernel.run("b").error == "'b\n  [0]  b\n       ^"


def test_cells_queued_behind_an_error_do_not_run(kernel: Kernel) -> None:
    """Only what has arrived when the error happens is queued behind it: so the cell asks first."""
    failing = kernel.send("c:1;read0 0;'oops", allow_stdin=True)
    kernel.client.get_stdin_msg(timeout=TIMEOUT)
    queued = kernel.send("c:2")
    kernel.ask("complete", code="til")  # on the same channel: answered after `queued` arrived
    kernel.client.input("go on")
    assert kernel.wait(failing).error is not None
    assert kernel.reply(queued)["status"] == "aborted"
    kernel.drain()
    assert kernel.run("c").result == "1"


def test_output_names_the_cell_that_caused_it(kernel: Kernel) -> None:
    first, second = kernel.send('-1"one";'), kernel.send('-1"two";')
    assert [kernel.wait(first).stdout, kernel.wait(second).stdout] == ["one\n", "two\n"]


def test_the_count_follows_stored_cells(kernel: Kernel) -> None:
    first = kernel.run("1").reply["execution_count"]
    kernel.run("1", store_history=False)
    kernel.run("1", silent=True)
    assert kernel.run("1").reply["execution_count"] == first + 1


def test_a_silent_cell_sends_nothing_and_still_runs(kernel: Kernel) -> None:
    outcome = kernel.run('d:5\n-1"x";\nd', silent=True)
    assert outcome.kinds == [] and outcome.reply["status"] == "ok"
    assert kernel.run("'oops", silent=True).kinds == []
    assert kernel.run("d").result == "5"


def test_expressions_of_the_front_end(kernel: Kernel) -> None:
    found = kernel.run("e:3", user_expressions={"good": "e+1", "bad": "1+`a"})
    assert found.reply["user_expressions"]["good"]["data"] == {"text/plain": "4"}
    assert found.reply["user_expressions"]["bad"]["evalue"] == "'type"


def test_too_much_text_is_cut_with_a_notice(kernel: Kernel) -> None:
    outcome = kernel.run("do[30000;-1(100#\"x\")];\n1")
    assert len(outcome.stdout) == 1_000_000
    assert "cut after 1,000,000 characters" in outcome.stderr
    assert kernel.run('-1"after";').stdout == "after\n"


def test_the_pager_shows_documentation(kernel: Kernel) -> None:
    for code in ("?til", "til?"):
        [page] = kernel.run(code).reply["payload"]
        assert page["source"] == "page" and page["data"]["text/plain"].startswith("til[x]")


def test_html_comes_after_the_text_before_it(kernel: Kernel) -> None:
    outcome = kernel.run('1\n.ui.html"<b>x</b>"\n2')
    assert outcome.kinds == ["stream", "display_data", "execute_result"]
    assert kernel.run(".ui.html 1").error == "'.ui.html: expected a string\n" \
        "  [0]  .ui.html 1\n       ^"


def test_history_of_this_session(kernel: Kernel) -> None:
    kernel.run("40+2")
    [row] = kernel.ask("history", hist_access_type="tail", n=1, output=True, raw=True)["history"]
    session, line, (source, output) = row
    assert (source, output) == ("40+2", "42\n")
    rows = kernel.ask("history", hist_access_type="range", session=0, start=line, stop=line + 1,
                      output=False, raw=True)["history"]
    assert rows == [[session, line, "40+2"]]


def test_no_python_is_run_unasked(kernel: Kernel) -> None:
    for code in ("import os", "!ls", "print(1)", "%matplotlib inline"):
        outcome = kernel.run(code)
        assert outcome.error is not None and "Traceback" not in outcome.error


def test_the_console_of_this_environment_is_found(kernel: Kernel) -> None:
    assert kernel.run('first system"kkernel --version"').result == f'"kkernel {version("kkernel")}"'


def test_exit_ends_the_process() -> None:
    kernel = Kernel()
    try:
        assert kernel.run("exit 0").reply["status"] == "ok"
        kernel.manager.provisioner.process.wait(timeout=30)  # type: ignore[union-attr]
    finally:
        kernel.close()
