"""Write the words that the lab extension colours: python share/lab/make_words.py"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from kkernel.lexer import STATEMENTS, vocabulary

FILE = (Path(__file__).resolve().parents[1]
        / "jupyter/labextensions/kkernel/static/words.js")


def module() -> str:
    """The ES module: statements and keywords of q, functions of the k api."""
    keywords, functions = vocabulary()
    sets = {"STATEMENTS": STATEMENTS, "KEYWORDS": keywords, "FUNCTIONS": functions}
    return "/* Written by share/lab/make_words.py */\n\n" + "\n\n".join(
        f"export const {name} = new Set({_literal(words)});" for name, words in sets.items()) + "\n"


def _literal(words: Iterable[str]) -> str:
    """A list of strings in lines of at most 100 characters."""
    lines, line = [], " "
    for word in sorted(words):
        item = f" {json.dumps(word)},"
        if len(line) + len(item) > 100:
            lines.append(line)
            line = " "
        line += item
    return "[\n" + "\n".join([*lines, line]) + "\n]"


if __name__ == "__main__":
    FILE.write_text(module(), encoding="utf-8")
