"""Scripts and cells as logical lines: continuation, comment blocks, pasted prompts."""

from __future__ import annotations

import re

# halves of surrogate pairs that no text has; those not named here stand for bytes (PEP 383)
_HALVES = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_STRING_OR_COMMENT = re.compile(r'"(?:[^"\\]|\\.)*"|(?<=\s)/[^\n]*', re.S)
_PROMPT = re.compile(r"^q(?:\.[\w.]*)?\)+ ?", re.M)


def logical_lines(source: str, script: bool = False) -> list[tuple[int, str]]:
    """Text as statements: (number of the first physical line, text).

    `script`: the text is a file, not typed or pasted, so that prompts in it are no prompts.
    A line that starts with a blank, or with a lone closing brace, continues the one before;
    `/` alone to `\\` alone is a comment block and `\\` alone elsewhere ends the script.
    """
    source = _HALVES.sub("\ufffd", source)
    lines = source.replace("\r\n", "\n").split("\n")
    if not script:
        lines = _unprompted(lines)
    elif lines[0].startswith("#!"):
        lines[0] = ""
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
    """A pasted transcript, which starts with a prompt: its output lines are left out.

    Elsewhere only the prompts are.
    """
    first = next((line for line in lines if line.strip()), "")
    transcript = _PROMPT.match(first) is not None
    kept = []
    for line in lines:
        m = _PROMPT.match(line)
        output = transcript and not m and line[:1] not in " \t"
        kept.append(line[m.end():] if m else "" if output else line)
    return kept


def without_comment(text: str) -> str:
    """A statement without the comment at its end, and the blanks before that."""
    return _STRING_OR_COMMENT.sub(lambda m: m[0] if m[0][0] == '"' else "", text).rstrip()
