"""Completion, tooltips, completeness: what the front end asks about text."""

from __future__ import annotations

import pytest

from kkernel.kernel.language.completeness import joined, state
from kkernel.kernel.language.completion import complete
from kkernel.kernel.language.inspection import describe, function_around, name_at
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
"""


@pytest.fixture(scope="module")
def q() -> Session:
    session = Session()
    assert session.execute(SETUP) is None
    return session


def texts(q: Session, code: str, cursor: int | None = None) -> list[str]:
    return [c.text for c in complete(q, code, len(code) if cursor is None else cursor)[1]]


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
    ("\\t", ["t", "ts"]),
    ('"pri', []),  # inside a string
    ('"a" pri', ["price", "prior_", "prior"]),
    ("", []),
    ("1 2", []),
    ("nothing`", []),
    ("kunif", ["kuniform"]),  # a name of the api, known before it is loaded
])
def test_completion(q: Session, code: str, found: list[str]) -> None:
    assert texts(q, code) == found


def test_columns_inside_qsql(q: Session) -> None:
    assert texts(q, "select sy from t", 9)[0] == "sym"
    assert texts(q, "select na from kt where id", 9)[0] == "name"
    assert "sym" not in texts(q, "sy")


def test_positions_count_characters_not_bytes(q: Session) -> None:
    code = '"\N{GRINNING FACE}";pric'
    start, found = complete(q, code, len(code))
    assert code[start:] == "pric" and [c.text for c in found] == ["price"]


def test_kinds_and_signatures(q: Session) -> None:
    by_name = {c.text: c for word in ("f", "price", ".l") for c in complete(q, word, len(word))[1]}
    assert (by_name["f"].kind, by_name["f"].signature) == ("function", "[size;depth]")
    assert by_name["price"].kind == "instance"
    assert by_name[".lib"].kind == "namespace"


def test_looking_runs_nothing(q: Session) -> None:
    """A view is evaluated by its use, not by completion."""
    assert "delayed" in texts(q, "dela")
    assert describe(q, "delayed", 2) is None


def test_functions_of_the_api_are_explained_once_loaded(q: Session) -> None:
    assert describe(q, "kuniform", 3) is None
    q.load_api()
    text = describe(q, "kuniform(t;", 11)
    assert text is not None and text.startswith("kuniform(")
    [found] = complete(q, "kunif", 5)[1]
    assert found.signature.startswith("(")


@pytest.mark.parametrize(("code", "cursor", "words"), [
    ("til", 1, "til[x]"),
    ("price", 5, "price: long vector (type 7h, count 3)"),
    ("t", 0, "t: table (type 98h, count 2)"),
    ("kt", 1, "kt: dictionary (type 99h, count 2)"),
    ("f", 1, "f[size;depth]"),
    ("f[1;", 4, "f[size;depth]"),  # the function whose bracket is open
    ("f[(1;2);", 8, "f[size;depth]"),
    (".lib.size", 4, ".lib.size: long atom (type -7h)"),
])
def test_tooltips(q: Session, code: str, cursor: int, words: str) -> None:
    found = describe(q, code, cursor)
    assert found is not None and found.startswith(words)


def test_names_and_brackets() -> None:
    assert name_at("a+bc", 3) == "bc"
    assert name_at("1+2", 1) == ""
    assert function_around("f[g[1];", 7) == "f"
    assert function_around("f[1]", 4) == ""


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
