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
