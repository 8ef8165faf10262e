"""The protocol tests that Jupyter keeps for all kernels, none of them skipped."""

from __future__ import annotations

from typing import Any

import jupyter_kernel_test
from kernel_client import TIMEOUT


class TestKernel(jupyter_kernel_test.KernelTests):
    kernel_name = "kkernel"
    language_name = "q"
    file_extension = ".q"

    code_hello_world = '-1"hello, world";'
    code_stderr = '-2"hello, stderr";'
    completion_samples = [
        {"text": "zzz", "matches": []},
        {"text": "xasc", "matches": ["xasc"]},
        {"text": "delt", "matches": ["deltas"]},
        {"text": "1+revers", "matches": ["reverse"]},
        {"text": "\\t", "matches": ["t", "ts"]},
    ]
    complete_code_samples = ["1", "f:{x+1}", "\\c 25 80", "select from t where a>1"]
    incomplete_code_samples = ["f:{x+1", "(1;2", 'a:"text']
    invalid_code_samples = ["1+)", "f:{x+1]}"]
    code_page_something = "?til"
    code_generate_error = "1+`a"
    code_execute_result = [
        {"code": "40+2", "result": "42"},
        {"code": "til 3", "result": "0 1 2"},
        {"code": "([]a:1 2)", "result": "a\n-\n1\n2"},
        {"code": "unique_pattern:7;unique_pattern", "result": "7"},
        {"code": "40+2", "result": "42"},
    ]
    code_display_data: list[Any] = [{"code": '.ui.html"<b>bold</b>"', "mime": "text/html"}]
    code_history_pattern = "*unique_pattern*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "til"
    code_clear_output = ".ui.clear[]"

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.kc.execute_interactive("tensor 1", timeout=TIMEOUT)  # torch is loaded from here on

    def execute_helper(self, *args: Any, **options: Any) -> Any:
        """The suite allows a tenth of a second between messages: too little on a busy machine."""
        channel = self.kc.iopub_channel
        next_message = channel.get_msg

        def patient(timeout: float | None = None) -> Any:
            return next_message(timeout=TIMEOUT)

        channel.get_msg = patient
        try:
            return super().execute_helper(*args, **options)
        finally:
            channel.get_msg = next_message


class TestWelcome(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "kkernel"
    support_iopub_welcome = True


def test_no_protocol_test_is_skipped() -> None:
    """Each condition under which the suite skips a test names an attribute that is set here."""
    suite = jupyter_kernel_test.KernelTests
    optional = [n for n, v in vars(suite).items()
                if n.startswith(("code_", "completion", "supported", "language_name", "file_ext"))
                or n.endswith("_samples") and not callable(v)]
    assert optional and all(getattr(TestKernel, n) for n in optional)
