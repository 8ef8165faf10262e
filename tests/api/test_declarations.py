"""Every declared function: described, shown by examples that run, and equal to PyTorch.

The samples of a declaration are called on k values and on pointers; values, types, shapes and
gradients are compared with `torch_reference`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.image import imread
from samples import (
    BOUND,
    COMPARED,
    FLOATING,
    SAMPLED,
    arguments,
    as_value,
    expected,
    is_tensor,
    same,
)
from torch_reference import REFERENCE

from kkernel import api
from kkernel.api import objects
from kkernel.api.convert import to_tensor
from kkernel.api.declare import FUNCTIONS, Function
from kkernel.api.names import NAMES
from kkernel.api.reference import groups, page
from kkernel.q.errors import QError
from kkernel.q.values import List, Value, qtype
from kkernel.session import Session

api.load()


def sample_id(case: tuple[Function, str]) -> str:
    return f"{case[0].name}{case[1]}"


@pytest.fixture(scope="module")
def q() -> Session:
    return Session()


# ---------------------------------------------------------------- words and examples

@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=lambda f: f.name)
def test_every_function_is_described(f: Function) -> None:
    assert f.name in NAMES
    assert f.summary and f.group and f.params and f.examples
    assert all(p.words and not p.words.endswith(".") for p in f.params)
    assert not f.summary.endswith(".") and f.name in f.doc


@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=lambda f: f.name)
def test_every_example_runs(f: Function, q: Session) -> None:
    before = torch.get_default_dtype()
    try:
        for example in f.examples:
            shown = q.interpreter.console(example)
            assert not shown.startswith("'"), f"{example}: {shown}"
    finally:
        torch.set_default_dtype(before)
        objects.free_all()


def test_mathematics_has_samples_and_a_reference() -> None:
    named = {f.name for f, _ in SAMPLED}
    drawn = {"randomcrop", "fmaxpool2d", "fmaxpool3d"}
    raw = {"lun", "lusolve"}  # tested as the inverse of lu, below
    windows = {f.name for f in FUNCTIONS.values() if f.group == "math-spectral" and not f.samples}
    for f in FUNCTIONS.values():
        if f.group.startswith(BOUND) and f.group != "math-random":
            assert f.name in named | raw | windows, f"{f.name} has no sample"
    assert named - drawn <= set(REFERENCE)


# ---------------------------------------------------------------- equal to PyTorch

@pytest.mark.parametrize("case", COMPARED, ids=sample_id)
def test_k_values_give_what_torch_gives(case: tuple[Function, str], q: Session) -> None:
    f, source = case
    x = q.interpreter(source)
    assert same(q.interpreter(f.name + source), as_value(expected(f, arguments(f, x))))


@pytest.mark.parametrize("case", COMPARED, ids=sample_id)
def test_pointers_give_pointers_with_gradients(case: tuple[Function, str], q: Session) -> None:
    f, source = case
    x = q.interpreter(source)
    args = arguments(f, x)
    wanted = expected(f, args, grad=True)
    call = List([pointer(a) if is_tensor(f, i, a) and not _number(f, i, a) else a
                 for i, a in enumerate(args)])
    try:
        made = f.call(call if len(call) > 1 else call[0])
        if isinstance(wanted, bool):
            assert made == wanted
        elif isinstance(wanted, torch.Tensor):
            agree(objects.need(made, "tensor", name=f.name).obj, wanted)
        else:
            results = objects.need(made, "vector", name=f.name).obj
            for a, b in zip(results, wanted, strict=True):
                agree(a, b)
    finally:
        objects.free_all()


def _number(f: Function, i: int, arg: Value) -> bool:
    return f.name != "multidot" and qtype(arg) < 0 and f.params[i].kind.word.endswith("number")


def pointer(arg: Value) -> Value:
    t = to_tensor(arg, own=True)
    return objects.register("tensor", t.requires_grad_() if t.dtype in FLOATING else t)


def agree(a: torch.Tensor, b: torch.Tensor) -> None:
    assert a.dtype == b.dtype and a.shape == b.shape and a.requires_grad == b.requires_grad
    torch.testing.assert_close(a.detach(), b.detach(), rtol=1e-6, atol=1e-9, equal_nan=True)


# ---------------------------------------------------------------- outputs and in-place forms

OUTPUTS = [c for c in COMPARED if any(p.name == "output" and p.kind.word == "tensor"
                                      for p in c[0].params)]


@pytest.mark.parametrize("case", OUTPUTS, ids=sample_id)
def test_an_output_tensor_receives_the_result(case: tuple[Function, str], q: Session) -> None:
    f, source = case
    x = q.interpreter(source)
    args = arguments(f, x)
    wanted = expected(f, args)
    out = objects.register("tensor", torch.empty(0, dtype=wanted.dtype))
    try:
        result = f.call(List([*args, out]))
        assert result is not None and objects.find(result) is None
        agree(objects.need(out, name="").obj, wanted)
    finally:
        objects.free_all()


IN_PLACE = [f for f in FUNCTIONS.values() if f.inplace is not None and f.name not in
            ("pow", "fpow", "tril", "triu")]


@pytest.mark.parametrize("f", IN_PLACE, ids=lambda f: f.name)
def test_in_place_overwrites_the_first_tensor(f: Function, q: Session) -> None:
    args = arguments(f, q.interpreter(f.samples[0]))
    wanted = expected(f, args)
    first = objects.register("tensor", to_tensor(args[0], own=True))
    try:
        f.call(List([first, *args[1:], List()]))
        t = objects.need(first, name="").obj
        torch.testing.assert_close(t, wanted.to(t.dtype), rtol=1e-6, atol=1e-9, equal_nan=True)
    finally:
        objects.free_all()


def test_k_values_are_never_written_to(q: Session) -> None:
    run = q.interpreter
    run("x:1 2 3f;y:x")
    assert run("Div(x;2;::)").tolist() == [0.5, 1, 1.5] and run("x").tolist() == [1, 2, 3]
    assert run("relu(neg x;1b)").tolist() == [0, 0, 0] and run("y").tolist() == [1, 2, 3]
    assert run("pow(x;2;::)").tolist() == [1, 4, 9] and run("x").tolist() == [1, 2, 3]


# ---------------------------------------------------------------- draws, LU, errors

def test_seeds_give_the_numbers_of_libtorch(q: Session) -> None:
    q.interpreter("seed 123")
    drawn = q.interpreter("return tensor(`rand;2 3)")
    assert np.allclose(drawn, [[.2961119, .5165623, .2516707], [.6885568, .07397246, .866522]],
                       rtol=1e-6)


def test_lu_forms_are_inverse(q: Session) -> None:
    run = q.interpreter
    run("a:(4 2f;1 3f);b:(1 2f;3 4f);f:lu a")
    assert run("allclose(a;{mm(mm(x 0;x 1);x 2)}lun f)") is True
    assert run("allclose(b;mm(a;lusolve(b;f)))") is True
    assert run("allclose(b;mm(a;lusolve(b;f 0;f 1)))") is True


def test_draws_follow_their_probabilities(q: Session) -> None:
    run = q.interpreter
    assert run("bernoulli 0 1 1 0f").tolist() == [0, 1, 1, 0]
    assert run("multinomial 0 0 1f") == 2
    assert sorted(run("multinomial(1 2 3f;3)").tolist()) == [0, 1, 2]


MESSAGES = Path(__file__).parents[1] / "data" / "error_messages.tsv"
ERRORS = [line.split("\t") for line in MESSAGES.read_text().splitlines() if line[:2] != "# "]


@pytest.mark.parametrize(("source", "message"), ERRORS)
def test_messages(source: str, message: str, q: Session) -> None:
    for line in ("t:tensor(1 2f;3 4f)", "v:vector(1 2f;3 4f)", "d:dict`a`b!(1 2f;3 4f)",
                 "m:module`relu"):
        q.interpreter(line)
    before = q.interpreter.console("obj[]")
    try:
        with pytest.raises(QError) as e:
            q.interpreter(source)
        assert e.value.message == message
        assert q.interpreter.console("obj[]") == before
    finally:
        objects.free_all()


@pytest.mark.parametrize("f", [f for f in FUNCTIONS.values() if f.group.startswith("math-")],
                         ids=lambda f: f.name)
@pytest.mark.parametrize("x", ["`a", "()", "::", "(1;`a;2.)", "\"ab\"", "([]1 2)", "{x}"])
def test_odd_input_is_a_value_or_a_q_error(f: Function, x: str, q: Session) -> None:
    try:
        f.call(q.interpreter(x) if x != "::" else q.interpreter("(::)"))
    except QError as e:
        assert e.message and "Traceback" not in e.message and "NoneType" not in e.message
    finally:
        objects.free_all()


# ---------------------------------------------------------------- pages, images

def test_every_group_has_a_reference_page(q: Session) -> None:
    found = groups()
    assert sum(map(len, found.values())) == len(FUNCTIONS) == len(NAMES)
    text = page("math-random", q.interpreter.console)
    assert text.startswith("# Random draws") and "q)bernoulli 0 1 1 0f\n0 1 1 0f\n" in text


def test_images_side_by_side(q: Session) -> None:
    grid = q.interpreter("makegrid(2 2 2#1+til 8;1;2;1;9)")
    assert grid.shape == (3, 4, 7) and grid[0].tolist() == [
        [9, 9, 9, 9, 9, 9, 9], [9, 1, 2, 9, 5, 6, 9], [9, 3, 4, 9, 7, 8, 9],
        [9, 9, 9, 9, 9, 9, 9]]
    assert q.interpreter("makegrid(4 3 2 2#til 48;0N;2)").shape == (3, 10, 10)


def test_a_written_image_reads_back(q: Session, tmp_path: Path) -> None:
    file = tmp_path / "new" / "a.png"
    q.interpreter(f"x:3 5 7#til 105;png(`$\":{file}\";x)")
    pixels = imread(file)
    wanted = np.arange(105).reshape(3, 5, 7).transpose(1, 2, 0)
    assert np.array_equal((pixels * 255).round(), wanted)
    with pytest.raises(QError, match="expected channels x height x width"):
        q.interpreter("png(`:a.png;1 2 3)")
