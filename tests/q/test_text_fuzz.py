"""No text makes the literal reader or Tok fail in Python: errors are q's, tok gives nulls."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kkernel.q import Interpreter
from kkernel.q.errors import QError
from kkernel.q.syntax.literals import number_vector
from kkernel.q.text import show
from kkernel.q.text.tok import read_all
from kkernel.q.types import BY_CODE
from kkernel.q.values import qtype

Interpreter()
TEXT = st.one_of(st.text("0123456789.:-DTNWnwehijfpmdzuvtxbg ", max_size=24),
                 st.text("0123456789./-:DZTJanFEBmar ", max_size=30), st.text(max_size=8))


@settings(deadline=None, max_examples=600)
@given(TEXT.filter(str.strip))
def test_literals_give_a_value_or_signal_their_text(text: str) -> None:
    try:
        found = number_vector(text)
    except QError as e:
        assert e.message in (text, text.strip())
    else:
        assert abs(qtype(found)) in BY_CODE
        assert show.line(found)


@settings(deadline=None, max_examples=120)
@given(TEXT)
@pytest.mark.parametrize("code", sorted(BY_CODE))
def test_tok_never_signals(code: int, text: str) -> None:
    found = read_all(code, [text, text])
    assert isinstance(found, np.ndarray) and qtype(found) == code
    assert show.line(found)
