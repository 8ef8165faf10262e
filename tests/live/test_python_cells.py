"""Cells in Python beside q, magics, and q in a Python notebook, through real kernels."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kernel_client import Kernel


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    k = Kernel(cwd=tmp_path_factory.mktemp("cells"))
    yield k
    k.close()


def test_python_sees_q_and_q_sees_python(kernel: Kernel) -> None:
    kernel.run("a:1 2 3\nf:{x+y}")
    assert kernel.run("%%py\nb = q.a * 2\nq.c = b\nb").result == "array([2, 4, 6])"
    assert kernel.run("c").result == "2 4 6"
    assert kernel.run("%py q.f(1, 2)").result == "3"
    outcome = kernel.run("%py q.d = 5\nd+1\n%py print('text')\n1")
    assert (outcome.stdout, outcome.result) == ("6\ntext\n", "1")
    assert kernel.run("%%py\nprint(b)").stdout == "[2 4 6]\n"
    assert kernel.run("%%py\nb;").kinds == []


def test_a_figure_shows_below_its_cell(kernel: Kernel) -> None:
    outcome = kernel.run("%%py\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);")
    assert [d for d in outcome.of("display_data") if "image/png" in d["data"]]


def test_a_frame_shows_as_html(kernel: Kernel) -> None:
    outcome = kernel.run('t:([]a:1 2)\n%py q.t')
    assert "text/html" in outcome.of("execute_result")[0]["data"]


def test_an_error_of_python_ends_the_cell(kernel: Kernel) -> None:
    outcome = kernel.run("%%py\n1/0")
    assert outcome.reply["ename"] == "ZeroDivisionError"
    assert outcome.reply["status"] == "error" and outcome.error is not None
    outcome = kernel.run("%py q('1+`a')\ne:1")
    assert "type" in outcome.reply["evalue"] and kernel.run("e").error is not None


def test_python_can_be_stopped(kernel: Kernel) -> None:
    request = kernel.send("%%py\nprint('in', flush=True)\nwhile True: pass")
    kernel.collect(request, lambda m: m["msg_type"] == "stream")
    kernel.manager.interrupt_kernel()
    assert kernel.wait(request).reply["ename"] == "KeyboardInterrupt"
    assert kernel.run("%py 1").result == "1"


def test_counts_and_history_include_python(kernel: Kernel) -> None:
    first = kernel.run("%py 1").of("execute_result")[0]["execution_count"]
    assert kernel.run("1").reply["execution_count"] == first + 1
    [row] = kernel.ask("history", hist_access_type="range", session=0, start=first,
                       stop=first + 1, output=False, raw=True)["history"]
    assert row[2] == "%py 1"


def test_completion_and_tooltips_in_python(kernel: Kernel) -> None:
    kernel.run("%%py\nlonger_name = 1")
    found = kernel.ask("complete", code="%%py\nlonger_n", cursor_pos=13)
    assert "longer_name" in found["matches"] and found["cursor_start"] == 5
    assert kernel.ask("inspect", code="%%py\nprint", cursor_pos=8)["found"]
    assert kernel.ask("complete", code="%ti")["matches"] == ["%time"]
    assert kernel.ask("complete", code="%%ca")["matches"] == ["%%capture"]
    assert kernel.ask("is_complete", code="%%py\na = 1")["status"] == "incomplete"
    assert kernel.ask("is_complete", code="%%py\na = 1\n")["status"] == "complete"


def test_time(kernel: Kernel) -> None:
    outcome = kernel.run("%time 1+1")
    assert outcome.stdout.startswith("2\n") and "processor" in outcome.stdout
    assert "processor" in kernel.run("%%time\ng:1\ng+1").stdout
    assert kernel.run("%time 1+`a").error is not None


def test_capture(kernel: Kernel) -> None:
    outcome = kernel.run('%%capture seen\n1 2\n-1"x";\n3')
    assert outcome.kinds == []
    assert kernel.run("seen").result == '"1 2\\nx\\n3\\n"'
    assert kernel.run("1").result == "1"


def test_save_and_load(kernel: Kernel) -> None:
    first = kernel.run("h:{x*2}").reply["execution_count"]
    kernel.run("%py 1")
    kernel.run("h 4")
    assert kernel.run(f"%save some.q {first}-{first + 2}").stdout == "2 cells in some.q\n"
    [payload] = kernel.run("%load some.q").reply["payload"]
    assert payload["text"] == "h:{x*2}\n\nh 4\n" and payload["replace"]
    assert kernel.run("%load nowhere.q").error == "'nowhere.q. OS reports: No such file or " \
        "directory"
    assert kernel.run("%save some.q x").reply["evalue"].startswith("'%save: x: expected numbers")


def test_who_and_lsmagic(kernel: Kernel) -> None:
    kernel.run("n:tensor(1 2 3;`double)")
    shown = kernel.run("%who").result or ""
    assert 'n' in shown and "tensor 3 double" in shown
    assert "%%capture" in kernel.run("%lsmagic").stdout


def test_html(kernel: Kernel) -> None:
    [shown] = kernel.run("%%html\n<b>x</b>").of("display_data")
    assert shown["data"]["text/html"] == "<b>x</b>"


def test_unknown_magics_are_q(kernel: Kernel) -> None:
    assert kernel.run("%[6;2]").result == "3f"
    assert kernel.run("%nothing 1").error is not None
    assert kernel.run("6\n %2").result == "3f"


def test_magics_know_their_place() -> None:
    from kkernel.kernel.magics import Step, python_start, steps

    assert steps("1\n%time 2\n3") == [Step("", "1"), Step("time", "2"), Step("", "3")]
    assert steps("1\n%%py\n2") == [Step("", "1\n%%py\n2")]
    assert steps("a%b") == [Step("", "a%b")]
    assert python_start("%%py\nx", 6) == 5 and python_start("%%py\nx", 2) == 0
    assert python_start("%%pyx\nx") == 0


# --------------------------------------------------------------------------- a Python notebook

@pytest.fixture(scope="module")
def python() -> Iterator[Kernel]:
    k = Kernel(name="python3")
    assert k.run("%load_ext kkernel").error is None
    yield k
    k.close()


def test_cells_of_q_in_a_python_notebook(python: Kernel) -> None:
    outcome = python.run("%%q\na:1 2 3\na\nt:([]b:a)\nt")
    [shown] = outcome.of("display_data")
    assert outcome.stdout == "1 2 3\n"
    assert shown["data"]["text/plain"] == "b\n-\n1\n2\n3" and "text/html" in shown["data"]
    assert python.run("x = %q sum a\nx + 1").result == "7"
    assert python.run("import numpy as np\nq.b = np.arange(3) / 2\nq('2*b')").result == \
        "array([0., 1., 2.])"
    assert python.run("list(q.t.columns)").result == "['b']"


def test_an_error_of_q_in_a_python_notebook(python: Kernel) -> None:
    outcome = python.run("%%q\n1+`a")
    assert outcome.error == "'type\n  [0]  1+`a\n        ^"
    assert outcome.reply["status"] == "error"
    assert python.run("%q nowhere").reply["ename"] == "QCellError"


def test_tensors_of_a_python_notebook(python: Kernel) -> None:
    assert python.run("import torch\nq.t = torch.ones(2, 2)\nq.t.add_(1)\n"
                      "q('tensor t').tolist()").result == "[[2.0, 2.0], [2.0, 2.0]]"
