"""Value -> console text: one row per rule of the two text forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kkernel.q import Interpreter, context
from kkernel.q.context import Settings
from kkernel.q.functions import (
    MISSING,
    NULL,
    Composition,
    Derived,
    Foreign,
    Iterator,
    Lambda,
    Primitive,
    Projection,
)
from kkernel.q.symbols import sym, symbols
from kkernel.q.syntax.literals import number_vector as n
from kkernel.q.text import show
from kkernel.q.values import (
    Attributed,
    Dict,
    Enum,
    EnumAtom,
    List,
    Table,
    char,
    empty,
    string,
)


def s(names: str) -> Any:
    """A symbol vector of blank-separated names; `_` is the null symbol."""
    return symbols("" if w == "_" else w for w in names.split())


def lst(*values: Any) -> List:
    return List(values)


def table(**columns: Any) -> Table:
    return Table(list(columns), list(columns.values()))


def keyed(keys: Table, **columns: Any) -> Dict:
    return Dict(keys, table(**columns))


def attributed(attr: str, x: Any) -> Attributed:
    found = x.view(Attributed)
    found.attr = attr
    return found


def longs(*shape: int) -> Any:
    return np.arange(int(np.prod(shape))).reshape(shape)


ADD, MUL = Primitive("+", infix=True), Primitive("*", infix=True)
NEG, TIL = Primitive("neg", glyph="-:"), Primitive("til")
MIN = Primitive("&", infix=True)
for p in (ADD, MUL, MIN):
    p.add(2, max)
for p in (NEG, TIL):
    p.add(1, abs)
SQUARE = Lambda("{x*x}", ["x"], "")

# ---------------------------------------------------------------- atoms and vectors: both forms

# literals that print exactly as they are typed
SAME = """
1b|0b|0x00|0x2a|0x0102|,0x01|0101b|,1b
42h|-42h|0Nh|32767h|-32767h|1 2 3h|0N 1h|,1h
42i|0Ni|0Wi|-0Wi|1 2 3i|0N 0Wi|,1i
42|-1|0N|0W|-0W|1 2 3|0N 1|1 0W -0W|,1
3.14e|0Ne|0we|-0we|1 2.5e|1 2e|0N 1e|1 0we|,1e
0.25|2f|-2f|0n|0w|-0w|1e+08|1.5e-07|1 2f|1 2.5|0n 3|1 1.5 2 -0w 0n|0 0n|,1f|,0n|1 1e+08|0w 1
2000.02.12|0Nd|0Wd|-0Wd|1999.12.31 2000.01.01|2000.01.01 0N|0N 0Nd|,2000.01.01|0001.01.01
9999.12.31|2003.07m|0Nm|0Wm|2000.01 2000.02m|0N 2000.02m|,2000.01m
00:42|0Nu|0Wu|00:42 00:43|-00:01|100:00|0N 00:01|,00:01
00:00:42|0Nv|00:00:42 00:00:43|-00:00:01|,00:00:01|25:00:00
00:00:00.042|0Nt|0Wt|00:00:00.042 10:00:00.000|-00:00:00.001|,00:00:00.001
0D00:00:00.000000042|0Nn|0Wn|-0Wn|-1D00:00:00.000000001|9999D23:59:59.999999999
0D00:00:01.000000000 1D00:00:00.000000000|0N 0D00:00:01.000000000|,0D00:00:00.000000000
2000.01.01D00:00:00.000000042|0Np|0Wp|-0Wp|0N 2000.01.01D00:00:00.000000000|0N 0Np
1970.01.01D00:00:00.000000000 1970.01.01D00:00:00.000000001|,2000.01.01D00:00:00.000000000
2000.02.12T00:00:00.000|0Nz|1999.12.31T23:59:59.999|0N 2000.02.12T00:00:00.000
""".replace("\n", "|").strip("|").split("|")


@pytest.mark.parametrize("text", SAME)
def test_a_literal_prints_as_typed(text: str) -> None:
    value = n(text.removeprefix(","))
    if text.startswith(","):
        value = np.array([value])
    assert show.line(value) == text
    assert show.console(value, Settings()) == text + "\n"


OTHER = [  # value, one-line form
    (n("0x"), "`byte$()"), (np.int64(5), "5"), (np.float64(5), "5f"), (np.bool_(True), "1b"),
    (1 / 3, "0.3333333"), (123456789.0, "1.234568e+08"), (1234567.0, "1234567f"),
    (12345678.0, "1.234568e+07"), (1e-8, "1e-08"), (0.0001, "0.0001"), (0.00001, "1e-05"),
    (-0.0, "-0f"), (1e300, "1e+300"), (np.float32(1 / 3), "0.3333333e"), (n("0Wh"), "32767h"),
    (np.float32(1e10), "1e+10e"),
    (n("0Ng"), "00000000-0000-0000-0000-000000000000"),
    (np.void(bytes(range(16))), "00010203-0405-0607-0809-0a0b0c0d0e0f"),
    (np.array([np.void(bytes(16))]), ",00000000-0000-0000-0000-000000000000"),
    (np.array(["9999-12-31"], "M8[D]") + 1, ",0000.00.00"),
    (np.datetime64("0001-01-01", "D") - 1, "0000.00.00"),
    (np.datetime64("0001-01-01", "ms") - np.timedelta64(1, "ms"), "0000.00.00T00:00:00.000"),
    (np.timedelta64(2**31 - 2, "ms"), "596:31:23.646"),
    (np.timedelta64(-(2**63 - 2), "ns"), "-106751D23:47:16.854775806"),
    (char("d"), '"d"'), (char('"'), '"\\""'), (char("\\"), '"\\\\"'), (char("\n"), '"\\n"'),
    (char(0), '"\\000"'), (char(127), '"\\177"'), (char(31), '"\\037"'), (char(126), '"~"'),
    (string(""), '""'), (string("a"), ',"a"'), (string("abc"), '"abc"'),
    (string('a"b\\\r\n\t\0é'), '"a\\"b\\\\\\r\\n\\t\\000\\303\\251"'),
    (sym("abc"), "`abc"), (sym(""), "`"), (sym("a b"), "`a b"), (sym("é"), "`é"),
    (s("a b"), "`a`b"), (s("_ a _"), "``a`"), (s("a"), ",`a"), (s("_"), ",`"),
    (attributed("s", n("1 1 2")), "`s#1 1 2"), (attributed("p", s("a b")), "`p#`a`b"),
    (attributed("s", string("ant")), '`s#"ant"'), (attributed("u", n("1 2")[:1]), "`u#,1"),
    (attributed("g", np.empty(0)), "`g#`float$()"),
    (lst(), "()"), (NULL, "::"), (lst(1, 2.0, sym("a")), "(1;2f;`a)"), (lst(NULL), ",::"),
    (lst(lst(lst(1.0))), ",,,1f"), (lst(n("1 2"), NULL, string("x")), '(1 2;::;,"x")'),
    (lst(np.array([1])), ",,1"), (lst(char("a"), 1), '("a";1)'), (lst(lst(), lst()), "(();())"),
    (longs(2, 3), "(0 1 2;3 4 5)"), (longs(1, 3), ",0 1 2"), (longs(2, 1), "(,0;,1)"),
    (longs(2, 2, 2), "((0 1;2 3);(4 5;6 7))"), (np.zeros((2, 0)), "(`float$();`float$())"),
    (longs(2, 2) * 1.0, "(0 1f;2 3f)"), (longs(2, 2) > 1, "(00b;11b)"),
    (np.ones((2, 2), "u1"), "(0x0101;0x0101)"),
    (Dict(s("a b"), n("1 2")), "`a`b!1 2"), (Dict(s("a"), n("1 2")[:1]), "(,`a)!,1"),
    (Dict(lst(), lst()), "()!()"), (Dict(empty(11), lst()), "(`symbol$())!()"),
    (Dict(string(""), lst()), '""!()'), (Dict(string("ab"), n("1 2")), '"ab"!1 2'),
    (Dict(lst(1, sym("a")), lst(sym("b"), 2)), "(1;`a)!(`b;2)"),
    (Dict(lst(string("ab")), n("1 2")[:1]), '(,"ab")!,1'),
    (Dict(longs(2, 2), n("5 6")), "(0 1;2 3)!5 6"), (Dict(longs(1, 2), longs(1, 1)), "(,0 1)!,,0"),
    (Dict(attributed("u", s("a b")), n("1 2")), "(`u#`a`b)!1 2"),
    (Dict(s("a b"), n("1 2"), "s"), "`s#`a`b!1 2"),
    (Dict(s("a b"), Dict(s("c d"), n("1 2"))), "`a`b!`c`d!1 2"),
    (lst(Dict(s("a b"), n("1 2")), 3), "(`a`b!1 2;3)"),
    (lst(Dict(s("a b"), n("1 2"))), ",`a`b!1 2"),
    (table(a=n("1 2 3"), b=n("11 22 33")), "+`a`b!(1 2 3;11 22 33)"),
    (table(qty=n("1 2")), "+(,`qty)!,1 2"), (table(a=empty(7), b=lst()), "+`a`b!(`long$();())"),
    (keyed(table(k=s("a b")), v=n("1 2")), "(+(,`k)!,`a`b)!+(,`v)!,1 2"),
    (lst(table(a=n("1 2")), 1), "(+(,`a)!,1 2;1)"),
]


@pytest.mark.parametrize(("value", "text"), OTHER, ids=[t for _, t in OTHER])
def test_one_line_form(value: Any, text: str) -> None:
    assert show.line(value) == text


@pytest.mark.parametrize("code", [1, 2, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19])
def test_an_empty_vector_names_its_type(code: int) -> None:
    from kkernel.q.types import BY_CODE

    assert show.line(empty(code)) == f"`{BY_CODE[code].name}$()"


FUNCTIONS = [
    (SQUARE, "{x*x}"), (ADD, "+"), (NEG, "-:"), (TIL, "til"), (Iterator("/:"), "/:"),
    (Derived("/", ADD), "+/"), (Derived("':", Primitive("-")), "-':"),
    (Derived("\\:", Derived("/:", Primitive(","))), ",/:\\:"), (Derived("'", SQUARE), "{x*x}'"),
    (Derived("'", n("1 0")), "1 0'"),
    (Projection(ADD, [MISSING, 2]), "+[;2]"), (Projection(ADD, [2]), "+[2]"),
    (Projection(SQUARE, [MISSING, n("1 2")]), "{x*x}[;1 2]"),
    (Projection(ADD, [string("ssd")]), '+["ssd"]'),
    (Projection(Derived("/", ADD), [1]), "+/[1]"),
    (Composition(Projection(ADD, [1]), TIL), "+[1]til"), (Foreign("tensor", 1, abs), "code"),
    (lst(NEG, SQUARE, ADD), "(-:;{x*x};+)"), (lst(ADD, lst(sym("a")), 1), "(+;,`a;1)"),
]


@pytest.mark.parametrize(("value", "text"), FUNCTIONS, ids=[t for _, t in FUNCTIONS])
def test_functions(value: Any, text: str) -> None:
    assert show.line(value) == text
    if not isinstance(value, List):
        assert show.console(value, Settings()) == text + "\n"


def test_a_function_is_not_cut() -> None:
    text = "{" + "x+" * 100 + "x}"
    assert show.console(Lambda(text, ["x"], ""), Settings()) == text + "\n"


# ---------------------------------------------------------------- precision

@pytest.mark.parametrize(("precision", "text"), [
    (7, "3.141593"), (3, "3.14"), (1, "3f"), (10, "3.141592654"), (16, "3.141592653589793"),
    (17, "3.1415926535897931"), (0, "3.1415926535897931"),
])
def test_precision(precision: int, text: str) -> None:
    assert show.line(np.pi, precision) == text
    assert show.console(np.pi, Settings(precision=precision)) == text + "\n"
    assert show.console(np.array([[np.pi]]), Settings(precision=precision)) == \
        text.removesuffix("f") + "\n"


# ---------------------------------------------------------------- console form, lines trimmed

CONSOLE = [
    # nothing at all
    (NULL, ""), (Dict(lst(), lst()), ""), (lst(), "()"),
    # a line per item
    (lst(1, 2.0, sym("a"), string("xy")), '1\n2f\n`a\n"xy"'),
    (lst(n("1 2 3"), n("4 5")), "1 2 3\n4 5"), (lst(n("1 2"), 3), "1 2\n3"),
    (lst(NULL, 1), "::\n1"), (lst(lst(n("1 2"), 3)), "1 2 3"), (lst(ADD, NEG), "+\n-:"),
    (lst(Dict(s("a b"), n("1 2")), n("1 2")), "`a`b!1 2\n1 2"),
    # matrices
    (longs(2, 3), "0 1 2\n3 4 5"), (longs(1, 3), "0 1 2"), (longs(2, 1), "0\n1"),
    (longs(2, 3) * 5, "0  5  10\n15 20 25"), (longs(2, 2) * 1.5, "0 1.5\n3 4.5"),
    (longs(2, 2) * 1.0, "0 1\n2 3"), (np.array([[0.5, np.nan], [1, np.inf]]), "0.5\n1   0w"),
    (np.array([[-1, 10], [100, -2**63]]), "-1  10\n100"),
    (np.array([[1e-5, 1], [2, 1e10]]), "1e-05 1\n2     1e+10"),
    (longs(2, 3).astype("i4"), "0 1 2\n3 4 5"), (longs(2, 2).astype("f4") / 2, "0 0.5\n1 1.5"),
    (longs(2, 2, 2), "0 1 2 3\n4 5 6 7"), (longs(1, 2, 2), "0 1 2 3"),
    (longs(2, 2, 2) * 7, "0  7  14 21\n28 35 42 49"),
    (longs(2, 1, 2, 2), "0 1 2 3\n4 5 6 7"), (longs(2, 2, 1), "0 1\n2 3"),
    (longs(2, 2, 3)[::-1], "6 7  8  9 10 11\n0 1 2   3 4 5"),
    (longs(2, 2, 2) * 5 + .5, "0.5  5.5  10.5 15.5\n20.5 25.5 30.5 35.5"),
    (lst(lst(s("a bc"), s("def g")), lst(1, n("2 3"))), "a   bc def g\n1      2 3"),
    (longs(2, 2, 2) > 3, "00b 00b\n11b 11b"),
    (np.zeros((2, 0)), ""), (lst(empty(7), empty(7)), ""),
    (lst(s("a bcd"), s("_ e")), "a bcd\n  e"), (lst(s("a b"), n("1 2")), "a b\n1 2"),
    (lst(string("abc"), n("1 2 30")), "a b c\n1 2 30"), (lst(n("2000.01m"),), "2000.01m"),
    (lst(n("2000.01 2000.02m"), n("1 2")), "2000.01 2000.02\n1       2"),
    (lst(n("0x0102"), n("1 2")), "01 02\n1  2"), (lst(n("01b"), n("1 2")), "0 1\n1 2"),
    (lst(n("1 2e"), n("1 0Ne")), "1 2\n1"),
    (lst(lst(string("Now"), string("is")), lst(string("a"), string("good"))),
     '"Now" "is"\n,"a"  "good"'),
    (lst(lst(1, sym("a")), lst(string("abc"), 2.0)), '1     `a\n"abc" 2f'),
    (lst(n("011b"), lst(True, n("10b"), False)), "0  1   1\n1b 10b 0b"),
    (lst(n("12:00 13:00"), n("0N 1")), "12:00 13:00\n      1"),
    (lst(np.array([5]), np.array([6])), "5\n6"), (lst(s("a"), s("b")), "a\nb"),
    # all boolean, all byte, all char: literals
    (lst(n("010b"), n("111b")), "010b\n111b"), (longs(2, 2) > 1, "00b\n11b"),
    (lst(n("0x0001"), n("0x0203")), "0x0001\n0x0203"), (lst(string("abc"), string("def")),
                                                       '"abc"\n"def"'),
    (lst(string("a"), string("b")), ',"a"\n,"b"'), (lst(string(""), string("")), '""\n""'),
    (lst(string("abc")), '"abc"'), (lst(string("abc"), string("d")), '"abc"\n,"d"'),
    (np.array([[1, 2]], "u1"), "0x0102"),
    # dictionaries
    (Dict(s("a bcd"), n("1 2")), "a  | 1\nbcd| 2"), (Dict(n("1 10"), s("a b")), "1 | a\n10| b"),
    (Dict(s("_ a"), n("1 2")), " | 1\na| 2"), (Dict(s("a b"), n("0N 2")), "a|\nb| 2"),
    (Dict(s("a b"), n("1 2f")), "a| 1\nb| 2"), (Dict(s("a b"), n("10b")), "a| 1\nb| 0"),
    (Dict(s("a b"), s("x _")), "a| x\nb|"), (Dict(s("a b"), string("xy")), "a| x\nb| y"),
    (Dict(string("ab"), n("1 2")), "a| 1\nb| 2"), (Dict(s("a b"), longs(2, 2) * 5),
                                                 "a| 0  5\nb| 10 15"),
    (Dict(s("a b"), lst(n("1 2"), s("x yz"))), "a| 1 2\nb| x yz"),
    (Dict(s("a b"), lst(n("1 2"), n("3 4 5"))), "a| 1 2\nb| 3 4 5"),
    (Dict(s("a b"), lst(1, 2.0)), "a| 1\nb| 2f"), (Dict(s("a b"), lst(string("ab"), string("cd"))),
                                                  'a| "ab"\nb| "cd"'),
    (Dict(s("a b"), lst(n("01b"), n("10b"))), "a| 01b\nb| 10b"),
    (Dict(lst(1, sym("ab")), n("1 2")), "1  | 1\n`ab| 2"),
    (Dict(lst(string("a"), string("bc")), n("1 2")), ',"a"| 1\n"bc"| 2'),
    (Dict(longs(2, 2) * 5, n("1 2")), "0  5 | 1\n10 15| 2"),
    (Dict(s("a"), lst(Dict(s("b c"), n("1 2")))), "a| `b`c!1 2"),
    (Dict(s("_ f"), lst(NULL, SQUARE)), " | ::\nf| {x*x}"),
    (Dict(s("a"), lst(table(x=n("1 2")))), "a| +(,`x)!,1 2"),
    (Dict(n("2000.01.01 2000.01.02"), n("1 2")), "2000.01.01| 1\n2000.01.02| 2"),
    # tables
    (table(name=s("a bcd"), n=n("1 200")), "name n\n--------\na    1\nbcd  200"),
    (table(a=n("1 0N"), b=n("0n 2")), "a b\n---\n1\n  2"), (table(a=n("10b")), "a\n-\n1\n0"),
    (table(m=n("2000.01 2000.02m"), t=n("0Nt 1t")),
     "m       t\n--------------------\n2000.01\n2000.02 01:00:00.000"),
    (table(a=lst(), bcd=empty(9)), "a bcd\n-----"), (table(x=n("0x0110")), "x\n--\n01\n10"),
    (table(a=lst(string("abc"), n("1 2")[:1], n("5 7 11"), sym("x"))),
     'a\n------\n"abc"\n,1\n5 7 11\n`x'),
    (table(a=longs(2, 3) * 5), "a\n--------\n0  5  10\n15 20 25"),
    (Dict(s("a b"), longs(2, 2, 2) * 5), "a| 0  5  10 15\nb| 20 25 30 35"),
    (table(a=longs(2, 3)), "a\n-----\n0 1 2\n3 4 5"), (table(c=string("a b")), "c\n-\na\n\nb"),
    (table(f=n("1 2f"), r=n("1 2.5e")), "f r\n-----\n1 1\n2 2.5"),
    (keyed(table(k=s("a bcd")), v=n("1 2")), "k  | v\n---| -\na  | 1\nbcd| 2"),
    (keyed(table(k=s("a b"), j=n("1 0N")), v=lst(string("x"), 2.5), w=n("1 2")),
     'k j| v    w\n---| ------\na 1| ,"x" 1\nb  | 2.5  2'),
    (keyed(table(k=empty(11)), v=empty(7)), "k| v\n-| -"),
    (Dict(table(s=s("s1 s2")), n("1600 700")), "s |\n--| ----\ns1| 1600\ns2| 700"),
    (Dict(s("s1 s2"), table(q=n("1600 700"))), "  | q\n--| ----\ns1| 1600\ns2| 700"),
]


def trimmed(text: str) -> str:
    return "\n".join(t.rstrip() for t in text.splitlines()).rstrip("\n")


@pytest.mark.parametrize(("value", "text"), CONSOLE, ids=[show.line(v)[:40] for v, _ in CONSOLE])
def test_console_form(value: Any, text: str) -> None:
    shown = show.console(value, Settings())
    assert trimmed(shown) == text
    assert shown == show.full(value)
    assert not shown or shown.endswith("\n")


# ---------------------------------------------------------------- the size of the console

def sized(value: Any, rows: int = 10, columns: int = 10) -> list[str]:
    return show.console(value, Settings(rows=rows, columns=columns)).splitlines()


@pytest.mark.parametrize(("value", "text"), [
    (longs(20), "0 1 2 3.."), (string("x" * 50), '"xxxxxx..'), (longs(5), "0 1 2 3 4"),
    (string("1234567"), '"1234567"'), (string("12345678"), '"123456..'),
    (np.ones(50, "?"), "1111111.."), (s("abcdef ghijkl"), "`abcdef.."),
    (lst(1, longs(9)), "1|0 1 2 3.."),
])
def test_wide_lines_are_cut(value: Any, text: str) -> None:
    assert sized(value) == text.split("|")


def test_tall_values_are_cut() -> None:
    rows = [f"0 1 2 3{'..' if i > 3 else ''}" for i in range(10)]
    assert sized(longs(8, 4))[-1] == "28 29 3.."
    assert sized(lst(*[longs(4)] * 8)) == [rows[0]] * 8
    assert sized(lst(*[longs(4)] * 9)) == [rows[0]] * 7 + [".."]
    assert sized(table(a=longs(6))) == ["a", "-", *"012345"]
    assert sized(table(a=longs(7))) == ["a", "-", *"01234", ".."]
    assert len(show.console(table(a=longs(100)), Settings()).splitlines()) == 23


def test_the_rule_of_a_wide_table_is_cut_like_its_header() -> None:
    wide = Table([f"c{i}" for i in range(9)], [n("1 2")] * 9)
    assert sized(wide) == ["c0 c1 c..", "-------..", "1  1  1..", "2  2  2.."]
    assert sized(Dict(wide, wide))[1] == "-------.."


@pytest.mark.parametrize("value", [
    np.broadcast_to(1.5, (10**6, 10**6)), np.broadcast_to(np.int64(3), (10**9,)),
    np.broadcast_to(True, (1000, 10**9)), lst(*[np.broadcast_to(1.5, (10**9,))] * 3),
    Dict(s("a b"), np.broadcast_to(1.5, (2, 10**9))), table(a=np.broadcast_to(1.5, (10**9,))),
    table(a=np.broadcast_to(1.5, (10**5, 10**9))),
    keyed(table(k=np.broadcast_to(1.5, (10**9,))), v=np.broadcast_to(1.5, (10**9,))),
], ids=lambda v: type(v).__name__)
def test_only_what_is_seen_is_formatted(value: Any) -> None:
    """These values hold 1e9 items and more: formatting them whole would not end."""
    shown = show.console(value, Settings()).splitlines()
    assert 1 <= len(shown) <= 23
    assert max(map(len, shown)) <= 79


def test_widths_count_bytes() -> None:
    value = table(a=s("蘋果 x"), b=n("1 2"))
    assert show.full(value).splitlines() == ["a      b", "--------", "蘋果 1", "x      2"]
    assert sized(sym("蘋果蘋果")) == ["`蘋果.."]


def test_any_depth_of_aligned_lists() -> None:
    value: Any = n("1 2")
    for _ in range(100_000):
        value = lst(n("1 2"), value)
    shown = show.console(value, Settings()).splitlines()
    assert [len(t) for t in shown] == [79, 79]


def test_any_depth_of_nesting() -> None:
    value: Any = 1
    for _ in range(100_000):
        value = lst(value, 2)
    text = show.line(value)
    assert text.startswith("((((") and text.endswith(";2);2)")
    assert len(text) == 4 * 100_000 + 1
    assert show.console(value, Settings()) == "(" * 77 + "..\n2\n"


# ---------------------------------------------------------------- enumerations

@pytest.fixture
def domains(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session with a symbol list, a keyed table and a simple table as domains."""
    session = Interpreter()
    session.globals.set("sym", s("a bcd e"))
    session.globals.set("kt", keyed(table(k=s("x y")), v=n("1 2")))
    session.globals.set("t", table(a=n("1 2")))
    monkeypatch.setattr(context, "active", session)


def enum(domain: str, *index: int) -> Enum:
    return Enum(sym(domain), np.array(index, "i8"))


ENUMS = [
    (EnumAtom(sym("sym"), 1), "`sym$`bcd"), (enum("sym", 0, 1), "`sym$`a`bcd"),
    (enum("sym", 2), "`sym$,`e"), (enum("sym"), "`sym$`symbol$()"), (enum("kt", 1, 0), "`kt$`y`x"),
    (enum("t", 0, 1), "`t!0 1"), (enum("gone", 0, 1), "`gone!0 1"),
    (Dict(enum("sym", 0, 1), n("1 2")), "(`sym$`a`bcd)!1 2"), (lst(enum("sym", 0)), ",`sym$,`a"),
]


@pytest.mark.parametrize(("value", "text"), ENUMS, ids=[t for _, t in ENUMS])
def test_enumerations(value: Any, text: str, domains: None) -> None:
    assert show.line(value) == text


@pytest.mark.parametrize(("value", "text"), [
    (table(a=enum("sym", 0, 1)), "a\n---\na\nbcd"),
    (Dict(enum("sym", 0, 1), enum("kt", 0, 1)), "a  | x\nbcd| y"),
    (lst(enum("sym", 0, 1), n("1 2")), "a bcd\n1 2"), (table(a=enum("t", 0, 1)), "a\n-\n0\n1"),
], ids=["column", "dictionary", "matrix", "link"])
def test_enumerations_in_cells(value: Any, text: str, domains: None) -> None:
    assert trimmed(show.console(value, Settings())) == text
