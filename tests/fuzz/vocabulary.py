"""The words that programs are made of: literals of every type, names, types, commands."""

from __future__ import annotations


def _words(text: str) -> list[str]:
    return text.split()


def lines(text: str) -> list[str]:
    return text.strip("\n").split("\n")


ATOMS = _words("""
    0 1 2 -1 3 7 42 0N 0W -0W 0b 1b 0x00 0xff 1h -2h 0Nh 0Wh 3i 0Ni 0Wi 1.5 -2.25 0n 0w -0w 1e300
    2f 1.5e 0Ne 0We 1e10 2000.01m 0Nm 0Wm 2024.02.29 0Nd 0Wd 1999.12.31 0001.01.01
    2024.02.29D12:34:56.789012345 0Np 0Wp 1D02:03:04.5 0Nn 0Wn -1D 12:34 0Nu 0Wu -00:01
    12:34:56 0Nv 0Wv 12:34:56.789 0Nt 0Wt 2024.02.29T12:34:56.789 0Nz 0Ng
    9223372036854775807 -9223372036854775807 2147483648 32768""")

RARE = _words("""
    1000000 99999999 1000000000000 0Wj 4294967296 4611686018427387904 99999999999999999999999 1e400
    1_0 0x123 .5. 1.2.3 12:60 2024.13.45 0x 010b 1D25 1.5.5 1e5000 0w0 1Nj 5q 0xg
    00000000-0000-0000-0000-000000000001""")

VECTORS = lines("""
0 1 2
1 2 3
3 1 2 0N
0 0W 1
0#0
10110b
0x0102ff
1 2 3h
4 5 6i
1 2 3f
1.5 0n -0w 2
1 2e
2000.01 2001.02m
2024.02.29 0N 2000.01.01
00:00 12:34 0N
10:00:00 0Nv
0D 1D 0Nn
2024.01.01D 0Np
10:00:00.000 0Nt
2024.01.01T 0Nz
0N 0N
2 2#0Ng
0#0f
0#`
0#0Np
""")

SYMBOLS = _words("` `a `b `c `sym `x`y `a`b`c `long `float `symbol `. `.a `v5x `t `t`d `:f `s`u")

STRINGS = lines(r'''
""
"a"
"abc"
"hello world"
"12"
"2024.02.29"
"\n\t\\\""
"\000\377"
"a*"
"[a-c]?"
" "
"hé"
"10:30:00"
"0x1f"
"é€😀"
"%"
"{x+y}"
"1+1"
","
"1,2"
"select from v5"
''')

FROZEN = _words("v0 v1 v2 v3 v4 v5 v6 v7 v8 v9")  # defined by the oracle, never assigned
FREE = _words("a b c f g t d x y .n.a .n.b")
COLUMNS = _words("k p q i")
ITERATORS = _words(r"""' / \ ': /: \:""")
INTERNAL = [f"-{n}!" for n in range(1, 40)]

TYPES = _words("""
    `boolean `guid `byte `short `int `long `real `float `char `symbol `timestamp `month `date
    `datetime `timespan `minute `second `time ` `nosuch 0b 1h 6h 10h 11h 0h 98h "J" "F" "S" "D" "T"
    "P" "*" "C" "B" "N" "I" "JFS" 5 -5 0 "x" "i" "c" """)

SYSTEM = lines(r"""
\c 30 100
\c
\c 5
\c 0W 0N
\c 1 2 3
\c -1 -1
\P
\P 0
\P 3
\P 99
\P x
\S
\S 42
\S -0W
\S 0
\o
\o 2
\o x
\o 0W
\W
\W 99
\z 1
\z
\v
\v .n
\f
\a
\b
\B
\d
\d .n
\d .
\d nosuch!
\t 1+1
\t:3 til 4
\t:x 1
\ts til 10
\ts:-1 1
\t 1+`a
\t )
\w
\_ a
\l nosuch.q
\l
\cd
\t 0
\t 100
\g
\e 1
\p
\p 0
\T 1
\s
\x .z.ps
\u
\r a b
\1 x
\2 x
\C 10 10
\v nosuch
\f .nosuch
\ts )
""")

NAMESPACES = (".Q.", ".j.", ".h.", ".z.")
LEAVE = set(_words("""
    exit system hdel hopen setenv save rsave set load dsave .Q.hg .Q.hp .Q.hmb .Q.addr .Q.host"""))
