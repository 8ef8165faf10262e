"""q values to tensors and back: types, shapes, memory, refusals."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kkernel.api import settings
from kkernel.api.convert import list_to_q, to_q, to_tensor
from kkernel.q import Interpreter
from kkernel.q.errors import QError
from kkernel.q.functions import NULL
from kkernel.q.values import List, qtype, string, text

q = Interpreter()

TYPES = [  # q text, torch type
    ("01b", torch.bool), ("0x0102", torch.uint8), ("\"ab\"", torch.int8), ("1 2h", torch.int16),
    ("1 2i", torch.int32), ("1 2", torch.int64), ("1 2e", torch.float32), ("1 2f", torch.float64),
]


@pytest.mark.parametrize(("source", "dtype"), TYPES)
def test_vectors_keep_type_and_values(source: str, dtype: torch.dtype) -> None:
    value = q(source)
    t = to_tensor(value)
    assert t.dtype == dtype and t.shape == (2,)
    assert q.line(to_q(t)) == q.line(value)


@pytest.mark.parametrize(("source", "dtype"), TYPES)
def test_atoms_are_tensors_without_dimensions(source: str, dtype: torch.dtype) -> None:
    value = q(f"first {source}")
    t = to_tensor(value)
    assert t.dtype == dtype and t.shape == ()
    assert q.line(to_q(t)) == q.line(value) and qtype(to_q(t)) == qtype(value)


@pytest.mark.parametrize("source", [
    "2 3#til 6", "2 3 4#til 24", "(1 2f;3 4f)", "((1 2;3 4);(5 6;7 8))", "enlist 1 2 3",
    "2 0#0", "(\"ab\";\"cd\")", "2 2#0x01020304", "0N 0W 1", "0n 0w 1f"])
def test_rectangles_come_back_as_they_went(source: str) -> None:
    value = q(source)
    assert q.line(to_q(to_tensor(value))) == q.line(value)


def test_empty_list_and_null() -> None:
    assert to_tensor(List()).shape == (0,) and to_tensor(List()).dtype == torch.float32
    assert to_q(None) is NULL


@pytest.mark.parametrize(("source", "message"), [
    ("(1 2;3 4 5)", "dimension mismatch at depth 1, 2 vs 3"),
    ("(1 2;3 4.)", "type mismatch at depth 1, long list vs double list"),
    ("((1 2;3 4);(5 6;7 8 9))", "dimension mismatch at depth 2, 2 vs 3"),
    ("((1 2;3 4);5 6)", "type mismatch at depth 1, general list vs long list"),
    ("(1 2;3)", "unable to map mixed array to tensor: long scalar encountered at depth 1"),
    ("`a`b", "no torch type found for k: symbol list"),
    ("(`a`b;`c`d)", "no torch type found for k: symbol list"),
    ("([]1 2)", "no torch type found for k: table"),
    ("`a`b!1 2", "no torch type found for k: kdictionary"),
    ("2000.01.01 2000.01.02", "no torch type found for k: date list"),
    ("`a", "unable to translate k symbol scalar to scalar tensor"),
    ("2000.01.01", "unable to translate k date scalar to scalar tensor"),
    ("{x}", "no torch type found for k: lambda"),
])
def test_refusals(source: str, message: str) -> None:
    with pytest.raises(QError) as e:
        to_tensor(q(source))
    assert e.value.message == message


# ---------------------------------------------------------------- memory

def test_a_temporary_tensor_shares_the_memory_of_its_array() -> None:
    a = np.arange(6.0).reshape(2, 3)
    assert to_tensor(a).data_ptr() == a.ctypes.data


def test_a_tensor_of_its_own_has_its_own_memory() -> None:
    a = np.arange(6.0)
    t = to_tensor(a, own=True)
    t[0] = 99
    assert a[0] == 0 and t.untyped_storage().resizable()


def test_a_fresh_result_is_not_copied_and_a_kept_one_is() -> None:
    t = torch.arange(4)
    assert to_q(t).ctypes.data != t.data_ptr()
    assert to_q(t, fresh=True).ctypes.data == t.data_ptr()


def test_reading_leaves_a_tensor_resizable() -> None:
    t = torch.arange(4)
    to_q(t)
    t.resize_(100)


def test_reading_is_not_changed_by_later_writes() -> None:
    t = torch.zeros(3)
    value = to_q(t)
    t.fill_(7)
    assert value.tolist() == [0, 0, 0]


def test_a_large_tensor_comes_back_as_one_array() -> None:
    value = to_q(torch.zeros(600, 784))
    assert isinstance(value, np.ndarray) and value.shape == (600, 784)


def test_read_only_and_reversed_arrays() -> None:
    assert to_tensor(string("abc")).tolist() == [97, 98, 99]
    assert to_tensor(np.arange(4)[::-1]).tolist() == [3, 2, 1, 0]


# ---------------------------------------------------------------- other kinds of tensors

def test_half_is_real_and_gradients_are_left_out() -> None:
    assert to_q(torch.ones(2, dtype=torch.float16)).dtype == np.float32
    assert to_q(torch.ones(2, requires_grad=True)).tolist() == [1, 1]


def test_a_type_without_q_counterpart_is_refused() -> None:
    with pytest.raises(QError, match="no k data type found"):
        to_q(torch.ones(2, dtype=torch.bfloat16))


def test_sparse_comes_back_dense() -> None:
    assert to_q(torch.eye(2).to_sparse()).tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(("first", "shape"), [(True, (2, 3)), (False, (3, 2))])
def test_complex_parts_are_placed_by_the_setting(first: bool, shape: tuple[int, ...]) -> None:
    t = torch.complex(torch.arange(3.0), torch.ones(3))
    before = settings.active.complexfirst
    settings.active.complexfirst = first
    try:
        value = to_q(t)
    finally:
        settings.active.complexfirst = before
    assert value.shape == shape
    assert (value[0] if first else value[:, 0]).tolist() == [0, 1, 2]


def test_conjugate_and_negative_views_are_resolved() -> None:
    t = torch.complex(torch.tensor([1.0]), torch.tensor([2.0])).conj()
    assert to_q(t).tolist() == [[1], [-2]]
    assert to_q(t.imag).tolist() == [-2]


def test_scalars_of_one_type_make_a_simple_list() -> None:
    assert q.line(list_to_q([torch.tensor(1), torch.tensor(2)])) == "1 2"
    assert q.line(list_to_q([torch.tensor(1), torch.tensor(2.0)])) == "(1;2e)"
    assert text(to_q(to_tensor(string("héllo")))) == "héllo"
