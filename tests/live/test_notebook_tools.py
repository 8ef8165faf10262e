"""Tools around notebooks: nbconvert, jupytext, papermill."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from kkernel.kernel.kernel import QKernel
from kkernel.parameters import QTranslator
from kkernel.q import Interpreter

SOURCES = ["a:til 3\nf:{x+1}\na", "t:tensor(`rand;2 3) / draws\n2024.01.02", "%%py\nimport math"]


def notebook(*sources: str) -> Any:
    made = new_notebook(cells=[new_markdown_cell("# Title"), *map(new_code_cell, sources)])
    made.metadata["kernelspec"] = {"name": "kkernel", "display_name": "K (PyTorch)",
                                   "language": "q"}
    made.metadata["language_info"] = dict(QKernel.language_info)
    return made


# ---------------------------------------------------------------- nbconvert


def test_html_is_coloured() -> None:
    from nbconvert import HTMLExporter

    page = HTMLExporter().from_notebook_node(notebook(*SOURCES))[0]
    for span in ('<span class="kp">til</span>', '<span class="kt">tensor</span>',
                 '<span class="ss">`rand</span>', 'Temporal">2024.01.02</span>',
                 '<span class="kn">import</span>'):
        assert span in page


def test_latex_is_coloured() -> None:
    from nbconvert import LatexExporter

    made = notebook(*SOURCES)
    made.cells = [c for c in made.cells if c.cell_type == "code"]  # for text it needs pandoc
    page = LatexExporter().from_notebook_node(made)[0]
    assert r"\PY{k+kp}{til}" in page and r"\PY{k+kt}{tensor}" in page


def test_the_script_is_q_that_runs() -> None:
    from nbconvert import ScriptExporter

    script, about = ScriptExporter().from_notebook_node(notebook(*SOURCES[:1]))
    assert about["output_extension"] == ".q"
    assert Interpreter().console(script) == "0 1 2\n"


# ---------------------------------------------------------------- jupytext


@pytest.mark.parametrize("form", ["q:percent", "q:light"])
def test_jupytext_round_trip(form: str) -> None:
    import jupytext

    text = jupytext.writes(notebook(*SOURCES[:2]), form)
    if form == "q:percent":
        assert "/ %% [markdown]\n/ # Title\n" in text and "/ %%\na:til 3\n" in text
    again = jupytext.reads(text, form)
    assert [c.source for c in again.cells] == ["# Title", *SOURCES[:2]]
    assert again.metadata["kernelspec"]["name"] == "kkernel"


def test_a_jupytext_file_is_a_q_script(tmp_path: Path) -> None:
    import jupytext

    file = tmp_path / "n.q"
    jupytext.write(notebook(SOURCES[0]), file, fmt="q:percent")
    q = Interpreter()
    assert q.console(f"\\l {file}") == "0 1 2\n"


# ---------------------------------------------------------------- papermill

VALUES: list[tuple[Any, str, str]] = [  # value, literal, what the console shows
    (None, "(::)", ""), (True, "1b", "1b"), (0, "0", "0"), (-5, "-5", "-5"),
    (1.5, "1.5", "1.5"), (2.0, "2f", "2f"), (1e-7, "1e-07", "1e-07"), (1e20, "1e20", "1e+20"),
    (float("nan"), "0n", "0n"), (float("-inf"), "-0w", "-0w"),
    ("", '""', '""'), ("a", 'enlist"a"', ',"a"'), ('say "x"\n\\', r'"say \"x\"\n\\"', None),
    ("café", '"café"', r'"caf\303\251"'),
    ([], "()", "()"), ([7], "(enlist 7)", ",7"), ([1, -2], "1 -2", "1 -2"),
    ([1, 2.5], "1 2.5f", "1 2.5"), ([1e-3, 2.0], "0.001 2f", "0.001 2"),
    ([True, False], "10b", "10b"), (["ab", "c"], '("ab";enlist"c")', '"ab"\n,"c"'),
    ([1, "x", None], '(1;enlist"x";(::))', '1\n,"x"\n::'), ((1, 2), "1 2", "1 2"),
    ({}, "(()!())", ""), ({"rate": 0.1, "size": 32}, "((`rate`size)!(0.1;32))",
                          "rate| 0.1\nsize| 32"),
    ({"a": [1, 2]}, "((enlist `a)!(enlist 1 2))", "a| 1 2"),
    ({"two words": 1, "x": 2}, '((`$("two words";enlist"x"))!(1;2))', None),
    (datetime.date(2024, 1, 2), "2024.01.02", "2024.01.02"),
    (datetime.datetime(2024, 1, 2, 3, 4, 5), "2024.01.02D03:04:05.000000",
     "2024.01.02D03:04:05.000000000"),
]


@pytest.mark.parametrize(("value", "literal", "shown"), VALUES)
def test_parameters_as_literals(value: Any, literal: str, shown: str | None) -> None:
    assert QTranslator.translate(value) == literal
    q = Interpreter()
    printed = q.console(f"x:{literal}\nx").removesuffix("\n")
    if shown is None:
        assert printed and not printed.startswith("'")
    else:
        assert printed == shown


def test_nested_values_stay_nested() -> None:
    q = Interpreter()
    q.execute("x:" + QTranslator.translate({"a": [[1], [2, 3]], "b": {"c": "d"}}))
    assert q.console("x[`a]1\nx[`b]`c\ncount x[`a]0") == '2 3\n,"d"\n1\n'


def test_a_number_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit into a q long"):
        QTranslator.translate(2**63)


def test_the_parameters_cell_is_read() -> None:
    cell = new_code_cell("rate:0.1 / of learning\nname:\"x\"\nf::x\nlayers:3")
    found = [tuple(p) for p in QTranslator.inspect(cell)]
    assert found == [("rate", "float", "0.1", "of learning"), ("name", "string", '"x"', ""),
                     ("layers", "long", "3", "")]


def test_papermill_runs_a_notebook_with_parameters(tmp_path: Path) -> None:
    import papermill

    made = notebook("rate:0.1\nname:\"none\"", "rate*2\nname")
    made.cells[1].metadata["tags"] = ["parameters"]
    nbformat.write(made, tmp_path / "in.ipynb")
    papermill.execute_notebook(tmp_path / "in.ipynb", tmp_path / "out.ipynb",
                               parameters={"rate": 0.25, "name": "run 1"}, progress_bar=False)
    done = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    injected = next(c for c in done.cells if "injected-parameters" in c.metadata.get("tags", []))
    assert injected.source == '/ Parameters\nrate:0.25\nname:"run 1"\n'
    outputs = done.cells[-1].outputs
    assert outputs[0]["text"] == "0.5\n" and outputs[1]["data"]["text/plain"] == '"run 1"'
