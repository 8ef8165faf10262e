"""Colours of q source for pygments: nbconvert, `jupyter console`, the q console, Sphinx.

Unlike the q lexer that pygments has, this one knows the functions of the k api, the rules of blanks
(comments, negative numbers), system commands, magics and cells in Python.  It is found under the
name `kkernel`, through an entry point.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from pygments.lexer import RegexLexer, bygroups, include, using
from pygments.lexers.python import PythonLexer
from pygments.token import (
    Comment,
    Generic,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Token,
    Whitespace,
)

STATEMENTS = frozenset({"if", "while", "do", "select", "exec", "update", "delete", "from", "by",
                        "where"})
Temporal = Number.Temporal
_MINUS = r"(?:(?<![\w\])}\"`.])-)?"  # of a number, where no noun touches it on the left
_NAME = r"\.?[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*"


@cache
def vocabulary() -> tuple[frozenset[str], frozenset[str]]:
    """The keywords of q, and the names of the k api; read when the first text is coloured."""
    from kkernel.api.names import NAMES
    from kkernel.q import Interpreter  # noqa: F401 - declares the keywords
    from kkernel.q.registry import KEYWORDS

    return frozenset(KEYWORDS) - STATEMENTS, frozenset(NAMES)


def _name(_lexer: Any, match: re.Match[str]) -> Iterator[tuple[int, Any, str]]:
    """A name by what it means.  A q keyword cannot be redefined, so it comes before the api."""
    word = match.group()
    keywords, api = vocabulary()
    kind = (Keyword if word in STATEMENTS else Keyword.Pseudo if word in keywords
            else Keyword.Type if word in api else Name)
    yield match.start(), kind, word


class KkernelLexer(RegexLexer):  # type: ignore[misc]
    """q with the k api of PyTorch."""

    name = "q with the k api"
    aliases = ["kkernel"]
    mimetypes = ["text/x-q"]
    url = "https://code.kx.com/q/ref/"
    flags = re.MULTILINE

    tokens = {
        "root": [
            (r"\A(\s*)(%%py(?:thon)?\b[^\n]*\n)((?:.|\n)*)",
             bygroups(Whitespace, Comment.Preproc, using(PythonLexer))),
            (r"\A\s*%%[^\n]*", Comment.Preproc),
            (r"^%\w+", Comment.Preproc),
            include("comments"),
            include("commands"),
            (r"\s+", Whitespace),
            (r'"', String.Double, "string"),
            (r"`(?:[A-Za-z0-9.][\w.]*)?(?::[\w.:/]*)?", String.Symbol),
            include("numbers"),
            (rf"({_NAME})([ \t]*)(::?)(?=[ \t]*\{{)",
             bygroups(Name.Function, Whitespace, Operator)),
            (rf"({_NAME})([ \t]*)(::?)", bygroups(Name.Variable, Whitespace, Operator)),
            (_NAME, _name),
            (r"[/\\']:?", Operator),
            (r"::|<=:?|>=:?|<>:?|[-+*%&|^=<>~!@#$?_,.]:?|:", Operator),
            (r"[()\[\]{};]", Punctuation),
            (r".", Token.Text),
        ],
        "comments": [
            (r"\A#![^\n]*", Comment.Hashbang),
            (r"^/[ \t]*$", Comment.Multiline, "block"),
            (r"(?<=\n)\\[ \t]*\n(?:.|\n)*", Comment.Multiline),  # the rest is not read
            (r"^/[^\n]*", Comment.Single),
            (r"(?<=[ \t])/[^\n]*", Comment.Single),
        ],
        "commands": [
            (r"^\\(?:t|ts)(?::\d+)?(?=[ \t])", Comment.Preproc),  # an expression follows
            (r"^\\\w[^\n]*", Comment.Preproc),
            (r"^(?:q(?:\.[\w.]*)?\)+|[a-pr-zA-Z]\)) ?", Generic.Prompt),
        ],
        "numbers": [
            (_MINUS + r"(?:\d{4}\.\d\d\.\d\d(?:[DT][\d:.]*)?|\d{4}\.\d\dm|\d+D[\d:.]*"
             r"|\d{2,}:\d\d(?::\d\d(?:\.\d+)?)?|(?:0[NnWw]|\d+)[pmdznuvt])(?!\w)", Temporal),
            (r"0x[0-9a-fA-F]*", Number.Hex),
            (r"[01]+b(?!\w)", Number.Bin),
            (r"[012]:(?!:)", Operator),
            (_MINUS + r"0[NnWw][a-z]?(?!\w)", Number),
            (_MINUS + r"(?:(?:\d+\.\d*|\.\d+)(?:e[-+]?\d+)?|\d+e[-+]?\d+|\d+(?=[ef](?!\w)))[ef]?",
             Number.Float),
            (_MINUS + r"\d+[a-z]?", Number.Integer),
        ],
        "block": [
            (r"^\\[ \t]*$", Comment.Multiline, "#pop"),
            (r"[^\n]+|\n", Comment.Multiline),
        ],
        "string": [
            (r'[^"\\]+', String.Double),
            (r"\\(?:[0-7]{3}|.|\n)", String.Escape),
            (r'"', String.Double, "#pop"),
            (r"\\", String.Double),
        ],
    }
