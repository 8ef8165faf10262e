"""Colours of source text: the lexer for pygments, and the lab extension beside it."""

from __future__ import annotations

import json
import runpy
import subprocess
from pathlib import Path

import nbformat
import pytest
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Generic, Keyword, Name, Number, Operator, Punctuation, String

from kkernel.lexer import KkernelLexer, Temporal

ROOT = Path(__file__).resolve().parents[2]
EXTENSION = ROOT / "share/jupyter/labextensions/kkernel"

SAMPLES = r"""
a:til 3 / words                   | a Name.Variable, til Keyword.Pseudo, / words Comment.Single
f:{x-1}                           | f Name.Function, - Operator, 1 Number.Integer
-1 2                              | -1 Number.Integer, 2 Number.Integer
x-1                               | - Operator, 1 Number.Integer
(x)-1                             | - Operator, 1 Number.Integer
tensor(`rand;2 3)                 | tensor Keyword.Type, `rand String.Symbol
`a.b`:c/d_e:5                     | `a.b String.Symbol, `:c/d_e:5 String.Symbol
select a by b from t where c<1    | select Keyword, by Keyword, from Keyword, where Keyword
if[x;'`oops]                      | if Keyword, ' Operator, `oops String.Symbol
2024.01.02D10:11:12.5             | 2024.01.02D10:11:12.5 Temporal
2000.01m 12:30 0D01 0Np 2001.01.01| 2000.01m Temporal, 12:30 Temporal, 0D01 Temporal, 0Np Temporal
1.5 .5 1e-3 2f 0w                 | 1.5 Number.Float, .5 Number.Float, 1e-3 Number.Float
0x0aff 101b 0W                    | 0x0aff Number.Hex, 101b Number.Bin, 0W Number
0:"x"                             | 0: Operator
+/1 2                             | + Operator, / Operator
\c 25 80                          | \c 25 80 Comment.Preproc
\t sum 1 2                        | \t Comment.Preproc, sum Keyword.Pseudo
q)1                               | q) Generic.Prompt
%time 1                           | %time Comment.Preproc
.Q.fmt[1;2]                       | .Q.fmt Name
"a\"b\101"                        | \" String.Escape, \101 String.Escape
"""
KINDS = {"Comment": Comment, "Generic": Generic, "Keyword": Keyword, "Name": Name,
         "Number": Number, "Operator": Operator, "Punctuation": Punctuation, "String": String,
         "Temporal": Temporal}


def kind(path: str) -> object:
    head, *rest = path.split(".")
    found = KINDS[head]
    for part in rest:
        found = getattr(found, part)
    return found


@pytest.mark.parametrize(("source", "expected"), [
    row.split("|") for row in SAMPLES.strip().splitlines()])
def test_tokens(source: str, expected: str) -> None:
    found = [(text.strip(), token) for token, text in KkernelLexer().get_tokens(source.rstrip())]
    for word in expected.split(","):
        text, path = word.strip().rsplit(" ", 1)
        assert (text, kind(path)) in found


def test_comment_blocks_and_the_end_of_a_script() -> None:
    tokens = KkernelLexer().get_tokens("1\n/\nblock\n\\\n2\n\\\nnever read\n")
    plain = "".join(text for token, text in tokens if token not in Comment)
    assert plain.split() == ["1", "2"]


def test_a_cell_in_python_is_python() -> None:
    tokens = list(KkernelLexer().get_tokens("%%py\nimport numpy as np # words\n"))
    assert tokens[0] == (Comment.Preproc, "%%py\n")
    assert (Keyword.Namespace, "import") in tokens and (Comment.Single, "# words") in tokens


def test_pygments_finds_the_lexer_under_the_name_that_the_kernel_says() -> None:
    from kkernel.kernel.kernel import QKernel

    lexer = get_lexer_by_name(QKernel.language_info["pygments_lexer"])
    assert isinstance(lexer, KkernelLexer)


# ---------------------------------------------------------------- the lab extension


def cells() -> list[str]:
    """The q code of the course; cells in Python are not for the tokenizer."""
    return [cell.source for file in sorted((ROOT / "notebooks").glob("*.ipynb"))
            for cell in nbformat.read(file, as_version=4).cells
            if cell.cell_type == "code" and not cell.source.startswith("%%py")]


def styles(texts: list[str]) -> list[list[tuple[str | None, str]]]:
    """What the extension's tokenizer says, run by the Node that comes with playwright."""
    import playwright

    node = Path(playwright.__file__).parent / "driver" / "node"
    done = subprocess.run(
        [str(node), "--no-warnings", str(ROOT / "tests/stream_tokens.mjs"),
         str(EXTENSION / "static/tokens.js")],
        input=json.dumps(texts), capture_output=True, text=True, timeout=60, check=True)
    return [[(style, text) for style, text in found] for found in json.loads(done.stdout)]


STYLES = (  # the first row that fits
    (Temporal, "atom"), (Keyword.Type, "variableName.standard"), (Keyword, "keyword"),
    (Name.Function, "variableName.definition"), (Name, "variableName"),
    (String.Symbol, "string.special"), (String, "string"), (Number, "number"),
    (Comment.Preproc, "meta"), (Generic.Prompt, "meta"), (Comment, "comment"),
    (Operator, "operator"))


def style(token: object, text: str) -> str | None:
    if token in Punctuation:
        return "punctuation" if text == ";" else "bracket"
    return next((name for row, name in STYLES if token in row), None)


def by_character(tokens: list[tuple[str | None, str]]) -> list[tuple[str, str | None]]:
    return [(c, name) for name, text in tokens for c in text if not c.isspace()]


def test_the_extension_colours_as_the_lexer_does() -> None:
    sources = [row.split("|")[0].rstrip() for row in SAMPLES.strip().splitlines()]
    texts = [*sources, *cells(), "1\n/\nblock\n\\\n2\n\\\nend\n", '"two\nlines" 1', "%%other\n1"]
    assert len(texts) > 50
    for text, found in zip(texts, styles(texts), strict=True):
        lexed = [(style(token, part), part) for token, part in KkernelLexer().get_tokens(text)]
        assert by_character(found) == by_character(lexed), text


def test_the_words_of_the_extension_are_those_of_the_lexer() -> None:
    made = runpy.run_path(str(ROOT / "share/lab/make_words.py"))
    assert made["FILE"].read_text() == made["module"](), "run share/lab/make_words.py"


def test_the_extension_says_what_jupyterlab_asks_of_it() -> None:
    from importlib.metadata import version

    described = json.loads((EXTENSION / "package.json").read_text())
    assert described["version"] == version("kkernel")
    assert (EXTENSION / described["jupyterlab"]["_build"]["load"]).is_file()
