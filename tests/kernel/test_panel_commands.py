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
    assert q("(get`:run.kdb)~get`:whole") == "1b\n"
    assert q("(get`:run.kdb)[`module]~get`:part") == "1b\n"
    q("zeros(m;`fc.weight)")
    for file in ("whole", "part", "run.kdb"):
        q(f".ui.load[m;`:{file};`$\"{file}\"]")
        q(f".ui.restore[m;`$\"{file}\"]")
        assert q("tensor parm(m;`fc.weight)") == shown
        q("zeros(m;`fc.weight)")
    assert q("tensor parm(module(get`:run.kdb)`module;`fc.weight)") == shown
    q("`:other set 1 2 3")
    assert "holds no state of a module" in q(".ui.load[m;`:other;`x]")


OPTIMIZERS = ["(`adam;m0;.01)", "(`adam;m0;.01;`amsgrad,1b)", "(`adamw;m0;.01)", "(`adagrad;m0;.1)",
              "(`rmsprop;m0;.01;`momentum,.9)", "(`rmsprop;m0;.01;`centered,1b)", "(`lamb;m0;.01)",
              "(`sgd;m0;.1)", "(`sgd;m0;.1;`momentum,.9)", "(`lbfgs;m0;.5;3)"]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training_goes_on_from_a_q_file_to_the_last_bit(q: Run, optimizer: str) -> None:
    q("m0:module seq(`sequential;(`linear;`fc;4;3);(`batchnorm1d;`b;3))")
    assert q(f"k:model(m0;loss`mse;opt{optimizer})") == ""
    q("x:tensor(`randn;8 4); y:tensor(`randn;8 3); train(k;x;y)")
    q("one:{run k; (tensor parm(k;`fc.weight);tensor parm(k;`b.bias))}")
    q("one[]; one[];")
    assert q(".ui.save[k;`:k.kdb;`now]").startswith("saved now, ")
    assert q("a:one each til 3; (a 0)~a 2") == "0b\n"
    assert q(".ui.load[k;`:k.kdb;`there]; .ui.restore[k;`there]").endswith("same bits\n")
    assert q("a~one each til 3") == "1b\n"
    q("`:other set @[get`:k.kdb;`optimizer;:;@[o;`parms;:;2#(o:(get`:k.kdb)`optimizer)`parms]]")
    assert "parameter groups are not those" in q(".ui.load[k;`:other;`wrong]")


def test_an_optimizers_buffers_of_another_size_are_refused(q: Run) -> None:
    q("x:tensor(`randn;8 4); y:tensor(`randn;8 3); backward(m;x;y); step m;")
    q("s:state m; p:s[`optimizer;`parms]; b:p`buffers; k:first key b 0")
    q("b[0;`exp_avg]:1 2e; s[`optimizer]:@[s`optimizer;`parms;:;@[p;`buffers;:;b]]; `:bad set s")
    before = q("state m")
    assert "holds no state" in q(".ui.load[m;`:bad;`bad]")
    assert q("state m") == before


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
