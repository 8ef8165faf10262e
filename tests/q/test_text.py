"""String keywords, patterns, `vs`, `sv` and the text functions of `.Q`, as typed at the prompt."""

from __future__ import annotations

import pytest

from kkernel.q import Interpreter

STRINGS = r"""
string `ibm                             | "ibm"
string 2                                | ,"2"
string -1.5                             | "-1.5"
string 3f                               | ,"3"
string 0N                               | ""
string 1b                               | ,"1"
string 0x0a                             | "0a"
string "a"                              | ,"a"
string 2000.01m                         | "2000.01"
string 2000.01.01                       | "2000.01.01"
string {x*x}                            | "{x*x}"
string (+/)                             | "+/"
string "cat"                            | (,"c";,"a";,"t")
string `a`b                             | (,"a";,"b")
string 1 20                             | (,"1";"20")
string (2 3;"ab")                       | ((,"2";,"3");(,"a";,"b"))
string `a`b!1 20                        | `a`b!(,"1";"20")
string ([]a:1 2)                        | +(,`a)!,(,"1";,"2")
string 2 2#til 4                        | ((,"0";,"1");(,"2";,"3"))
string ()                               | ()
upper "ibm Ltd"                         | "IBM LTD"
upper `ibm`msft                         | `IBM`MSFT
upper (`a;("b";`c`d))                   | (`A;("B";`C`D))
lower "IBM"                             | "ibm"
lower `IBM                              | `ibm
lower `a`b!("AB";"C")                   | `a`b!("ab";"c")
trim "  a b "                           | "a b"
ltrim "  a "                            | "a "
rtrim "  a "                            | "  a"
trim "   "                              | ""
trim 0N 0N 1 0N 2 0N                    | 1 0N 2
trim ("a ";(" bc";"d "))                | (,"a";("bc";,"d"))
trim 42                                 | 42
trim ```a``b`                           | `a``b
md5 "a"                                 | 0x0cc175b9c0f1b6a831c399e269772661
"\303\274" like "?"                     | 0b
"\303\274" like "??"                    | 1b
"""

PATTERNS = r"""
`quick like "qu?ck"                     | 1b
"brown" like "br[ao]wn"                 | 1b
"brown" like "br[^o]wn"                 | 0b
"brown" like "br*"                      | 1b
"brown" like "*wn"                      | 1b
"brown" like "b*n"                      | 1b
"brown" like "*ow*"                     | 1b
"brown" like "brow"                     | 0b
"br.wn" like "br.wn"                    | 1b
"brown" like "br.wn"                    | 0b
"br]wn" like "[bf]r[]]wn"               | 1b
"br^wn" like "br[&^]wn"                 | 1b
"br0wn" like "br[0-3]wn"                | 1b
"br-wn" like "br[a-]wn"                 | 1b
"br?wn" like "br[?]wn"                  | 1b
"a[c" like "a[[]c"                      | 1b
"a\nb" like "a?b"                       | 1b
"" like "*"                             | 1b
"" like ""                              | 1b
`a`b`ab like "a*"                       | 101b
("ab";"b";`a) like "a*"                 | 101b
(`a`b!`x`y) like "x"                    | `a`b!10b
"toronto ontario" ss "ont"              | 3 8
"toronto ontario" ss "[ir]o"            | 2 13
"aaaa" ss "aa"                          | 0 2
"abc" ss "x"                            | `long$()
ssr["toronto ontario";"ont";"x"]        | "torxo xario"
ssr["toronto ontario";"t?r";upper]      | "TORonto onTARio"
ssr["a.b";".";"-"]                      | "a-b"
ssr["abc";"b";""]                       | "ac"
ssr["a\\b";"\\";"\\1"]                  | "a\\1b"
"""

VS = r"""
"," vs "one,two,,three"                 | ("one";"two";"";"three")
", " vs "a, b"                          | (,"a";,"b")
"," vs "abc"                            | ,"abc"
` vs "ab\ncd\r\nef\n"                   | ("ab";"cd";"ef")
` vs `my.work.dat                       | `my`work`dat
` vs `:/kdb/data/my.dat                 | `:/kdb/data`my.dat
` vs `:my.dat                           | `:.`my.dat
` sv @[` vs hsym`a.q;1;:;`b]            | `:./b
0x02 vs 0x0102010201                    | (,0x01;,0x01;,0x01)
0x0203 vs 0x000102030405                | (0x0001;0x0405)
0b vs 23173h                            | 0101101010000101b
0b vs 0x05                              | 00000101b
count 0b vs 0Ng                         | 128
0x0 vs 2413h                            | 0x096d
0x0 vs 2413e                            | 0x4516d000
0x0 vs 2413f                            | 0x40a2da0000000000
0x0 vs 2000.01.02                       | 0x00000001
0x0 vs 0Nd                              | 0x80000000
10 vs 1995                              | 1 9 9 5
2 vs 9                                  | 1 0 0 1
10 vs 0                                 | ,0
24 60 60 vs 3805                        | 1 3 25
0 60 vs 3805                            | 63 25
10 vs 1995 6                            | (1 0;9 0;9 0;5 6)
10 vs(1995;1996 1997)                   | ((1;1 1);(9;9 9);(9;9 9);(5;6 7))
"," sv ("one";"two")                    | "one,two"
", " sv ("a";"bc")                      | "a, bc"
"," sv ()                               | ""
` sv ("one";"two")                      | "one\ntwo\n"
` sv `my`work                           | `my.work
` sv `:/kdb`data`t                      | `:/kdb/data/t
0x03 sv 0x02 vs 0x010201                | 0x010301
10 sv 2 3 5 7                           | 2357
2 sv 70#1                               | -1
2 sv 65#0N                              | 0N
100 sv 2010 3 17                        | 20100317
0 24 60 60 sv 2 3 5 7                   | 183907
10 sv (1 1;9 0;5 6)                     | 195 106
256 sv til 8                            | 283686952306183
0x0 sv 0x00ff                           | 255h
0x0 sv 0x80ff                           | -32513h
0x0 sv 0x004080ff                       | 4227327i
0b sv 8#1b                              | 0xff
0b sv 16#1b                             | -1h
0b sv 0b vs 123456789                   | 123456789
0b sv 0b vs 0Ng                         | 00000000-0000-0000-0000-000000000000
"""

DOTQ = r"""
.Q.f[2;] each 9.996 34.3445 -.02        | ("10.00";"34.34";"-0.02")
.Q.f[2;] each 7817047037.90 -0.0001     | ("7817047037.90";"-0.00")
.Q.f[2;.045]                            | "0.05"
.Q.f[2;0n]                              | ""
.Q.f[1;3]                               | "3.0"
.Q.fmt[6;2] each 1 234                  | ("  1.00";"234.00")
.Q.fmt[3;2;1234]                        | "***"
.Q.s1 (1;`a;"b")                        | "(1;`a;\"b\")"
.Q.s 2 2#til 4                          | "0 1\n2 3\n"
.Q.s (::)                               | ""
.Q.addmonths[2007.10.16;6 7]            | 2008.04.16 2008.05.16
.Q.addmonths[2006.10.29;4]              | 2007.03.01
"""


def rows(table: str) -> list[tuple[str, str]]:
    """The lines `input | one-line form of its value`."""
    split = [t.rsplit("| ", 1) for t in table.strip().splitlines()]
    return [(typed.strip(), shown) for typed, shown in split]


@pytest.mark.parametrize(("typed", "text"), rows(STRINGS) + rows(PATTERNS) + rows(VS) + rows(DOTQ))
def test_text(typed: str, text: str) -> None:
    assert Interpreter().console("-1 .Q.s1 " + typed + ";").rstrip("\n") == text


@pytest.mark.parametrize(("typed", "message"), [
    ('"abc" like "*b*c*"', "nyi"), ('"abc" like "**"', "nyi"), ('"abc" like "[a"', "nyi"),
    ("1 like \"a\"", "type"), ("`a like `a", "type"), ('"abc" ss ""', "length"),
    ('"abc" ss "a*"', "length"), ('ssr["a";"a";"-"]', "type"), ("upper 1", "type"),
    ("upper 1 2", "type"), ("md5 `a", "type"), ('"," vs `a', "type"), ('"" vs "a"', "length"),
    ("`a vs `b", "type"), ("1 vs 5", "type"), ("10 vs 1.5", "type"), ('"," sv 1 2', "type"),
    ("1 2 3 sv 1 2", "length"), ("0x0 sv 0x010203", "length"), ("0b vs 1 2", "type"),
    (".Q.f[`a;1]", "type"), ('.Q.f[2;"a"]', "type"), ('trim " "', "type"),
])
def test_text_errors(typed: str, message: str) -> None:
    assert Interpreter().console(typed).splitlines()[0] == "'" + message


def test_string_follows_the_precision() -> None:
    assert Interpreter().console("\\P 3\nstring 3.14159\n.Q.s 3.14159") == '"3.14"\n"3.14\\n"\n'
