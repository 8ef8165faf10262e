"""A lambda that is called often becomes a generated function, and nobody may notice."""

import pytest

from kkernel.q import Interpreter
from kkernel.q.compile import lambdas

# a lambda and the arguments it is called with
PROGRAMS = [
    ("{$[x<2;x;.z.s[x-1]+.z.s x-2]}", "12"),
    ("{x+1}", "0N", "0W", "2000000000000", "-0W", "1.5", "`a", "1 2 0N", "\"a\"", "::"),
    ("{x*x}", "0N", "3037000500", "4294967296", "0W", "2i", "1b"),
    ("{[x;y]x-y}", "1;0N", "0N;0W", "1;`a", "1 2;1 2 3", "(1 2;`a);1"),
    ("{[x;y](x&y;x|y;x=y;x<>y;x<=y)}", "1;2", "0N;1", "1b;0", "1.5;1", "`a;`b", "2;1 2 3"),
    ("{i:0;s:0;while[i<x;s+:i*i;i+:1];s}", "0", "7", "0N", "`a", "1 2"),
    ("{do[x;x-:1];x}", "4", "0", "`a", "2.5", "1b", "1 2"),
    ("{if[x>3;:`big];if[x=3;x:10;:x];x}", "1", "3", "9", "1 2", "`a"),
    ("{$[x;`yes;`no]}", "1", "0", "0N", "1.5", "1 2", "`a", "1b", "()"),
    ("{$[x=1;`a;x=2;`b;x=3;`c;'`none]}", "1", "2", "3", "4"),
    ("{$[x>0;[y:x*2;y+1];neg x]}", "3", "-3"),
    ("{[a;b;c]d:a+b;d,:c;d,enlist a}", "1;2;3", "1 2;3;4", "1;2;`a", "`a;1;1"),
    ("{x:x,1;x,:2;x[0]:9;x}", "5", "1 2", "()", "1.5"),
    ("{y:10*x;f:{x+1};f[y]+f y}", "1", "1 2", "`a"),
    ("{(x;y:x+1;(::);y)}", "1", "`a"),
    ("{sum each x}", "(1 2;3 4)", "1 2 3", "`a"),
    ("{count x where x>2}", "1 2 3 4", "1.5 2.5", "`a"),
    ("{[f;x]f[x;1]+f . (x;2)}", "{x*y};3", "+;1 2", "til;1"),
    ("{g[x]+1}", "1"),
    ("{nothere x}", "1"), ("{nothere+x}", "1"), ("{.no.where x}", "1"), ("{x . 1 2}", "+", "neg"),
    ("{[a;b]a[;b]}", "+;1", "{x-y};2"),
    ("{+/[x]}", "1 2 3", "`a`b"), ("{x+/1 2 3}", "10", "`a"), ("{x{x+y}/1 2 3}", "10", "`a"),
    ("{[x] : x+1; x*100}", "1", "`a"),
    ("{(:x)+1}", "1"), ("{1+$[x;:5;2]}", "1", "0"), ("{$[x;[:1;2];3]}", "0", "1"),
    ("{1 \"\"; x}", "2"), ("{}", "1"), ("{x;}", "1"), ("{[x]}", "1"), ("{;x}", "7"),
    ("{select from ([]a:til x) where a>1}", "4"), ("{(`a`b!1 2)x}", "`a", "`c"),
    ("{[x]a:x;a+:1;b:a;{x+1}each til b}", "3", "`a"),
    ("{@[{'x};x;{\"caught \",x}]}", "`oops", "\"text\"", "1"),
    ("{x[1]:5;x}", "1 2 3", "1"), ("{a:1 2 3;a[x]+:1;a}", "0", "7"), ("{glob::x;glob}", "3"),
    ("{x::4;x}", "3"), ("{[x]x+:y;x}", "1"), ("{-1 x;x+1}", "\"out\"", "1"),
    ("{$[x<1;0;x<2;1;x<3;2;x<4;3;x<5;4;x<6;5;x<7;6;x<8;7;x<9;8;x<10;9;x<11;10;x<12;11;x<13;12;"
     "x<14;13;x<15;14;x<16;15;x<17;16;17]}", "16", "30"),
]


def transcript(monkeypatch, hot, program, arguments):
    monkeypatch.setattr(lambdas, "HOT", hot)
    q = Interpreter(write=lambda text: None)
    q.console(f"f:{program}")
    call = f"f[{arguments}]"
    printed = [q.console(call) for _ in range(3)]
    trapped = q.console(f".Q.trp[{{value\"{call}\"}};0;{{x,.Q.sbt y}}]")
    return [*printed, trapped, q.console("f each (1;2;`a;0N)")]


@pytest.mark.parametrize("program, arguments", [
    (text, a) for text, *given in PROGRAMS for a in given])
def test_hot_as_cold(monkeypatch, program, arguments):
    if '"' in arguments:
        arguments = arguments.replace('"', "")
        arguments = f"string`{arguments}"
    cold = transcript(monkeypatch, 10**9, program, arguments)
    assert transcript(monkeypatch, 1, program, arguments) == cold


def test_it_becomes_a_function_of_its_own():
    q = Interpreter()
    f = q("{x+1}")
    before = f.call
    assert [f.call(i) for i in range(lambdas.HOT)] == list(range(1, lambdas.HOT + 1))
    assert f.call is not before and f.call(1) == 2


@pytest.mark.parametrize("text", [
    "f:{1+f x+1};f 0", "g:{[a;b;c]1+g[a;b;c+1]};g[1;2;3]", "h:{[a;b]b+h . (a+1;b)};h[1;2]",
    "k:{1+k each x+1};k 0", "{[a;b;c;d;e;f;g;h]1+.z.s[a+1;b;c;d;e;f;g;h]}[0;1;2;3;4;5;6;7]"])
def test_endless_recursion_ends_in_stack(text):
    assert Interpreter().console(text).startswith("'stack\n")


def test_a_loop_assigns_items_in_place(monkeypatch):
    from kkernel.q.lists import assign
    copies = []
    real = assign.amend
    monkeypatch.setattr(assign, "amend", lambda *a, **k: copies.append(1) or real(*a, **k))
    q = Interpreter()
    made = q("{v:til x;i:0;while[i<count v;a:v i;v[i]:2*a;i+:1;b:v];v} 50")
    assert made.tolist() == list(range(0, 100, 2)) and len(copies) == 49  # b holds it too
    copies.clear()
    made = q("{v:til x;i:0;while[i<count v;a:v i;v[i]:2*a;i+:1];v} 50")
    assert made.tolist() == list(range(0, 100, 2)) and len(copies) == 0
