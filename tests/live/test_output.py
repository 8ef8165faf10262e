"""Much output: cut results and their whole text, limits of both streams, clearing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kernel_client import Kernel

from kkernel.kernel.panels import Terminal, register
from kkernel.session import Session


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    k = Kernel()
    yield k
    k.close()


def test_a_long_result_is_cut_and_the_whole_can_be_had(kernel: Kernel) -> None:
    cut = kernel.run("m:100 50#til 5000\nm").result
    assert cut is not None and len(cut.split("\n")) == 23 and cut.endswith("\n..")
    [shown] = kernel.run(".ui.whole m").of("display_data")
    lines = shown["data"]["text/plain"].split("\n")
    assert len(lines) == 100 and lines[-1].endswith(" 4999")
    assert "4999" in shown["data"]["text/html"]


def test_the_whole_text_is_escaped(kernel: Kernel) -> None:
    [shown] = kernel.run('.ui.whole("<img src=x onerror=alert(1)>";1)').of("display_data")
    assert "<img" in shown["data"]["text/plain"] and "<img" not in shown["data"]["text/html"]


def test_even_the_whole_text_ends_somewhere(kernel: Kernel) -> None:
    [shown] = kernel.run(".ui.whole til 20000").of("display_data")
    assert shown["data"]["text/plain"].endswith("..")
    [shown] = kernel.run(".ui.whole 20000 60#1000000").of("display_data")
    assert len(shown["data"]["text/plain"]) <= 1_000_000
    assert "cut after 10,000 lines or 1,000,000 characters" in shown["data"]["text/html"]


def test_a_terminal_prints_the_whole_text() -> None:
    out: list[str] = []
    session = Session(out.append, out.append)
    register(session, Terminal(out.append))
    assert session.execute(".ui.whole til 100") is None
    assert "".join(out) == " ".join(map(str, range(100))) + "\n"


def test_both_streams_have_a_limit(kernel: Kernel) -> None:
    outcome = kernel.run('do[11000;-2(100#"x")];-1"still";')
    assert outcome.stdout == "still\n"
    assert "cut after 1,000,000 characters" in outcome.stderr
    assert len(outcome.stderr) < 1_000_100


def test_streams_keep_their_order(kernel: Kernel) -> None:
    shown = kernel.run('-1"one";-2"two";-1"three";').of("stream")
    assert [c["text"] for c in shown] == ["one\n", "two\n", "three\n"]


@pytest.mark.parametrize(("code", "wait"), [
    (".ui.clear[]", False), (".ui.clear 0b", False), (".ui.clear 1b", True)])
def test_clearing(kernel: Kernel, code: str, wait: bool) -> None:
    outcome = kernel.run('-1"old";\n' + code + '\n-1"new";')
    assert outcome.kinds == ["stream", "clear_output", "stream"]
    assert outcome.of("clear_output") == [{"wait": wait}]
