"""Literal text -> value: types, special values, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from kkernel.q.errors import QError
from kkernel.q.syntax.literals import number_vector
from kkernel.q.types import LONG_INF, LONG_NULL
from kkernel.q.values import qtype

# text, type number, raw numbers (temporals: numpy's own count)
GOOD = [
    ("1", -7, 1), ("-1", -7, -1), ("1 2 3", 7, [1, 2, 3]), ("1 2 3h", 5, [1, 2, 3]),
    ("2 3i", 6, [2, 3]), ("0n 2 3i", 6, [-(2**31), 2, 3]), ("1j", -7, 1), ("0Nj", -7, LONG_NULL),
    ("0N", -7, LONG_NULL), ("0W", -7, LONG_INF), ("-0W", -7, -LONG_INF), ("0Wi", -6, 2**31 - 1),
    ("-0Wh", -5, -32767), ("9223372036854775807", -7, LONG_INF),
    ("1.5", -9, 1.5), ("1.", -9, 1.0), (".5", -9, 0.5), ("-.5", -9, -0.5), ("2f", -9, 2.0),
    ("1e5", -9, 1e5), ("1e-5", -9, 1e-5), ("1e400", -9, np.inf), ("-0w", -9, -np.inf),
    ("1 0n 2", 9, [1, np.nan, 2]), ("1 2.5 3", 9, [1, 2.5, 3]), ("0N 1.5", 9, [np.nan, 1.5]),
    ("-3.5 2", 9, [-3.5, 2]), ("1e", -8, 1.0), ("0Ne", -8, np.nan), ("0we", -8, np.inf),
    ("1.5 2e", 8, [1.5, 2]), ("1b", -1, True), ("0101b", 1, [False, True, False, True]),
    ("0x", 4, []), ("0x01", -4, 1), ("0x1", -4, 1), ("0x0102ff", 4, [1, 2, 255]),
    ("0x123", 4, [1, 0x23]),
    ("2000.01.01", -14, 10957), ("1969.12.31", -14, -1), ("2000.01.01 0Nd", 14, [10957, LONG_NULL]),
    ("0N 2000.01.01", 14, [LONG_NULL, 10957]), ("2000.01m", -13, 360),
    ("2018.05 2019.01m", 13, [580, 588]), ("0Wp", -12, LONG_INF),
    ("2000.01.01D", -12, 0), ("0p", -12, 0),
    ("1970.01.01D00:00:00.5", -12, 5 * 10**8 - 946684800 * 10**9),
    ("1970.01.02T12:00", -15, 129_600_000),
    ("0D00:00:01", -16, 10**9), ("1D", -16, 86400 * 10**9), ("-0D00:10", -16, -600 * 10**9),
    ("00:00:00.000000001", -16, 1), ("12:30", -17, 750), ("12:30u", -17, 750),
    ("100:00", -17, 6000), ("-00:01", -17, -1), ("00:00:07", -18, 7),
    ("09:30:00.000", -19, 34200000),
    ("00:00:00.5", -19, 500), ("13:30 20:00t", 19, [48600000, 72000000]),
    ("12:00 00:00:01", 18, [43200, 1]),
]


@pytest.mark.parametrize(("text", "code", "raw"), GOOD)
def test_literal(text: str, code: int, raw: object) -> None:
    found = number_vector(text)
    assert qtype(found) == code
    array = np.asarray(found)
    if array.dtype.kind in "mM":
        array = array.view("i8") if array.ndim else array.reshape(1).view("i8")[0]
    np.testing.assert_array_equal(array, raw)


def test_atoms_of_the_three_common_types_are_python_objects() -> None:
    assert [type(number_vector(t)) for t in ("1", "1.5", "1b")] == [int, float, bool]


def test_guid_null() -> None:
    assert qtype(number_vector("0Ng")) == -2
    assert qtype(number_vector("0Ng 0Ng")) == 2


@pytest.mark.parametrize("text", [
    "9223372036854775808", "1" * 5000, "40000h", "3000000000i", "1_000", "1 2x", "1i 2", "1.5h",
    "2000.13.01", "2000.02.30", "0000.01.01", "12:60", "2000.01.01 12:00", "0xfg", "012b",
    "1.2.3.4",
    "--1", "0Nb", "1.2e3.4", "\u0663",
])
def test_malformed_literal_signals_its_text(text: str) -> None:
    with pytest.raises(QError) as caught:
        number_vector(text)
    assert caught.value.message == text
