"""Scripts and cells as logical lines: continuation, comment blocks, pasted prompts."""

from __future__ import annotations

import re

# halves of surrogate pairs that no text has; those not named here stand for bytes (PEP 383)
_HALVES = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_STRING_OR_COMMENT = re.compile(r'"(?:[^"\\]|\\.)*"|(?<=\s)/[^\n]*', re.S)
_PROMPT = re.compile(r"^q(?:\.[\w.]*)?\)+ ?", re.M)


def logical_lines(source: str) -> list[tuple[int, str]]:
    """Script text as statements: (number of the first physical line, text).

    A line that starts with a blank, or with a lone closing brace, continues the one before;
    `/` alone to `\\` alone is a comment block and `\\` alone elsewhere ends the script.
    """
    source = _HALVES.sub("\ufffd", source)
    lines = _unprompted(source.replace("\r\n", "\n").split("\n"))
    out: list[tuple[int, str]] = []
    in_comment = False
    for number, line in enumerate(lines):
        bare = line.rstrip()
        if in_comment:
            in_comment = bare != "\\"
        elif bare == "/":
            in_comment = True
        elif bare == "\\" and (out or number):
            break
        elif _continues(line) and out:
            out[-1] = (out[-1][0], out[-1][1] + "\n" + line)
        elif bare and not line.startswith("/"):
            out.append((number, line))
    return out


def _continues(line: str) -> bool:
    return bool(line) and (line[0] in " \t" or line.startswith("}"))


def _unprompted(lines: list[str]) -> list[str]:
    """A pasted transcript: prompts are dropped, and with them the output lines between."""
    if not any(_PROMPT.match(line) for line in lines):
        return lines
    kept = []
    for line in lines:
        m = _PROMPT.match(line)
        kept.append(line[m.end():] if m else (line if line[:1] in " \t" else ""))
    return kept


def without_comment(text: str) -> str:
    """A statement without the comment at its end, and the blanks before that."""
    return _STRING_OR_COMMENT.sub(lambda m: m[0] if m[0][0] == '"' else "", text).rstrip()
