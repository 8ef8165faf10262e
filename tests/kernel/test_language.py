"""Completion, tooltips, completeness: what the front end asks about text."""

from __future__ import annotations

from pathlib import Path

import pytest

from kkernel.kernel.language.completeness import joined, state
from kkernel.kernel.language.completion import complete
from kkernel.kernel.language.inspection import describe
from kkernel.session import Session

SETUP = """\
price:1 2 3
prior_:til 2
f:{[size;depth]size+depth}
t:([]sym:`a`b;price:1.5 2.5)
kt:([id:1 2]name:`x`y)
d:`alpha`beta!1 2
.lib.scale:{x*2}
.lib.size:3
delayed::count unknown
day:2024.01.02
"""


@pytest.fixture(scope="module")
def q() -> Session:
    session = Session()
    assert session.execute(SETUP) is None
    return session


def texts(q: Session, code: str, cursor: int | None = None) -> list[str]:
    return [c.text for c in complete(q, code, len(code) if cursor is None else cursor).found]


def at_bar(code: str) -> tuple[str, int]:
    """The text and the cursor of a text with a bar where the cursor is."""
    return code.replace("|", "", 1), code.index("|")


def typed(q: Session, code: str) -> dict[str, str]:
    """Candidate -> kind, for a text with a bar where the cursor is."""
    return {c.text: c.kind for c in complete(q, *at_bar(code)).found}


@pytest.mark.parametrize(("code", "found"), [
    ("pri", ["price", "prior_", "prior"]),  # variables before keywords
    ("1+pri", ["price", "prior_", "prior"]),
    ("PRICE", ["price"]),  # another case, where nothing fits exactly
    (".lib.", [".lib.scale", ".lib.size"]),
    (".lib.sc", [".lib.scale"]),
    (".li", [".lib"]),
    ("t`", ["sym", "price"]),
    ("t[`pr", ["price"]),
    ("kt`", ["id", "name"]),
    ("d`al", ["alpha"]),
    ("d`alpha`be", ["beta"]),
    ("t.pr", ["t.price"]),
    ("day.mo", ["day.month"]),
    ("\\t", ["t", "ts"]),
    ("1\n\\v", ["v"]),
    ("\\v .li", [".lib"]),
    ('"pri', []),  # inside a string
    ('"a" pri', ["price", "prior_", "prior"]),
    ("1 /pri", []),  # inside a comment
    ("", []),
    ("1 2", []),
    ("nothing`", []),
    ("`pri", []),
    ("kunif", ["kuniform"]),  # a name of the api, known before it is loaded
    ("get`pri", ["price", "prior_"]),
    ("`t insert (`a;1.5);kt`na", ["name"]),
    ("wide:3\nwid", ["wide"]),  # assigned in this cell, which has not run
    ("{[left;right]mid:left;ri", ["right"]),
    ("{[left]mid:left;mi", ["mid", "min", "mins"]),
])
def test_completion(q: Session, code: str, found: list[str]) -> None:
    assert texts(q, code)[:len(found) or None] == found


@pytest.mark.parametrize("code", [
    "select pri| from t", "select pri|\n from t", "exec pri| by sym from t where price>1",
    "select from t where pri|", "select from (select pri| from t) where x=1",
    "f[select first pri| from t;2]", "select a:(1;pri|) from t", "update pri| from `t",
    "count select distinct pri|",  # no table yet: the columns of all
])
def test_columns_inside_qsql(q: Session, code: str) -> None:
    assert next(iter(typed(q, code).items())) == ("price", "column")


@pytest.mark.parametrize("code", [
    "sy|", "f[select from t;sy|]", "(select from t),sy|", "select from t;sy|", "{sy|} each t",
    "select from kt where sy|", "exec sym from t\nsy|"])
def test_no_columns_outside_of_their_query(q: Session, code: str) -> None:
    assert "sym" not in typed(q, code)


def test_tables_after_from(q: Session) -> None:
    assert next(iter(typed(q, "select from k|").items())) == ("kt", "table")
    assert typed(q, "select name from kt wh|")["where"] == "keyword"


@pytest.mark.parametrize(("code", "found"), [
    ("`pri| xasc t", ["price"]), ("`sym xkey t lj `na| xkey kt", ["name"]), ("0!kt`id|", ["id"])])
def test_columns_of_the_tables_in_the_statement(q: Session, code: str, found: list[str]) -> None:
    text, cursor = at_bar(code)
    assert texts(q, text, cursor) == found


@pytest.mark.parametrize(("code", "start", "end"), [
    ("1+pri|ce*2", 2, 7), ("pri|", 0, 3), ("t`pr|ice`sym", 2, 7), ("\\t|", 1, 2),
    ('"\N{GRINNING FACE}";pric|', 4, 8)])  # characters are counted, not bytes
def test_the_whole_word_is_replaced(q: Session, code: str, start: int, end: int) -> None:
    found = complete(q, *at_bar(code))
    assert (found.start, found.end) == (start, end) and found.found


def test_kinds_and_signatures(q: Session) -> None:
    by_name = {c.text: c for word in ("f", "price", ".l")
               for c in complete(q, word, len(word)).found}
    assert (by_name["f"].kind, by_name["f"].signature) == ("function", "[size;depth]")
    assert by_name["price"].kind == "variable"
    assert by_name[".lib"].kind == "namespace"


def test_paths(q: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    for name in ("data/trades.csv", "data/my file.csv", ".hidden", "start.q"):
        (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path)
    assert typed(q, "read0`:da|") == {"data/": "path"}
    assert typed(q, "get`:data/t|r") == {"trades.csv": "path"}
    assert list(typed(q, "`:data/|")) == ["trades.csv"]  # a symbol cannot spell a blank
    assert list(typed(q, "\\l |")) == ["data/", "start.q"]
    assert list(typed(q, 'system"l s|"')) == ["start.q"]
    assert list(typed(q, '"data/|"')) == ["my file.csv", "trades.csv"]
    assert list(typed(q, "`:.h|")) == [".hidden"]
    assert typed(q, f"`:{tmp_path}/nowhere/|") == {}


# --------------------------------------------------------------------------- the k api

@pytest.fixture(scope="module")
def torch(q: Session) -> Session:
    """With the api loaded, and objects to look at."""
    q.load_api()
    assert q.execute("""
m:module seq(`sequential;(`linear;`hidden;4;3);`relu`act;(`batchnorm1d;`norm;3))
big:tensor(`ones;2 3;`double)
dt:dict`left`right!(1 2;3 4)
o:opt(`adam;m;.01)
""") is None
    return q


@pytest.mark.parametrize(("code", "kinds"), [
    ("module`rel|", {"relu": "module", "relu6": "module"}),
    ("m:module enlist(`lin|", {"linear": "module"}),
    ("m:module seq`sequential`softp|", {"softplus": "module"}),
    ("module seq(`sequential;(`conv2d;16;32;3;`pad|", {"pad": "option", "padmode": "option"}),
    ("module enlist(`conv2d;`C;`in`ou|t`size!3 4 5)", {"out": "option"}),
    ("module enlist(`conv2d;16;32;3;((`stride;2);(`dil|", {}),  # a pair in a list: no head
    ("module enlist(`upsample;2;`bil|", {"bilinear": "value"}),
    ("loss`smo|", {"smoothl1": "loss"}),
    ("model(m;loss`mse|;o)", {"mse": "loss"}),
    ("loss(`mse;`s|", {"sum": "value"}),
    ("opt(`ada|;m)", {"adam": "optimizer", "adamw": "optimizer", "adagrad": "optimizer"}),
    ("opt(`sgd;m;(`mom|;.9))", {"momentum": "option"}),
    ("opt(`sgd;m;.1;`nest|", {"nesterov": "option"}),
    ("tensor(`zer|", {"zeros": "mode"}),
    ("tensor(1 2 3;`dou|", {"double": "option"}),
    ("help`backw|", {"backward": "topic"}),
    ("setting`thr|", {"threads": "setting"}),
    ("train(m;`batchs|", {"batchsize": "option"}),
    ("knormal(big;`rel|", {"relu": "value"}),
    ("knormal(big;`relu;`fano|", {"fanout": "value"}),
    ("parm(m;`hid|", {"hidden.weight": "parameter", "hidden.bias": "parameter",
                      "hidden": "child"}),
    ("buffer(m;`norm.run|", {"norm.running_mean": "buffer", "norm.running_var": "buffer"}),
    ("child(m;`ac|", {"act": "child"}),
    ("tensor(dt;`le|", {"left": "parameter"}),
    ("nothing(`rel|", {}),
])
def test_symbols_of_the_api(torch: Session, code: str, kinds: dict[str, str]) -> None:
    found = typed(torch, code)
    assert found == kinds


def test_options_say_what_they_mean(torch: Session) -> None:
    [found] = complete(torch, *at_bar("module enlist(`linear;3;`bia|")).found
    assert found.signature.endswith("default 1b")


def test_looking_runs_nothing(q: Session) -> None:
    """A view is evaluated by its use, not by completion."""
    assert "delayed" in texts(q, "dela")
    assert describe(q, "delayed", 2) is None


def test_functions_of_the_api_are_explained_once_loaded() -> None:
    q = Session()
    assert complete(q, "module`rel", 10).found == []
    assert describe(q, "kuniform", 3) is None
    q.load_api()
    tip = describe(q, "kuniform(t;", 11)
    assert tip is not None and tip.text.startswith("kuniform(x;which;")
    assert "fan: `fanin or `fanout (optional)" in tip.text  # the reference marks q by two ``
    assert "<code>`fanin</code> or <code>`fanout</code> (optional)" in tip.html
    assert q.interpreter.evaluate("(help`kuniform)[`args;`fan]~\"`fanin or `fanout (optional)\"")
    [found] = complete(q, "kunif", 5).found
    assert found.signature.startswith("(")


@pytest.mark.parametrize(("code", "words"), [
    ("ti|l", "til[x]"),
    ("price|", "price: long vector (type 7h, count 3)\n\n1 2 3"),
    ("|t", "t: table (type 98h, count 2)"),
    ("kt|", "kt: dictionary (type 99h, count 2)"),
    ("f|", "f[size;depth]\n\n{[size;depth]size+depth}"),
    ("f[1;|", "f[size;depth]"),  # the function whose bracket is open
    ("f[(1;2);|", "f[size;depth]"),
    ("f[g[1];|", "f[size;depth]"),
    ("reverse |", "reverse[x]"),  # what is being applied
    (".lib.si|ze", ".lib.size: long atom (type -7h)"),
    ("1 !|2", "!  x!y"),
    ("x <=|y", "<=  x<=y"),
    ("\\t| 1", "\\t: milliseconds"),
])
def test_tooltips(q: Session, code: str, words: str) -> None:
    tip = describe(q, *at_bar(code))
    assert tip is not None and tip.text.startswith(words)


@pytest.mark.parametrize("code", ["1|", "f[1]|", "|", "nowhere|", "nowhere[1;|",
                                  '"til|"', "1 /til|"])
def test_no_tooltip(q: Session, code: str) -> None:
    assert describe(q, *at_bar(code)) is None


@pytest.mark.parametrize(("code", "name", "active"), [
    ("f[1;|]", "f", 1), ("f[|", "f", 0), ("f[(1;2);g[3;4];|", "f", 2)])
def test_the_argument_at_the_cursor(q: Session, code: str, name: str, active: int) -> None:
    tip = describe(q, *at_bar(code))
    assert tip is not None and (tip.name, tip.active) == (name, active)


@pytest.mark.parametrize(("code", "name", "words"), [
    ("m|", "m", "module sequential"), ("big|", "big", "tensor"), ("o|", "o", "optimizer adam"),
    ("maxpool2d(big;2;|", "maxpool2d", "> stride: step of the window"),
    ("module enlist(`linear;784;|10)", "linear", "> out: "),
    ("module seq(`sequential;(`conv2d;1;6;|", "conv2d", "> size: "),
    ("module`re|lu", "relu", "torch.nn.ReLU"),
    ("opt(`ad|am;m)", "adam", "torch.optim.Adam"),
    ("opt(`sgd;m;.1;`mom|entum,.9)", "momentum", "option: "),
    ("loss(`ms|e", "mse", "torch.nn.MSELoss"),
])
def test_tooltips_of_the_api(torch: Session, code: str, name: str, words: str) -> None:
    tip = describe(torch, *at_bar(code))
    assert tip is not None and tip.name == name and words in tip.text


def test_the_marked_option_is_that_of_the_row(torch: Session) -> None:
    tip = describe(torch, *at_bar("module enlist(`linear;784;|"))
    assert tip is not None and tip.rows[tip.active][0] == "out"
    assert "(`linear;in;<u><b>out</b></u>;bias)" in tip.html


def test_tooltips_of_pointers_say_what_they_hold(torch: Session) -> None:
    tensor, module = (describe(torch, n, 1) for n in ("big", "m"))
    assert tensor is not None and module is not None
    assert dict(tensor.rows) == {"shape": "2 3", "dtype": "double", "device": "cpu",
                                 "memory": "48 bytes"}
    assert dict(module.rows)["parameters"] == "21" and "norm  batchnorm1d" in module.body


def test_details_on_request(torch: Session) -> None:
    short, long = (describe(torch, "median", 3, detail) for detail in (0, 1))
    assert short is not None and long is not None
    assert not short.examples and "q)" in long.text
    torch.execute("many:([]n:til 20)")
    short, long = (describe(torch, "many", 3, detail) for detail in (0, 1))
    assert short is not None and long is not None
    assert short.body.endswith("\n..") and long.body.endswith("19")


def test_tooltips_escape_what_they_show(q: Session) -> None:
    q.execute('evil:"<img src=x onerror=alert(1)>"')
    tip = describe(q, "evil", 2)
    assert tip is not None and "<img" in tip.text
    assert "<img" not in tip.html and "&lt;img" in tip.html


def test_a_marked_argument_in_html(q: Session) -> None:
    tip = describe(q, "f[1;", 4)
    assert tip is not None and "[size;<u><b>depth</b></u>]" in tip.html


@pytest.mark.parametrize(("source", "expected"), [
    ("1+1", "complete"), ("", "complete"), ("a:1\nb:2", "complete"), ("f:{\n x}", "complete"),
    ("f:{", "incomplete"), ("1\n(2;", "incomplete"), ('"abc', "incomplete"),
    ("(1;\n2)", "invalid"), ("1+)", "invalid"), ("a]", "invalid"), ("\\anything (", "complete"),
])
def test_completeness(source: str, expected: str) -> None:
    assert state(source) == expected


def test_typed_lines_are_joined() -> None:
    assert joined(["f:{", "x+1", "}"]) == "f:{\n x+1\n}"
    assert joined(["1"]) == "1"
