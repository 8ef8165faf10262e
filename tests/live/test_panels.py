"""The `.ui` functions: panels in a notebook cell and in a console."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kernel_client import Kernel

from kkernel.kernel.panels import PANELS, Terminal, register
from kkernel.session import Session

MODULE = "q:module((0;`sequential);(1;(`linear;`a;4;8));(1;(`relu;`b));(1;(`linear;`c;8;2)))\n"
MODEL = MODULE + "l:loss`ce\no:opt(`adam;q)\nm:model(q;l;o)\n"
NAMES = [row[0] for row in PANELS]


@pytest.fixture(scope="module")
def console() -> tuple[Session, list[str]]:
    out: list[str] = []
    session = Session(out.append, out.append)
    register(session, Terminal(out.append))
    assert session.execute(MODULE) is None
    return session, out


def printed(console: tuple[Session, list[str]], source: str) -> str:
    session, out = console
    out.clear()
    error = session.execute(source)
    return "".join(out) + (session.interpreter.error_text(error) if error else "")


def test_a_console_prints_the_text_form(console: tuple[Session, list[str]]) -> None:
    table = printed(console, ".ui.spec q")
    assert table.startswith("module") and "linear" in table and "58 parameters" in table
    assert "a.weight" in printed(console, ".ui.hist q")
    assert printed(console, ".ui.state q").startswith("state")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("source", "given"), [
    ("1", "long atom (type -7h)"), ("til 3", "long vector (type 7h, count 3)"),
    ("loss`ce", "loss"), ("tensor til 3", "tensor")])
def test_what_is_no_model_is_refused(console: tuple[Session, list[str]], name: str, source: str,
                                     given: str) -> None:
    text = printed(console, f".ui.{name} {source}")
    assert text.startswith(f"'.ui.{name}: expected module or model")
    assert text.split("\n")[0].endswith(f"given {given}")


def test_options_follow_the_pointer(console: tuple[Session, list[str]]) -> None:
    assert "b" in printed(console, ".ui.hist(q;`activations)")
    assert printed(console, ".ui.hist(q;`x)").startswith("'.ui.hist: show: expected one of param")
    assert printed(console, ".ui.hist(q;77)").startswith("'.ui.hist: bins: expected 0")
    assert printed(console, ".ui.hist(q;1.5)").startswith("'.ui.hist: unexpected float atom")
    printed(console, "x:tensor(`randn;7 4)")
    assert "7 4" in printed(console, ".ui.spec(q;x)")
    assert "given input" in printed(console, ".ui.init(q;x)")
    assert printed(console, ".ui.state(q;x)").startswith("'.ui.state: unexpected tensor")


def test_a_freed_model_is_refused(console: tuple[Session, list[str]]) -> None:
    assert printed(console, "gone:module`relu;free gone;.ui.spec gone").startswith(
        "'stale pointer")


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    k = Kernel()
    assert k.run(MODEL).error is None
    yield k
    k.close()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("pointer", ["m", "addref module m"])
def test_a_cell_shows_the_static_form_and_then_the_live_one(kernel: Kernel, name: str,
                                                            pointer: str) -> None:
    outcome = kernel.run(f"1\n.ui.{name} {pointer}")
    assert outcome.error is None
    static, live = outcome.of("display_data")
    assert "kt-static" in static["data"]["text/html"] and static["data"]["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in live["data"]
    shown = [k for k in outcome.kinds if k in ("stream", "display_data")]
    assert shown == ["stream", "display_data", "display_data"]
    assert outcome.of("comm_open")


def test_a_silent_cell_opens_no_panel(kernel: Kernel) -> None:
    assert kernel.run(".ui.spec m", silent=True).kinds == []
