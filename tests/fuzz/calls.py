"""Calls of the k api with wrong arguments: of every kind, in every place, too many and too few.

A call is an example of the function with arguments replaced, lost, doubled or added, or the
function with anything at all.
"""

from __future__ import annotations

import re
from random import Random

from kkernel import api
from kkernel.api.declare import FUNCTIONS

from .vocabulary import lines

# objects of every class and state, under names of their own
OBJECTS = """\
fr:tensor 1.5 -2 0n 0we
fl:tensor 2 3#til 6
fd:tensor(3 4#.1*til 12;`grad)
fb:tensor 101b
fh:tensor(1 2 3e;`half)
fc:tensor((1 2f;3 4f);`cfloat)
fs:sparse(0 1 0;2 0 0)
fe:tensor 0#0e
fz:tensor 3e
fy:tensor(`empty;2 0 3)
fi:tensor 2 3 8 8#til 384
fu:tensor()
fv:vector(1 2 3;4 5f)
fw:vector()
fk:dict`a`b!(1 2 3;4 5f)
fm:module seq(`sequential;(`linear;3;2);`relu)
fn:module enlist(`conv2d;3;4;3)
ff:module enlist(`lstm;3;4)
fo:loss`mse
fp:opt(`sgd;fm;.1)
fq:model(module enlist(`linear;3;1);loss`mse;opt`adam)
ft:tensor 1 2
fx:(),ft
free ft"""
OPERANDS = lines(r'''
fr
fl
fd
fb
fh
fc
fs
fe
fz
fy
fi
fu
fv
fw
fk
fm
fn
ff
fo
fp
fq
fx
fu
()
(::)
0
1
-1
2
0N
0W
3i
-2h
1.5
0n
0w
-0w
2e
1b
0b
0x03
"x"
"text"
""
`
`a
`nosuch
`a`b
`float
`double
`long
`cfloat
`cuda
`mean
`sum
`gradient
2024.01.01
12:00:00
0Ng
1 2 3
0 1
-1 -2
0#0
1 2 3f
0n 0w
0#0e
3 3#9?1f
2 3#til 6
2 2 2#8?1e
3 8 8#1e
10110b
0x0102
(1 2;3 4 5)
(1;`a;2f)
("ab";"cd")
("ab";1)
(1 2 3;4 5 6f)
enlist 1
enlist(::)
`a`b!1 2
`a`b!(1 2 3;4 5f)
(`$())!()
1 2!3 4
([]a:1 2;b:3 4f)
([a:1 2]b:`x`y)
([]s:`a`b)
{x}
{x+y}
(+)
(+/)
neg
1000000000000
99999999999 99999999999
enlist 12345
(`linear;3;2)
`relu
(`linear;-3;2)
(`conv2d;3;4;0)
`dim
(`dim;0)
`mean`std!0 1f
enlist`a
"*"
`:nosuch/file
''')
NAMES = tuple(sorted(set(api.load()) - {"help", "tree"}))  # what they print is long


class Calls:
    """Makes calls from a source of chance."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance

    def program(self) -> str:
        name = self.chance.choice(NAMES)
        examples = [e for e in FUNCTIONS[name].examples if not e.startswith("\\")]
        if not examples or self.chance.random() < 0.35:
            return f"{name}{self.arguments([])}"
        at = self.chance.randrange(len(examples))
        changed = [self.changed(name, e) if i == at or self.chance.random() < 0.2 else e
                   for i, e in enumerate(examples)]
        return "\n".join([*changed, f"{name}{self.arguments([])}"])

    def changed(self, name: str, example: str) -> str:
        """The example with other arguments for this function, or for a call within it."""
        found = list(re.finditer(rf"\b{name}[([]|\w[([]", example))
        if not found:
            return re.sub(rf"\b{name}\b.*", lambda m: name + self.arguments([]), example, count=1)
        opened = self.chance.choice(found).end() - 1
        closed = _closing(example, opened)
        return (example[:opened] + self.arguments(_split(example[opened + 1:closed]))
                + example[closed + 1:])

    def arguments(self, args: list[str]) -> str:
        """Damaged arguments, as a list in parentheses or the only one in brackets."""
        args = args or [self.operand() for _ in range(self.chance.choice((1, 1, 1, 2, 2, 3, 4)))]
        for _ in range(self.chance.choice((1, 1, 2, 3))):
            at, form = self.chance.randrange(len(args) + 1), self.chance.random()
            if form < 0.6 and at < len(args):
                args[at] = self.operand()
            elif form < 0.7:
                args[at:at + 1] = []
            elif form < 0.9:
                args.insert(at, self.operand())
            else:
                args = args + args[:1]
        if len(args) == 1:
            return f"[{args[0]}]"
        return self.chance.choice(("({})", "({})", "({})", "[{}]")).format(";".join(args))

    def operand(self) -> str:
        return self.chance.choice(OPERANDS)


def _closing(text: str, opened: int) -> int:
    """The position of the bracket that closes the one opened there, or the end."""
    depth = 0
    for i in range(opened, len(text)):
        depth += (text[i] in "([{") - (text[i] in ")]}")
        if depth == 0:
            return i
    return len(text)


def _split(text: str) -> list[str]:
    """The parts between semicolons outside of brackets."""
    parts, depth = [""], 0
    for c in text:
        depth += (c in "([{") - (c in ")]}")
        if c == ";" and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return parts
