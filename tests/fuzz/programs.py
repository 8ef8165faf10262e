"""q programs made by chance from a grammar: every literal, operator, keyword, iterator and form.

Most of them signal an error, and are meant to.  Left out is what leaves the language: shell
commands, `exit`, and files (which the mutations of the transcripts reach).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from kkernel.q import Interpreter
from kkernel.q.registry import KEYWORDS, OPERATORS

from .vocabulary import (
    ATOMS,
    COLUMNS,
    FREE,
    FROZEN,
    INTERNAL,
    ITERATORS,
    LEAVE,
    NAMESPACES,
    RARE,
    STRINGS,
    SYMBOLS,
    SYSTEM,
    TYPES,
    VECTORS,
)


def dotted_names(q: Interpreter) -> list[str]:
    """The functions and values of q's own namespaces that stay within the process."""
    return [".n", ".", ".q", ".Q.nosuch", ".z.nosuch", *sorted(
        n for n in q.globals.walk() if n.startswith(NAMESPACES) and n not in LEAVE)]


Rule = Callable[["Programs", int], str]


class Programs:
    """Makes programs from a source of chance (`random.Random`, or one that hypothesis steers)."""

    def __init__(self, chance: Random, dotted: Sequence[str] = (".Q.s1", ".n")) -> None:
        self.chance = chance
        self.dotted = dotted
        self.keywords = sorted(set(KEYWORDS) - LEAVE)
        self.infix = [k for k in self.keywords if KEYWORDS[k].infix]
        self.operators = sorted(set(OPERATORS) - {":", "0:", "1:", "2:"})

    def program(self) -> str:
        """One to three statements, as typed at the prompt."""
        kind, depth = self.chance.random(), self.chance.choice((1, 1, 1, 2, 2, 2, 3, 4))
        if kind < 0.03:
            return self.pick(SYSTEM)
        if kind < 0.13:
            return f"{self.pick(FREE)}:{self.expr(depth)}\n{self.expr(depth - 1)}"
        return ";".join(self.expr(depth) for _ in range(self.chance.choice((1, 1, 1, 2))))

    # ------------------------------------------------------------ choices

    def pick(self, choices: Sequence[str]) -> str:
        return self.chance.choice(choices)

    def expr(self, depth: int) -> str:
        """An expression: a noun, or something with everything to its right."""
        if depth <= 0:
            return self.noun(0)
        rule = self.chance.choices(_EXPRESSIONS, _WEIGHTS)[0]
        return rule(self, depth - 1)

    def noun(self, depth: int) -> str:
        """What may stand to the left of an operator."""
        if depth <= 0 or self.chance.random() < 0.5:
            return self.leaf()
        return self.chance.choice(_NOUNS)(self, depth - 1)

    def leaf(self) -> str:
        kind = self.chance.random()
        if kind < 0.25:
            return self.pick(ATOMS)
        if kind < 0.45:
            return self.pick(VECTORS) if self.chance.random() < 0.9 else self.pick(RARE)
        if kind < 0.55:
            return self.pick(SYMBOLS)
        if kind < 0.65:
            return self.pick(STRINGS)
        if kind < 0.9:
            return self.pick(FROZEN)
        return self.pick(("()", "(::)", self.pick(FREE), self.pick(self.dotted), "{x}", "(+)"))

    def verb(self, depth: int) -> str:
        """A function of any kind, as it stands before a bracket or an iterator."""
        kind = self.chance.random()
        if kind < 0.35:
            return self.pick(self.operators)
        if kind < 0.7:
            return self.pick(self.keywords)
        if kind < 0.8:
            return self.function(depth)
        if kind < 0.85:
            return self.pick(self.dotted)
        if kind < 0.9 and depth > 0:
            return "(" + self.verb(depth - 1) + self.pick(ITERATORS) + ")"
        return self.noun(depth - 1)

    # ------------------------------------------------------------ expressions

    def prefix(self, depth: int) -> str:
        return f"{self.pick(self.keywords)} {self.expr(depth)}"

    def infixed(self, depth: int) -> str:
        verb = self.pick(self.operators) if self.chance.random() < 0.7 else self.pick(self.infix)
        space = " " if verb[0].isalpha() or self.chance.random() < 0.1 else ""
        return f"{self.noun(depth)}{space}{verb}{space}{self.expr(depth)}"

    def call(self, depth: int) -> str:
        return self.verb(depth) + self.brackets(depth)

    def brackets(self, depth: int) -> str:
        n = self.chance.choice((0, 1, 1, 2, 2, 3, 3, 4, 5, 9))
        return "[" + ";".join(self.argument(depth) for _ in range(n)) + "]"

    def argument(self, depth: int) -> str:
        return "" if self.chance.random() < 0.08 else self.expr(depth - 1)

    def iterated(self, depth: int) -> str:
        derived = self.verb(depth) + self.pick(ITERATORS)
        if self.chance.random() < 0.2:
            derived += self.pick(ITERATORS)
        form = self.chance.random()
        if form < 0.4:
            return f"{self.noun(depth)} {derived}{self.expr(depth)}"
        if form < 0.7:
            return derived + self.brackets(depth)
        return f"({derived}){self.expr(depth)}"

    def juxtaposed(self, depth: int) -> str:
        return f"{self.noun(depth)} {self.expr(depth)}"

    def assigned(self, depth: int) -> str:
        name = self.pick(FREE)
        form = self.chance.random()
        if form < 0.3:
            return f"{name}:{self.expr(depth)}"
        if form < 0.4:
            return f"{name}::{self.expr(depth)}"
        if form < 0.6:
            return f"{name}{self.pick(self.operators)}:{self.expr(depth)}"
        op = self.pick(("", "", "+", ",", "*", "_", "|"))
        return f"{name}{self.brackets(depth)}{op}:{self.expr(depth)}"

    def amended(self, depth: int) -> str:
        fn = self.pick((":", "+", ",", "neg", self.verb(depth), self.function(depth)))
        parts = [self.expr(depth - 1), self.expr(depth - 1), fn, self.expr(depth - 1)]
        return f"{self.pick('@.?!')}[{';'.join(parts[:self.chance.choice((3, 4, 4, 4))])}]"

    def trapped(self, depth: int) -> str:
        handler = self.pick(("{x}", "::", "`failed", "{'x}", "{x,y}"))
        form = self.pick(("@[{};{};{}]", ".[{};enlist {};{}]", ".Q.trp[{};{};{{x;y}}]"))
        return form.replace("{{", "{").replace("}}", "}").replace(
            "{}", "\0").replace("\0", self.function(depth), 1).replace(
            "\0", self.expr(depth - 1), 1).replace("\0", handler)

    def cast(self, depth: int) -> str:
        return f"{self.pick(TYPES)}${self.expr(depth)}"

    def selected(self, depth: int) -> str:
        """A template: select, exec, update, delete."""
        word = self.pick(("select", "select", "exec", "update", "delete"))
        limit = self.pick(("", "", "", "[2]", "[-1]", "[1 2]", "[;>k]", "[1;<p]", "[distinct]"))
        unique = self.pick(("", "", "", "distinct "))
        phrase = self.phrases(depth)
        by = f" by {self.phrases(depth)}" if self.chance.random() < 0.3 else ""
        source = self.pick(("v5", "v5", "v6", "v7", "t", "`v5x", f"({self.expr(depth)})"))
        where = f" where {self.phrases(depth)}" if self.chance.random() < 0.5 else ""
        return f"{word}{limit} {unique}{phrase}{by} from {source}{where}"

    def phrases(self, depth: int) -> str:
        return ",".join(self.phrase(depth) for _ in range(self.chance.choice((0, 1, 1, 2, 3))))

    def phrase(self, depth: int) -> str:
        column = self.pick(COLUMNS)
        form = self.chance.random()
        if form < 0.3:
            return column
        if form < 0.5:
            return f"{self.pick(COLUMNS)}:{self.pick(self.keywords)} {column}"
        if form < 0.8:
            return f"{column}{self.pick(('>', '<', '=', '+', '&', '#', '?'))}{self.noun(depth)}"
        return f"({self.expr(depth - 1)})"

    def conditional(self, depth: int) -> str:
        parts = [self.expr(depth - 1) for _ in range(self.chance.choice((3, 3, 4, 5)))]
        return f"$[{';'.join(parts)}]"

    def control(self, depth: int) -> str:
        body = f"{self.expr(depth - 1)};{self.expr(depth - 1)}"
        form = self.chance.random()
        if form < 0.4:
            return f"if[{self.expr(depth - 1)};{body}]"
        if form < 0.8:
            return f"do[{self.pick(('0', '1', '3', '-1', '0b', '2.5', '`a', '()'))};{body}]"
        return f"{{n:3;while[0<=n-:1;{body}];n}}[]"

    def signalled(self, depth: int) -> str:
        return f"{self.pick((chr(39), ':'))}{self.expr(depth)}"

    def functional(self, depth: int) -> str:
        """?[t;c;b;a] and ![t;c;b;a], and the same through parse trees."""
        form = self.chance.random()
        if form < 0.3:
            return f"eval parse {self.quoted(depth)}"
        if form < 0.5:
            return f"{self.pick(('value', 'parse', 'reval parse', 'eval'))} {self.quoted(depth)}"
        parts = ["v5", self.pick(("()", "enlist(>;`k;1)", self.expr(depth - 1))),
                 self.pick(("0b", "()", "`k", "(enlist`k)!enlist`k", self.expr(depth - 1))),
                 self.pick(("()", "`p", "`k`p!`k`p", "(enlist`n)!enlist(count;`i)",
                            self.expr(depth - 1)))]
        parts += [self.expr(depth - 1)] if self.chance.random() < 0.2 else []
        return f"{self.pick('?!')}[{';'.join(parts)}]"

    def quoted(self, depth: int) -> str:
        text = self.expr(depth - 1).replace("\\", "\\\\").replace('"', '\\"')
        return f'"{text}"'

    def internal(self, depth: int) -> str:
        return f"{self.pick(INTERNAL)}{self.expr(depth)}"

    def stringed(self, depth: int) -> str:
        """Text functions, which are rarely met with text otherwise."""
        word = self.pick(("vs", "sv", "like", "ss", "ssr", "$", "in", "?", "0:"))
        left = self.pick([*STRINGS, "0x0", "2", "`", '("JS";",")', '("JF*";enlist",")', '"S=;"',
                          "10 10", "8h"])
        right = self.pick((self.expr(depth), self.pick(STRINGS), 'string v5', '("a,b";"1,2")'))
        if word == "ssr":
            return f"ssr[{right};{left};{self.pick([*STRINGS, 'upper', '{x}', '1'])}]"
        return f"{left} {word} {right}"

    # ------------------------------------------------------------ nouns

    def parenthesised(self, depth: int) -> str:
        return f"({self.expr(depth)})"

    def listed(self, depth: int) -> str:
        n = self.chance.choice((1, 2, 2, 3, 4))
        return "(" + ";".join(self.argument(depth) for _ in range(n)) + ")"

    def dictionary(self, depth: int) -> str:
        if self.chance.random() < 0.5:
            return f"(`a`b`c!{self.pick(('1 2 3', '(1;`a;())', 'v1', self.noun(depth)))})"
        return f"({self.noun(depth)}!{self.expr(depth)})"

    def table(self, depth: int) -> str:
        keys = self.pick(("", "", "", f"k:{self.noun(depth)}"))
        columns = ";".join(f"{self.pick(COLUMNS)}:{self.expr(depth - 1)}"
                           for _ in range(self.chance.choice((1, 1, 2, 3))))
        return f"([{keys}]{columns})"

    def function(self, depth: int) -> str:
        params = self.pick(("", "", "", "[]", "[a;b]", "[x]", "[a;b;c;d;e;f;g;h]"))
        body = ";".join(self.local(depth) for _ in range(self.chance.choice((1, 1, 2))))
        return f"{{{params}{body}}}"

    def local(self, depth: int) -> str:
        form = self.chance.random()
        if form < 0.3:
            return f"x{self.pick(self.operators)}{self.expr(depth - 1)}"
        if form < 0.5:
            return f"y{self.pick(self.operators)}x"
        return self.expr(depth - 1)

    def indexed(self, depth: int) -> str:
        return self.noun(0) + self.brackets(depth)

    def projected(self, depth: int) -> str:
        return f"({self.noun(depth)}{self.pick(self.operators)})"

    def composed(self, depth: int) -> str:
        return f"('[{self.verb(depth)};{self.verb(depth)}])"

    def attributed(self, depth: int) -> str:
        return f"(`{self.pick('supgz')}#{self.expr(depth)})"

    def enumerated(self, depth: int) -> str:
        return self.pick(("(`v9$`a`b)", "(`v9?`a`zz)", "(`v9!0 1)", "(`v7$`a)", "(`v7!0 1 9)",
                          f"(`v9${self.noun(depth)})", f"(`nosuch${self.noun(depth)})"))


_RULES: list[tuple[Rule, int]] = [
    (Programs.infixed, 30), (Programs.prefix, 20), (Programs.call, 16), (Programs.iterated, 14),
    (Programs.juxtaposed, 6), (Programs.assigned, 4), (Programs.amended, 6),
    (Programs.trapped, 2), (Programs.cast, 5), (Programs.selected, 6), (Programs.conditional, 2),
    (Programs.control, 2), (Programs.signalled, 1), (Programs.functional, 4),
    (Programs.internal, 2), (Programs.stringed, 4), (Programs.noun, 6)]
_EXPRESSIONS = [rule for rule, _ in _RULES]
_WEIGHTS = [weight for _, weight in _RULES]
_NOUNS: list[Rule] = [
    Programs.parenthesised, Programs.parenthesised, Programs.listed, Programs.listed,
    Programs.dictionary, Programs.table, Programs.function, Programs.indexed, Programs.projected,
    Programs.composed, Programs.attributed, Programs.enumerated]
