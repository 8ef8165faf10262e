"""Programs of absurd sizes and depths: counts that no memory holds, nests without end.

Each is refused by a q error, `'wsfull`, `'limit`, `'stack` or one of type, or has a value.
"""

from __future__ import annotations

import re

from .programs import Programs
from .vocabulary import lines

SIZES = lines(r'''
1000000000000
0W
-0W
-1000000000000
1e15
9223372036854775806
10 xexp 12
99999999999
"j"$1e18
0Wi
1000000000000 1000000000000
0W 0W
0N 1000000000000
1000000000000 0N
100000 100000 100000
0Wh
5 0W
-1 1000000000000
0Wn
0Wp
-0Wd
''')
TAKERS = lines(r'''
"a"
"abc"
`a
`a`b
til 5
()
0#0
1 2f
v5
v6
v2
v8
v1
1b
2024.01.01
{x}
(+)
0x0102
1i
enlist v5
2 2#0Ng
v7
(::)
10 20!v5
`long
"abc def"
`g#`a`b`a
`s#til 9
0D 1D
("ab";"c")
''')
DEPTHS = (200, 3000, 20_000, 60_000)
# what opens and what closes a nest, around a tilde
OPENED = [pair.split("~") for pair in lines(r'''
(~)
{~}
[~]
(1;~)
enlist ~
neg neg ~
1+~
{x+~}[1]
$[1;~;2]
@[~;1;2]
til[~]
`a!~
([]a:~)
{[x]~}
x:~
(+~)
if[1;~]
a.~
select from ~
parse ~
-~
f'~
+/~
1 ~
`~
((~);1)
value ~
x,~
[1;~]
'[~;{x}]
(1;~
{~
"~
a[~]
(`a`b!(~;1))
([a:~]b:1)
do[1;~]
v5 lj ~
''')]
RECURSIONS = lines(r'''
{.z.s x}1
{.z.s'[x]}1 2
{.z.s each x}1 2
{@[.z.s;x;{x}]}1
{.[.z.s;enlist x;{'x}]}1
{x .z.s/1 2}1
{.z.s/[x]}1
{1+.z.s x}1
f:{g x};g:{f x};f 1
f:{f'[x]};f 1 2
f:{f each enlist x};f 1
f:{value"f ",string x};f 1
f:{eval(f;x)};f 1
f:{.[f;enlist x]};f 1
f:{f@x};f 1
f:{f[x;y]};f[1;2]
f:{.Q.trp[f;x;{x;'y}]};f 1
f:{@[f;x;{'x}]};f 1
f:{select f a from([]a:x)};f 1 2
f:{exec f each a from([]a:x)};f 1 2
f:('[{f x};{x}]);f 1
f:{@[x;0;f]};f 1 2
f:{f peach x};f 1 2
f:{x f':x};f 1 2
f:{x f/:x};f 1 2
f:{x f\:x};f 1 2
f:{f\[x]};f 1
f:{$[x;f x;0]};f 1
f:{if[x;f x]};f 1
f:{while[x;f x]};f 1
f:{do[x;f x]};f 1
f:{(f x;f x)};f 1
f:{enlist f x};f 1
f:{x!f x};f 1
f:{-9!-8!f x};f 1
f:{parse string f x};f 1
a::b;b::a;a
a::a+1;a
f:{ungroup f x};f 1
f:{x insert f x};f 1
f:{(f;x)x};f 1
f:f1:{f1 x};f 1
f:{{f x}x};f 1
f:{reval(f;x)};f 1
f:{x .f x};f 1
f:{f[x]+f[x]};f 1
f:{raze f each 2#enlist x};f 1
f:{f . enlist x};f 1
f:{.z.s .z.s x};f 1
f:{r:f x;r};f 1
f:{x:f x;x};f 1
f:{a::f x};f 1
f:{a[0]:f x;a};f 1
f:{f x,x};f 1
f:{f(x;x)};f 1
f:{x@[;0;f]\1 2};f 1 2
f:{fby[(f;x);x]};f 1 2
f:{ssr[x;"a";f]};f"aa"
f:{f`x};f`a
f:{update f a from x};f([]a:1 2)
f:{"f"$f x};f 1
f:{.Q.fc[f;x]};f til 9
f:{.Q.ft[f;x]};f v6
''')
# values N levels deep
DEEP = lines(r'''
{enlist x}/[N;1]
{(x;1)}/[N;1]
{(enlist`a)!enlist x}/[N;1]
{([]a:enlist x)}/[N;1]
{(x;x)}/[12;1]
{x,x}/[18;1]
{x+}/[N;1]
{'[x;neg]}/[N;neg]
{(enlist x)!enlist 1}/[N;1]
N enlist/`a
{x'}/[N;neg]
{(neg;x)}/[N;1]
{(+;x;1)}/[N;1]
{(enlist;x)}/[N;`a]
{x,enlist x}/[12;1]
{flip`a`b!(enlist x;1)}/[N;1]
{x[;1]}/[N;+]
{(1;`a;"x";x)}/[N;()]
''')
# what is done with one, d
USES = lines(r'''
<keyword> d
<verb>[d]
<verb>[d;d]
<verb>[<operand>;d]
<verb>[d;<operand>]
d
d~d
-8!d
-9!-8!d
.j.j d
string d
d+1
eval d
value d
.Q.s d
.Q.s1 d
-3!d
hash d
d?d
(d;d)~(d;d)
raze over d
d 1
d[0]
d . 100#0
<dotted>[d]
type d
asc(d;d)
distinct(d;d)
group(d;d)
count each d
d[0]:2;d
.[`d;1000#0;:;3]
show d
-22!d
t:([]a:(d;d))
''')
SIZED = lines(r'''
<verb>[<size>]
<verb>[<size>;<operand>]
<verb>[<operand>;<size>]
<verb>[<operand>;<size>;<operand>]
<verb>[<size>;<size>]
<verb>'[<size>;<operand>]
(<size>)<verb>/<operand>
(<size>)<operator><operand>
(<operand>)<operator><size>
(<size>) <infix> <operand>
(<operand>) <infix> <size>
<keyword> <size>
<dotted>[<size>;<operand>]
<dotted>[<operand>;<size>]
@[<operand>;<size>;<verb>;<operand>]
a:til 5;a[<size>]:1
(til 5)[<size>]
<size>$<operand>
\c <size>
\P <size>
\S <size>
\C <size>
select[<size>] from v5
(<size>)#v5
string(<size>)#<operand>
-7!<size>
-12!<size>
''')
_BLANK = re.compile("<(\\w+)>")


class Extremes(Programs):
    """Sizes, depths, recursion and deep values, in any function."""

    def program(self) -> str:
        form = self.chance.random()
        if form < 0.6:
            return self.filled(self.pick(SIZED))
        if form < 0.75:
            return self.opened()
        if form < 0.85:
            return self.pick(RECURSIONS)
        made = self.pick(DEEP).replace("N", str(self.chance.choice((100, 5000, 50_000))))
        return f"d:{made}\n{self.filled(self.pick(USES))}"

    def filled(self, template: str) -> str:
        return _BLANK.sub(lambda m: self.word(m.group(1)), template)

    def word(self, kind: str) -> str:
        if kind == "verb":
            return self.verb(0)
        if kind == "operand" and self.chance.random() < 0.3:
            return self.noun(1)
        return self.pick({"operand": TAKERS, "size": SIZES, "keyword": self.keywords,
                          "operator": self.operators, "infix": self.infix,
                          "dotted": self.dotted}[kind])

    def opened(self) -> str:
        opening, closing = self.chance.choice(OPENED)
        depth = self.chance.choice(DEPTHS)
        if self.chance.random() < 0.3:
            more = self.chance.choice(OPENED)
            opening, closing = opening + more[0], more[1] + closing
        text = opening * depth + self.pick(("1", "x", "", "`a", "(", ")")) + closing * depth
        return self.pick(("", "", "", "f:{", 'value "', 'parse "')) + text
