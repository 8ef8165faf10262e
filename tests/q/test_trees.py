"""Parse trees: what `parse` shows, and that evaluating a tree is evaluating its text."""

from __future__ import annotations

import pytest

from kkernel.q import Interpreter
from kkernel.q.errors import QError

Q = Interpreter()


@pytest.mark.parametrize(("source", "shown"), [
    ("1 2 3 + 5", "+\n1 2 3\n5"),
    ("2+4*7", "+\n2\n(*;4;7)"),
    ("f x", "`f`x"),
    ("`a`b`c,`d,v", ",\n,`a`b`c\n(,;,`d;`v)"),
    ("type 6", "@:\n6"),
    ("neg 1", "-:\n1"),
    ("6(+)4", "6\n(+:;4)"),
    ("1 2 3 +/: 5 7", "(/:;+)\n1 2 3\n5 7"),
    ("+/[1 2 3 4]", "(/;+)\n1 2 3 4"),
    ("(aggr;data) fby grp", "fby\n(enlist;`aggr;`data)\n`grp"),
    ("a:5", ":\n`a\n5"),
    ("a+:1", "+:\n`a\n1"),
    ("a[1;2]:3", ":\n(`a;1;2)\n3"),
    ("a::5", "::\n`a\n5"),
    ("a;b", '";"\n`a\n`b'),
    ("$[a;b;c]", "$\n`a\n`b\n`c"),
    ("if[a;b:1]", "`if\n`a\n(:;`b;1)"),
    ("{x*x}", "{x*x}"),
    ("t.c", "`t.c"),
    ("([]a:1 2)", "+:\n(!;,,`a;(enlist;1 2))"),
    ("select part:p,qty by sup:s from sp where qty>200,p=`p1",
     "?\n`sp\n,((>;`qty;200);(=;`p;,`p1))\n(,`sup)!,`s\n`part`qty!`p`qty"),
    ("select c2:2*c2 from t where c1=`c", "?\n`t\n,,(=;`c1;,`c)\n0b\n(,`c2)!,(*;2;`c2)"),
    ("select[10;<price] from trade", "?\n`trade\n()\n0b\n()\n10\n,(<:;`price)"),
    ("select distinct from t", "?\n`t\n()\n1b\n()"),
    ("exec a from t", "?\n`t\n()\n()\n,`a"),
    ("exec max a by b from t", "?\n`t\n()\n,`b\n,(max;`a)"),
    ("delete a from t", "!\n`t\n()\n0b\n,,`a"),
    ("delete from t where a=1", "!\n`t\n,,(=;`a;1)\n0b\n`symbol$()"),
    ("update a:1 by b from t", "!\n`t\n()\n(,`b)!,`b\n(,`a)!,1"),
])
def test_parse(source: str, shown: str) -> None:
    quoted = source.replace('"', '\\"')
    text = Q.console(f'parse"{quoted}"')
    assert "\n".join(line.rstrip() for line in text.splitlines()) == shown


@pytest.mark.parametrize("source", [
    "1 2 3+/:5 7", "(+/)til 10", "{x+y}[2;3]", "`a`b`c,`d,v", "(1;`a;\"bc\")", "f 3",
    "f each til 4", "v[1]", "{x,y}/[v;`x`y]", "-2#v", "([]a:1 2;b:v)", "([k:v]b:1 2)",
    "select count i by a from ([]a:v,v)", "$[1b;`yes;`no]", "til count@v", "(2+)3", "+[;2]4",
    "first where v=`f", "exec b from select from ([]a:v;b:1 2) where a in exec a from ([]a:v)",
    "@[1 2 3;1;+;10]", "string`abc", "count each(1 2;3)",
])
def test_eval_of_parse_is_the_value(source: str) -> None:
    Q("v:`e`f;f:{x*2}")
    quoted = source.replace('"', '\\"')
    assert Q(f'({source})~eval parse"{quoted}"')


def test_eval_assigns_globals() -> None:
    assert Q('eval parse"zz:5;zz+:2;zz*10"') == 70
    assert Q("zz") == 7
    Q("w:1 2 3")
    Q('eval parse"w[1]:20"')
    assert Q("w").tolist() == [1, 20, 3]
    assert Q('eval parse"n:0;do[3;n+:2];if[n>5;n:n*10];n"') == 60


def test_trees_built_by_hand() -> None:
    Q("x:4")
    assert Q("eval`x") == 4
    assert Q("(eval enlist`x)~`x")
    assert Q("eval(+;7;(+;2;1))") == 10
    assert Q("eval((/;+);(til;(+;2;2)))") == 6
    assert Q("(value(,;`a;`b))~`a`b")
    with pytest.raises(QError, match="type"):
        Q("value(+;7;(+;2;1))")
    with pytest.raises(QError, match="unknown_b"):
        Q("eval(,;`unknown_b;1)")


def test_reval_blocks_assignment() -> None:
    assert Q('reval parse"1+1"') == 2
    with pytest.raises(QError, match="noupdate"):
        Q('reval parse"zz:4"')
    Q("zz:4")


@pytest.mark.parametrize("source", ["parse 5", "parse\"1+\\\"\"", "parse\"(1;\""])
def test_parse_errors_are_q_errors(source: str) -> None:
    with pytest.raises(QError):
        Q(source)
