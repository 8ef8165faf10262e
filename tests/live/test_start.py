"""What is not loaded before it is needed: the kernel answers its first request without numpy."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(("statement", "absent"), [
    ("import kkernel.kernel.app", {"numpy", "torch", "kkernel.q.interpreter"}),
    ("import kkernel.__main__", {"numpy", "torch", "ipykernel", "prompt_toolkit"}),
    ("import kkernel.console", {"torch", "ipykernel", "IPython", "prompt_toolkit"}),
    ("from kkernel.session import Session; Session().execute('a:1+1')", {"torch", "ipykernel"}),
    ("from kkernel.q import Interpreter; Interpreter()('1+1')", {"torch", "kkernel.session"}),
])
def test_imports_wait(statement: str, absent: set[str]) -> None:
    script = f"{statement}\nimport sys\nprint(*sorted(sys.modules.keys() & {absent!r}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                          timeout=120, check=True)
    assert done.stdout.split() == []


def test_the_first_optimizer_imports_nothing_that_an_interrupt_could_cut() -> None:
    """torch._dynamo half imported would break every later step of the process."""
    script = """
import sys
from kkernel.q import interrupts
from kkernel.session import Session
q = Session()
q.warm_up()
before = set(sys.modules)
assert q.execute("m:module enlist(`linear;2;1);o:opt(`adam;m)") is None
assert q.execute("backward(forward(m;2 2#1 2 3 4e);2 1#1e);step o") is None
print(*(m for m in set(sys.modules) - before if m.startswith(("torch", "sympy", "kkernel"))))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                          timeout=240, check=True)
    assert done.stdout.split() in ([], ["torch.profiler._cupti_monitor"])
