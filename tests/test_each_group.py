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
