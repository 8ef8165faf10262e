"""One q session used as a library."""

from __future__ import annotations

from kkernel.q import Interpreter


def test_console_text_is_returned_also_where_a_host_takes_what_is_shown() -> None:
    q, shown = Interpreter(), []
    q.shown = lambda _value, text: shown.append(text)
    assert q.console('1+1\n-1"x";\n1+`a') == "2\nx\n'type\n  [0]  1+`a\n        ^\n"
    assert shown == []
    q.execute("2")
    assert shown == ["2\n"]
