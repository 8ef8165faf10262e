"""Whole scripts: continuation lines, blocks of remarks, the place of an error in a file.

And the language alone: `kkernel.q` where neither torch nor Jupyter can be imported.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kkernel.q import Interpreter, QError

Load = Callable[..., Interpreter]

WHOLE = """\
#!/usr/bin/env kkernel
/ a remark
a:1  / and one more
f:{x+
  y*   / within a function
  z}
b:f[1;2;
  3]
t:([]a:1 2;
  b:3 4)
/
a block: nothing in it is read (
f:"
\\
g:{[x]
  y:x+1;

  y+`a
 }
\\d .n
c:2
  +3
\\d .
s:"two
 lines"
h:{[n]
  $[n<2;
    n;
    .z.s[n-1]+.z.s n-2]
 }
\\
never read (
"""


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def run(**files: str) -> Interpreter:
        for name, text in files.items():
            (tmp_path / f"{name}.q").write_text(text)
        q = Interpreter()
        q(f"\\l {tmp_path}/{next(iter(files))}.q")
        return q
    return run


def test_every_form_of_a_script(load: Load) -> None:
    q = load(whole=WHOLE)
    assert q("(a;b;.n.c;h 10;count t)").tolist() == [1, 7, 5, 55, 2]
    assert q.console("f") == "{x+\n  y*   / within a function\n  z}\n"
    assert q("s like \"two*lines\"")


PLACES = {  # what the frame shows of the place: line, text of the line, offset of the caret in it
    "a:1\n\nb:(1;2\nc:3\n": (3, "b:(1;2", 2),
    "a:1\nf:{x+1\n  y)\n }\n": (3, "  y)", 3),
    '"abc\nd:1\n': (1, '"abc', 0),
    "a:1\nb:2+`x\n": (2, "b:2+`x", 3),
    "f:{x+\n  y+`a}\na:1\nc:f[1;2]\n": (2, "  y+`a}", 3),
    "/\n\n\\\n\n  \nx:1;\n y:2+`a\n": (7, " y:2+`a", 4),
    "f:{\n if[x;\n  '`bad];\n 1}\nf 1\n": (3, "  '`bad];", 2),
    "t:([]a:1 2;\n b:1 2 3)\n": (1, "t:([]a:1 2;", 2),
    "select a by\n from\n": (1, "select a by", 0),
}


@pytest.mark.parametrize("script", PLACES)
def test_errors_tell_file_line_and_column(script: str, load: Load) -> None:
    number, line, offset = PLACES[script]
    with pytest.raises(QError) as e:
        load(s=script)
    frame = e.value.frames[0]
    at = frame.text.rfind("\n", 0, frame.offset) + 1
    found = frame.text[at:].split("\n")[0]
    assert f"/s.q:{number}: " in frame.label
    assert (found, frame.offset - at) == (line, offset)


def test_errors_in_scripts_that_scripts_load(load: Load, tmp_path: Path) -> None:
    with pytest.raises(QError) as e:
        load(outer=f"\\l {tmp_path}/inner.q\n", inner="a:1\ng:{x+`b}\ng a\n")
    labels = [f.label.removeprefix(str(tmp_path)) for f in e.value.frames]
    assert labels == ["/inner.q:2: g:", "/inner.q:3: "]


_ALONE = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked}:
            raise ImportError(name)

sys.meta_path.insert(0, Blocked())
from kkernel.q import Interpreter
q = Interpreter()
assert q("1+1") == 2
assert q.console("select sum a by b from ([]a:1 2 3;b:`x`y`x)") == "b| a\\n-| -\\nx| 4\\ny| 2\\n"
assert q.console("1+`a").startswith("'type")
assert q.console("relu 1") == "'relu\\n  [0]  relu 1\\n       ^\\n"
"""
_OTHERS = ("torch", "ipykernel", "IPython", "jupyter_client", "ipywidgets", "anywidget", "pandas",
           "matplotlib", "prompt_toolkit", "pygments", "zmq", "tornado")


def test_the_language_needs_only_numpy() -> None:
    source = _ALONE.replace("{blocked}", repr(set(_OTHERS)))
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True,
                          timeout=120, check=False)
    assert done.returncode == 0, done.stderr
