"""The q functions behind the buttons of the state panel."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kkernel.kernel.panel_commands import COMMANDS, register
from kkernel.session import Session

Run = Callable[[str], str]


@pytest.fixture
def q(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.chdir(tmp_path)
    out: list[str] = []
    session = Session(out.append, out.append)
    register(session)

    def run(source: str) -> str:
        out.clear()
        session.run(source)
        return "".join(out)

    assert run("q:module seq(`sequential;(`linear;`fc;4;3);`relu)") == ""
    assert run("m:model(q;loss`mse;opt(`adam;q;.01))") == ""
    yield run
    run("free[]")


def test_every_command_has_its_function() -> None:
    from kkernel_widgets import commands

    assert {name for name, _, _ in COMMANDS} == {c.__name__ for c in commands.COMMANDS}


def test_a_state_goes_there_and_back(q: Run) -> None:
    q("x:tensor(`randn;8 4); y:tensor(`randn;8 3)")
    assert q(".ui.take[m;`good]") == "kept as good\n"
    before = q("tensor parm(m;`fc.weight)")
    assert q("backward(m;x;y); step m;") == "" and q("tensor parm(m;`fc.weight)") != before
    assert re.search(r"fc\.weight +differs", q(".ui.compare[m;`good;`now]"))
    assert re.fullmatch(r"(\d+)/\1 tensors, same bits\n", q(".ui.restore[m;`good]"))
    assert q("tensor parm(m;`fc.weight)") == before
    q(".ui.undo m")
    assert q("tensor parm(m;`fc.weight)") != before
    assert q(".ui.save[m;`:run;`good]").startswith("saved good, ")
    q(".ui.drop[m;`good]")
    assert q(".ui.load[m;`:run.safetensors;`again]") == "loaded as again\n"
    q(".ui.restore[m;\"again\"]")
    assert q("tensor parm(m;`fc.weight)") == before
    assert q(".ui.rename[m;`again;`back]") == "again is now back\n"
    assert "back" in q(".ui.states m")
    assert q(".ui.note[m;`back;\"a note\"]") == "back is noted\n"
    assert "a note" in q(".ui.states m")


def test_q_and_panels_read_each_others_files(q: Run) -> None:
    shown = q("tensor parm(m;`fc.weight)")
    q("`:whole set state m; `:part set state module m")
    assert q(".ui.save[m;`:run.kdb;`now]").startswith("saved now, ")
    assert q("(get`:run.kdb)~get`:part") == "1b\n"
    q("zeros(m;`fc.weight)")
    for file in ("whole", "part", "run.kdb"):
        q(f".ui.load[m;`:{file};`$\"{file}\"]")
        q(f".ui.restore[m;`$\"{file}\"]")
        assert q("tensor parm(m;`fc.weight)") == shown
        q("zeros(m;`fc.weight)")
    assert q("tensor parm(module get`:run.kdb;`fc.weight)") == shown
    q("`:other set 1 2 3")
    assert "holds no state of a module" in q(".ui.load[m;`:other;`x]")


@pytest.mark.parametrize(("source", "words"), [
    (".ui.take[3;`a]", "expected module or model, given long atom"),
    (".ui.take[m;3]", "expected a symbol, given long atom"),
    (".ui.take[m;`]", "expected a name"),
    (".ui.take[m;`now]", "other than 'now'"),
    (".ui.undo m", "nothing to undo"),
    (".ui.restore[m;`gone]", "no state 'gone'"),
    (".ui.load[m;`:gone;`a]", "No such file"),
    (".ui.save[m;`:no/such/folder;`now]", "No such file"),
])
def test_what_cannot_be_done_is_said(q: Run, source: str, words: str) -> None:
    lines = q(source).splitlines()
    assert lines[0].startswith("'.ui.") and words in lines[0]
    assert "Error" not in lines[0] and len(lines) == 3
