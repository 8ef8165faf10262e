"""Variables written in place: nothing else may change, and all is as it is with copies."""

from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kkernel.q import Interpreter
from kkernel.q.errors import QError
from kkernel.q.lists import assign, growth

START = [
    "a:til 6", "a:1.5*til 4", "a:(1 2;`x;\"abc\";3 4f)", "a:string til 4", "a:(1 2 3;4 5;6 7)",
    "a:3 3#til 9", "a:`x`y`z!1 2 3", "a:`x`y!(1 2;3 4 5)", "a:(til 4)!`a`b`c`d", "a:()!()",
    "a:(1 2;3 4)!5 6", "a:([]k:`x`y;v:1 2)", "a:([k:`x`y]v:1 2)", "a:()", "a:`x`y!(`p`q!1 2;()!())",
    "a:2000.01.01 2000.01.02", "a:`g#1 2 1", "a:((1 2;3 4 5);(6;`b))", "a:`a`b`c", "a:(0 1!2 3;1)",
]
INDEX = st.sampled_from(
    ["0", "1", "2", "7", "`x", "`y", "`z", "0;1", "1;0", "1;1;1", "`x;0", "`x;`p", "0 1", "", ";0",
     "1;`v", "`v;0", "`k", "`x`y", "2.5", "1 2", "0;`x"])
RIGHT = st.sampled_from(
    ["5", "7.5", "`n", "1 2 3", "3 4", "\"xy\"", "()", "0N", "(1;`a)", "`a`b!1 2", "b", "1b",
     "enlist 9 9", "enlist`q", "2000.01.03", "a", "`long$()"])


def statements() -> st.SearchStrategy[str]:
    op = st.sampled_from(["", "", ",", ",", "+", "-", "*", "&"])
    at = st.one_of(INDEX.map("a[{}]".format), st.just("a"))
    return st.one_of(
        st.tuples(at, op, RIGHT).map("{0[0]}{0[1]}:{0[2]}".format),
        st.tuples(INDEX.filter(bool), st.sampled_from(":+,"), RIGHT).map(
            "@[`a;{0[0]};{0[1]};{0[2]}]".format),
        st.sampled_from(["b:a", "c:(a;b)", "b:1_a", "a:1_a", "d:a 0", "f:{a}", "a,:a", "c:0#c",
                         "b[0]:5", "b,:3", "a[0]:a", "a:-1_a", "b:a 1", "b:(a;1)1"]))


def run(q: Interpreter, text: str) -> str:
    try:
        q(text)
    except QError as e:
        return e.message
    return ""


@settings(max_examples=400, deadline=None)
@given(start=st.sampled_from(START), program=st.lists(statements(), max_size=12),
       local=st.booleans())
def test_as_with_copies(start: str, program: list[str], local: bool) -> None:
    written, copied = Interpreter(), Interpreter()
    state = "(a;b;c)"
    if local:  # a lambda that keeps what it reaches in a global, up to the first error
        body = ";".join(f"{s};r,:enlist -8!{state}" for s in program if "`a;" not in s)
        program = [f"{{{start};b:c:();{body};r}}[]"]
    for q in (written, copied):
        q(f"r:(); b:(); c:(); {start}")
    for text in program:
        found = run(written, text)
        with mock.patch.object(assign, "_HELD_ONCE", -1), \
                mock.patch.object(growth, "_start", lambda x, whole, used: -1):
            assert run(copied, text) == found, text
        assert written(f"-8!(r;{state})").tobytes() == copied(f"-8!(r;{state})").tobytes(), text


@pytest.mark.parametrize(("program", "kept"), [
    ("v:(1;`a;\"x\"); w:v; v[0]:2; w", "(1;`a;\"x\")"),
    ("v:((1 2;3);`a); w:v 0; v[0;0;0]:9; w", "(1 2;3)"),
    ("d:`a`b!(1 2;3 4 5); e:d; d[`a;0]:9; d[`c]:1; e", "`a`b!(1 2;3 4 5)"),
    ("d:`a`b!1 2; w:value d; d[`a]+:5; w", "1 2"),
    ("t:([]a:1 2;b:3 4); c:t`a; t[0;`a]:9; c", "1 2"),
    ("v:enlist 1 2; v,:enlist 3 4 5; w:v; v,:enlist 6 7; w", "(1 2;3 4 5)"),
    ("q:til 3; q,:3; p:q; q:1_q; q,:4; p", "0 1 2 3"),
    ("V:1 2 3; f:{V[0]::9}; @[reval;(`f;0);::]; V", "1 2 3"),
    ("V:1 2 3; @[reval;({@[`V;0;:;9]};0);::]; V", "1 2 3"),
    ("V:1 2 3; @[`V;0;{W::V;x+1}]; W", "1 2 3"),
    ("v:(\"ab\";\"cd\"); g:{x[0]:\"z\";x}; g v; v", "(\"ab\";\"cd\")"),
    ("m:(1 2;3 4); n:m; m,:enlist 5 6; m,:enlist 7 8; n", "(1 2;3 4)")])
def test_who_else_holds_it_keeps_it(program: str, kept: str) -> None:
    q = Interpreter()
    q(f"found:{{{'; '.join(program.split('; '))}}}[]" if "`V" not in program and "V:" not in program
      else "; ".join([*program.split("; ")[:-1], f"found:{program.split('; ')[-1]}"]))
    assert q(f"found~{kept}"), program


@pytest.mark.parametrize("program", [
    "v:(1;`a;\"x\"); do[50;v[0]:enlist 2]", "v:string til 9; do[50;v[3]:\"ab\"]",
    "d:(til 9)!til 9; do[50;d[3]+:1]", "d:(til 9)!9#enlist 1 2; do[50;d[3]:1 2 3]",
    "d:(0#0)!(); do[50;d[1+last key d],:1]", "t:([]a:til 9); do[50;t[3;`a]:1]",
    "v:((1;`a);(2 3;`b)); do[50;v[0;1]:`z]"])
def test_a_loop_copies_but_at_its_start(program: str) -> None:
    q = Interpreter()
    with mock.patch.object(assign, "amend", side_effect=assign.amend) as amended:
        q(f"{{{program}}}[]")
    assert amended.call_count <= 2
