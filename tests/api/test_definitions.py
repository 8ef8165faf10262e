"""Module definitions: their forms, the text that libtorch prints, access to parts, errors."""

from __future__ import annotations

from ast import literal_eval
from pathlib import Path

import pytest
from api_session import ApiSession

FORMS = [line.rstrip("\n").split("\t") for line in
         (Path(__file__).parents[1] / "data" / "libtorch_forms.tsv").read_text().splitlines()]


@pytest.mark.parametrize(("made", "printed"), FORMS, ids=[f[0] for f in FORMS])
def test_prints_as_libtorch(q: ApiSession, made: str, printed: str) -> None:
    """The expected texts were written by a C++ program that printed libtorch's own modules."""
    assert q(f"str {made}").tobytes().decode() == literal_eval(printed)


def test_a_flag_follows_the_words_that_were_printed_before_it(q: ApiSession) -> None:
    """C++ sets its stream to words once, for all that comes after."""
    q("m:module seq(`sequential;(`squeeze;0);(`linear;2;2);(`squeeze;0;1b);(`unsqueeze;0))")
    assert [line.split("inplace=")[1] for line in q("str m").tobytes().decode().splitlines()
            if "inplace" in line] == ["0)", "true)", "false)"]


# ------------------------------------------------------------------ forms

NET = "(`sequential;(`linear;`a;4;3);`relu`b)"
SAME_NET = [  # every way to write the same network
    "seq(`sequential;(`linear;`a;4;3);`relu`b)",
    "(`sequential;enlist(`linear;`a;4;3);enlist`relu`b)",
    "(`sequential;enlist(`linear;`a;4;`out,3);enlist(`relu;`b;0b))",
    "(`sequential;enlist(`linear;`a;`in`out!4 3);enlist(`relu;`b;`inplace,0b))",
    "(`sequential;enlist(`linear;`a;(`in;4;`out;3;`bias;1b));enlist`relu`b)",
    "(`sequential;enlist(`linear;`a;((`in;4);(`out;3)));enlist`relu`b)",
    "((0;`sequential);(1;(`linear;`a;4;3));(1;`relu`b))",
    "dv seq(`sequential;(`linear;`a;4;3);`relu`b)",
    "tree dv seq(`sequential;(`linear;`a;4;3);`relu`b)",
    "([]depth:0 1 1;module:`sequential`linear`relu;name:``a`b;"
    "options:(()!();`in`out!4 3;(enlist`inplace)!enlist 0b))"]


@pytest.mark.parametrize("form", SAME_NET)
def test_forms_of_a_network(q: ApiSession, form: str) -> None:
    q(f"d:module m:module {SAME_NET[0]}")
    assert q(f"d~module module {form}")


@pytest.mark.parametrize("form", ["`relu", "enlist`relu", "enlist`relu`", "enlist(`relu;0b)",
                                  "`depth`module`name`options!(0;`relu;`;()!())",
                                  "(0;`relu)", "enlist(0;`relu)"])
def test_forms_of_a_module(q: ApiSession, form: str) -> None:
    assert q(f"(module module`relu)~module module {form}")


def test_growing_by_depth(q: ApiSession) -> None:
    q("m:module`sequential\nmodule(m;1;`seqnest`a)\nmodule(m;2;(`linear;`x;4;3))\n"
      "module(m;2;`relu)\nmodule(m;1;(`linear;`b;3;2))")
    assert q("names m").tolist() == q("`a`a.x`a.1`b").tolist()
    assert q("2=count evaluate(m;4#1e)")


def test_growing_by_a_module_takes_it(q: ApiSession) -> None:
    q("m:module seq(`sequential;`relu)\nn:module enlist(`linear;`last;3;2)\nmodule(m;n)")
    assert not q("mapped n")
    assert q("(names m)~`0`last")


def test_names_are_the_order_unless_given(q: ApiSession) -> None:
    assert q("(names module(`sequential;enlist`relu`x;enlist`tanh;enlist`relu`y))~`x`1`y")


@pytest.mark.parametrize("kind", ["sequential", "seqnest", "moduledict", "callback;\"{[m;x]x}\""])
def test_names_of_children_are_checked(q: ApiSession, kind: str) -> None:
    parent = f"`{kind}" if ";" not in kind else f"(`{kind})"
    assert q.error(f"module({parent};enlist`relu`a.b)") == \
        "Submodule name must not contain a dot (got 'a.b')"
    twice = f"({parent};enlist`relu`a;enlist`relu`b;enlist`tanh`a)"
    if kind == "moduledict":  # the second takes the place of the first
        assert q(f"(moduletypes module{twice})~``a`b!`moduledict`tanh`relu")
    else:
        assert q.error(f"module{twice}") == "Submodule 'a' already defined"


@pytest.mark.parametrize("kind", ["modulelist", "seqlist", "nbeats"])
def test_lists_number_their_children(q: ApiSession, kind: str) -> None:
    assert q(f"(names module(`{kind};enlist`sequential`a;enlist`sequential`a))~`0`1")


# ------------------------------------------------------------------ access

@pytest.fixture
def net(q: ApiSession) -> ApiSession:
    q("m:module(`sequential;seq(`seqnest`a;(`linear;`x;4;3);`relu);enlist(`batchnorm1d;`b;3))")
    return q


ACCESS = [
    ("childnames m", "`a`b"), ("names m", "`a`a.x`a.1`b"),
    ("parmnames m", "`a.x.weight`a.x.bias`b.weight`b.bias"),
    ("buffernames m", "`b.running_mean`b.running_var`b.num_batches_tracked"),
    ("moduletypes m", "``a`a.x`a.1`b!`sequential`seqnest`linear`relu`batchnorm1d"),
    ("moduletypes(m;`linear)", "enlist`a.x"),
    ("moduletypes(m;`linear`relu)", "`a.x`a.1!`linear`relu"),
    ("parmtypes m", "`a.x.weight`a.x.bias`b.weight`b.bias!`linear`linear`batchnorm1d`batchnorm1d"),
    ("objtype child(m;`a)", "`seqnest"), ("objtype child(m;`a.x)", "`linear"),
    ("objtype child(m;3)", "`batchnorm1d"),
    ("objtype each children m", "`a`b!`seqnest`batchnorm1d"),
    ("size parm(m;`a.x.weight)", "3 4"), ("size buffer(m;`b.running_mean)", "enlist 3"),
    ("size parms m", "`a.x.weight`a.x.bias`b.weight`b.bias!(3 4;enlist 3;enlist 3;enlist 3)"),
    ("gradflag m", "`a.x.weight`a.x.bias`b.weight`b.bias!1111b"),
    ("training m", "1b"), ("size m", "4"), ("tensorcount m", "7"), ("elements m", "28"),
    ("bytes m", "116"), ("inputmodule m", "`seqnest"), ("outputmodule m", "`batchnorm1d"),
    ("device m", "`cpu"), ("class m", "`module"), ("parmnames(m;`a)", "`x.weight`x.bias"),
    ("class parms(m;1)", "`dictionary"), ("count modules m", "4")]


@pytest.mark.parametrize(("asked", "expected"), ACCESS)
def test_access(net: ApiSession, asked: str, expected: str) -> None:
    assert net(f"({asked})~{expected}"), net.text(asked)


def test_parameters_are_shared_with_the_module(net: ApiSession) -> None:
    net("w:parm(m;`a.x.weight)\nparm(m;`a.x.weight;2e)")
    assert net("(tensor w)~3 4#2e")
    net("d:parms m\nzeros(d;`a.x.weight)")
    assert net("(tensor w)~3 4#0e")
    net("parm(child(m;`a.x);`extra;1 2e)")
    assert net("`a.x.extra in parmnames m")


def test_training_mode(net: ApiSession) -> None:
    net("training(m;0b)")
    assert net("not any training each value modules m")
    net("y:forward(m;2 4#1e)")  # trains for the time of the call
    assert net("1=tensor buffer(m;`b.num_batches_tracked)")
    assert not net("training m")


# ------------------------------------------------------------------ errors

ERRORS = [
    ("module`nosuch", "unrecognized module type: `nosuch"),
    ("module 1 2 3", "module: unrecognized arg(s), 1 2 3"),
    ("module()", "module: empty list"),
    ("module enlist(`linear;4)", "linear: positive output size required"),
    ("module enlist(`linear;4;3;`nosuch,1)", "linear: unrecognized option `nosuch"),
    ("module(`relu;enlist`tanh)", "unable to add a Tanh module as a child of a ReLU module"),
    ("module enlist(`sequential;1)", "sequential"),
    ("module(0;`relu;1)", "module"),
    ("forward(m;3 5#1e)", "mat1 and mat2 shapes cannot be multiplied (3x5 and 4x3)"),
    ("forward m", "forward: requires a module or model and at least one input"),
    ("forward(m;`nosuch;1e)", "nosuch"),
    ("child(m;`nosuch)", "nosuch"), ("child(m;9)", "child: invalid index[9] for 4 child modules"),
    ("parm(m;`nosuch)", "parm: parameter `nosuch not found"),
    ("buffer(m;`nosuch)", "buffer: buffer `nosuch not found"),
    ("training(m;1)", "training: unrecognized arg(s), expects module/model and optional flag"),
    ("module enlist(`batchnorm1d;`eps,1e-3)", "batchnorm1d: number of input features not defined"),
    ("module enlist(`interpolate;3)", "unrecognized module"),
    ("state 1", "state: module, loss, optimizer or model expected, with optional flag as 2nd arg"),
    ("state tensor 1", "state not defined for tensor"),
    ("objtype 1", "objtype"), ("module enlist 99", "module"), ("free m;names m", "stale pointer")]


@pytest.mark.parametrize(("source", "message"), ERRORS)
def test_errors(net: ApiSession, source: str, message: str) -> None:
    *first, last = source.split(";") if source.startswith("free") else [source]
    for line in first:
        net(line)
    assert message in net.error(last)
