"""Phrases that are computed at once give what their steps give."""

import pytest

from kkernel.q import Interpreter

KEYS = ["g", "w", "s", "f", "b", "c", "d", "n", "k", "e"]
COLUMNS = ["h", "w", "n", "b", "d", "c", "m", "s"]
AGGREGATES = ["sum", "avg", "max", "min", "count", "first", "last", "dev", "var", "med", "prd",
              "all", "any", "svar", "sdev"]


@pytest.fixture(scope="module")
def q():
    q = Interpreter()
    q("""g:1000?10
w:1000?100
s:1000?`a`b`c
f:1000?3f
h:-1+f*f
b:1000?0b
c:1000?"abc"
d:2000.01.01+1000?9
n:@[w;til 50;:;0N]
k:1000?`3
e:([]g;s)
m:h;m[til 30]:0n""")
    return q


@pytest.mark.parametrize("key", KEYS)
def test_positions(q, key):
    for f in ("count", "first", "last"):
        assert q(f"({f} each group {key})~{{x each y}}[{f};group {key}]"), f


@pytest.mark.parametrize("key", KEYS)
def test_aggregates(q, key):
    for column in COLUMNS:
        for f in AGGREGATES:
            assert q(f"(@[{{{f} each {column} group {key}}};0;`$])~"
                     f"@[{{r:group {key};{f} each {column} r}};0;`$]"), (f, column)


def test_other_operands_go_step_by_step(q):
    assert q("(sum each h group 1000#g)~sum each h@group g")
    assert q("(sum each h group 500#g)~sum each h@group 500#g")
    assert q("({sum each x group y}[h;g])~sum each h@group g")
    assert q("(count each group g!w)~{count x}each group g!w")
    for text, column in (("count each group 5", 18), ("sum each zz group g", 16)):
        message = "type" if column == 18 else "zz"
        assert q.console(text) == f"'{message}\n  [0]  {text}\n{' ' * column}^\n"


@pytest.mark.parametrize("values", [
    "til 300", "300#0N 0W -0W 3", "300?1f", "300#1 2i", "2000.01.01+til 300", "300#0b", "300#1 0n",
    "300#`a`b", "300#\"ab\"", "`short$til 300", "5", "()", "(1 2;`a)", "0#0", "300#enlist 1 2"])
def test_symbols_of_numbers(q, values):
    q(f"v:{values}")
    assert q("(`$string v)~{`$x}string v")
    assert q("{`$string x}[v]~{`$x}string v")


@pytest.mark.parametrize("whole, one_by_one", [
    ('"s",/:v', '{"s",x}each v'), ('v,\\:"!"', '{x,"!"}each v'), ("v,'w", "{x,y}'[v;w]"),
    ('v,\'"abcd"', '{x,y}\'[v;"abcd"]'), ('"",/:v', '{"",x}each v'), ("v,/:v", "{v,x}each v"),
    ('(v;1),\\:"a"', '{x,"a"}each (v;1)'), ("(),/:v", "{(),x}each v"),
    ('(`a;"b"),\'("c";"d")', '{x,y}\'[(`a;"b");("c";"d")]')])
def test_strings_joined(q, whole, one_by_one):
    q('v:("ab";"c";"";"d e");w:("x";enlist "y";"zz";"")')
    assert q(f"({whole})~{one_by_one}")


def test_strings_read_again(q):
    q("many:5000?40;few:1000?40")
    assert q("many~\"J\"$string many") and q("few~\"J\"$string few")
    assert q("(string many)~string each many")
    assert q("(`$(string many),enlist \"new line\\n\")~(`$string many),`$\"new line\\n\"")
